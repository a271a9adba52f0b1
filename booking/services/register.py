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
_DAY_FIRST = re.compile(r"(\d{1,2})[./ -]+(\d{1,2})[./ -]+(\d{4}|\d{2})\.?")
_YEAR_FIRST = re.compile(r"(\d{4})[./ -]+(\d{1,2})[./ -]+(\d{1,2})\.?")
_RUN_TOGETHER = re.compile(r"(\d{1,2})(\d{2})(\d{4}|\d{2})")
_YEAR_RUN_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBER = re.compile(r"[\d+()./-]+")
_AROUND_WORDS = ".-'’\"“”«»()"


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
    """What was typed, in every way it can be meant. A number may be a phone number and a birth date at once; beside a
    name the fewest digits tell something."""
    plain = " ".join(text[:LONGEST].split())
    if "@" in plain:
        return Sought(email=plain)
    parts = plain.replace(",", " ").split()
    number = " ".join(part for part in parts if _NUMBER.fullmatch(part))
    words = tuple(filter(None, (part.casefold().strip(_AROUND_WORDS) for part in parts if not _NUMBER.fullmatch(part))))
    return Sought(
        words=words,
        days=tuple(_days(number, today)),
        phones=tuple(_phones(number, fewest=1 if words else FEWEST_DIGITS)),
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


def _phones(number: str, *, fewest: int) -> Iterator[str]:
    """The digits as they were typed, for a number's last ones may begin with a zero, and as a number in E.164 has them,
    without the zeros that are dialled before it at home or from abroad."""
    digits = "".join(character for character in number.replace("(0)", "") if character.isdecimal())
    yield from (each for each in dict.fromkeys((digits, digits.lstrip("0"))) if len(each) >= fewest)


def _days(text: str, today: date) -> Iterator[date]:
    if found := _YEAR_FIRST.fullmatch(text) or _YEAR_RUN_TOGETHER.fullmatch(text):
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
