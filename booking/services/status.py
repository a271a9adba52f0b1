"""Status: who has arrived, whose visit is over, who did not come; each taken back as easily as it was set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.appointment import OUTCOME, Action, Actor, Status, may, require
from booking.domain.changing import numbered, step_missing
from booking.domain.errors import ChangedMeanwhile, MadeUpFor, NotAllowed, UnknownAppointment
from booking.domain.protocol import StepKind
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.reminders import drop_reminders
from booking.services.standing import COUNTED, standing_of
from booking.store.appointments import BOOKED, NOSHOW, Appointment
from booking.store.changes import Fee, fees_of
from booking.store.courses import Course, course_to_change
from booking.store.database import utc
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work

STATUS_ACTIONS = (Action.ARRIVE, Action.FULFIL, Action.MISS, Action.REOPEN)
"""What is done to a status alone: nothing moves, and nobody is told."""


def actions_for(appointment: Appointment, *, now: datetime) -> tuple[Action, ...]:
    """Those of them that the clinic may do to the appointment now, the most likely one first."""
    status, period = Status(appointment.status), appointment.period
    return tuple(action for action in STATUS_ACTIONS if may(Actor.CLINIC, action, status, period, now=now))


def set_status(
    office: Office, appointment_id: int, action: Action, *, version: int, who: Who, now: datetime, at: datetime
) -> None:
    """Does one of `STATUS_ACTIONS` to an appointment as it was at `version`; once, however often called.

    Who did not come owes the whole price, as she was told when she booked, until that is waived or taken back. `at`
    (the machine's clock) is for the outbox, which gets nothing of this. Raises UnknownAppointment, ChangedMeanwhile,
    NotAllowed, and MadeUpFor for a missed session that another one stands for.
    """
    if action not in STATUS_ACTIONS:
        raise NotAllowed(action.value, "")

    def work(session: Session) -> None:
        course, appointment = locked(session, appointment_id)
        before, after = appointment.status, OUTCOME[action]
        if before == after:
            return
        require_version(appointment, version)
        require(Actor.CLINIC, action, Status(before), appointment.period, now=now)
        _bring_about(session, course, appointment, action, now=now)
        drop_reminders(session, [appointment.id])
        detail = {"before": before, "after": appointment.status}
        note(session, office, who, "status", about(course, appointment), detail=detail, now=now)

    unit_of_work(work)


def locked(session: Session, appointment_id: int) -> tuple[Course, Appointment]:
    """The appointment as it is now, and its course, which nobody else changes until the transaction ends.

    Raises UnknownAppointment.
    """
    course_id = session.scalar(select(Appointment.course_id).where(Appointment.id == appointment_id))
    if course_id is None:
        raise UnknownAppointment
    course = course_to_change(session, course_id)
    return course, next(each for each in course.appointments if each.id == appointment_id)


def require_version(appointment: Appointment, version: int) -> None:
    """Raises ChangedMeanwhile if the appointment is another than the one that was shown."""
    if appointment.version != version:
        raise ChangedMeanwhile


def about(course: Course, appointment: Appointment | None = None) -> About:
    """Whom and what an entry of the logbook is about."""
    return About(
        patient_id=course.patient_id, course_id=course.id, appointment_id=appointment.id if appointment else None
    )


def missed_fee(session: Session, appointment: Appointment) -> Fee | None:
    """What not coming costs; None if the appointment was not missed."""
    fees = fees_of(session, appointment.course_id)
    return next((fee for fee in fees if fee.appointment_id == appointment.id and fee.change_id is None), None)


def _bring_about(session: Session, course: Course, appointment: Appointment, action: Action, *, now: datetime) -> None:
    was_missed = appointment.status == NOSHOW
    if was_missed:
        _count_again(session, course, appointment, now=now)
        _forget_fee(session, appointment)
    appointment.status = OUTCOME[action] or appointment.status
    appointment.updated_at = utc(now)
    if action is Action.MISS:
        _owe(session, appointment, now=now)
    session.flush()


def _owe(session: Session, appointment: Appointment, *, now: datetime) -> None:
    if appointment.price and missed_fee(session, appointment) is None:
        session.add(
            Fee(
                course_id=appointment.course_id,
                appointment_id=appointment.id,
                amount=appointment.price,
                excused=False,
                made_at=utc(now),
            )
        )


def _forget_fee(session: Session, appointment: Appointment) -> None:
    """A fee that was charged already stays: it is in the books."""
    fee = missed_fee(session, appointment)
    if fee is not None and fee.charged_at is None:
        session.delete(fee)


def _count_again(session: Session, course: Course, appointment: Appointment, *, now: datetime) -> None:
    """Gives a session that was not missed after all its place among the numbers of the others."""
    if appointment.kind != StepKind.SESSION:
        return
    numbers = {a.number for a in course.appointments if a.kind == appointment.kind and a.status in COUNTED}
    if appointment.number in numbers:
        missing = step_missing(protocol_by_id(session, course.protocol_id), standing_of(session, course, now=now))
        if missing is None:
            raise MadeUpFor
        appointment.number = missing.number
    appointment.status = BOOKED
    for id, number in numbered(standing_of(session, course, now=now)).items():
        next(a for a in course.appointments if a.id == id).number = number
