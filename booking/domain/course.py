"""Course: nine weekly sessions planned as a whole, each deviation with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from booking.domain.period import Period, oslo
from booking.domain.protocol import Step, StepKind
from booking.domain.slot import Reason


class PartOfDay(StrEnum):
    """Before 11, 11 to 14, 14 to 17, from 17 on, by the start on the wall in Oslo."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @property
    def minutes(self) -> tuple[int, int]:
        """From and up to (not including) which minute of the day the part runs."""
        return _PARTS[self]

    @classmethod
    def at(cls, minute: int) -> PartOfDay:
        """The part in which a start at this minute of the day lies."""
        return next(part for part, (start, end) in _PARTS.items() if start <= minute < end)


_PARTS = {
    PartOfDay.MORNING: (0, 11 * 60),
    PartOfDay.MIDDAY: (11 * 60, 14 * 60),
    PartOfDay.AFTERNOON: (14 * 60, 17 * 60),
    PartOfDay.EVENING: (17 * 60, 24 * 60),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the patient asks for. Empty `days`, `parts` mean no preference; `clinics` are hard and never empty.

    `clinician` binds the pattern; `only_her` binds every appointment. `start`: no appointment before this date.
    `away` (whole dates, both included) and `busy` (own periods) are hard.
    """

    clinics: tuple[int, ...]
    start: date
    clinician: int | None = None
    only_her: bool = False
    days: frozenset[int] = frozenset()
    parts: frozenset[PartOfDay] = frozenset()
    away: tuple[tuple[date, date], ...] = ()
    busy: tuple[Period, ...] = ()
    new_patient: bool = False

    @property
    def bound_to(self) -> int | None:
        """The only clinician who may give any of the appointments; None if others may."""
        return self.clinician if self.only_her else None


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """The same weekday (Monday is 0), minute of the day, clinician and clinic, week after week."""

    weekday: int
    minute: int
    clinician: int
    clinic: int


class Departure(IntEnum):
    """How far a session leaves its pattern: the worst that applies."""

    SAME_DAY = 1
    SAME_WEEK = 2
    COLLEAGUE = 3
    OTHER_CLINIC = 4


@dataclass(frozen=True, slots=True)
class Deviation:
    """`instead_of`: where the pattern would have put it (UTC; after a slip: in the first week left out).

    `reasons`: why not there; empty only when the patient herself chose another time though the pattern's was free.
    """

    instead_of: datetime
    reasons: tuple[Reason, ...]
    departure: Departure


@dataclass(frozen=True, slots=True)
class Planned:
    """One appointment of a plan; `start` and `end` aware, UTC. Only sessions have deviations."""

    step: Step
    start: datetime
    end: datetime
    clinic: int
    clinician: int
    room: int
    deviation: Deviation | None = None

    @property
    def day(self) -> date:
        """The date in Oslo."""
        return oslo(self.start).date()

    @property
    def minute(self) -> int:
        """Minutes past midnight of the start, on the wall in Oslo."""
        start = oslo(self.start)
        return start.hour * 60 + start.minute


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """Compared in this order: sessions off the pattern, sum of their departures, days away, minutes away."""

    deviations: int
    departures: int
    days: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Appointments in order of time: first visit (new patients), sessions, review. `price` in whole kroner."""

    pattern: Pattern
    appointments: tuple[Planned, ...]
    cost: Cost
    price: int

    @property
    def first_visit(self) -> Planned | None:
        return next((each for each in self.appointments if self._before(each)), None)

    @property
    def sessions(self) -> tuple[Planned, ...]:
        """The weekly sessions; of a protocol without any, its single appointment."""
        found = tuple(each for each in self.appointments if each.step.kind is StepKind.SESSION)
        return found or self.appointments

    @property
    def reviews(self) -> tuple[Planned, ...]:
        after = self.sessions[-1].start
        return tuple(e for e in self.appointments if e.step.kind is StepKind.REVIEW and e.start > after)

    def _before(self, each: Planned) -> bool:
        return each.step.kind is StepKind.FIRST_VISIT and each.start < self.sessions[0].start


class Wish(StrEnum):
    """What could be relaxed."""

    DAYS = "days"
    PARTS = "parts"
    CLINICIAN = "clinician"
    CLINICS = "clinics"
    START = "start"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class FailedWeek:
    """An ISO week (by its Monday) in which nothing that was wished for is free, and why."""

    monday: date
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One wish given up: which, the wishes that are left, and the best plan that they allow.

    DAYS, PARTS: any. CLINICIAN: anybody. CLINICS: one more, the last of `wishes.clinics`. START: from today instead
    of a later date. AWAY: days away and own busy times left out.
    """

    wish: Wish
    wishes: Wishes
    plan: Plan


@dataclass(frozen=True, slots=True)
class NoPlan:
    """No course fits: why, and the one wish whose relaxing gives the best course (None: none does).

    `fails`: what cannot be placed: the sessions, or a first visit or review without which the sessions could be.
    """

    weeks: tuple[FailedWeek, ...]
    fails: StepKind
    relax: Relaxation | None


@dataclass(frozen=True, slots=True)
class FreeTime:
    """Where a single appointment can be had; `start` and `end` in UTC."""

    start: datetime
    end: datetime
    clinician: int
    clinic: int


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A date in Oslo with its free times, in order of time."""

    day: date
    times: tuple[FreeTime, ...]
