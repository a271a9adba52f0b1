"""Lanes: which times of the week a clinician could give to another course, and when those that are taken become free.

A *lane* is one weekday and time. A running course has the lane where most of its sessions to come stand; the week after
the last of them it is free. What her hours leave beside these lanes is filled with lanes that are free at once, from
the morning on. Other appointments do not take a lane for good, so of the next weeks those are counted in which it is
really open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.domain.period import STEP_MINUTES, oslo
from booking.domain.slot import Availability, bits, steps_of

WEEKS = 9
"""Of how many weeks it is told in how many a lane is open: as many as a course has sessions."""


@dataclass(frozen=True, slots=True)
class Running:
    """A course that runs: its lane at one clinician and clinic, and the date of the last session there."""

    clinician: int
    clinic: int
    weekday: int
    minute: int
    last: date


@dataclass(frozen=True, slots=True)
class Lane:
    """`minute`: past midnight on the wall in Oslo. `free_from`: the first date on which a course could begin there.
    `weeks`: in how many of the next weeks nothing stands in its way; None where a course runs there now."""

    weekday: int
    minute: int
    free_from: date
    weeks: int | None

    @property
    def free(self) -> bool:
        return self.weeks is not None


def running_of(sessions: Iterable[tuple[int, int, datetime]]) -> Running:
    """Where a course runs, from (clinician, clinic, start) of its sessions to come, of which there is at least one."""
    places = [(who, where, oslo(start)) for who, where, start in sessions]
    found = Counter((who, where, at.weekday(), at.hour * 60 + at.minute) for who, where, at in places)
    lane = found.most_common(1)[0][0]
    days = (at.date() for who, where, at in places if (who, where, at.weekday(), at.hour * 60 + at.minute) == lane)
    return Running(*lane, max(days))


def lanes_of(
    availability: Availability, clinician: int, clinic: int, minutes: int, running: Sequence[Running], monday: date
) -> list[Lane]:
    """All lanes of the clinician at a clinic for sessions of this length, in order of the week.

    `availability` covers `WEEKS` weeks from `monday` on; `running`: the courses that she treats there.
    """
    taken = [Lane(each.weekday, each.minute, each.last + timedelta(days=7), None) for each in running]
    free = (
        lane for weekday in range(7) for lane in _free(availability, clinician, clinic, minutes, taken, monday, weekday)
    )
    return sorted([*taken, *free], key=lambda lane: (lane.weekday, lane.minute, lane.free_from))


def _free(
    availability: Availability,
    clinician: int,
    clinic: int,
    minutes: int,
    taken: Iterable[Lane],
    monday: date,
    weekday: int,
) -> Iterator[Lane]:
    """The lanes of one weekday that no course has, one after another."""
    days = [monday + timedelta(days=weekday + 7 * week) for week in range(WEEKS)]
    starts = availability.starts(clinician, clinic, minutes)
    open_on = [starts[availability.index(day)] for day in days]
    length = steps_of(minutes + availability.schedule.clinic(clinic).buffer_minutes)
    busy = [lane.minute // STEP_MINUTES for lane in taken if lane.weekday == weekday]
    until = 0
    for step in bits(_worked(availability, clinician, clinic, minutes, days)):
        if step < until or any(abs(step - other) < length for other in busy):
            continue
        weeks = sum(bool(mask >> step & 1) for mask in open_on)
        if weeks:
            until = step + length
            yield Lane(weekday, step * STEP_MINUTES, days[0], weeks)


def _worked(availability: Availability, clinician: int, clinic: int, minutes: int, days: Sequence[date]) -> int:
    """The starts that her hours allow on one of these days at least."""
    found = 0
    for day in days:
        found |= availability.worked(clinician, clinic, day, minutes)
    return found
