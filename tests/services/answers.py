"""Mails that come back: the files of tests/calendars/replies, and a course that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.services.replies import Received, receive
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.replies import Reply
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, course, office

REPLIES = Path(__file__).parents[1] / "calendars" / "replies"
UID = "6f1c2f0e-5a0b-4c1e-9d57-1f6a3c1f0a11@klinikk.example"
MESSAGE_ID = "<0b0f6c0a-72c5-4b3f-8a1d-33c7d4e6a0f2@klinikk.example>"

AT = NOW + timedelta(days=2)
"""When the answers come, two days after the invitations, on both clocks."""


def answered_course() -> Course:
    """Kari's course: its first appointment has the UID of the files, its confirmation their Message-ID."""
    made = booked_course()

    def work(session: Session) -> None:
        first = made.appointments[0].id
        session.execute(update(Appointment).where(Appointment.id == first).values(uid=UID))
        confirmation = select(Message.id).where(Message.course_id == made.id, Message.kind == "confirmation")
        session.execute(
            update(Message).where(Message.id == confirmation.scalar_subquery()).values(message_id=MESSAGE_ID)
        )

    unit_of_work(work)
    return course(made.id)


def mail(name: str) -> bytes:
    return (REPLIES / f"{name}.eml").read_bytes()


def received(name: str) -> Received:
    return receive(office(), mail(name), now=AT, at=AT)


def became(*names: str) -> list[str | None]:
    """What became of the mails, one after the other."""
    return [answer.taken or answer.reason for answer in map(received, names)]


def kept_replies() -> list[Reply]:
    db.session.rollback()
    return list(db.session.scalars(select(Reply).order_by(Reply.id)))


def kept_answers() -> list[str]:
    return [reply.answer for reply in kept_replies()]


def mails_of(kind: str) -> Sequence[Message]:
    db.session.rollback()
    return db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)).all()
