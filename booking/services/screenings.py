"""Screenings: what a patient answered about her health is for the clinician who treats her, and for nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.errors import NotAllowed
from booking.domain.screening import Gate, HealthCheck
from booking.services.accounts import Reach
from booking.services.logbook import About, note
from booking.services.office import Office
from booking.services.privacy import unseal
from booking.store.appointments import LIVE
from booking.store.courses import Course, Screening
from booking.store.database import utc
from booking.store.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered, and when; `read_at`: when the clinician noted that she has read it."""

    check: HealthCheck
    answered_at: datetime
    read_at: datetime | None


def treats(reach: Reach, course: Course) -> bool:
    """Whether she is the clinician of any appointment of the course that takes place, or did."""
    live = (a for a in course.appointments if a.status in LIVE)
    return reach.clinician_id is not None and any(a.clinician_id == reach.clinician_id for a in live)


def open_answers(office: Office, course_id: int, *, reach: Reach, now: datetime) -> Answers | None:
    """The answers, which is logged; None if they are forgotten. Raises NotAllowed for who does not treat her, and
    InvalidToken if their key is gone."""

    def work(session: Session) -> Answers | None:
        course, row = _hers(session, course_id, reach)
        if row is None:
            return None
        kept = unseal(office, row.answers)
        note(session, office, reach.who, "answers", _about(course), now=now)
        check = HealthCheck(Gate(kept["gate"]), frozenset(kept["conditions"]))
        return Answers(check, row.answered_at, row.read_at)

    return unit_of_work(work)


def acknowledge(office: Office, course_id: int, *, reach: Reach, now: datetime) -> None:
    """Notes that she has read them; once, however often called. Raises NotAllowed as `open_answers`."""

    def work(session: Session) -> None:
        course, row = _hers(session, course_id, reach)
        if row is None or row.read_at is not None:
            return
        row.read_at, row.read_by = utc(now), reach.account_id
        note(session, office, reach.who, "acknowledge", _about(course), now=now)

    unit_of_work(work)


def _hers(session: Session, course_id: int, reach: Reach) -> tuple[Course, Screening | None]:
    course = session.get_one(Course, course_id)
    if not treats(reach, course):
        raise NotAllowed("answers", course.status)
    return course, session.get(Screening, course_id, with_for_update=True)


def _about(course: Course) -> About:
    return About(patient_id=course.patient_id, course_id=course.id)
