"""Wishes: what a patient asks for, to and from the query of an address, so that it can be linked and gone back to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from booking.domain.course import PartOfDay, Pattern, Planned
from booking.domain.period import at_wall, oslo, shown_once
from booking.services.proposals import Asked, Rhythm, Swap

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BETWEEN = "~"
"""Between the parts of one value; stands in no slug, date or time."""

MOST_AWAY = 40
MOST_SWAPS = 40

Pairs = list[tuple[str, str]]


class Unreadable(ValueError):
    """A value of the query that means nothing."""


class NoSuchTime(Unreadable):
    """A time that the clock does not show that day, or shows twice."""


def query_of(asked: Asked, rhythm: Rhythm | None = None) -> str:
    """The wishes, and a plan of theirs, as a query; equal wishes give equal queries. Own busy times are never in it."""
    return urlencode(_wishes(asked) + (_rhythm(rhythm) if rhythm else []), safe=BETWEEN + ":,")


def asked_of(query: MultiDict[str, str]) -> Asked:
    """The wishes of a query that was written by `query_of`. Raises Unreadable for any other value."""
    away = query.getlist("away")
    if len(away) > MOST_AWAY:
        raise Unreadable("away")
    return Asked(
        clinics=tuple(dict.fromkeys(query.getlist("clinic"))),
        clinician=query.get("clinician") or None,
        only_her=bool(query.get("only")),
        days=frozenset(read_weekday(day) for day in query.getlist("day")),
        parts=frozenset(read_part(part) for part in query.getlist("part")),
        start=_countable(read_date(query["from"])) if query.get("from") else None,
        away=tuple(_both_countable(*read_dates(text)) for text in away),
        new_patient=bool(query.get("new")),
    )


def rhythm_of(query: MultiDict[str, str]) -> Rhythm | None:
    """The plan that a query names, if it names one. Raises Unreadable."""
    text = query.get("pattern")
    if not text:
        return None
    swaps = query.getlist("swap")
    if len(swaps) > MOST_SWAPS:
        raise Unreadable("swap")
    return read_rhythm(text, tuple(read_swap(swap) for swap in swaps))


def parsed(query: str) -> MultiDict[str, str]:
    return MultiDict(parse_qsl(query))


def read_weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise Unreadable(text)
    return WEEKDAYS.index(text)


def read_part(text: str) -> PartOfDay:
    if text not in list(PartOfDay):
        raise Unreadable(text)
    return PartOfDay(text)


def read_date(text: str) -> date:
    """A date as a date field sends it: `2027-04-05`."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise Unreadable(text) from None


def read_dates(text: str) -> tuple[date, date]:
    """Two dates, the first not after the last: `2027-04-12..2027-04-16`."""
    first, _, last = text.partition("..")
    dates = read_date(first), read_date(last)
    if dates[1] < dates[0]:
        raise Unreadable(text)
    return dates


def read_rhythm(text: str, swaps: tuple[Swap, ...] = ()) -> Rhythm:
    """`tue~09:00~clinician~clinic`"""
    weekday, time, clinician, clinic = _parts(text, 4)
    return Rhythm(read_weekday(weekday), _minute(time), clinician, clinic, swaps)


def read_swap(text: str) -> Swap:
    """`7~2027-05-19T09:30~clinician~clinic`, the time on the wall in Oslo."""
    number, start, clinician, clinic = _parts(text, 4)
    if not (number.isascii() and number.isdecimal() and len(number) < 4):
        raise Unreadable(text)
    return Swap(int(number), read_start(start), clinician, clinic)


def read_place(text: str) -> tuple[datetime, str, str]:
    """`2027-05-19T09:30~clinician~clinic`: start (aware), clinician, clinic."""
    start, clinician, clinic = _parts(text, 3)
    return read_start(start), clinician, clinic


def read_start(text: str) -> datetime:
    """`2027-05-19T09:30` on the wall in Oslo, as an instant. Raises NoSuchTime in the night of a clock change."""
    date_text, _, time_text = text.partition("T")
    day, minute = _countable(read_date(date_text)), _minute(time_text)
    if not shown_once(day, minute):
        raise NoSuchTime(text)
    return at_wall(day, minute)


def place_text(start: datetime, clinician: str, clinic: str) -> str:
    """What `read_place` reads."""
    return BETWEEN.join((f"{oslo(start):%Y-%m-%dT%H:%M}", clinician, clinic))


def rhythm_text(rhythm: Rhythm) -> str:
    """What `read_rhythm` reads."""
    time = f"{rhythm.minute // 60:02}:{rhythm.minute % 60:02}"
    return BETWEEN.join((WEEKDAYS[rhythm.weekday], time, rhythm.clinician, rhythm.clinic))


def swap_text(swap: Swap) -> str:
    """What `read_swap` reads."""
    return f"{swap.number}{BETWEEN}{place_text(swap.start, swap.clinician, swap.clinic)}"


class Slugs:
    """The slugs of clinics and clinicians, to name a pattern or an appointment in an address."""

    def __init__(self, clinics: Iterable[tuple[int, str]], clinicians: Iterable[tuple[int, str]]) -> None:
        self._clinics, self._clinicians = dict(clinics), dict(clinicians)

    def rhythm(self, pattern: Pattern, swaps: tuple[Swap, ...] = ()) -> Rhythm:
        clinician, clinic = self._clinicians[pattern.clinician], self._clinics[pattern.clinic]
        return Rhythm(pattern.weekday, pattern.minute, clinician, clinic, swaps)

    def swap(self, planned: Planned) -> Swap:
        clinician, clinic = self._clinicians[planned.clinician], self._clinics[planned.clinic]
        return Swap(planned.step.number, planned.start, clinician, clinic)


def _wishes(asked: Asked) -> Pairs:
    pairs: Pairs = [("clinic", slug) for slug in asked.clinics]
    if asked.clinician:
        pairs.append(("clinician", asked.clinician))
    if asked.clinician and asked.only_her:
        pairs.append(("only", "1"))
    pairs += [("day", WEEKDAYS[day]) for day in sorted(asked.days)]
    pairs += [("part", part.value) for part in PartOfDay if part in asked.parts]
    if asked.start:
        pairs.append(("from", asked.start.isoformat()))
    pairs += [("away", f"{first}..{last}") for first, last in asked.away]
    return pairs + ([("new", "1")] if asked.new_patient else [])


def _rhythm(rhythm: Rhythm) -> Pairs:
    return [("pattern", rhythm_text(rhythm)), *(("swap", swap_text(swap)) for swap in rhythm.swaps)]


def _parts(text: str, count: int) -> list[str]:
    parts = text.split(BETWEEN)
    if len(parts) != count or not all(parts):
        raise Unreadable(text)
    return parts


def _countable(day: date) -> date:
    """The date, if it is so far from the first and the last there is that weeks can be counted from it."""
    if not 1900 < day.year < 9000:
        raise Unreadable(day.isoformat())
    return day


def _both_countable(first: date, last: date) -> tuple[date, date]:
    return _countable(first), _countable(last)


def _minute(text: str) -> int:
    """Minutes past midnight of `09:30`."""
    hour, _, minute = text.partition(":")
    if not (len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdecimal()):
        raise Unreadable(text)
    if int(hour) > 23 or int(minute) > 59:
        raise Unreadable(text)
    return int(hour) * 60 + int(minute)
