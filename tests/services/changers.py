"""How patients and the clinic change courses in tests. `elsewhere` finds a place as the page offers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from booking.domain.appointment import Actor
from booking.domain.changing import Option, Week
from booking.services import changes, replanning
from booking.services.changes import Place
from booking.services.proposals import Asked
from booking.services.settlement import settle_due
from booking.store.appointments import Appointment
from booking.store.changes import Change
from booking.store.courses import Course
from booking.store.database import db
from tests.builders import NOW, course, office

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def session_of(course_id: int, number: int) -> Appointment:
    return next(a for a in course(course_id).appointments if (a.kind, a.number) == ("session", number))


def review_of(course_id: int) -> Appointment:
    return next(a for a in course(course_id).appointments if a.kind == "review")


def weeks(appointment: Appointment, *, now: datetime = NOW) -> tuple[Week, ...]:
    db.session.rollback()
    found = db.session.get_one(Appointment, appointment.id)
    of = db.session.get_one(Course, found.course_id)
    weeks = changes.weeks_for(db.session(), office(), of, found, now=now)
    db.session.rollback()
    return weeks


def extra_weeks(course_id: int, *, now: datetime = NOW) -> tuple[Week, ...]:
    db.session.rollback()
    weeks = changes.weeks_for_extra(db.session(), office(), db.session.get_one(Course, course_id), now=now)
    db.session.rollback()
    return weeks


def place_of(option: Option) -> Place:
    return Place(option.at.start, option.at.clinician, option.at.clinic)


def place_at(appointment: Appointment) -> Place:
    return Place(appointment.starts_at, appointment.clinician_id, appointment.clinic_id)


def elsewhere(appointment: Appointment, *, now: datetime = NOW) -> Place:
    """The best place on another day of its own week."""
    (own, *_), day = weeks(appointment, now=now), appointment.starts_at.date()
    return place_of(next(option for option in own.options if option.at.day != day))


def move(
    appointment: Appointment, place: Place | None = None, *, by: Actor = Actor.PATIENT, now: datetime = NOW
) -> Place:
    place = place or elsewhere(appointment, now=now)
    changes.move(office(), appointment.course_id, appointment.id, place, by=by, now=now, at=AT)
    return place


def cancel(appointment: Appointment, *, by: Actor = Actor.PATIENT, now: datetime = NOW) -> None:
    changes.cancel(office(), appointment.course_id, appointment.id, by=by, now=now, at=AT)


def cancel_rest(course_id: int, *, by: Actor = Actor.PATIENT, now: datetime = NOW) -> int:
    return changes.cancel_rest(office(), course_id, by=by, now=now, at=AT)


def extend(course_id: int, place: Place | None = None, *, now: datetime = NOW) -> Place:
    place = place or place_of(extra_weeks(course_id, now=now)[0].options[0])
    changes.extend(office(), course_id, place, by=Actor.PATIENT, now=now, at=AT)
    return place


def undoable(course_id: int, *, now: datetime = NOW, by: Actor = Actor.PATIENT) -> list[Change]:
    db.session.rollback()
    return changes.undoable(db.session(), course_id, now=now, by=by)


def undo(course_id: int, change: Change | None = None, *, by: Actor = Actor.PATIENT, now: datetime = NOW) -> None:
    """Undoes the newest change, or another one."""
    change_id = (change or undoable(course_id, now=now, by=by)[0]).id
    changes.undo(office(), course_id, change_id, by=by, now=now, at=AT)


def send_now(course_id: int, *, by: Actor = Actor.PATIENT, now: datetime = NOW) -> None:
    changes.send_now(office(), course_id, by=by, now=now, at=AT)


def settle(*, now: datetime) -> int:
    return settle_due(office(), now=now, at=AT)


def hold_rest(course_id: int, *, now: datetime = NOW, **wishes: object) -> None:
    """Keeps the best plan for the rest on Thursdays, or for other wishes."""
    db.session.rollback()
    asked = replace(Asked(clinics=("lambertseter",), days=frozenset({3})), **wishes)
    of = db.session.get_one(Course, course_id)
    plan = replanning.rest_proposal(db.session(), office(), of, asked, now=now).plans[0]
    db.session.rollback()
    replanning.hold_rest(office(), course_id, plan, now=now)


def replan(course_id: int, *, by: Actor = Actor.PATIENT, now: datetime = NOW) -> None:
    replanning.replan(office(), course_id, by=by, now=now, at=AT)
