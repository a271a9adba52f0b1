"""Changes: a booked appointment moved or cancelled, a missed one made up for, and any of it undone for ten minutes.

A change stands at once, in one transaction; what it frees is kept for her who freed it, and nobody is told, until it
can no longer be undone (see `settlement`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Charge, Status, charge_of, require
from booking.domain.changing import Option, Week, extra, last_needed, moves, step_missing
from booking.domain.errors import BookingError, DoesNotFit, NotAllowed, NothingToUndo, SlotTaken, UnknownAppointment
from booking.domain.period import STEP_MINUTES, oslo
from booking.domain.protocol import StepKind
from booking.domain.slot import ReasonKind
from booking.services.alteration import UNDO_FOR as UNDO_FOR
from booking.services.alteration import Alteration, differing, restore
from booking.services.office import Office
from booking.services.settlement import settle
from booking.services.standing import busy_elsewhere, coming_of, free_everywhere, standing_of
from booking.store.appointments import ARRIVED, CANCELLED, FULFILLED, NOSHOW, Appointment
from booking.store.changes import Change, fees_of, open_changes
from booking.store.clinics import clinic_rules
from booking.store.courses import RUNNING, Course, course_to_change
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work

TOGETHER_FOR = timedelta(minutes=30)
MOST_TOGETHER = 12
"""Changes are told and let go together, but no longer and no more of them than this: what they leave stays kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an appointment is to be; `start` aware."""

    start: datetime
    clinician_id: int
    clinic_id: int


# -- what can be done, and what it costs ------------------------------------------------------------------------------


def appointment_of(session: Session, course_id: int, appointment_id: int) -> Appointment:
    """Raises UnknownAppointment if the course has no such appointment."""
    appointment = session.get(Appointment, appointment_id)
    if appointment is None or appointment.course_id != course_id:
        raise UnknownAppointment
    return appointment


def charge(session: Session, course: Course, appointment: Appointment, *, now: datetime) -> Charge:
    """What it costs the patient to move or cancel the appointment now; moving late is cancelling late.

    One that was changed just now costs nothing more until that is told.
    """
    return next(charges(session, course, [appointment], now=now))[1]


def charges_each(session: Session, course: Course, *, now: datetime) -> dict[int, Charge]:
    """What it costs to move or cancel each appointment of the course (by id) if it is the only one."""
    costs = _Costs(session, course, now=now)
    return {a.id: costs.of(a, kindness_used=costs.kindness_used) for a in course.appointments}


def charges(
    session: Session, course: Course, appointments: Iterable[Appointment], *, now: datetime
) -> Iterator[tuple[Appointment, Charge]]:
    """What it costs to move or cancel all of these together: at most one of them is excused."""
    costs = _Costs(session, course, now=now)
    used = costs.kindness_used
    for a in appointments:
        cost = costs.of(a, kindness_used=used)
        used = used or cost.excused
        yield a, cost


def charges_of_rest(session: Session, course: Course, *, now: datetime) -> list[tuple[Appointment, Charge]]:
    """What it costs to cancel all appointments to come, in order of time."""
    return list(charges(session, course, coming_of(course, now=now), now=now))


def weeks_for(
    session: Session, office: Office, course: Course, appointment: Appointment, *, now: datetime
) -> tuple[Week, ...]:
    """Where else the appointment can be: its own week first, even if empty; nowhere if it does not stand any more."""
    standing = standing_of(session, course, now=now)
    if appointment.id not in {each.id for each in standing if not each.fixed}:
        return ()
    protocol = protocol_by_id(session, course.protocol_id)
    free = free_everywhere(session, office, course, last_needed(protocol, standing), now=now)
    busy = busy_elsewhere(session, course, now=now)
    return moves(protocol, standing, free, appointment.id, busy=busy)


def weeks_for_extra(session: Session, office: Office, course: Course, *, now: datetime) -> tuple[Week, ...]:
    """Where a session that was missed or cancelled can be made up for, at the end; empty if none is missing."""
    standing = standing_of(session, course, now=now)
    if course.status != RUNNING or not standing:
        return ()
    protocol = protocol_by_id(session, course.protocol_id)
    free = free_everywhere(session, office, course, last_needed(protocol, standing), now=now)
    return extra(protocol, standing, free, busy=busy_elsewhere(session, course, now=now))


# -- moving and making up ---------------------------------------------------------------------------------------------


def move(
    office: Office, course_id: int, appointment_id: int, place: Place, *, by: Actor, now: datetime, at: datetime
) -> None:
    """Moves an appointment, and a review along with it if it must; the same move twice is one.

    Raises UnknownAppointment, NotAllowed, SlotTaken, and DoesNotFit if the rules of the course forbid it.
    """
    with_another_room(lambda s: move_within(s, office, course_id, appointment_id, place, by=by, now=now, at=at))


def move_within(
    session: Session,
    office: Office,
    course_id: int,
    appointment_id: int,
    place: Place,
    *,
    by: Actor,
    payer: Actor | None = None,
    now: datetime,
    at: datetime,
) -> None:
    """The same inside the caller's unit of work. `payer`: whose move it is when it comes to the price."""
    course = course_to_change(session, course_id)
    appointment = _own(course, appointment_id)
    if _stands_at(appointment, place):
        return
    require(by, Action.MOVE, Status(appointment.status), appointment.period, now=now)
    settle_older(session, office, course, now=now, at=at)
    weeks = weeks_for(session, office, course, appointment, now=now)
    option = _option(weeks, place)
    if option is None:
        raise _refusal(session, office, course, appointment.number, place, now=now)
    alteration = Alteration(session, course, now=now)
    charge_all(session, course, alteration, [appointment], by=payer or by, now=now)
    alteration.put(appointment, option.at)
    _move_along(course, alteration, option)
    alteration.keep("move", by)


