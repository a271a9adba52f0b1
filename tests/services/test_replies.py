"""What comes back by mail is taken, or refused for a reason; it moves and cancels nothing, and breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from booking.domain.period import seconds_of
from booking.ical.reply import ReplyMessage
from booking.mail.inbound import MOST_BYTES
from booking.services.letters import compose
from booking.services.preferences import Contact, choose_channel, correct_contact
from booking.services.replies import receive
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.replies import replies_to
from booking.store.tasks import open_tasks
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, course, office
from tests.people import KARI
from tests.servers.databases import only_sqlite
from tests.services.answers import (
    AT,
    REPLIES,
    answered_course,
    became,
    kept_answers,
    kept_replies,
    mail,
    mails_of,
    received,
)

ANSWERS = {
    "google-accepted": "accepted",
    "google-declined-with-a-comment": "declined",
    "google-counter": "counter",
    "outlook-declined": "declined",
    "outlook-counter": "counter",
    "apple-tentative": "tentative",
    "bare-accepted-without-a-sequence": "accepted",
    "broken-charset-accepted": "accepted",
    "google-accepted-later": "accepted",
    "bounce-postfix": "bounced",
    "bounce-exchange": "bounced",
}
REFUSED_UNREAD = {
    "two-calendars": "several calendars",
    "two-events": "not one event",
    "winmail": "winmail.dat without a calendar",
    "vacation": "neither calendar nor report",
    "nested-forty-deep": "too many parts",
    "cut-off-in-the-middle": "calendar broken",
    "garbage-start-of-a-counter": "calendar broken",
    "request-sent-back": "another method",
    "method-says-another": "another method",
    "delegated": "says neither yes nor no nor maybe",
    "foreign-uid": "unknown uid",
    "bounce-of-another-mail": "report of an unknown mail",
}
REFUSED_AND_OURS = {
    "forged-attendee": "another attendee",
    "sequence-never-sent": "a sequence that was never sent",
    "delay-postfix": "report of no failure",
}


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@pytest.fixture
def kari() -> Course:
    return answered_course()


def first(kari: Course) -> Appointment:
    return course(kari.id).appointments[0]


def change(kari: Course, **values: object) -> None:
    """Sets columns of the first appointment, as somebody else's work would."""

    def work(session: Session) -> None:
        session.execute(update(Appointment).where(Appointment.id == kari.appointments[0].id).values(**values))

    unit_of_work(work)


# -- every file -------------------------------------------------------------------------------------------------------


def test_every_file_is_told_of_here() -> None:
    told = set(ANSWERS) | set(REFUSED_UNREAD) | set(REFUSED_AND_OURS)
    assert {file.stem for file in REPLIES.glob("*.eml")} == told


@only_sqlite
@pytest.mark.parametrize(("name", "taken"), ANSWERS.items())
def test_what_calendars_and_mail_servers_write_is_understood(kari: Course, name: str, taken: str) -> None:
    answer = received(name)
    assert (answer.taken, answer.reason, answer.ours) == (taken, None, True)


@only_sqlite
@pytest.mark.parametrize(("name", "reason"), (REFUSED_UNREAD | REFUSED_AND_OURS).items())
def test_every_other_mail_is_refused_for_its_reason_and_changes_nothing(kari: Course, name: str, reason: str) -> None:
    answer = received(name)
    assert (answer.taken, answer.reason, answer.ours) == (None, reason, name in REFUSED_AND_OURS)
    assert (kept_replies(), list(mails_of("declined")), open_tasks(db.session())) == ([], [], [])


@only_sqlite
def test_the_log_names_nobody_and_quotes_nothing(kari: Course) -> None:
    with capture_logs() as lines:
        for file in sorted(REPLIES.glob("*.eml")):
            received(file.stem)
    said = repr(lines).lower()
    assert len(lines) == len(list(REPLIES.glob("*.eml")))
    for word in ("kari", "siv", "@", "avtale", "fibromyalgia", "vondt", "klinikk", "google"):
        assert word not in said


def test_no_answer_moves_or_cancels_anything(kari: Course) -> None:
    before = [(a.status, a.starts_at, a.sequence, a.updated_at) for a in kari.appointments]
    became(*sorted(ANSWERS))
    assert [(a.status, a.starts_at, a.sequence, a.updated_at) for a in course(kari.id).appointments] == before


# -- order ------------------------------------------------------------------------------------------------------------


def test_the_newest_answer_counts(kari: Course) -> None:
    assert became("google-accepted", "outlook-declined", "google-accepted-later") == [
        "accepted",
        "declined",
        "accepted",
    ]
    assert replies_to(db.session(), [first(kari).id])[first(kari).id].answer == "accepted"


def test_an_answer_with_an_older_stamp_comes_too_late(kari: Course) -> None:
    assert became("google-accepted-later", "outlook-declined") == ["accepted", "an older stamp"]
    assert kept_answers() == ["accepted"]
    assert list(mails_of("declined")) == []


