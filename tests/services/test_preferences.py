"""Preferences: what a patient changes about a course that is not, or no longer, in her calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from booking.domain.errors import TooManyAttempts
from booking.services.courses import release
from booking.services.feeds import feed_for
from booking.services.links import FEED, token_of
from booking.services.preferences import (
    ADDRESSES_OF_ONE,
    MAILS_TO_NEW,
    Contact,
    choose_channel,
    correct_contact,
    correct_own_contact,
)
from booking.store.courses import links_of
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


# -- from invitations to the subscription ------------------------------------------------------------------------


def feed_uids(course_id: int, *, now: datetime) -> list[str]:
    token = token_of(office(), links_of(db.session(), course_id)[FEED])
    body = feed_for(db.session(), office(), token, now=now).body
    return sorted(str(event["UID"]) for event in Calendar.from_ical(body).walk("VEVENT"))


def test_past_visits_stay_where_they_were_invited_and_are_in_no_feed() -> None:
    made = booked_course()
    two_over = made.appointments[1].ends_at + timedelta(hours=1)
    choose_channel(office(), made.id, "subscription", now=two_over, at=AT)
    assert feed_uids(made.id, now=two_over) == sorted(a.uid for a in course(made.id).appointments[2:])


def test_a_visit_stays_in_the_feed_when_it_was_there_before_it_was_over() -> None:
    made = booked_course()
    choose_channel(office(), made.id, "subscription", now=NOW, at=AT)
    over = made.appointments[1].ends_at + timedelta(hours=1)
    assert feed_uids(made.id, now=over) == sorted(a.uid for a in course(made.id).appointments)


def test_past_visits_that_an_older_address_was_invited_to_are_in_no_feed_either() -> None:
    made = booked_course()
    db.session.execute(update(Message).values(due_at=None, attempts=1, sent_at=NOW))
    db.session.commit()
    over = made.appointments[0].ends_at + timedelta(hours=1)
    correct_contact(office(), made.id, NEWER, now=over, at=AT)
    choose_channel(office(), made.id, "subscription", now=over, at=AT)
    assert feed_uids(made.id, now=over) == sorted(a.uid for a in course(made.id).appointments[1:])


def correct(course_id: int, email: str | None, *, now: datetime = NOW) -> None:
    correct_own_contact(office(), course_id, replace(NEWER, email=email), now=now, at=AT)


def test_a_course_gets_so_many_new_addresses_a_day_and_no_more() -> None:
    kari = booked_course()
    for number in range(ADDRESSES_OF_ONE.most):
        correct(kari.id, f"kari{number}@example.com")
    last = f"kari{ADDRESSES_OF_ONE.most - 1}@example.com"
    with pytest.raises(TooManyAttempts):
        correct(kari.id, "one.more@example.com")
    assert (mails_to("one.more@example.com"), course(kari.id).email) == ([], last)
    correct(kari.id, last)  # nothing new
    correct(kari.id, None)
    correct(kari.id, "one.more@example.com", now=NOW + ADDRESSES_OF_ONE.within)
    assert course(kari.id).email == "one.more@example.com"


def test_an_address_becomes_that_of_so_many_courses_an_hour_and_no_more() -> None:
    courses = [booked_course(email=f"kari{number}@example.com", mobile=None) for number in range(MAILS_TO_NEW.most + 1)]
    for each in courses[:-1]:
        correct(each.id, "ola@example.com")
    with pytest.raises(TooManyAttempts):
        correct(courses[-1].id, "Ola@Example.com")