def extend(office: Office, course_id: int, place: Place, *, by: Actor, now: datetime, at: datetime) -> None:
    """Adds a session that was missed or cancelled at the end, and moves the review along if it must; once, however
    often called. Raises NotAllowed, SlotTaken, DoesNotFit."""
    with_another_room(lambda s: extend_within(s, office, course_id, place, by=by, now=now, at=at))


def extend_within(
    session: Session, office: Office, course_id: int, place: Place, *, by: Actor, now: datetime, at: datetime
) -> Change | None:
    """The same inside the caller's unit of work; None if it was done before."""
    course = course_to_change(session, course_id)
    if any(_stands_at(each, place) for each in course.appointments if each.kind == StepKind.SESSION):
        return None  # the review may stand there still: it moves along
    require_running(course, "extend")
    settle_older(session, office, course, now=now, at=at)
    option = _option(weeks_for_extra(session, office, course, now=now), place)
    if option is None:
        raise _refusal(session, office, course, _number_missing(session, course, now=now), place, now=now)
    alteration = Alteration(session, course, now=now)
    alteration.add(office, option.at)
    _move_along(course, alteration, option)
    return alteration.keep("extend", by)


# -- cancelling -------------------------------------------------------------------------------------------------------


def cancel(office: Office, course_id: int, appointment_id: int, *, by: Actor, now: datetime, at: datetime) -> None:
    """Cancels an appointment; once, however often called. Raises UnknownAppointment, NotAllowed."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        appointment = _own(course, appointment_id)
        if appointment.status == CANCELLED:
            return
        require(by, Action.CANCEL, Status(appointment.status), appointment.period, now=now)
        _cancel(session, office, course, [appointment], "cancel", by=by, now=now, at=at)

    unit_of_work(work)


def cancel_rest(office: Office, course_id: int, *, by: Actor, now: datetime, at: datetime) -> int:
    """Cancels all appointments to come; how many. Raises NotAllowed if one of them cannot be cancelled by `by`."""

    def work(session: Session) -> int:
        course = course_to_change(session, course_id)
        coming = coming_of(course, now=now)
        for appointment in coming:
            require(by, Action.CANCEL, Status(appointment.status), appointment.period, now=now)
        if coming:
            _cancel(session, office, course, coming, "cancel_rest", by=by, now=now, at=at)
        return len(coming)

    return unit_of_work(work)


def _cancel(
    session: Session,
    office: Office,
    course: Course,
    appointments: Sequence[Appointment],
    kind: str,
    *,
    by: Actor,
    now: datetime,
    at: datetime,
) -> None:
    settle_older(session, office, course, now=now, at=at)
    alteration = Alteration(session, course, now=now)
    charge_all(session, course, alteration, appointments, by=by, now=now)
    for appointment in appointments:
        alteration.cancel(appointment)
    alteration.keep(kind, by)


# -- undoing and sending ----------------------------------------------------------------------------------------------


def undoable(session: Session, course_id: int, *, now: datetime, by: Actor = Actor.PATIENT) -> list[Change]:
    """The changes that `by` can still undo, newest first. What the clinic changed, only the clinic takes back."""
    return undoable_of(open_changes(session, course_id), now=now, by=by)


def undoable_of(changes: Sequence[Change], *, now: datetime, by: Actor) -> list[Change]:
    """The same of all changes of a course that nobody was told of yet, oldest first."""
    found = []
    for change in reversed(changes):
        if change.undone_at is not None:
            continue
        if change.due_at <= now or Actor.CLINIC in {Actor(change.actor)} - {by}:
            break
        found.append(change)
    return found


def undo(office: Office, course_id: int, change_id: int, *, by: Actor, now: datetime, at: datetime) -> None:
    """Takes the newest change back as if it had never been; once, however often called. Raises NothingToUndo."""
    unit_of_work(lambda s: undo_within(s, office, course_id, change_id, by=by, now=now, at=at))


def undo_within(
    session: Session, office: Office, course_id: int, change_id: int, *, by: Actor, now: datetime, at: datetime
) -> bool:
    """The same inside the caller's unit of work; whether it was still to be done."""
    course = course_to_change(session, course_id)
    change = session.get(Change, change_id)
    if change is not None and change.course_id == course_id and change.undone_at is not None:
        return False
    newest = next(iter(undoable(session, course_id, now=now, by=by)), None)
    if change is None or newest is not change or _went_on(course, change):
        raise NothingToUndo
    restore(session, course, change, now=now)
    if not any(each.undone_at is None for each in open_changes(session, course_id)):
        settle(session, office, course, now=now, at=at)
    return True


