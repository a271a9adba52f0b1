"""Reminders: what each patient wants to be reminded of, and which reminders were written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.domain.reminding import USUAL_RUNGS, Rung, reach
from booking.store.appointments import BOOKED, Appointment
from booking.store.courses import Course
from booking.store.database import Base
from booking.store.helpers import Helper
from booking.store.outbox import Message


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


@dataclass(frozen=True, slots=True)
class Coming:
    """A booked appointment that may have to be reminded of.

    `told_at`: when its time was last settled, which the patient was told then. `told`: the rungs that were written for
    it. `helped`: a helper of the patient wants to be reminded, too. `wish`: None for the usual reminders.
    """

    course_id: int
    appointment_id: int
    starts_at: datetime
    told_at: datetime
    email: str | None
    mobile: str | None
    wish: ReminderWish | None
    helped: bool
    told: frozenset[Rung]


_WISHED = {Rung.WEEK: ReminderWish.week, Rung.TWO_DAYS: ReminderWish.two_days, Rung.MORNING: ReminderWish.morning}


def coming_to_remind_of(session: Session, *, now: datetime, course_id: int | None = None) -> list[Coming]:
    """The appointments that a rung of the ladder may be due for now and was not written for, by one question.

    `course_id`: those of this course only. Ordered by course and time.
    """
    question = _question()
    if course_id is not None:
        question = question.where(Appointment.course_id == course_id)
    rows = session.execute(question, _times(now))
    return [
        Coming(
            course_id=course_id,
            appointment_id=appointment_id,
            starts_at=starts_at,
            told_at=told_at,
            email=email,
            mobile=mobile,
            wish=wish,
            helped=helped,
            told=frozenset(rung for rung, each in zip(Rung, told, strict=True) if each),
        )
        for course_id, appointment_id, starts_at, told_at, email, mobile, wish, helped, *told in rows
    ]


def _times(now: datetime) -> dict[str, datetime]:
    reaches = {rung: reach(rung, now) for rung in Rung}
    starts = {f"{rung}_from": each.start for rung, each in reaches.items()}
    ends = {f"{rung}_until": each.end for rung, each in reaches.items()}
    return {"now": now, "end": max(ends.values())} | starts | ends


@cache
def _question() -> Select[*tuple[Any, ...]]:
    """Put together once, for that takes longer than to ask it."""
    told = {rung: _told(rung) for rung in Rung}
    helped = exists().where(
        Helper.course_id == Course.id, Helper.reminded, Helper.revoked_at.is_(None), Helper.email.is_not(None)
    )
    may_be_due = [
        and_(
            func.coalesce(_WISHED[rung], rung in USUAL_RUNGS) == true(),
            Appointment.starts_at >= bindparam(f"{rung}_from"),
            Appointment.starts_at < bindparam(f"{rung}_until"),
            ~told[rung],
        )
        for rung in Rung
    ]
    return (
        select(
            Appointment.course_id,
            Appointment.id,
            Appointment.starts_at,
            Appointment.updated_at,
            Course.email,
            Course.mobile,
            ReminderWish,
            helped,
            *told.values(),
        )
        .join(Course, Course.id == Appointment.course_id)
        .outerjoin(ReminderWish, ReminderWish.course_id == Course.id)
        .where(
            Appointment.starts_at > bindparam("now"),
            Appointment.starts_at < bindparam("end"),
            Appointment.status == BOOKED,
            or_(*may_be_due),
        )
        .order_by(Appointment.course_id, Appointment.starts_at)
    )


def _told(rung: Rung) -> ColumnElement[bool]:
    """Whether this rung was written for the appointment as it is now: for its start, or for the week around it."""
    same = Reminder.about_at == Appointment.starts_at
    if rung is Rung.WEEK:
        same = Reminder.about_at.between(_earlier(timedelta(days=7)), Appointment.starts_at)
    return exists().where(Reminder.course_id == Appointment.course_id, Reminder.rung == rung.value, same)


def _earlier(length: timedelta) -> ColumnElement[int]:
    """The start of the appointment less `length`, in the seconds that the store counts."""
    return type_coerce(Appointment.starts_at, BigInteger) - int(length.total_seconds())


def wish_of(session: Session, course_id: int) -> ReminderWish | None:
    return session.get(ReminderWish, course_id)


def courses_of(session: Session, appointment_ids: Collection[int]) -> list[int]:
    """The courses that these appointments belong to."""
    rows = select(Appointment.course_id).where(Appointment.id.in_(appointment_ids))
    return list(session.scalars(rows.distinct()))


def waiting_reminders(session: Session, course_ids: Collection[int], kind: str) -> list[Message]:
    """The unsent messages of this kind to these courses that no worker is at just now, for who deletes them."""
    rows = select(Message).where(
        Message.course_id.in_(course_ids),
        Message.kind == kind,
        Message.due_at.is_not(None),
        Message.leased_until.is_(None),
    )
    return list(session.scalars(rows.with_for_update(skip_locked=True)))
