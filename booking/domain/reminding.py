"""Reminding: when each rung of the ladder is due, by the clock on the wall in Oslo and outside of quiet hours.

The ladder: the week on its Sunday evening, the appointment two days ahead, and the morning of the day itself.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        return Period(at_wall(day, self.start), at_wall(day, self.start + self.minutes))


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder that is to be written within `window`, once the quiet hours of the moment are over.

    `told_by`: who was told of the time at this moment or later needs no reminder.
    """

    rung: Rung
    window: Period
    told_by: datetime


def due(rung: Rung, start: datetime, quiet: Quiet) -> Due | None:
    """When to remind of an appointment that begins at `start` (aware); None if quiet hours leave no moment for it."""
    moment, latest, end = _moments(rung, start)
    opens = _outside(moment, latest, quiet)
    return Due(rung, Period(opens, end), min(moment, opens)) if opens < end else None


def told_by_week(other: Due, start: datetime) -> bool:
    """Whether the overview of the week would tell of the appointment on the same day."""
    return oslo(other.window.start).date() == week_of(start) - timedelta(days=1)


def after_week(other: Due, start: datetime, quiet: Quiet) -> Due | None:
    """The same reminder, put off until the overview of the week can no longer come; None if that is too late."""
    monday, end = at_wall(week_of(start), 0), other.window.end
    opens = _outside(monday, end, quiet)
    return Due(other.rung, Period(opens, end), other.told_by) if monday <= opens < end else None


def week_of(start: datetime) -> date:
    """The Monday of the week in which an appointment lies that begins at `start` (aware)."""
    return monday_of(oslo(start).date())


def reach(rung: Rung, now: datetime) -> Period:
    """Between which starts all appointments lie that this rung may be due for at `now` (aware)."""
    if rung is Rung.TWO_DAYS:
        return Period(now + LAST_TWO_DAYS, now + timedelta(hours=49))  # on the wall, two days may have an hour more
    if rung is Rung.MORNING:
        return Period(now, now + timedelta(days=1))
    monday = week_of(now) + timedelta(days=7)
    days = 7 if oslo(now).date() == monday - timedelta(days=1) else 0  # quiet hours do not move it from its Sunday
    return Period(at_wall(monday, 0), at_wall(monday + timedelta(days=days), 0))


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
