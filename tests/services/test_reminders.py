"""Reminders: each at its time, once, to whoever is to be reminded, and none of what was moved, cancelled or is over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from booking.domain.appointment import Actor
from booking.domain.period import OSLO, oslo
from booking.domain.reminding import Quiet, Rung
from booking.services.changes import cancel, undo, undoable
from booking.services.delivery import deliver_next
from booking.services.helpers import Invited, add_helper, revoke_helper
from booking.services.letters import compose
from booking.services.links import Stoppable, helper_url, open_stop, page_url, stop_url
from booking.services.mailings import stop
from booking.services.preferences import Contact, correct_contact
from booking.services.reminders import choose, due_now, wishes_of, write_due
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import Course, links_of
from booking.store.database import db
from booking.store.helpers import helpers_of
from booking.store.outbox import Message
from booking.store.reminders import Reminder
from booking.store.tasks import open_tasks
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, UNSURE, booked, booked_course, choice, course, held, office
from tests.calendars import rules
from tests.people import KARI, SIV
from tests.servers.ports import free_port
from tests.servers.sms import Gateway
from tests.servers.smtp import Mailroom
from tests.services.outbox import deliver_to, post_to

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL = frozenset(Rung)
MORNINGS = replace(TUESDAYS, days=frozenset({0}), start=date(2027, 3, 8))
AUTUMN = replace(TUESDAYS, days=frozenset({0}), start=date(2027, 9, 13))


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def wished(course_id: int, **changes: Any) -> None:
    found = course(course_id)
    choose(office(), course_id, replace(wishes_of(db.session(), office(), found), **changes))


def with_sms() -> None:
    """A gateway is set."""
    from flask import current_app

    current_app.extensions["office"] = replace(office(), sms=True)


def first(found: Course) -> Appointment:
    return min(found.appointments, key=lambda each: each.starts_at)


def reminders(kind: str = "reminder") -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def written(now: datetime) -> list[Message]:
    """What a worker writes at this moment of the clinic's clock."""
    known = {message.id for message in reminders()}
    write_due(office(), now=now, at=AT)
    return [message for message in reminders() if message.id not in known]


def walked(begin: datetime, end: datetime, step: timedelta = 15 * MINUTE) -> list[tuple[str, datetime]]:
    """The rungs that a worker writes from `begin` to `end`, each with the time on the wall."""
    found, now = [], begin
    while now < end:
        if due_now(db.session(), office(), now=now):
            found += [(message.facts["rung"], on_the_wall(now)) for message in written(now)]
        db.session.rollback()
        now += step
    return found


def on_the_wall(moment: datetime) -> datetime:
    return oslo(moment).replace(tzinfo=None)


def mail(message: Message) -> EmailMessage:
    body = compose(db.session(), office(), message)
    rules.check_plain_mail(body)
    return message_from_bytes(body, policy=policy.default)


def words(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", str(part.get_content()), flags=re.DOTALL)
    return " ".join(page.replace("&#39;", "'").split())


def a_sunday_before(found: Course, hour: int, minute: int = 0) -> datetime:
    day = oslo(first(found).starts_at).date()
    sunday = day - timedelta(days=day.weekday() + 1)
    return datetime(sunday.year, sunday.month, sunday.day, hour, minute, tzinfo=OSLO)


# -- when -------------------------------------------------------------------------------------------------------------


def test_each_rung_comes_once_at_its_time() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL)
    start = first(found).starts_at
    day = on_the_wall(start)
    assert day.weekday() == 1
    sunday, morning = (day - 2 * DAY).replace(hour=18, minute=0), day.replace(hour=7, minute=0)
    assert walked(start - 4 * DAY, start + HOUR) == [("week", sunday), ("morning", morning)]


def test_usual_are_two_days_before_and_the_morning() -> None:
    found = booked_course(SIV)
    start = first(found).starts_at
    day = on_the_wall(start)
    assert walked(start - 4 * DAY, start + HOUR) == [
        ("two_days", day - 2 * DAY),
        ("morning", day.replace(hour=7, minute=0)),
    ]


