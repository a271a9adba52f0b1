"""Cancelling at the desk: the clinic cancels a visit, for itself or for a patient who has called."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Charge, Status, require
from booking.services.alteration import Alteration
from booking.services.changes import charge, charge_all, settle_older, undo_within
from booking.services.logbook import Who, note
from booking.services.office import Office
from booking.services.status import about, locked, require_version
from booking.store.appointments import BOOKED, CANCELLED, Appointment
from booking.store.courses import Course, course_to_change
from booking.store.unit_of_work import unit_of_work


class Reason(StrEnum):
    """Why a visit is cancelled. `ASKED`: the patient wants it so, which costs what it would cost on her own page.
    `AWAY`: the clinician cannot; `CLOSED`: the clinic; `MISTAKE`: it should never have been booked."""

    ASKED = "asked"
    AWAY = "away"
    CLOSED = "closed"
    MISTAKE = "mistake"

    @property
    def payer(self) -> Actor:
        """Whose cancelling it is when it comes to the price."""
        return Actor.PATIENT if self is Reason.ASKED else Actor.CLINIC


def cost_if_asked(session: Session, course: Course, appointment: Appointment, *, now: datetime) -> Charge | None:
    """What it costs the patient if she wants it cancelled or moved now; None for times that are only kept."""
    return charge(session, course, appointment, now=now) if appointment.status == BOOKED else None


def cancel(
    office: Office, appointment_id: int, reason: Reason, *, version: int, who: Who, now: datetime, at: datetime
) -> None:
    """Cancels the appointment as it was at `version`; once, however often called. It can be undone for a while, and
    then the patient is told. Raises UnknownAppointment, ChangedMeanwhile, NotAllowed."""

    def work(session: Session) -> None:
        course, appointment = locked(session, appointment_id)
        if appointment.status == CANCELLED:
            return
        require_version(appointment, version)
        require(Actor.CLINIC, Action.CANCEL, Status(appointment.status), appointment.period, now=now)
        settle_older(session, office, course, now=now, at=at)
        _cancel(session, course, appointment, reason, who, now=now)
        detail = {"reason": reason.value}
        note(session, office, who, "cancel", about(course, appointment), detail=detail, now=now)

    unit_of_work(work)


def take_back(office: Office, course_id: int, change_id: int, *, who: Who, now: datetime, at: datetime) -> None:
    """Undoes a change as the clinic may; once, however often called. Raises NothingToUndo."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if undo_within(session, office, course_id, change_id, by=Actor.CLINIC, now=now, at=at):
            note(session, office, who, "undo", about(course), now=now)

    unit_of_work(work)


def _cancel(
    session: Session, course: Course, appointment: Appointment, reason: Reason, who: Who, *, now: datetime
) -> None:
    alteration = Alteration(session, course, now=now)
    if appointment.status == BOOKED:
        charge_all(session, course, alteration, [appointment], by=reason.payer, now=now)
    alteration.cancel(appointment)
    alteration.keep("cancel", Actor.CLINIC).account_id = who.account_id
