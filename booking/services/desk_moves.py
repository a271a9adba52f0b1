"""Desk moves: the clinic moves an appointment; what that breaks is said first, and only what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, require
from booking.domain.changing import Option, Standing, pattern_of
from booking.domain.course import Departure, Deviation, Planned
from booking.domain.errors import BookingError, DoesNotFit, SlotTaken
from booking.domain.period import STEP_MINUTES, Period, at_wall, monday_of, oslo, seconds_of
from booking.domain.protocol import Protocol, StepKind
from booking.domain.schedule import Name
from booking.domain.slot import Availability, ReasonKind
from booking.services.alteration import Alteration
from booking.services.changes import Place, charge_all, move_within, settle_older, weeks_for
from booking.services.desk_cancel import Reason
from booking.services.logbook import Who, note
from booking.services.office import Office
from booking.services.standing import busy_elsewhere, free_for, standing_of
from booking.services.status import about, locked, require_version
from booking.store.appointments import BOOKED, LIVE, Appointment
from booking.store.changes import open_changes
from booking.store.courses import Course
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work


class BrokenKind(StrEnum):
    """What a move breaks. Up to `NEEDLES` it cannot be; what follows the clinic may decide.

    `HOURS`: outside of the clinician's or clinic's hours, or in a break. `WEEK`, `NEAR`, `FAR`: spacing to another
    session. `VISIT`: the first visit would not come first; `REVIEW`: too near the last session. `UNUSUAL`: a time that
    no patient is offered, for another reason.
    """

    PAST = "past"
    TAKEN = "taken"
    ROOM = "room"
    PATIENT = "patient"
    AWAY = "away"
    CLOSED = "closed"
    NEEDLES = "needles"
    HOURS = "hours"
    WEEK = "week"
    NEAR = "near"
    FAR = "far"
    VISIT = "visit"
    REVIEW = "review"
    UNUSUAL = "unusual"


_NEVER = frozenset(list(BrokenKind)[: list(BrokenKind).index(BrokenKind.NEEDLES) + 1])
_REASONS = {
    ReasonKind.HOLIDAY: BrokenKind.CLOSED,
    ReasonKind.CLOSED_PERIOD: BrokenKind.CLOSED,
    ReasonKind.ABSENCE: BrokenKind.AWAY,
    ReasonKind.TAKEN: BrokenKind.TAKEN,
    ReasonKind.NO_ROOM: BrokenKind.ROOM,
    ReasonKind.OUTSIDE_HOURS: BrokenKind.HOURS,
    ReasonKind.PATIENT_AWAY: BrokenKind.PATIENT,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that a move breaks. `name`: of what is closed; `number`: of the other session."""

    kind: BrokenKind
    name: Name | None = None
    number: int = 0

    @property
    def forbids(self) -> bool:
        """Whether the move cannot be at all: two would have the same clinician, room or hour."""
        return self.kind in _NEVER


def broken_by(
    session: Session, office: Office, appointment: Appointment, place: Place, *, now: datetime
) -> tuple[Broken, ...]:
    """What moving the appointment there breaks; empty if the rules of its course offer the place themselves."""
    return _Move(session, office, appointment, place, now=now).broken


def option_at(
    session: Session, office: Office, appointment: Appointment, place: Place, *, now: datetime
) -> Option | None:
    """The place as the rules offer it, with what goes along; None if they do not."""
    return _Move(session, office, appointment, place, now=now).option


def move(
    office: Office,
    appointment_id: int,
    place: Place,
    *,
    payer: Actor = Actor.CLINIC,
    version: int,
    who: Who,
    now: datetime,
    at: datetime,
) -> None:
    """Moves the appointment as it was at `version` by the rules of its course, and a review along if it must; the same
    move twice is one. A late one costs the patient what it costs on her own page if she asks for it and is the `payer`.
    Raises UnknownAppointment, ChangedMeanwhile, NotAllowed, SlotTaken, DoesNotFit."""

    def keep(session: Session, course: Course, appointment: Appointment) -> Sequence[Broken]:
        by, at_whose_cost = Actor.CLINIC, _payer(payer, appointment)
        move_within(session, office, course.id, appointment.id, place, by=by, payer=at_whose_cost, now=now, at=at)
        open_changes(session, course.id)[-1].account_id = who.account_id
        return ()

    _move(office, appointment_id, place, keep, payer, version=version, who=who, now=now)


