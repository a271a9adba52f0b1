"""Outcome: windows in calendar days, the formula with what is missing, rounding, and groups large enough to tell of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.outcome import (
    LEAST_PEOPLE,
    Answers,
    Figures,
    Followed,
    Moment,
    asked_at,
    belongs,
    change_percent,
    change_points,
    closes_at,
    next_moment,
    open_moment,
    opens_at,
    publish,
    rounded,
)
from booking.domain.period import OSLO, oslo

TUESDAY = datetime(2027, 4, 6, 9, 30, tzinfo=OSLO)
BEFORE_SUMMER = datetime(2027, 3, 23, 19, 30, tzinfo=OSLO)
BEFORE_WINTER = datetime(2027, 9, 14, 8, 0, tzinfo=OSLO)
ACROSS_CLOCK_CHANGES = (TUESDAY, BEFORE_SUMMER, BEFORE_WINTER)


def at(start: datetime, days: int, hour: int = 12) -> datetime:
    """So many days later on the wall."""
    return (start + timedelta(days=days)).replace(hour=hour, minute=0)


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ACROSS_CLOCK_CHANGES)
@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-8, None),
        (-7, Moment.BASELINE),
        (-1, Moment.BASELINE),
        (1, None),
        (62, None),
        (63, Moment.WEEK_10),
        (70, Moment.WEEK_10),
        (84, Moment.WEEK_10),
        (85, None),
        (182, None),
        (334, None),
        (335, Moment.YEAR),
        (364, Moment.YEAR),
        (395, Moment.YEAR),
        (396, None),
    ],
)
def test_a_window_is_counted_in_days_on_the_calendar(start: datetime, day: int, expected: Moment | None) -> None:
    for moment in (at(start, day, 0), at(start, day, 23)):
        assert open_moment(start.astimezone(UTC), moment.astimezone(UTC)) is expected


def test_what_is_said_after_session_1_began_is_no_baseline() -> None:
    assert belongs(Moment.BASELINE, TUESDAY, TUESDAY)
    assert belongs(Moment.BASELINE, TUESDAY, TUESDAY - timedelta(minutes=5))
    assert not belongs(Moment.BASELINE, TUESDAY, TUESDAY + timedelta(seconds=1))


@pytest.mark.parametrize("start", ACROSS_CLOCK_CHANGES)
@pytest.mark.parametrize("moment", list(Moment))
def test_a_window_opens_and_closes_when_it_says(start: datetime, moment: Moment) -> None:
    opens, closes = opens_at(moment, start), closes_at(moment, start)
    second = timedelta(seconds=1)
    assert belongs(moment, start, opens)
    assert not belongs(moment, start, opens - second)
    assert belongs(moment, start, closes - second)
    assert not belongs(moment, start, closes + second)


@pytest.mark.parametrize("start", ACROSS_CLOCK_CHANGES)
def test_the_mails_keep_the_weekday_and_come_in_the_late_morning(start: datetime) -> None:
    for moment, days in ((Moment.WEEK_10, 70), (Moment.YEAR, 364)):
        asked = oslo(asked_at(moment, start))
        assert (asked.date() - start.date()).days == days
        assert asked.weekday() == start.weekday()
        assert (asked.hour, asked.minute) == (10, 0)
        assert belongs(moment, start, asked)


def test_the_next_questions_are_those_that_are_not_open_yet() -> None:
    days = {-30: Moment.BASELINE, -7: Moment.WEEK_10, 62: Moment.WEEK_10, 63: Moment.YEAR, 334: Moment.YEAR, 335: None}
    assert {day: next_moment(TUESDAY, at(TUESDAY, day)) for day in days} == days


# -- one person -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "follow_up", "percent"),
    [(8, 5, Fraction(-75, 2)), (7, 7, 0), (5, 6, 20), (0, 3, None), (0, 0, None), (8, None, None), (None, 5, None)],
)
def test_change_in_percent(baseline: int | None, follow_up: int | None, percent: Fraction | int | None) -> None:
    assert change_percent(baseline, follow_up) == percent


def test_without_pain_before_there_are_points_and_no_percent() -> None:
    assert (change_points(0, 3), change_percent(0, 3)) == (3, None)


@pytest.mark.parametrize(("baseline", "follow_up"), [(8, None), (None, 5), (None, None)])
def test_what_is_missing_is_never_guessed(baseline: int | None, follow_up: int | None) -> None:
    assert change_points(baseline, follow_up) is None


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (Fraction(-75, 2), 0, "-38"),
        (Fraction(75, 2), 0, "38"),
        (Fraction(5, 100), 1, "0.1"),
        (Fraction(-5, 100), 1, "-0.1"),
        (Fraction(-1425, 100), 1, "-14.3"),
        (Fraction(-100, 3), 1, "-33.3"),
        (Fraction(-200, 3), 0, "-67"),
        (Fraction(0), 1, "0.0"),
        (Fraction(-1, 100), 1, "0.0"),
    ],
)
def test_half_is_rounded_away_from_nought(value: Fraction, decimals: int, expected: str) -> None:
    assert str(rounded(value, decimals)) == expected


@given(st.fractions(min_value=-1000, max_value=1000), st.integers(0, 2))
def test_rounding_is_the_same_on_both_sides_of_nought(value: Fraction, decimals: int) -> None:
    assert rounded(-value, decimals) == -rounded(value, decimals)
    assert abs(Fraction(rounded(value, decimals)) - value) <= Fraction(1, 2 * 10**decimals)


@pytest.mark.parametrize("answers", [{"pain": 11}, {"pain": -1}, {"change": 4}, {"change": -4}])
def test_an_answer_is_one_of_those_that_were_offered(answers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is from"):
        Answers(**answers)


# -- groups -----------------------------------------------------------------------------------------------------------

_people = itertools.count()


def group(*pairs: tuple[int | None, int | None]) -> list[Followed]:
    return [Followed(next(_people), *pair) for pair in pairs]


def one(members: Sequence[Followed]) -> Figures:
    """What is published of a group that is alone."""
    return publish({"here": members}).groups["here"]


def test_a_group_of_ten_is_told_of() -> None:
    assert one(group(*[(8, 5)] * 10)) == Figures(
        started=10,
        with_baseline=10,
        answered=10,
        answered_percent=Decimal("100.0"),
        mean_percent=Decimal("-37.5"),
        median_percent=Decimal("-37.5"),
        mean_points=Decimal("-3.0"),
        responder_30=Decimal("100.0"),
        responder_50=Decimal("0.0"),
        better_2=Decimal("100.0"),
    )


def test_a_group_of_nine_is_not() -> None:
    assert one(group(*[(8, 5)] * 9)) == Figures()


def test_the_mean_is_that_of_individual_percents() -> None:
    figures = one(group(*[(10, 5)] * 5, *[(2, 2)] * 5))
    assert figures.mean_percent == Decimal("-25.0"), "the percent of the means would be -41.7"
    assert figures.median_percent == Decimal("-25.0")


def test_who_did_not_answer_is_counted_as_such_and_nowhere_else() -> None:
    figures = one(group(*[(8, 4)] * 10, *[(9, None)] * 3, *[(None, 2)] * 2, (None, None)))
    assert (figures.started, figures.with_baseline, figures.answered) == (16, 13, 10)
    assert figures.answered_percent == Decimal("62.5")
    assert (figures.mean_percent, figures.mean_points) == (Decimal("-50.0"), Decimal("-4.0"))


def test_limits_of_shares_belong_to_them() -> None:
    figures = one(group(*[(10, 7)] * 4, *[(10, 5)] * 3, *[(10, 8)] * 2, (10, 9)))
    assert (figures.responder_30, figures.responder_50, figures.better_2) == (
        Decimal("70.0"),
        Decimal("30.0"),
        Decimal("90.0"),
    )


def test_percents_stand_for_those_alone_of_whom_there_are_any() -> None:
    figures = one(group(*[(8, 4)] * 10, *[(0, 3)] * 10))
    assert (figures.answered, figures.mean_points, figures.mean_percent) == (20, Decimal("-0.5"), Decimal("-50.0"))
    few = one(group(*[(8, 4)] * 9, *[(0, 3)] * 10))
    assert few.mean_points is not None
    assert (few.mean_percent, few.median_percent, few.responder_30, few.responder_50) == (None, None, None, None)


def test_each_figure_stands_by_the_number_of_its_own_people() -> None:
    figures = one(group(*[(8, 4)] * 9, *[(8, None)] * 3))
    assert figures == Figures(started=12, with_baseline=12)


def test_two_courses_of_one_person_are_one_person() -> None:
    ten = group(*[(8, 5)] * 9)
    assert one([*ten, Followed(ten[0].person, 6, 6)]) == Figures()


def test_a_group_that_is_not_shown_cannot_be_had_by_subtraction() -> None:
    told = publish({"large": group(*[(8, 5)] * 12), "small": group(*[(6, 6)] * 9)})
    assert told.groups["large"].answered == 12
    assert told.groups["small"] == told.together == Figures()


def test_two_small_groups_that_are_enough_together_are_told_of_together() -> None:
    told = publish({"large": group(*[(8, 4)] * 10), "a": group(*[(8, 8)] * 5), "b": group(*[(8, 8)] * 5)})
    assert told.groups["a"] == told.groups["b"] == Figures()
    assert (told.together.answered, told.together.mean_percent) == (20, Decimal("-25.0"))


def test_an_empty_group_hides_nothing() -> None:
    told = publish({"large": group(*[(8, 4)] * 10), "empty": []})
    assert told.together == told.groups["large"]


def test_a_rate_never_tells_a_number_that_is_not_shown() -> None:
    answered = group(*[(8, 4)] * 12)
    told = publish({"large": answered, "small": group(*[(8, None)] * 4)})
    assert (told.together.started, told.together.with_baseline) == (None, None)
    assert (told.together.answered, told.together.answered_percent) == (12, None)


pairs = st.tuples(st.none() | st.integers(0, 10), st.none() | st.integers(0, 10))


@given(st.lists(st.lists(pairs, max_size=14), min_size=1, max_size=4))
def test_no_number_of_fewer_than_ten_can_be_had(drawn: list[list[tuple[int | None, int | None]]]) -> None:
    told = publish({number: group(*each) for number, each in enumerate(drawn)})
    for name in ("started", "with_baseline", "answered"):
        shown = [getattr(figures, name) for figures in told.groups.values()]
        total = getattr(told.together, name)
        assert all(number is None or number >= LEAST_PEOPLE for number in [*shown, total])
        if total is not None and None in shown:
            rest = total - sum(number for number in shown if number is not None)
            assert rest == 0 or rest >= LEAST_PEOPLE
