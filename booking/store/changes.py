"""Changes to booked appointments, each undone as easily as it was made, and what a late one costs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class Change(Base):
    """What somebody did to a course at one moment. `actor`: who, as in `domain/appointment.py`; `account_id`: who of
    the clinic.

    `before`: the appointments that it touched as they were, by id (in decimal digits, for JSON), as
    `services/invitations.py` keeps them; null for one that it made. Until `due_at` it can be
    undone and nothing is mailed; `settled_at`: when the messages that tell of it were written, or it was found that
    there is nothing to tell.
    """

    __tablename__ = "changes"
    __table_args__ = (Index(None, "settled_at", "due_at"), Index(None, "course_id", "settled_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    kind: Mapped[str]
    actor: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class Fee(Base):
    """What a late change or a missed appointment costs, in whole kroner; 0 where the clinic was kind (`excused`)."""

    __tablename__ = "fees"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), index=True)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("changes.id"), index=True)
    amount: Mapped[int]
    excused: Mapped[bool]
    made_at: Mapped[datetime]
    waived_at: Mapped[datetime | None]
    charged_at: Mapped[datetime | None]


def open_changes(session: Session, course_id: int) -> list[Change]:
    """The course's changes that nobody was told of yet, oldest first."""
    rows = select(Change).where(Change.course_id == course_id, Change.settled_at.is_(None))
    return list(session.scalars(rows.order_by(Change.id)))


def changes_settled(session: Session, course_ids: Collection[int], *, since: datetime) -> list[Change]:
    """The changes of these courses that were told at `since` or later, oldest first."""
    rows = select(Change).where(Change.course_id.in_(course_ids), Change.settled_at >= since)
    return list(session.scalars(rows.order_by(Change.id)))


def courses_to_settle(session: Session, *, now: datetime) -> list[int]:
    """The courses of which nothing more can be undone though nobody was told of the changes yet; their ids."""
    rows = select(Change.course_id).where(Change.settled_at.is_(None))
    return list(session.scalars(rows.group_by(Change.course_id).having(func.max(Change.due_at) <= now)))


def fees_of(session: Session, course_id: int) -> list[Fee]:
    return list(session.scalars(select(Fee).where(Fee.course_id == course_id).order_by(Fee.id)))
