"""Load: the sessions of the courses that a clinic has running."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.protocol import StepKind
from booking.store.appointments import BOOKED, LIVE, PENDING, Appointment
from booking.store.courses import Course
from booking.store.protocols import Protocol

_TO_COME = Appointment.status.in_((PENDING, BOOKED)), Appointment.kind == StepKind.SESSION.value


def sessions_of_running(session: Session, clinic_id: int, *, now: datetime) -> list[tuple[int, int, int, datetime]]:
    """(course, clinician, clinic, start) of every live session, past ones too and wherever it is, of nine-week courses
    that have one to come at this clinic; one statement."""
    here = select(Appointment.course_id).where(
        Appointment.clinic_id == clinic_id, Appointment.starts_at >= now, *_TO_COME
    )
    columns = (Appointment.course_id, Appointment.clinician_id, Appointment.clinic_id, Appointment.starts_at)
    rows = (
        select(*columns)
        .join(Course, Course.id == Appointment.course_id)
        .join(Protocol, Protocol.id == Course.protocol_id)
        .where(Protocol.exclusive, Appointment.course_id.in_(here))
        .where(Appointment.kind == StepKind.SESSION.value, Appointment.status.in_(LIVE))
        .order_by(Appointment.course_id, Appointment.starts_at)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(rows)]
