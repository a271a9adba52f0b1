"""Lanes: a running course has its time of the week until it ends, and the hours beside it can go to others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from booking.domain.lanes import Lane, Running, lanes_of, running_of
from booking.domain.period import at_wall, seconds_of
from booking.domain.schedule import Clinic, Clinician, DayHours, Hours, Schedule
from booking.domain.slot import Availability, TakenRow

MONDAY = date(2027, 4, 12)
ASK, HERE, ROOM = 1, 1, 1
EARLY = datetime(2027, 1, 1, tzinfo=UTC)
MINUTES = 30


def schedule(until: int = 12 * 60) -> Schedule:
    """Open and at work on Tuesdays from 9 to noon; 30 minutes and a buffer of 5 on a grid of 15 take 45."""
    tuesdays = (DayHours(1, 9 * 60, until),)
    hours = tuple(Hours(HERE, who, date(2027, 1, 1), None, tuesdays) for who in (None, ASK))
    clinic = Clinic(HERE, "here", "Here", 15, 5, (ROOM,))
    return Schedule((clinic,), (Clinician(ASK, "ask", "Ask", True),), hours, (), (), ())


def lanes(*running: Running, taken: Iterable[TakenRow] = ()) -> list[Lane]:
    free = Availability(schedule(), MONDAY, MONDAY + timedelta(days=62), taken, earliest=EARLY)
    return lanes_of(free, ASK, HERE, MINUTES, running, MONDAY)


def tuesday(week: int) -> date:
    return MONDAY + timedelta(days=1 + 7 * week)


def taken_at(day: date, minute: int) -> TakenRow:
    start = seconds_of(at_wall(day, minute))
    return ASK, ROOM, start, start + MINUTES * 60


def test_an_empty_morning_is_full_of_free_lanes() -> None:
    found = lanes()
    assert [lane.minute for lane in found] == [540, 585, 630, 675]
    assert all(lane.free and lane.weeks == 9 and lane.free_from == tuesday(0) for lane in found)


def weekly(minute: int, first: int, last: int) -> Running:
    """A course on Tuesdays from one week to another."""
    return Running(ASK, HERE, 1, minute, tuesday(first), tuesday(last))


def times_of(course: Running) -> list[TakenRow]:
    weeks = range((course.last - course.first).days // 7 + 1)
    return [taken_at(course.first + timedelta(days=7 * week), course.minute) for week in weeks]


def test_a_running_course_has_its_lane_until_the_week_after_its_last_session() -> None:
    course = weekly(585, 0, 3)
    found = {lane.minute: lane for lane in lanes(course, taken=times_of(course))}
    assert found[585] == Lane(1, 585, tuesday(4), None)
    assert [minute for minute, lane in found.items() if lane.free] == [540, 630, 675]


def test_courses_that_follow_one_another_have_one_lane() -> None:
    found = {lane.minute: lane for lane in lanes(weekly(585, 0, 3), weekly(585, 5, 13))}
    assert found[585].free_from == tuesday(14)


def test_a_lane_is_free_when_a_whole_course_fits_before_the_next() -> None:
    found = {lane.minute: lane for lane in lanes(weekly(585, 0, 3), weekly(585, 13, 21))}
    assert found[585].free_from == tuesday(4)


def test_a_single_appointment_takes_a_lane_for_its_week_only() -> None:
    found = lanes(taken=[taken_at(tuesday(2), 540)])
    assert [lane.weeks for lane in found] == [8, 9, 9, 9]


def test_a_time_that_is_mostly_taken_is_no_lane() -> None:
    found = lanes(taken=[taken_at(tuesday(week), 540) for week in range(4)])
    assert 540 not in [lane.minute for lane in found]


def test_a_course_runs_where_most_of_its_sessions_are() -> None:
    usual = [(ASK, HERE, at_wall(tuesday(week), 540)) for week in range(3)]
    moved = (ASK, HERE, at_wall(tuesday(3), 675))
    assert running_of([*usual, moved]) == Running(ASK, HERE, 1, 540, tuesday(0), tuesday(2))
