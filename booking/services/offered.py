"""Offered: what patients can have on the next days at a clinic, or with a clinician there, if hours change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.period import STEP_MINUTES, Period, oslo
from booking.domain.schedule import Schedule, hours_on
from booking.domain.slot import Availability, Reason, ReasonKind, bits, sorted_reasons
from booking.domain.timetable import Shift, Timetable, minutes_on
from booking.services.office import Office
from booking.services.proposals import availability_for
from booking.store.protocols import all_treatments
from booking.store.schedules import schedule_of

SHOWN_DAYS = 14
"""How many days a preview shows: an odd and an even week."""


@dataclass(frozen=True, slots=True)
class At:
    """Whose hours: a clinic's (None: of all clinics), or of a clinician there."""

    clinic_id: int | None
    clinician_id: int | None = None


@dataclass(frozen=True, slots=True)
class OfferedDay:
    """What patients will be offered on a day. `before` and `after`: the hours there, breaks not taken out, by the
    templates; `unheard`: those of her hours at which the clinic is not open; `elsewhere`: those at which she works
    at another clinic, too; `starts`: when a short visit can begin, minutes past midnight in Oslo; `reasons`: what else
    closes the day or parts of it."""

    day: date
    before: tuple[tuple[int, int], ...]
    after: tuple[tuple[int, int], ...]
    unheard: tuple[tuple[int, int], ...]
    elsewhere: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    reasons: tuple[Reason, ...]


class Days:
    """The days that a preview shows, as they are before the change and, asked later, as they would be after it."""

    def __init__(self, session: Session, office: Office, at: At, *, now: datetime) -> None:
        self._session, self._office, self._at, self._now = session, office, at, now
        self._today = oslo(now).date()
        self._before = Timetable(self._schedule())

    def _schedule(self) -> Schedule:
        """Week templates are all read, whatever the period."""
        clinics = [] if self._at.clinic_id is None else [self._at.clinic_id]
        return schedule_of(self._session, clinics, Period(self._now, self._now))

    def compared(self, period: Period) -> tuple[tuple[OfferedDay, ...], int]:
        """The first days of the period on which anything is, would be or cannot be heard, and the minutes of a short
        visit."""
        clinic_id = self._at.clinic_id
        if clinic_id is None:
            return (), 0
        first = max(oslo(period.start).date(), self._today)
        last = min(first + timedelta(days=SHOWN_DAYS - 1), oslo(period.end - timedelta(seconds=1)).date())
        if last < first:
            return (), 0
        free = availability_for(self._session, self._office, (clinic_id,), (first, last), now=self._now)
        people = self._people(free, clinic_id)
        after = Timetable(free.schedule)
        found = (self._offered(free, after, clinic_id, day, people) for day in _days(first, last))
        minutes = min(people.values(), default=0)
        return tuple(each for each in found if each.before or each.after or each.unheard), minutes

    def _people(self, free: Availability, clinic_id: int) -> dict[int, int]:
        """Who is asked, by id, with the minutes of the shortest visit that she may give."""
        treatments = all_treatments(self._session)
        return {
            who.id: min((each.minutes for each in treatments if who.needles or not each.needles), default=STEP_MINUTES)
            for who in free.schedule.clinicians
            if self._at.clinician_id in (None, who.id) and free.works_at(who.id, clinic_id)
        }

    def _offered(
        self, free: Availability, timetable: Timetable, clinic_id: int, day: date, people: dict[int, int]
    ) -> OfferedDay:
        index, mask = free.index(day), 0
        for who, minutes in people.items():
            mask |= free.starts(who, clinic_id, minutes)[index]
        after = self._hours(timetable, clinic_id, day)
        hers = self._hers(free.schedule, clinic_id, day)
        return OfferedDay(
            day=day,
            before=self._hours(self._before, clinic_id, day),
            after=after,
            unheard=tuple(_without(hers, after)),
            elsewhere=tuple(self._elsewhere(timetable, clinic_id, day, after)),
            starts=tuple(step * STEP_MINUTES for step in bits(mask)),
            reasons=sorted_reasons(self._reasons(free, clinic_id, day)),
        )

    def _hours(self, timetable: Timetable, clinic_id: int, day: date) -> tuple[tuple[int, int], ...]:
        if self._at.clinician_id is None:
            return _spans(timetable.opening(clinic_id, day))
        return _spans(each for each in timetable.shifts(self._at.clinician_id, day) if each.clinic_id == clinic_id)

    def _hers(self, schedule: Schedule, clinic_id: int, day: date) -> list[tuple[int, int]]:
        """By her own template, whether the clinic is open or not."""
        if self._at.clinician_id is None:
            return []
        whose = (clinic_id, self._at.clinician_id)
        own = hours_on((each for each in schedule.hours if (each.clinic_id, each.clinician_id) == whose), day)
        return [(each.start, each.end) for each in own]

    def _elsewhere(
        self, timetable: Timetable, clinic_id: int, day: date, here: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        if self._at.clinician_id is None:
            return
        others = [each for each in timetable.shifts(self._at.clinician_id, day) if each.clinic_id != clinic_id]
        for start, end in here:
            for other in others:
                if max(start, other.start) < min(end, other.end):
                    yield max(start, other.start), min(end, other.end)

    def _reasons(self, free: Availability, clinic_id: int, day: date) -> list[Reason]:
        found = free.closings(clinic_id, day)
        away = (each for each in free.schedule.absences if each.clinician_id == self._at.clinician_id)
        return found + [Reason(ReasonKind.ABSENCE) for each in away if minutes_on(each.period, day)]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _spans(shifts: Iterable[Shift]) -> tuple[tuple[int, int], ...]:
    return tuple((shift.start, shift.end) for shift in shifts)


def _without(spans: Iterable[tuple[int, int]], gone: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of the spans."""
    left = list(spans)
    for start, end in gone:
        left = [part for a, b in left for part in ((a, min(b, start)), (max(a, end), b)) if part[0] < part[1]]
    yield from left
