"""Schedule: when clinics are open, when clinicians work there, what closes either; planning without bookings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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


@dataclass(frozen=True, slots=True)
class Hours:
    """One week template of a clinic (`clinician_id` None) or of a clinician at a clinic.

    Valid from `valid_from` to `valid_until`, both included (None: open-ended). Of several templates that cover a date,
    the one that begins last stands alone: a summer template replaces the ordinary one for its days.
    """

    clinic_id: int
    clinician_id: int | None
    valid_from: date
    valid_until: date | None
    days: tuple[DayHours, ...]


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

    def clinic(self, clinic_id: int) -> Clinic:
        return next(clinic for clinic in self.clinics if clinic.id == clinic_id)

    def clinician(self, clinician_id: int) -> Clinician:
        return next(clinician for clinician in self.clinicians if clinician.id == clinician_id)


def template_on(templates: list[Hours], day: date) -> Hours | None:
    """Of the templates of one clinic (and clinician), the one that stands on `day`: the latest to begin."""
    standing = [
        hours
        for hours in templates
        if hours.valid_from <= day and (hours.valid_until is None or day <= hours.valid_until)
    ]
    return max(standing, key=lambda hours: hours.valid_from, default=None)
