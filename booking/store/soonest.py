"""Soonest: when each clinician could begin a whole course at each of her clinics, looked up ahead of who asks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


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


def all_soonest(session: Session) -> list[Soonest]:
    return list(session.scalars(select(Soonest)))