@pytest.mark.parametrize(("asked", "week"), [(MORNINGS, date(2027, 3, 30)), (AUTUMN, date(2027, 11, 1))])
def test_across_a_clock_change_reminders_keep_their_time_on_the_wall(asked: Any, week: date) -> None:
    found = booked_course(SIV, asked)
    (session,) = [
        each for each in found.appointments if oslo(each.starts_at).isocalendar()[:2] == week.isocalendar()[:2]
    ]
    start = session.starts_at
    day = on_the_wall(start)
    rungs = walked(start - 60 * HOUR, start + HOUR)
    assert rungs == [("two_days", day - 2 * DAY), ("morning", day.replace(hour=7, minute=0))]


def test_what_was_due_while_no_worker_ran_comes_as_long_as_it_is_of_use() -> None:
    found = booked_course(SIV)
    start = first(found).starts_at
    assert [message.facts["rung"] for message in written(start - 24 * HOUR - MINUTE)] == ["two_days"]


def test_after_a_long_pause_only_the_last_rung_comes() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL)
    start = first(found).starts_at
    assert written(start - 23 * HOUR) == []
    assert [message.facts["rung"] for message in written(start - 30 * MINUTE)] == ["morning"]


def test_nothing_comes_after_the_appointment_has_begun() -> None:
    assert written(first(booked_course(SIV)).starts_at) == []


def test_quiet_hours_hold_for_what_was_due_before_them() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL)
    assert written(a_sunday_before(found, 21)) == []
    assert [message.facts["rung"] for message in written(a_sunday_before(found, 20, 59))] == ["week"]


def test_who_has_no_quiet_hours_is_reminded_at_any_time() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL, quiet=Quiet(0, 0))
    assert [message.facts["rung"] for message in written(a_sunday_before(found, 23))] == ["week"]


def test_the_overview_that_did_not_come_gives_way_to_the_two_days() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL)
    monday = a_sunday_before(found, 18) + 13 * HOUR
    assert oslo(first(found).starts_at).weekday() == 1
    assert walked(monday, monday + 6 * HOUR) == [("two_days", monday.replace(tzinfo=None))]


def test_a_booking_after_the_time_of_a_rung_is_not_reminded_by_it() -> None:
    early = booked_course(SIV)
    start = first(early).starts_at
    late = booked(
        held(choice(replace(TUESDAYS, start=start.date()), now=start - 40 * HOUR), now=start - 40 * HOUR),
        KARI,
        now=start - 40 * HOUR,
    )
    new = first(course(late.course_id)).starts_at
    assert new - start < 8 * HOUR
    rungs = [(message.facts["rung"], message.course_id) for message in written(start - 25 * HOUR)]
    assert rungs == [("two_days", early.id)]
    assert {message.course_id for message in written(new - HOUR)} == {early.id, late.course_id}


def test_who_wants_none_gets_none() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=frozenset())
    start = first(found).starts_at
    assert walked(start - 3 * DAY, start) == []


def test_times_that_are_only_kept_are_not_reminded_of() -> None:
    made = booked(held(), SIV, UNSURE)
    start = first(course(made.course_id)).starts_at
    assert walked(start - 2 * DAY, start, HOUR) == []


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_cancelled_time_is_not_reminded_of() -> None:
    found = booked_course(SIV)
    start = first(found).starts_at
    cancel(office(), found.id, first(found).id, by=Actor.PATIENT, now=start - 5 * DAY, at=AT)
    assert walked(start - 3 * DAY, start) == []


def test_a_cancellation_lets_go_of_what_waits_to_be_sent() -> None:
    found = booked_course(SIV)
    start = first(found).starts_at
    assert written(start - 2 * DAY)
    cancel(office(), found.id, first(found).id, by=Actor.PATIENT, now=start - 2 * DAY + MINUTE, at=AT)
    assert reminders() == []
    assert db.session.scalars(select(Reminder)).all() == []


