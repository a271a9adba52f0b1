"""Two receptionists on the same absence, patients who answer meanwhile, and the worker: nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.appointment import Actor
from booking.domain.errors import BookingError
from booking.domain.period import moment_of
from booking.services import new_times
from booking.services.disruptions import enter_absence, follow_up
from booking.services.logbook import COMMAND
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import Disruption
from booking.store.people import Clinician
from booking.store.schedules import Absence
from tests.builders import NOW, TUESDAYS, booked_course, office
from tests.people import KARI, SIV
from tests.servers.databases import first_postgresql
from tests.services.changers import AT, session_of
from tests.services.outbox import messages
from tests.services.test_disruptions import LATER, away, day_of, disruption, proposed, row
from tests.services.test_waiting_races import at_once

pytestmark = [first_postgresql, pytest.mark.usefixtures("claims_kept")]


@pytest.fixture
def two() -> tuple[Course, Course]:
    """Two courses with the same clinician on the same days."""
    slug = db.session.scalar(select(Clinician.slug).order_by(Clinician.id))
    asked = replace(TUESDAYS, clinician=slug, only_her=True)
    return booked_course(KARI, asked), booked_course(SIV, asked)


def ended(app: Flask, *acts: Callable[[], object]) -> Counter[str]:
    """How each of them ended, all begun together."""
    found: list[str] = []

    def noted(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                found.append(str(act()))
            except BookingError as refusal:
                found.append(type(refusal).__name__)

        return run

    db.session.rollback()
    at_once(app, *map(noted, acts))
    return Counter(found)


def test_the_same_absence_entered_by_two_is_one(demo_app: Flask, two: tuple[Course, Course]) -> None:
    third = session_of(two[0].id, 3)
    clinician_id, day = third.clinician_id, day_of(third)  # read here: the row belongs to this thread's session

    def enter() -> int | None:
        return enter_absence(office(), clinician_id, day, "illness", who=COMMAND, now=NOW)

    assert list(ended(demo_app, *[enter] * 3).values()) == [3]
    assert len(db.session.scalars(select(Absence).where(Absence.kind == "illness")).all()) == 1
    (found,) = db.session.scalars(select(Disruption)).all()
    assert len(found.touched) == 2


def test_two_who_accept_the_same_proposal_move_and_tell_each_patient_once(
    demo_app: Flask, two: tuple[Course, Course]
) -> None:
    found = proposed(away(session_of(two[0].id, 3)))
    id, version, ids = found.id, found.version, [each.id for each in found.touched]

    def accept() -> int:
        return new_times.accept(office(), id, ids, version=version, who=COMMAND, now=NOW, at=AT).moved

    moved = ended(demo_app, accept, accept)
    assert sum(int(text) * times for text, times in moved.items() if text.isdecimal()) == 2
    assert {each.state for each in disruption(id).touched} == {"offered"}
    told = [message.course_id for message in messages() if message.kind == "replanned"]
    assert sorted(told) == sorted(course.id for course in two)


def test_who_answers_twice_at_once_has_one_answer(demo_app: Flask, two: tuple[Course, Course]) -> None:
    found = proposed(away(session_of(two[0].id, 3)))
    id, ids = found.id, [each.id for each in found.touched]
    new_times.accept(office(), id, ids, version=found.version, who=COMMAND, now=NOW, at=AT)
    asked = row(ids[0])
    start = moment_of(asked.others[0]["start"])

    def choose() -> None:
        new_times.choose(office(), ids[0], start, by=Actor.PATIENT, now=LATER, at=AT)

    def keep() -> None:
        new_times.keep(office(), ids[0], now=LATER)

    answers = ended(demo_app, choose, keep, lambda: follow_up(office(), now=LATER))
    assert answers["AnswerOver"] == 1
    assert row(ids[0]).state in ("chosen", "kept")
    assert row(ids[0]).hold_id is None
