"""Charging: fees that were put on somebody's bill, so that nobody puts them there again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.store.changes import Fee
from booking.store.courses import Course, course_to_change
from booking.store.database import utc
from booking.store.unit_of_work import unit_of_work


def charge(office: Office, fee_ids: Iterable[int], *, who: Who, now: datetime) -> int:
    """Notes that these are charged, each in a transaction of its own; how many were owed still."""
    return sum(_changed(office, fee_id, now, who=who, now=now) for fee_id in sorted(set(fee_ids)))


def take_back_charge(office: Office, fee_id: int, *, who: Who, now: datetime) -> bool:
    """The fee is owed again; whether it was charged."""
    return _changed(office, fee_id, None, who=who, now=now)


def _changed(office: Office, fee_id: int, charged_at: datetime | None, *, who: Who, now: datetime) -> bool:
    """Whether this changed anything: not what somebody else has charged or waived meanwhile, or what was undone."""

    def work(session: Session) -> bool:
        course_id = session.scalar(select(Fee.course_id).where(Fee.id == fee_id))
        if course_id is None:
            return False
        course = course_to_change(session, course_id)
        fee = session.get(Fee, fee_id, with_for_update=True)
        if fee is None or fee.waived_at is not None or (fee.charged_at is None) == (charged_at is None):
            return False
        fee.charged_at = None if charged_at is None else utc(charged_at)
        detail = {"done": "owed" if charged_at is None else "charged", "amount": fee.amount}
        note(session, office, who, "fee", _about(course, fee), detail=detail, now=now)
        return True

    return unit_of_work(work)


def _about(course: Course, fee: Fee) -> About:
    return About(patient_id=course.patient_id, course_id=course.id, appointment_id=fee.appointment_id)
