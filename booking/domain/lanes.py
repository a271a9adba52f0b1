"""Lanes: which times of the week a clinician could give to another course, and when those that are taken become free.

A *lane* is one weekday and time. A course has the lane where most of its sessions to come stand. Courses follow one
another on a lane; it is free from the first week on in which it is nobody's for as many weeks as a course has sessions.
What her hours leave beside the lanes of courses is filled with lanes that are free at once, from the morning on. Other
appointments do not take a lane for good: it counts as free if it is open in most of the next weeks, for the planner
puts single sessions elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.domain.period import STEP_MINUTES, oslo
from booking.domain.slot import Availability, bits, steps_of

WEEKS = 9
"""How many weeks a course takes a lane for."""

OPEN_ENOUGH = 6
"""In how many of the next weeks a lane must be open to count as free."""

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Running:
    """A course on its lane at one clinician and clinic: the dates of the first and last session to come there."""

    clinician: int
    clinic: int
    weekday: int
    minute: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Lane:
    """`minute`: past midnight on the wall in Oslo. `free_from`: the first date on which a course could begin there.
    `weeks`: in how many of the next weeks nothing stands in its way; None where a course has it till `free_from`."""

    weekday: int
    minute: int
    free_from: date
    weeks: int | None

    @property
    def free(self) -> bool:
        return self.weeks is not None


def running_of(sessions: Iterable[tuple[int, int, datetime]]) -> Running:
    """Where a course runs, from (clinician, clinic, start) of its sessions to come, of which there is at least one."""
    places = [_place(*session) for session in sessions]
    lane = Counter(place for place, _day in places).most_common(1)[0][0]
    days = [day for place, day in places if place == lane]
    return Running(*lane, min(days), max(days))


def lanes_of(
    availability: Availability, clinician: int, clinic: int, minutes: int, running: Sequence[Running], monday: date
) -> list[Lane]:
    """All lanes of the clinician at a clinic for sessions of this length, in order of the week.

    `availability` covers `WEEKS` weeks from `monday` on; `running`: the courses that have their lane with her there.
    """
    taken = list(_taken(running, monday))
    free = (
        lane
        for weekday in range(7)
        for lane in _free(availability, clinician, clinic, minutes, monday + timedelta(days=weekday), taken)
    )
    return sorted([*taken, *free], key=lambda lane: (lane.weekday, lane.minute))


def _place(clinician: int, clinic: int, start: datetime) -> tuple[tuple[int, int, int, int], date]:
    at = oslo(start)
    return (clinician, clinic, at.weekday(), at.hour * 60 + at.minute), at.date()


def _taken(running: Iterable[Running], monday: date) -> Iterator[Lane]:
    """The lanes that courses have within the next weeks, each until nobody has it for as long as a course takes."""
    lanes: defaultdict[tuple[int, int], list[Running]] = defaultdict(list)
    for course in running:
        lanes[course.weekday, course.minute].append(course)
    for (weekday, minute), courses in lanes.items():
        begin = free_from = monday + timedelta(days=weekday)
        for course in sorted(courses, key=lambda each: each.first):
            if course.first < free_from + WEEKS * WEEK:
                free_from = max(free_from, course.last + WEEK)
        if free_from > begin:
            yield Lane(weekday, minute, free_from, None)


def _free(
    availability: Availability, clinician: int, clinic: int, minutes: int, first: date, taken: Iterable[Lane]
) -> Iterator[Lane]:
    """The lanes that no course has, on the weekday of `first`, one after another."""
    days = [first + week * WEEK for week in range(WEEKS)]
    starts = availability.starts(clinician, clinic, minutes)
    open_on = [starts[availability.index(day)] for day in days]
    length = steps_of(minutes + availability.schedule.clinic(clinic).buffer_minutes)
    busy = [lane.minute // STEP_MINUTES for lane in taken if lane.weekday == first.weekday()]
    until = 0
    for step in bits(_worked(availability, clinician, clinic, minutes, days)):
        weeks = sum(mask >> step & 1 for mask in open_on)
        apart = all(abs(step - other) >= length for other in busy)
        if step >= until and apart and weeks >= OPEN_ENOUGH:
            until = step + length
            yield Lane(first.weekday(), step * STEP_MINUTES, first, weeks)


def _worked(availability: Availability, clinician: int, clinic: int, minutes: int, days: Collection[date]) -> int:
    """The starts that her hours allow on one of these days at least."""
    found = 0
    for day in days:
        found |= availability.worked(clinician, clinic, day, minutes)
    return found
