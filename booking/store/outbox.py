"""The outbox: messages written with the change they tell of, and sent later by the worker.

Due times and leases run on the machine's clock; `made_at` is the clinic's, and stands in the message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base

_WAITS, _MADE = text("due_at IS NOT NULL"), text("body IS NOT NULL")


class Message(Base):
    """One message to one recipient. `facts`: what it tells, as it was when it was written; `body`: the bytes once made.

    `medium`: mail, or sms to a number in E.164. `course_id` null: it tells of no course, and all it needs stands in its
    facts. `due_at` null: nothing more to do. `leased_until`: a worker is at it till then.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "due_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "kind", "made_at"),
        Index(None, "written_at", sqlite_where=_MADE, postgresql_where=_MADE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    medium: Mapped[str] = mapped_column(default="mail", server_default="mail")
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))
    recipient: Mapped[str]
    language: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    message_id: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    written_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str | None]


def drop_unsent(session: Session, course_id: int) -> None:
    """Lets go of the course's messages that no worker has taken up."""
    waiting = select(Message).where(
        Message.course_id == course_id, Message.due_at.is_not(None), Message.attempts == 0, Message.body.is_(None)
    )
    for message in session.scalars(waiting.with_for_update(skip_locked=True)):
        session.delete(message)


def invited(session: Session, course_id: int, recipient: str) -> set[int]:
    """The appointments of the course that stand in the recipient's calendar by the messages that there are for it."""
    return {appointment_id for to, appointment_id in _standing(session, course_id) if to == recipient}


def invited_anywhere(session: Session, course_id: int) -> set[int]:
    """The same for everybody who was ever invited: an old address may belong to the same calendar."""
    return {appointment_id for _to, appointment_id in _standing(session, course_id)}


def _standing(session: Session, course_id: int) -> set[tuple[str, int]]:
    """To whom, and for which appointment, the last message for the calendar was an invitation."""
    rows = (
        select(Message.recipient, Message.appointment_id, Message.kind)
        .where(Message.course_id == course_id, Message.kind.in_(("request", "cancel")))
        .order_by(Message.id)
    )
    last = {(to, about): kind for to, about, kind in session.execute(rows) if about is not None}
    return {standing for standing, kind in last.items() if kind == "request"}


def drop_bodies(session: Session, *, written_before: datetime) -> int:
    """Deletes the bytes of messages that need not be sent (again) and were written before this; of how many."""
    over = Message.body.is_not(None), Message.due_at.is_(None), Message.leased_until.is_(None)
    rows = update(Message).where(Message.written_at <= written_before, *over).values(body=None)
    result = session.execute(rows, execution_options={"synchronize_session": False})
    return int(result.rowcount)  # type: ignore[attr-defined]


class Heartbeat(Base):
    """When a kind of helper process was last seen, on the machine's clock."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


def lease_next(session: Session, *, at: datetime, lease: timedelta) -> Message | None:
    """Takes the message that is due first, for `lease`; None if none is due. Several workers never take the same."""
    free = or_(Message.leased_until.is_(None), Message.leased_until <= at)
    first = (
        select(Message)
        .where(Message.due_at <= at, free)
        .order_by(Message.due_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    message = session.scalar(first)
    if message is not None:
        message.leased_until = at + lease
    return message


def next_due(session: Session) -> datetime | None:
    """When the first message that waits is due, leased or not; None if nothing waits."""
    return session.scalar(select(Message.due_at).where(Message.due_at.is_not(None)).order_by(Message.due_at).limit(1))


def mail_waits_since(session: Session) -> datetime | None:
    """Since when the oldest message waits that is not sent nor given up."""
    return session.scalar(select(func.min(Message.written_at)).where(Message.due_at.is_not(None)))


def beat(session: Session, name: str, *, at: datetime) -> None:
    """Notes that `name` is alive."""
    session.merge(Heartbeat(name=name, seen_at=at))


def last_beat(session: Session, name: str) -> datetime | None:
    return session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))
