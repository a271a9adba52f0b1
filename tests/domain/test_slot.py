"""Slots: bits of a day, and the reasons why a time cannot be had."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.period import Period
from booking.domain.schedule import Absence
from booking.domain.slot import Availability, ReasonKind, bits, run, spread
from tests.domain.builders import (
    ASK,
    BJORK,
    EIDSVOLL,
    EMBLA,
    FROY,
    LAMBERTSETER,
    RAHOLT,
    STORM,
    demonstration,
    hours,
    oslo,
    taken,
    whole_days,
)

SCHEDULE = demonstration()
EARLY = oslo(2026, 1, 1)
MASKS = st.integers(0, (1 << 288) - 1)


def days(first: date, last: date, *rows: tuple[int, int, int, int], schedule=SCHEDULE, **more) -> Availability:  # type: ignore[no-untyped-def]
    return Availability(schedule, first, last, rows, **{"earliest": EARLY, **more})


def at(mask: int) -> list[str]:
    return [f"{step // 12}:{step % 12 * 5:02}" for step in bits(mask)]


@given(MASKS, st.integers(1, 40))
def test_a_run_begins_where_all_its_steps_are_set(mask: int, length: int) -> None:
    found = set(bits(run(mask, length)))
    assert found == {step for step in range(288) if mask >> step & (1 << length) - 1 == (1 << length) - 1}


@given(MASKS, st.integers(1, 40))
def test_spread_takes_up_every_step_of_its_runs(mask: int, length: int) -> None:
    assert set(bits(spread(mask, length))) == {step + more for step in bits(mask) for more in range(length)}


def test_the_starts_of_a_day_lie_on_the_grid_within_hours_and_around_the_break() -> None:
    tuesday = days(date(2027, 3, 2), date(2027, 3, 2)).starts(ASK, LAMBERTSETER, 60)[0]
    assert at(tuesday)[:2] == ["8:00", "8:15"]
    assert [each for each in at(tuesday) if each in ("11:00", "11:15", "12:15", "12:30")] == ["11:00", "12:30"]
    assert at(tuesday)[-1] == "15:00"


def test_what_is_taken_takes_its_buffer_along_and_needs_one_before_it() -> None:
    row = taken(EMBLA, 21, oslo(2027, 3, 1, 9, 30))
    free = at(days(date(2027, 3, 1), date(2027, 3, 1), row).starts(EMBLA, EIDSVOLL, 30)[0])
    assert free[:5] == ["8:00", "8:15", "8:30", "8:45", "10:15"]


def test_a_clinician_taken_at_one_clinic_is_taken_at_the_other() -> None:
    both = replace(SCHEDULE, hours=(*SCHEDULE.hours, hours(LAMBERTSETER, FROY, "tue 8-16")))
    row = taken(FROY, 31, oslo(2027, 3, 2, 10))
    free = days(date(2027, 3, 2), date(2027, 3, 2), row, schedule=both)
    assert "10:00" not in at(free.starts(FROY, LAMBERTSETER, 30)[0])


def test_rows_are_counted_on_the_right_wall_time_on_both_sides_of_a_clock_change() -> None:
    rows = [taken(ASK, 11, oslo(2027, 3, 26, 9)), taken(ASK, 11, oslo(2027, 3, 30, 9))]
    free = days(date(2027, 3, 22), date(2027, 4, 2), *rows)
    reasons = free.reasons(ASK, LAMBERTSETER, date(2027, 3, 30), 9 * 12, 30)
    assert [reason.kind for reason in reasons] == ["taken"]
    assert not free.reasons(ASK, LAMBERTSETER, date(2027, 3, 30), 10 * 12, 30)


def test_taking_one_more_is_seen_at_once() -> None:
    free = days(date(2027, 3, 2), date(2027, 3, 2))
    assert "9:00" in at(free.starts(ASK, LAMBERTSETER, 30)[0])
    free.take(*taken(ASK, 11, oslo(2027, 3, 2, 9)))
    assert "9:00" not in at(free.starts(ASK, LAMBERTSETER, 30)[0])
    assert free.room(LAMBERTSETER, date(2027, 3, 2), 9 * 12, 30) == 12


def test_half_a_day_of_easter_week_is_open() -> None:
    wednesday = days(date(2027, 3, 24), date(2027, 3, 24)).starts(ASK, LAMBERTSETER, 30)[0]
    assert (at(wednesday)[0], at(wednesday)[-1]) == ("9:00", "11:30")


def test_the_summer_template_stands_alone_for_its_weeks() -> None:
    week = days(date(2027, 7, 12), date(2027, 7, 18)).starts(ASK, LAMBERTSETER, 30)
    assert [bool(mask) for mask in week] == [False, True, False, True, False, False, False]
    assert at(week[1])[0] == "9:00"


REASONS = [
    (date(2027, 5, 17), ASK, LAMBERTSETER, ["holiday", "holiday"]),
    (date(2027, 7, 13), EMBLA, EIDSVOLL, ["closed_period"]),
    (date(2027, 7, 12), ASK, LAMBERTSETER, ["outside_hours"]),
    (date(2027, 6, 10), STORM, RAHOLT, ["outside_hours"]),
    (date(2027, 6, 8), STORM, RAHOLT, []),
]


@pytest.mark.parametrize(("day", "clinician", "clinic", "kinds"), REASONS)
def test_reasons_of_the_calendar(day: date, clinician: int, clinic: int, kinds: list[str]) -> None:
    found = days(date(2027, 5, 1), date(2027, 8, 1)).reasons(clinician, clinic, day, 14 * 12, 30)
    assert [str(reason.kind) for reason in found] == kinds


@given(st.integers(0, 13), st.integers(0, 95), st.sampled_from([30, 60]), st.integers(0, 9999))
def test_a_time_has_reasons_exactly_when_it_is_not_free(day: int, quarter: int, minutes: int, seed: int) -> None:
    when = date(2027, 3, 15) + timedelta(days=day)
    rows = [taken(1 + seed % 2, 11 + seed % 3 % 2, oslo(2027, 3, 15, 8) + timedelta(hours=3 * n)) for n in range(99)]
    gone = Absence(BJORK, Period(oslo(2027, 3, 18, 9), oslo(2027, 3, 23, 11)))
    busy = [
        Period(oslo(2027, 3, 16, 9, 10), oslo(2027, 3, 16, 9, 20)),
        whole_days(date(2027, 3, 17), date(2027, 3, 17)),
    ]
    schedule = replace(SCHEDULE, absences=(gone,))
    free = days(
        date(2027, 3, 15), date(2027, 3, 28), *rows, schedule=schedule, away=busy, earliest=oslo(2027, 3, 15, 9)
    )
    for clinician in (ASK, BJORK):
        starts = free.starts(clinician, LAMBERTSETER, minutes)[day]
        reasons = free.reasons(clinician, LAMBERTSETER, when, quarter * 3, minutes)
        assert bool(starts >> quarter * 3 & 1) is not bool(reasons)
        assert list(reasons) == sorted(reasons, key=lambda reason: list(ReasonKind).index(reason.kind))


def test_a_day_outside_of_the_range_is_outside_of_hours() -> None:
    found = days(date(2027, 3, 1), date(2027, 3, 7)).reasons(ASK, LAMBERTSETER, date(2027, 2, 23), 9 * 12, 30)
    assert [reason.kind for reason in found] == ["outside_hours"]


def test_a_patients_days_away_can_be_put_on_and_taken_off() -> None:
    tuesday = whole_days(date(2027, 3, 2), date(2027, 3, 2))
    free = days(date(2027, 3, 1), date(2027, 3, 3))
    seen = free.seen_by([tuesday])
    assert seen.starts(ASK, LAMBERTSETER, 30)[1] == 0
    assert seen.without([tuesday]).starts(ASK, LAMBERTSETER, 30) == free.starts(ASK, LAMBERTSETER, 30)
    assert free.seen_by([]) is free
    assert at(free.seen_by([], earliest=oslo(2027, 3, 2, 13)).starts(ASK, LAMBERTSETER, 30)[1])[0] == "13:00"
