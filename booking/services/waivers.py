"""Waivers: a late change or a missed visit that somebody need not pay after all, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.errors import NotAllowed, UnknownFee
from booking.services.logbook import Who, note
from booking.services.office import Office
from booking.services.status import about as about_appointment
from booking.services.status import locked
from booking.store.appointments import Appointment
from booking.store.changes import Fee
from booking.store.courses import Course
from booking.store.database import utc
from booking.store.unit_of_work import unit_of_work


class Why(StrEnum):
    """Why a fee is waived. `ILL`: she could not come. `TRAFFIC`: nor could she help it. `OURS`: the clinic was to
    blame. `KIND`: for no other reason than to be kind."""

    ILL = "ill"
    TRAFFIC = "traffic"
    OURS = "ours"
    KIND = "kind"


def waive(office: Office, fee_id: int, why: Why, *, who: Who, now: datetime) -> None:
    """Lets a fee go; once, however often called. Raises UnknownFee, and NotAllowed for one that was charged."""

    def work(session: Session) -> None:
        course, appointment, fee = _locked(session, fee_id)
        if fee.waived_at is not None:
            return
        _require_not_charged(fee, "waive")
        fee.waived_at = utc(now)
        detail = {"done": "waived", "amount": fee.amount, "why": why.value}
        note(session, office, who, "fee", about_appointment(course, appointment), detail=detail, now=now)

    unit_of_work(work)


def take_back_waiver(office: Office, fee_id: int, *, who: Who, now: datetime) -> None:
    """The fee is owed again; once, however often called. Raises as `waive`."""

    def work(session: Session) -> None:
        course, appointment, fee = _locked(session, fee_id)
        if fee.waived_at is None:
            return
        fee.waived_at = None
        detail = {"done": "owed", "amount": fee.amount}
        note(session, office, who, "fee", about_appointment(course, appointment), detail=detail, now=now)

    unit_of_work(work)


def _locked(session: Session, fee_id: int) -> tuple[Course, Appointment, Fee]:
    """The fee as it is now, with what it is for, which nobody else changes until the transaction ends."""
    appointment_id = session.scalar(select(Fee.appointment_id).where(Fee.id == fee_id))
    if appointment_id is None:
        raise UnknownFee
    course, appointment = locked(session, appointment_id)
    fee = session.get(Fee, fee_id, with_for_update=True)
    if fee is None:
        raise UnknownFee
    return course, appointment, fee


def _require_not_charged(fee: Fee, action: str) -> None:
    if fee.charged_at is not None:
        raise NotAllowed(action, "charged")
