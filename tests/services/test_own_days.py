"""Own days: a clinician is told of what changes on the very day, in one mail, by initials, and not of her own doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.services.accounts import SESSIONS_KEPT, forget_sessions
from booking.services.alteration import UNDO_FOR
from booking.services.courses import confirm, release
from booking.services.letters import compose
from booking.services.own_days import OWN_DAY
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, UNSURE, booked, booked_course, choice, held, office
from tests.people import OLA, SIV
from tests.services.changers import AT, move, session_of, settle
from tests.services.desk import cancel_at_desk
from tests.staff import ASK, account


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        account(ASK)
        yield


@pytest.fixture
def kari() -> Course:
    return booked_course()


def morning_of(appointment: Appointment) -> datetime:
    return appointment.starts_at - timedelta(hours=1)


def told() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == OWN_DAY)))


def test_a_visit_that_is_cancelled_on_its_day_is_told_to_who_treats(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = morning_of(third)
    cancel_at_desk(third, now=now)
    assert told() == []
    settle(now=now + UNDO_FOR)
    (message,) = told()
    assert message.recipient == ASK.email
    (change,) = message.facts["changes"]
    assert (change["old"][0], change["new"]) == (seconds_of(third.starts_at), None)


def test_what_changes_on_another_day_waits_for_the_calendar(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = third.starts_at - timedelta(days=1)
    cancel_at_desk(third, now=now)
    settle(now=now + UNDO_FOR)
    assert told() == []


def test_nobody_is_told_of_her_own_doing(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = morning_of(third)
    cancel_at_desk(third, by=ASK, now=now)
    settle(now=now + UNDO_FOR)
    assert told() == []


def test_several_patients_are_told_of_in_one_mail_without_a_name(kari: Course) -> None:
    siv = booked_course(SIV, replace(TUESDAYS, clinician=OLA, only_her=True))
    third, hers = session_of(kari.id, 3), session_of(siv.id, 3)
    now = min(morning_of(third), morning_of(hers))
    cancel_at_desk(third, now=now)
    move(hers, now=now)
    settle(now=now + UNDO_FOR)
    (message,) = told()
    assert len(message.facts["changes"]) == 2
    read = message_from_bytes(compose(db.session(), office(), message), policy=default)
    text = read.get_body(("plain",)).get_content()
    assert "K. P." in text
    assert "S. F." in text
    assert not [word for word in ("Kari", "Siv", "Prøve", "Fremmed") if word in text + read["subject"]]


def test_a_time_of_today_that_is_kept_for_a_call_is_told_once_and_told_gone_when_it_is_given_back() -> None:
    first = choice().appointments[0].start
    now = first - timedelta(hours=3)
    made = booked(held(now=NOW), check=UNSURE, now=now)
    (message,) = told()
    (change,) = message.facts["changes"]
    assert (change["old"], change["new"][0]) == (None, seconds_of(first))
    release(office(), made.reference, now=now, at=AT)
    (message,) = told()
    assert [bool(change["new"]) for change in message.facts["changes"]] == [True, False]


def test_what_is_confirmed_after_a_call_is_no_news_to_who_treats() -> None:
    now = choice().appointments[0].start - timedelta(hours=3)
    made = booked(held(now=NOW), check=UNSURE, now=now)
    confirm(office(), made.reference, now=now, at=AT)
    assert len(told()[0].facts["changes"]) == 1


def test_mails_about_a_day_are_forgotten_when_they_are_old() -> None:
    now = choice().appointments[0].start - timedelta(hours=3)
    booked(held(now=NOW), check=UNSURE, now=now)

    def sent(session: Session) -> None:
        session.execute(update(Message).where(Message.kind == OWN_DAY).values(due_at=None))

    forget_sessions(now=now + SESSIONS_KEPT)
    assert len(told()) == 1
    unit_of_work(sent)
    forget_sessions(now=now + SESSIONS_KEPT)
    assert told() == []
