"""Letters say what was booked, where, until when it is free, and nothing that others should not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.course import Departure
from booking.domain.period import OSLO, oslo, seconds_of
from booking.services.courses import Channel, Details, confirm, release
from booking.services.invitations import News, take_back_invitations, tell
from booking.services.letters import compose
from booking.services.links import feed_url, page_url
from booking.services.preferences import renew_page
from booking.store.clinics import Group
from booking.store.courses import Course, links_of
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.people import Clinician
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, UNSURE, booked, booked_course, choice, held, office
from tests.calendars import rules
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite

NEW_PATIENT = replace(TUESDAYS, new_patient=True)
AROUND_MAY = replace(TUESDAYS, days=frozenset({0}))
AT = datetime(2026, 11, 23, 12, tzinfo=OSLO)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def messages(kind: str) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def mail(message: Message) -> bytes:
    """The mail as it goes out, checked by all the rules."""
    body = compose(db.session(), office(), message)
    check = rules.check_invitation_mail if message.kind in {"request", "cancel"} else rules.check_plain_mail
    check(body)
    return body


def the_mail(kind: str) -> EmailMessage:
    (message,) = messages(kind)
    return parsed(mail(message))


def parsed(body: bytes) -> EmailMessage:
    return message_from_bytes(body, policy=policy.default)


def content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def readings(message: EmailMessage) -> list[str]:
    """The text, and the page as its words."""
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", content(message, "html"), flags=re.DOTALL)
    return [" ".join(content(message, "plain").split()), " ".join(page.replace("&#39;", "'").split())]


def calendar(message: EmailMessage) -> bytes:
    part = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def channel_changed(session: Any, office: Any, course: Course, appointments: Any, **clocks: Any) -> None:
    tell(session, office, course, News.CHANNEL, appointments, **clocks)


def told(course: Course, tell_of: Any, **changes: Any) -> None:
    """Writes messages about a course of the store after it was changed."""

    def work(session: Any) -> None:
        current = session.get_one(Course, course.id)
        for name, value in changes.items():
            setattr(current, name, value)
        if tell_of is take_back_invitations:
            for appointment in current.appointments:
                appointment.sequence += 1
        tell_of(session, office(), current, current.appointments, now=NOW, at=AT)

    unit_of_work(work)


# -- confirmation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [SIV, replace(KARI, language="en")], ids=["subscription", "invitations"])
def test_a_confirmation_names_every_date_and_until_when_it_is_free(who: Details) -> None:
    course = booked_course(who, NEW_PATIENT)
    for text in readings(the_mail("confirmation")):
        for appointment in course.appointments:
            start = oslo(appointment.starts_at)
            free = start - timedelta(hours=24)
            assert f"{start:%A} {start.day} {start:%B %Y}, {start:%H:%M}–" in text
            assert f"Free to cancel until {free:%A} {free.day} {free:%B %H:%M}." in text


def test_a_confirmation_says_who_where_how_much_and_what_to_wear() -> None:
    course = booked_course(SIV, NEW_PATIENT)
    clinician = db.session.get_one(Clinician, course.appointments[0].clinician_id)
    for text in readings(the_mail("confirmation")):
        assert f"With: {clinician.name}, {clinician.profession.name['en']}" in text
        assert "Eksempelveien 9, 1150 OSLO" in text
        assert "Way in: Door beside the chemist" in text
        assert "What to wear: Loose clothes" in text
        assert "Price: NOK 8,090 in all." in text
        assert "00 00 00 01 (demo, cannot be called)" in text
        assert "First visit, 60 minutes" in text
        assert course.reference in text


def test_a_confirmation_has_the_link_to_the_patients_page() -> None:
    course = booked_course(SIV)
    link = page_url(office(), links_of(db.session(), course.id)["page"], "en")
    confirmation = the_mail("confirmation")
    assert f"\n{link}\n" in content(confirmation, "plain")
    assert f'href="{link}"' in content(confirmation, "html")


def test_a_confirmation_says_which_dates_were_moved_and_why() -> None:
    course = booked_course(SIV, AROUND_MAY)
    moved = [a for a in course.appointments if a.deviation]
    assert moved
    for text in readings(the_mail("confirmation")):
        for appointment in moved:
            planned = oslo(appointment.deviation.instead_of) if appointment.deviation else None
            assert planned is not None
            assert f"Moved from {planned:%A} {planned.day} {planned:%B %H:%M}: " in text
        assert "is a public holiday" in text
        assert text.count("Moved from") == len(moved)


def with_deviation(**changes: Any) -> list[str]:
    """Readings of a confirmation whose third session differs from its pattern in this way."""
    booked_course(SIV)
    (message,) = messages("confirmation")
    third = message.facts["appointments"][2]
    third["deviation"] = {"instead_of": third["start"], "departure": Departure.COLLEAGUE, "reasons": []} | changes
    return readings(parsed(compose(db.session(), office(), message)))


def test_a_confirmation_does_not_call_the_same_time_moved() -> None:
    for text in with_deviation(reasons=[{"kind": "taken", "detail": None}]):
        assert "One of them is not as usual" in text
        assert "Another clinician or clinic than usual: the time is taken." in text
        assert "Moved from" not in text


def test_a_confirmation_gives_no_reason_for_what_the_patient_chose() -> None:
    for text in with_deviation():
        assert "You chose this time yourself." in text
        assert "Moved from" not in text


def test_on_invitations_the_confirmation_says_how_many_mails_follow() -> None:
    booked_course(replace(KARI, language="en"), NEW_PATIENT)
    assert len(messages("request")) == 11
    for text in readings(the_mail("confirmation")):
        assert "11 more mails follow" in text
    assert not list(the_mail("confirmation").iter_attachments())


def test_on_subscription_the_confirmation_has_the_feed() -> None:
    course = booked_course(SIV)
    feed = feed_url(office(), links_of(db.session(), course.id)["feed"])
    for reading in ("plain", "html"):
        text = content(the_mail("confirmation"), reading)
        assert feed in text
        assert "webcal://" + feed.partition("://")[2] in text


def test_on_file_the_confirmation_has_all_dates_attached() -> None:
    course = booked_course(SIV, NEW_PATIENT, channel=Channel.FILE)
    confirmation = the_mail("confirmation")
    read = rules.second_reader(calendar(confirmation))
    assert [event[:3] for event in read] == [(a.uid, oslo(a.starts_at), oslo(a.ends_at)) for a in course.appointments]
    assert [part.get_filename() for part in confirmation.iter_attachments()] == ["appointments.ics"]


@pytest.mark.parametrize(
    ("used", "words"),
    [(False, "Late to cancel, but free this once."), (True, "Too late to cancel free of charge.")],
)
def test_who_books_within_a_day_is_told_what_cancelling_costs(used: bool, words: str) -> None:
    booked_course(SIV)
    (message,) = messages("confirmation")
    assert message.facts["kindness_used"] is False
    message.facts["kindness_used"] = used
    first = message.facts["appointments"][0]
    first["start"], first["end"] = seconds_of(NOW + timedelta(hours=3)), seconds_of(NOW + timedelta(hours=4))
    body = parsed(compose(db.session(), office(), message))
    assert [content(body, reading).count(words) for reading in ("plain", "html")] == [1, 1]


# -- subjects ---------------------------------------------------------------------------------------------------------


def test_subjects_say_when_and_nothing_else() -> None:
    course = booked_course(replace(KARI, language="en"))
    assert the_mail("confirmation")["Subject"] == "Your appointments from Tuesday 6 April"
    first = parsed(mail(messages("request")[0]))
    assert first["Subject"] == f"Appointment Tuesday 6 April {oslo(course.appointments[0].starts_at):%H:%M}"


def test_norwegian_dates_have_their_full_stops() -> None:
    booked_course(KARI)
    assert "tirsdag 6. april" in the_mail("confirmation")["Subject"]
    first = parsed(mail(messages("request")[0]))
    assert re.search(r" tirsdag 6\. april kl\. \d\d\.\d\d$", first["Subject"])
    assert re.search(r"tirsdag 6\. april 2027, kl\.\s\d\d\.\d\d–\d\d\.\d\d", content(first, "plain"))
    assert "6\u00a0900\u00a0kr" in content(the_mail("confirmation"), "plain")


# -- invitations ------------------------------------------------------------------------------------------------------


def test_an_invitation_carries_one_appointment_from_the_group_to_the_patient() -> None:
    course = booked_course(KARI, NEW_PATIENT)
    for message, appointment in zip(messages("request"), course.appointments, strict=True):
        body = mail(message)
        event = rules.check_invitation_mail(body)
        assert (event.text("UID"), event.text("SEQUENCE")) == (appointment.uid, "0")
        start = rules.second_reader(calendar(parsed(body)))[0][1]
        assert start == oslo(appointment.starts_at)
        invited = parsed(body)
        assert invited["From"].addresses[0].addr_spec == office().mail_from
        assert invited["From"].addresses[0].display_name == db.session.scalars(select(Group)).one().name
        assert invited["To"].addresses[0].addr_spec == KARI.email


def test_no_calendar_names_who_treats_or_what_for() -> None:
    course = booked_course(replace(KARI, language="en"), NEW_PATIENT)
    names = {db.session.get_one(Clinician, a.clinician_id).name for a in course.appointments}
    for message in messages("request"):
        event = rules.check_invitation_mail(mail(message))
        said = " ".join(event.text(name) for name in ("SUMMARY", "LOCATION", "DESCRIPTION"))
        rules.check_neutral(said)
        assert not any(name in said for name in names)
        assert event.text("SUMMARY") == "Appointment at Demoklinikkene"


def test_dates_keep_to_when_the_message_was_made() -> None:
    booked_course(KARI)
    message = messages("request")[0]
    body = mail(message)
    assert parsed(body)["Date"].datetime == message.made_at
    assert f"{message.made_at:%Y%m%dT%H%M%SZ}" == rules.check_invitation_mail(body).text("DTSTAMP")
    assert parsed(body)["Message-ID"] == message.message_id


def test_the_same_message_is_the_same_bytes() -> None:
    booked_course(KARI)
    for message in messages("request") + messages("confirmation"):
        assert mail(message) == mail(message)


def test_a_message_tells_what_was_true_when_it_was_written() -> None:
    course = booked_course(KARI)
    before = mail(messages("request")[0])
    unit_of_work(lambda session: _move(session, course.appointments[0].id))
    assert mail(messages("request")[0]) == before


def _move(session: Any, appointment_id: int) -> None:
    from booking.store.appointments import Appointment

    appointment = session.get_one(Appointment, appointment_id)
    appointment.starts_at += timedelta(hours=1)
    appointment.ends_at += timedelta(hours=1)
    appointment.sequence += 1


def test_taking_back_an_invitation_says_that_the_appointment_stands() -> None:
    course = booked_course(replace(KARI, language="en"))
    told(course, take_back_invitations)
    assert len(messages("cancel")) == 10
    for message in messages("cancel"):
        body = mail(message)
        assert rules.check_invitation_mail(body).text("SEQUENCE") == "1"
        assert "cancelled" not in parsed(body)["Subject"].lower()
        assert all("The appointment itself stands:" in text for text in readings(parsed(body)))


def test_a_cancelled_appointment_is_said_to_be_cancelled() -> None:
    course = booked_course(replace(KARI, language="en"))
    told(course, take_back_invitations)
    message = messages("cancel")[0]
    message.facts["appointments"][0]["status"] = "cancelled"
    body = parsed(mail(message))
    assert body["Subject"].startswith("Cancelled: appointment Tuesday 6 April")
    assert all("This appointment is cancelled" in text and "stands" not in text for text in readings(body))


# -- before and after the call ----------------------------------------------------------------------------------------


def held_course(**changes: Any) -> str:
    return booked(held(choice(NEW_PATIENT)), replace(SIV, **changes), UNSURE).reference


def test_held_times_are_not_said_to_be_booked() -> None:
    held_course()
    message = the_mail("held")
    for text in [message["Subject"], *readings(message)]:
        assert "book" not in text.lower()
    for text in readings(message):
        assert "We will ring you by the end of Wednesday 3 March." in text
        assert "Tuesday 13 April 2027" in text
    assert not list(message.iter_attachments())


def test_who_left_no_number_is_asked_to_call() -> None:
    held_course(mobile=None)
    for text in readings(the_mail("held")):
        assert "Please call us by the end of Wednesday 3 March: 00 00 00 01" in text
        assert "We will ring you" not in text


def test_after_the_call_the_confirmation_goes_out() -> None:
    confirm(office(), held_course(), now=NOW, at=AT)
    assert "appointments from" in the_mail("confirmation")["Subject"]


def test_released_times_are_told_with_a_way_to_book_again() -> None:
    release(office(), held_course(), now=NOW, at=AT)
    for text in readings(the_mail("released")):
        assert "We no longer keep these times for you:" in text
        assert f"{office().url}/en/" in text
        assert "00 00 00 01" in text


# -- another channel --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", list(Channel))
def test_another_channel_is_told_in_a_short_note(channel: Channel) -> None:
    course = booked_course(SIV)
    told(course, channel_changed, channel=channel.value)
    note = the_mail("channel")
    expected = {
        Channel.INVITATIONS: "10 more mails follow",
        Channel.SUBSCRIPTION: feed_url(office(), links_of(db.session(), course.id)["feed"]),
        Channel.FILE: "The attached file",
        Channel.NONE: "We send nothing to your calendar.",
    }
    assert all(expected[channel] in text for text in readings(note))
    attached = [part.get_content_type() for part in note.iter_attachments()]
    assert attached == (["text/calendar"] if channel is Channel.FILE else [])
    assert len(messages("request")) == (10 if channel is Channel.INVITATIONS else 0)


# -- another link -----------------------------------------------------------------------------------------------------


def test_a_new_link_is_mailed_and_the_old_one_is_not() -> None:
    course = booked_course(SIV)
    old = page_url(office(), links_of(db.session(), course.id)["page"], course.language)
    renew_page(office(), course.id, now=NOW, at=NOW)
    new = page_url(office(), links_of(db.session(), course.id)["page"], course.language)
    for text in (content(the_mail("link"), kind) for kind in ("plain", "html")):
        assert new in text
        assert old not in text


# -- what people write ------------------------------------------------------------------------------------------------

NAMES = ["Åse Øy, «Ærlig»; d.y.", 'Kari "K" <b>Prøve</b> & sønn', "Siv 😀\r\nBcc: other@example.com", "x" * 300]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_comes_back_whole_and_does_no_harm(name: str) -> None:
    booked_course(SIV, name=name, channel=Channel.INVITATIONS)
    whole = " ".join(name.split())
    for message in [*messages("confirmation"), messages("request")[0]]:
        body = mail(message)
        assert rules.mailbox(message_from_bytes(body), "To") == (whole, SIV.email)
        assert f"Hello {whole}" in content(parsed(body), "plain")
        assert "<b>" not in content(parsed(body), "html")


def test_an_address_that_is_none_is_refused() -> None:
    booked_course(SIV)
    (message,) = messages("confirmation")
    message.recipient = "kari@example.com\r\nBcc: other@example.com"
    with pytest.raises(ValueError):
        compose(db.session(), office(), message)


def test_a_single_appointment_is_told_in_the_singular() -> None:
    booked_course(SIV)
    (message,) = messages("confirmation")
    message.facts["appointments"] = message.facts["appointments"][:1]
    single = parsed(mail(message))
    assert re.fullmatch(r"Appointment Tuesday 6 April \d\d:\d\d", single["Subject"])
    for text in readings(single):
        assert "Your appointment is booked." in text
        assert "You pay at the visit." in text


def test_dates_on_both_sides_of_a_clock_change_keep_their_hour() -> None:
    course = booked_course(SIV, replace(TUESDAYS, start=date(2027, 3, 8)), channel=Channel.FILE)
    sessions = [a for a in course.appointments if a.kind == "session" and a.deviation is None]
    assert len({oslo(a.starts_at).utcoffset() for a in sessions}) == 2
    (hour,) = {f"{oslo(a.starts_at):%H:%M}" for a in sessions}
    text = content(the_mail("confirmation"), "plain")
    assert len(re.findall(rf", {hour}–", text)) >= len(sessions)
