"""Courses that began long ago, many of them, with the answers of their patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import inspect

from booking.domain.outcome import Answers, Moment
from booking.services.outcomes import answer
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.patients import Patient
from tests.builders import booked_course, office

DAY = timedelta(days=1)

_numbers = count(1)
LONG_AGO = datetime(2025, 9, 2, 7, 0, tzinfo=UTC)
AFTER_10_WEEKS = LONG_AGO + 85 * DAY
AFTER_A_YEAR = LONG_AGO + 396 * DAY


def like(pattern: Course, session: Appointment, pains: Sequence[int | None], *, clinic_id: int | None = None) -> None:
    """Another patient's course that began long ago, with one session, and pain at each moment, None for no answer."""
    number = next(_numbers)
    patient = Patient(**(values(pattern.patient) | {"id": None}))
    db.session.add(patient)
    db.session.flush()
    own = {"id": None, "patient_id": patient.id, "running_for": None, "reference": f"T-{number}"}
    copied = Course(**(values(pattern) | own))
    db.session.add(copied)
    db.session.flush()
    times = {"starts_at": LONG_AGO, "ends_at": LONG_AGO + timedelta(minutes=30), "uid": f"copy {number}"}
    place = {"course_id": copied.id, "clinic_id": clinic_id or session.clinic_id}
    db.session.add(Appointment(**(values(session) | {"id": None} | times | place)))
    db.session.commit()
    for moment, pain, day in zip(Moment, pains, (-1, 70, 364), strict=True):
        if pain is not None:
            answer(office(), copied.id, moment, Answers(pain), now=LONG_AGO + day * DAY)


def values(row: Course | Patient | Appointment) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def started(*groups: Sequence[tuple[Sequence[int | None], int]]) -> list[int]:
    """Courses of several clinics, each as (pains, how many); the ids of the clinics."""
    pattern = booked_course()
    session = next(a for a in pattern.appointments if a.kind == "session")
    for clinic_id, group in enumerate(groups, 1):
        for pains, many in group:
            for _ in range(many):
                like(pattern, session, pains, clinic_id=clinic_id)
    return list(range(1, len(groups) + 1))
