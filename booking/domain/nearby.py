"""Nearby: where an appointment of a plan can stand instead, when its own time was lost; the rest of the plan stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from booking.domain.board import Board, Spot, away_periods
from booking.domain.course import Plan, Planned, Wishes
from booking.domain.period import STEP_MINUTES
from booking.domain.planner import alternatives, free_times
from booking.domain.protocol import Protocol, StepKind
from booking.domain.slot import Availability, bits
from booking.domain.visits import Visits


def nearby(
    protocol: Protocol, wishes: Wishes, availability: Availability, plan: Plan, lost: Planned
) -> tuple[Planned, ...]:
    """The free places for `lost`, nearest to its time first, one for each start.

    A session stays in its week, a first visit or review in its window, a single appointment within a week of its day.
    """
    found = _candidates(protocol, wishes, availability, plan, lost)
    best: dict[object, Planned] = {}
    for each in sorted(found, key=lambda each: _distance(each, lost)):
        best.setdefault(each.start, each)
    best.pop(lost.start, None)
    return tuple(best.values())


def with_instead(plan: Plan, lost: Planned, instead: Planned) -> Plan:
    """The plan with `instead` in the place of `lost`."""
    kept = [instead if each == lost else each for each in plan.appointments]
    return replace(plan, appointments=tuple(sorted(kept, key=lambda each: each.start)))


def _candidates(
    protocol: Protocol, wishes: Wishes, availability: Availability, plan: Plan, lost: Planned
) -> Iterable[Planned]:
    if not protocol.sessions:
        return _singles(wishes, availability, lost)
    course = _Course(protocol, wishes, availability, plan)
    if lost.step.kind is StepKind.SESSION:
        found = alternatives(protocol, wishes, availability, plan, lost.step.number)
        return [each for each in found if course.holds(with_instead(plan, lost, each))]
    return [each for each in course.visits(lost) if course.holds(with_instead(plan, lost, each))]


def _singles(wishes: Wishes, availability: Availability, lost: Planned) -> Iterable[Planned]:
    treatment = lost.step.treatment
    for day in free_times(availability, treatment, wishes.clinics, wishes.clinician if wishes.only_her else None):
        for time in day.times:
            step = (replace(lost, start=time.start).minute) // STEP_MINUTES
            room = availability.room(time.clinic, day.day, step, treatment.minutes)
            if room is not None and abs(day.day - lost.day) <= timedelta(days=7):
                yield Planned(lost.step, time.start, time.end, time.clinic, time.clinician, room)


class _Course:
    """What holds a plan together, apart from what is free."""

    def __init__(self, protocol: Protocol, wishes: Wishes, availability: Availability, plan: Plan) -> None:
        seen = availability.seen_by(away_periods(wishes))
        self._protocol, self._plan = protocol, plan
        self._board = Board(seen, wishes, wishes.start, availability.last)
        self._visits = Visits(protocol, self._board)

    def visits(self, lost: Planned) -> Iterable[Planned]:
        """Every free start for the first visit or review on the board."""
        treatment = lost.step.treatment
        for clinician, clinic in self._board.givers(treatment):
            for day, free in enumerate(self._board.free(clinician, clinic, treatment)):
                for step in bits(free):
                    planned = self._board.planned(lost.step, Spot(day, step, clinician, clinic))
                    if planned is not None:
                        yield planned

    def holds(self, plan: Plan) -> bool:
        """Whether the plan's sessions keep their spacing, and first visit and reviews their windows."""
        sessions = [self._board.spot(each) for each in plan.sessions]
        spaced = all(
            self._protocol.spaced(late.day - early.day, late.day // 7 - early.day // 7 - 1)
            for early, late in pairwise(sessions)
        )
        return spaced and self._visit_holds(plan, sessions) and self._reviews_hold(plan, sessions)

    def _visit_holds(self, plan: Plan, sessions: list[Spot]) -> bool:
        first = next((each for each in plan.appointments if each.step.kind is StepKind.FIRST_VISIT), None)
        return first is None or self._visits.still_before(self._board.spot(first), sessions[0])

    def _reviews_hold(self, plan: Plan, sessions: list[Spot]) -> bool:
        first, last = sessions[0].day, sessions[-1].day
        slips = last // 7 - first // 7 - len(sessions) + 1
        reviews = [each for each in plan.appointments if each.step.kind is StepKind.REVIEW]
        return all(self._visits.still_after(each.step, self._board.spot(each), first, slips, last) for each in reviews)


def _distance(each: Planned, lost: Planned) -> tuple[int, int, bool, bool]:
    """Days, then minutes of the day, then whether it is another clinic or clinician."""
    days, minutes = abs((each.day - lost.day).days), abs(each.minute - lost.minute)
    return days, minutes, each.clinic != lost.clinic, each.clinician != lost.clinician
