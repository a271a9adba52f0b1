"""Courses at the demonstration's clinics: what a patient is offered, what is moved and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from booking.domain.course import Cost, Departure, NoPlan, PartOfDay, Pattern, Wish, Wishes
from booking.domain.period import Period
from booking.domain.planner import Limits, first_day, needed_range, plan_course, plan_pattern, widest_range
from booking.domain.protocol import StepKind
from booking.domain.schedule import Absence, RoomClosure, Weeks
from booking.domain.slot import Availability
from tests.domain.builders import (
    ASK,
    BJORK,
    EIDSVOLL,
    FRI,
    FROY,
    LAMBERTSETER,
    LIVE,
    MON,
    RAHOLT,
    STORM,
    THU,
    TUE,
    WED,
    availability,
    course,
    dates,
    demonstration,
    from_to,
    kinds,
    oslo,
    plans,
    refusal,
    taken,
    wall,
    whole_days,
)

SCHEDULE = demonstration()
COURSE = course()
MARCH = oslo(2027, 3, 1, 7)


def wishes(clinic: int, *days: int, start: date = date(2027, 3, 1), **more: object) -> Wishes:
    return replace(Wishes((clinic,), start, days=frozenset(days)), **more)  # type: ignore[arg-type]


# -- holidays, closings and clocks ----------------------------------------------------------------------------


def test_thursdays_from_the_eighteenth_of_march_meet_two_holidays() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, THU, start=date(2027, 3, 18)), MARCH)[0]
    moved = [session for session in plan.sessions if session.deviation]
    assert [wall(each.deviation.instead_of)[:10] for each in moved if each.deviation] == ["2027-03-25", "2027-05-06"]
    assert [_details(each)[0] for each in moved] == ["Maundy Thursday", "Ascension Day"]


def test_mondays_from_the_twenty_second_of_march_meet_easter_and_a_day_with_two_names() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, MON, start=date(2027, 3, 22)), MARCH)[0]
    moved = [session for session in plan.sessions if session.deviation]
    assert dates(moved) == ["2027-03-30", "2027-05-18"]
    assert _details(moved[0]) == ["Easter Monday", "Easter week"]
    assert _details(moved[1]) == ["Whit Monday", "Constitution Day"]


def test_mondays_keep_their_time_on_the_wall_when_summer_time_begins() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(RAHOLT, MON), MARCH)[0]
    assert [number for number, each in enumerate(plan.sessions, 1) if each.deviation] == [5]
    assert {wall(each.start)[11:] for each in plan.sessions} == {"10:00"}
    assert {each.start.hour for each in plan.sessions} == {9, 8}


def test_mondays_keep_their_time_on_the_wall_when_summer_time_ends() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(RAHOLT, MON, start=date(2027, 9, 27)), MARCH)[0]
    assert {wall(each.start)[11:] for each in plan.sessions} == {"10:00"}
    assert plan.cost == Cost(0, 0, 0, 0)
    assert {each.start.hour for each in plan.sessions} == {8, 9}


def test_the_summer_closing_makes_a_course_slip_three_weeks() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(EIDSVOLL, TUE, start=date(2027, 6, 28)), MARCH)[0]
    assert dates(plan.sessions[:4]) == ["2027-06-29", "2027-07-06", "2027-08-03", "2027-08-10"]
    moved = plan.sessions[2].deviation
    assert moved is not None
    assert wall(moved.instead_of)[:10] == "2027-07-13"
    assert moved.departure is Departure.SAME_WEEK
    assert _details(plan.sessions[2]) == ["Summer closing"]
    assert plan.cost == Cost(1, 2, 0, 0)


def test_the_review_moves_with_a_slip() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(EIDSVOLL, TUE, start=date(2027, 6, 28)), MARCH)[0]
    assert (plan.reviews[0].day - plan.sessions[0].day).days == 70 + 21


def test_a_week_is_not_left_out_while_another_day_of_it_is_open() -> None:
    closed = replace(SCHEDULE, absences=(Absence(ASK, whole_days(date(2027, 3, 15), date(2027, 3, 21))),))
    plan = plans(closed, COURSE, wishes(LAMBERTSETER, TUE, clinician=ASK), MARCH)[0]
    weeks = [session.day.isocalendar().week for session in plan.sessions]
    assert weeks == list(range(9, 18))


def test_a_course_slips_no_more_weeks_than_its_protocol_allows() -> None:
    asked = wishes(EIDSVOLL, TUE, start=date(2027, 6, 28), away=((date(2027, 9, 20), date(2029, 1, 1)),))
    allowed, forbidden = course(review=None), course(review=None, max_slips=2)
    assert plans(SCHEDULE, allowed, asked, oslo(2027, 6, 28, 7))
    assert refusal(SCHEDULE, forbidden, asked, oslo(2027, 6, 28, 7)).fails is StepKind.SESSION


# -- what the sums are ----------------------------------------------------------------------------------------


def test_a_new_patients_course_costs_8090() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, TUE, new_patient=True), MARCH)[0]
    assert (len(plan.appointments), plan.price) == (11, 8090)


def test_a_returning_patients_course_costs_6900() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, TUE), MARCH)[0]
    assert (len(plan.appointments), plan.price) == (10, 6900)


# -- every reason ---------------------------------------------------------------------------------------------

TUESDAY = Pattern(TUE, 9 * 60, ASK, LAMBERTSETER)


def third_session(schedule=SCHEDULE, rows=(), **more: object):  # type: ignore[no-untyped-def]
    """Session 3 of Tuesdays at nine with Ask, the 16th of March."""
    asked = wishes(LAMBERTSETER, TUE, **more)
    plan = plan_pattern(COURSE, asked, availability(schedule, COURSE, asked, MARCH, rows), TUESDAY, now=MARCH)
    assert plan is not None
    return plan.sessions[2]


def test_a_taken_time_says_taken() -> None:
    session = third_session(rows=[taken(ASK, 11, oslo(2027, 3, 16, 9))])
    assert (kinds(session), wall(session.start)) == (["taken"], "2027-03-16 08:15")
    assert session.deviation.departure is Departure.SAME_DAY


def test_the_buffer_after_an_appointment_is_taken_too() -> None:
    assert kinds(third_session(rows=[taken(ASK, 11, oslo(2027, 3, 16, 8, 30))])) == ["taken"]
    assert third_session(rows=[taken(ASK, 11, oslo(2027, 3, 16, 8, 25))]).deviation is None


def test_two_rooms_taken_by_others_say_no_room() -> None:
    rows = [taken(BJORK, 11, oslo(2027, 3, 16, 9)), taken(LIVE, 12, oslo(2027, 3, 16, 9))]
    assert kinds(third_session(rows=rows)) == ["no_room"]
    assert third_session(rows=rows[:1]).deviation is None


def test_a_room_that_is_out_of_use_is_as_if_taken() -> None:
    out = RoomClosure(11, whole_days(date(2027, 3, 15), date(2027, 3, 19)))
    schedule = replace(SCHEDULE, room_closures=(out,))
    assert third_session(schedule).room == 12
    assert kinds(third_session(schedule, [taken(LIVE, 12, oslo(2027, 3, 16, 9))])) == ["no_room"]


def test_nobody_is_in_a_room_when_it_goes_out_of_use_and_its_buffer_ends_before() -> None:
    out = [RoomClosure(room, from_to(oslo(2027, 3, 16, 9, 30), oslo(2027, 3, 18, 8))) for room in (11, 12)]
    session = third_session(replace(SCHEDULE, room_closures=tuple(out)))
    assert (kinds(session), wall(session.start)) == (["no_room"], "2027-03-16 08:45")


def test_a_course_in_every_other_week_of_short_days_says_outside_hours() -> None:
    ordinary = next(each for each in SCHEDULE.hours if (each.clinic_id, each.clinician_id) == (LAMBERTSETER, ASK))
    later = tuple(replace(day, start=10 * 60) for day in ordinary.days)
    odd = replace(ordinary, valid_from=date(2027, 3, 8), days=later, weeks=Weeks.ODD)
    session = third_session(replace(SCHEDULE, hours=(*SCHEDULE.hours, odd)))
    assert (kinds(session), wall(session.start)) == (["outside_hours"], "2027-03-16 10:00")


def test_an_absence_says_nothing_but_absence() -> None:
    away = replace(SCHEDULE, absences=(Absence(ASK, whole_days(date(2027, 3, 16), date(2027, 3, 16))),))
    session = third_session(away)
    assert [(reason.kind, reason.detail) for reason in session.deviation.reasons] == [("absence", None)]


def test_hours_that_change_say_outside_hours() -> None:
    shorter = next(each for each in SCHEDULE.hours if (each.clinic_id, each.clinician_id) == (LAMBERTSETER, ASK))
    days = tuple(replace(day, start=10 * 60) for day in shorter.days)
    for_a_week = replace(shorter, valid_from=date(2027, 3, 15), valid_until=date(2027, 3, 21), days=days)
    session = third_session(replace(SCHEDULE, hours=(*SCHEDULE.hours, for_a_week)))
    assert (kinds(session), wall(session.start)) == (["outside_hours"], "2027-03-16 10:00")


def test_days_away_and_busy_times_say_patient_away() -> None:
    away = third_session(away=((date(2027, 3, 16), date(2027, 3, 16)),))
    busy = third_session(busy=(from_to(oslo(2027, 3, 16, 9, 25), oslo(2027, 3, 16, 10)),))
    assert (kinds(away), kinds(busy)) == (["patient_away"], ["patient_away"])
    assert (wall(away.start)[:10], wall(busy.start)) == ("2027-03-15", "2027-03-16 08:45")


def test_several_reasons_stand_in_one_order() -> None:
    schedule = replace(SCHEDULE, absences=(Absence(ASK, whole_days(date(2027, 3, 16), date(2027, 3, 16))),))
    rows = [taken(ASK, 11, oslo(2027, 3, 16, 9))]
    session = third_session(schedule, rows, away=((date(2027, 3, 16), date(2027, 3, 16)),))
    assert kinds(session) == ["absence", "taken", "patient_away"]


def test_a_free_time_that_spacing_forbids_says_too_close() -> None:
    away = ((date(2027, 3, 8), date(2027, 3, 11)), (date(2027, 3, 20), date(2027, 3, 22)))
    asked = Wishes((LAMBERTSETER,), date(2027, 3, 1), away=away)
    pattern = Pattern(TUE, 9 * 60, ASK, LAMBERTSETER)
    strict = course(min_gap=5, max_gap=10)
    plan = plan_pattern(strict, asked, availability(SCHEDULE, strict, asked, MARCH), pattern, now=MARCH)
    assert plan is not None
    assert dates(plan.sessions[:3]) == ["2027-03-02", "2027-03-12", "2027-03-17"]
    assert (kinds(plan.sessions[1]), kinds(plan.sessions[2])) == (["patient_away"], ["too_close"])


# -- wishes ---------------------------------------------------------------------------------------------------


def test_the_pattern_keeps_the_wished_days_and_parts_of_day() -> None:
    asked = wishes(LAMBERTSETER, TUE, WED, parts=frozenset({PartOfDay.AFTERNOON}))
    for plan in plans(SCHEDULE, COURSE, asked, MARCH):
        assert plan.pattern.weekday in (TUE, WED)
        assert 14 * 60 <= plan.pattern.minute < 17 * 60


def test_nothing_lies_before_the_wished_start() -> None:
    asked = wishes(LAMBERTSETER, start=date(2027, 3, 10), new_patient=True)
    for plan in plans(SCHEDULE, COURSE, asked, MARCH):
        assert min(dates(plan.appointments)) >= "2027-03-10"


def test_a_start_in_the_past_counts_as_today_after_the_notice() -> None:
    plan = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, MON, start=date(2026, 1, 1)), oslo(2027, 3, 1, 9, 5))[0]
    assert wall(plan.sessions[0].start) == "2027-03-01 11:15"


def test_the_wished_clinician_binds_every_pattern() -> None:
    found = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, clinician=BJORK), MARCH)
    assert {plan.pattern.clinician for plan in found} == {BJORK}


def test_the_others_are_asked_if_the_wished_clinician_has_no_plan() -> None:
    asked = wishes(LAMBERTSETER, WED, clinician=BJORK)
    assert {plan.pattern.clinician for plan in plans(SCHEDULE, COURSE, asked, MARCH)} == {ASK}


def test_only_her_is_only_her() -> None:
    asked = wishes(LAMBERTSETER, WED, clinician=BJORK, only_her=True)
    answer = refusal(SCHEDULE, COURSE, asked, MARCH)
    assert answer.relax is not None
    asked = wishes(LAMBERTSETER, TUE, clinician=BJORK, only_her=True, new_patient=True)
    for plan in plans(SCHEDULE, COURSE, asked, MARCH):
        assert {each.clinician for each in plan.appointments} == {BJORK}


def test_who_does_not_needle_is_never_offered_for_needles() -> None:
    without_bjork = replace(SCHEDULE, absences=(Absence(BJORK, _for_ever()),))
    plan = plan_for(Pattern(TUE, 8 * 60, FROY, RAHOLT), schedule=without_bjork)
    assert {session.clinician for session in plan.sessions} == {FROY}
    assert plan.appointments[0].clinician == STORM
    assert isinstance(refusal(SCHEDULE, COURSE, wishes(RAHOLT, clinician=STORM, only_her=True), MARCH), NoPlan)


def test_plans_really_differ() -> None:
    for asked in (wishes(LAMBERTSETER), wishes(LAMBERTSETER, TUE, clinician=BJORK), wishes(EIDSVOLL, THU)):
        found = plans(SCHEDULE, COURSE, asked, MARCH)
        assert len(found) == 3
        for number, plan in enumerate(found):
            for other in found[:number]:
                one, two = plan.pattern, other.pattern
                same = (one.weekday, one.clinician) == (two.weekday, two.clinician)
                assert not same or abs(one.minute - two.minute) >= 120


def test_plans_come_cheapest_first_then_earliest() -> None:
    found = plans(SCHEDULE, COURSE, wishes(LAMBERTSETER, start=date(2027, 3, 17)), MARCH)
    ranks = [(plan.cost, plan.sessions[0].start) for plan in found]
    assert ranks == sorted(ranks)


def test_the_same_question_gets_the_same_answer() -> None:
    asked = Wishes((RAHOLT, LAMBERTSETER), date(2027, 3, 18), new_patient=True)
    turned = replace(asked, clinics=(LAMBERTSETER, RAHOLT))
    assert plans(SCHEDULE, COURSE, asked, MARCH) == plans(SCHEDULE, COURSE, turned, MARCH)


@pytest.mark.parametrize(
    "nonsense",
    [
        Pattern(7, 540, ASK, LAMBERTSETER),
        Pattern(TUE, 542, ASK, LAMBERTSETER),
        Pattern(TUE, -60, ASK, LAMBERTSETER),
        Pattern(TUE, 1440, ASK, LAMBERTSETER),
        Pattern(TUE, 540, 99, LAMBERTSETER),
        Pattern(TUE, 540, ASK, RAHOLT),
        Pattern(WED, 540, ASK, LAMBERTSETER),
    ],
)
def test_a_pattern_that_cannot_be_has_no_plan(nonsense: Pattern) -> None:
    asked = wishes(LAMBERTSETER, TUE)
    assert plan_pattern(COURSE, asked, availability(SCHEDULE, COURSE, asked, MARCH), nonsense, now=MARCH) is None


# -- first visit and review -----------------------------------------------------------------------------------


def test_the_first_visit_comes_directly_before_session_one_if_it_can() -> None:
    plan = plan_for(Pattern(TUE, 10 * 60, ASK, LAMBERTSETER))
    assert [wall(each.start) for each in plan.appointments[:2]] == ["2027-03-02 08:45", "2027-03-02 10:00"]
    assert plan.appointments[0].clinician == ASK


def test_the_first_visit_comes_on_a_day_before_if_the_time_before_is_taken() -> None:
    plan = plan_for(Pattern(WED, 10 * 60 + 15, ASK, LAMBERTSETER), [taken(ASK, 11, oslo(2027, 3, 3, 9))])
    assert wall(plan.appointments[0].start) == "2027-03-02 15:00"


def test_a_colleague_gives_the_first_visit_if_the_clinician_cannot() -> None:
    plan = plan_for(Pattern(TUE, 8 * 60, BJORK, LAMBERTSETER), start=date(2027, 3, 1))
    assert (plan.appointments[0].clinician, wall(plan.appointments[0].start)) == (LIVE, "2027-03-01 17:00")


def test_session_one_waits_a_week_for_a_first_visit_to_fit() -> None:
    plan = plan_for(Pattern(TUE, 8 * 60, ASK, LAMBERTSETER), start=date(2027, 3, 2))
    assert wall(plan.sessions[0].start) == "2027-03-09 08:00"


def test_session_one_may_follow_the_first_visit_on_the_first_day_of_all() -> None:
    until_half_past = [taken(who, room, oslo(2027, 3, 2, 8)) for who, room in ((ASK, 11), (BJORK, 12))]
    plan = plan_for(Pattern(TUE, 10 * 60, ASK, LAMBERTSETER), until_half_past, start=date(2027, 3, 2))
    assert [wall(each.start) for each in plan.appointments[:2]] == ["2027-03-02 08:45", "2027-03-02 10:00"]


def test_a_first_visit_that_leaves_a_wait_on_the_same_day_does_not_count() -> None:
    from_a_quarter_to = [taken(who, room, oslo(2027, 3, 2, 9, 40), 10) for who, room in ((ASK, 11), (BJORK, 12))]
    plan = plan_for(Pattern(TUE, 10 * 60, ASK, LAMBERTSETER), from_a_quarter_to, start=date(2027, 3, 2))
    assert wall(plan.sessions[0].start) == "2027-03-09 10:00"


def test_the_review_comes_ten_weeks_after_session_one_at_the_patterns_time() -> None:
    plan = plan_for(Pattern(TUE, 10 * 60, ASK, LAMBERTSETER))
    assert wall(plan.reviews[0].start) == "2027-05-11 10:00"
    assert plan.reviews[0].clinician == ASK


def test_a_review_with_the_same_clinician_comes_before_one_on_the_target_day() -> None:
    rows = [taken(ASK, 11, oslo(2027, 5, 11, hour)) for hour in range(8, 16)]
    plan = plan_for(Pattern(TUE, 10 * 60, ASK, LAMBERTSETER), rows)
    assert (plan.reviews[0].clinician, wall(plan.reviews[0].start)) == (ASK, "2027-05-10 10:00")


def test_a_plan_without_a_possible_review_is_no_plan() -> None:
    away = ((date(2027, 5, 1), date(2027, 8, 1)),)
    asked = wishes(LAMBERTSETER, TUE, away=away)
    days = availability(SCHEDULE, COURSE, asked, MARCH)
    answer = plan_course(COURSE, asked, days, now=MARCH)
    assert isinstance(answer, NoPlan)
    assert answer.fails is StepKind.REVIEW
    assert answer.relax is not None
    assert answer.relax.wish is Wish.AWAY


def plan_for(pattern: Pattern, rows=(), start: date = date(2027, 3, 1), schedule=SCHEDULE):  # type: ignore[no-untyped-def]
    asked = Wishes((pattern.clinic,), start, new_patient=True)
    plan = plan_pattern(COURSE, asked, availability(schedule, COURSE, asked, MARCH, rows), pattern, now=MARCH)
    assert plan is not None
    return plan


# -- rooms ----------------------------------------------------------------------------------------------------


def test_a_course_stays_in_its_room_while_that_is_free() -> None:
    rows = [taken(LIVE, 11, oslo(2027, 3, 2, 9)), taken(LIVE, 12, oslo(2027, 3, 16, 9))]
    asked = wishes(LAMBERTSETER, TUE)
    plan = plan_pattern(COURSE, asked, availability(SCHEDULE, COURSE, asked, MARCH, rows), TUESDAY, now=MARCH)
    assert plan is not None
    assert [session.room for session in plan.sessions] == [12, 12, *[11] * 7]


# -- no plan, later plans -------------------------------------------------------------------------------------


def test_thursdays_at_raholt_have_no_plan_and_other_days_would_help() -> None:
    answer = refusal(SCHEDULE, COURSE, wishes(RAHOLT, THU), MARCH, others=(LAMBERTSETER, EIDSVOLL, RAHOLT))
    assert answer.fails is StepKind.SESSION
    assert {str(reason.kind) for week in answer.weeks for reason in week.reasons} == {"outside_hours"}
    assert answer.weeks[0].monday == date(2027, 3, 1)
    assert answer.relax is not None
    assert answer.relax.wish is Wish.DAYS
    assert answer.relax.plan.cost == Cost(0, 0, 0, 0)


def test_another_clinic_helps_where_no_day_does() -> None:
    both_away = (Absence(BJORK, _for_ever()), Absence(FROY, _for_ever()))
    schedule = replace(SCHEDULE, absences=both_away)
    answer = refusal(schedule, COURSE, wishes(RAHOLT, FRI), MARCH, others=(EIDSVOLL, RAHOLT))
    assert {str(reason.kind) for week in answer.weeks for reason in week.reasons} >= {"absence"}
    assert answer.relax is not None
    assert (answer.relax.wish, answer.relax.wishes.clinics) == (Wish.CLINICS, (RAHOLT, EIDSVOLL))


def _for_ever() -> Period:
    return whole_days(date(2027, 1, 1), date(2029, 12, 31))


@pytest.mark.parametrize(
    ("asked", "wish"),
    [
        (wishes(LAMBERTSETER, TUE, parts=frozenset({PartOfDay.EVENING})), Wish.PARTS),
        (wishes(LAMBERTSETER, clinician=STORM, only_her=True), Wish.CLINICIAN),
        (wishes(LAMBERTSETER, MON, start=date(2028, 8, 28)), Wish.START),
        (wishes(LAMBERTSETER, MON, away=((date(2027, 3, 1), date(2029, 1, 1)),)), Wish.AWAY),
    ],
)
def test_the_wish_that_stands_in_the_way_is_named(asked: Wishes, wish: Wish) -> None:
    answer = refusal(SCHEDULE, COURSE, asked, MARCH)
    assert answer.relax is not None
    assert answer.relax.wish is wish


def test_a_first_visit_that_cannot_be_had_is_named() -> None:
    nobody = replace(SCHEDULE, clinics=tuple(replace(clinic, rooms=clinic.rooms[:1]) for clinic in SCHEDULE.clinics))
    rows = [
        taken(ASK, 11, oslo(2027, 3, 1) + timedelta(days=day, minutes=minute), 5)
        for day in range(560)
        for minute in range(8 * 60 + 35, 20 * 60, 45)
    ]
    answer = refusal(nobody, COURSE, wishes(LAMBERTSETER, new_patient=True), MARCH, rows)
    assert answer.fails is StepKind.FIRST_VISIT


def test_a_later_start_is_looked_for_when_no_early_one_gives_a_plan() -> None:
    asked = wishes(LAMBERTSETER, TUE, away=((date(2027, 3, 1), date(2027, 4, 30)),))
    days = Availability(SCHEDULE, *widest_range(asked, MARCH), [], earliest=MARCH)
    found = plan_course(COURSE, asked, days, now=MARCH)
    assert not isinstance(found, NoPlan)
    assert dates(found[0].sessions)[0] == "2027-05-04"
    assert plan_pattern(COURSE, asked, days, found[0].pattern, now=MARCH) == found[0]


def test_nothing_lies_after_the_horizon() -> None:
    limits = Limits(horizon_days=70)
    asked = wishes(LAMBERTSETER, TUE)
    days = Availability(SCHEDULE, *widest_range(asked, MARCH), [], earliest=MARCH)
    found = plan_course(COURSE, asked, days, now=MARCH, limits=limits)
    assert not isinstance(found, NoPlan)
    assert max(dates(found[0].appointments)) <= "2027-05-10"
    assert isinstance(plan_course(COURSE, asked, days, now=MARCH, limits=Limits(horizon_days=60)), NoPlan)


def test_an_availability_that_is_too_short_is_refused() -> None:
    asked = wishes(LAMBERTSETER, TUE)
    days = Availability(SCHEDULE, date(2027, 3, 1), date(2027, 5, 1), [], earliest=MARCH)
    with pytest.raises(ValueError, match="must cover 2027-03-01 to"):
        plan_course(COURSE, asked, days, now=MARCH)


def test_the_needed_days_reach_from_the_start_to_the_latest_review() -> None:
    asked = wishes(LAMBERTSETER, start=date(2027, 3, 10))
    assert first_day(asked, MARCH) == date(2027, 3, 10)
    latest_session_one = date(2027, 3, 28)
    assert needed_range(COURSE, asked, MARCH) == (date(2027, 3, 10), latest_session_one + timedelta(days=84 + 21))
    assert widest_range(asked, MARCH) == (date(2027, 3, 1), date(2028, 8, 30))


def _details(session) -> list[str]:  # type: ignore[no-untyped-def]
    return [reason.detail["en"] for reason in session.deviation.reasons]
