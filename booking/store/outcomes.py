"""Outcomes: what patients have answered about how it goes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class Outcome(Base):
    """The answers of one `moment` (as in `domain/outcome.py`), encrypted; answering again replaces them."""

    __tablename__ = "outcomes"

    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    moment: Mapped[str] = mapped_column(primary_key=True)
    answers: Mapped[bytes]
    answered_at: Mapped[datetime]


def outcomes_of(session: Session, course_id: int) -> dict[str, Outcome]:
    """The course's answers by moment."""
    rows = session.scalars(select(Outcome).where(Outcome.course_id == course_id))
    return {row.moment: row for row in rows}
