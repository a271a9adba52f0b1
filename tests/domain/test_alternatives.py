"""Other times of a session's week, and plans with a session moved there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from booking.domain.course import Cost, Departure, Pattern, Plan, Planned, Wishes
from booking.domain.errors import DoesNotFit
from booking.domain.planner import alternatives, plan_pattern, replace_session
from booking.domain.slot import Availability
from tests.domain.builders import (
    ASK,
    BJORK,
    EIDSVOLL,
    EMBLA,
    LAMBERTSETER,
    TUE,
    availability,
    course,
    demonstration,
    kinds,
    oslo,
    taken,
    wall,
    widest,
)

SCHEDULE = demonstration()
COURSE = course()
NOW = oslo(2027, 3, 1, 7)
WISHES = Wishes((LAMBERTSETER,), date(2027, 3, 1), new_patient=True)
TUESDAYS = Pattern(TUE, 10 * 60, ASK, LAMBERTSETER)
ROWS = [taken(ASK, 11, oslo(2027, 3, 16, 10))]


@pytest.fixture
def days() -> Availability:
    return availability(SCHEDULE, COURSE, WISHES, NOW, ROWS)


@pytest.fixture
def plan(days: Availability) -> Plan:
    """Tuesdays at ten with Ask from the 2nd of March; session 3 is moved to 09:15."""
    found = plan_pattern(COURSE, WISHES, days, TUESDAYS, now=NOW)
    assert found is not None
    return found


def others(plan: Plan, number: int, days: Availability, wishes: Wishes = WISHES) -> tuple[Planned, ...]:
    return alternatives(COURSE, wishes, days, plan, number)


def moved(plan: Plan, number: int, days: Availability, start: str, wishes: Wishes = WISHES) -> Plan:
    chosen = next(each for each in others(plan, number, days, wishes) if wall(each.start) == start)
    return replace_session(plan, number, chosen, days, COURSE, wishes)


# -- what is offered ------------------------------------------------------------------------------------------


def test_the_other_times_of_the_week_come_best_first(plan: Plan, days: Availability) -> None:
    first = [wall(each.start) for each in others(plan, 3, days)[:4]]
    assert first == ["2027-03-16 10:45", "2027-03-16 09:00", "2027-03-16 11:00", "2027-03-16 08:45"]


def test_departures_of_other_times_never_fall(plan: Plan, days: Availability) -> None:
    departures = [each.deviation.departure for each in others(plan, 3, days) if each.deviation]
    assert departures == sorted(departures)
    assert set(departures) == {Departure.SAME_DAY, Departure.SAME_WEEK, Departure.COLLEAGUE}


def test_each_start_is_offered_once_and_the_present_one_is_not(plan: Plan, days: Availability) -> None:
    starts = [each.start for each in others(plan, 3, days)]
    assert len(starts) == len(set(starts))
    assert (plan.sessions[2].start, ASK) not in {(each.start, each.clinician) for each in others(plan, 3, days)}


def test_other_times_stay_in_the_week_and_keep_the_spacing(plan: Plan, days: Availability) -> None:
    assert sorted({each.day.day for each in others(plan, 3, days)}) == [15, 16, 17, 18]
    plan = moved(plan, 2, days, "2027-03-11 12:30")
    assert sorted({each.day.day for each in others(plan, 3, days)}) == [16, 17, 18]
    plan = moved(plan, 4, days, "2027-03-22 10:00")
    assert sorted({each.day.day for each in others(plan, 3, days)}) == [16, 17]


def test_other_times_say_why_the_session_is_not_on_its_pattern(plan: Plan, days: Availability) -> None:
    assert {tuple(kinds(each)) for each in others(plan, 3, days)} == {("taken",)}


def test_a_time_the_patient_chose_herself_has_no_reason(plan: Plan, days: Availability) -> None:
    assert {tuple(kinds(each)) for each in others(plan, 5, days)} == {()}


def test_a_free_pattern_time_is_offered_again_without_a_deviation(plan: Plan, days: Availability) -> None:
    plan = moved(plan, 5, days, "2027-03-31 10:00")
    best = others(plan, 5, days)[0]
    assert (wall(best.start), best.deviation) == ("2027-03-30 10:00", None)


def test_only_her_offers_only_her(plan: Plan, days: Availability) -> None:
    wishes = replace(WISHES, clinician=ASK, only_her=True)
    assert {each.clinician for each in others(plan, 3, days, wishes)} == {ASK}
    assert BJORK in {each.clinician for each in others(plan, 3, days)}


def test_the_week_before_the_review_is_kept_free_of_the_last_session() -> None:
    away = ((date(2027, 5, 6), date(2027, 8, 1)),)
    wishes = replace(WISHES, away=away)
    days = availability(SCHEDULE, COURSE, wishes, NOW)
    plan = plan_pattern(COURSE, wishes, days, TUESDAYS, now=NOW)
    assert plan is not None
    assert wall(plan.reviews[0].start)[:10] == "2027-05-05"
    assert max(each.day for each in others(plan, 9, days, wishes)) == date(2027, 4, 28)


def test_an_unknown_number_is_an_error(plan: Plan, days: Availability) -> None:
    with pytest.raises(ValueError):
        others(plan, 10, days)


def test_after_a_slip_the_other_times_still_stand_for_the_first_week_left_out() -> None:
    wishes = Wishes((EIDSVOLL,), date(2027, 6, 28))
    days = availability(SCHEDULE, COURSE, wishes, NOW)
    plan = plan_pattern(COURSE, wishes, days, Pattern(TUE, 600, EMBLA, EIDSVOLL), now=NOW)
    assert plan is not None
    found = others(plan, 3, days, wishes)
    assert {wall(each.deviation.instead_of) for each in found if each.deviation} == {"2027-07-13 10:00"}
    monday = moved(plan, 3, days, "2027-08-02 10:00", wishes)
    assert monday.cost == Cost(1, 2, 1, 0)
    assert kinds(monday.sessions[2]) == ["closed_period"]


# -- moving ---------------------------------------------------------------------------------------------------


def test_moving_a_session_changes_it_alone(plan: Plan, days: Availability) -> None:
    changed = moved(plan, 5, days, "2027-03-31 10:30")
    kept = [each for each in plan.appointments if each.step.number != 5]
    assert [each for each in changed.appointments if each.step.number != 5] == kept
    assert wall(changed.sessions[4].start) == "2027-03-31 10:30"


def test_the_cost_of_a_moved_plan_is_summed_anew(plan: Plan, days: Availability) -> None:
    assert plan.cost == Cost(1, 1, 0, 45)
    assert moved(plan, 5, days, "2027-03-31 10:30").cost == Cost(2, 3, 1, 75)


def test_moving_back_gives_the_plan_again(plan: Plan, days: Availability) -> None:
    there = moved(plan, 5, days, "2027-03-31 10:30")
    assert moved(there, 5, days, "2027-03-30 10:00") == plan


def test_moving_session_one_takes_the_first_visit_along_only_if_it_must(plan: Plan, days: Availability) -> None:
    assert wall(plan.appointments[0].start) == "2027-03-02 08:45"
    same_day = moved(plan, 1, days, "2027-03-02 11:00")
    later = moved(plan, 1, days, "2027-03-04 12:30")
    assert wall(same_day.appointments[0].start) == "2027-03-02 09:45"
    assert wall(later.appointments[0].start) == "2027-03-02 08:45"


def test_moving_the_last_session_moves_the_review_only_if_it_must(plan: Plan, days: Availability) -> None:
    assert moved(plan, 9, days, "2027-04-30 10:00").reviews == plan.reviews
    strict = course(review_gap=13)
    days = availability(SCHEDULE, strict, WISHES, NOW)
    found = plan_pattern(strict, WISHES, days, TUESDAYS, now=NOW)
    assert found is not None
    friday = next(e for e in alternatives(strict, WISHES, days, found, 9) if wall(e.start) == "2027-04-30 10:00")
    assert wall(found.reviews[0].start) == "2027-05-11 10:00"
    assert wall(replace_session(found, 9, friday, days, strict, WISHES).reviews[0].start) == "2027-05-13 12:30"


@pytest.mark.parametrize(
    "late", [timedelta(minutes=-45), timedelta(minutes=5), timedelta(minutes=2), timedelta(days=7), timedelta(days=-3)]
)
def test_a_time_that_does_not_fit_is_refused(plan: Plan, days: Availability, late: timedelta) -> None:
    third = plan.sessions[2]
    assert wall(third.start) == "2027-03-16 09:15"
    busy = availability(SCHEDULE, COURSE, WISHES, NOW, [*ROWS, taken(ASK, 11, oslo(2027, 3, 16, 8, 30))])
    with pytest.raises(DoesNotFit):
        replace_session(plan, 3, replace(third, start=third.start + late), busy, COURSE, WISHES)


def test_alternatives_are_the_same_on_a_wider_availability(plan: Plan, days: Availability) -> None:
    assert others(plan, 3, widest(SCHEDULE, WISHES, NOW, ROWS)) == others(plan, 3, days)
