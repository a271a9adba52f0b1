"""Waiting: what was given back, whom it could serve, and when and how long it is offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.domain.course import PartOfDay
from booking.domain.period import Period, oslo
from booking.domain.reminding import USUAL_QUIET

OFFER_HOURS = (2, 6, 12, 24)
"""How long an offer may be kept, as the waiter chooses, in hours."""

SHORTEST = timedelta(minutes=30)
"""Who is offered a time has at least as long as this to answer, or she is not offered it."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A stretch of a clinician's time at a clinic that somebody gave back, or that was offered to somebody."""

    clinic: int
    clinician: int
    period: Period

    def meets(self, other: Chance) -> bool:
        """Whether both are time of the same clinician at the same clinic, some of it the same."""
        return (self.clinic, self.clinician) == (other.clinic, other.clinician) and self.period.overlaps(other.period)


@dataclass(frozen=True, slots=True)
class Terms:
    """When an offer is mailed, and until when its times are kept; both in UTC."""

    mailed_at: datetime
    kept_until: datetime


def terms_of(hours: int, first: datetime, *, notice: timedelta, now: datetime) -> Terms | None:
    """The terms of an offer made at `now` whose first time begins at `first` (both aware).

    The hours count from the mail, which waits for the end of the night. Nothing is kept longer than it can be booked,
    which is until `notice` before it begins; None where that leaves too little time to answer.
    """
    mailed_at = after_the_night(now)
    kept_until = min(mailed_at + timedelta(hours=hours), first - notice)
    return Terms(mailed_at, kept_until) if kept_until - mailed_at >= SHORTEST else None


def after_the_night(moment: datetime) -> datetime:
    """The moment itself, or, in the night, the end of the night."""
    night = USUAL_QUIET.around(moment)
    return night.end if night else moment


def suits(period: Period, days: frozenset[int], parts: frozenset[PartOfDay]) -> bool:
    """Whether it begins on one of these weekdays (Monday is 0) and in one of these parts of the day; empty: any."""
    start = oslo(period.start)
    fits_day = not days or start.weekday() in days
    return fits_day and (not parts or PartOfDay.at(start.hour * 60 + start.minute) in parts)
