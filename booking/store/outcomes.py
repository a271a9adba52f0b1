"""Outcomes: what patients have answered about how it goes."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Select, and_, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from booking.domain.period import Period
from booking.domain.protocol import StepKind
from booking.store.appointments import ARRIVED, BOOKED, FULFILLED, PENDING, Appointment
from booking.store.courses import COMPLETED, RUNNING, Course
from booking.store.database import Base
from booking.store.protocols import ProtocolStep
from booking.store.reminders import Reminder, ReminderWish

COUNTED = (PENDING, BOOKED, ARRIVED, FULFILLED)
"""The clock starts with the first session of one of these statuses: with the first that she comes to."""


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


def all_outcomes(session: Session) -> dict[int, list[Outcome]]:
    """Everybody's answers, by the course's id."""
    found: dict[int, list[Outcome]] = defaultdict(list)
    for row in session.scalars(select(Outcome)):
        found[row.course_id].append(row)
    return found


class Start(NamedTuple):
    """Where and when session 1 of a course was."""

    course_id: int
    patient_id: int
    clinic_id: int
    starts_at: datetime


def starts(session: Session, *, until: datetime) -> list[Start]:
    """The beginnings up to `until` of all courses that end with a review: those whose patients are asked."""
    rows = _first_sessions(Course.id, Course.patient_id, Appointment.clinic_id, Appointment.starts_at)
    return [Start(*row) for row in session.execute(rows.where(Appointment.starts_at <= until))]


def start_of(session: Session, course_id: int) -> Appointment | None:
    """The course's session 1; None if it has none, or none any more, or if its patients are not asked."""
    first: Appointment | None = session.scalar(_first_sessions(Appointment).where(Course.id == course_id))
    return first


def courses_to_ask(session: Session, moment: str, started: Period) -> list[tuple[int, datetime]]:
    """(id, start of session 1) of the courses that began within `started` and whose patients can be and were not asked
    by mail, nor answered."""
    asked = exists().where(Reminder.course_id == Course.id, Reminder.rung == moment)
    answered = exists().where(Outcome.course_id == Course.id, Outcome.moment == moment)
    declined = exists().where(ReminderWish.course_id == Course.id, ReminderWish.questions.is_(False))
    rows = _first_sessions(Course.id, Appointment.starts_at).where(
        Appointment.starts_at >= started.start,
        Appointment.starts_at < started.end,
        Course.status.in_((RUNNING, COMPLETED)),
        Course.email.is_not(None),
        ~asked,
        ~answered,
        ~declined,
    )
    return [(row[0], row[1]) for row in session.execute(rows.order_by(Appointment.starts_at, Course.id))]


def was_asked(session: Session, course_id: int, moment: str) -> bool:
    rows = select(Reminder.id).where(Reminder.course_id == course_id, Reminder.rung == moment)
    return session.scalar(rows.limit(1)) is not None


def asked_since(moment: datetime) -> ColumnElement[bool]:
    """Whether the course in question ends with a review, and its first session that counts begins at `moment` or
    later."""
    counted = select(Appointment.id).where(
        _of_course(), Appointment.kind == StepKind.SESSION.value, Appointment.status.in_(COUNTED)
    )
    later = exists(counted.where(Appointment.starts_at >= moment))
    earlier = exists(counted.where(Appointment.starts_at < moment))
    return and_(later, ~earlier, _reviewed())


def outcomes_over(session: Session, *, given_by: datetime, begun_before: datetime) -> list[tuple[int, str]]:
    """(course, moment) of the answers given by then, but for courses that began at `begun_before` or later."""
    younger = _first_sessions(Course.id).where(Course.id == Outcome.course_id, Appointment.starts_at >= begun_before)
    rows = select(Outcome.course_id, Outcome.moment).where(Outcome.answered_at <= given_by, ~younger.exists())
    return [(row[0], row[1]) for row in session.execute(rows)]


def _first_sessions(*what: Any) -> Select[Any]:
    """Selects `what` of courses that end with a review, each joined with its first session that counts."""
    earlier = aliased(Appointment)
    comes_later = exists().where(
        earlier.course_id == Appointment.course_id,
        earlier.kind == StepKind.SESSION.value,
        earlier.status.in_(COUNTED),
        earlier.starts_at < Appointment.starts_at,
    )
    return (
        select(*what)
        .select_from(Appointment)
        .join(Course, _of_course())
        .where(Appointment.kind == StepKind.SESSION.value, Appointment.status.in_(COUNTED), ~comes_later)
        .where(_reviewed())
    )


def _reviewed() -> ColumnElement[bool]:
    return exists().where(ProtocolStep.protocol_id == Course.protocol_id, ProtocolStep.kind == StepKind.REVIEW.value)


def _of_course() -> ColumnElement[bool]:
    return Appointment.course_id == Course.id
