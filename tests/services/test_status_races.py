"""Two at the front desk at once: of two different statuses one stands, and of two alike nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from booking.domain.period import seconds_of
from booking.store.appointments import Appointment
from booking.store.changes import fees_of
from booking.store.database import db
from tests.builders import booked_course
from tests.servers.databases import first_postgresql
from tests.services.changers import session_of
from tests.services.desk import again, logged
from tests.services.test_changes_races import race

pytestmark = first_postgresql


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def press(verb: str, appointment: Appointment) -> str:
    """What somebody presses who sees the appointment as it is now, when it is just over."""
    numbers = (appointment.course_id, appointment.id, appointment.version, seconds_of(appointment.ends_at))
    return ":".join([verb, *map(str, numbers)])


def test_of_two_statuses_at_once_one_stands_and_the_other_is_told(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    ended = race(demonstration_url, press("arrive", third), press("miss", third))
    stands = again(third).status
    won, lost = ("arrive", "miss") if stands == "arrived" else ("miss", "arrive")
    assert ended == {f"{won} done": 1, f"{lost} ChangedMeanwhile": 1}
    fees = fees_of(db.session(), third.course_id)
    assert len(fees) == (stands == "noshow")


def test_a_status_that_several_set_at_once_is_set_once(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    seen = third.version
    assert race(demonstration_url, *[press("miss", third)] * 4) == {"miss done": 4}
    assert again(third).version == seen + 1
    assert len(fees_of(db.session(), third.course_id)) == 1
    assert [action for action, *_ in logged()] == ["status"]
