"""The front desk in tests: what Rita does at the clinic's end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from booking.domain.appointment import Action
from booking.services import desk_cancel, status
from booking.services.desk_cancel import Reason
from booking.store.appointments import Appointment
from booking.store.changes import fees_of
from booking.store.database import db
from booking.store.logbook import LogEntry
from tests.builders import NOW, office
from tests.services.changers import AT
from tests.staff import RITA, Person, reach


def again(appointment: Appointment) -> Appointment:
    """The appointment as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Appointment, appointment.id)


def set_to(appointment: Appointment, action: Action, *, now: datetime, version: int | None = None) -> Appointment:
    """The appointment after Rita has done this to it; `version`: what she saw, where that is not the newest."""
    seen = appointment.version if version is None else version
    status.set_status(office(), appointment.id, action, version=seen, who=reach(RITA).who, now=now, at=AT)
    return again(appointment)


def cancel_at_desk(
    appointment: Appointment, reason: Reason = Reason.AWAY, *, by: Person = RITA, now: datetime = NOW
) -> Appointment:
    version, who = appointment.version, reach(by).who
    desk_cancel.cancel(office(), appointment.id, reason, version=version, who=who, now=now, at=AT)
    return again(appointment)


def fees(course_id: int) -> list[tuple[int, bool]]:
    """(amount, excused) of each fee of the course."""
    db.session.rollback()
    return [(fee.amount, fee.excused) for fee in fees_of(db.session(), course_id)]


def logged() -> list[tuple[str, str, int | None]]:
    """(action, who, appointment) of each entry of the logbook."""
    db.session.rollback()
    rows = db.session.scalars(select(LogEntry).order_by(LogEntry.id))
    return [(row.action, row.actor, row.appointment_id) for row in rows]
