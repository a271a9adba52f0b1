"""Soonest: when each clinician could begin a whole course at each of her clinics, looked up ahead of who asks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    and_,
    delete,
    exists,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base
from booking.store.schedules import Hours, at_work


class Soonest(Base):
    """What was free when it was `looked_at` (the clinic's clock), for a new patient who has no wishes.

    `visit_at`: the next single first visit. Of the next whole course, session 1 to session 9: `first_visit_at`,
    `starts_at`, `ends_at` (start of the last session) and how many sessions are `moved` from its day and time. Null
    where there is none.
    """

    __tablename__ = "soonest"

    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"), primary_key=True)
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"), primary_key=True)
    visit_at: Mapped[datetime | None]
    first_visit_at: Mapped[datetime | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    moved: Mapped[int]
    looked_at: Mapped[datetime]


class Look(NamedTuple):
    """A row of the table; instants in seconds since 1970-01-01 UTC, just as they are kept, for there are many.

    `looked_at` is None where nobody has looked yet.
    """

    clinic_id: int
    clinician_id: int
    visit_at: int | None
    first_visit_at: int | None
    starts_at: int | None
    ends_at: int | None
    moved: int
    looked_at: int | None


def looks(session: Session, clinic_ids: Collection[int] | None = None, *, today: date) -> list[Look]:
    """One for each clinic (of these, or of all) and clinician who has hours there today or later, by their ids.

    One statement.
    """
    pairs = select(Hours.clinic_id, Hours.clinician_id).where(*at_work(today)).distinct()
    if clinic_ids is not None:
        pairs = pairs.where(Hours.clinic_id.in_(clinic_ids))
    pair = pairs.subquery().c
    same = and_(Soonest.clinic_id == pair.clinic_id, Soonest.clinician_id == pair.clinician_id)
    rows = (
        select(
            pair.clinic_id,
            pair.clinician_id,
            *(type_coerce(instant, BigInteger) for instant in _FOUND),
            func.coalesce(Soonest.moved, 0),
            type_coerce(Soonest.looked_at, BigInteger),
        )
        .outerjoin(Soonest, same)
        .order_by(pair.clinic_id, pair.clinician_id)
    )
    return [Look(*row) for row in session.execute(rows)]


def keep_looks(session: Session, found: Collection[Look]) -> None:
    """Writes these over what stood there; in order, so that two who do it wait for one another and never in a ring."""
    if found:
        session.execute(_KEEP, [look._asdict() for look in sorted(found, key=lambda look: look[:2])])


def drop_looks(session: Session, *, today: date) -> None:
    """Deletes the rows of clinicians who no longer have hours at the clinic."""
    hers = Hours.clinic_id == Soonest.clinic_id, Hours.clinician_id == Soonest.clinician_id
    session.execute(delete(Soonest).where(~exists().where(*hers, *at_work(today))))


_FOUND = (Soonest.visit_at, Soonest.first_visit_at, Soonest.starts_at, Soonest.ends_at)

_KEEP = text(
    "INSERT INTO soonest"
    " (clinic_id, clinician_id, visit_at, first_visit_at, starts_at, ends_at, moved, looked_at)"
    " VALUES"
    " (:clinic_id, :clinician_id, :visit_at, :first_visit_at, :starts_at, :ends_at, :moved, :looked_at)"
    " ON CONFLICT (clinic_id, clinician_id) DO UPDATE SET visit_at = excluded.visit_at,"
    " first_visit_at = excluded.first_visit_at, starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
    " moved = excluded.moved, looked_at = excluded.looked_at"
)
