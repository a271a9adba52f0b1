"""Standing: what is alive of a booked course, as the rules see it, and what is free to who has booked it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.changing import Standing
from booking.domain.course import Planned
from booking.domain.period import Period, oslo
from booking.domain.protocol import Protocol, Step, StepKind
from booking.domain.schedule import Schedule
from booking.domain.slot import Availability
from booking.services.office import Office
from booking.services.proposals import availability_for, limits_of
from booking.store.appointments import ARRIVED, BOOKED, FULFILLED, LIVE, PENDING, Appointment
from booking.store.changes import open_changes
from booking.store.clinics import all_clinics
from booking.store.courses import Course
from booking.store.holds import Hold, hold_of, holds_of_changes
from booking.store.protocols import protocol_by_id, treatment_by_id
from booking.store.schedules import Own

COUNTED = (PENDING, BOOKED, ARRIVED, FULFILLED)
"""Missed and cancelled appointments count neither for spacing nor for numbers."""


def standing_of(session: Session, course: Course, *, now: datetime) -> list[Standing]:
    """What counts of the course, in order of time."""
    protocol = protocol_by_id(session, course.protocol_id)
    counted = sorted((a for a in course.appointments if a.status in COUNTED), key=lambda a: (a.starts_at, a.id))
    return [Standing(a.id, _planned(session, protocol, a), is_fixed(a, now=now)) for a in counted]


def is_fixed(appointment: Appointment, *, now: datetime) -> bool:
    """Whether it stays whatever happens to the course: it has begun, or the patient has arrived."""
    return appointment.status not in (PENDING, BOOKED) or appointment.starts_at <= now


def coming_of(course: Course, *, now: datetime) -> list[Appointment]:
    """The appointments that can still be elsewhere, in order of time."""
    coming = (a for a in course.appointments if a.status in COUNTED and not is_fixed(a, now=now))
    return sorted(coming, key=lambda a: (a.starts_at, a.id))


def free_for(
    session: Session,
    office: Office,
    course: Course,
    clinics: Sequence[int],
    days: tuple[date, date],
    *,
    now: datetime,
    schedule: Schedule | None = None,
) -> Availability:
    """What is free to the patient of the course: neither its coming appointments nor what is kept for it count.
    `schedule`: as for `availability_for`."""
    coming = [appointment.id for appointment in coming_of(course, now=now)]
    own = Own([hold.id for hold in own_holds(session, course.id, now=now)], coming)
    return availability_for(session, office, tuple(clinics), days, now=now, own=own, schedule=schedule)


def free_everywhere(session: Session, office: Office, course: Course, last: date, *, now: datetime) -> Availability:
    """The same at all clinics, from today to `last` or the horizon."""
    today = oslo(now).date()
    until = max(today, min(last, limits_of(office).horizon(now)))
    return free_for(session, office, course, [clinic.id for clinic in all_clinics(session)], (today, until), now=now)


def busy_elsewhere(session: Session, course: Course, *, now: datetime) -> list[Period]:
    """When the patient has appointments of other courses."""
    others = select(Appointment.starts_at, Appointment.ends_at).join(Course, Course.id == Appointment.course_id)
    rows = others.where(
        Course.patient_id == course.patient_id,
        Course.id != course.id,
        Appointment.status.in_(LIVE),
        Appointment.ends_at > now,
    )
    return [Period(start, end) for start, end in session.execute(rows)]


def own_holds(session: Session, course_id: int, *, now: datetime) -> list[Hold]:
    """What is kept for who has booked the course: what her open changes left, then what she looks at for the rest."""
    undoable = [change.id for change in open_changes(session, course_id) if change.undone_at is None]
    rest = hold_of(session, rest_key(course_id))
    return holds_of_changes(session, undoable) + ([rest] if rest and rest.times and rest.expires_at > now else [])


def rest_key(course_id: int) -> str:
    """The visitor of the hold with new times for the rest of a course; it is no secret, and nobody's session has it."""
    return f"rest of {course_id}"


def _planned(session: Session, protocol: Protocol, appointment: Appointment) -> Planned:
    return Planned(
        step=_step(session, protocol, appointment),
        start=appointment.starts_at,
        end=appointment.ends_at,
        clinic=appointment.clinic_id,
        clinician=appointment.clinician_id,
        room=appointment.room_id,
        deviation=appointment.deviation,
    )


def _step(session: Session, protocol: Protocol, appointment: Appointment) -> Step:
    """The step of the protocol that the appointment is, though the protocol may have changed since it was booked."""
    kind, number = StepKind(appointment.kind), appointment.number
    window = next((s.window for s in protocol.steps if (s.kind, s.number) == (kind, number)), None)
    return Step(kind, number, treatment_by_id(session, appointment.treatment_id), window)
