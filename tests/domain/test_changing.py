"""Where the appointments of a booked course can go, and how a course goes on anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from booking.domain.changing import (
    Option,
    Standing,
    Week,
    extra,
    last_needed,
    moves,
    numbered,
    pattern_of,
    rest_protocol,
    rest_wishes,
    step_missing,
)
from booking.domain.course import Departure, NoPlan, Pattern, Plan, Wishes
from booking.domain.errors import UnknownAppointment
from booking.domain.planner import plan_course, plan_pattern, plan_single
from booking.domain.protocol import Protocol, Step, StepKind, Window
from booking.domain.schedule import ClosedPeriod, Name
from booking.domain.slot import Availability
from tests.domain.builders import (
    ASK,
    BJORK,
    EIDSVOLL,
    EMBLA,
    FIRST,
    LAMBERTSETER,
    LIVE,
    MON,
    NEEDLES,
    REVIEW,
    TUE,
    WED,
    availability,
    course,
    demonstration,
    from_to,
    oslo,
    single,
    taken,
    wall,
    whole_days,
)

SCHEDULE = demonstration()
COURSE = course()
NOW = oslo(2027, 3, 1, 7)
TUESDAYS = Pattern(TUE, 10 * 60, ASK, LAMBERTSETER)
WISHES = Wishes((LAMBERTSETER,), date(2027, 3, 1))

VISIT, WEEK_TEN = 0, 10
"""The ids of first visit and review; session n has the id n."""

Course = tuple[Standing, ...]


def planned(pattern: Pattern = TUESDAYS, wishes: Wishes = WISHES, protocol: Protocol = COURSE) -> Plan:
    plan = plan_pattern(protocol, wishes, availability(SCHEDULE, protocol, wishes, NOW), pattern, now=NOW)
    assert plan is not None
    return plan


def standing(plan: Plan, *, over: int = 0) -> Course:
    """The plan as it is booked; sessions up to number `over`, and what lies before them, are over."""
    last = plan.sessions[over - 1].start if over else NOW
    return tuple(Standing(_id(each.step), each, fixed=each.start <= last) for each in plan.appointments)


def _id(step: Step) -> int:
    return {StepKind.FIRST_VISIT: VISIT, StepKind.SESSION: step.number, StepKind.REVIEW: 9 + step.number}[step.kind]


@pytest.fixture
def tuesdays() -> Course:
    """Nine Tuesdays at ten with Ask from the 2nd of March on, the review on the 11th of May."""
    return standing(planned())


def without(course: Course, *gone: int) -> Course:
    """The course after these were missed or cancelled."""
    return tuple(each for each in course if each.id not in gone)


def moved(course: Course, number: int, option: Option) -> Course:
    new = dict(option.along) | {number: option.at}
    return tuple(replace(each, planned=new.get(each.id, each.planned)) for each in course)


def free(course: Course, protocol: Protocol = COURSE, rows: Sequence[tuple[int, int, int, int]] = ()) -> Availability:
    days = (NOW.date(), last_needed(protocol, course))
    return Availability(SCHEDULE, *days, rows, earliest=NOW + timedelta(hours=2))


def weeks(course: Course, number: int, rows: Sequence[tuple[int, int, int, int]] = ()) -> tuple[Week, ...]:
    return moves(COURSE, course, free(course, rows=rows), number)


def starts(options: Iterable[Option]) -> list[str]:
    return [wall(each.at.start) for each in options]


def at(weeks: Sequence[Week], start: str) -> Option:
    return next(each for week in weeks for each in week.options if wall(each.at.start) == start)


def mondays(weeks: Iterable[Week]) -> list[str]:
    return [week.monday.isoformat() for week in weeks]


# -- a session ------------------------------------------------------------------------------------------------


def test_the_other_times_of_its_week_come_first_and_nearest_to_the_pattern(tuesdays: Course) -> None:
    own, *_ = weeks(tuesdays, 3)
    assert own.monday == date(2027, 3, 15)
    assert starts(own.options[:4]) == ["2027-03-16 09:45", "2027-03-16 10:15", "2027-03-16 09:30", "2027-03-16 10:30"]


def test_then_come_the_weeks_after_the_last_session_in_order_of_time(tuesdays: Course) -> None:
    assert mondays(weeks(tuesdays, 3)) == ["2027-03-15", "2027-05-03", "2027-05-10", "2027-05-17"]


def test_another_week_begins_with_the_pattern_itself(tuesdays: Course) -> None:
    assert starts(week.options[0] for week in weeks(tuesdays, 3)[1:]) == [
        "2027-05-04 10:00",
        "2027-05-11 10:00",
        "2027-05-18 10:00",
    ]


def test_the_present_place_is_not_offered_but_a_colleague_at_that_time_is(tuesdays: Course) -> None:
    same_time = [
        each.at.clinician for each in weeks(tuesdays, 3)[0].options if wall(each.at.start)[5:] == "03-16 10:00"
    ]
    assert ASK not in same_time
    assert BJORK in same_time


def test_colleagues_come_after_her_and_sister_clinics_after_colleagues(tuesdays: Course) -> None:
    own = weeks(tuesdays, 3)[0].options
    ranks = [1 if (o.at.clinic, o.at.clinician) == (1, ASK) else 2 if o.at.clinic == 1 else 3 for o in own]
    assert ranks == sorted(ranks)
    assert set(ranks) == {1, 2, 3}


def test_sister_clinics_are_those_that_the_availability_knows(tuesdays: Course) -> None:
    clinics = tuple(each for each in SCHEDULE.clinics if each.id in (LAMBERTSETER, EIDSVOLL))
    schedule = replace(SCHEDULE, clinics=clinics)
    days = Availability(schedule, NOW.date(), last_needed(COURSE, tuesdays), (), earliest=NOW)
    found = moves(COURSE, tuesdays, days, 3)
    assert {each.at.clinic for week in found for each in week.options} == {LAMBERTSETER, EIDSVOLL}
    assert EMBLA in {each.at.clinician for each in found[0].options}


def test_no_option_gives_needles_to_who_does_not_needle(tuesdays: Course) -> None:
    given = {each.at.clinician for week in weeks(tuesdays, 3) for each in week.options}
    assert given <= {clinician.id for clinician in SCHEDULE.clinicians if clinician.needles}


def test_a_session_keeps_its_distance_to_its_neighbours(tuesdays: Course) -> None:
    """Five days at least, ten at most: from Thursday the 11th, and to Tuesday the 23rd."""
    later = moved(tuesdays, 2, at(weeks(tuesdays, 2), "2027-03-11 14:00"))
    assert sorted({each.at.day.day for each in weeks(tuesdays, 3)[0].options}) == [15, 16, 17, 18]
    assert sorted({each.at.day.day for each in weeks(later, 3)[0].options}) == [16, 17, 18]


def test_a_week_with_another_session_is_never_offered(tuesdays: Course) -> None:
    held = {each.planned.day.isocalendar()[:2] for each in tuesdays if each.id not in (3, VISIT, WEEK_TEN)}
    offered = {each.at.day.isocalendar()[:2] for week in weeks(tuesdays, 3) for each in week.options}
    assert not held & offered


def test_a_missed_session_leaves_its_week_to_another(tuesdays: Course) -> None:
    assert mondays(weeks(without(tuesdays, 3), 5)) == [
        "2027-03-29",
        "2027-03-15",
        "2027-05-03",
        "2027-05-10",
        "2027-05-17",
    ]


def test_beside_a_week_left_out_only_the_least_distance_counts(tuesdays: Course) -> None:
    own, *_ = weeks(without(tuesdays, 2, 4), 3)
    assert sorted({each.at.day.day for each in own.options}) == [15, 16, 17, 18, 19]


def test_a_session_that_is_over_counts_for_spacing(tuesdays: Course) -> None:
    course = standing(planned(), over=2)
    thursday = moved(course, 2, at(weeks(tuesdays, 2), "2027-03-11 14:00"))
    assert {each.at.day.day for each in weeks(thursday, 3)[0].options} == {16, 17, 18}


def test_its_own_week_is_there_even_if_nothing_is_free_in_it(tuesdays: Course) -> None:
    full = [taken(who, 11, oslo(2027, 3, day, 7), 13 * 60) for who in range(1, 7) for day in range(15, 20)]
    own, following, *_ = weeks(tuesdays, 3, full)
    assert (own.monday, own.options) == (date(2027, 3, 15), ())
    assert following.monday == date(2027, 5, 3)


def test_what_is_free_too_soon_is_not_offered() -> None:
    """It is Monday seven o'clock, and two hours' notice is asked for."""
    mondays = standing(planned(Pattern(MON, 15 * 60, ASK, LAMBERTSETER)))
    assert min(each.at.start for each in weeks(mondays, 1)[0].options) == oslo(2027, 3, 1, 9)


def test_when_the_patient_has_another_appointment_nothing_is_offered(tuesdays: Course) -> None:
    other = from_to(oslo(2027, 3, 16, 10, 40), oslo(2027, 3, 16, 11))
    found = moves(COURSE, tuesdays, free(tuesdays), 3, busy=[other])
    offered = {start[11:] for start in starts(found[0].options) if start.startswith("2027-03-16")}
    assert {"10:00", "11:00"} <= offered
    assert not {"10:15", "10:30", "10:45"} & offered


def test_after_a_change_of_the_clocks_the_pattern_keeps_its_time_on_the_wall(tuesdays: Course) -> None:
    """The clocks go forward on Sunday 28 March 2027."""
    found = weeks(tuesdays, 2)
    assert starts(found[0].options[:1]) == ["2027-03-09 09:45"]
    assert [week.options[0].at.start for week in found[1:2]] == [oslo(2027, 5, 4, 10)]
    assert oslo(2027, 5, 4, 10).utcoffset() != tuesdays[1].planned.start.astimezone(oslo(2027, 3, 9).tzinfo).utcoffset()


def test_nothing_is_offered_on_a_holiday(tuesdays: Course) -> None:
    """6 May 2027 is Ascension Day, 17 May the national day and Whit Monday."""
    days = {each.at.day for week in weeks(tuesdays, 9) for each in week.options}
    assert {date(2027, 5, 5), date(2027, 5, 7)} <= days
    assert not {date(2027, 5, 6), date(2027, 5, 17)} & days


def test_a_session_off_its_pattern_says_what_it_stands_instead_of_and_no_reasons(tuesdays: Course) -> None:
    option = at(weeks(tuesdays, 3), "2027-03-17 10:00")
    assert option.at.deviation is not None
    assert wall(option.at.deviation.instead_of) == "2027-03-16 10:00"
    assert (option.at.deviation.reasons, option.at.deviation.departure) == ((), Departure.SAME_WEEK)


def test_a_session_on_its_pattern_in_another_week_is_no_deviation(tuesdays: Course) -> None:
    assert at(weeks(tuesdays, 3), "2027-05-04 10:00").at.deviation is None


def test_a_session_keeps_its_room_where_it_can(tuesdays: Course) -> None:
    in_twelve = tuple(replace(each, planned=replace(each.planned, room=12)) for each in tuesdays)
    rooms = {option.at.clinic: option.at.room for option in weeks(in_twelve, 3)[0].options}
    assert rooms[LAMBERTSETER] == 12
    assert rooms[EIDSVOLL] == 21


def test_an_appointment_of_another_course_is_unknown(tuesdays: Course) -> None:
    with pytest.raises(UnknownAppointment):
        weeks(tuesdays, 4711)


# -- what goes along ------------------------------------------------------------------------------------------


def test_a_review_stays_while_it_is_far_enough_from_the_last_session(tuesdays: Course) -> None:
    assert at(weeks(tuesdays, 3), "2027-05-04 10:00").along == ()


def test_a_review_that_comes_too_near_moves_along_by_as_many_weeks_as_the_course_is_later(tuesdays: Course) -> None:
    """From the 11th of May, day 70, by one week."""
    ((which, review),) = at(weeks(tuesdays, 3), "2027-05-05 10:00").along
    assert (which, wall(review.start), review.clinician) == (WEEK_TEN, "2027-05-18 10:00", ASK)


def test_a_review_moves_along_by_two_weeks_for_a_course_that_is_two_weeks_later(tuesdays: Course) -> None:
    ((_, review),) = at(weeks(tuesdays, 3), "2027-05-11 10:00").along
    assert wall(review.start) == "2027-05-25 10:00"


def test_a_place_that_leaves_none_for_the_review_is_not_offered(tuesdays: Course) -> None:
    """All clinics are shut from the day on which the review would have to be."""
    shut = ClosedPeriod(None, whole_days(date(2027, 5, 12), date(2027, 6, 30)), Name.of(en="Works"))
    schedule = replace(SCHEDULE, closed=(*SCHEDULE.closed, shut))
    days = Availability(schedule, NOW.date(), last_needed(COURSE, tuesdays), (), earliest=NOW)
    found = moves(COURSE, tuesdays, days, 3)
    assert {each.at.day for each in found[-1].options} == {date(2027, 5, 3), date(2027, 5, 4)}


def test_a_review_that_is_over_moves_no_more(tuesdays: Course) -> None:
    reviewed = tuple(replace(each, fixed=each.id == WEEK_TEN) for each in tuesdays)
    assert {week.monday for week in weeks(reviewed, 3)} == {date(2027, 3, 15), date(2027, 5, 3)}
    assert not [each for week in weeks(reviewed, 3) for each in week.options if each.along]


def test_nothing_goes_along_where_the_review_was_cancelled(tuesdays: Course) -> None:
    assert at(weeks(without(tuesdays, WEEK_TEN), 3), "2027-05-11 10:00").along == ()


def test_a_course_that_ends_sooner_leaves_its_review(tuesdays: Course) -> None:
    found = weeks(without(tuesdays, 4), 9)
    assert {each.along for each in found[1].options} == {()}
    assert found[1].monday == date(2027, 3, 22)


def test_session_1_stays_after_the_first_visit() -> None:
    """The first visit is on Tuesday the 2nd of March at 08:45, directly before session 1."""
    course = standing(planned(wishes=replace(WISHES, new_patient=True)))
    assert wall(course[0].planned.start) == "2027-03-02 08:45"
    on_that_day = [start[11:] for start in starts(weeks(course, 1)[0].options) if start.startswith("2027-03-02")]
    assert on_that_day == ["10:00"] * len(on_that_day)
    assert "2027-03-01 10:00" not in starts(weeks(course, 1)[0].options)


def test_session_1_goes_no_further_from_the_first_visit_than_the_protocol_lets_it() -> None:
    """Ten days, and without sessions 2 and 3 the next one is three weeks after the first visit."""
    course = without(standing(planned(wishes=replace(WISHES, new_patient=True))), 2, 3)
    assert mondays(weeks(course, 1)) == ["2027-03-01", "2027-03-08"]
    assert max(each.at.day for each in weeks(course, 1)[1].options) == date(2027, 3, 12)


def test_a_first_visit_that_is_over_holds_nothing_up() -> None:
    course = without(standing(planned(wishes=replace(WISHES, new_patient=True))), 2)
    visited = tuple(replace(each, fixed=each.id == VISIT) for each in course)
    assert "2027-05-03" in mondays(weeks(visited, 1))


def test_only_the_review_that_comes_too_near_moves() -> None:
    later = Step(StepKind.REVIEW, 2, REVIEW, Window(98, 119, 105))
    protocol = replace(COURSE, steps=(*COURSE.steps, later))
    course = standing(planned(protocol=protocol))
    days = Availability(SCHEDULE, NOW.date(), last_needed(protocol, course), (), earliest=NOW)
    assert [number for number, _ in at(moves(protocol, course, days, 3), "2027-05-11 10:00").along] == [WEEK_TEN]


# -- first visit, review, single appointments -----------------------------------------------------------------


def test_a_first_visit_goes_anywhere_before_session_1() -> None:
    wishes = Wishes((LAMBERTSETER,), date(2027, 3, 8), new_patient=True)
    course = standing(planned(wishes=wishes))
    found = weeks(course, VISIT)
    assert mondays(found) == ["2027-03-08", "2027-03-01"]
    assert max(each.at.day for each in found[0].options) == date(2027, 3, 9)
    assert {wall(each.at.start)[11:] for each in found[0].options if each.at.day == date(2027, 3, 9)} == {"08:45"}


def test_a_review_goes_anywhere_in_its_window(tuesdays: Course) -> None:
    """Days 63 to 84 from the 2nd of March, and a week after the 27th of April."""
    found = weeks(tuesdays, WEEK_TEN)
    days = sorted(each.at.day for week in found for each in week.options)
    assert (found[0].monday, days[0], days[-1]) == (date(2027, 5, 10), date(2027, 5, 4), date(2027, 5, 25))


def test_the_window_of_a_review_lies_later_by_the_weeks_that_the_course_does(tuesdays: Course) -> None:
    longer = moved(tuesdays, 9, at(weeks(tuesdays, 9), "2027-05-11 10:00"))
    days = sorted(each.at.day for week in weeks(longer, WEEK_TEN) for each in week.options)
    assert (days[0], days[-1]) == (date(2027, 5, 18), date(2027, 6, 8))


def test_what_is_left_without_any_session_goes_anywhere_within_eight_weeks(tuesdays: Course) -> None:
    alone = without(tuesdays, *range(1, 10))
    found = weeks(alone, WEEK_TEN)
    assert (found[0].monday, found[1].monday) == (date(2027, 5, 10), date(2027, 3, 15))
    assert found[-1].monday == date(2027, 7, 5)


@pytest.mark.parametrize("step", [Step(StepKind.FIRST_VISIT, 1, FIRST), Step(StepKind.SESSION, 1, NEEDLES)])
def test_a_single_appointment_goes_to_any_free_time_within_eight_weeks(step: Step) -> None:
    protocol = replace(single(step), max_slips=0)
    days = Availability(SCHEDULE, date(2027, 3, 1), date(2027, 8, 1), (), earliest=NOW)
    plan = plan_single(protocol, WISHES, days, oslo(2027, 3, 9, 10), clinician=ASK, clinic=LAMBERTSETER)
    course = (Standing(1, plan.appointments[0], fixed=False),)
    found = moves(protocol, course, days, 1)
    assert mondays(found[:3]) == ["2027-03-08", "2027-03-01", "2027-03-15"]
    assert found[-1].monday == date(2027, 5, 3)
    assert last_needed(protocol, course) == date(2027, 5, 9)
    assert starts(found[0].options[:2]) == ["2027-03-09 09:45", "2027-03-09 10:15"]
    assert {each.along for week in found for each in week.options} == {()}


def test_a_single_appointment_never_deviates_from_itself() -> None:
    protocol = single(Step(StepKind.SESSION, 1, NEEDLES))
    days = Availability(SCHEDULE, date(2027, 3, 1), date(2027, 5, 9), (), earliest=NOW)
    plan = plan_single(protocol, WISHES, days, oslo(2027, 3, 9, 10), clinician=ASK, clinic=LAMBERTSETER)
    found = moves(protocol, (Standing(1, plan.appointments[0], fixed=False),), days, 1)
    assert {each.at.deviation for week in found for each in week.options} == {None}


# -- one more at the end --------------------------------------------------------------------------------------


def test_a_missed_session_can_be_made_up_for_in_the_weeks_after_the_last(tuesdays: Course) -> None:
    course = without(tuesdays, 4)
    found = extra(COURSE, course, free(course))
    assert mondays(found) == ["2027-05-03", "2027-05-10", "2027-05-17"]
    assert [wall(week.options[0].at.start) for week in found] == [
        "2027-05-04 10:00",
        "2027-05-11 10:00",
        "2027-05-18 10:00",
    ]
    assert [len(week.options[0].along) for week in found] == [0, 1, 1]


def test_what_is_added_is_the_step_that_is_missing(tuesdays: Course) -> None:
    course = without(tuesdays, 4, 7)
    missing = step_missing(COURSE, course)
    assert missing is not None
    assert missing.number == 4
    assert {each.at.step for week in extra(COURSE, course, free(course)) for each in week.options} == {missing}


def test_nothing_can_be_added_to_a_course_that_lacks_nothing(tuesdays: Course) -> None:
    assert step_missing(COURSE, tuesdays) is None
    assert extra(COURSE, tuesdays, free(tuesdays)) == ()


def test_nothing_can_be_added_where_no_session_stands(tuesdays: Course) -> None:
    course = without(tuesdays, *range(1, 10))
    assert extra(COURSE, course, free(course)) == ()


def test_the_week_of_a_missed_last_session_can_be_used_again(tuesdays: Course) -> None:
    course = without(tuesdays, 9)
    assert mondays(extra(COURSE, course, free(course)))[0] == "2027-04-26"


# -- what stands ----------------------------------------------------------------------------------------------


def test_the_pattern_is_the_one_that_the_sessions_keep(tuesdays: Course) -> None:
    assert pattern_of(tuesdays) == TUESDAYS


def test_the_pattern_outlives_sessions_that_were_moved_off_it(tuesdays: Course) -> None:
    course = tuesdays
    for number in range(2, 10):
        own = weeks(course, number)[0]
        course = moved(course, number, next(each for each in own.options if each.at.day.weekday() == WED))
    assert pattern_of(course) == TUESDAYS


def test_sessions_to_come_make_the_pattern_after_those_that_are_over() -> None:
    old, new = standing(planned(), over=6), planned(Pattern(WED, 9 * 60, ASK, LAMBERTSETER))
    later = {each.step.number: each for each in new.sessions}
    course = tuple(each if each.fixed or each.id > 9 else replace(each, planned=later[each.id]) for each in old)
    assert pattern_of(course) == Pattern(WED, 9 * 60, ASK, LAMBERTSETER)


def test_nothing_has_no_pattern() -> None:
    with pytest.raises(ValueError, match="no pattern"):
        pattern_of(())


def test_sessions_are_numbered_in_order_of_time(tuesdays: Course) -> None:
    course = moved(tuesdays, 3, at(weeks(tuesdays, 3), "2027-05-04 10:00"))
    assert numbered(course) == {1: 1, 2: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 3: 9}


def test_a_missed_session_keeps_its_number(tuesdays: Course) -> None:
    course = moved(without(tuesdays, 5), 3, at(weeks(tuesdays, 3), "2027-05-04 10:00"))
    assert numbered(course) == {1: 1, 2: 2, 4: 3, 6: 4, 7: 6, 8: 7, 9: 8, 3: 9}


# -- the rest of a course -------------------------------------------------------------------------------------


def rest(course: Course, wishes: Wishes) -> Plan:
    protocol, bounded = rest_protocol(COURSE, course), rest_wishes(COURSE, course, wishes)
    found = plan_course(protocol, bounded, availability(SCHEDULE, protocol, bounded, NOW), now=NOW)
    assert not isinstance(found, NoPlan), found
    return found[0]


def test_the_rest_of_a_course_is_what_is_not_over_yet() -> None:
    course = standing(planned(), over=4)
    steps = [(each.kind, each.number) for each in rest_protocol(COURSE, course).steps]
    assert steps == [*((StepKind.SESSION, number) for number in range(5, 10)), (StepKind.REVIEW, 1)]


def test_the_rest_begins_in_the_week_after_the_last_kept_session_on_any_weekday_that_is_far_enough() -> None:
    """The fourth session was on Tuesday the 23rd of March; five days later is Sunday."""
    course = standing(planned(), over=4)
    bounded = rest_wishes(COURSE, course, WISHES)
    assert bounded.start == date(2027, 3, 29)
    assert bounded.away == ((date(2027, 4, 3), date(2027, 4, 4)),)


def test_a_later_wish_for_the_start_stands() -> None:
    course = standing(planned(), over=4)
    assert rest_wishes(COURSE, course, replace(WISHES, start=date(2027, 4, 14))).start == date(2027, 4, 14)


def test_the_rest_on_another_weekday_is_a_course_with_what_is_kept() -> None:
    course = standing(planned(), over=4)
    plan = rest(course, replace(WISHES, days=frozenset({WED}), clinician=LIVE))
    assert [wall(each.start)[:10] for each in plan.sessions] == [
        "2027-03-31",
        "2027-04-07",
        "2027-04-14",
        "2027-04-21",
        "2027-04-28",
    ]
    assert {each.clinician for each in plan.sessions} == {LIVE}
    assert [wall(each.start)[:10] for each in plan.reviews] == ["2027-05-12"]


def test_the_rest_of_a_course_that_has_not_begun_is_all_of_it_with_its_first_visit() -> None:
    course = standing(planned(wishes=replace(WISHES, new_patient=True)))
    assert rest_protocol(COURSE, course) == COURSE
    bounded = rest_wishes(COURSE, course, WISHES)
    assert (bounded.new_patient, bounded.start, bounded.away) == (True, WISHES.start, ())


def test_a_first_visit_that_is_over_is_not_part_of_the_rest() -> None:
    course = standing(planned(wishes=replace(WISHES, new_patient=True)))
    visited = tuple(replace(each, fixed=each.id == VISIT) for each in course)
    assert rest_protocol(COURSE, visited).first_visit is None
    assert not rest_wishes(COURSE, visited, WISHES).new_patient


def test_a_review_of_the_rest_never_comes_before_day_63_of_the_course() -> None:
    """From Fridays to Mondays: a review nine weeks after the rest's first session would be on day 59."""
    friday = standing(planned(Pattern(4, 9 * 60, ASK, LAMBERTSETER)), over=4)
    plan = rest(friday, replace(WISHES, days=frozenset({MON})))
    assert (plan.reviews[0].day - friday[0].planned.day).days >= 63


def test_what_is_over_stands_in_the_way_of_the_rest() -> None:
    course = standing(planned(), over=1)
    assert from_to(course[0].planned.start, course[0].planned.end) in rest_wishes(COURSE, course, WISHES).busy


def test_there_is_nothing_to_plan_where_no_session_is_to_come() -> None:
    assert rest_protocol(COURSE, standing(planned(), over=9)).steps == ()
