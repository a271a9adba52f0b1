"""Schedule: when clinics are open, when clinicians work there, what closes either; planning without bookings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from booking.domain.period import Period


@dataclass(frozen=True, slots=True)
class Name:
    """A name in several languages, as (language, text) pairs; English stands in for a missing one."""

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, **texts: str) -> Name:
        return cls(tuple(sorted(texts.items())))

    def __getitem__(self, language: str) -> str:
        texts = dict(self.texts)
        return texts.get(language) or texts["en"]


@dataclass(frozen=True, slots=True)
class DayHours:
    """Open or working on a weekday (Monday is 0) from `start` to `end`, minutes past midnight on the wall in Oslo."""

    weekday: int
    start: int
    end: int


class Weeks(StrEnum):
    """Every other week, by the number of the week in the calendar (ISO 8601): after a year of 53 weeks two odd ones
    follow each other."""

    ODD = "odd"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class Hours:
    """One week template of a clinic (`clinician_id` None) or of a clinician at a clinic.

    Valid from `valid_from` to `valid_until`, both included (None: open-ended), in odd or in even weeks or (`weeks`
    None) in all. Of several templates that cover a date, the one that begins last stands alone: a summer template
    replaces the ordinary one for its days. Of those that begin on the same date it is the one that ends first, then
    the one for odd or even weeks: a single day stands before all others.
    """

    clinic_id: int
    clinician_id: int | None
    valid_from: date
    valid_until: date | None
    days: tuple[DayHours, ...]
    weeks: Weeks | None = None

    def covers(self, day: date) -> bool:
        """Whether it is valid on `day`, in a week like that."""
        if day < self.valid_from or (self.valid_until is not None and self.valid_until < day):
            return False
        return self.weeks is None or self.weeks is weeks_of(day)

    @property
    def single_day(self) -> bool:
        """Whether it is an exception, such as an extra evening."""
        return self.valid_from == self.valid_until

    @property
    def rank(self) -> tuple[int, int, bool]:
        """Of those that cover a date, the one with the highest stands."""
        last = self.valid_until or date.max
        return self.valid_from.toordinal(), -last.toordinal(), self.weeks is not None


@dataclass(frozen=True, slots=True)
class Break:
    """A daily pause at a clinic, of one clinician or (None) of all; minutes past midnight on the wall in Oslo."""

    clinic_id: int
    clinician_id: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A clinic, or (None) the whole group, is closed for this period, and says so by this name."""

    clinic_id: int | None
    period: Period
    name: Name


@dataclass(frozen=True, slots=True)
class Absence:
    """A clinician is away. Why is nobody's business here."""

    clinician_id: int
    period: Period


@dataclass(frozen=True, slots=True)
class RoomClosure:
    """A room is out of use."""

    room_id: int
    period: Period


@dataclass(frozen=True, slots=True)
class Clinic:
    """What planning needs of a clinic: start grid and buffer after an appointment in minutes, rooms in order."""

    id: int
    slug: str
    name: str
    grid_minutes: int
    buffer_minutes: int
    rooms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Clinician:
    id: int
    slug: str
    name: str
    needles: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """All the planning facts of some clinics. Clinicians and clinics in display order."""

    clinics: tuple[Clinic, ...]
    clinicians: tuple[Clinician, ...]
    hours: tuple[Hours, ...]
    breaks: tuple[Break, ...]
    closed: tuple[ClosedPeriod, ...]
    absences: tuple[Absence, ...]
    room_closures: tuple[RoomClosure, ...] = ()

    def clinic(self, clinic_id: int) -> Clinic:
        return next(clinic for clinic in self.clinics if clinic.id == clinic_id)

    def clinician(self, clinician_id: int) -> Clinician:
        return next(clinician for clinician in self.clinicians if clinician.id == clinician_id)


def weeks_of(day: date) -> Weeks:
    """Whether `day` lies in an odd or an even week."""
    return Weeks.ODD if day.isocalendar().week % 2 else Weeks.EVEN


def template_on(templates: Iterable[Hours], day: date) -> Hours | None:
    """Of the templates of one clinic (and clinician), the one that stands on `day`; None: closed, or not at work."""
    return max((hours for hours in templates if hours.covers(day)), key=lambda hours: hours.rank, default=None)


def hours_on(templates: Iterable[Hours], day: date) -> list[DayHours]:
    """The hours that stand on `day`, in order of time."""
    standing = template_on(templates, day)
    own = (hours for hours in standing.days if hours.weekday == day.weekday()) if standing else ()
    return sorted(own, key=lambda hours: hours.start)
