"""Changing: where an appointment of a booked course can go, what must go with it, and how a course goes on anew.

What stands
    A course is what is still alive of it: missed and cancelled sessions do not count. What is over, or where the
    patient has arrived, is *fixed*: it counts for spacing and stays.

Where a session can go
    Never into the week (ISO, Oslo) of another session, and only as near to and as far from its neighbours as the
    protocol spaces sessions. First the other free times of its own week, then weeks that the course leaves out, and
    the weeks after its last session, `max_slips` of them. Within a week the times stand as the planner ranks them
    against the pattern: hers first, then colleagues', then other clinics'.

What goes with it
    A first visit stays and must still lie before the first session as the protocol asks. A review stays as long as
    it is `review_gap` after the last session; otherwise it moves along into its window, which lies as many weeks later
    as the last session lies later than the protocol plans. Where it finds no place, the session has none either.

A review can go anywhere in that window and a first visit anywhere in its own; a protocol of one step, or what is left
of a course without any session, to any free time within eight weeks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from booking.domain.board import Board, Spot, away_periods
from booking.domain.course import Deviation, Pattern, Planned, Wishes
from booking.domain.errors import UnknownAppointment
from booking.domain.itinerary import departure_of, home_of, price_off
from booking.domain.period import Period, monday_of
from booking.domain.protocol import Protocol, Step, StepKind, Window
from booking.domain.slot import Availability, bits
from booking.domain.visits import Visits

FAR = 8
"""How many weeks away an appointment may go that no other one binds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One live appointment of a course. `fixed`: it is over, or the patient has arrived."""

    id: int
    planned: Planned
    fixed: bool

    @property
    def kind(self) -> StepKind:
        return self.planned.step.kind


@dataclass(frozen=True, slots=True)
class Option:
    """A free place, and where other appointments (by id) must go with it. `at.deviation` gives no reasons."""

    at: Planned
    along: tuple[tuple[int, Planned], ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week by its Monday, with its options, best first."""

    monday: date
    options: tuple[Option, ...]


# -- what stands ----------------------------------------------------------------------------------------------


def pattern_of(standing: Iterable[Standing]) -> Pattern:
    """The pattern that most of the sessions keep, those to come before those that are over.

    Of a course without sessions the place of its first appointment. Raises ValueError if nothing stands.
    """
    places = [each.planned for each in _exemplary(_in_order(standing))]
    if not places:
        raise ValueError("a course without appointments has no pattern")
    found = Counter(Pattern(each.day.weekday(), each.minute, each.clinician, each.clinic) for each in places)
    return found.most_common(1)[0][0]


def numbered(standing: Iterable[Standing]) -> dict[int, int]:
    """The number of each session by its id: the numbers that there are, given out in order of time."""
    sessions = _sessions(standing)
    return dict(zip((each.id for each in sessions), sorted(each.planned.step.number for each in sessions), strict=True))


def step_missing(protocol: Protocol, standing: Iterable[Standing]) -> Step | None:
    """The first session of the protocol that was missed or cancelled and is not made up for; None if all are there."""
    there = {each.planned.step.number for each in _sessions(standing)}
    return next((step for step in protocol.sessions if step.number not in there), None)


def last_needed(protocol: Protocol, standing: Sequence[Standing]) -> date:
    """The last date that an availability must cover to show every place for these appointments and one more."""
    sessions = [each.planned.day for each in _sessions(standing)]
    days = [each.planned.day for each in standing]
    if _unbound(protocol, sessions):
        return _sunday(max(days), FAR)
    last = _sunday(max(sessions), protocol.max_slips)
    begin = _sunday(sessions[1]) if len(sessions) > 1 else last
    behind = timedelta(days=7 * (len(protocol.sessions) - 1))
    windows = [timedelta(days=_window(step).latest) for step in protocol.reviews]
    return max([*days, last, *(max(begin, last - behind) + latest for latest in windows)])


# -- where to -------------------------------------------------------------------------------------------------