def test_a_mail_that_comes_twice_is_taken_once(kari: Course) -> None:
    assert became("outlook-declined", "outlook-declined") == ["declined", "repeated"]
    assert kept_answers() == ["declined"]


def test_an_answer_to_an_older_invitation_is_refused(kari: Course) -> None:
    choose_channel(office(), kari.id, "file", now=NOW, at=NOW)
    choose_channel(office(), kari.id, "invitations", now=NOW, at=NOW)
    assert became("google-accepted", "bare-accepted-without-a-sequence") == ["an older sequence"] * 2


def test_the_same_stamp_may_answer_two_invitations(kari: Course) -> None:
    assert became("sequence-never-sent", "google-accepted") == ["a sequence that was never sent", "accepted"]
    for _ in range(7):
        channel = "file" if course(kari.id).channel == "invitations" else "invitations"
        choose_channel(office(), kari.id, channel, now=NOW, at=NOW)
    choose_channel(office(), kari.id, "invitations", now=NOW, at=NOW)
    again = mail("google-accepted").replace(b"SEQUENCE:0", f"SEQUENCE:{first(kari).sequence}".encode())
    assert receive(office(), again, now=AT, at=AT).taken == "accepted"
    assert [reply.stamped_at for reply in kept_replies()] == [datetime(2027, 3, 2, 7, 15, 3, tzinfo=UTC)] * 2


def test_an_answer_to_an_invitation_that_was_taken_back_is_refused(kari: Course) -> None:
    choose_channel(office(), kari.id, "subscription", now=NOW, at=NOW)
    assert became("google-accepted") == ["the invitation was taken back"]


def test_an_answer_from_an_address_that_was_left_is_refused(kari: Course) -> None:
    unit_of_work(lambda session: session.execute(update(Message).values(attempts=1)))  # on their way already
    newer = Contact(email="kari.newer@example.com", mobile=None, language="nb", needs=())
    correct_contact(office(), kari.id, newer, now=NOW, at=NOW)
    assert became("google-accepted") == ["the invitation was taken back"]


def test_an_answer_to_a_time_that_was_moved_meanwhile_is_refused(kari: Course) -> None:
    change(kari, starts_at=first(kari).starts_at + timedelta(days=1), ends_at=first(kari).ends_at + timedelta(days=1))
    assert became("outlook-declined") == ["moved meanwhile"]


@pytest.mark.parametrize("status", ["cancelled", "arrived", "fulfilled", "noshow", "pending"])
@only_sqlite
def test_an_answer_to_what_is_not_booked_is_refused(kari: Course, status: str) -> None:
    change(kari, status=status)
    assert became("google-accepted") == ["not booked any more"]


@only_sqlite
def test_an_answer_after_the_start_is_refused(kari: Course) -> None:
    start = first(kari).starts_at
    assert receive(office(), mail("outlook-declined"), now=start, at=AT).reason == "begun or over"
    assert receive(office(), mail("outlook-declined"), now=start - timedelta(seconds=1), at=AT).taken == "declined"


@only_sqlite
def test_a_stamp_from_the_future_shuts_nobody_out(kari: Course) -> None:
    future = mail("google-accepted").replace(b"DTSTAMP:20270302", b"DTSTAMP:20990302")
    assert receive(office(), future, now=AT, at=AT).reason == "stamped in the future"
    assert became("outlook-declined") == ["declined"]


def test_an_answer_may_be_written_in_other_capitals(kari: Course) -> None:
    assert b"mailto:Kari@Example.com" in mail("apple-tentative").replace(b"=\n", b"").replace(b"\n ", b"")
    assert became("apple-tentative") == ["tentative"]


# -- what the patient is told -----------------------------------------------------------------------------------------


def test_who_declines_gets_one_mail_for_each_invitation(kari: Course) -> None:
    became("google-declined-with-a-comment", "outlook-declined", "outlook-counter", "google-accepted-later")
    (message,) = mails_of("declined")
    assert (message.recipient, message.language, message.course_id) == (KARI.email, "nb", kari.id)
    assert [kept["id"] for kept in message.facts["appointments"]] == [first(kari).id]


def test_who_declines_a_second_invitation_is_told_again(kari: Course) -> None:
    became("outlook-declined")
    choose_channel(office(), kari.id, "file", now=NOW, at=NOW)
    choose_channel(office(), kari.id, "invitations", now=NOW, at=NOW)
    again = mail("google-declined-with-a-comment").replace(b"SEQUENCE:0", f"SEQUENCE:{first(kari).sequence}".encode())
    assert receive(office(), again, now=AT, at=AT).taken == "declined"
    assert len(mails_of("declined")) == 2


@pytest.mark.parametrize("name", ["google-accepted", "apple-tentative"])
@only_sqlite
def test_who_says_yes_or_maybe_gets_no_mail(kari: Course, name: str) -> None:
    became(name)
    assert list(mails_of("declined")) == []


