"""Gained: times that can be had since hours were added, or a closing or an absence was taken back.

Who waits is asked about them just as about times that somebody has given back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.course import PartOfDay
from booking.domain.period import STEP_MINUTES, Period, at_wall, oslo
from booking.domain.slot import Availability, bits
from booking.services.office import Office
from booking.store.protocols import all_treatments
from booking.store.schedules import schedule_of
from booking.store.waiting import note_freed

LOOKED_AHEAD = timedelta(weeks=13)
"""Further ahead nobody waits: there, times are free."""

Starts = Mapping[tuple[int, int], list[int]]
"""(clinic, clinician) to the mask of the starts of a short visit on each day, whatever is booked."""


@contextmanager
def gains_noted(session: Session, office: Office, clinic_ids: Collection[int], *, now: datetime) -> Iterator[None]:
    """For who changes the schedules of these clinics inside a unit of work: what can be had at the end, and could not
    be had before, is noted for the waiting list."""
    days = _Days.from_now(session, office, now=now)
    before = days.starts(session, clinic_ids)
    yield
    session.flush()
    after = days.starts(session, clinic_ids)
    none = [0] * len(days.all)
    gained = {key: [a & ~b for a, b in zip(masks, before.get(key, none), strict=True)] for key, masks in after.items()}
    note_freed(session, days.stretches(gained), now=now)


@dataclass(frozen=True, slots=True)
class _Days:
    """The days that are compared, from the first on. `minutes`: of a short visit."""

    all: tuple[date, ...]
    minutes: int
    earliest: datetime

    @classmethod
    def from_now(cls, session: Session, office: Office, *, now: datetime) -> _Days:
        first, earliest = oslo(now).date(), now + office.notice
        count = min(LOOKED_AHEAD, office.horizon).days
        minutes = min((each.minutes for each in all_treatments(session)), default=STEP_MINUTES)
        return cls(tuple(first + timedelta(days=number) for number in range(count)), minutes, earliest)

    def starts(self, session: Session, clinic_ids: Collection[int]) -> Starts:
        first, last = self.all[0], self.all[-1]
        period = Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
        schedule = schedule_of(session, clinic_ids, period)
        free = Availability(schedule, first, last, (), earliest=self.earliest)
        return {
            (clinic, who.id): free.starts(who.id, clinic, self.minutes)
            for clinic in clinic_ids
            for who in schedule.clinicians
            if free.works_at(who.id, clinic)
        }

    def stretches(self, starts: Starts) -> Iterator[tuple[int, int, datetime, datetime]]:
        """(clinic, clinician, start, end), one for each part of a day: wishes are for parts of days."""
        for (clinic, who), masks in starts.items():
            for day, mask in zip(self.all, masks, strict=True):
                for part in PartOfDay:
                    begin, until = part.minutes
                    minutes = [m for m in (step * STEP_MINUTES for step in bits(mask)) if begin <= m < until]
                    if minutes:
                        yield clinic, who, at_wall(day, minutes[0]), at_wall(day, minutes[-1] + self.minutes)
