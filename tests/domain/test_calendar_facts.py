"""Periods, holidays and protocols: the facts that planning stands on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.domain.course import Cost, PartOfDay
from booking.domain.holidays import holidays_on
from booking.domain.period import Period, at_wall, moment_of, monday_of, seconds_of, step_of
from booking.domain.protocol import Step, StepKind
from booking.domain.schedule import Name, Weeks, hours_on, template_on, weeks_of
from tests.domain.builders import FIRST, NEEDLES, course, hours, oslo, single


def test_2027_has_eleven_holidays_and_one_with_two_names() -> None:
    days = [date(2027, 1, 1) + timedelta(days=number) for number in range(365)]
    holidays = {day: [name["en"] for name in holidays_on(day)] for day in days if holidays_on(day)}
    assert len(holidays) == 11
    assert holidays[date(2027, 5, 17)] == ["Whit Monday", "Constitution Day"]


EASTER = [
    (date(2026, 4, 2), "Maundy Thursday", "Skjærtorsdag"),
    (date(2027, 3, 26), "Good Friday", "Langfredag"),
    (date(2028, 4, 17), "Easter Monday", "Andre påskedag"),
    (date(2026, 5, 14), "Ascension Day", "Kristi himmelfartsdag"),
    (date(2028, 6, 5), "Whit Monday", "Andre pinsedag"),
    (date(2030, 12, 26), "St Stephen's Day", "Andre juledag"),
]


@pytest.mark.parametrize(("day", "english", "norwegian"), EASTER)
def test_holidays_have_names_in_both_languages(day: date, english: str, norwegian: str) -> None:
    assert [(name["en"], name["nb"]) for name in holidays_on(day)] == [(english, norwegian)]


def test_a_missing_language_falls_back_to_english() -> None:
    assert Name.of(en="Christmas")["nb"] == "Christmas"


def test_nine_on_the_wall_is_an_hour_apart_in_utc_across_a_clock_change() -> None:
    assert at_wall(date(2027, 3, 27), 540) == datetime(2027, 3, 27, 8, tzinfo=UTC)
    assert at_wall(date(2027, 3, 29), 540) == datetime(2027, 3, 29, 7, tzinfo=UTC)
    assert at_wall(date(2027, 11, 1), 540) == datetime(2027, 11, 1, 8, tzinfo=UTC)


def test_periods_are_half_open_and_refuse_nonsense() -> None:
    morning = Period(oslo(2027, 3, 1, 9), oslo(2027, 3, 1, 10))
    assert not morning.overlaps(Period(oslo(2027, 3, 1, 10), oslo(2027, 3, 1, 11)))
    assert morning.overlaps(Period(oslo(2027, 3, 1, 9, 55), oslo(2027, 3, 1, 11)))
    with pytest.raises(ValueError, match="ends at or after"):
        Period(morning.end, morning.start)
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2027, 3, 1, 9), datetime(2027, 3, 1, 10))  # noqa: DTZ001


def test_a_period_across_a_clock_change_is_as_long_as_it_lasts() -> None:
    assert Period(oslo(2027, 3, 28, 0), oslo(2027, 3, 29, 0)).length == timedelta(hours=23)


def test_seconds_and_steps_count_from_1970_in_utc() -> None:
    assert seconds_of(oslo(1970, 1, 1, 1)) == 0
    assert step_of(oslo(1970, 1, 1, 1, 10)) == 2
    assert moment_of(86400) == datetime(1970, 1, 2, tzinfo=UTC)
    with pytest.raises(ValueError, match="naive"):
        seconds_of(datetime(2027, 3, 1))  # noqa: DTZ001


def test_weeks_begin_on_mondays() -> None:
    assert monday_of(date(2027, 1, 3)) == date(2026, 12, 28)


def test_of_two_templates_the_later_one_stands_alone() -> None:
    always = hours(1, None, "mon 8-16")
    summer = hours(1, None, "tue 9-15", since=date(2027, 7, 12), until=date(2027, 8, 1))
    assert template_on([always, summer], date(2027, 7, 11)) == always
    assert template_on([always, summer], date(2027, 8, 1)) == summer
    assert template_on([summer], date(2027, 8, 2)) is None


def test_in_odd_weeks_the_template_for_odd_weeks_stands() -> None:
    always = hours(1, 2, "mon 8-16")
    odd = replace(hours(1, 2, "tue 9-15", since=date(2027, 3, 1)), weeks=Weeks.ODD)
    standing = [template_on([always, odd], date(2027, 2, 22) + timedelta(weeks=number)) for number in range(4)]
    assert standing == [always, odd, always, odd]


def test_after_a_year_of_53_weeks_two_odd_weeks_follow_each_other() -> None:
    assert [weeks_of(day) for day in (date(2026, 12, 28), date(2027, 1, 4), date(2027, 1, 11))] == [
        "odd",
        "odd",
        "even",
    ]


def test_a_single_day_stands_before_what_begins_with_it() -> None:
    day = date(2027, 3, 1)
    since, odd = hours(1, 2, "mon 8-16", since=day), replace(hours(1, 2, "mon 9-15", since=day), weeks=Weeks.ODD)
    evening = hours(1, 2, "mon 16-20", since=day, until=day)
    assert template_on([since, odd, evening], day) is evening
    assert template_on([since, odd, evening], day + timedelta(weeks=2)) is odd


def test_what_begins_later_for_all_weeks_ends_every_other_week() -> None:
    odd = replace(hours(1, 2, "tue 9-15"), weeks=Weeks.ODD)
    after = hours(1, 2, "mon 8-16", since=date(2027, 3, 1))
    assert template_on([odd, after], date(2027, 3, 2)) is after


def test_the_hours_of_a_day_stand_in_order_of_time() -> None:
    found = hours_on([hours(1, 2, "mon 16-20, mon 8-12, tue 8-16")], date(2027, 3, 1))
    assert [(each.start, each.end) for each in found] == [(480, 720), (960, 1200)]
    assert hours_on([], date(2027, 3, 1)) == []


def test_parts_of_day_meet_without_a_gap() -> None:
    starts = {minute: PartOfDay.at(minute) for minute in (0, 655, 660, 835, 840, 1015, 1020, 1435)}
    assert list(starts.values()) == [part for part in PartOfDay for _ in range(2)]


def test_a_course_knows_its_steps_and_its_price() -> None:
    protocol = course()
    assert protocol.price_for(new_patient=True) == 8090
    assert protocol.price_for(new_patient=False) == 6900
    assert (len(protocol.weekly), len(protocol.reviews)) == (9, 1)


def test_a_single_step_is_neither_first_visit_nor_review_of_anything() -> None:
    protocol = single(Step(StepKind.FIRST_VISIT, 1, FIRST))
    assert (protocol.first_visit, protocol.reviews, len(protocol.weekly)) == (None, (), 1)
    assert single(Step(StepKind.SESSION, 1, NEEDLES)).weekly[0].treatment == NEEDLES


def test_a_gap_longer_than_ten_days_needs_a_week_left_out() -> None:
    protocol = course()
    assert [protocol.spaced(days, 0) for days in (4, 5, 10, 11)] == [False, True, True, False]
    assert [protocol.spaced(days, 1) for days in (4, 11)] == [False, True]


def test_costs_compare_deviations_first_then_departures_then_days_then_minutes() -> None:
    assert Cost(0, 9, 9, 9) < Cost(1, 0, 0, 0)
    assert Cost(1, 1, 9, 9) < Cost(1, 2, 0, 0)
    assert Cost(1, 1, 1, 9) < Cost(1, 1, 2, 0)
