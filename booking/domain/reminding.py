"""Reminding: when each rung of the ladder is due, by the clock on the wall in Oslo and outside of quiet hours.

The ladder: the week on its Sunday evening, the appointment two days ahead, and the morning of the day itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from booking.domain.period import Period, at_wall, monday_of, oslo

MINUTES_PER_DAY = 24 * 60

SUNDAY_EVENING = 18 * 60
MORNING_AT = 7 * 60
"""Minutes past midnight."""

LAST_TWO_DAYS = timedelta(hours=24)
"""With less than this left, the reminder of two days ahead is no longer sent: the usual limit for free changes is past,
and that of the morning comes soon."""

TO_GET_READY = timedelta(hours=1)
"""The morning's reminder comes this long before the appointment at the latest, or else the evening before."""

BEFORE_QUIET = timedelta(hours=1)
"""What cannot wait until quiet hours are over is due this long before they begin."""

LONGEST_QUIET = timedelta(hours=14)


class Rung(StrEnum):
    """A step of the ladder."""

    WEEK = "week"
    TWO_DAYS = "two_days"
    MORNING = "morning"


USUAL_RUNGS = frozenset({Rung.TWO_DAYS, Rung.MORNING})
"""What everybody is reminded of who has not chosen otherwise."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is reminded, every day: from one minute of the day in Oslo until another. Equal: none."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < MINUTES_PER_DAY and 0 <= self.end < MINUTES_PER_DAY):
            raise ValueError("quiet hours are minutes of a day")
        if self.minutes > LONGEST_QUIET / timedelta(minutes=1):
            raise ValueError("quiet hours leave too little of the day")

    @property
    def minutes(self) -> int:
        """How long they are by the clock on the wall."""
        return (self.end - self.start) % MINUTES_PER_DAY

    def around(self, moment: datetime) -> Period | None:
        """The quiet stretch that `moment` (aware) lies in; None outside of all."""
        today = oslo(moment).date()
        nights = (self._beginning(day) for day in (today - timedelta(days=1), today))
        return next((night for night in nights if night.start <= moment < night.end), None)

    def _beginning(self, day: date) -> Period:
        start, end = at_wall(day, self.start), at_wall(day, self.start + self.minutes)
        return Period(start, max(start, end))  # what begins in the hour that summer time skips may end before


USUAL_QUIET = Quiet(21 * 60, 7 * 60)


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder that is to be written within `window`, once the quiet hours of the moment are over.

    `told_by`: who was told of the time at this moment or later needs no reminder.
    """

    rung: Rung
    window: Period
    told_by: datetime


def ladder(start: datetime, quiet: Quiet, wanted: Collection[Rung], *, week_told: bool = False) -> list[Due]:
    """When to remind of an appointment that begins at `start` (aware), never twice at once.

    What would come on the Sunday of a wanted overview of the week waits until that can no longer come, and does not
    come at all if the overview was sent (`week_told`). A rung for which quiet hours leave no moment is left out.
    """
    found = [each for rung in wanted if (each := due(rung, start, quiet)) is not None]
    week = next((each for each in found if each.rung is Rung.WEEK), None)
    if week is None:
        return found
    others = [_beside(week, each, quiet, week_told) for each in found if each is not week]
    return [week, *(each for each in others if each is not None)]


def due(rung: Rung, start: datetime, quiet: Quiet) -> Due | None:
    """When one rung is due, whatever the others are; None if quiet hours leave no moment for it."""
    moment, latest, end = _moments(rung, start)
    opens = _outside(moment, latest, quiet)
    return Due(rung, Period(opens, end), min(moment, opens)) if opens < end else None


def week_of(start: datetime) -> date:
    """The Monday of the week in which an appointment lies that begins at `start` (aware)."""
    return monday_of(oslo(start).date())


def reach(rung: Rung, now: datetime) -> Period:
    """Between which starts all appointments lie that this rung may be due for at `now` (aware)."""
    if rung is Rung.TWO_DAYS:
        return Period(now + LAST_TWO_DAYS, now + timedelta(hours=50))  # a clock change adds one to 48
    if rung is Rung.MORNING:
        return Period(now, now + timedelta(days=1))
    monday = week_of(now) + timedelta(days=7)
    days = 7 if oslo(now).date() == monday - timedelta(days=1) else 0  # quiet hours do not move it from its Sunday
    return Period(at_wall(monday, 0), at_wall(monday + timedelta(days=days), 0))


def _beside(week: Due, other: Due, quiet: Quiet, week_told: bool) -> Due | None:
    opens, end = other.window.start, other.window.end
    if opens >= week.window.end:
        return other
    if oslo(opens).date() != oslo(week.window.start).date():
        return replace(other, window=Period(opens, min(end, week.window.start)))
    opens = _outside(week.window.end, end, quiet)
    return None if week_told or opens < week.window.end or opens >= end else replace(other, window=Period(opens, end))


def _moments(rung: Rung, start: datetime) -> tuple[datetime, datetime, datetime]:
    """The usual moment, the latest to which quiet hours may put it off, and from when on it is of no use."""
    day, start = oslo(start).date(), start.astimezone(UTC)
    if rung is Rung.WEEK:
        monday = at_wall(week_of(start), 0)
        return at_wall(week_of(start) - timedelta(days=1), SUNDAY_EVENING), monday, monday
    if rung is Rung.TWO_DAYS:
        clock = oslo(start)
        moment = at_wall(day - timedelta(days=2), clock.hour * 60 + clock.minute)
        return moment, start - LAST_TWO_DAYS, start - LAST_TWO_DAYS
    latest = start - TO_GET_READY
    return min(at_wall(day, MORNING_AT), latest), latest, start


def _outside(moment: datetime, latest: datetime, quiet: Quiet) -> datetime:
    """`moment`, or if it is quiet then: when the quiet is over, or if that is too late: before it begins."""
    night = quiet.around(moment)
    if night is None:
        return moment
    return night.end if night.end <= latest else night.start - BEFORE_QUIET
