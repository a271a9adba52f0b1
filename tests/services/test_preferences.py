"""Preferences: what a patient changes about a course that is not, or no longer, in her calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from booking.services.courses import release
from booking.services.preferences import Contact, choose_channel, correct_contact
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import NOW, UNSURE, booked, booked_course, course, held, office
from tests.people import KARI

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
OVER = datetime(2027, 7, 1, tzinfo=UTC)
NEWER = Contact(email="kari.newer@example.com", mobile=None, language="en", needs=())


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def mails_to(address: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.kind).where(Message.recipient == address).order_by(Message.id)))


def test_no_mail_tells_of_a_course_that_is_over() -> None:
    over = booked_course()
    before = mails_to("kari@example.com")
    choose_channel(office(), over.id, "file", now=OVER, at=AT)
    assert mails_to("kari@example.com") == before
    correct_contact(office(), over.id, NEWER, now=OVER, at=AT)
    assert mails_to("kari.newer@example.com") == []
    assert (course(over.id).channel, course(over.id).email) == ("file", "kari.newer@example.com")


def test_no_mail_tells_of_times_that_were_given_back() -> None:
    made = booked(held(), KARI, UNSURE)
    release(office(), made.reference, now=NOW, at=AT)
    correct_contact(office(), made.course_id, NEWER, now=NOW, at=AT)
    assert mails_to("kari.newer@example.com") == []


def test_a_channel_chosen_while_the_times_are_only_kept_is_for_later() -> None:
    made = booked(held(), KARI, UNSURE)
    choose_channel(office(), made.course_id, "file", now=NOW, at=AT)
    assert course(made.course_id).channel == "file"
    assert mails_to("kari@example.com") == ["held"]


def test_a_new_address_is_told_of_times_that_are_only_kept() -> None:
    made = booked(held(), KARI, UNSURE)
    correct_contact(office(), made.course_id, NEWER, now=NOW, at=AT)
    assert mails_to("kari.newer@example.com") == ["held"]
