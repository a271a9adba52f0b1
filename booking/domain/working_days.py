"""Working days: Monday to Friday without public holidays, for what the clinic promises to do by when."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from booking.domain.holidays import holidays_on
from booking.domain.period import at_wall, oslo


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and not holidays_on(day)


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def end_of_working_day_after(now: datetime, count: int) -> datetime:
    """The end (midnight in Oslo) of the `count`-th working day after the day of `now`."""
    return at_wall(working_day_after(oslo(now).date(), count) + timedelta(days=1), 0)
