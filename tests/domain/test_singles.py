"""Single appointments: free times day by day, and a plan of one step."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest

from booking.domain.course import PartOfDay, Wishes
from booking.domain.errors import DoesNotFit
from booking.domain.planner import free_times, plan_course, plan_single
from booking.domain.protocol import Step, StepKind
from booking.domain.slot import Availability
from tests.domain.builders import (
    ASK,
    BJORK,
    FIRST,
    FROY,
    LAMBERTSETER,
    LIVE,
    NEEDLES,
    RAHOLT,
    STORM,
    availability,
    demonstration,
    oslo,
    plans,
    single,
    taken,
    wall,
    widest,
)

SCHEDULE = demonstration()
NOW = oslo(2027, 3, 1, 7)
VISIT = single(Step(StepKind.FIRST_VISIT, 1, FIRST))
SESSION = single(Step(StepKind.SESSION, 1, NEEDLES))
RAHOLTS = Wishes((RAHOLT,), date(2027, 3, 1))


def fortnight(*rows: tuple[int, int, int, int]) -> Availability:
    return Availability(SCHEDULE, date(2027, 3, 1), date(2027, 3, 14), rows, earliest=oslo(2027, 3, 1, 9))


def test_free_times_stand_under_their_dates_and_closed_days_are_left_out() -> None:
    found = list(free_times(fortnight(), NEEDLES, [RAHOLT]))
    assert [each.day.day for each in found] == [1, 2, 3, 5, 8, 9, 10, 12]


def test_the_free_times_of_a_day_follow_the_grid_and_spare_the_break() -> None:
    monday = next(iter(free_times(fortnight(), NEEDLES, [RAHOLT])))
    starts = [wall(each.start)[11:] for each in monday.times]
    assert starts[:3] == ["10:00", "10:10", "10:20"]
    assert [start for start in starts if "11:20" < start < "12:40"] == ["11:30", "12:30"]
    assert starts[-1] == "17:30"


def test_a_start_is_shown_once_with_the_first_who_is_free() -> None:
    row = taken(ASK, 11, oslo(2027, 3, 2, 9))
    tuesday = list(islice(free_times(fortnight(row), NEEDLES, [LAMBERTSETER]), 2))[1]
    who = {wall(each.start)[11:]: each.clinician for each in tuesday.times}
    assert (who["08:15"], who["09:00"], who["09:45"]) == (ASK, BJORK, ASK)


def test_one_clinician_may_be_asked_for() -> None:
    assert {t.clinician for day in free_times(fortnight(), NEEDLES, [RAHOLT], FROY) for t in day.times} == {FROY}
    assert list(free_times(fortnight(), NEEDLES, [RAHOLT], STORM)) == []


def test_who_does_not_needle_gives_first_visits() -> None:
    assert STORM in {t.clinician for day in free_times(fortnight(), FIRST, [RAHOLT]) for t in day.times}


def test_nothing_is_free_before_the_notice() -> None:
    days = Availability(SCHEDULE, date(2027, 3, 1), date(2027, 3, 1), [], earliest=oslo(2027, 3, 1, 13, 5))
    assert wall(next(iter(free_times(days, NEEDLES, [RAHOLT]))).times[0].start) == "2027-03-01 13:10"


def test_two_clinics_are_shown_side_by_side() -> None:
    monday = next(iter(free_times(fortnight(), NEEDLES, [RAHOLT, LAMBERTSETER])))
    at_noon = [(each.clinic, each.clinician) for each in monday.times if wall(each.start)[11:] == "12:30"]
    assert at_noon == [(LAMBERTSETER, ASK), (RAHOLT, BJORK)]


def test_a_chosen_time_becomes_a_plan_of_one_appointment() -> None:
    plan = plan_single(VISIT, RAHOLTS, fortnight(), oslo(2027, 3, 1, 10, 10), clinician=STORM, clinic=RAHOLT)
    only = plan.appointments[0]
    assert (len(plan.appointments), plan.price, only.room, only.deviation) == (1, 1190, 31, None)
    assert only.end - only.start == timedelta(hours=1)
    assert (plan.sessions, plan.first_visit, plan.reviews) == ((only,), None, ())


@pytest.mark.parametrize("minute", [0, 5, 12])
def test_a_time_that_is_not_free_is_refused(minute: int) -> None:
    days = fortnight(taken(STORM, 31, oslo(2027, 3, 1, 11)))
    with pytest.raises(DoesNotFit):
        plan_single(VISIT, RAHOLTS, days, oslo(2027, 3, 1, 10, minute), clinician=STORM, clinic=RAHOLT)


def test_a_clinician_who_does_not_needle_is_refused_for_needles() -> None:
    with pytest.raises(DoesNotFit):
        plan_single(SESSION, RAHOLTS, fortnight(), oslo(2027, 3, 1, 10), clinician=STORM, clinic=RAHOLT)


@pytest.mark.parametrize("new_patient", [True, False])
def test_a_protocol_of_one_step_is_planned_like_a_session(new_patient: bool) -> None:
    asked = Wishes((RAHOLT,), date(2027, 3, 3), parts=frozenset({PartOfDay.MORNING}), new_patient=new_patient)
    first = plans(SCHEDULE, VISIT, asked, NOW)[0]
    assert (wall(first.sessions[0].start), first.price) == ("2027-03-03 08:00", 1190)


def test_a_single_needle_session_has_neither_visit_nor_review() -> None:
    asked = Wishes((LAMBERTSETER,), date(2027, 3, 1), clinician=LIVE, only_her=True, new_patient=True)
    found = plan_course(SESSION, asked, availability(SCHEDULE, SESSION, asked, NOW), now=NOW)
    assert [(len(plan.appointments), plan.price) for plan in found] == [(1, 690)] * 3  # type: ignore[union-attr]


def test_single_appointments_need_no_more_days_than_they_can_lie_on() -> None:
    asked = Wishes((LAMBERTSETER,), date(2027, 3, 3))
    wide = widest(SCHEDULE, asked, NOW)
    near = availability(SCHEDULE, SESSION, asked, NOW)
    assert near.last == date(2027, 3, 21)
    assert plan_course(SESSION, asked, near, now=NOW) == plan_course(SESSION, asked, wide, now=NOW)