def send_now(office: Office, course_id: int, *, by: Actor, now: datetime, at: datetime) -> None:
    """Tells of the open changes at once; then nothing of them can be undone. Raises NotAllowed as `may_send_now`."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if not may_send_now(session, course_id, by=by):
            raise NotAllowed("send now", course.status)
        settle(session, office, course, now=now, at=at)

    unit_of_work(work)


def may_send_now(session: Session, course_id: int, *, by: Actor) -> bool:
    """Whether `by` may end the time in which the open changes can be undone: a helper only if they are a helper's."""
    standing = [change for change in open_changes(session, course_id) if change.undone_at is None]
    return by is not Actor.HELPER or all(change.actor == Actor.HELPER for change in standing)


def settle_older(session: Session, office: Office, course: Course, *, now: datetime, at: datetime) -> None:
    """Tells of the open changes before another is made, if they can be undone no longer or have waited long enough."""
    if _are_over(open_changes(session, course.id), now=now):
        settle(session, office, course, now=now, at=at)


def require_running(course: Course, action: str) -> None:
    """Raises NotAllowed for a course that waits for a call, was given back, or made way for another."""
    if course.status != RUNNING:
        raise NotAllowed(action, course.status)


def charge_all(
    session: Session,
    course: Course,
    alteration: Alteration,
    appointments: Iterable[Appointment],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Notes what late ones cost; what the clinic changes costs the patient nothing."""
    if by is Actor.CLINIC:
        return
    for appointment, cost in charges(session, course, appointments, now=now):
        alteration.cost(appointment, cost)


# -- small things -----------------------------------------------------------------------------------------------------


class _Costs:
    """What changing an appointment of a course costs; nothing more where a change is open, as nobody counts on it."""

    def __init__(self, session: Session, course: Course, *, now: datetime) -> None:
        self.kindness_used = any(fee.excused for fee in fees_of(session, course.id))
        self._hours, self._now = clinic_rules(session), now
        self._open_until = _open_until(open_changes(session, course.id), now=now)

    def of(self, appointment: Appointment, *, kindness_used: bool) -> Charge:
        start, hours = appointment.starts_at, self._hours[appointment.clinic_id].cancel_hours
        cost = charge_of(appointment.price, start, hours, kindness_used=kindness_used, now=self._now)
        until = self._open_until.get(appointment.id)
        return cost if until is None else Charge(0, False, max(until, cost.free_until))


def _open_until(changes: Sequence[Change], *, now: datetime) -> dict[int, datetime]:
    """The appointments (by id) that open changes touched, and until when these can be undone."""
    if _are_over(changes, now=now):
        return {}
    return {int(id): change.due_at for change in changes if change.undone_at is None for id in change.before}


def _are_over(changes: Sequence[Change], *, now: datetime) -> bool:
    """Whether open changes can be undone no longer, or have waited long enough for one that is to come."""
    if not changes:
        return False
    full = len(changes) >= MOST_TOGETHER
    return full or changes[-1].due_at <= now or changes[0].made_at <= now - TOGETHER_FOR


def with_another_room(work: Callable[[Session], object]) -> None:
    """When somebody has just taken the room, another may be free at the same time."""
    try:
        unit_of_work(work)
    except SlotTaken:
        unit_of_work(work)


def _own(course: Course, appointment_id: int) -> Appointment:
    found = next((a for a in course.appointments if a.id == appointment_id), None)
    if found is None:
        raise UnknownAppointment
    return found


def _stands_at(appointment: Appointment, place: Place) -> bool:
    there = (appointment.starts_at, appointment.clinician_id, appointment.clinic_id)
    return appointment.status != CANCELLED and there == (place.start, place.clinician_id, place.clinic_id)


def _option(weeks: Iterable[Week], place: Place) -> Option | None:
    wanted = (place.start, place.clinician_id, place.clinic_id)
    options = (option for week in weeks for option in week.options)
    return next((o for o in options if (o.at.start, o.at.clinician, o.at.clinic) == wanted), None)


def _refusal(
    session: Session, office: Office, course: Course, number: int, place: Place, *, now: datetime
) -> BookingError:
    """Why a place is none for session `number`: somebody has it, or the rules forbid it."""
    day, minute = oslo(place.start).date(), oslo(place.start).hour * 60 + oslo(place.start).minute
    free = free_everywhere(session, office, course, day, now=now)
    if not free.covers(day) or not free.works_at(place.clinician_id, place.clinic_id):
        return DoesNotFit(number)
    minutes = protocol_by_id(session, course.protocol_id).weekly[0].treatment.minutes
    reasons = free.reasons(place.clinician_id, place.clinic_id, day, minute // STEP_MINUTES, minutes)
    taken = {ReasonKind.TAKEN, ReasonKind.NO_ROOM} & {reason.kind for reason in reasons}
    return SlotTaken() if taken else DoesNotFit(number)


def _number_missing(session: Session, course: Course, *, now: datetime) -> int:
    standing = standing_of(session, course, now=now)
    step = step_missing(protocol_by_id(session, course.protocol_id), standing)
    return step.number if step else len(standing)


def _move_along(course: Course, alteration: Alteration, option: Option) -> None:
    for appointment_id, planned in option.along:
        alteration.put(_own(course, appointment_id), planned)


def _went_on(course: Course, change: Change) -> bool:
    """Whether what was changed has happened, or was missed, since."""
    return any(appointment.status in (ARRIVED, FULFILLED, NOSHOW) for appointment, _ in differing(course, change))
