"""Dates, times, prices and phone numbers are written as people in Norway write them, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from booking.domain.holidays import holidays_on
from booking.domain.period import Period
from booking.domain.schedule import Name
from booking.domain.slot import Reason, ReasonKind
from booking.services import wording
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite

HALF_PAST_TWO = datetime(2027, 3, 9, 13, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_the_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_a_moment_is_told_as_the_clock_in_oslo_shows_it() -> None:
    assert wording.day_and_time(HALF_PAST_TWO, "en") == "Tuesday 9 March 14:30"
    assert wording.day_and_time(HALF_PAST_TWO, "nb") == "tirsdag 9. mars kl.\u00a014.30"


def test_late_in_the_evening_it_is_still_the_same_day_in_oslo() -> None:
    assert wording.day(datetime(2027, 7, 5, 22, 30, tzinfo=UTC), "nb") == "tirsdag 6. juli"


def test_a_deadline_at_midnight_is_the_end_of_the_day_before() -> None:
    midnight = datetime(2027, 3, 3, 23, tzinfo=UTC)
    assert wording.deadline(midnight, "en") == "by the end of Wednesday 3 March"
    assert wording.deadline(midnight, "nb") == "innen utgangen av onsdag 3. mars"


def test_any_other_deadline_is_told_to_the_minute() -> None:
    assert wording.deadline(HALF_PAST_TWO, "en") == "before Tuesday 9 March 14:30"
    assert wording.deadline(HALF_PAST_TWO, "nb") == "før tirsdag 9. mars kl.\u00a014.30"


def test_a_date_has_its_year_where_it_may_be_far_away() -> None:
    assert wording.day_and_year(date(2026, 7, 6), "en") == "Monday 6 July 2026"
    assert wording.day_and_year(date(2026, 7, 6), "nb") == "mandag 6. juli 2026"


def test_a_date_without_its_weekday_has_a_year() -> None:
    assert wording.date_and_year(date(2022, 3, 16), "en") == "16 March 2022"
    assert wording.date_and_year(date(2022, 3, 16), "nb") == "16. mars 2022"


def test_a_decimal_has_a_comma_in_norwegian() -> None:
    assert wording.one_decimal(Decimal("41"), "en") == "41.0"
    assert wording.one_decimal(Decimal("6.2"), "nb") == "6,2"


def test_times_have_a_dash_without_spaces() -> None:
    half_an_hour = Period(HALF_PAST_TWO, HALF_PAST_TWO + timedelta(minutes=30))
    assert wording.times(half_an_hour, "en") == "14:30–15:00"
    assert wording.times(half_an_hour, "nb") == "kl.\u00a014.30–15.00"


def test_a_day_ends_at_24() -> None:
    rest_of_the_day = Period(HALF_PAST_TWO, HALF_PAST_TWO + timedelta(hours=9, minutes=30))
    assert wording.times(rest_of_the_day, "en") == "14:30–24:00"
    assert wording.times(rest_of_the_day, "nb") == "kl.\u00a014.30–24.00"


def test_prices_never_break_at_the_end_of_a_line() -> None:
    assert wording.price(8090, "en") == "NOK\u00a08,090"
    assert wording.price(8090, "nb") == "8\u00a0090\u00a0kr"
    assert wording.price(690, "nb") == "690\u00a0kr"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+4722222222", "22 22 22 22"),
        ("+4781500800", "815 00 800"),
        ("+46701740605", "+46 70 174 06 05"),
        ("00 00 00 01", "00 00 00 01"),
    ],
)
def test_phone_numbers_stand_in_their_groups(number: str, shown: str) -> None:
    assert wording.phone(number) == shown


def test_a_note_stands_in_brackets_behind_a_number() -> None:
    assert wording.phone_with_note("00 00 00 01", Name.of(nb="demo", en="demo, no calls"), "en") == (
        "00 00 00 01 (demo, no calls)"
    )
    assert wording.phone_with_note("22 22 22 22", None, "en") == "22 22 22 22"


@pytest.mark.parametrize("kind", list(ReasonKind))
def test_every_reason_has_words(kind: ReasonKind) -> None:
    assert wording.reason_text(Reason(kind), "en")


def test_a_holiday_is_named_in_the_readers_language() -> None:
    (name,) = holidays_on(date(2027, 3, 29))
    holiday = Reason(ReasonKind.HOLIDAY, name)
    assert wording.reason_text(holiday, "en") == "Easter Monday is a public holiday"
    assert wording.reason_text(holiday, "nb").startswith("Andre påskedag ")


def test_reasons_are_told_once_each() -> None:
    away, no_room = Reason(ReasonKind.ABSENCE), Reason(ReasonKind.NO_ROOM)
    assert wording.reasons_text([away, no_room, away], "en") == "the clinician is away and no room is free"
