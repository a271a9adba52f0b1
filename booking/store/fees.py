"""Fees as a list: what is to be charged, and what was charged or waived."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from booking.store.appointments import Appointment
from booking.store.changes import Change, Fee
from booking.store.courses import Course
from booking.store.register import Scope, appointments_within

_OWED: ColumnElement[bool] = and_(Fee.charged_at.is_(None), Fee.waived_at.is_(None))


class Owed(NamedTuple):
    """A fee, for which appointment, and whose."""

    fee: Fee
    appointment: Appointment
    course: Course


def fees_to_charge(session: Session, scope: Scope) -> list[Owed]:
    """What is owed and cannot be undone any more, the oldest first. Who is forgotten owes nothing that can be asked
    for."""
    return _found(session, _fees(scope).where(_OWED, Course.name != "").order_by(Fee.id))


def fees_settled(session: Session, scope: Scope, *, most: int) -> list[Owed]:
    """What was charged or waived, the latest first."""
    done = or_(Fee.charged_at.is_not(None), Fee.waived_at.is_not(None))
    latest = func.coalesce(Fee.charged_at, Fee.waived_at).desc()
    return _found(session, _fees(scope).where(done, Course.name != "").order_by(latest, Fee.id.desc()).limit(most))


def fee_within(session: Session, fee_id: int, scope: Scope) -> Fee | None:
    return session.scalar(
        select(Fee)
        .join(Appointment, Appointment.id == Fee.appointment_id)
        .where(Fee.id == fee_id, appointments_within(scope))
    )


def _fees(scope: Scope) -> Select[Fee, Appointment, Course]:
    settled = or_(Fee.change_id.is_(None), Change.settled_at.is_not(None))
    return (
        select(Fee, Appointment, Course)
        .join(Appointment, Appointment.id == Fee.appointment_id)
        .join(Course, Course.id == Fee.course_id)
        .outerjoin(Change, Change.id == Fee.change_id)
        .where(Fee.amount > 0, settled, appointments_within(scope))
    )


def _found(session: Session, rows: Select[Fee, Appointment, Course]) -> list[Owed]:
    return [Owed(fee, appointment, course) for fee, appointment, course in session.execute(rows)]
