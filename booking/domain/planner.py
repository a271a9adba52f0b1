"""Planner: courses that fit a patient's wishes, each exactly the best of its pattern.

What a course is
    Days are dates in Oslo and spacing is the difference of dates; minutes are those of the clock on the wall, so nine
    Tuesdays at 09:00 stay 09:00 across a change of the clocks. Sessions stand one in each of consecutive ISO weeks,
    `min_gap` to `max_gap` days after the one before. A start is free if the hours, closings, absences, what is taken
    (with buffers), a room and the patient herself allow it; nothing lies before the wished start, the notice, or
    after the horizon. Who does not needle is never offered for needles.

What a pattern is
    A weekday, a minute, a clinician and a clinic, within the wished days, parts of day (by the start) and clinics. The
    wished clinician binds it; patterns of the others are tried only if she has no plan at all and may be replaced.
    Session 1 lies on the pattern, in the first week, from the wished start's on, in which the pattern is free and, for
    a new patient, a first visit fits before it; at most `start_weeks` weeks later. If no pattern gives a plan so, the
    weeks are tried one by one to the horizon, session 1 in just that week, and the first week that gives plans counts.

What a deviation costs
    Every later session may lie at any free start of any clinician at any wished clinic, if it is not only her that is
    wished. It costs one deviation; its departure (same date, clinician and clinic at another time; another day of the
    week; a colleague at the clinic; another clinic: the worst that applies); days and minutes away from the pattern.
    Costs are summed and compared in this order, equal ones by the earlier starts. A deviation may leave the wished
    days and parts of day.

What a slip is
    A week is left out only if without that the pattern has no course at all: the number of weeks left out is least
    first, then the cost. The session after the gap always deviates: it stands instead of the pattern's time in the
    first week left out, for all the reasons of the weeks left out. Its days and minutes are counted in its own week, so
    that it comes back to the pattern if it can, and its departure is at least that of another day. `max_gap` does not
    hold for that gap; the review's window and target move by 7 days a week.

What stands around it
    A first visit lies in its window before session 1, on the same date only directly before it at the same clinic; the
    review in its window and at least `review_gap` days after the last session. They are no deviations, see `Visits`
    for how they are chosen; a plan without a possible one is no plan. Each takes the room of the appointment before it
    at that clinic if that is free, otherwise the first free one.

Plans are ranked by cost, then by the start of session 1, then weekday, minute, clinician and clinic. From the top are
taken those that really differ from the ones before: another weekday, another clinician, or two hours of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from booking.domain.board import Board, Spot, away_periods
from booking.domain.course import (
    FailedWeek,
    FreeDay,
    FreeTime,
    NoPlan,
    Pattern,
    Plan,
    Planned,
    Relaxation,
    Wish,
    Wishes,
)
from booking.domain.errors import DoesNotFit
from booking.domain.itinerary import Itinerary
from booking.domain.period import STEP_MINUTES, at_wall, monday_of, oslo
from booking.domain.protocol import Protocol, StepKind, Treatment
from booking.domain.search import Found, Home, Search
from booking.domain.slot import Availability, Reason, ReasonKind, bits, sorted_reasons


@dataclass(frozen=True, slots=True)
class Limits:
    """How far ahead anything may lie, in days from today, and how soon, from now."""

    horizon_days: int = 548
    notice: timedelta = timedelta(hours=2)

    def horizon(self, now: datetime) -> date:
        return oslo(now).date() + timedelta(days=self.horizon_days)


DEFAULT_LIMITS = Limits()
"""18 months ahead, two hours' notice."""


# -- which days to look at ------------------------------------------------------------------------------------


def first_day(wishes: Wishes, now: datetime) -> date:
    """The first date (Oslo) on which anything may lie: the wished start, or today if that has passed."""
    return max(wishes.start, oslo(now).date())


