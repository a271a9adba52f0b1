"""The waiting list: who would take a time that becomes free, and to whom one is offered just now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base, utc


class Waiter(Base):
    """Somebody who waits: for a course (`query`: her wishes, as in a URL), or for a better time of `appointment_id`.

    Name and contact as given. `offer_hours`: how long an offer to her is kept. `until`: when the wish ends by itself.
    """

    __tablename__ = "waiters"
    __table_args__ = (Index(None, "ended_at", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    query: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    offer_hours: Mapped[int]
    created_at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class WaitingOffer(Base):
    """Times that are kept for one waiter until `expires_at`; `answer`: taken, refused or lapsed, null while open."""

    __tablename__ = "waiting_offers"
    __table_args__ = (Index(None, "answer", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    waiter_id: Mapped[int] = mapped_column(ForeignKey("waiters.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id", ondelete="SET NULL"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class FreedTime(Base):
    """A stretch of a clinician's and a room's time that somebody gave back, until the waiting list was asked."""

    __tablename__ = "freed_times"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"))
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    freed_at: Mapped[datetime] = mapped_column(index=True)


def note_freed(session: Session, times: Iterable[tuple[int, int, datetime, datetime]], *, now: datetime) -> None:
    """Notes that (clinic, clinician, start, end) can be had again, so that the waiting list is asked."""
    for clinic_id, clinician_id, start, end in times:
        session.add(
            FreedTime(clinic_id=clinic_id, clinician_id=clinician_id, starts_at=start, ends_at=end, freed_at=utc(now))
        )
