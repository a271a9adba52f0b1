"""Period: a half-open stretch of time, and the five-minute steps that everything is counted in.

Instants are aware datetimes; planning counts in integers. Two integer scales are used and never mixed:

* *seconds*: whole seconds since 1970-01-01 UTC, as the store keeps them; `step_of` counts them in fives of minutes.
* *wall steps*: an Oslo date (as `date.toordinal()`) and a five-minute step 0..287 of the clock on the wall that day.

Clinics never offer a start between 02:00 and 03:00, so wall time within a clinic's hours is never ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")

STEP_MINUTES = 5
STEP_SECONDS = STEP_MINUTES * 60
STEPS_PER_DAY = 24 * 60 // STEP_MINUTES


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From `start` up to, not including, `end`; both aware and kept in UTC. Refuses naive or reversed times."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs aware datetimes")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end < self.start:
            raise ValueError("a period ends at or after its start")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end


def oslo(moment: datetime) -> datetime:
    """The same instant on the clock on the wall in Oslo."""
    return moment.astimezone(OSLO)


def at_wall(day: date, minute: int) -> datetime:
    """The instant (UTC) at which the clock in Oslo shows `minute` minutes past midnight on `day`."""
    return (datetime.combine(day, time(), OSLO) + timedelta(minutes=minute)).astimezone(UTC)


def shown_once(day: date, minute: int) -> bool:
    """Whether the clock in Oslo shows this once on `day`: in spring an hour is left out, in autumn one comes twice."""
    wall = datetime.combine(day, time(), OSLO) + timedelta(minutes=minute)
    return wall.utcoffset() == wall.replace(fold=1).utcoffset()


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def step_of(moment: datetime) -> int:
    """The number of the five-minute step since 1970-01-01 UTC in which `moment` lies."""
    return seconds_of(moment) // STEP_SECONDS


def monday_of(day: date) -> date:
    """The first day of `day`'s ISO week."""
    return day - timedelta(days=day.weekday())
