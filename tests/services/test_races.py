"""Several processes at once, and processes that die: nothing lost, nothing doubled, nothing half."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from flask import Flask
from sqlalchemy import func, select

from booking.domain.period import seconds_of
from booking.store.appointments import Appointment, Claim
from booking.store.courses import Course, Link, Screening
from booking.store.database import db
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from tests.conftest import ALL
from tests.servers.databases import on_each
from tests.servers.forked import Forked
from tests.servers.web import command_environ

pytestmark = on_each

BOOKERS = 8 if ALL else 4


@contextmanager
def bookers(database_url: str, count: int, courses: int) -> Iterator[Forked]:
    """So many processes, all ready to begin; killed at the end, wherever they are."""
    with Forked(command_environ(database_url), "tests.services.bookers", str(count), str(courses)) as parent:
        assert parent.stdout.readline() == b"ready\n", parent.errors.decode()
        yield parent


def test_bookers_of_overlapping_courses_all_get_theirs(demo_app: Flask, demonstration_url: str) -> None:
    with bookers(demonstration_url, BOOKERS, 1) as parent:
        parent.tell(b"\n")
        assert parent.poll() == 0, parent.errors.decode()
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Course)) == BOOKERS
        assert_whole()


def test_bookers_that_are_killed_leave_whole_courses_only(
    demo_app: Flask, demonstration_url: str, all_forms: bool
) -> None:
    random = Random(1)
    for _ in range(12 if all_forms else 3):
        with bookers(demonstration_url, 2, 50) as parent:
            parent.stdin.write(b"\n")
            parent.stdout.readline()
            time.sleep(random.uniform(0, 0.5))
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Course))
        assert_whole()


def assert_whole() -> None:
    """Every course has all that belongs to it; every claim belongs to a living appointment or held time."""
    db.session.rollback()
    courses = db.session.scalars(select(Course)).all()
    assert all(course.status == "running" for course in courses)
    for course in courses:
        assert [a.status for a in course.appointments] == ["booked"] * 10
        messages = select(func.count()).where(Message.course_id == course.id)
        assert db.session.scalar(messages) == 11
        assert db.session.scalar(select(func.count()).where(Link.course_id == course.id)) == 2
        assert db.session.scalar(select(func.count()).where(Screening.course_id == course.id)) == 1
    assert Counter(claims_kept()) == Counter(claims_expected())


def claims_kept() -> list[tuple[int, int, int]]:
    rows = db.session.execute(select(Claim.resource, Claim.resource_id, Claim.step))
    return [(resource, resource_id, step) for resource, resource_id, step in rows]


def claims_expected() -> Iterator[tuple[int, int, int]]:
    """What the appointments and held times must have claimed, worked out from their times alone."""
    for kept in db.session.execute(
        select(Appointment, Course.patient_id).join(Course, Course.id == Appointment.course_id)
    ):
        appointment, patient_id = kept
        steps = range(seconds_of(appointment.starts_at) // 300, seconds_of(appointment.ends_at) // 300)
        yield from ((3, patient_id, step) for step in steps)
        yield from _resources(appointment)
    for held in db.session.scalars(select(HeldTime).join(Hold, Hold.id == HeldTime.hold_id)):
        yield from _resources(held)


def _resources(time: Appointment | HeldTime) -> Iterator[tuple[int, int, int]]:
    for step in range(seconds_of(time.starts_at) // 300, seconds_of(time.ends_at) // 300 + 1):
        yield (1, time.clinician_id, step)
        yield (2, time.room_id, step)
