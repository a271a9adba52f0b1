"""Alteration: one change to a booked course while it is made: what was before is noted, and what it leaves is kept.

Inside the caller's unit of work; whoever alters a course has locked it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from booking.domain.appointment import Actor, Charge
from booking.domain.changing import numbered
from booking.domain.course import Planned
from booking.domain.period import moment_of
from booking.services.claims import reclaim
from booking.services.invitations import snapshot
from booking.services.office import Office
from booking.services.reminders import drop_reminders
from booking.services.standing import standing_of
from booking.store.appointments import BOOKED, CANCELLED, Appointment
from booking.store.changes import Change, Fee, fees_of, open_changes
from booking.store.courses import Course
from booking.store.database import deviation_from_json, utc
from booking.store.holds import HeldTime, Hold, holds_of_changes

UNDO_FOR = timedelta(minutes=10)
"""How long a change can be undone, and how long nobody is told of it."""


class Alteration:
    """Puts, cancels and adds appointments of a course, and keeps all of it as one change."""

    def __init__(self, session: Session, course: Course, *, now: datetime) -> None:
        self._session, self._course, self._now = session, course, now
        self._before: dict[int, dict[str, Any] | None] = {}
        self._fees: list[tuple[Appointment, Charge]] = []

    def put(self, appointment: Appointment, planned: Planned) -> None:
        """Moves an appointment there; its price and what it is stay."""
        if _stands(appointment, planned):
            return
        self._note(appointment)
        seen = _in_calendars(appointment)
        appointment.starts_at, appointment.ends_at = planned.start, planned.end
        appointment.clinic_id, appointment.clinician_id = planned.clinic, planned.clinician
        appointment.room_id, appointment.deviation = planned.room, planned.deviation
        _mark(appointment, seen, now=self._now)

    def cancel(self, appointment: Appointment) -> None:
        self._note(appointment)
        seen = _in_calendars(appointment)
        appointment.status = CANCELLED
        _mark(appointment, seen, now=self._now)

    def add(self, office: Office, planned: Planned) -> Appointment:
        """A new appointment of the course."""
        treatment = planned.step.treatment
        appointment = Appointment(
            kind=planned.step.kind.value,
            number=planned.step.number,
            treatment_id=treatment.id,
            clinic_id=planned.clinic,
            clinician_id=planned.clinician,
            room_id=planned.room,
            starts_at=planned.start,
            ends_at=planned.end,
            price=treatment.price,
            deviation=planned.deviation,
            status=BOOKED,
            uid=f"{uuid4()}@{office.uid_host}",
            sequence=0,
            updated_at=utc(self._now),
        )
        self._course.appointments.append(appointment)
        self._session.flush()
        self._before[appointment.id] = None
        return appointment

    def cost(self, appointment: Appointment, charge: Charge) -> None:
        """Notes what it costs, if it is late."""
        if charge.amount or charge.excused:
            self._fees.append((appointment, charge))

    def keep(self, kind: str, by: Actor, *, leaving: Hold | None = None) -> Change:
        """Keeps all of it as a change that can be undone for a while. `leaving`: the hold whose times were used.

        Raises SlotTaken if one of the new times is another's.
        """
        self._number()
        change = Change(course_id=self._course.id, kind=kind, actor=by.value)
        change.before = {str(id): before for id, before in self._before.items()}
        change.made_at = change.due_at = utc(self._now)
        self._session.add(change)
        self._session.flush()
        self._add_fees(change)
        self._session.add(_hold_of(self._course, change))
        self._put_off(open_changes(self._session, self._course.id))
        note_change(self._course, now=self._now)
        touched = [appointment.id for appointment, _ in differing(self._course, change)]
        reclaim(self._session, self._course, touched, now=self._now, leaving=[leaving] if leaving else [])
        drop_reminders(self._session, touched)
        return change

    def _number(self) -> None:
        """Gives the numbers of the sessions out anew, in order of time."""
        numbers = numbered(standing_of(self._session, self._course, now=self._now))
        for appointment in self._course.appointments:
            number = numbers.get(appointment.id, appointment.number)
            if number != appointment.number:
                self._note(appointment)
                appointment.number = number

    def _note(self, appointment: Appointment) -> None:
        self._before.setdefault(appointment.id, snapshot(appointment))

    def _add_fees(self, change: Change) -> None:
        for appointment, charge in self._fees:
            self._session.add(
                Fee(
                    course_id=self._course.id,
                    appointment_id=appointment.id,
                    change_id=change.id,
                    amount=charge.amount,
                    excused=charge.excused,
                    made_at=utc(self._now),
                )
            )

    def _put_off(self, changes: list[Change]) -> None:
        """All open changes can be undone as long as the newest, but nothing that has begun by then can come back."""
        starts = [
            moment_of(before["start"])
            for change in changes
            if change.undone_at is None
            for before in change.before.values()
            if before is not None
        ]
        due = min([utc(self._now + UNDO_FOR), *(start for start in starts if start > self._now)])
        for change in changes:
            change.due_at = due
        for hold in holds_of_changes(self._session, [change.id for change in changes]):
            hold.expires_at = due


def restore(session: Session, course: Course, change: Change, *, now: datetime) -> None:
    """Takes a change back: every appointment is as it was before. Raises SlotTaken only if its times are not kept."""
    touched = [appointment.id for appointment, _ in differing(course, change)]
    for appointment in course.appointments:
        if str(appointment.id) in change.before:
            _restore(appointment, change.before[str(appointment.id)], now=now)
    for fee in fees_of(session, course.id):
        if fee.change_id == change.id:
            session.delete(fee)
    change.undone_at = utc(now)
    drop_reminders(session, touched)
    note_change(course, now=now)
    give_up(session, course, holds_of_changes(session, [change.id]), touched, now=now)


def give_up(
    session: Session, course: Course, holds: Sequence[Hold], touched: Collection[int] = (), *, now: datetime
) -> None:
    """Keeps what these holds keep no longer, and forgets them."""
    reclaim(session, course, touched, now=now, leaving=holds)
    for hold in holds:
        session.delete(hold)
    session.flush()


def note_change(course: Course, *, now: datetime) -> None:
    """Lets feeds see that the course is another than before."""
    course.changed_at, course.revision = utc(now), course.revision + 1


def _restore(appointment: Appointment, before: Mapping[str, Any] | None, *, now: datetime) -> None:
    seen = _in_calendars(appointment)
    if before is None:
        appointment.status = CANCELLED
    else:
        appointment.number = before["number"]
        if appointment.status == CANCELLED:
            appointment.status = before["status"]
        appointment.starts_at, appointment.ends_at = moment_of(before["start"]), moment_of(before["end"])
        appointment.clinic_id, appointment.clinician_id = before["clinic_id"], before["clinician_id"]
        appointment.room_id = before["room_id"]
        appointment.deviation = deviation_from_json(before["deviation"]) if before["deviation"] else None
    _mark(appointment, seen, now=now)


def _stands(appointment: Appointment, planned: Planned) -> bool:
    there = (appointment.starts_at, appointment.clinic_id, appointment.clinician_id, appointment.room_id)
    place = (planned.start, planned.clinic, planned.clinician, planned.room)
    return there == place and appointment.deviation == planned.deviation


def _mark(appointment: Appointment, seen: tuple[object, ...], *, now: datetime) -> None:
    """SEQUENCE counts every change that a calendar shows (RFC 5546, 2.1.4), undoing one included."""
    appointment.sequence += seen != _in_calendars(appointment)
    appointment.updated_at = utc(now)


def _in_calendars(appointment: Appointment) -> tuple[object, ...]:
    """What a calendar shows of an appointment."""
    live = appointment.status != CANCELLED
    return appointment.starts_at, appointment.ends_at, appointment.clinic_id, live


def differing(course: Course, change: Change) -> list[tuple[Appointment, Mapping[str, Any] | None]]:
    """The appointments that take up other times than before the change, each with what was before."""
    rows = [(a, change.before[str(a.id)]) for a in course.appointments if str(a.id) in change.before]
    return [(a, before) for a, before in rows if before is None or _place(snapshot(a)) != _place(before)]


def _place(kept: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("start", "end", "clinic_id", "clinician_id", "room_id")
    return *(kept[name] for name in names), kept["status"] == CANCELLED


def _hold_of(course: Course, change: Change) -> Hold:
    """What keeps the times that the change left. It counts against no address, and nobody visits."""
    nobody = f"change {change.id}"
    left = [(a, before) for a, before in differing(course, change) if before and before["status"] != CANCELLED]
    return Hold(
        visitor=nobody,
        address=nobody,
        protocol_id=course.protocol_id,
        new_patient=course.new_patient,
        query="",
        created_at=change.made_at,
        expires_at=change.due_at,
        change_id=change.id,
        times=[_held_time(appointment, before) for appointment, before in left],
    )


def _held_time(appointment: Appointment, before: Mapping[str, Any]) -> HeldTime:
    return HeldTime(
        kind=appointment.kind,
        number=before["number"],
        treatment_id=appointment.treatment_id,
        clinic_id=before["clinic_id"],
        clinician_id=before["clinician_id"],
        room_id=before["room_id"],
        starts_at=moment_of(before["start"]),
        ends_at=moment_of(before["end"]),
        price=appointment.price,
        deviation=deviation_from_json(before["deviation"]) if before["deviation"] else None,
    )
