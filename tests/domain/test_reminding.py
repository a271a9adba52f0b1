"""Reminding: each rung at its moment on the clock on the wall, outside of quiet hours, and never two at once."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from booking.domain.period import OSLO, Period, at_wall, oslo
from booking.domain.reminding import Quiet, Rung, due, ladder, reach

NIGHT = Quiet(21 * 60, 7 * 60)
NONE = Quiet(0, 0)


def wall(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=OSLO)  # type: ignore[arg-type,misc]


def opens(rung: Rung, start: datetime, quiet: Quiet = NIGHT) -> datetime:
    found = due(rung, start, quiet)
    assert found is not None
    return oslo(found.window.start)


# -- the usual moments ------------------------------------------------------------------------------------------------


def test_the_week_is_told_on_its_sunday_evening() -> None:
    for day in range(8, 15):
        assert opens(Rung.WEEK, wall(2027, 3, day, 14, 30)) == wall(2027, 3, 7, 18)


def test_two_days_ahead_is_the_same_time_of_day() -> None:
    assert opens(Rung.TWO_DAYS, wall(2027, 3, 11, 14, 30)) == wall(2027, 3, 9, 14, 30)


def test_the_morning_is_that_of_the_day_itself() -> None:
    assert opens(Rung.MORNING, wall(2027, 3, 11, 14, 30)) == wall(2027, 3, 11, 7)


def test_two_days_ahead_is_of_no_use_when_a_day_is_left() -> None:
    found = due(Rung.TWO_DAYS, wall(2027, 3, 11, 14, 30), NIGHT)
    assert found is not None
    assert found.window.end == wall(2027, 3, 10, 14, 30)


def test_nothing_is_of_use_once_the_appointment_has_begun() -> None:
    found = due(Rung.MORNING, wall(2027, 3, 11, 14, 30), NIGHT)
    assert found is not None
    assert found.window.end == wall(2027, 3, 11, 14, 30)


# -- clock changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sunday", "hours"), [((2027, 3, 28), 47), ((2027, 10, 31), 49)])
def test_two_days_across_a_clock_change_keep_the_time_on_the_wall(sunday: tuple[int, int, int], hours: int) -> None:
    start = wall(*sunday, 9) + timedelta(days=1)
    moment = opens(Rung.TWO_DAYS, start)
    assert (moment.date(), moment.hour) == (date(*sunday) - timedelta(days=1), 9)
    assert start.astimezone(UTC) - moment.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("sunday", [(2027, 3, 28), (2027, 10, 31)])
def test_quiet_hours_with_a_clock_change_among_them_end_when_the_clock_says(sunday: tuple[int, int, int]) -> None:
    night = NIGHT.around(wall(*sunday, 4))
    assert night is not None
    assert (oslo(night.start), oslo(night.end)) == (wall(*sunday, 21) - timedelta(days=1), wall(*sunday, 7))


@pytest.mark.parametrize("sunday", [(2027, 3, 28), (2027, 10, 31)])
def test_the_overview_comes_at_six_on_the_day_of_a_clock_change(sunday: tuple[int, int, int]) -> None:
    assert opens(Rung.WEEK, wall(*sunday, 9) + timedelta(days=2)) == wall(*sunday, 18)


@pytest.mark.parametrize("sunday", [(2027, 3, 28), (2027, 10, 31)])
def test_the_morning_after_a_clock_change_begins_at_seven(sunday: tuple[int, int, int]) -> None:
    assert opens(Rung.MORNING, wall(*sunday, 12)) == wall(*sunday, 7)


# -- quiet hours ------------------------------------------------------------------------------------------------------


def test_what_falls_into_quiet_hours_waits_for_their_end() -> None:
    assert opens(Rung.TWO_DAYS, wall(2027, 3, 11, 8), Quiet(20 * 60, 10 * 60)) == wall(2027, 3, 9, 10)


def test_an_early_appointment_is_told_of_the_evening_before() -> None:
    assert opens(Rung.MORNING, wall(2027, 3, 11, 7, 30)) == wall(2027, 3, 10, 20)


def test_who_sleeps_long_is_told_of_the_morning_the_evening_before() -> None:
    assert opens(Rung.MORNING, wall(2027, 3, 11, 9), Quiet(22 * 60, 10 * 60)) == wall(2027, 3, 10, 21)


def test_an_overview_in_quiet_hours_comes_before_them() -> None:
    assert opens(Rung.WEEK, wall(2027, 3, 9, 9), Quiet(17 * 60, 7 * 60)) == wall(2027, 3, 7, 16)


def test_without_quiet_hours_everything_comes_at_its_moment() -> None:
    assert opens(Rung.TWO_DAYS, wall(2027, 3, 11, 6), NONE) == wall(2027, 3, 9, 6)
    assert NONE.around(wall(2027, 3, 11, 3)) is None


def test_quiet_hours_leave_most_of_the_waking_day() -> None:
    with pytest.raises(ValueError, match="too little"):
        Quiet(7 * 60, 21 * 60 + 1)
    assert Quiet(17 * 60, 7 * 60).minutes == 14 * 60


# -- the overview and the others --------------------------------------------------------------------------------------


def both(start: datetime, **options: bool) -> dict[Rung, datetime]:
    wanted = (Rung.WEEK, Rung.TWO_DAYS)
    return {each.rung: oslo(each.window.start) for each in ladder(start, NIGHT, wanted, **options)}


def test_what_the_overview_tells_on_the_same_day_waits_until_it_can_no_longer_come() -> None:
    assert both(wall(2027, 3, 9, 14, 30)) == {Rung.WEEK: wall(2027, 3, 7, 18), Rung.TWO_DAYS: wall(2027, 3, 8, 7)}


def test_what_the_overview_told_on_the_same_day_is_not_told_again() -> None:
    assert Rung.TWO_DAYS not in both(wall(2027, 3, 9, 14, 30), week_told=True)


def test_what_the_overview_told_on_another_day_is_told_again() -> None:
    assert Rung.TWO_DAYS in both(wall(2027, 3, 11, 14, 30), week_told=True)


def test_what_would_come_too_late_after_the_overview_does_not_come() -> None:
    assert Rung.TWO_DAYS not in both(wall(2027, 3, 9, 7))


# -- whatever the hour ------------------------------------------------------------------------------------------------

DAYS = st.one_of(
    st.dates(date(2027, 1, 1), date(2028, 12, 31)),
    st.sampled_from([day + timedelta(days=n) for day in (date(2027, 3, 28), date(2027, 10, 31)) for n in range(-1, 8)]),
)
STARTS = st.builds(at_wall, DAYS, st.integers(6 * 60, 22 * 60))
QUIETS = st.builds(
    lambda start, length: Quiet(start * 15, (start * 15 + length * 15) % (24 * 60)),
    st.integers(0, 95),
    st.integers(0, 56),
)


@given(STARTS, QUIETS)
def test_no_two_rungs_are_open_at_once(start: datetime, quiet: Quiet) -> None:
    windows = sorted(each.window for each in ladder(start, quiet, Rung))
    assert all(a.end <= b.start for a, b in itertools.pairwise(windows))


@given(STARTS, QUIETS)
def test_no_window_opens_in_quiet_hours_or_after_the_start(start: datetime, quiet: Quiet) -> None:
    for each in ladder(start, quiet, Rung):
        assert quiet.around(each.window.start) is None
        assert each.window.end <= start


@given(STARTS, QUIETS)
def test_everybody_is_reminded_before_changes_cost(start: datetime, quiet: Quiet) -> None:
    found = due(Rung.TWO_DAYS, start, quiet)
    assert found is not None
    assert found.window.start < start - timedelta(hours=24)


@given(STARTS, QUIETS, st.data())
def test_whatever_is_due_is_within_reach(start: datetime, quiet: Quiet, data: st.DataObject) -> None:
    for each in ladder(start, quiet, Rung):
        minutes = int(each.window.length / timedelta(minutes=1))
        assume(minutes)
        moment = each.window.start + timedelta(minutes=data.draw(st.integers(0, minutes - 1)))
        found: Period = reach(each.rung, moment)
        assert found.start <= start < found.end