def test_what_was_undone_is_reminded_of_by_the_next_rung() -> None:
    found = booked_course(SIV)
    start, changed = first(found).starts_at, first(found).starts_at - 2 * DAY - 5 * MINUTE
    cancel(office(), found.id, first(found).id, by=Actor.PATIENT, now=changed, at=AT)
    (change,) = undoable(db.session(), found.id, now=changed)
    undo(office(), found.id, change.id, by=Actor.PATIENT, now=changed + 9 * MINUTE, at=AT)
    assert [rung for rung, _ in walked(changed, start)] == ["morning"]


def test_a_time_cancelled_behind_everybodys_back_is_found_before_sending(smtp_server: Mailroom) -> None:
    found = booked_course(SIV)
    (message,) = written(first(found).starts_at - 2 * DAY)

    def work(session: Any) -> None:
        session.get_one(Appointment, message.appointment_id or first(found).id).status = CANCELLED

    unit_of_work(work)
    deliver_to(smtp_server.port, AT)
    assert not [sent for sent in smtp_server.messages if "Reminder" in sent["Subject"]]
    assert reminders() == []


def test_a_new_address_gets_the_reminder_that_waited(smtp_server: Mailroom) -> None:
    found = booked_course(SIV)
    now = first(found).starts_at - 2 * DAY
    assert written(now)
    newer = Contact(email="siv.newer@example.com", mobile=None, language="en", needs=())
    correct_contact(office(), found.id, newer, now=now + MINUTE, at=AT)
    assert [message.recipient for message in written(now + 2 * MINUTE)] == ["siv.newer@example.com"]


# -- sending ----------------------------------------------------------------------------------------------------------


def reminded(found: Course, ago: timedelta = 2 * DAY) -> Message:
    """A reminder that waits, after everything else was sent."""
    (message,) = written(first(found).starts_at - ago)
    return message


def test_a_reminder_that_was_held_up_until_quiet_hours_waits_for_their_end() -> None:
    message = reminded(booked_course(SIV))
    now = message.made_at
    night = (oslo(now).replace(hour=22, minute=0) - now).total_seconds() * timedelta(seconds=1)
    with post_to(free_port()) as post:
        while deliver_next(office(), post, at=AT + night):
            pass
    (waiting,) = reminders()
    assert waiting.due_at == AT + night + 9 * HOUR
    assert waiting.leased_until is None


def test_a_reminder_that_was_never_tried_in_time_is_let_go_of(smtp_server: Mailroom) -> None:
    reminded(booked_course(SIV))
    deliver_to(smtp_server.port, AT + 24 * HOUR)
    assert reminders() == []
    assert open_tasks(db.session()) == []


def test_a_reminder_that_failed_until_it_was_of_no_use_is_a_task() -> None:
    reminded(booked_course(SIV), 25 * HOUR)
    with post_to(free_port()) as post:
        while deliver_next(office(), post, at=AT):
            pass
        while deliver_next(office(), post, at=AT + HOUR):
            pass
    (message,) = reminders()
    assert message.given_up_at == AT + HOUR
    assert [task.kind for task in open_tasks(db.session())] == ["mail_failed"]


def test_what_is_no_longer_wanted_does_not_go_out(smtp_server: Mailroom) -> None:
    found = booked_course(SIV)
    reminded(found)
    wished(found.id, rungs=frozenset({Rung.MORNING}))
    deliver_to(smtp_server.port, AT)
    assert reminders() == []


def test_a_reminder_that_cannot_be_read_holds_up_nothing(smtp_server: Mailroom) -> None:
    message = reminded(booked_course(SIV))
    unit_of_work(lambda session: session.execute(update(Message).where(Message.id == message.id).values(facts={})))
    deliver_to(smtp_server.port, AT)
    assert reminders()[0].error == "cannot be made: KeyError"


# -- what it says -----------------------------------------------------------------------------------------------------


