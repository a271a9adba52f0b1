"""Relocation: where all that a disruption touches could go instead, chosen for all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy.orm import Session

from booking.domain.assignment import Choice, Place, Use, assigned
from booking.domain.changing import Option, Standing, Week, last_needed, moves
from booking.domain.course import Planned
from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import STEP_MINUTES, STEPS_PER_DAY, Period, at_wall, monday_of, oslo, step_of
from booking.domain.protocol import Protocol, StepKind
from booking.domain.schedule import Schedule
from booking.domain.slot import Availability
from booking.domain.upheaval import upheaval
from booking.domain.working_days import end_of_working_day_after
from booking.services.disruptions import Cause, CauseKind, note_progress, place_json, to_change
from booking.services.holds import buffers
from booking.services.office import Office
from booking.services.proposals import limits_of
from booking.services.standing import busy_elsewhere, free_for, standing_of
from booking.store.appointments import Appointment, appointments_by_id
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import OPEN, Disruption, Touched
from booking.store.protocols import protocol_by_id
from booking.store.register import courses_by_id
from booking.store.schedules import schedule_of
from booking.store.unit_of_work import unit_of_work

OTHERS = 2
"""How many other times each patient can choose from."""

MOST_PLACES = 30
"""Of the places for each appointment the best so many are weighed; all of them where that leaves somebody out."""

CHOOSE_WITHIN = 1
"""Working days within which a patient answers whether her new time suits her."""

NOON = 12 * 60
"""Minutes past midnight: before noon of the next day nobody is offered another time, if there is any later one."""


@dataclass(frozen=True, slots=True)
class Way:
    """A place for a touched appointment; and what it asks of the patient."""

    option: Option
    cost: int


@dataclass(frozen=True, slots=True)
class Mover:
    """A touched appointment with all places that the rules of its course allow, the best first. `other_room`: as for
    `movers_of`."""

    appointment: Appointment
    patient_id: int
    now: Planned
    protocol: Protocol
    ways: tuple[Way, ...]
    free: Availability
    other_room: Cause | None

    def in_rooms(self, option: Option) -> Iterator[Option]:
        """The option in each room that is free then, the one that was found first."""
        at, cause = option.at, self.other_room
        minutes, step = at.step.treatment.minutes, at.minute // STEP_MINUTES
        for room in sorted(self.free.schedule.clinic(at.clinic).rooms, key=lambda room: room != at.room):
            closed = cause is not None and room == cause.room_id and cause.period.overlaps(_period(at))
            if not closed and self.free.room(at.clinic, at.day, step, minutes, prefer=room) == room:
                yield replace(option, at=replace(at, room=room))


@dataclass(frozen=True, slots=True)
class Proposed:
    """Where an appointment goes, and what else she can choose; None if there is no place for it. `exact`: no other way
    for all of them together is better."""

    to: Option | None
    others: tuple[Option, ...]


def propose(office: Office, disruption_id: int, *, version: int, now: datetime) -> bool:
    """Notes with each open appointment of the disruption where it could go, and two other times; nothing is moved or
    kept yet. Whether nothing better is possible for all of them together.

    Raises ChangedMeanwhile.
    """
    with Session(db.engine) as session:
        disruption = session.get_one(Disruption, disruption_id)
        found, exact = proposals(session, office, disruption, now=now)

    def work(session: Session) -> None:
        disruption = to_change(session, disruption_id, version)
        for row in disruption.touched:
            if row.state == OPEN:
                note_proposal(row, found.get(row.appointment_id))
        note_progress(disruption, now=now)

    unit_of_work(work)
    return exact


def propose_first(office: Office, disruption_id: int, *, now: datetime) -> None:
    """The same as soon as it is entered; nothing happens if somebody was faster."""
    with Session(db.engine) as session:
        disruption = session.get_one(Disruption, disruption_id)
        version, done = disruption.version, any(row.proposal or row.state != OPEN for row in disruption.touched)
    if done:
        return
    try:
        propose(office, disruption_id, version=version, now=now)
    except ChangedMeanwhile:
        return


def note_proposal(row: Touched, proposed: Proposed | None) -> None:
    row.proposal = _json(proposed.to.at) if proposed and proposed.to else None
    row.others = [_json(option.at) for option in proposed.others] if proposed else []


def proposals(
    session: Session, office: Office, disruption: Disruption, *, now: datetime
) -> tuple[dict[int, Proposed], bool]:
    """For each open appointment of the disruption (by id) where it goes, and whether that is the best for all."""
    open_ = [row.appointment_id for row in disruption.touched if row.state == OPEN]
    visits = appointments_by_id(session, open_)
    appointments = [visits[id] for id in open_]
    cause = other_room_for(disruption)
    movers = movers_of(session, office, appointments, now=now, other_room=cause, enough=MOST_PLACES)
    chosen, exact = _assigned(movers, buffers(session), MOST_PLACES)
    if None in chosen:
        movers = movers_of(session, office, appointments, now=now, other_room=cause)
        chosen, exact = _assigned(movers, buffers(session), max(len(mover.ways) for mover in movers))
    others = _others(movers, chosen, buffers(session), now=now)
    pairs = zip(movers, chosen, others, strict=True)
    return {m.appointment.id: Proposed(way.option if way else None, more) for m, way, more in pairs}, exact


def movers_of(
    session: Session,
    office: Office,
    appointments: Sequence[Appointment],
    *,
    now: datetime,
    other_room: Cause | None = None,
    also: Collection[int] = (),
    enough: int | None = None,
) -> list[Mover]:
    """Each appointment with where it can go: at the clinics where its course is, as the rules of the course allow.

    `other_room`: only a room is missing, so that most can stay as they are, in another one. `also`: more clinics.
    `enough`: who has so many places in her own week is not looked for elsewhere, for those ask more of her.
    """
    by_course: defaultdict[int, list[Appointment]] = defaultdict(list)
    for appointment in appointments:
        by_course[appointment.course_id].append(appointment)
    courses, schedules = courses_by_id(session, by_course), _Schedules(session, office, now=now)
    found = {
        mover.appointment.id: mover
        for course_id, its in by_course.items()
        for mover in _movers(session, office, courses[course_id], its, other_room, also, enough, schedules, now=now)
    }
    return [found[appointment.id] for appointment in appointments if appointment.id in found]


def other_room_for(disruption: Disruption) -> Cause | None:
    """The cause, if only a room is missing."""
    return Cause.of(disruption) if disruption.kind == CauseKind.ROOM else None


def answer_by(office: Office, starts: Iterable[datetime], *, now: datetime) -> datetime:
    """Until when the other times are kept: the end of the next working day, but no later than any of these, the new
    time among them, can be booked."""
    return min([end_of_working_day_after(now, CHOOSE_WITHIN), *(start - office.notice for start in starts)])


# -- where each can go ------------------------------------------------------------------------------------------------


class _Schedules:
    """The schedules of clinics from today to the horizon, those of the same clinics read once for all courses there."""

    def __init__(self, session: Session, office: Office, *, now: datetime) -> None:
        last = limits_of(office).horizon(now) + timedelta(days=1)
        self._session, self._period = session, Period(at_wall(oslo(now).date(), 0), at_wall(last, 0))
        self._found: dict[tuple[int, ...], Schedule] = {}

    def at(self, clinics: tuple[int, ...]) -> Schedule:
        if clinics not in self._found:
            self._found[clinics] = schedule_of(self._session, clinics, self._period)
        return self._found[clinics]


def _movers(
    session: Session,
    office: Office,
    course: Course,
    appointments: Sequence[Appointment],
    other_room: Cause | None,
    also: Collection[int],
    enough: int | None,
    schedules: _Schedules,
    *,
    now: datetime,
) -> Iterator[Mover]:
    protocol, standing = protocol_by_id(session, course.protocol_id), standing_of(session, course, now=now)
    clinics = tuple(sorted({each.planned.clinic for each in standing} | set(also)))
    today = oslo(now).date()
    until = max(today, min(last_needed(protocol, standing), limits_of(office).horizon(now)))
    days = (today, until)
    free = free_for(session, office, course, clinics, days, now=now, schedule=schedules.at(clinics))
    busy = busy_elsewhere(session, course, now=now)
    places = {each.id: each for each in standing if not each.fixed}
    for appointment in appointments:
        if appointment.id not in places:
            continue
        stands = places[appointment.id].planned
        options: list[Option] = []
        if enough is not None:
            near = free.seen_by(_but_the_week_of(stands, days))
            options = _options(moves(protocol, standing, near, appointment.id, busy=busy), clinics)
        if enough is None or len(options) < enough:
            options = _options(moves(protocol, standing, free, appointment.id, busy=busy), clinics)
        if len(appointments) > 1:
            options = [option for option in options if not option.along and _in_order(standing, appointment.id, option)]
        if other_room is not None:
            options.insert(0, Option(stands))
        costs = [(upheaval(stands, option, now=now), option) for option in options]
        ways = [Way(option, cost) for cost, option in sorted(costs, key=lambda each: each[0])]
        yield Mover(appointment, course.patient_id, stands, protocol, tuple(ways), free, other_room)


def _options(weeks: Iterable[Week], clinics: Collection[int]) -> list[Option]:
    """Those at these clinics: of others, those are shown, too, where who treats here works."""
    return [option for week in weeks for option in week.options if option.at.clinic in clinics]


def _but_the_week_of(planned: Planned, days: tuple[date, date]) -> list[Period]:
    """All of these days that are not in its week, for who is away then."""
    monday = monday_of(planned.day)
    edges = [(days[0], monday), (monday + timedelta(days=7), days[1] + timedelta(days=1))]
    return [Period(at_wall(first, 0), at_wall(end, 0)) for first, end in edges if first < end]


def _in_order(standing: Sequence[Standing], appointment_id: int, option: Option) -> bool:
    """Whether the sessions of a course, of which several move at once, stay in their order."""
    ids = [each.id for each in standing]
    at = ids.index(appointment_id)
    before = all(each.planned.start < option.at.start for each in standing[:at])
    return before and all(each.planned.start > option.at.start for each in standing[at + 1 :])


# -- all together -----------------------------------------------------------------------------------------------------


def _assigned(movers: Sequence[Mover], buffer_of: dict[int, int], most: int) -> tuple[list[Way | None], bool]:
    weighed = [_best(mover, most) for mover in movers]
    places = [
        [Place(way.cost, tuple(_uses(mover, way.option, buffer_of))) for way in ways]
        for mover, ways in zip(movers, weighed, strict=True)
    ]
    found = assigned(places, barred=list(_barred(movers, weighed)))
    pairs = zip(weighed, found.places, strict=True)
    return [None if place is None else ways[place] for ways, place in pairs], found.exact


def _best(mover: Mover, most: int) -> list[Way]:
    """The best so many places, each in every room that is free then."""
    return [Way(option, way.cost) for way in mover.ways[:most] for option in mover.in_rooms(way.option)]


def _uses(mover: Mover, option: Option, buffer_of: dict[int, int]) -> Iterator[Use]:
    """What nobody else can have then: the clinician first, the room, and the patient herself, who needs no buffer."""
    for planned in (option.at, *(planned for _, planned in option.along)):
        first, last = step_of(planned.start), step_of(planned.end)
        day, buffered = first // STEPS_PER_DAY, last + buffer_of[planned.clinic]
        yield Use(("clinician", planned.clinician, day), first, buffered)
        yield Use(("room", planned.room, day), first, buffered)
        yield Use(("patient", mover.patient_id, day), first, last)


def _barred(movers: Sequence[Mover], weighed: Sequence[Sequence[Way]]) -> Iterator[tuple[Choice, Choice]]:
    """Places of one course that its rules do not allow together."""
    by_course: defaultdict[int, list[int]] = defaultdict(list)
    for number, mover in enumerate(movers):
        by_course[mover.appointment.course_id].append(number)
    for numbers in by_course.values():
        in_time = sorted(numbers, key=lambda number: movers[number].now.start)
        for one, other in pairwise(in_time):
            for at, way in enumerate(weighed[one]):
                for place, following in enumerate(weighed[other]):
                    if not _together(movers[one], way.option.at, following.option.at):
                        yield (one, at), (other, place)


def _together(mover: Mover, one: Planned, following: Planned) -> bool:
    """Whether two appointments in a row of a course may be there."""
    protocol, days = mover.protocol, (following.day - one.day).days
    if one.start >= following.start:
        return False
    kinds = (one.step.kind, following.step.kind)
    if kinds == (StepKind.SESSION, StepKind.SESSION):
        weeks = (monday_of(following.day) - monday_of(one.day)).days // 7
        return weeks > 0 and (_far_apart(one, following) or protocol.spaced(days, weeks - 1))
    return kinds != (StepKind.SESSION, StepKind.REVIEW) or days >= protocol.review_gap


def _far_apart(one: Planned, following: Planned) -> bool:
    """Whether other sessions of the course lie between them, which do not move."""
    return abs(following.step.number - one.step.number) > 1


# -- what else she can choose -----------------------------------------------------------------------------------------


def _others(
    movers: Sequence[Mover], chosen: Sequence[Way | None], buffer_of: dict[int, int], *, now: datetime
) -> list[tuple[Option, ...]]:
    """For each the best other places that nobody else is to have: one in turn for all, then another one."""
    taken = [use for mover, way in _pairs(movers, chosen) for use in _uses(mover, way.option, buffer_of)]
    found: list[list[Option]] = [[] for _ in movers]
    in_time = at_wall(oslo(now).date() + timedelta(days=1), NOON)
    for _ in range(OTHERS):
        for number, (mover, way) in enumerate(zip(movers, chosen, strict=True)):
            if way is None:
                continue
            hers = [way.option, *found[number]]
            other = next(_free_besides(mover, hers, taken, buffer_of, in_time), None)
            if other is not None:
                found[number].append(other)
                taken += _uses(mover, other, buffer_of)
    return [tuple(sorted(options, key=lambda option: option.at.start)) for options in found]


def _free_besides(
    mover: Mover, hers: Sequence[Option], taken: Sequence[Use], buffer_of: dict[int, int], in_time: datetime
) -> Iterator[Option]:
    """Her other places that meet nothing, those first that are not too soon to choose them."""
    for way in sorted(mover.ways, key=lambda way: way.option.at.start < in_time):
        apart = not any(_period(way.option.at).overlaps(_period(option.at)) for option in hers)
        if apart and not way.option.along:
            rooms = mover.in_rooms(way.option)
            yield from (each for each in rooms if not _meets(_uses(mover, each, buffer_of), taken))


def _meets(uses: Iterable[Use], taken: Sequence[Use]) -> bool:
    return any(
        use.resource == other.resource and use.start < other.end and other.start < use.end
        for use in uses
        for other in taken
    )


def _period(planned: Planned) -> Period:
    return Period(planned.start, planned.end)


def _json(planned: Planned) -> dict[str, int]:
    return place_json(planned.start, planned.clinician, planned.clinic, planned.room)


def _pairs(movers: Sequence[Mover], chosen: Sequence[Way | None]) -> Iterator[tuple[Mover, Way]]:
    return ((mover, way) for mover, way in zip(movers, chosen, strict=True) if way is not None)
