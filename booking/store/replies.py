"""Replies: what patients' calendars have answered to invitations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class Reply(Base):
    """One answer. `answer`: accepted, declined, tentative or counter (with the proposed time).

    `sequence`, `stamped_at`: SEQUENCE and DTSTAMP of the answer; the newest stamp counts.
    """

    __tablename__ = "replies"
    __table_args__ = (UniqueConstraint("appointment_id", "stamped_at", "answer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), index=True)
    answer: Mapped[str]
    sequence: Mapped[int]
    stamped_at: Mapped[datetime]
    proposed_start: Mapped[datetime | None]
    proposed_end: Mapped[datetime | None]
    received_at: Mapped[datetime]


def replies_to(session: Session, appointment_ids: Collection[int]) -> dict[int, Reply]:
    """The newest answer to each appointment, by the appointment's id."""
    rows = select(Reply).where(Reply.appointment_id.in_(appointment_ids)).order_by(Reply.stamped_at, Reply.id)
    return {reply.appointment_id: reply for reply in session.scalars(rows)}