def test_a_reminder_says_when_where_and_how_to_move_or_cancel() -> None:
    found = booked_course(SIV)
    message = mail(reminded(found))
    start = oslo(first(found).starts_at)
    assert message["Subject"] == f"Reminder: appointment Tuesday 6 April {start:%H:%M}"
    page = page_url(office(), links_of(db.session(), found.id)["page"], "en")
    for subtype in ("plain", "html"):
        text = words(message, subtype)
        assert f"Tuesday 6 April 2027, {start:%H:%M}" in text
        assert "Way in: " in text
        assert "What to wear: " in text
        assert f"Free to cancel until Monday 5 April {start:%H:%M}." in text
        part = message.get_body((subtype,))
        assert part is not None
        content = part.get_content()
        assert f"{page}/visits/{first(found).id}/cancel" in content
        assert f"{page}/reminders" in content


def test_two_days_before_session_1_the_one_question_before_the_start_is_mentioned() -> None:
    found = booked_course(SIV)
    assert "/questions" in str(mail(reminded(found)).as_string())
    assert "/questions" not in str(mail(reminded(found, HOUR)).as_string())


def test_an_overview_tells_of_the_whole_week() -> None:
    found = booked_course(SIV)
    wished(found.id, rungs=ALL)
    (message,) = written(a_sunday_before(found, 18))
    assert mail(message)["Subject"] == "One appointment in the week from Monday 5 April"


@pytest.mark.parametrize("language", ["nb", "en"])
def test_no_reminder_says_what_for(language: str) -> None:
    found = booked_course(replace(SIV, language=language))
    message = mail(reminded(found))
    for word in ("needle", "nål", "akupunktur", "acupuncture", "fibromyalgi", "session", "behandling"):
        assert word not in message["Subject"].lower()
        assert word not in words(message, "plain").lower()


# -- helpers ----------------------------------------------------------------------------------------------------------


def helped(found: Course, *, is_reminded: bool = True) -> int:
    invited = Invited(name="Hjelper Prøve", email="helper@example.com", language="nb", reminded=is_reminded)
    return add_helper(office(), found.id, invited, now=NOW, at=AT)


