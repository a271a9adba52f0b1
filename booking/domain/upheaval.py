"""Upheaval: what it asks of a patient that the clinic moves her appointment, as a number to be kept small.

Another week counts more than everything else that twenty patients could be asked together: her own week comes first,
for all of them. Within a week another clinic counts most, then to come before she may have read of it, then another
clinician, another day, another time of day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from booking.domain.changing import Option
from booking.domain.course import Planned
from booking.domain.period import monday_of

WEEK = 20_000
CLINIC = 400
HASTE = 200
COLLEAGUE = 100
ALONG = 60
DAY = 20
HALF_HOUR_MINUTES = 30

READ_WITHIN = timedelta(hours=24)
"""Sooner than this after it is written, not everybody has read a mail."""


def upheaval(before: Planned, option: Option, *, now: datetime) -> int:
    """What it costs to have the appointment there and not where it stands; 0 where only the room is another."""
    after = option.at
    weeks = abs((monday_of(after.day) - monday_of(before.day)).days) // 7
    moved = after.start != before.start
    days = abs((after.day - before.day).days) if not weeks else abs(after.day.weekday() - before.day.weekday())
    return (
        weeks * WEEK
        + (after.clinic != before.clinic) * CLINIC
        + (moved and after.start < now + READ_WITHIN) * HASTE
        + (after.clinician != before.clinician) * COLLEAGUE
        + len(option.along) * ALONG
        + days * DAY
        + abs(after.minute - before.minute) // HALF_HOUR_MINUTES
    )
