"""Register: a patient found by what a caller tells of herself, in one box: phone, name, birth date or reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.domain.period import oslo
from booking.services.accounts import RECEPTIONIST, Reach
from booking.services.courses import REFERENCE_ALPHABET, read_reference
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import Course
from booking.store.patients import Patient
from booking.store.register import Scope, Sought, courses_of_patients, patients_found

MOST = 20
"""Patients that are listed; who finds more types more."""

LONGEST = 100
"""Characters that are read."""

FEWEST_DIGITS = 4
"""Of a phone number; fewer would be half the register."""

_OLDEST = 120
_REFERENCE = re.compile(rf"[{REFERENCE_ALPHABET}]{{4}}-?[{REFERENCE_ALPHABET}]{{4}}")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_RUN_TOGETHER = re.compile(r"(\d{2})(\d{2})(\d{4}|\d{2})")
_NUMBER = re.compile(r"[\d\s+()./-]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A patient with her courses, newest first. `visit`: the next appointment, or the last one there was."""

    patient: Patient
    courses: tuple[Course, ...]
    visit: Appointment | None

    @property
    def newest(self) -> Course:
        return self.courses[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """Who was found; `more`: there are others, who are not listed."""

    patients: tuple[Found, ...]
    more: bool


def scope_of(reach: Reach) -> Scope:
    """Whose patients somebody sees, as `accounts.sees_patient` says it of one."""
    clinics = reach.clinic_ids if RECEPTIONIST in reach.roles else frozenset[int]()
    return Scope(
        everybody=reach.administers,
        clinic_ids=clinics,
        clinician_id=reach.clinician_id,
        unplaced=reach.front_desk,
    )


def find(session: Session, text: str, reach: Reach, *, now: datetime) -> Answer:
    """Who is meant by what was typed, among those whom she may see."""
    sought = read(text, today=oslo(now).date())
    ids = patients_found(session, sought, scope_of(reach), most=MOST)
    return Answer(tuple(_found(session, ids[:MOST], now=now)), more=len(ids) > MOST)


def read(text: str, *, today: date) -> Sought:
    """What was typed, in every way it can be meant. A number may be a phone number and a birth date at once."""
    plain = " ".join(text[:LONGEST].split())
    if "@" in plain:
        return Sought(email=plain)
    if _NUMBER.fullmatch(plain):
        return Sought(days=tuple(_days(plain, today)), digits=_digits(plain), reference=_reference(plain))
    parts = plain.replace(",", " ").split()
    days = {part: tuple(_days(part, today)) for part in parts}
    return Sought(
        words=tuple(part.casefold() for part in parts if not days[part]),
        days=tuple(day for part in parts for day in days[part]),
        reference=_reference(plain),
    )


def _found(session: Session, ids: list[int], *, now: datetime) -> Iterator[Found]:
    courses = courses_of_patients(session, ids)
    for patient_id in ids:
        hers = tuple(course for course in courses if course.patient_id == patient_id)
        yield Found(hers[0].patient, hers, visit_of(hers, now=now))


def visit_of(courses: tuple[Course, ...], *, now: datetime) -> Appointment | None:
    """The next of all visits that are not cancelled; the last if all are over."""
    visits = [a for course in courses for a in course.appointments if a.status != CANCELLED]
    coming = [a for a in visits if a.ends_at > now]
    if coming:
        return min(coming, key=lambda a: a.starts_at)
    return max(visits, key=lambda a: a.starts_at, default=None)


def _reference(plain: str) -> str | None:
    return read_reference(plain) if _REFERENCE.fullmatch(plain.upper().replace(" ", "-")) else None


def _digits(plain: str) -> str:
    """What a number in E.164 has in it, without the zeros that are dialled before it at home or from abroad."""
    digits = "".join(character for character in plain if character.isdecimal()).lstrip("0")
    return digits if len(digits) >= FEWEST_DIGITS else ""


def _days(text: str, today: date) -> Iterator[date]:
    if found := _YEAR_FIRST.fullmatch(text):
        yield from _day(int(found[1]), int(found[2]), int(found[3]), today)
    if found := _DAY_FIRST.fullmatch(text) or _RUN_TOGETHER.fullmatch(text):
        yield from _day(_year(found[3], today), int(found[2]), int(found[1]), today)


def _year(text: str, today: date) -> int:
    """Of two digits, the latest year that has begun."""
    if len(text) == 4:
        return int(text)
    this_century = today.year // 100 * 100 + int(text)
    return this_century if this_century <= today.year else this_century - 100


def _day(year: int, month: int, day: int, today: date) -> Iterator[date]:
    """Nothing for what is no date, or nobody's birth date."""
    try:
        born = date(year, month, day)
    except ValueError:
        return
    if today.year - _OLDEST <= year and born <= today:
        yield born