def test_a_helper_is_reminded_with_a_link_of_her_own() -> None:
    found = booked_course(SIV)
    helped(found)
    own, hers = written(first(found).starts_at - 2 * DAY)
    assert (own.recipient, hers.recipient, hers.language) == ("siv@example.com", "helper@example.com", "nb")
    (helper,) = helpers_of(db.session(), found.id)
    text = mail(hers).as_string()
    content = str(mail(hers).get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert f"{helper_url(office(), helper, 'nb')}/visits/{first(found).id}" in content
    assert page_url(office(), links_of(db.session(), found.id)["page"], "nb") not in content
    assert "Hjelper Prøve" in content
    assert "Siv Fremmed" in content
    assert found.reference not in content
    assert "/questions" not in content
    assert text


def test_a_helper_who_wants_none_or_whose_link_ended_gets_none() -> None:
    found = booked_course(SIV)
    helped(found, is_reminded=False)
    assert [message.recipient for message in written(first(found).starts_at - 2 * DAY)] == ["siv@example.com"]


def test_a_helper_whose_link_ends_gets_nothing_that_waited() -> None:
    found = booked_course(SIV)
    helper = helped(found)
    assert len(written(first(found).starts_at - 2 * DAY)) == 2
    revoke_helper(found.id, helper, now=NOW)
    assert [message.recipient for message in reminders()] == ["siv@example.com"]


def test_a_patient_without_an_address_is_reminded_through_her_helper() -> None:
    found = booked_course(replace(SIV, email=None))
    helped(found)
    assert [message.recipient for message in written(first(found).starts_at - 2 * DAY)] == ["helper@example.com"]


# -- SMS --------------------------------------------------------------------------------------------------------------


def test_without_a_gateway_there_is_no_sms() -> None:
    found = booked_course(SIV)
    wished(found.id, by_sms=True)
    assert [message.medium for message in written(first(found).starts_at - 2 * DAY)] == ["mail"]


def test_who_has_given_a_number_alone_is_reminded_there() -> None:
    with_sms()
    found = booked_course(replace(SIV, email=None))
    (message,) = written(first(found).starts_at - 2 * DAY)
    assert (message.medium, message.recipient) == ("sms", SIV.mobile)


def test_an_sms_is_short_and_says_no_name(sms_gateway: Gateway) -> None:
    with_sms()
    found = booked_course(replace(SIV, email=None))
    (message,) = written(first(found).starts_at - 2 * DAY)
    with post_to(free_port()) as post:
        while deliver_next(office(), post, at=AT, sms=sms_gateway.client()):
            pass
    (sent,) = sms_gateway.texts
    assert sent["to"] == SIV.mobile
    page = page_url(office(), links_of(db.session(), found.id)["page"], "en")
    start = oslo(first(found).starts_at)
    assert f"appointment Tuesday 6 April {start:%H:%M}" in sent["text"]
    assert sent["text"].endswith(f"{page}/visits/{first(found).id}")
    assert "Siv" not in sent["text"]
    assert sent["reference"] == message.message_id.strip("<>").partition("@")[0]


def test_by_both_ways_if_both_are_wanted() -> None:
    with_sms()
    found = booked_course(SIV)
    wished(found.id, by_sms=True)
    assert [message.medium for message in written(first(found).starts_at - 2 * DAY)] == ["mail", "sms"]


def test_an_sms_that_is_refused_is_a_task(sms_gateway: Gateway) -> None:
    with_sms()
    found = booked_course(replace(SIV, email=None))
    reminded(found)
    sms_gateway.answers = [400]
    with post_to(free_port()) as post:
        while deliver_next(office(), post, at=AT, sms=sms_gateway.client()):
            pass
    assert [task.kind for task in open_tasks(db.session())] == ["sms_failed"]
    assert reminders()[0].error == "sms refused: 400"


def test_an_sms_for_which_the_gateway_is_gone_is_a_task() -> None:
    with_sms()
    reminded(booked_course(replace(SIV, email=None)))
    with post_to(free_port()) as post:
        while deliver_next(office(), post, at=AT):
            pass
    assert [task.kind for task in open_tasks(db.session())] == ["sms_failed"]


# -- unsubscribing ----------------------------------------------------------------------------------------------------


def test_reminders_can_be_ended_by_one_click() -> None:
    found = booked_course(SIV)
    message = mail(reminded(found))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = message["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    stop(office(), token, now=NOW)
    start = first(found).starts_at
    assert walked(start - 2 * DAY, start) == []


def test_a_helper_ends_her_own_reminders_only() -> None:
    found = booked_course(SIV)
    helped(found)
    hers = written(first(found).starts_at - 2 * DAY)[1]
    stop(office(), mail(hers)["List-Unsubscribe"].strip("<>").rpartition("/")[2], now=NOW)
    assert [message.recipient for message in written(first(found).starts_at - HOUR)] == ["siv@example.com"]


def test_necessary_mails_cannot_be_ended() -> None:
    booked_course(KARI)
    for message in db.session.scalars(select(Message)).all():
        head = message_from_bytes(compose(db.session(), office(), message), policy=policy.default)
        assert head["List-Unsubscribe"] is None
        assert head["List-Unsubscribe-Post"] is None


def test_a_token_ends_what_it_was_made_for_under_any_key_of_the_house() -> None:
    token = stop_url(office(), Stoppable.REMINDERS, 2**62 - 1, "nb").rpartition("/")[2]
    assert open_stop(office(), token) == (Stoppable.REMINDERS, 2**62 - 1)
    newer = replace(office(), secret_keys=("another-key-of-thirty-two-letters", *office().secret_keys))
    assert open_stop(newer, token) == (Stoppable.REMINDERS, 2**62 - 1)


# -- one question -----------------------------------------------------------------------------------------------------


def test_what_is_due_is_one_question_however_many_appointments_there_are() -> None:
    for number in range(3):
        booked_course(replace(SIV, name=f"Siv {number}", email=f"siv{number}@example.com", mobile=None))
    now = first(course(1)).starts_at - 2 * DAY
    db.session.rollback()
    questions: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        questions.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        due = due_now(db.session(), office(), now=now)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert due
    assert len([each for each in questions if each.startswith("SELECT")]) == 1
