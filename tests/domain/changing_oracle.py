"""Changing's definition once more: every free place is tried, and the course that comes of it is looked at as a whole.

Shares no code with `booking/domain/changing.py`, and with the planner's oracle only what is free and how the planner
chooses a review.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from booking.domain.changing import Standing
from booking.domain.course import Pattern, Planned
from booking.domain.protocol import Protocol, Step, StepKind
from tests.domain.oracle import WALL, Oracle, Place, monday

Found = tuple[Place, tuple[tuple[int, Place], ...]]
"""A free place, and where which other appointments must go with it."""

WEEK = timedelta(days=7)


def place_of(planned: Planned) -> Place:
    start = planned.start.astimezone(WALL)
    return Place(start.date(), start.hour * 60 + start.minute, planned.clinician, planned.clinic)


@dataclass(frozen=True)
class Changes:
    """What can be done to a course: `standing` on `oracle`'s days from `first` to `last`."""

    oracle: Oracle
    protocol: Protocol
    standing: tuple[Standing, ...]
    pattern: Pattern
    first: date
    last: date

    def moves(self, moved: Standing) -> list[tuple[date, list[Found]]]:
        own = place_of(moved.planned)
        weeks = self.weeks(moved.planned.step, moved)
        mine = monday(own.day)
        return [(mine, weeks.pop(mine, [])), *sorted(weeks.items())]

    def extra(self) -> list[tuple[date, list[Found]]]:
        there = {each.planned.step.number for each in self.sessions}
        missing = [step for step in self.protocol.steps if step.kind is StepKind.SESSION and step.number not in there]
        return sorted(self.weeks(missing[0], None).items()) if missing and self.sessions else []

    @property
    def sessions(self) -> list[Standing]:
        found = [each for each in self.standing if each.planned.step.kind is StepKind.SESSION]
        return sorted(found, key=lambda each: each.planned.start)

    def weeks(self, step: Step, moved: Standing | None) -> dict[date, list[Found]]:
        days = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        places = [place for day in days for place in self.oracle.places(step.treatment, day)]
        found = sorted(self.possible(step, places, moved), key=lambda each: (self.off(each[0]), each[0]))
        by_week = groupby(sorted(found, key=lambda each: monday(each[0].day)), key=lambda each: monday(each[0].day))
        return {week: list(some) for week, some in by_week}

    def possible(self, step: Step, places: Iterable[Place], moved: Standing | None) -> Iterator[Found]:
        own = place_of(moved.planned) if moved else None
        for place in places:
            along = None if place == own else self.along(step, place, moved)
            if along is not None:
                yield place, along

    def along(self, step: Step, place: Place, moved: Standing | None) -> tuple[tuple[int, Place], ...] | None:
        """What must go along if this step is at `place`; None if it cannot be there."""
        if moved and (len(self.protocol.steps) == 1 or not self.sessions):
            return () if abs(monday(place.day) - monday(place_of(moved.planned).day)) <= 8 * WEEK else None
        before = [place_of(each.planned) for each in self.sessions]
        if step.kind is StepKind.FIRST_VISIT:
            return () if self.may_precede(place, before[0]) else None
        if step.kind is StepKind.REVIEW:
            return () if place in self.review_places(before) else None
        others = [place_of(each.planned) for each in self.sessions if each is not moved]
        return self.with_session(place, before, sorted([*others, place]), added=moved is None)

    def with_session(
        self, place: Place, before: list[Place], after: list[Place], *, added: bool
    ) -> tuple[tuple[int, Place], ...] | None:
        begin = monday(before[-1].day) + WEEK if added else monday(before[0].day)
        if not begin <= monday(place.day) <= monday(before[-1].day) + self.protocol.max_slips * WEEK:
            return None
        if not all(self.apart(early, late) for early, late in pairwise(after)):
            return None
        visits = [each for each in self.standing if each.planned.step.kind is StepKind.FIRST_VISIT and not each.fixed]
        if after[0] != before[0] and not all(self.may_precede(place_of(v.planned), after[0]) for v in visits):
            return None
        return self.reviews(before, after)

    def apart(self, early: Place, late: Place) -> bool:
        days, weeks = (late.day - early.day).days, (monday(late.day) - monday(early.day)) // WEEK
        return weeks > 0 and days >= self.protocol.min_gap and (weeks > 1 or days <= self.protocol.max_gap)

    def may_precede(self, visit: Place, session: Place) -> bool:
        step = self.oracle.first_step
        assert step
        assert step.window
        if visit.day == session.day:
            return visit in self.oracle.first_visits(session)
        days = (visit.day - session.day).days
        return step.window.earliest <= days <= min(step.window.latest, -1)

    def slips(self, sessions: list[Place]) -> int:
        planned = len([step for step in self.protocol.steps if step.kind is StepKind.SESSION])
        return max(0, (monday(sessions[-1].day) - monday(sessions[0].day)) // WEEK - (planned - 1))

    def review_places(self, sessions: list[Place]) -> list[Place]:
        return self.oracle.review_places(tuple(sessions), self.slips(sessions))[0]

    def reviews(self, before: list[Place], after: list[Place]) -> tuple[tuple[int, Place], ...] | None:
        """Where the review goes, nowhere if it stays; None if it has to go and cannot."""
        review = next((each for each in self.standing if each.planned.step.kind is StepKind.REVIEW), None)
        if review is None or after[-1].day <= before[-1].day:
            return ()
        if (place_of(review.planned).day - after[-1].day).days >= self.protocol.review_gap:
            return ()
        if review.fixed or not self.review_places(after):
            return None
        pattern = Place(after[0].day, self.pattern.minute, self.pattern.clinician, self.pattern.clinic)
        return ((review.id, self.oracle.reviews(pattern, tuple(after), self.slips(after))[0]),)

    def off(self, place: Place) -> tuple[int, int, int]:
        """How far a place lies off the pattern: what it departs in, then days, then minutes."""
        pattern = self.pattern
        days, minutes = abs(place.day.weekday() - pattern.weekday), abs(place.minute - pattern.minute)
        if place.clinic != pattern.clinic:
            return 4, days, minutes
        if place.clinician != pattern.clinician:
            return 3, days, minutes
        return (2 if days else 1 if minutes else 0), days, minutes
