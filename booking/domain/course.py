"""Course: nine weekly sessions planned as a whole, each deviation with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from booking.domain.period import Period
from booking.domain.protocol import Step
from booking.domain.slot import Reason


class PartOfDay(StrEnum):
    """Before 11, 11 to 14, 14 to 17, from 17 on, by the start on the wall in Oslo."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"


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
    """`instead_of`: where the pattern would have put it (after a slip: in the first week left out)."""

    instead_of: datetime
    reasons: tuple[Reason, ...]
    departure: Departure


@dataclass(frozen=True, slots=True)
class Planned:
    """One appointment of a plan; `start` and `end` aware, UTC. `week`: the Monday of its ISO week in Oslo."""

    step: Step
    start: datetime
    end: datetime
    clinic: int
    clinician: int
    room: int
    deviation: Deviation | None = None


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
class NoPlan:
    """No course fits: the weeks that fail, and the one wish whose relaxing gives the best course (None: none does)."""

    weeks: tuple[FailedWeek, ...]
    relax: Wish | None
