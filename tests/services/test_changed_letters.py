"""What is told of changes: one mail to read, and calendars that end with exactly what stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.appointment import Actor
from booking.domain.period import oslo
from booking.services.courses import Channel, Details
from booking.services.feeds import FeedAnswer, feed_for
from booking.services.letters import compose
from booking.services.links import FEED, token_of
from booking.services.preferences import Contact, choose_channel, correct_contact
from booking.store.appointments import Appointment
from booking.store.courses import Course, links_of
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import NOW, booked_course, course, office
from tests.calendars import rules
from tests.journeys.client import CalendarProgram
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.changers import (
    AT,
    cancel,
    cancel_rest,
    extend,
    hold_rest,
    move,
    place_of,
    replan,
    send_now,
    session_of,
    undo,
    weeks,
)
from tests.services.outbox import messages
from tests.services.test_letters import calendar, content, parsed, readings

pytestmark = only_sqlite

ENGLISH = replace(KARI, language="en")
NEWER = Contact(email="kari.newer@example.com", mobile=None, language="en", needs=())


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def composed(message: Message) -> bytes:
    """The mail as it goes out, checked by all the rules."""
    body = compose(db.session(), office(), message)
    check = rules.check_invitation_mail if message.kind in {"request", "cancel"} else rules.check_plain_mail
    check(body)
    return body


def changed_mail() -> bytes:
    """The newest mail that tells of changes."""
    return composed([message for message in messages() if message.kind == "changed"][-1])


def words(moment: datetime) -> str:
    wall = oslo(moment)
    return f"{wall:%A} {wall.day} {wall:%B %H:%M}"


def dated(moment: datetime) -> str:
    wall = oslo(moment)
    return f"{wall:%A} {wall.day} {wall:%B %Y}, {wall:%H:%M}–"


# -- the mail to read -------------------------------------------------------------------------------------------------


def test_a_move_is_told_with_the_old_time_struck_out_and_both_in_words() -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    old = third.starts_at
    new = move(third).start
    send_now(third.course_id)
    mail = parsed(changed_mail())
    assert mail["Subject"] == f"Appointment moved to {words(new)}"
    for text in readings(mail):
        assert "You have changed your appointments." in text
        assert f"Moved from {words(old)} to {words(new)}." in text
        assert dated(new) in text
        assert "One more mail follows, for your calendar." in text
    assert f"<s>{dated(old)}" in content(mail, "html")


@pytest.mark.parametrize(
    ("by", "said", "whose"),
    [
        (Actor.PATIENT, "Cancelled by you.", "You have changed"),
        (Actor.HELPER, "Cancelled by your helper.", "Your helper has changed"),
        (Actor.CLINIC, "Cancelled by us.", "We had to change your appointments, and are sorry"),
    ],
)
def test_a_cancellation_says_by_whom_and_how_to_have_another_time(by: Actor, said: str, whose: str) -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    cancel(third, by=by)
    send_now(third.course_id)
    mail = parsed(changed_mail())
    assert mail["Subject"] == f"Cancelled: appointment {words(third.starts_at)}"
    for text in readings(mail):
        assert said in text
        assert whose in text
        assert "For a new time instead of a cancelled one, use your own page below, or call us: 00 00 00 01" in text
    assert f"<s>{dated(third.starts_at)}" in content(mail, "html")


def test_the_mail_lists_what_stands_now_with_until_when_it_is_free() -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    cancel(third)
    send_now(third.course_id)
    standing = [a for a in course(third.course_id).appointments if a.status == "booked"]
    for text in readings(parsed(changed_mail())):
        stands = text.partition("Your 9 coming appointments:")[2]
        assert all(dated(a.starts_at) in stands for a in standing)
        assert dated(third.starts_at) not in stands
        assert stands.count("Free to cancel until") == 9


def test_who_has_nothing_left_is_told_how_to_book_again() -> None:
    kari = booked_course(ENGLISH)
    cancel_rest(kari.id)
    send_now(kari.id)
    mail = parsed(changed_mail())
    assert mail["Subject"] == "Your appointments were changed"
    for text in readings(mail):
        assert text.count("Cancelled by you.") == 10
        assert "You have no more appointments with us now." in text
        assert f"{office().url}/en/" in text
        assert "coming appointment" not in text


def test_an_added_appointment_is_told_as_added() -> None:
    kari = booked_course(ENGLISH)
    cancel(session_of(kari.id, 3))
    send_now(kari.id)
    new = extend(kari.id).start
    send_now(kari.id)
    mail = parsed(changed_mail())
    assert "Added." in content(mail, "plain")
    assert dated(new) in content(mail, "plain")


def test_a_late_change_says_what_it_costs() -> None:
    kari = booked_course(ENGLISH)
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    cancel(third, now=third.starts_at - timedelta(hours=2))
    send_now(kari.id, now=third.starts_at - timedelta(hours=2))
    for text in readings(parsed(changed_mail())):
        assert "It was less than 24 hours before an appointment. This one time, that costs you nothing." in text
    cancel(fourth, now=fourth.starts_at - timedelta(hours=2))
    send_now(kari.id, now=fourth.starts_at - timedelta(hours=2))
    for text in readings(parsed(changed_mail())):
        assert "so its full price is due: NOK\N{NO-BREAK SPACE}690." in text or "full price is due: NOK 690." in text


def test_another_clinic_is_told_with_its_address_and_way_in() -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    options = (option for option in weeks(third)[0].options if option.at.clinic != third.clinic_id)
    move(third, place_of(next(options)))
    send_now(third.course_id)
    for text in readings(parsed(changed_mail())):
        assert text.count("Way in: ") == 1
        assert "What to wear: " in text


def test_a_change_is_told_in_the_patients_language() -> None:
    third = session_of(booked_course(KARI).id, 3)
    move(third)
    send_now(third.course_id)
    assert parsed(changed_mail())["Content-Language"] == "nb"


def test_no_subject_of_a_change_says_what_is_treated() -> None:
    kari = booked_course(ENGLISH)
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5))
    send_now(kari.id)
    for message in messages():
        rules.check_neutral(parsed(composed(message))["Subject"])


# -- calendars --------------------------------------------------------------------------------------------------------


def program_after(kari: Course, address: str = "kari@example.com") -> CalendarProgram:
    """A calendar program that has received every message to this address, in order."""
    program = CalendarProgram()
    for message in messages():
        if message.kind in {"request", "cancel"} and message.recipient == address:
            program.receive(composed(message))
    return program


def starts(course_id: int) -> list[datetime]:
    """What stands, as the clock on the wall shows it."""
    standing = (a for a in course(course_id).appointments if a.status == "booked")
    return sorted(oslo(a.starts_at).replace(tzinfo=None) for a in standing)


def test_a_calendar_ends_with_what_stands_after_a_life_of_changes() -> None:
    kari = booked_course(ENGLISH)
    move(session_of(kari.id, 3))
    send_now(kari.id)
    move(session_of(kari.id, 3))
    move(session_of(kari.id, 6))
    undo(kari.id)
    send_now(kari.id)
    cancel(session_of(kari.id, 5))
    send_now(kari.id)
    extend(kari.id)
    send_now(kari.id)
    assert program_after(kari).shown == starts(kari.id)
    hold_rest(kari.id)
    replan(kari.id)
    send_now(kari.id)
    assert program_after(kari).shown == starts(kari.id)
    cancel_rest(kari.id)
    send_now(kari.id)
    assert program_after(kari).shown == starts(kari.id) == []


def test_a_life_of_one_appointment_keeps_its_uid_and_counts_up() -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    for _ in range(3):
        move(session_of(third.course_id, 3))
        send_now(third.course_id)
    cancel(session_of(third.course_id, 3))
    send_now(third.course_id)
    told = [m for m in messages() if m.appointment_id == third.id]
    events = [rules.check_invitation_mail(composed(message)) for message in told]
    assert [event.text("SEQUENCE") for event in events] == ["0", "1", "2", "3", "4"]
    assert {event.text("UID") for event in events} == {third.uid}
    assert [m.kind for m in told] == ["request"] * 4 + ["cancel"]


def test_the_feed_shows_a_change_at_once_and_no_cancelled_time() -> None:
    siv = booked_course(SIV)
    program, before = CalendarProgram(), fetched(siv)
    move(session_of(siv.id, 3))
    cancel(session_of(siv.id, 5))
    after = fetched(siv)
    assert before.etag != after.etag
    program.fetch(after.body)
    assert program.shown == starts(siv.id)
    undo(siv.id)
    undo(siv.id)
    program.fetch(fetched(siv).body)
    assert program.shown == starts(siv.id)


def fetched(siv: Course) -> FeedAnswer:
    db.session.rollback()
    token = token_of(office(), links_of(db.session(), siv.id)[FEED])
    return feed_for(db.session(), office(), token, now=NOW)


def test_on_file_all_that_stands_is_attached_anew() -> None:
    siv = booked_course(replace(SIV, channel=Channel.FILE))
    move(session_of(siv.id, 3))
    cancel(session_of(siv.id, 5))
    send_now(siv.id)
    mail = parsed(changed_mail())
    program = CalendarProgram()
    program.open_file(calendar(mail))
    assert program.shown == starts(siv.id)
    assert "The attached file has the dates as they stand now." in content(mail, "plain")
    assert [m.kind for m in messages()] == ["confirmation", "changed"]


def test_on_file_nothing_is_attached_when_nothing_stands() -> None:
    siv = booked_course(replace(SIV, channel=Channel.FILE))
    cancel_rest(siv.id)
    send_now(siv.id)
    mail = parsed(changed_mail())
    assert not list(mail.iter_attachments())
    assert "Take the dates out of your calendar" in content(mail, "plain")


# -- another channel or address while changes are open ----------------------------------------------------------------


@pytest.mark.parametrize("who", [ENGLISH, SIV], ids=["from invitations", "to invitations"])
def test_a_channel_chosen_while_changes_are_open_leaves_no_double(who: Details) -> None:
    kari = booked_course(who)
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5))
    other = Channel.SUBSCRIPTION if who.channel is Channel.INVITATIONS else Channel.INVITATIONS
    choose_channel(office(), kari.id, other.value, now=NOW, at=AT)
    program = program_after(kari, str(who.email))
    program.fetch(fetched(kari).body)
    assert program.shown == starts(kari.id)
    assert [m.kind for m in messages()].count("changed") == 1


@pytest.mark.parametrize("sent", [False, True], ids=["invitations still wait", "invitations are sent"])
def test_an_address_corrected_while_changes_are_open_gets_them_told(sent: bool) -> None:
    kari = booked_course(ENGLISH)
    if sent:
        mark_sent()
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5))
    correct_contact(office(), kari.id, NEWER, now=NOW, at=AT)
    assert program_after(kari).shown == []
    assert program_after(kari, str(NEWER.email)).shown == starts(kari.id)
    told = [(m.kind, m.recipient) for m in messages() if m.kind in {"changed", "confirmation"}]
    assert told[-2:] == [("changed", NEWER.email), ("confirmation", NEWER.email)]
    assert "Nothing changes in your calendar." not in content(parsed(changed_mail()), "plain")


def test_an_address_corrected_after_changes_that_wait_for_the_worker_takes_all_of_them_back() -> None:
    kari = booked_course(ENGLISH)
    mark_sent()
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5))
    send_now(kari.id)
    correct_contact(office(), kari.id, NEWER, now=NOW, at=AT)
    assert program_after(kari).shown == []
    assert program_after(kari, str(NEWER.email)).shown == starts(kari.id)


def mark_sent() -> None:
    """As if a worker had sent all that waits."""
    for message in db.session.scalars(select(Message)):
        message.due_at, message.sent_at, message.attempts = None, NOW, 1
    db.session.commit()


def test_the_sequence_goes_up_for_an_undone_change_too() -> None:
    third = session_of(booked_course(ENGLISH).id, 3)
    move(third)
    undo(third.course_id)
    move(session_of(third.course_id, 3))
    send_now(third.course_id)
    (message,) = [m for m in messages() if m.appointment_id == third.id and m.facts["appointments"][0]["sequence"]]
    assert rules.check_invitation_mail(composed(message)).text("SEQUENCE") == "3"
    assert db.session.get_one(Appointment, third.id).sequence == 3
