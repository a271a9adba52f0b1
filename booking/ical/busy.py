"""Busy times (FREEBUSY) read from somebody's calendar file: start and end, and nothing else of it.

The file is a stranger's. Of each event only the few lines that say when it takes place are taken, written anew in
a strict form, and handed to icalendar and recurring-ical-events. So titles are never parsed, time zones that the
file defines are never built, nothing nests, and every cost has its limit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from icalendar import Calendar
from recurring_ical_events import CalendarQuery

from booking.domain.errors import BookingError
from booking.domain.period import Period
from booking.ical.content_line import Unreadable, vevents
from booking.ical.recur import Enough, Meter, events_on
from booking.ical.timing import Timing, TimingReader

MOST_BYTES = 5 * 1024 * 1024
MOST_DAYS = 400
MOST_INSTANCES = 5_000
MOST_EXTRA_DATES = 10_000

# Zones east and west of the clinic stay inside this margin.
_MARGIN = timedelta(days=2)

_CALENDAR = re.compile(rb"(\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\s", re.IGNORECASE)

# What icalendar, recurring-ical-events and dateutil raise on values that no event should have.
_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_Lines = list[tuple[str, str]]


class Flaw(Enum):
    """Why a whole file could not be read."""

    TOO_LARGE = "too_large"
    NO_CALENDAR = "no_calendar"
    BROKEN = "broken"


class UnreadableCalendar(BookingError):
    """The uploaded file is no calendar, or too large or too broken to trust any of it; `flaw` says which."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class Busy:
    """When somebody is busy, and how far the file could be read.

    `periods` are merged, sorted, and within the time asked for. `assumed_zone` counts events whose time zone was
    missing or unknown and taken for the clinic's. `unreadable` counts events and series left out because their
    dates or rule could not be read. `complete` is False if a limit was met and the rest of the file left out.
    """

    periods: tuple[Period, ...]
    assumed_zone: int
    unreadable: int
    complete: bool


def busy_periods(data: bytes, *, start: datetime, end: datetime, zone: ZoneInfo, ours: str = "") -> Busy:
    """The file's busy times from `start` to `end` (aware), over at most `MOST_DAYS` and `MOST_INSTANCES`.

    Transparent and cancelled events are free. Whole days are busy from midnight to midnight in `zone`, the
    clinic's, which also stands for a zone that is missing or unknown. `ours`: the host in the UIDs of what we sent
    there ourselves, which is left out. Raises UnreadableCalendar.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableCalendar(Flaw.TOO_LARGE)
    if not _CALENDAR.match(data):
        raise UnreadableCalendar(Flaw.NO_CALENDAR)
    try:
        events = list(vevents(data))
    except Unreadable:
        raise UnreadableCalendar(Flaw.BROKEN) from None
    return _Reading(Period(start, min(end, start + timedelta(days=MOST_DAYS))), zone, ours).read(events)


class _Reading:
    """One file being read."""

    def __init__(self, asked: Period, zone: ZoneInfo, ours: str) -> None:
        self._asked = asked
        self._zone = zone
        self._ours = f"@{ours}" if ours else None
        self._first_day = asked.start.astimezone(zone).date() - _MARGIN
        self._last_day = asked.end.astimezone(zone).date() + _MARGIN
        self._meter = Meter()
        self._events = events_on(self._meter)
        self._found: list[Period] = []
        self._assumed_zone = 0
        self._unreadable = 0

    def read(self, events: list[_Lines]) -> Busy:
        near, complete = self._near(events)
        try:
            for group in _grouped(near):
                self._add(group)
        except Enough:
            complete = False
        return Busy(_merged(self._found), self._assumed_zone, self._unreadable, complete)

    def _near(self, events: list[_Lines]) -> tuple[list[Timing], bool]:
        """The events that matter for the time asked for, and whether they are all of these."""
        near: list[Timing] = []
        extra_dates = 0
        for timing in self._timings(events):
            extra_dates += len(timing.extra)
            if len(near) == MOST_INSTANCES or extra_dates > MOST_EXTRA_DATES:
                return near, False
            near.append(timing)
        return near, True

    def _timings(self, events: list[_Lines]) -> Iterator[Timing]:
        reader = TimingReader(first_day=self._first_day, last_day=self._last_day, zone=self._zone)
        for lines in events:
            try:
                timing = reader.read(lines)
                if timing.touches(self._first_day, self._last_day) and not self._is_ours(timing):
                    yield timing
            except (ValueError, OverflowError):
                self._unreadable += 1

    def _is_ours(self, timing: Timing) -> bool:
        return self._ours is not None and timing.uid.endswith(self._ours)

    def _add(self, group: list[Timing]) -> None:
        if all(timing.free for timing in group):
            return
        self._meter.begin_series()
        try:
            for period in self._periods(group):
                if len(self._found) == MOST_INSTANCES:
                    raise Enough
                self._found.append(period)
        except _UNFIT:
            self._unreadable += 1
        self._assumed_zone += sum(timing.assumed_zone for timing in group)

    def _periods(self, group: list[Timing]) -> Iterator[Period]:
        calendar = Calendar.from_ical(_calendar(timing.lines(self._first_day) for timing in group))
        if any(event.errors for event in calendar.events):
            raise Unreadable("VEVENT")
        query = CalendarQuery(calendar, components=[self._events])
        for instance in query.between(self._asked.start, self._asked.end):
            if "STATUS" in instance or "TRANSP" in instance:
                continue
            start = max(self._instant(instance.start), self._asked.start)
            end = min(self._instant(instance.end), self._asked.end)
            if start < end:
                yield Period(start, end)

    def _instant(self, moment: date | datetime) -> datetime:
        if isinstance(moment, datetime):
            return moment.astimezone(UTC)
        return datetime.combine(moment, time(), self._zone).astimezone(UTC)


def _grouped(timings: Iterable[Timing]) -> Iterable[list[Timing]]:
    """A series with the changes to its instances; an event that stands alone is a group of its own."""
    groups: dict[object, list[Timing]] = defaultdict(list)
    for number, timing in enumerate(timings):
        groups[number if timing.alone or not timing.uid else timing.uid].append(timing)
    return groups.values()


def _calendar(events: Iterable[Iterable[str]]) -> str:
    lines = ["BEGIN:VCALENDAR"]
    for event in events:
        lines += ["BEGIN:VEVENT", "UID:1", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _merged(periods: Iterable[Period]) -> tuple[Period, ...]:
    merged: list[Period] = []
    for period in sorted(periods):
        if merged and period.start <= merged[-1].end:
            merged[-1] = Period(merged[-1].start, max(merged[-1].end, period.end))
        else:
            merged.append(period)
    return tuple(merged)