def needed_range(
    protocol: Protocol, wishes: Wishes, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> tuple[date, date]:
    """The first and the last date that an availability must cover to plan a course."""
    first = first_day(wishes, now)
    last = _last_needed(protocol, monday_of(first), protocol.start_weeks)
    return first, max(first, min(last, limits.horizon(now)))


def widest_range(wishes: Wishes, now: datetime, limits: Limits = DEFAULT_LIMITS) -> tuple[date, date]:
    """From today to the horizon: to ask again with when there is no plan, for later starts and for what would help."""
    return oslo(now).date(), max(first_day(wishes, now), limits.horizon(now))


def _last_needed(protocol: Protocol, monday: date, weeks: int) -> date:
    """The last date that a course can reach whose session 1 lies `weeks` weeks after the week of `monday`."""
    sunday = monday + timedelta(days=7 * weeks + 6)
    slips = 7 * protocol.max_slips
    sessions = 7 * (len(protocol.weekly) - 1)
    reviews = [step.window.latest for step in protocol.reviews if step.window]
    return sunday + timedelta(days=max([sessions, *reviews]) + slips)


# -- plans ----------------------------------------------------------------------------------------------------


def plan_course(
    protocol: Protocol,
    wishes: Wishes,
    availability: Availability,
    *,
    now: datetime,
    most: int = 3,
    others: tuple[int, ...] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Plan, ...] | NoPlan:
    """At most `most` plans that really differ, best first; or why there is none and which wish to give up.

    `availability` covers `needed_range` (ValueError otherwise). Later starts are tried as far as it goes beyond that,
    so ask again with `widest_range` before taking no for an answer. The wishes' days away and busy times need not be
    in it. `others`: clinics that are not wished but could be, for the wish to give up; its schedule must know them.
    """
    plans = _Request(protocol, wishes, availability, now, limits).plans(most)
    return plans or _no_plan(_Request(protocol, wishes, availability, now, limits), others)


def plan_pattern(
    protocol: Protocol,
    wishes: Wishes,
    availability: Availability,
    pattern: Pattern,
    *,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> Plan | None:
    """The best course of one pattern, None if it has none or lies outside of the wishes for days, parts and clinics."""
    return _Request(protocol, wishes, availability, now, limits).plan(pattern)


def best_course(
    protocol: Protocol, wishes: Wishes, availability: Availability, *, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> Plan | None:
    """The first of the plans of `plan_course`; None, with no word about why, if there is none."""
    return next(iter(_Request(protocol, wishes, availability, now, limits).plans(1)), None)


class _Request:
    """One patient's wishes against one availability."""

    def __init__(
        self, protocol: Protocol, wishes: Wishes, availability: Availability, now: datetime, limits: Limits
    ) -> None:
        first, last = needed_range(protocol, wishes, now, limits)
        if availability.first > first or availability.last < last:
            raise ValueError(f"the availability must cover {first} to {last}")
        self.protocol, self.wishes, self.availability = protocol, wishes, availability
        self.now, self.limits = now, limits
        self.horizon = limits.horizon(now)
        seen = availability.seen_by(away_periods(wishes), earliest=now + limits.notice)
        self.board = Board(seen, wishes, first, self.horizon)
        self.search = Search(protocol, self.board)

    def plans(self, most: int) -> tuple[Plan, ...]:
        return tuple(self._plan(found) for found in self._first_found(self._turns(), most))

    def starts_soon(self) -> bool:
        """Whether there is a plan with session 1 in the first weeks."""
        return any(self.search.best(homes, self._first_weeks(), 1) for homes in self._turns())

    def plan(self, pattern: Pattern) -> Plan | None:
        if pattern.weekday not in range(7) or pattern.minute not in range(0, 24 * 60, STEP_MINUTES):
            return None
        step = self.board.wished(pattern.weekday) & 1 << pattern.minute // STEP_MINUTES
        home = Home(pattern.weekday, pattern.clinician, pattern.clinic, step)
        found = self._first_found([[home]], 1)
        return self._plan(found[0]) if found else None

    def _turns(self) -> list[list[Home]]:
        """Whose patterns are tried: hers, then everybody's if she is a preference; without a wish everybody's."""
        wishes = self.wishes
        preferred = wishes.clinician is not None and wishes.bound_to is None
        return [self.search.homes(who) for who in ((wishes.clinician, None) if preferred else (wishes.clinician,))]

    def _first_found(self, turns: Sequence[list[Home]], most: int) -> list[Found]:
        """The best of the first turn that has any; of later weeks only if no turn has any in the first weeks."""
        for weeks in (self._first_weeks(), *self._later()):
            for homes in turns:
                if found := self.search.best(homes, weeks, most):
                    return found
        return []

    def _first_weeks(self) -> range:
        return range(self.protocol.start_weeks + 1)

    def _later(self) -> Iterator[tuple[int]]:
        """The weeks one by one, as long as the availability shows all that a course from there on can reach."""
        for week in range(self.board.weeks):
            needed = min(_last_needed(self.protocol, self.board.monday, week), self.horizon)
            if needed > self.availability.last:
                return
            yield (week,)

    def _plan(self, found: Found) -> Plan:
        return Itinerary(self.protocol, self.board, found.pattern).plan(found.starts)


# -- changing a plan ------------------------------------------------------------------------------------------


def alternatives(
    protocol: Protocol, wishes: Wishes, availability: Availability, plan: Plan, number: int
) -> tuple[Planned, ...]:
    """The other free times of session `number`'s week that keep the spacing to its neighbours, best first.

    One for each start, with whom it departs least from the pattern. `availability` begins with the notice
    (`earliest`) and does not count the plan's own held times as taken. Raises ValueError for an unknown number.
    """
    return _itinerary(protocol, wishes, availability, plan).alternatives(plan, number)


def replace_session(
    plan: Plan, number: int, alternative: Planned, availability: Availability, protocol: Protocol, wishes: Wishes
) -> Plan:
    """The plan with session `number` at `alternative`'s time, clinician and clinic.

    Its deviation, its room and the cost are worked out anew; first visit and review stay, and are chosen again only
    if they no longer fit. Raises DoesNotFit if the time is not free in the session's week or breaks the spacing, or
    if it leaves no first visit or review; ValueError for an unknown number.
    """
    moved = _itinerary(protocol, wishes, availability, plan).moved(plan, number, alternative)
    if moved is None:
        raise DoesNotFit(number)
    return moved


def _itinerary(protocol: Protocol, wishes: Wishes, availability: Availability, plan: Plan) -> Itinerary:
    seen = availability.seen_by(away_periods(wishes))
    return Itinerary(protocol, Board(seen, wishes, wishes.start, availability.last), plan.pattern)


# -- single appointments --------------------------------------------------------------------------------------


def free_times(
    availability: Availability, treatment: Treatment, clinics: Iterable[int], clinician: int | None = None
) -> Iterator[FreeDay]:
    """The dates with free starts for one appointment, worked out as they are asked for.

    For each start and clinic one time: with `clinician`, or (None) with the first in display order who is free.
    """
    wishes = Wishes(tuple(clinics), availability.first, clinician, only_her=clinician is not None)
    board = Board(availability, wishes, availability.first, availability.last)
    free = [(pair, board.free(*pair, treatment)) for pair in board.givers(treatment)]
    length = timedelta(minutes=treatment.minutes)
    for day in range(board.days):
        spots: dict[tuple[int, int], int] = {}
        for (giver, clinic), masks in free:
            for step in bits(masks[day]):
                spots.setdefault((step, clinic), giver)
        starts = ((at_wall(board.date_of(day), step * STEP_MINUTES), step, clinic) for step, clinic in sorted(spots))
        times = tuple(FreeTime(start, start + length, spots[step, clinic], clinic) for start, step, clinic in starts)
        if times:
            yield FreeDay(board.date_of(day), times)


def plan_single(
    protocol: Protocol, wishes: Wishes, availability: Availability, start: datetime, *, clinician: int, clinic: int
) -> Plan:
    """The plan of a protocol with one step, at a chosen time. Raises DoesNotFit if that is not free."""
    day, minute = oslo(start).date(), oslo(start).hour * 60 + oslo(start).minute
    board = Board(availability.seen_by(away_periods(wishes)), wishes, wishes.start, availability.last)
    spot = Spot(board.day(day), minute // STEP_MINUTES, clinician, clinic)
    if board.start(spot) != start or not board.is_free(spot, protocol.weekly[0].treatment):
        raise DoesNotFit(1)
    pattern = Pattern(day.weekday(), minute, clinician, clinic)
    return Itinerary(protocol, board, pattern).plan((spot[:2],))


# -- no plan --------------------------------------------------------------------------------------------------


def _no_plan(request: _Request, others: tuple[int, ...]) -> NoPlan:
    return NoPlan(tuple(_failed_weeks(request)), _fails(request), _best_relaxation(request, others))


def _failed_weeks(request: _Request) -> Iterator[FailedWeek]:
    """Of the weeks that a course from the wished start on can reach, those in which nothing wished for is free."""
    protocol, board = request.protocol, request.board
    treatment = protocol.weekly[0].treatment
    reach = protocol.start_weeks + len(protocol.weekly) + protocol.max_slips
    for week in range(min(reach, board.weeks)):
        days = [day for day in range(week * 7, week * 7 + 7) if board.wished(day)]
        if not any(board.any_free(treatment)[day] & board.wished(day) for day in days):
            yield FailedWeek(board.date_of(week * 7), _obstacles(board, treatment, days))


def _obstacles(board: Board, treatment: Treatment, days: Iterable[int]) -> tuple[Reason, ...]:
    """Why nothing is free at the wished times, each reason once; outside of hours only if nothing else is."""
    found: dict[Reason, None] = {}
    for day in days:
        if not board.first <= board.date_of(day) <= board.last:
            continue
        for clinician, clinic in board.givers(treatment):
            when = (clinician, clinic, board.date_of(day))
            starts = board.availability.worked(*when, treatment.minutes) & board.wished(day)
            if starts:
                found.update(dict.fromkeys(board.availability.obstacles(*when, starts, treatment.minutes)))
    outside = Reason(ReasonKind.OUTSIDE_HOURS)
    reasons = [reason for reason in found if reason != outside] or [outside]
    return sorted_reasons(reasons)


def _fails(request: _Request) -> StepKind:
    """What is in the way: a first visit or review, if the sessions could be planned without it."""
    again = (request.availability, request.now, request.limits)
    returning = replace(request.wishes, new_patient=False)
    if request.wishes.new_patient and _Request(request.protocol, returning, *again).starts_soon():
        return StepKind.FIRST_VISIT
    kept = tuple(step for step in request.protocol.steps if step.kind is not StepKind.REVIEW)
    unreviewed = replace(request.protocol, steps=kept)
    if request.protocol.reviews and _Request(unreviewed, request.wishes, *again).starts_soon():
        return StepKind.REVIEW
    return request.protocol.weekly[0].kind


def _best_relaxation(request: _Request, others: tuple[int, ...]) -> Relaxation | None:
    found = [
        Relaxation(wish, wishes, plans[0])
        for wish, wishes, availability in _relaxed(request, others)
        if (plans := _Request(request.protocol, wishes, availability, request.now, request.limits).plans(1))
    ]
    return min(found, key=lambda each: (each.plan.cost, each.plan.sessions[0].start), default=None)


def _relaxed(request: _Request, others: tuple[int, ...]) -> Iterator[tuple[Wish, Wishes, Availability]]:
    """The wishes with one of them given up, for each that was made."""
    wishes, availability = request.wishes, request.availability
    today = oslo(request.now).date()
    if wishes.days:
        yield Wish.DAYS, replace(wishes, days=frozenset()), availability
    if wishes.parts:
        yield Wish.PARTS, replace(wishes, parts=frozenset()), availability
    if wishes.bound_to is not None:
        yield Wish.CLINICIAN, replace(wishes, clinician=None, only_her=False), availability
    for clinic in others:
        if clinic not in wishes.clinics:
            yield Wish.CLINICS, replace(wishes, clinics=(*wishes.clinics, clinic)), availability
    if wishes.start > today >= availability.first:
        yield Wish.START, replace(wishes, start=today), availability
    if wishes.away or wishes.busy:
        yield Wish.AWAY, replace(wishes, away=(), busy=()), availability.without(away_periods(wishes))
