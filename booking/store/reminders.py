"""Reminders: what each patient wants to be reminded of, and which reminders were written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.store.database import Base


class ReminderWish(Base):
    """Which rungs of the ladder, and how. Quiet hours in minutes of the day in Oslo; equal ones: none. `questions`:
    whether to ask later, by mail, how it goes.

    A course without a row has the house's usual reminders.
    """

    __tablename__ = "reminder_wishes"

    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    week: Mapped[bool]
    two_days: Mapped[bool]
    morning: Mapped[bool]
    by_mail: Mapped[bool]
    by_sms: Mapped[bool]
    quiet_from: Mapped[int]
    quiet_until: Mapped[int]
    questions: Mapped[bool]


class Reminder(Base):
    """One reminder that was written, under a key that lets nobody write it twice.

    `rung`: which step of the ladder. `about_at`: the start of the appointment or week it is about, so that a moved
    appointment is reminded of anew. `recipient`: the patient, or one of her helpers by id. `medium`: mail or sms.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("course_id", "rung", "about_at", "recipient", "medium"),
        Index(None, "appointment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))
    rung: Mapped[str]
    about_at: Mapped[datetime]
    recipient: Mapped[str]
    medium: Mapped[str]
    made_at: Mapped[datetime]
