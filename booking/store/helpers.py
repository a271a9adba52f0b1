"""Helpers: partners and carers whom a patient has given a link of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, cast, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, validates

from booking.store.courses import Course, email_key
from booking.store.database import Base, utc
from booking.store.outbox import Message


class Helper(Base):
    """Sees the times of one course, may move and cancel them, and gets the reminders if `reminded`; by a random id.

    The token is a keyed hash over (id, generation), as that of a `Link`. `revoked_at`: the link opens nothing since.
    `email_key`: as that of a `Course`.
    """

    __tablename__ = "helpers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    name: Mapped[str]
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(index=True)
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    reminded: Mapped[bool]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship(lazy="joined", innerjoin=True)

    @validates("email")
    def _keep_key(self, _name: str, email: str | None) -> str | None:
        self.email_key = None if email is None else email_key(email)
        return email


def helpers_of(session: Session, course_id: int) -> list[Helper]:
    """The course's helpers whose links still open it, oldest first."""
    rows = select(Helper).where(Helper.course_id == course_id, Helper.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(Helper.created_at, Helper.id)))


def all_helpers_of(session: Session, course_id: int) -> list[Helper]:
    """The course's helpers, those whose links were ended, too."""
    return list(session.scalars(select(Helper).where(Helper.course_id == course_id)))


def helpers_at(session: Session, email: str) -> list[Helper]:
    """Whom this address belongs to, however it is written, in each course that her link still opens; newest first."""
    rows = select(Helper).where(Helper.email_key == email_key(email), Helper.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(Helper.created_at.desc(), Helper.id)))


def helper_by_hash(session: Session, token_hash: str) -> Helper | None:
    return session.scalar(select(Helper).where(Helper.token_hash == token_hash, Helper.revoked_at.is_(None)))


def ended_helpers(session: Session, *, before: datetime) -> list[Helper]:
    """Whose links ended before then, as long as it is known whose they were."""
    rows = select(Helper).where(Helper.revoked_at <= utc(before), Helper.name != "")
    return list(session.scalars(rows))


def drop_unsent_to(session: Session, helper: Helper) -> None:
    """Lets go of the mails to a helper that no worker has taken up."""
    _drop_mails(session, helper, Message.due_at.is_not(None))


def drop_mails_to(session: Session, helper: Helper) -> None:
    """Deletes the mails to a helper that are sent or given up, for an address stands in a mail as it is."""
    ours = or_(Message.course_id == helper.course_id, Message.kind == "helper")
    _drop_mails(session, helper, Message.due_at.is_(None), ours)


def _drop_mails(session: Session, helper: Helper, *which: ColumnElement[bool]) -> None:
    to_her = cast(Message.facts["helper_id"].as_string(), BigInteger) == helper.id
    mails = delete(Message).where(*which, Message.leased_until.is_(None), to_her)
    session.execute(mails, execution_options={"synchronize_session": False})
