"""Helpers: partners and carers whom a patient has given a link of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.store.courses import Course
from booking.store.database import Base


class Helper(Base):
    """Sees the times of one course, may move and cancel them, and gets the reminders if `reminded`; by a random id.

    The token is a keyed hash over (id, generation), as that of a `Link`. `revoked_at`: the link opens nothing since.
    """

    __tablename__ = "helpers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    name: Mapped[str]
    email: Mapped[str | None]
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    reminded: Mapped[bool]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship(lazy="joined", innerjoin=True)


def helpers_of(session: Session, course_id: int) -> list[Helper]:
    """The course's helpers whose links still open it, oldest first."""
    rows = select(Helper).where(Helper.course_id == course_id, Helper.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(Helper.created_at, Helper.id)))


def all_helpers_of(session: Session, course_id: int) -> list[Helper]:
    """The course's helpers, those whose links were ended, too."""
    return list(session.scalars(select(Helper).where(Helper.course_id == course_id)))


def helpers_at(session: Session, email: str) -> list[Helper]:
    """Whom this address (in lower case) belongs to, in each course that her link still opens; newest first."""
    rows = select(Helper).where(func.lower(Helper.email) == email, Helper.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(Helper.created_at.desc(), Helper.id)))


def helper_by_hash(session: Session, token_hash: str) -> Helper | None:
    return session.scalar(select(Helper).where(Helper.token_hash == token_hash, Helper.revoked_at.is_(None)))
