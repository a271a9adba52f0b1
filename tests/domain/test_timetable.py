"""Timetable: when somebody works on a day, and what closes, breaks or empties it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from booking.domain.period import Period, at_wall
from booking.domain.schedule import Break, Clinic, ClosedPeriod, DayHours, Hours, Name, Schedule
from booking.domain.timetable import (
    Block,
    BlockKind,
    Shift,
    Timetable,
    breaks_of,
    closings_of,
    minutes_on,
    minutes_worked,
    uncovered,
)

TUESDAY = date(2027, 4, 6)
OPEN = DayHours(1, 480, 960)
STOCKTAKING = ClosedPeriod(
    1, Period(at_wall(TUESDAY, 840), at_wall(date(2027, 4, 7), 0)), Name.of(en="Stocktaking", nb="Varetelling")
)


def hours(clinician: int | None, *days: DayHours, clinic: int = 1) -> Hours:
    return Hours(clinic, clinician, date(2026, 1, 1), None, days)


def schedule(*more: Hours) -> Schedule:
    """A clinic that is open on Tuesdays from 8 to 16 and pauses at noon."""
    return Schedule(
        clinics=(Clinic(1, "one", "One", 15, 5, (1,)),),
        clinicians=(),
        hours=(hours(None, OPEN), hours(None, DayHours(1, 600, 1200), clinic=2), *more),
        breaks=(Break(1, None, 720, 750), Break(1, 8, 600, 615)),
        closed=(STOCKTAKING,),
        absences=(),
    )


def test_somebody_works_while_the_clinic_is_open() -> None:
    assert Timetable(schedule(hours(7, DayHours(1, 420, 900)))).shifts(7, TUESDAY) == [Shift(480, 900, 1)]


def test_who_works_at_two_clinics_has_two_shifts_in_order_of_time() -> None:
    both = schedule(hours(7, DayHours(1, 900, 1140), clinic=2), hours(7, DayHours(1, 480, 840)))
    assert Timetable(both).shifts(7, TUESDAY) == [Shift(480, 840, 1), Shift(900, 1140, 2)]


def test_nobody_works_on_another_weekday() -> None:
    assert Timetable(schedule(hours(7, OPEN))).shifts(7, date(2027, 4, 7)) == []


def test_breaks_are_the_clinics_and_her_own_within_her_hours() -> None:
    shift = [Shift(480, 735, 1)]
    assert list(breaks_of(schedule(), 7, shift)) == [Block(720, 735, BlockKind.BREAK)]
    assert [each.start for each in breaks_of(schedule(), 8, shift)] == [720, 600]


def test_a_closed_period_stands_where_it_touches_the_day() -> None:
    (closed,) = closings_of(schedule(), [1], TUESDAY)
    assert (closed.start, closed.end, closed.name) == (840, 1440, STOCKTAKING.name)
    assert list(closings_of(schedule(), [2], TUESDAY)) == []


def test_two_holidays_on_one_day_are_both_named() -> None:
    assert len(list(closings_of(schedule(), [1], date(2027, 5, 17)))) == 2


def test_a_period_that_ends_at_midnight_is_not_on_the_next_day() -> None:
    assert minutes_on(STOCKTAKING.period, date(2027, 4, 7)) is None
    assert minutes_on(STOCKTAKING.period, TUESDAY) == (840, 1440)


def test_a_period_of_several_days_fills_those_between() -> None:
    long = Period(datetime(2027, 4, 5, 10, tzinfo=UTC), datetime(2027, 4, 9, 10, tzinfo=UTC))
    assert minutes_on(long, TUESDAY) == (0, 1440)


def test_what_lies_within_something_longer_is_left_out() -> None:
    lunch, away = Block(720, 750, BlockKind.BREAK), Block(600, 1440, BlockKind.AWAY)
    assert uncovered([lunch, away]) == [away]


def test_worked_are_the_minutes_that_nothing_takes() -> None:
    blocks = [Block(720, 750, BlockKind.BREAK), Block(840, 1440, BlockKind.AWAY)]
    assert minutes_worked([Shift(480, 960, 1)], blocks) == 330
