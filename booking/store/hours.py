"""Hours: what the pages of working and opening hours show and change of the schedules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from booking.store.clinics import Clinic, Room
from booking.store.disruptions import Disruption
from booking.store.schedules import Break, ClosedPeriod, Hours, RoomClosure


def clinics_to_change(session: Session, clinic_id: int | None) -> None:
    """Nobody else changes the hours of this clinic (None: of any) until the transaction ends; bookings go on."""
    rows = select(Clinic.id).order_by(Clinic.id).with_for_update(key_share=True)
    session.execute(rows if clinic_id is None else rows.where(Clinic.id == clinic_id))


def hours_from(session: Session, *whose: ColumnElement[bool], today: date) -> list[Hours]:
    """The week templates that are valid today or later, in the order in which they begin."""
    lasting = or_(Hours.valid_until.is_(None), Hours.valid_until >= today)
    return list(session.scalars(select(Hours).where(lasting, *whose).order_by(Hours.valid_from, Hours.id)))


def breaks_at(session: Session, clinic_ids: Collection[int]) -> list[Break]:
    rows = select(Break).where(Break.clinic_id.in_(clinic_ids))
    return list(session.scalars(rows.order_by(Break.start_minute, Break.id)))


def closings_from(session: Session, clinic_id: int, *, now: datetime) -> list[ClosedPeriod]:
    """What closes this clinic, alone or with all others, from now on."""
    here = or_(ClosedPeriod.clinic_id.is_(None), ClosedPeriod.clinic_id == clinic_id)
    rows = select(ClosedPeriod).where(here, ClosedPeriod.ends_at > now)
    return list(session.scalars(rows.order_by(ClosedPeriod.starts_at, ClosedPeriod.id)))


def closures_from(session: Session, clinic_id: int, *, now: datetime) -> list[RoomClosure]:
    """Which rooms of the clinic are out of use from now on."""
    rows = select(RoomClosure).join(Room).where(Room.clinic_id == clinic_id, RoomClosure.ends_at > now)
    return list(session.scalars(rows.order_by(RoomClosure.starts_at, RoomClosure.id)))


def facts_at(session: Session, clinic_id: int | None) -> list[list[tuple[object, ...]]]:
    """What the hours of this clinic (None: of all) consist of; something else as soon as anybody has changed them."""
    tables = (
        (Hours, Hours.clinic_id, (Hours.id, Hours.valid_until)),
        (Break, Break.clinic_id, (Break.id,)),
        (ClosedPeriod, ClosedPeriod.clinic_id, (ClosedPeriod.id,)),
        (RoomClosure, Room.clinic_id, (RoomClosure.id,)),
    )
    found = []
    for table, where, columns in tables:
        rows = select(*columns).select_from(table).order_by(table.id)
        rows = rows.join(Room, Room.id == RoomClosure.room_id) if table is RoomClosure else rows
        if clinic_id is not None:
            rows = rows.where(or_(where.is_(None), where == clinic_id))
        found.append([tuple(row) for row in session.execute(rows)])
    return found


def disruptions_by(
    session: Session, kind: str, clinic_id: int | None, clinician_id: int | None, room_id: int | None
) -> list[Disruption]:
    """The open ones of this kind there, for who changes them; of hours those of everybody there, if of nobody alone."""
    rows = select(Disruption).where(Disruption.kind == kind, Disruption.closed_at.is_(None))
    rows = rows.where(
        Disruption.clinic_id.is_not_distinct_from(clinic_id), Disruption.room_id.is_not_distinct_from(room_id)
    )
    if clinician_id is not None:
        rows = rows.where(or_(Disruption.clinician_id.is_(None), Disruption.clinician_id == clinician_id))
    return list(session.scalars(rows.order_by(Disruption.id).with_for_update()))
