"""Hours: when a clinic is open on the days of a week, and what closes it, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from booking.domain.holidays import holidays_on
from booking.domain.period import OSLO, Period, at_wall, monday_of
from booking.domain.schedule import ClosedPeriod, DayHours, Name, Schedule, template_on

DAYS_AHEAD = 120
"""How far ahead a clinic's page names holidays and closed periods."""


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A date with its opening times, and the names of what closes it in whole or in part."""

    day: date
    open: tuple[Period, ...]
    closed_by: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """A holiday or closed period, from its first to its last date, both included; two holidays can be one day."""

    first: date
    last: date
    names: tuple[Name, ...]


def week_of(schedule: Schedule, clinic_id: int, day: date) -> tuple[OpenDay, ...]:
    """Monday to Sunday of the week in which `day` lies."""
    monday = monday_of(day)
    return tuple(open_day(schedule, clinic_id, monday + timedelta(days=number)) for number in range(7))


def open_day(schedule: Schedule, clinic_id: int, day: date) -> OpenDay:
    hours = [Period(at_wall(day, h.start), at_wall(day, h.end)) for h in _hours_on(schedule, clinic_id, day)]
    whole = Period(at_wall(day, 0), at_wall(day + timedelta(days=1), 0))
    holidays = holidays_on(day)
    closed = [c for c in _closed(schedule, clinic_id) if c.period.overlaps(whole)]
    names = tuple(dict.fromkeys([*holidays, *(c.name for c in closed)]))
    if holidays:
        return OpenDay(day, (), names)
    return OpenDay(day, tuple(_without(hours, [c.period for c in closed])), names)


def closings_ahead(schedule: Schedule, clinic_id: int, day: date) -> list[Closing]:
    """What closes the clinic from `day` on, for `DAYS_AHEAD` days, in order of time.

    Closed periods, and the holidays outside of them on which it would be open.
    """
    last = day + timedelta(days=DAYS_AHEAD)
    found = [c for c in map(_closing, _closed(schedule, clinic_id)) if c.last >= day and c.first <= last]
    for each in (day + timedelta(days=number) for number in range(DAYS_AHEAD + 1)):
        told = any(closing.first <= each <= closing.last for closing in found)
        if holidays_on(each) and not told and _hours_on(schedule, clinic_id, each):
            found.append(Closing(each, each, holidays_on(each)))
    return sorted(found, key=lambda closing: (closing.first, closing.last))


def days_of(schedule: Schedule, clinic_id: int, clinician_id: int, day: date) -> tuple[DayHours, ...]:
    """The clinician's hours at the clinic by the week template that stands on `day`."""
    templates = [h for h in schedule.hours if (h.clinic_id, h.clinician_id) == (clinic_id, clinician_id)]
    template = template_on(templates, day)
    return template.days if template else ()


def _hours_on(schedule: Schedule, clinic_id: int, day: date) -> list[DayHours]:
    templates = [h for h in schedule.hours if h.clinic_id == clinic_id and h.clinician_id is None]
    template = template_on(templates, day)
    return [hours for hours in template.days if hours.weekday == day.weekday()] if template else []


def _closed(schedule: Schedule, clinic_id: int) -> list[ClosedPeriod]:
    return [closed for closed in schedule.closed if closed.clinic_id in (None, clinic_id)]


def _closing(closed: ClosedPeriod) -> Closing:
    """A period that ends at midnight ends with the day before."""
    first, last = (moment.astimezone(OSLO) for moment in (closed.period.start, closed.period.end))
    return Closing(first.date(), (last - timedelta(seconds=1)).date(), (closed.name,))


def _without(periods: list[Period], gone: Iterable[Period]) -> list[Period]:
    for each in gone:
        periods = [left for period in periods for left in _cut(period, each)]
    return periods


def _cut(period: Period, gone: Period) -> list[Period]:
    if not period.overlaps(gone):
        return [period]
    before = Period(period.start, max(period.start, gone.start))
    after = Period(min(period.end, gone.end), period.end)
    return [left for left in (before, after) if left.length]
