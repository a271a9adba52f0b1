"""Replies: what patients' calendars have answered to invitations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.domain.period import Period, moment_of
from booking.store.appointments import Appointment
from booking.store.database import Base
from booking.store.outbox import Message


class Reply(Base):
    """One answer. `answer`: accepted, declined, tentative or counter (with the proposed time).

    `sequence`, `stamped_at`: SEQUENCE and DTSTAMP of the answer; the newest stamp counts.
    """

    __tablename__ = "replies"
    __table_args__ = (UniqueConstraint("appointment_id", "sequence", "stamped_at", "answer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), index=True)
    answer: Mapped[str]
    sequence: Mapped[int]
    stamped_at: Mapped[datetime]
    proposed_start: Mapped[datetime | None]
    proposed_end: Mapped[datetime | None]
    received_at: Mapped[datetime]


class Invited(NamedTuple):
    """What a calendar was last told about an appointment: to come in `period`, or, if `taken_back`, not to."""

    appointment_id: int
    recipient: str
    sequence: int
    period: Period
    taken_back: bool


def replies_to(session: Session, appointment_ids: Collection[int]) -> dict[int, Reply]:
    """The newest answer to each appointment, by the appointment's id; that to the newest invitation first (RFC 5546,
    2.1.5)."""
    rows = select(Reply).where(Reply.appointment_id.in_(appointment_ids))
    ordered = rows.order_by(Reply.sequence, Reply.stamped_at, Reply.id)
    return {reply.appointment_id: reply for reply in session.scalars(ordered)}


def all_replies_to(session: Session, appointment_id: int, *, sequence: int) -> list[Reply]:
    """Every answer to one invitation, the newest last."""
    rows = select(Reply).where(Reply.appointment_id == appointment_id, Reply.sequence == sequence)
    return list(session.scalars(rows.order_by(Reply.stamped_at, Reply.id)))


def invited(session: Session, course_id: int) -> list[Invited]:
    """What calendars were told about the course's appointments, oldest first, whether it is sent yet or not."""
    rows = select(Message.appointment_id, Message.recipient, Message.kind, Message.facts).where(
        Message.course_id == course_id, Message.kind.in_(("request", "cancel")), Message.appointment_id.is_not(None)
    )
    return [
        Invited(appointment_id, recipient, kept["sequence"], _period(kept), kind == "cancel")
        for appointment_id, recipient, kind, facts in session.execute(rows.order_by(Message.id))
        for kept in facts["appointments"]
        if appointment_id is not None
    ]


def appointment_by_uid(session: Session, uid: str) -> Appointment | None:
    return session.scalar(select(Appointment).where(Appointment.uid == uid))


def message_by_ids(session: Session, message_ids: Collection[str]) -> Message | None:
    """The first mail of ours with one of these Message-IDs."""
    return session.scalar(select(Message).where(Message.message_id.in_(message_ids)).order_by(Message.id).limit(1))


def _period(kept: dict[str, int]) -> Period:
    return Period(moment_of(kept["start"]), moment_of(kept["end"]))
