"""The feed: what a reader fetches every hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from booking.ical.event import vevent
from booking.ical.feed import etag, feed, window
from booking.ical.text import one_line
from tests.calendars import rules
from tests.ical.entries import entry
from tests.ical.test_event import texts


def test_kept_events_are_joined_as_they_are() -> None:
    kept = vevent(entry())
    assert feed("Avtaler", [kept]).count(kept) == 1


def test_a_feed_without_events_is_still_a_calendar() -> None:
    assert rules.check_feed(feed("Avtaler", [])) == []


def test_the_same_events_give_the_same_tag() -> None:
    assert etag(feed("Avtaler", [vevent(entry())])) == etag(feed("Avtaler", [vevent(entry())]))


@pytest.mark.parametrize("changes", [{"sequence": 1}, {"location": "Lambertseter"}, {"summary": "Appointment"}])
def test_one_change_gives_another_tag(changes: dict[str, object]) -> None:
    assert etag(feed("Avtaler", [vevent(entry())])) != etag(feed("Avtaler", [vevent(entry(**changes))]))


def test_a_tag_can_stand_in_a_header() -> None:
    assert etag(b"").isalnum()


@given(texts)
def test_any_name_of_a_feed_is_escaped(name: str) -> None:
    lines = {line.name: line for line in rules.lines_of(feed(name, []))}
    assert rules.unescaped(lines["NAME"].value)[:200] == one_line(name)[:200]


def test_a_feed_shows_thirty_days_back_and_four_hundred_ahead() -> None:
    now = datetime(2027, 3, 1, 8, tzinfo=UTC)
    assert window(now).start == now - timedelta(days=30)
    assert window(now).end == now + timedelta(days=400)
