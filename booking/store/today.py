"""Today: the appointments of one day at a clinic, with what the front desk asks of each when somebody comes in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.period import Period
from booking.store.appointments import Appointment
from booking.store.changes import Change, Fee
from booking.store.courses import Course, Screening
from booking.store.logbook import LogEntry


class Visit(NamedTuple):
    """An appointment of the day. `outcome`: of the health check, None where there was none."""

    appointment: Appointment
    patient_id: int
    name: str
    mobile: str | None
    needs: list[str]
    outcome: str | None


def visits_in(session: Session, clinic_id: int, period: Period) -> list[Visit]:
    """What begins there in `period`, cancelled or not, in order of time; one statement."""
    course = (Course.patient_id, Course.name, Course.mobile, Course.needs)
    rows = (
        select(Appointment, *course, Screening.outcome)
        .join(Course, Course.id == Appointment.course_id)
        .outerjoin(Screening, Screening.course_id == Course.id)
        .where(Appointment.clinic_id == clinic_id)
        .where(Appointment.starts_at >= period.start, Appointment.starts_at < period.end)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [Visit(*row) for row in session.execute(rows)]


def fees_for(session: Session, appointment_ids: Collection[int]) -> dict[int, Fee]:
    """The newest fee of each of these appointments that has one."""
    rows = select(Fee).where(Fee.appointment_id.in_(appointment_ids), Fee.amount > 0).order_by(Fee.id)
    return {fee.appointment_id: fee for fee in session.scalars(rows)}


def open_changes_of(session: Session, course_ids: Collection[int]) -> dict[int, list[Change]]:
    """The changes of each of these courses that nobody was told of yet, oldest first."""
    found: dict[int, list[Change]] = {}
    rows = select(Change).where(Change.course_id.in_(course_ids), Change.settled_at.is_(None)).order_by(Change.id)
    for change in session.scalars(rows):
        found.setdefault(change.course_id, []).append(change)
    return found


class Done(NamedTuple):
    """Who did what, and when."""

    who: str
    action: str
    made_at: datetime


def last_done(session: Session, patient_id: int, appointment_id: int) -> Done | None:
    """Who has last changed something about the appointment, by the logbook; looks do not count."""
    rows = (
        select(LogEntry.actor, LogEntry.action, LogEntry.made_at)
        .where(LogEntry.patient_id == patient_id, LogEntry.appointment_id == appointment_id)
        .where(LogEntry.action.not_like("look%"))
        .order_by(LogEntry.id.desc())
    )
    row = session.execute(rows.limit(1)).first()
    return Done(*row) if row else None