def moves(
    protocol: Protocol,
    standing: Sequence[Standing],
    availability: Availability,
    appointment_id: int,
    *,
    busy: Iterable[Period] = (),
) -> tuple[Week, ...]:
    """Where else an appointment can be: its own week first, even if empty, then the other possible weeks in order.

    `availability` begins with the notice (`earliest`), covers `last_needed`, and does not count the appointments of
    this course as taken unless they are fixed. All its clinics are offered; a start stands once for each who is free.
    `busy`: when the patient has other appointments. Raises UnknownAppointment.
    """
    moved = next((each for each in standing if each.id == appointment_id), None)
    if moved is None:
        raise UnknownAppointment
    return _Course(protocol, standing, availability, busy).moves(moved)


def extra(
    protocol: Protocol, standing: Sequence[Standing], availability: Availability, *, busy: Iterable[Period] = ()
) -> tuple[Week, ...]:
    """Where a session that was missed or cancelled can be made up for: the possible weeks after the last session.

    Empty if none is missing, or if no session stands that it could come after. Arguments as for `moves`.
    """
    step = step_missing(protocol, standing)
    if step is None or not _sessions(standing):
        return ()
    return _Course(protocol, standing, availability, busy).at_the_end(step)


class _Course:
    """What stands of a course, on a board of what is free to its patient."""

    def __init__(
        self, protocol: Protocol, standing: Sequence[Standing], availability: Availability, busy: Iterable[Period]
    ) -> None:
        self._protocol, self._standing = protocol, _in_order(standing)
        self._pattern = pattern_of(standing)
        wishes = Wishes(
            clinics=tuple(clinic.id for clinic in availability.schedule.clinics),
            start=availability.first,
            busy=tuple(busy),
            new_patient=any(each.kind is StepKind.FIRST_VISIT for each in standing),
        )
        seen = availability.seen_by(away_periods(wishes))
        self._board = Board(seen, wishes, availability.first, availability.last)
        self._visits = Visits(protocol, self._board)
        self._sessions = [self._spot(each) for each in _sessions(standing)]
        self._alongs: dict[tuple[int, int], tuple[tuple[int, Planned], ...] | None] = {}
        # A week has hundreds of places.
        self._home = cache(lambda week: home_of(self._pattern, week))
        self._deviation = cache(lambda week, off: Deviation(self._board.start(self._home(week)), (), off))

    def moves(self, moved: Standing) -> tuple[Week, ...]:
        own = self._spot(moved).day // 7
        weeks = {own: self._week(own, moved)}
        for week in self._reach(moved):
            weeks[week] = self._week(week, moved)
        others = (found for week, found in sorted(weeks.items()) if week != own and found.options)
        return (weeks[own], *others)

    def at_the_end(self, step: Step) -> tuple[Week, ...]:
        last = self._sessions[-1].day // 7
        after = range(last + 1, last + 1 + self._protocol.max_slips)
        found = (self._sessions_of(week, step, self._sessions, None) for week in after)
        return tuple(week for week in found if week.options)

    # -- weeks ----------------------------------------------------------------------------------------------

    def _reach(self, moved: Standing) -> Iterable[int]:
        """The weeks that the appointment may go to, other than its own."""
        own = self._spot(moved).day // 7
        if self._free_to_go():
            return range(own - FAR, own + FAR + 1)
        if moved.kind is not StepKind.SESSION:
            return range(self._board.weeks)
        weeks = [spot.day // 7 for spot in self._sessions]
        return [week for week in range(weeks[0], weeks[-1] + self._protocol.max_slips + 1) if week not in weeks]

    def _free_to_go(self) -> bool:
        return _unbound(self._protocol, self._sessions)

    def _week(self, week: int, moved: Standing) -> Week:
        step, room, own = moved.planned.step, moved.planned.room, self._spot(moved)
        if moved.kind is StepKind.SESSION and not self._free_to_go():
            others = [spot for spot in self._sessions if spot != own]
            return self._sessions_of(week, step, others, moved)
        places = self._places(self._days(week), step)
        spots = [spot for spot in places if spot != own and self._holds(step, spot)]
        return self._ranked(week, ((spot, self._board.planned(step, spot, prefer=room), ()) for spot in spots))

    def _sessions_of(self, week: int, step: Step, others: Sequence[Spot], moved: Standing | None) -> Week:
        """The places of a week for one session among the `others`."""
        own, room = (self._spot(moved), moved.planned.room) if moved else (None, None)
        days = [day for day in self._days(week) if self._spaced(day, others)]
        spots = (spot for spot in self._places(days, step) if spot != own)
        found = ((spot, self._with_deviation(step, spot, room), self._around(spot, others)) for spot in spots)
        return self._ranked(week, found)

    def _days(self, week: int) -> range:
        return self._board.within(week * 7, week * 7 + 6)

    def _places(self, days: Sequence[int], step: Step) -> Iterator[Spot]:
        for clinician, clinic in self._board.givers(step.treatment):
            free = self._board.free(clinician, clinic, step.treatment)
            for day in days:
                yield from (Spot(day, start, clinician, clinic) for start in bits(free[day]))

    def _ranked(
        self, week: int, found: Iterable[tuple[Spot, Planned | None, tuple[tuple[int, Planned], ...] | None]]
    ) -> Week:
        """As the planner ranks them; what has no room, or no place for what must move along, is left out."""
        options = [
            (self._price(spot), spot, Option(at, along))
            for spot, at, along in found
            if at is not None and along is not None
        ]
        ranked = sorted(options, key=lambda each: each[:2])
        return Week(self._board.date_of(week * 7), tuple(option for *_, option in ranked))

    # -- what holds -----------------------------------------------------------------------------------------

    def _spaced(self, day: int, others: Sequence[Spot]) -> bool:
        """Whether a session on `day` keeps the distance to those before and after it."""
        before = [spot.day for spot in others if spot.day <= day][-1:]
        after = [spot.day for spot in others if spot.day > day][:1]
        pairs = [(early, day) for early in before] + [(day, late) for late in after]
        weeks = [(late - early, late // 7 - early // 7) for early, late in pairs]
        return all(apart > 0 and self._protocol.spaced(days, apart - 1) for days, apart in weeks)

    def _holds(self, step: Step, spot: Spot) -> bool:
        """Whether a first visit or review may be at `spot`."""
        if self._free_to_go():
            return True
        first, last = self._sessions[0], self._sessions[-1]
        if step.kind is StepKind.FIRST_VISIT:
            return self._visits.still_before(spot, first)
        return self._visits.still_after(step, spot, first.day, self._slips(first.day, last.day), last.day)

    def _around(self, spot: Spot, others: Sequence[Spot]) -> tuple[tuple[int, Planned], ...] | None:
        """What must move along if a session is at `spot`; None if first visit or review leave no place for it."""
        first, last = min([spot, *others[:1]]), max([spot, *others[-1:]])
        if first != self._sessions[0] and not self._visit_stays(first):
            return None
        key = (first.day, last.day)
        if key not in self._alongs:
            self._alongs[key] = self._along(*key)
        return self._alongs[key]

    def _visit_stays(self, first: Spot) -> bool:
        visits = (each for each in self._standing if each.kind is StepKind.FIRST_VISIT and not each.fixed)
        return all(self._visits.still_before(self._spot(visit), first) for visit in visits)

    def _along(self, first: int, last: int) -> tuple[tuple[int, Planned], ...] | None:
        """The reviews that must move for sessions from `first` to `last`; None if one of them cannot."""
        moved = []
        for review in self._standing:
            if review.kind is not StepKind.REVIEW or self._review_stays(review, last):
                continue
            planned = None if review.fixed else self._review(review, first, last)
            if planned is None:
                return None
            moved.append((review.id, planned))
        return tuple(moved)

    def _review_stays(self, review: Standing, last: int) -> bool:
        """A review is no nearer to the sessions than it may be, or than it is already."""
        return last <= self._sessions[-1].day or self._visits.rested(self._spot(review).day, last)

    def _review(self, review: Standing, first: int, last: int) -> Planned | None:
        step, near = review.planned.step, self._home(first // 7)
        spot = self._visits.review(step, first, self._slips(first, last), last, near)
        return self._board.planned(step, spot, prefer=review.planned.room) if spot else None

    def _slips(self, first: int, last: int) -> int:
        """By how many weeks the last session lies later than the protocol plans it."""
        return max(last // 7 - first // 7 - len(self._protocol.sessions) + 1, 0)

    # -- against the pattern --------------------------------------------------------------------------------

    def _price(self, spot: Spot) -> int:
        home = self._home(spot.day // 7)
        return price_off(spot, home, departure_of(spot, home))

    def _with_deviation(self, step: Step, spot: Spot, room: int | None) -> Planned | None:
        """The session at `spot`; if that is off the pattern, then because the patient chose it."""
        week = spot.day // 7
        departure = departure_of(spot, self._home(week))
        deviation = self._deviation(week, departure) if departure else None
        return self._board.planned(step, spot, prefer=room, deviation=deviation)

    def _spot(self, standing: Standing) -> Spot:
        return self._board.spot(standing.planned)


# -- the rest of a course -------------------------------------------------------------------------------------


def rest_protocol(protocol: Protocol, standing: Iterable[Standing]) -> Protocol:
    """What is still to come of a course, as a protocol of its own; without a step if no session is.

    Its sessions keep their numbers and its first visit (if there is one to come) and reviews their windows, which
    count from the first of its sessions and so begin earlier by the weeks that are behind it. No window begins sooner
    after the course's first session than the protocol lets it; where missed sessions left weeks empty it may end later.
    """
    coming = [each for each in _in_order(standing) if not each.fixed]
    if not _sessions(coming):
        return replace(protocol, steps=())
    kept = [each.planned.day for each in _sessions(standing) if each.fixed]
    steps = [_rest_step(protocol, each.planned.step, kept, len(_sessions(coming))) for each in coming]
    return replace(protocol, steps=tuple(steps))


def rest_wishes(protocol: Protocol, standing: Iterable[Standing], wishes: Wishes) -> Wishes:
    """The wishes, bounded by what is kept: the rest begins in a later week, as far from the last kept session as the
    protocol spaces sessions."""
    fixed = [each for each in standing if each.fixed]
    visit = any(each.kind is StepKind.FIRST_VISIT and not each.fixed for each in standing)
    busy = tuple(Period(each.planned.start, each.planned.end) for each in fixed)
    wishes = replace(wishes, new_patient=visit, busy=wishes.busy + busy)
    kept = [each.planned.day for each in _sessions(fixed)]
    if not kept:
        return wishes
    week = monday_of(kept[-1]) + timedelta(days=7)
    start = max(wishes.start, week, kept[-1] + timedelta(days=protocol.min_gap))
    too_late, sunday = kept[-1] + timedelta(days=protocol.max_gap + 1), week + timedelta(days=6)
    away = ((too_late, sunday),) if too_late <= sunday else ()
    return replace(wishes, start=start, away=wishes.away + away)


def _rest_step(protocol: Protocol, step: Step, kept: Sequence[date], coming: int) -> Step:
    if not kept or step.window is None:
        return step
    window, weeks = step.window, (monday_of(kept[-1]) - monday_of(kept[0])).days // 7 + 1
    behind = 7 * min(weeks, len(protocol.sessions) - coming)
    # The rest may begin on an earlier weekday than the course did.
    earliest = min(window.earliest + kept[0].weekday(), window.latest)
    return replace(step, window=Window(earliest - behind, window.latest - behind, window.target - behind))


# -- small things ---------------------------------------------------------------------------------------------


def _in_order(standing: Iterable[Standing]) -> list[Standing]:
    return sorted(standing, key=lambda each: (each.planned.start, each.id))


def _sessions(standing: Iterable[Standing]) -> list[Standing]:
    """The sessions in order of time."""
    return [each for each in _in_order(standing) if each.kind is StepKind.SESSION]


def _exemplary(standing: list[Standing]) -> list[Standing]:
    """Those whose places make the pattern, if they agree: sessions to come that keep it, any that do, all there are."""
    sessions = _sessions(standing)
    keeping = [each for each in sessions if each.planned.deviation is None]
    coming = [each for each in keeping if not each.fixed]
    return coming or keeping or sessions or standing[:1]


def _unbound(protocol: Protocol, sessions: Sequence[object]) -> bool:
    """Whether an appointment stands for itself: the only one of its protocol, or one without any session left."""
    return len(protocol.steps) == 1 or not sessions


def _window(step: Step) -> Window:
    assert step.window is not None, "reviews of a course have windows"
    return step.window


def _sunday(day: date, weeks: int = 0) -> date:
    """The last day of the week that lies `weeks` weeks after that of `day`."""
    return monday_of(day) + timedelta(days=7 * weeks + 6)