def move_all_the_same(
    office: Office,
    appointment_id: int,
    place: Place,
    *,
    payer: Actor = Actor.CLINIC,
    version: int,
    who: Who,
    now: datetime,
    at: datetime,
) -> None:
    """The same though it breaks the spacing of the course or lies outside of the hours; nothing goes along.

    Never two at the same time with one clinician, in one room or for one patient. Raises as `move`.
    """

    def keep(session: Session, course: Course, appointment: Appointment) -> Sequence[Broken]:
        settle_older(session, office, course, now=now, at=at)
        asked = _Move(session, office, appointment, place, now=now)
        alteration = Alteration(session, course, now=now)
        charge_all(session, course, alteration, [appointment], by=_payer(payer, appointment), now=now)
        alteration.put(appointment, asked.planned())
        alteration.keep("move", Actor.CLINIC).account_id = who.account_id
        return asked.broken

    _move(office, appointment_id, place, keep, payer, version=version, who=who, now=now)


_Keep = Callable[[Session, Course, Appointment], Sequence[Broken]]


def _move(
    office: Office,
    appointment_id: int,
    place: Place,
    keep: _Keep,
    payer: Actor,
    *,
    version: int,
    who: Who,
    now: datetime,
) -> None:
    def work(session: Session) -> None:
        course, appointment = locked(session, appointment_id)
        if stands_at(appointment, place):
            return
        require_version(appointment, version)
        require(Actor.CLINIC, Action.MOVE, Status(appointment.status), appointment.period, now=now)
        before = _facts(appointment)
        despite = keep(session, course, appointment)
        detail = {"before": before, "after": _facts(appointment), "despite": [each.kind.value for each in despite]}
        detail |= {"reason": Reason.ASKED.value} if payer is not Actor.CLINIC else {}
        note(session, office, who, "move", about(course, appointment), detail=detail, now=now)

    try:
        unit_of_work(work)
    except SlotTaken:  # somebody has just taken the room: another may be free at the same time
        unit_of_work(work)


def _payer(payer: Actor, appointment: Appointment) -> Actor:
    """Times that are only kept cost the patient nothing."""
    return payer if appointment.status == BOOKED else Actor.CLINIC


def stands_at(appointment: Appointment, place: Place) -> bool:
    """Whether the appointment is there already."""
    there = (appointment.starts_at, appointment.clinician_id, appointment.clinic_id)
    return appointment.status in LIVE and there == (place.start, place.clinician_id, place.clinic_id)


