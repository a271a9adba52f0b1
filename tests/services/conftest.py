"""Fixtures that several tests of services share: `pytestmark = pytest.mark.usefixtures("claims_kept")`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from booking.store.changes import Change
from booking.store.courses import Course
from booking.store.database import db
from tests.builders import NOW, booked_course
from tests.claims import assert_claims_match


@pytest.fixture
def in_the_app(demo_app: Flask) -> Iterator[None]:
    """The test is in the application's context."""
    with demo_app.app_context():
        yield


@pytest.fixture
def claims_kept(in_the_app: None) -> Iterator[None]:
    """After the test, each claim is that of an appointment or of a hold that stands now."""
    yield
    assert_claims_match(db.session(), NOW)


@pytest.fixture
def claims_kept_to_the_last_change(in_the_app: None) -> Iterator[None]:
    """After the test, each claim is that of an appointment or of a hold that stands when the last change is made."""
    yield
    made = db.session.scalars(select(Change.made_at)).all()
    assert_claims_match(db.session(), max([NOW, *made]))


@pytest.fixture
def kari(in_the_app: None) -> Course:
    """Kari's course, booked on Tuesdays."""
    return booked_course()
