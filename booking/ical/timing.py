"""Timing: a stranger's event reduced to when it takes place, in strict lines that any library reads alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from booking.ical.content_line import ContentLine, Unreadable, read_line
from booking.ical.recur import brought_forward, read_rule

_DATE = re.compile("[0-9]{8}")
_DATETIME = re.compile("([0-9]{8}T[0-9]{6})(Z?)")
_DURATION = re.compile(
    "[+]?P(?:([0-9]{1,3})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,8})S)?)?"
)
_ZONE = re.compile("[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")
_ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID")
_DAY = timedelta(days=1)

Found = dict[str, list[ContentLine]]


@dataclass(slots=True)
class Timing:
    """When one event takes place.

    `first` and `length` say it roughly, in whole days rounded up, so most events can be passed over unparsed.
    `replaces` is the day of the instance of a series that this event stands for. `start`, `end` and `others` are
    content lines, `extra` those of RDATE and EXDATE. `assumed_zone`: a time had no zone or an unknown one.
    """

    uid: str = ""
    first: date = date.max
    length: timedelta = _DAY
    replaces: date | None = None
    rule: dict[str, str] = field(default_factory=dict)
    start: str = ""
    end: str = ""
    extra: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    free: bool = False
    assumed_zone: bool = False

    @property
    def alone(self) -> bool:
        """No series, and not part of one."""
        return not (self.rule or self.extra or self.replaces)

    def touches(self, first_day: date, last_day: date) -> bool:
        """Could it lie on one of these days, or change something that does? In doubt, yes."""
        if self.extra or (self.replaces and first_day - self.length <= self.replaces <= last_day):
            return True
        last = self.first
        if self.rule:
            last = as_day(self.rule["UNTIL"]) if "UNTIL" in self.rule else date.max
        return self.first <= last_day and first_day - self.length <= last

    def lines(self, day: date) -> Iterator[str]:
        """The event; a series begun as late as it may without a change to what touches `day` or follows."""
        by = timedelta(0)
        if self.rule:
            by = brought_forward(self.first, day - self.length - _DAY, self.rule)
            yield "RRULE:" + ";".join(f"{name}={value}" for name, value in self.rule.items())
        yield _moved(self.start, by)
        if self.end:
            yield _moved(self.end, by)
        yield from self.extra
        yield from self.others


class TimingReader:
    """Reads events for the days from `first_day` to `last_day`; `zone` stands for one missing or unknown."""

    def __init__(self, *, first_day: date, last_day: date, zone: ZoneInfo) -> None:
        self._first_day = first_day
        self._last_day = last_day
        self._zone = zone

    def read(self, lines: list[tuple[str, str]]) -> Timing:
        """Raises Unreadable, or ValueError or OverflowError for a day that does not exist."""
        found: Found = defaultdict(list)
        for name, rest in lines:
            found[name].append(read_line(name, rest))
        if not found["DTSTART"] or any(len(found[name]) > 1 for name in _ONCE):
            raise Unreadable("DTSTART")
        timing = Timing(uid="".join(line.value for line in found["UID"]))
        self._read_span(timing, found)
        self._read_series(timing, found)
        self._read_others(timing, found)
        return timing

    def _read_span(self, timing: Timing, found: Found) -> None:
        timing.first = as_day(found["DTSTART"][0].value)
        timing.start = self._strict(timing, found["DTSTART"][0])
        for line in found["DURATION"]:
            timing.length = _duration(line.value.upper()) + _DAY
            timing.end = f"DURATION:{line.value.upper()}"
        for line in found["DTEND"]:
            timing.length = as_day(line.value) - timing.first + _DAY
            timing.end = self._strict(timing, line)
        if timing.length < _DAY:
            raise Unreadable("DTEND")

    def _read_series(self, timing: Timing, found: Found) -> None:
        for line in found["RRULE"]:
            timing.rule = read_rule(line.value)
        for line in found["RDATE"] + found["EXDATE"]:
            near = (value for value in line.value.split(",") if self._is_near(as_day(value)))
            timing.extra += dict.fromkeys(self._strict(timing, line, value) for value in near)

    def _read_others(self, timing: Timing, found: Found) -> None:
        for line in found["RECURRENCE-ID"]:
            timing.replaces = as_day(line.value)
            timing.others.append(self._strict(timing, line))
        for line in found["SEQUENCE"][:1]:
            timing.others.append(f"SEQUENCE:{int(line.value[:9])}")
        words = [f"{line.name}:{line.value.upper()}" for line in found["STATUS"][:1] + found["TRANSP"][:1]]
        free = [word for word in words if word in ("STATUS:CANCELLED", "TRANSP:TRANSPARENT")]
        timing.free = bool(free)
        timing.others += free

    def _is_near(self, day: date) -> bool:
        return self._first_day <= day <= self._last_day

    def _strict(self, timing: Timing, line: ContentLine, value: str | None = None) -> str:
        """The line anew, its one date or time with a zone that is known; of a period, its start."""
        value = (line.value if value is None else value).partition("/")[0].strip().upper()
        later = ";RANGE=THISANDFUTURE" if line.parameters.get("RANGE", "").upper() == "THISANDFUTURE" else ""
        if _DATE.fullmatch(value):
            return f"{line.name}{later};VALUE=DATE:{value}"
        matched = _DATETIME.fullmatch(value)
        if not matched:
            raise Unreadable(line.name)
        if matched[2]:
            return f"{line.name}{later}:{value}"
        known = zone_named(line.parameters.get("TZID", ""))
        timing.assumed_zone |= known is None
        return f"{line.name}{later};TZID={known or self._zone.key}:{value}"


def as_day(value: str) -> date:
    """The day of a date or time, in whatever zone. Raises ValueError if there is no such day."""
    if not _DATE.match(value):
        raise Unreadable("not a date")
    return date(int(value[:4]), int(value[4:6]), int(value[6:8]))


def _duration(value: str) -> timedelta:
    matched = _DURATION.fullmatch(value)
    if not matched:
        raise Unreadable("DURATION")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in matched.groups())
    return timedelta(days=days + weeks * 7 + (hours * 3600 + minutes * 60 + seconds) // 86400 + 1)


def _moved(line: str, by: timedelta) -> str:
    head, _, value = line.rpartition(":")
    if not by or head == "DURATION":
        return line
    return f"{head}:{(as_day(value) + by).isoformat().replace('-', '')}{value[8:]}"


@lru_cache(maxsize=256)
def zone_named(tzid: str) -> str | None:
    """The zone's name in the time zone database; of ``/vendor/…/Europe/Oslo`` the end (RFC 5545, 3.2.19)."""
    name = WINDOWS_TO_OLSON.get(tzid, tzid)
    parts = name.strip("/").split("/")
    names = ["/".join(parts[-count:]) for count in (3, 2)] if name.startswith("/") else [name]
    return next((name for name in names if _exists(name)), None)


def _exists(name: str) -> bool:
    if not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True
