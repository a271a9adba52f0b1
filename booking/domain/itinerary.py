"""Itinerary: the plan that comes of knowing where the sessions stand: who, which room, what deviates and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from booking.domain.board import Board, Spot
from booking.domain.course import Departure, Deviation, Pattern, Plan, Planned
from booking.domain.period import STEP_MINUTES
from booking.domain.protocol import Protocol, Step, Treatment
from booking.domain.search import Start, cost_of, price
from booking.domain.slot import Reason, ReasonKind, bits, sorted_reasons
from booking.domain.visits import Visits

Sessions = list[Spot]
"""Where the sessions of a course stand, in order."""


class Itinerary:
    """The courses of one pattern on one board."""

    def __init__(self, protocol: Protocol, board: Board, pattern: Pattern) -> None:
        self._protocol, self._board, self._pattern = protocol, board, pattern
        self._steps = protocol.weekly
        self._visits = Visits(protocol, board)

    def plan(self, starts: Sequence[Start]) -> Plan:
        """The plan with sessions at these starts, where the search has found one."""
        each = zip(self._steps, starts, strict=True)
        return self._assembled([Spot(*start, *self._giver(start, step.treatment)) for step, start in each], {})

    def alternatives(self, plan: Plan, number: int) -> tuple[Planned, ...]:
        """The other places that session `number` fits, one for each start, best first."""
        sessions, at = self._spots(plan.sessions), _position(plan, number)
        best: dict[Start, Spot] = {}
        for _, spot in sorted((self._price(sessions, at, spot), spot) for spot in self._others(sessions, at)):
            best.setdefault(spot[:2], spot)
        return tuple(self._session(_with(sessions, at, spot), at, None) for spot in best.values())

    def moved(self, plan: Plan, number: int, alternative: Planned) -> Plan | None:
        """The plan with session `number` moved there; None if it does not fit."""
        sessions, at = self._spots(plan.sessions), _position(plan, number)
        spot = self._board.spot(alternative)
        if self._board.start(spot) != alternative.start or spot not in self._places(sessions, at):
            return None
        standing = [each for each in (plan.first_visit, *plan.reviews) if each]
        return self._assembled(_with(sessions, at, spot), {each.step: self._board.spot(each) for each in standing})

    # -- sessions -------------------------------------------------------------------------------------------

    def _giver(self, start: Start, treatment: Treatment) -> tuple[int, int]:
        """Who gives a session at this start, and where: as near to the pattern as can be."""
        day, step = start
        clinician, clinic = self._pattern.clinician, self._pattern.clinic
        free = [pair for pair in self._board.givers(treatment) if self._board.free(*pair, treatment)[day] >> step & 1]
        return min(free, key=lambda pair: (pair[1] != clinic, pair[0] != clinician, pair))

    def _others(self, sessions: Sessions, at: int) -> Iterator[Spot]:
        return (spot for spot in self._places(sessions, at) if spot != sessions[at])

    def _places(self, sessions: Sessions, at: int) -> Iterator[Spot]:
        """Every free place in the week of the session at `at` that keeps the course together."""
        treatment, monday = self._steps[at].treatment, sessions[at].day // 7 * 7
        days = [day for day in self._board.within(monday, monday + 6) if self._fits(sessions, at, day)]
        for clinician, clinic in self._board.givers(treatment):
            free = self._board.free(clinician, clinic, treatment)
            for day in days:
                starts = free[day] if at else self._visits.with_first_visit(free[day], day, clinic)
                yield from (Spot(day, step, clinician, clinic) for step in bits(starts))

    def _fits(self, sessions: Sessions, at: int, day: int) -> bool:
        """Whether the session could lie on `day` for all that its neighbours and the reviews ask."""
        days = [spot.day for spot in sessions]
        days[at] = day
        near = days[max(at - 1, 0) : at + 2]
        spaced = (self._protocol.spaced(late - early, late // 7 - early // 7 - 1) for early, late in pairwise(near))
        last = self._visits.last_day(days[0], _slips(sessions))
        return all(spaced) and last is not None and days[-1] <= last

    def _due(self, sessions: Sessions, at: int) -> Sequence[int]:
        """The weeks in which the session was due: its own, or the ones left out before it."""
        week = sessions[at].day // 7
        left_out = range(sessions[at - 1].day // 7 + 1, week) if at else range(0)
        return left_out or (week,)

    def _home(self, week: int) -> Spot:
        """Where the pattern lies in a week."""
        return home_of(self._pattern, week)

    # -- deviations -----------------------------------------------------------------------------------------

    def _price(self, sessions: Sessions, at: int, spot: Spot) -> int:
        """What it costs to have the session at `spot`."""
        return price_off(spot, self._home(spot.day // 7), self._departure(sessions, at, spot))

    def _departure(self, sessions: Sessions, at: int, spot: Spot) -> Departure | None:
        """How the session at `spot` departs from the pattern; after a slip always, at least as on another day."""
        week = spot.day // 7
        departure = departure_of(spot, self._home(week))
        slipped = week not in self._due(sessions, at)
        return max(departure or Departure.SAME_WEEK, Departure.SAME_WEEK) if slipped else departure

    def _deviation(self, sessions: Sessions, at: int) -> Deviation | None:
        departure = self._departure(sessions, at, sessions[at])
        if departure is None:
            return None
        due = self._due(sessions, at)
        against = (reason for week in due for reason in self._against(sessions, at, self._home(week)))
        return Deviation(self._board.start(self._home(due[0])), sorted_reasons(against), departure)

    def _against(self, sessions: Sessions, at: int, home: Spot) -> Iterable[Reason]:
        """Why the session does not lie at the pattern's time in one of the weeks in which it was due."""
        day, treatment = self._board.date_of(home.day), self._steps[at].treatment
        if not self._board.first <= day <= self._board.last:
            return (Reason(ReasonKind.OUTSIDE_HOURS),)
        if not self._board.is_free(home, treatment):
            where = (home.clinician, home.clinic, day, home.step)
            return self._board.availability.reasons(*where, treatment.minutes)
        left_out = home.day // 7 != sessions[at].day // 7
        return (Reason(ReasonKind.TOO_CLOSE),) if left_out or not self._fits(sessions, at, home.day) else ()

    # -- first visit and reviews ------------------------------------------------------------------------------

    def _around(self, sessions: Sessions, standing: dict[Step, Spot]) -> Iterator[tuple[Step, Spot]]:
        """First visit and reviews for these sessions; those that stand already stay where they may."""
        for step in self._protocol.steps_for(new_patient=self._board.wishes.new_patient):
            if step not in self._steps:
                spot = self._visit(step, sessions, standing.get(step))
                assert spot is not None, "sessions that leave no place for a visit are no course"
                yield step, spot

    def _visit(self, step: Step, sessions: Sessions, standing: Spot | None) -> Spot | None:
        start, last, slips = sessions[0], sessions[-1].day, _slips(sessions)
        if step == self._protocol.first_visit:
            if standing and self._visits.still_before(standing, start):
                return standing
            return self._visits.first_visit(start, self._pattern.clinician)
        if standing and self._visits.still_after(step, standing, start.day, slips, last):
            return standing
        return self._visits.review(step, start.day, slips, last, self._home(start.day // 7))

    # -- putting it together ----------------------------------------------------------------------------------

    def _assembled(self, sessions: Sessions, standing: dict[Step, Spot]) -> Plan:
        visits = list(self._around(sessions, standing))
        before = [(step, spot) for step, spot in visits if spot < sessions[0]]
        after = [(step, spot) for step, spot in visits if spot > sessions[0]]
        appointments: list[Planned] = []
        for step, spot in before:
            appointments.append(self._planned(step, spot, _room(appointments)))
        for at in range(len(sessions)):
            appointments.append(self._session(sessions, at, _room(appointments)))
        for step, spot in after:
            appointments.append(self._planned(step, spot, _room(appointments)))
        cost = cost_of(sum(self._price(sessions, at, spot) for at, spot in enumerate(sessions)))
        return Plan(self._pattern, tuple(appointments), cost, sum(each.step.treatment.price for each in appointments))

    def _session(self, sessions: Sessions, at: int, room: int | None) -> Planned:
        planned = self._planned(self._steps[at], sessions[at], room)
        return replace(planned, deviation=self._deviation(sessions, at))

    def _planned(self, step: Step, spot: Spot, wished_room: int | None) -> Planned:
        planned = self._board.planned(step, spot, prefer=wished_room)
        assert planned is not None, "a start is free only where a room is"
        return planned

    def _spots(self, appointments: Iterable[Planned]) -> Sessions:
        return [self._board.spot(each) for each in appointments]


def home_of(pattern: Pattern, week: int) -> Spot:
    """Where the pattern lies in a week of the board."""
    return Spot(week * 7 + pattern.weekday, pattern.minute // STEP_MINUTES, pattern.clinician, pattern.clinic)


def price_off(spot: Spot, home: Spot, departure: Departure | None) -> int:
    """What it costs to stand at `spot` and not at `home`, the pattern's place in that week."""
    return price(departure, abs(spot.day - home.day), abs(spot.step - home.step)) if departure else 0


def departure_of(spot: Spot, home: Spot) -> Departure | None:
    """How a session at `spot` departs from the pattern's place in its week; None if it does not."""
    if spot.clinic != home.clinic:
        return Departure.OTHER_CLINIC
    if spot.clinician != home.clinician:
        return Departure.COLLEAGUE
    if spot.day != home.day:
        return Departure.SAME_WEEK
    return None if spot.step == home.step else Departure.SAME_DAY


def _position(plan: Plan, number: int) -> int:
    """Where session `number` stands among the sessions. Raises ValueError if there is none."""
    return [session.step.number for session in plan.sessions].index(number)


def _with(sessions: Sessions, at: int, spot: Spot) -> Sessions:
    return [*sessions[:at], spot, *sessions[at + 1 :]]


def _slips(sessions: Sessions) -> int:
    """How many weeks the course leaves out."""
    return sessions[-1].day // 7 - sessions[0].day // 7 - len(sessions) + 1


def _room(appointments: list[Planned]) -> int | None:
    return appointments[-1].room if appointments else None
