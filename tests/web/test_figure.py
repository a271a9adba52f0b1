"""The trial's figure: heights are figures of the trial, both arms stand side by side, and gaps are shown as gaps."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from booking.domain.trial import VAS_2016
from booking.web.site.figure import BASE, HEIGHT, UNIT, WIDTH, Bar, Drawing, draw

DRAWING = draw()


def bars(drawing: Drawing, moment: str) -> tuple[Bar, ...]:
    return next(group.bars for group in drawing.groups if group.moment == moment)


def percent_at(y: str) -> float:
    return (BASE - int(y)) / UNIT


def test_both_groups_of_the_trial_stand_side_by_side() -> None:
    for moment in ("weeks_10", "months_12"):
        assert [bar.arm for bar in bars(DRAWING, moment)] == ["real", "sham"]


def test_a_fall_in_pain_is_a_number_above_nought() -> None:
    shown = [[bar.fall.percent for bar in bars(DRAWING, moment)] for moment in ("weeks_10", "months_12")]
    assert shown == [[Decimal("41.0"), Decimal("27.1")], [Decimal("19.9"), Decimal("6.2")]]


def test_numbers_above_the_bars_are_whole() -> None:
    shown = [bar.fall.whole for moment in ("weeks_10", "months_12") for bar in bars(DRAWING, moment)]
    assert shown == [41, 27, 20, 6]


def test_a_bar_is_as_high_as_its_figure() -> None:
    for group in DRAWING.groups:
        for bar in group.bars:
            shoulder = re.search(r"V(\d+)q0-(\d+)", bar.outline)
            assert shoulder
            top = int(shoulder[1]) - int(shoulder[2])
            assert abs(percent_at(str(top)) - float(bar.fall.percent)) <= 0.5 / UNIT


def test_a_whisker_ends_at_the_limits_of_the_interval() -> None:
    real, _sham = bars(DRAWING, "weeks_10")
    ends = [percent_at(y) for y in re.findall(r"V(\d+)m-7", real.whisker.line)]
    assert ends == [47.25, 34.75]
    assert (real.fall.low, real.fall.high) == (Decimal("34.8"), Decimal("47.2"))
    assert real.whisker.dashed == ""


def test_a_limit_that_is_not_known_has_no_end() -> None:
    _real, sham = bars(DRAWING, "months_12")
    assert sham.fall.low is None
    assert sham.whisker.line.count("m-7 0h14") == 1
    assert sham.whisker.dashed.endswith(f"V{BASE}")
    assert DRAWING.has_open_end


def test_a_moment_without_figures_has_a_place_and_no_bars() -> None:
    assert [group.moment for group in DRAWING.groups] == ["weeks_10", "months_6", "months_12"]
    assert bars(DRAWING, "months_6") == ()


def test_one_arm_is_never_drawn_alone() -> None:
    half = replace(VAS_2016, sham=replace(VAS_2016.sham, weeks_10=None))
    assert bars(draw(half), "weeks_10") == ()


def test_everything_stands_inside_the_picture() -> None:
    for group in DRAWING.groups:
        for bar in group.bars:
            assert 15 < bar.number_at < HEIGHT
            assert 0 < bar.middle < WIDTH


def test_bars_do_not_touch_one_another() -> None:
    middles = [bar.middle for group in DRAWING.groups for bar in group.bars]
    assert all(later - earlier > 46 for earlier, later in pairwise(middles))
