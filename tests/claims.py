"""Claims against what they are for: live appointments and what is held, worked out from their times alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.store.appointments import Appointment, Claim
from booking.store.changes import Change
from booking.store.clinics import Clinic
from booking.store.courses import Course
from booking.store.holds import HeldTime, Hold

Key = tuple[int, int, int]
"""(resource, resource id, five-minute step)"""
Claims = dict[Key, Row[Any]]

CLINICIAN, ROOM, PATIENT = 1, 2, 3


def assert_claims_match(session: Session, now: datetime) -> None:
    """Each live appointment has all of its steps, and nobody else; each hold that has not run out has all of its own,
    but for those that an appointment or a hold of the same course has; and there are no others."""
    claims, clinics = claims_by_key(session), session.scalars(select(Clinic)).all()
    _check_appointments(session, claims)
    _check_holds(session, claims, now)
    _check_nothing_else(session, claims)
    del clinics  # kept here, the session need not read each again for each appointment


def claims_by_key(session: Session) -> Claims:
    session.expire_all()
    return {
        (claim.resource, claim.resource_id, claim.step): claim for claim in session.execute(select(Claim.__table__))
    }


def _check_appointments(session: Session, claims: Claims) -> None:
    owned = 0
    for appointment, course in _live(session):
        for key in _needed_by(session, appointment, course):
            claim = claims.get(key)
            assert claim is not None, ("an appointment without its claim", appointment.id, key)
            assert claim.appointment_id == appointment.id, ("another has its claim", appointment.id, key)
            assert claim.held_time_id is None
            assert claim.expires_at is None
            owned += 1
    assert owned == sum(claim.appointment_id is not None for claim in claims.values()), "claims of no live appointment"


def _check_holds(session: Session, claims: Claims, now: datetime) -> None:
    for hold in session.scalars(select(Hold).where(Hold.expires_at > now)):
        course = _course_of(session, hold)
        own = _owners_of(session, course) if course else (set(), {time.id for time in hold.times})
        for time in hold.times:
            for key in _needed_by_hold(session, hold, time, course):
                claim = claims.get(key)
                assert claim is not None, ("a held time without its claim", time.id, key)
                assert claim.appointment_id in own[0] or claim.held_time_id in own[1], ("lost to another", time.id, key)
                if claim.held_time_id == time.id:
                    assert claim.expires_at == seconds_of(hold.expires_at), ("another expiry", time.id, key)


def _check_nothing_else(session: Session, claims: Claims) -> None:
    needed = {
        (time.id, key)
        for hold in session.scalars(select(Hold))
        for time in hold.times
        for key in _needed_by_hold(session, hold, time, _course_of(session, hold))
    }
    for key, claim in claims.items():
        if claim.held_time_id is not None:
            assert (claim.held_time_id, key) in needed, ("a claim of no held time", claim.held_time_id, key)
            assert claim.appointment_id is None
            assert claim.expires_at is not None


def _live(session: Session) -> Iterator[tuple[Appointment, Course]]:
    rows = select(Appointment, Course).join(Course, Course.id == Appointment.course_id)
    yield from session.execute(rows.where(Appointment.status != "cancelled"))


def _needed_by(session: Session, appointment: Appointment, course: Course) -> Iterator[Key]:
    yield from _resources(session, appointment)
    if appointment.status != "pending":
        yield from _patients(course, appointment)


def _needed_by_hold(session: Session, hold: Hold, time: HeldTime, course: Course | None) -> Iterator[Key]:
    yield from _resources(session, time)
    if hold.change_id is not None and course is not None and course.status != "pending":
        yield from _patients(course, time)


def _resources(session: Session, time: Appointment | HeldTime) -> Iterator[Key]:
    buffer = session.get_one(Clinic, time.clinic_id).buffer_minutes
    for step in range(seconds_of(time.starts_at) // 300, seconds_of(time.ends_at) // 300 + -(-buffer // 5)):
        yield (CLINICIAN, time.clinician_id, step)
        yield (ROOM, time.room_id, step)


def _patients(course: Course, time: Appointment | HeldTime) -> Iterator[Key]:
    for step in range(seconds_of(time.starts_at) // 300, seconds_of(time.ends_at) // 300):
        yield (PATIENT, course.patient_id, step)


def _course_of(session: Session, hold: Hold) -> Course | None:
    """The course for which times are kept, if it is there already."""
    if hold.change_id is not None:
        return session.get_one(Course, session.get_one(Change, hold.change_id).course_id)
    if hold.visitor.startswith("rest of "):
        return session.get_one(Course, int(hold.visitor.removeprefix("rest of ")))
    return None


def _owners_of(session: Session, course: Course) -> tuple[set[int], set[int]]:
    """The appointments and the held times of the course, by id."""
    holds = [hold for hold in session.scalars(select(Hold)) if _course_of(session, hold) is course]
    return {appointment.id for appointment in course.appointments}, {time.id for hold in holds for time in hold.times}
