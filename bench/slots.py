"""Free times of a day, a month and a year, against the SELECT of what is taken then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bench.houses import CLINICIANS_A_CLINIC
from bench.lines import Question
from bench.measure import Side
from booking.domain.period import Period, at_wall, oslo
from booking.domain.schedule import Schedule
from booking.domain.slot import Availability, TakenRow
from booking.store.schedules import schedule_of, taken_rows

MINUTES = 30
REFERENCE = "the SELECT of the same rows"


@dataclass(frozen=True, slots=True)
class Span:
    """Some clinics' days, with what is known of them."""

    schedule: Schedule
    first: date
    days: int

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def period(self) -> Period:
        return Period(at_wall(self.first, 0), at_wall(self.last + timedelta(days=1), 0))

    def taken(self, session: Session, now: datetime) -> Sequence[TakenRow]:
        return taken_rows(session, self.schedule, self.period, now=now)

    def free_starts(self, taken: Sequence[TakenRow], now: datetime) -> list[list[int]]:
        """Of every clinician who needles, everywhere she works."""
        availability = Availability(self.schedule, self.first, self.last, taken, earliest=now)
        return [
            availability.starts(clinician.id, clinic.id, MINUTES)
            for clinician in self.schedule.clinicians
            for clinic in self.schedule.clinics
            if availability.works_at(clinician.id, clinic.id)
        ]


def questions(session: Session, clinics: Sequence[int], days: int, now: datetime) -> Iterator[Question]:
    """Of one clinic on one day, of two in a month, and of all for `days`: five clinicians each."""
    yield question(session, "free slots, one day", 0.3, clinics[:1], 1, now)
    yield question(session, "free slots, 10 clinicians × 30 days", 1.2, clinics[:2], 30, now)
    people = len(clinics) * CLINICIANS_A_CLINIC
    yield question(session, f"free slots, {people} clinicians × {days} days", 0.9, clinics, days, now)


def question(session: Session, name: str, aim: float, clinics: Sequence[int], days: int, now: datetime) -> Question:
    first = oslo(now).date() + timedelta(days=1)
    period = Period(at_wall(first, 0), at_wall(first + timedelta(days=days), 0))
    span = Span(schedule_of(session, clinics, period), first, days)
    taken = span.taken(session, now)
    return Question(
        name=name,
        aim=aim,
        reference=REFERENCE,
        data=f"{len(span.schedule.clinicians)} clinicians, {len(taken)} taken",
        measured=Side(lambda _: span.free_starts(taken, now)),
        against=Side(lambda _: span.taken(session, now)),
    )
