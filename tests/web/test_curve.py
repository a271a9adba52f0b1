"""The curve: a patient's change beside both arms of the trial, with what is missing missing."""

from __future__ import annotations

import re
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.outcome import Answers, Moment
from booking.domain.period import OSLO
from booking.services.outcomes import HowItGoes
from booking.web.me.curve import BASE, HEIGHT, LEFT, MARK, RIGHT, TOP, Course, Curve, draw

START = datetime(2027, 4, 6, 9, tzinfo=OSLO)


def goes(baseline: int | None, week_10: int | None, year: int | None) -> HowItGoes:
    pains = zip(Moment, (baseline, week_10, year), strict=True)
    return HowItGoes(START, {moment: Answers(pain) for moment, pain in pains if pain is not None}, None, None)


def drawn(*pains: int | None) -> Curve:
    curve = draw(goes(*pains))
    assert curve
    return curve


def line(curve: Curve, who: str) -> Course:
    return next(course for course in curve.courses if course.who == who)


def ends(course: Course) -> list[tuple[str, str]]:
    return re.findall(r"[ML](\d+) (\d+)", course.way)


@pytest.mark.parametrize("pains", [(None, 5, 5), (8, None, None), (0, 3, 3), (None, None, None)])
def test_without_a_change_there_is_no_curve(pains: tuple[int | None, ...]) -> None:
    assert draw(goes(*pains)) is None


def test_both_arms_of_the_trial_are_always_there() -> None:
    curve = drawn(8, 5, 6)
    assert [point.percent for point in line(curve, "real").points] == [Fraction(-41), Fraction("-19.9")]
    assert [point.percent for point in line(curve, "sham").points] == [Fraction("-27.1"), Fraction("-6.2")]
    assert [point.percent for point in line(curve, "you").points] == [Fraction(-75, 2), -25]


@pytest.mark.parametrize(
    ("pains", "stretches", "marks"), [((8, 5, 6), 2, 3), ((8, 5, None), 1, 2), ((8, None, 6), 0, 2)]
)
def test_a_missing_answer_interrupts_the_line(pains: tuple[int | None, ...], stretches: int, marks: int) -> None:
    you = line(drawn(*pains), "you")
    assert (you.way.count("L"), you.marks.count("z")) == (stretches, marks)


def test_less_pain_lies_lower_and_time_runs_as_it_does() -> None:
    start, week_10, _again, year = ends(line(drawn(8, 4, 6), "you"))
    assert [int(x) for x, _y in (start, week_10, year)] == [LEFT, LEFT + (RIGHT - LEFT) * 10 // 52, RIGHT]
    assert int(start[1]) < int(year[1]) < int(week_10[1])


@given(st.integers(1, 10), st.none() | st.integers(0, 10), st.none() | st.integers(0, 10))
def test_everything_stands_inside_the_picture(baseline: int, week_10: int | None, year: int | None) -> None:
    curve = draw(goes(baseline, week_10, year))
    if curve is None:
        assert week_10 is year is None
        return
    for course in curve.courses:
        assert all(LEFT <= int(x) <= RIGHT and TOP <= int(y) <= BASE for x, y in ends(course))
    assert TOP > MARK + 2
    assert BASE + 20 < HEIGHT
    assert 3 <= len(curve.grid) <= 8
    assert 0 in [line.percent for line in curve.grid]
    assert all(lower.y > higher.y for lower, higher in pairwise(curve.grid))
