"""Callers: found or added, told of what is free, and booked with or without e-mail; walk-ins; what is owed on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.appointment import Actor
from booking.domain.errors import DoesNotFit, NotAllowed, SlotTaken, TooYoung
from booking.domain.period import at_wall
from booking.domain.screening import Gate, HealthCheck
from booking.domain.walk_in import next_start
from booking.services.callers import Said, WalkIn, caller_at, free_for_walk_in, suggest_duplicates, walk_in
from booking.services.changes import cancel, undo
from booking.services.courses import Channel, FrontDesk, book, release_lapsed
from booking.services.holds import answers_of, begin, find_hold, hold
from booking.services.settlement import settle_due
from booking.store.appointments import ARRIVED, BOOKED
from booking.store.changes import open_changes
from booking.store.clinics import Clinic
from booking.store.courses import WAITING, Course
from booking.store.database import db
from booking.store.logbook import LogEntry
from booking.store.outbox import Message
from booking.store.people import Clinician
from booking.store.tasks import Task
from tests.builders import NOW, TUESDAYS, UNSURE, WELL, booked_course, choice, course, office
from tests.people import KARI, SIV
from tests.staff import ADA, FRIDA, RITA, account, reach

WITHOUT_EMAIL = replace(KARI, email=None, channel=Channel.NONE)
MONDAY = at_wall(date(2027, 4, 5), 10 * 60 + 7)
"""A Monday on which Ask works at Lambertseter, off every grid."""

AFTER_LUNCH = at_wall(date(2027, 4, 5), 13 * 60 + 7)
"""Then a colleague of his is there, too."""


@pytest.fixture(autouse=True)
def _context(demo_app: Flask):  # type: ignore[no-untyped-def]
    with demo_app.app_context():
        yield


def desk(patient_id: int | None = None) -> FrontDesk:
    return FrontDesk(reach(RITA).who, patient_id)


def called(details=WITHOUT_EMAIL, check=WELL, *, key="one", patient_id=None):  # type: ignore[no-untyped-def]
    """A course that Rita has booked for a caller."""
    visitor, front = caller_at(account(RITA), key), desk(patient_id)
    hold_id = hold(office(), visitor, choice(replace(TUESDAYS, start=date(2027, 4, 5))), now=NOW)
    return book(office(), hold_id, details, check, desk=front, now=NOW, at=datetime.now(UTC))


def ask_now(spoken: bool = False) -> WalkIn:
    clinician = db.session.scalar(select(Clinician.id).where(Clinician.slug == "ask-eksempel"))
    clinic = db.session.scalar(select(Clinic.id).where(Clinic.slug == "lambertseter"))
    assert clinician
    assert clinic
    return WalkIn(protocol="needle-session", clinician_id=clinician, clinic_id=clinic, spoken=spoken)


def came(walk: WalkIn, details=WITHOUT_EMAIL, check=WELL, *, now=MONDAY) -> int:  # type: ignore[no-untyped-def]
    return walk_in(office(), walk, details, check, desk(), now=now, at=datetime.now(UTC))


def tell_tasks(course_id: int) -> list[Task]:
    db.session.rollback()
    return list(db.session.scalars(select(Task).where(Task.course_id == course_id, Task.kind == "tell")))


# -- booking for a caller ---------------------------------------------------------------------------------------------


def test_a_caller_without_e_mail_is_booked_and_nothing_is_written_to_her() -> None:
    made = course(called().course_id)
    assert [a.status for a in made.appointments] == [BOOKED] * 10
    assert made.channel == "none"
    assert not list(db.session.scalars(select(Message).where(Message.course_id == made.id)))


def test_a_booking_for_a_caller_is_in_the_logbook_with_who_made_it() -> None:
    made = course(called().course_id)
    entry = db.session.scalars(select(LogEntry).where(LogEntry.course_id == made.id)).one()
    assert (entry.action, entry.account_id, entry.patient_id) == ("book", account(RITA), made.patient_id)


def test_two_calls_of_one_desk_keep_two_times() -> None:
    front = account(RITA)
    first, second = (caller_at(front, key) for key in ("one", "two"))
    found = choice()
    hold(office(), first, found, now=NOW)
    with pytest.raises(SlotTaken):
        hold(office(), second, found, now=NOW)
    assert find_hold(db.session(), office(), first.secret) is not None


def test_a_call_of_another_desk_is_not_found() -> None:
    begin(office(), caller_at(account(RITA), "one"), 1, {"caller": {"name": "Kari"}}, now=NOW)
    assert find_hold(db.session(), office(), caller_at(account(FRIDA), "one").secret) is None


def test_what_a_caller_has_said_stays_when_times_are_chosen() -> None:
    visitor = caller_at(account(RITA), "one")
    begin(office(), visitor, 1, {"caller": {"name": "Kari"}}, now=NOW)
    hold(office(), visitor, choice(), now=NOW)
    row = find_hold(db.session(), office(), visitor.secret)
    assert row is not None
    assert answers_of(office(), row) == {"caller": {"name": "Kari"}}


def test_the_patient_who_was_picked_is_booked_whatever_her_contact_is_now() -> None:
    before = booked_course(SIV, replace(TUESDAYS, protocol="needle-session", start=date(2027, 3, 9)))
    other = replace(SIV, email=None, mobile="+46701740611", channel=Channel.NONE)
    assert course(called(other, patient_id=before.patient_id).course_id).patient_id == before.patient_id


def test_a_picked_patient_of_another_birth_date_is_somebody_else() -> None:
    before = booked_course(SIV, replace(TUESDAYS, protocol="needle-session", start=date(2027, 3, 9)))
    assert course(called(patient_id=before.patient_id).course_id).patient_id != before.patient_id


def test_after_an_unsure_answer_somebody_rings_first() -> None:
    made = course(called(check=UNSURE).course_id)
    task = db.session.scalars(select(Task).where(Task.course_id == made.id)).one()
    assert (made.status, task.kind) == (WAITING, "call_first")


def test_a_child_is_booked_only_by_a_grown_up_on_the_telephone() -> None:
    child = replace(WITHOUT_EMAIL, birth_date=date(2014, 1, 1))
    with pytest.raises(TooYoung):
        called(child)
    assert course(called(replace(child, booked_by="Mor Prøve")).course_id).booked_by == "Mor Prøve"


# -- who may be the caller --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        Said(mobile=KARI.mobile),
        Said(email="KARI@example.com"),
        Said(name="kari nygift", birth_date=KARI.birth_date),
        Said(name="KARI prøve"),
    ],
)
def test_a_patient_is_suggested_by_what_she_tells(said: Said) -> None:
    made = booked_course()
    found = suggest_duplicates(db.session(), said, reach(RITA), now=NOW)
    assert [each.patient.id for each in found] == [made.patient_id]


def test_who_agrees_in_most_is_suggested_first() -> None:
    hers = booked_course()
    shares_her_phone = booked_course(replace(SIV, mobile=KARI.mobile))
    said = Said(name=KARI.name, mobile=KARI.mobile, birth_date=KARI.birth_date)
    found = suggest_duplicates(db.session(), said, reach(RITA), now=NOW)
    assert [each.patient.id for each in found] == [hers.patient_id, shares_her_phone.patient_id]


@pytest.mark.parametrize(
    "said", [Said(), Said(name="Kari"), Said(birth_date=KARI.birth_date), Said(name="Kari Annen", mobile=SIV.mobile)]
)
def test_who_shares_but_a_first_name_or_a_birth_date_is_not_suggested(said: Said) -> None:
    booked_course()
    assert suggest_duplicates(db.session(), said, reach(RITA), now=NOW) == ()


def test_a_patient_of_another_clinic_is_not_suggested() -> None:
    booked_course()
    said = Said(mobile=KARI.mobile)
    assert suggest_duplicates(db.session(), said, reach(FRIDA), now=NOW) == ()
    assert len(suggest_duplicates(db.session(), said, reach(ADA), now=NOW)) == 1


# -- walk-ins ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minute", "starts"), [(0, 0), (7, 10), (10, 10), (58, 60)])
def test_a_walk_in_begins_at_the_next_step_of_the_clock(minute: int, starts: int) -> None:
    hour = at_wall(date(2027, 4, 5), 600)
    assert next_start(hour + timedelta(minutes=minute)) == hour + timedelta(minutes=starts)


def test_a_walk_in_begins_now_and_has_arrived() -> None:
    id = came(ask_now())
    db.session.rollback()
    made = db.session.scalars(select(Course).where(Course.appointments.any(id=id))).one()
    (appointment,) = made.appointments
    assert (appointment.status, appointment.starts_at) == (ARRIVED, next_start(MONDAY))


def test_who_is_busy_or_has_a_break_takes_no_walk_in() -> None:
    came(ask_now())
    with pytest.raises(DoesNotFit):
        came(ask_now(), SIV)
    with pytest.raises(DoesNotFit):
        came(ask_now(), SIV, now=at_wall(date(2027, 4, 5), 12 * 60 + 5))


def test_nobody_is_in_two_places_at_once() -> None:
    came(ask_now(), now=AFTER_LUNCH)
    free = free_for_walk_in(db.session(), office(), (ask_now().clinic_id,), now=AFTER_LUNCH)
    other = next(each for slug, each in free if slug == "needle-session")
    with pytest.raises(SlotTaken):
        came(replace(ask_now(), clinician_id=other.clinician), now=AFTER_LUNCH)


def test_after_answers_that_ask_for_a_talk_the_clinician_talks_with_her_first() -> None:
    bleeds = HealthCheck(Gate.YES, frozenset({"bleeding"}))
    with pytest.raises(NotAllowed):
        came(ask_now(), check=bleeds)
    assert came(ask_now(spoken=True), check=bleeds)


# -- without e-mail ---------------------------------------------------------------------------------------------------


def changed_by(actor: Actor, details=WITHOUT_EMAIL) -> Course:  # type: ignore[no-untyped-def]
    made = booked_course(details)
    cancel(office(), made.id, made.appointments[3].id, by=actor, now=NOW, at=datetime.now(UTC))
    return made


def test_who_has_no_e_mail_is_rung_when_the_clinic_changes_something() -> None:
    made = changed_by(Actor.CLINIC)
    settle_due(office(), now=NOW + timedelta(minutes=11), at=datetime.now(UTC))
    (task,) = tell_tasks(made.id)
    assert (task.phone, task.name) == (KARI.mobile, KARI.name)


@pytest.mark.parametrize(("actor", "details"), [(Actor.PATIENT, WITHOUT_EMAIL), (Actor.CLINIC, KARI)])
def test_nobody_is_rung_for_what_she_did_herself_or_reads_in_an_e_mail(actor: Actor, details) -> None:  # type: ignore[no-untyped-def]
    made = changed_by(actor, details)
    settle_due(office(), now=NOW + timedelta(minutes=11), at=datetime.now(UTC))
    assert tell_tasks(made.id) == []


def test_nobody_is_rung_for_what_was_undone() -> None:
    made = changed_by(Actor.CLINIC)
    (change,) = open_changes(db.session(), made.id)
    undo(office(), made.id, change.id, by=Actor.CLINIC, now=NOW, at=datetime.now(UTC))
    assert tell_tasks(made.id) == []


def test_two_changes_in_a_row_are_one_call() -> None:
    made = changed_by(Actor.CLINIC)
    settle_due(office(), now=NOW + timedelta(minutes=11), at=datetime.now(UTC))
    later = NOW + timedelta(hours=1)
    cancel(office(), made.id, made.appointments[0].id, by=Actor.CLINIC, now=later, at=datetime.now(UTC))
    settle_due(office(), now=later + timedelta(minutes=11), at=datetime.now(UTC))
    assert len(tell_tasks(made.id)) == 1


def test_who_has_no_e_mail_is_rung_when_her_times_were_kept_too_long() -> None:
    made = course(called(check=UNSURE).course_id)
    assert made.decide_by is not None
    release_lapsed(office(), now=made.decide_by, at=datetime.now(UTC))
    assert len(tell_tasks(made.id)) == 1
