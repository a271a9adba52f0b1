"""Timetable: what stands in a day besides appointments: when somebody works, and what closes, breaks or empties it.

Minutes past midnight on the wall in Oslo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from booking.domain.holidays import holidays_on
from booking.domain.period import Period, oslo
from booking.domain.schedule import Hours, Name, Schedule, template_on

DAY_LONG = 24 * 60


class BlockKind(StrEnum):
    """`OUT`: a room that is out of use; `BUSY`: taken by her own calendar; `KEPT`: held for somebody."""

    BREAK = "break"
    CLOSED = "closed"
    AWAY = "away"
    BUSY = "busy"
    KEPT = "kept"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a day in which nobody is treated. `name`: of the holiday or closed period; `words`: the clinic's own
    for its own use."""

    start: int
    end: int
    kind: BlockKind
    name: Name | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of a day in which somebody works, and where."""

    start: int
    end: int
    clinic_id: int


class Timetable:
    """The hours of a schedule by whose they are, for who asks for many days or people."""

    def __init__(self, schedule: Schedule) -> None:
        self._templates: dict[tuple[int, int | None], list[Hours]] = {}
        self._places: dict[int, dict[int, None]] = {}
        for hours in schedule.hours:
            self._templates.setdefault((hours.clinic_id, hours.clinician_id), []).append(hours)
            if hours.clinician_id is not None:
                self._places.setdefault(hours.clinician_id, {})[hours.clinic_id] = None

    def places(self, clinician_id: int) -> list[int]:
        """Where the clinician works at all."""
        return list(self._places.get(clinician_id, ()))

    def shifts(self, clinician_id: int, day: date) -> list[Shift]:
        """When the clinician works on `day` by the hours alone, closed or not, in order of time."""
        found = [shift for clinic in self.places(clinician_id) for shift in self._at(clinician_id, clinic, day)]
        return sorted(found, key=lambda shift: shift.start)

    def opening(self, clinic_id: int, day: date) -> list[Shift]:
        """When the clinic is open on `day` by its hours alone."""
        return [Shift(start, end, clinic_id) for start, end in self._spans(None, clinic_id, day)]

    def _at(self, clinician_id: int, clinic_id: int, day: date) -> Iterator[Shift]:
        """Her hours at one clinic while that is open."""
        for begins, ends in self._spans(clinician_id, clinic_id, day):
            for opens, closes in self._spans(None, clinic_id, day):
                start, end = max(opens, begins), min(closes, ends)
                if start < end:
                    yield Shift(start, end, clinic_id)

    def _spans(self, clinician_id: int | None, clinic_id: int, day: date) -> list[tuple[int, int]]:
        standing = template_on(self._templates.get((clinic_id, clinician_id), []), day)
        return [(each.start, each.end) for each in standing.days if each.weekday == day.weekday()] if standing else []


def shifts_of(schedule: Schedule, clinician_id: int, day: date) -> list[Shift]:
    """The same for who asks once."""
    return Timetable(schedule).shifts(clinician_id, day)


def opening_of(schedule: Schedule, clinic_id: int, day: date) -> list[Shift]:
    """The same for who asks once."""
    return Timetable(schedule).opening(clinic_id, day)


def breaks_of(schedule: Schedule, clinician_id: int, shifts: Iterable[Shift]) -> Iterator[Block]:
    """The pauses within these shifts."""
    for shift in shifts:
        for pause in schedule.breaks:
            hers = pause.clinic_id == shift.clinic_id and pause.clinician_id in (None, clinician_id)
            start, end = max(pause.start, shift.start), min(pause.end, shift.end)
            if hers and start < end:
                yield Block(start, end, BlockKind.BREAK)


def closings_of(schedule: Schedule, clinic_ids: Iterable[int], day: date) -> Iterator[Block]:
    """The public holidays and closed periods of `day` that close one of these clinics."""
    for name in holidays_on(day):
        yield Block(0, DAY_LONG, BlockKind.CLOSED, name)
    places = {None, *clinic_ids}
    for closed in schedule.closed:
        span = minutes_on(closed.period, day)
        if closed.clinic_id in places and span:
            yield Block(*span, BlockKind.CLOSED, closed.name)


def minutes_on(period: Period, day: date) -> tuple[int, int] | None:
    """From and up to which minute of `day` the period runs; None if it does not touch the day."""
    start, end = oslo(period.start), oslo(period.end)
    begin = start.hour * 60 + start.minute if start.date() == day else 0
    until = end.hour * 60 + end.minute if end.date() == day else DAY_LONG
    touches = start.date() <= day <= end.date() and begin < until
    return (begin, until) if touches else None


def uncovered(blocks: Iterable[Block]) -> list[Block]:
    """The blocks without those that lie within another, each stretch once, in order of time."""
    kept: list[Block] = []
    for block in sorted(blocks, key=lambda each: (each.start, -each.end)):
        if not any(other.start <= block.start and block.end <= other.end for other in kept):
            kept.append(block)
    return kept


def minutes_worked(shifts: Iterable[Shift], blocks: Iterable[Block]) -> int:
    """How many minutes of the shifts no block takes."""
    minutes = {minute for shift in shifts for minute in range(shift.start, shift.end)}
    return len(minutes.difference(*(range(block.start, block.end) for block in blocks)))