class _Move:
    """One move that is thought about, and what it would break."""

    def __init__(
        self, session: Session, office: Office, appointment: Appointment, place: Place, *, now: datetime
    ) -> None:
        self._session, self._office, self._place, self._now = session, office, place, now
        self._appointment, self._course = appointment, session.get_one(Course, appointment.course_id)
        self._length = appointment.ends_at - appointment.starts_at
        self._day = oslo(place.start).date()

    @cached_property
    def option(self) -> Option | None:
        weeks = weeks_for(self._session, self._office, self._course, self._appointment, now=self._now)
        wanted = (self._place.start, self._place.clinician_id, self._place.clinic_id)
        options = (option for week in weeks for option in week.options)
        return next((o for o in options if (o.at.start, o.at.clinician, o.at.clinic) == wanted), None)

    @cached_property
    def broken(self) -> tuple[Broken, ...]:
        if self._place.start <= self._now:
            return (Broken(BrokenKind.PAST),)
        if self.option is not None:
            return ()
        found = dict.fromkeys((*self._of_the_time(), *self._of_the_course()))
        return tuple(sorted(found, key=lambda each: list(BrokenKind).index(each.kind))) or (Broken(BrokenKind.UNUSUAL),)

    def planned(self) -> Planned:
        """The appointment there, in a free room, its own if it can be. Raises SlotTaken or DoesNotFit if it cannot."""
        if any(each.forbids for each in self.broken):
            raise self._refusal()
        prefer = self._appointment.room_id if self._place.clinic_id == self._appointment.clinic_id else None
        room = self._free.room(self._place.clinic_id, self._day, self._step, self._minutes, prefer=prefer)
        if room is None:
            raise SlotTaken
        end = self._place.start + self._length
        place = self._place
        planned = Planned(self._own.planned.step, place.start, end, place.clinic_id, place.clinician_id, room)
        return replace(planned, deviation=self._deviation(planned))

    # -- what breaks ----------------------------------------------------------------------------------------

    def _of_the_time(self) -> Iterator[Broken]:
        place, period = self._place, Period(self._place.start, self._place.start + self._length)
        others = [a.period for a in self._course.appointments if a is not self._appointment and a.status in LIVE]
        if any(
            period.overlaps(each) for each in (*others, *busy_elsewhere(self._session, self._course, now=self._now))
        ):
            yield Broken(BrokenKind.PATIENT)
        if place.clinician_id not in {each.id for each in self._free.schedule.clinicians}:
            yield Broken(BrokenKind.HOURS)
            return
        if self._own.planned.step.treatment.needles and not self._free.needles(place.clinician_id):
            yield Broken(BrokenKind.NEEDLES)
        reasons = self._free.reasons(place.clinician_id, place.clinic_id, self._day, self._step, self._minutes)
        yield from (Broken(_REASONS[reason.kind], reason.detail) for reason in reasons if reason.kind in _REASONS)

    def _of_the_course(self) -> Iterator[Broken]:
        protocol, own = protocol_by_id(self._session, self._course.protocol_id), self._own
        others = [each for each in self._standing if each.id != own.id]
        sessions = [each for each in others if each.kind is StepKind.SESSION]
        if not sessions:
            return
        if own.kind is StepKind.SESSION:
            yield from self._of_the_spacing(protocol, sessions)
        visits = [each for each in others if each.kind is StepKind.FIRST_VISIT and not each.fixed]
        if own.kind is StepKind.FIRST_VISIT and self._place.start >= sessions[0].planned.start:
            yield Broken(BrokenKind.VISIT)
        if own.kind is StepKind.SESSION and any(each.planned.start >= self._place.start for each in visits):
            yield Broken(BrokenKind.VISIT)
        if not all(self._rests(protocol, *pair) for pair in self._last_and_reviews(sessions, others)):
            yield Broken(BrokenKind.REVIEW)

    def _of_the_spacing(self, protocol: Protocol, sessions: Sequence[Standing]) -> Iterator[Broken]:
        before = [each for each in sessions if each.planned.start <= self._place.start][-1:]
        after = [each for each in sessions if each.planned.start > self._place.start][:1]
        for other in (*before, *after):
            number, days = other.planned.step.number, abs((other.planned.day - self._day).days)
            weeks = abs((monday_of(other.planned.day) - monday_of(self._day)).days) // 7
            if not weeks:
                yield Broken(BrokenKind.WEEK, number=number)
            elif days < protocol.min_gap:
                yield Broken(BrokenKind.NEAR, number=number)
            elif not protocol.spaced(days, weeks - 1):
                yield Broken(BrokenKind.FAR, number=number)

    def _last_and_reviews(
        self, sessions: Sequence[Standing], others: Sequence[Standing]
    ) -> Iterator[tuple[date, date]]:
        """(day of the last session, day of a review) as they would be."""
        last = sessions[-1].planned.day
        if self._own.kind is StepKind.REVIEW:
            yield last, self._day
        if self._own.kind is StepKind.SESSION and self._day > last:
            yield from ((self._day, each.planned.day) for each in others if each.kind is StepKind.REVIEW)

    @staticmethod
    def _rests(protocol: Protocol, last: date, review: date) -> bool:
        return (review - last).days >= max(protocol.review_gap, 1)

    def _refusal(self) -> BookingError:
        taken = {BrokenKind.TAKEN, BrokenKind.ROOM} & {each.kind for each in self.broken}
        return SlotTaken() if taken else DoesNotFit(self._appointment.number)

    # -- what is known --------------------------------------------------------------------------------------

    @cached_property
    def _free(self) -> Availability:
        """What is free to the patient on that day; at the desk nobody needs notice."""
        at_once = replace(self._office, notice=timedelta(0))
        days = (self._day, self._day)
        return free_for(self._session, at_once, self._course, [self._place.clinic_id], days, now=self._now)

    @cached_property
    def _standing(self) -> list[Standing]:
        return standing_of(self._session, self._course, now=self._now)

    @cached_property
    def _own(self) -> Standing:
        found = next((each for each in self._standing if each.id == self._appointment.id), None)
        if found is None:
            raise DoesNotFit(self._appointment.number)
        return found

    @property
    def _step(self) -> int:
        wall = oslo(self._place.start)
        return (wall.hour * 60 + wall.minute) // STEP_MINUTES

    @property
    def _minutes(self) -> int:
        return self._length // timedelta(minutes=1)

    def _deviation(self, planned: Planned) -> Deviation | None:
        """How far a session leaves the pattern of the others; nobody is asked why."""
        others = [each for each in self._standing if each.id != self._own.id and each.kind is StepKind.SESSION]
        if self._own.kind is not StepKind.SESSION or not others:
            return None
        home = pattern_of(others)
        departure = _departure(planned, home.weekday, home.minute, home.clinician, home.clinic)
        start = at_wall(monday_of(planned.day) + timedelta(days=home.weekday), home.minute)
        return None if departure is None else Deviation(start, (), departure)


def _departure(planned: Planned, weekday: int, minute: int, clinician: int, clinic: int) -> Departure | None:
    if planned.clinic != clinic:
        return Departure.OTHER_CLINIC
    if planned.clinician != clinician:
        return Departure.COLLEAGUE
    if planned.day.weekday() != weekday:
        return Departure.SAME_WEEK
    return None if planned.minute == minute else Departure.SAME_DAY


def _facts(appointment: Appointment) -> dict[str, Any]:
    """Where an appointment stands, for the logbook."""
    return {
        "start": seconds_of(appointment.starts_at),
        "clinician": appointment.clinician_id,
        "clinic": appointment.clinic_id,
    }
