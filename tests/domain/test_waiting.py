"""Waiting: what a freed time could serve, and how long an offer of it is kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.course import PartOfDay
from booking.domain.period import OSLO, Period, at_wall, oslo
from booking.domain.waiting import OFFER_HOURS, SHORTEST, Chance, after_the_night, suits, terms_of

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MONDAY = date(2027, 3, 1)
FAR = at_wall(date(2027, 4, 5), 9 * 60)
NOTICE = 2 * HOUR


def wall(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return at_wall(day, hour * 60 + minute)


def test_an_offer_by_day_is_mailed_at_once_and_kept_as_long_as_was_chosen() -> None:
    terms = terms_of(6, FAR, notice=NOTICE, now=wall(9))
    assert terms is not None
    assert (terms.mailed_at, terms.kept_until) == (wall(9), wall(15))


@pytest.mark.parametrize("now", [wall(21), wall(23, 59), wall(0, 1, date(2027, 3, 2)), wall(6, 59, date(2027, 3, 2))])
def test_an_offer_in_the_night_waits_for_the_morning_and_so_do_its_hours(now: datetime) -> None:
    morning = wall(7, day=date(2027, 3, 2))
    terms = terms_of(2, FAR, notice=NOTICE, now=now)
    assert terms is not None
    assert (terms.mailed_at, terms.kept_until) == (morning, morning + 2 * HOUR)


def test_the_last_minute_of_the_day_is_no_night() -> None:
    assert after_the_night(wall(20, 59)) == wall(20, 59)
    assert after_the_night(wall(7)) == wall(7)


def test_the_night_in_which_clocks_go_forward_ends_at_seven_on_the_wall() -> None:
    assert oslo(after_the_night(datetime(2027, 3, 28, 1, 30, tzinfo=OSLO))).hour == 7


def test_nothing_is_kept_longer_than_it_can_be_booked() -> None:
    terms = terms_of(24, wall(14), notice=NOTICE, now=wall(9))
    assert terms is not None
    assert terms.kept_until == wall(12)


def test_what_leaves_too_little_time_to_answer_is_not_offered() -> None:
    assert terms_of(2, wall(11, 29), notice=NOTICE, now=wall(9)) is None
    assert terms_of(2, wall(11, 30), notice=NOTICE, now=wall(9)) is not None


@given(st.integers(0, 365 * 24 * 60), st.sampled_from(OFFER_HOURS), st.integers(0, 5000))
def test_no_offer_is_mailed_at_night_and_each_leaves_time(since: int, hours: int, minutes: int) -> None:
    now = wall(0) + since * MINUTE
    terms = terms_of(hours, now + minutes * MINUTE, notice=NOTICE, now=now)
    if terms is not None:
        assert 7 <= oslo(terms.mailed_at).hour < 21
        assert terms.mailed_at >= now
        assert SHORTEST <= terms.kept_until - terms.mailed_at <= hours * HOUR
        assert terms.kept_until <= now + minutes * MINUTE - NOTICE


def test_chances_meet_where_clinician_clinic_and_time_do() -> None:
    ten = Chance(1, 2, Period(wall(10), wall(11)))
    assert ten.meets(Chance(1, 2, Period(wall(10, 30), wall(11, 30))))
    assert not ten.meets(Chance(1, 2, Period(wall(11), wall(12))))
    assert not ten.meets(Chance(1, 3, Period(wall(10), wall(11))))
    assert not ten.meets(Chance(2, 2, Period(wall(10), wall(11))))


def test_days_and_parts_of_the_day_are_those_of_the_wall() -> None:
    ten = Period(wall(10), wall(11))
    assert suits(ten, frozenset(), frozenset())
    assert suits(ten, frozenset({0}), frozenset({PartOfDay.MORNING}))
    assert not suits(ten, frozenset({1}), frozenset())
    assert not suits(ten, frozenset({0}), frozenset({PartOfDay.EVENING}))
