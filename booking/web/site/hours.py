"""Hours: when a clinic is open on the days of a week, whether it is now, and what closes it, by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

from flask_babel import gettext as _

from booking.domain.holidays import holidays_on
from booking.domain.period import OSLO, Period, at_wall, monday_of, oslo
from booking.domain.schedule import ClosedPeriod, DayHours, Hours, Name, Schedule, hours_on
from booking.services import wording

DAYS_AHEAD = 120
"""How far ahead a clinic's page names holidays and closed periods, and looks for when it opens."""


@dataclass(frozen=True, slots=True)
class Openings:
    """What the hours of one clinic follow from: week templates, its own and by clinician, and what closes it."""

    own: list[Hours] = field(default_factory=list)
    clinicians: dict[int, list[Hours]] = field(default_factory=dict)
    closed: list[ClosedPeriod] = field(default_factory=list)


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


@dataclass(frozen=True, slots=True)
class Doors:
    """Whether a clinic is open at a moment. `until`: when it closes, if it is open; `opens`: when it opens next, if it
    is not and that is known; `closed_by`: what closes it at the moment, by name."""

    until: datetime | None
    opens: datetime | None = None
    closed_by: tuple[Name, ...] = ()


def openings_of(schedule: Schedule) -> dict[int, Openings]:
    """By clinic, read in one pass, for a house with many clinics."""
    found: defaultdict[int, Openings] = defaultdict(Openings)
    for hours in schedule.hours:
        openings = found[hours.clinic_id]
        if hours.clinician_id is None:
            openings.own.append(hours)
        else:
            openings.clinicians.setdefault(hours.clinician_id, []).append(hours)
    every = [clinic.id for clinic in schedule.clinics]
    for closed in schedule.closed:
        for clinic_id in every if closed.clinic_id is None else [closed.clinic_id]:
            found[clinic_id].closed.append(closed)
    return found


def week_of(openings: Openings, day: date) -> tuple[OpenDay, ...]:
    """Monday to Sunday of the week in which `day` lies."""
    monday = monday_of(day)
    return tuple(open_day(openings, monday + timedelta(days=number)) for number in range(7))


def open_day(openings: Openings, day: date) -> OpenDay:
    hours = [Period(at_wall(day, h.start), at_wall(day, h.end)) for h in _hours_on(openings, day)]
    whole = Period(at_wall(day, 0), at_wall(day + timedelta(days=1), 0))
    holidays = holidays_on(day)
    closed = [c for c in openings.closed if c.period.overlaps(whole)]
    names = tuple(dict.fromkeys([*holidays, *(c.name for c in closed)]))
    if holidays:
        return OpenDay(day, (), names)
    return OpenDay(day, tuple(_without(hours, [c.period for c in closed])), names)


def doors_at(openings: Openings, now: datetime) -> Doors:
    """Open or closed at `now` (aware), and until when, by the clock on the wall in Oslo."""
    today = oslo(now).date()
    for period in open_day(openings, today).open:
        if period.start <= now < period.end:
            return Doors(period.end)
    closed = [c.name for c in openings.closed if c.period.start <= now < c.period.end]
    names = tuple(dict.fromkeys([*holidays_on(today), *closed]))
    return Doors(None, opens_after(openings, now), names)


def opens_after(openings: Openings, moment: datetime) -> datetime | None:
    """When the doors next open after `moment`, within `DAYS_AHEAD` days."""
    return next(_openings_after(openings, moment), None)


def doors_words(doors: Doors, now: datetime, language: str) -> str:
    """“Open now until 18:00”, “Closed now (Easter week), opens Tuesday 08:00”."""
    if doors.until:
        return _("Open now until %(time)s", time=wording.at_time(doors.until, language))
    why = ", ".join(name[language] for name in doors.closed_by)
    if doors.opens is None:
        return _("Closed now (%(why)s)", why=why) if why else _("Closed now")
    when = _when(doors.opens, now, language)
    if why:
        return _("Closed now (%(why)s), opens %(when)s", why=why, when=when)
    return _("Closed now, opens %(when)s", when=when)


def closings_ahead(openings: Openings, day: date) -> list[Closing]:
    """What closes the clinic from `day` on, for `DAYS_AHEAD` days, in order of time.

    Closed periods, and the holidays outside of them on which it would be open.
    """
    last = day + timedelta(days=DAYS_AHEAD)
    found = [c for c in map(_closing, openings.closed) if c.last >= day and c.first <= last]
    for each in (day + timedelta(days=number) for number in range(DAYS_AHEAD + 1)):
        told = any(closing.first <= each <= closing.last for closing in found)
        if holidays_on(each) and not told and _hours_on(openings, each):
            found.append(Closing(each, each, holidays_on(each)))
    return sorted(found, key=lambda closing: (closing.first, closing.last))


def weeks_ahead(openings: Openings, clinician_id: int, day: date) -> tuple[tuple[DayHours, ...], ...]:
    """The clinician's hours at the clinic in the week of `day` and in the next, by the week templates and what single
    days have instead; one week where both are the same."""
    own, monday = openings.clinicians.get(clinician_id, []), monday_of(day)
    hours = [tuple(hours_on(own, monday + timedelta(days=number))) for number in range(14)]
    this, next_one = (tuple(chain.from_iterable(days)) for days in (hours[:7], hours[7:]))
    return (this,) if this == next_one else (this, next_one)


def _openings_after(openings: Openings, moment: datetime) -> Iterator[datetime]:
    first = oslo(moment).date()
    for number in range(DAYS_AHEAD + 1):
        for period in open_day(openings, first + timedelta(days=number)).open:
            if period.start > moment:
                yield period.start


def _when(opens: datetime, now: datetime, language: str) -> str:
    """As short as it can be understood: “today 10:00”, “Tuesday 08:00”, else with the date."""
    days, time = (oslo(opens).date() - oslo(now).date()).days, wording.at_time(opens, language)
    if days == 0:
        return _("today %(time)s", time=time)
    if days < 7:
        return _("%(weekday)s %(time)s", weekday=wording.weekday(opens, language), time=time)
    return wording.day_and_time(opens, language)


def _hours_on(openings: Openings, day: date) -> list[DayHours]:
    return hours_on(openings.own, day)


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