@only_sqlite
def test_the_mail_leads_to_moving_and_cancelling(kari: Course) -> None:
    became("outlook-declined")
    (message,) = mails_of("declined")
    body = compose(db.session(), office(), message).decode()
    text = body.replace("=\r\n", "").replace("=3D", "=")
    visit = f"/visits/{first(kari).id}"
    assert f"{visit}\r\n" in text
    assert f"{visit}/cancel\r\n" in text
    assert f'{visit}/cancel"' in text
    assert "calendar" not in body.partition("\r\n\r\n")[0].lower()


@only_sqlite
def test_the_mail_names_the_time_that_was_proposed(kari: Course) -> None:
    unit_of_work(lambda session: session.execute(update(Course).values(language="en")))
    became("outlook-counter")
    (message,) = mails_of("declined")
    assert message.facts["proposed"] == seconds_of(datetime(2027, 4, 8, 8, tzinfo=UTC))
    text = compose(db.session(), office(), message).decode().replace("=\r\n", "")
    assert "Your calendar has proposed Thursday 8 April 10:00 instead of this appointment:" in text


@pytest.mark.parametrize("name", ["google-counter", "outlook-counter"])
@only_sqlite
def test_a_proposed_time_is_kept(kari: Course, name: str) -> None:
    became(name)
    (reply,) = kept_replies()
    assert reply.proposed_start == datetime(2027, 4, 8, 8, tzinfo=UTC)
    assert reply.proposed_end == datetime(2027, 4, 8, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("start", ["20270101T080000Z", "99991231T235959Z", "20270406T070000Z", "20270408"])
@only_sqlite
def test_a_proposal_of_no_time_that_could_be_is_a_no(kari: Course, start: str) -> None:
    counter = mail("google-counter").replace(b"DTSTART:20270408T080000Z", f"DTSTART:{start}".encode())
    first_start = f"{first(kari).starts_at:%Y%m%dT%H%M%SZ}"
    counter = counter.replace(b"DTSTART:20270406T070000Z", f"DTSTART:{first_start}".encode())
    assert receive(office(), counter, now=AT, at=AT).taken == "counter"
    (reply,) = kept_replies()
    assert (reply.proposed_start, len(mails_of("declined"))) == (None, 1)


def test_two_receivers_of_one_mail_take_it_once(demo_app: Flask, kari: Course) -> None:
    def receiver(_: int) -> str | None:
        with demo_app.app_context():
            return received("outlook-declined").taken

    with ThreadPoolExecutor(4) as receivers:
        taken = list(receivers.map(receiver, range(4)))
    assert sorted(taken, key=str) == [None, None, None, "declined"]
    assert (kept_answers(), len(mails_of("declined"))) == (["declined"], 1)


# -- mails that failed ------------------------------------------------------------------------------------------------


def test_a_mail_that_failed_is_a_task(kari: Course) -> None:
    assert became("bounce-postfix") == ["bounced"]
    (task,) = open_tasks(db.session())
    assert (task.kind, task.course_id, task.name, task.phone) == ("mail_failed", kari.id, KARI.name, KARI.mobile)
    (message,) = mails_of("confirmation")
    assert (message.error, message.given_up_at, message.due_at) == ("bounced 5.1.1", AT, None)


def test_however_often_and_many_mails_fail_there_is_one_task(kari: Course) -> None:
    (invitation, *_) = mails_of("request")
    other = mail("bounce-postfix").replace(
        b"<0b0f6c0a-72c5-4b3f-8a1d-33c7d4e6a0f2@klinikk.example>", invitation.message_id.encode()
    )
    assert became("bounce-postfix", "bounce-exchange") == ["bounced", "repeated"]
    assert receive(office(), other, now=AT, at=AT).taken == "bounced"
    assert len(open_tasks(db.session())) == 1


# -- whatever comes ---------------------------------------------------------------------------------------------------


@only_sqlite
def test_a_mail_that_is_too_large_is_refused(kari: Course) -> None:
    large = mail("google-accepted") + b"x" * MOST_BYTES
    assert receive(office(), large, now=AT, at=AT).reason == "mail too large"


@only_sqlite
@pytest.mark.parametrize("uid", ["", "\0", "å", "x" * 5000, "' OR 1=1 --"])
def test_no_uid_breaks_the_database(kari: Course, uid: str) -> None:
    odd = mail("google-accepted").replace(
        b"UID:6f1c2f0e-5a0b-4c1e-9d57-1f6a3c1f0a11@klinikk.example", f"UID:{uid}".encode()
    )
    assert receive(office(), odd, now=AT, at=AT).reason == "unknown uid"


def test_no_mail_breaks_those_behind_it(kari: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(raw: bytes) -> ReplyMessage:
        raise RecursionError(raw)

    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr("booking.services.replies.read_mail", broken)
        assert became("google-accepted") == ["unreadable"]
    assert "kari" not in repr(lines).lower()
    assert became("google-accepted") == ["accepted"]


def test_two_addresses_in_one_answer_are_read_by_the_invited_one(kari: Course) -> None:
    crowded = mail("forged-attendee").replace(
        b"CLASS:PRIVATE", b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:kari@example.com\nCLASS:PRIVATE"
    )
    assert receive(office(), crowded, now=AT, at=AT).taken == "accepted"
