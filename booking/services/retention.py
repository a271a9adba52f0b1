"""Retention: patients whose last visit is long over are forgotten, and before them what they said of their health."""

from __future__ import annotations

from datetime import date, datetime

import structlog
from sqlalchemy.orm import Session

from booking.domain.outcome import all_over_since
from booking.domain.period import oslo
from booking.services.delivery import what_happened
from booking.services.office import Office
from booking.store.database import db, utc
from booking.store.retention import (
    courses_with_old_answers,
    drop_fees,
    drop_screenings,
    forget_patient,
    old_fees,
    patient_to_forget,
    patients_long_gone,
)
from booking.store.unit_of_work import unit_of_work

CHECKS_A_ROUND = 200
PATIENTS_A_ROUND = 20
"""Forgotten in one round of the worker; the rest is for the next, a minute later, and bookings need not wait long."""

log = structlog.get_logger()


class Skipped:
    """Who could not be forgotten today, and is tried again tomorrow: she takes nobody's turn."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._ids: set[int] = set()

    def on(self, day: date) -> set[int]:
        """Their ids; nobody's on another day than the last that was asked for."""
        if day != self._day:
            self._day, self._ids = day, set()
        return self._ids


def forget_checks(office: Office, *, now: datetime) -> int:
    """Deletes the answers to the health check of courses whose last visit is longer ago than they are kept; how many.

    Looks first without the write lock, as the others here, for nearly always there is nothing to forget.
    """
    seen_by = utc(now - office.checks_kept)
    with Session(db.engine) as session:
        old = courses_with_old_answers(session, seen_by=seen_by, most=CHECKS_A_ROUND)
    return unit_of_work(lambda session: drop_screenings(session, old, seen_by=seen_by)) if old else 0


def forget_patients(office: Office, skipped: Skipped, *, now: datetime) -> int:
    """Makes patients nobody's whose last visit is longer ago than that is kept, each in a transaction of her own; how
    many. Nobody who is still asked how it goes, and nobody who has an appointment, a wish, or a mail to come.

    Her times stay, with nothing that tells whose they were, and so do fees and the numbers of how it went, each as long
    as it is kept.
    """
    over = {"seen_by": utc(now - office.patients_kept), "begun_by": all_over_since(now)}
    failed = skipped.on(oslo(now).date())
    with Session(db.engine) as session:
        gone = patients_long_gone(session, **over, but=failed, most=PATIENTS_A_ROUND)
    done = {patient_id for patient_id in gone if _forgotten(patient_id, **over)}
    _skip(failed, set(gone) - done)
    return len(done)


def _skip(failed: set[int], now_failed: set[int]) -> None:
    failed |= now_failed
    if now_failed:
        log.error("patients are skipped until tomorrow", count=len(failed))


def forget_fees(office: Office, *, now: datetime) -> int:
    """Deletes what late changes cost that are longer ago than that is kept; how many."""
    made_by = utc(now - office.fees_kept)
    with Session(db.engine) as session:
        if not old_fees(session, made_by=made_by):
            return 0
    return unit_of_work(lambda session: drop_fees(session, made_by=made_by))


def _forgotten(patient_id: int, *, seen_by: datetime, begun_by: datetime) -> bool:
    def work(session: Session) -> bool:
        patient = patient_to_forget(session, patient_id, seen_by=seen_by, begun_by=begun_by)
        if patient is not None:
            forget_patient(session, patient)
        return patient is not None

    try:
        return unit_of_work(work)
    except Exception as error:  # whatever is wrong with one of them, the others must be forgotten
        log.error("a patient cannot be forgotten", patient=patient_id, **what_happened(error))
        return False
