"""Tasks: what a person at the clinic must do, mostly a telephone call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class Task(Base):
    """`kind`: call_first, call_me, call (noted by somebody at the clinic), second_course, mail_failed, sms_failed,
    clash (something booked meets a busy time) or tell (a patient without e-mail must be told of a change). `phone` in
    E.164 where it could be read.

    `message`: what the caller wrote, encrypted, for it may be about her health.
    """

    __tablename__ = "tasks"
    __table_args__ = (Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"))
    name: Mapped[str]
    phone: Mapped[str | None]
    note: Mapped[str | None]
    message: Mapped[bytes | None]
    language: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


def open_tasks(session: Session) -> list[Task]:
    """What is to be done, most urgent first."""
    return list(session.scalars(select(Task).where(Task.done_at.is_(None)).order_by(Task.due_at, Task.id)))


def open_tasks_of(session: Session, course_id: int) -> list[Task]:
    return list(session.scalars(select(Task).where(Task.course_id == course_id, Task.done_at.is_(None))))
