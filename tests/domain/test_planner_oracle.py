"""The planner against the oracle: on clinics small enough to try everything, both say the same."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from booking.domain.course import NoPlan, PartOfDay, Plan, Planned, Wishes
from booking.domain.period import Period
from booking.domain.planner import Limits, plan_course, plan_pattern, widest_range
from booking.domain.protocol import Protocol, Window
from booking.domain.schedule import (
    Absence,
    Break,
    Clinic,
    Clinician,
    ClosedPeriod,
    DayHours,
    Hours,
    Name,
    RoomClosure,
    Schedule,
    Weeks,
)
from booking.domain.slot import Availability, TakenRow
from tests.domain.builders import WALL, course, taken, whole_days
from tests.domain.oracle import Answer, Oracle, Place

LONG = bool(os.environ.get("BOOKING_TEST_ALL"))
NOTICE = timedelta(hours=2)

LIVELY = settings(
    max_examples=1000 if LONG else 40,
    phases=[Phase.explicit, Phase.generate, Phase.shrink] if LONG else [Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@dataclass(frozen=True)
class Case:
    schedule: Schedule
    protocol: Protocol
    wishes: Wishes
    rows: tuple[TakenRow, ...]
    now: datetime
    limits: Limits


@st.composite
def cases(draw: st.DrawFn) -> Case:
    begin = draw(st.sampled_from([date(2027, 3, 8), date(2027, 4, 28), date(2027, 10, 14), date(2027, 12, 6)]))
    protocol = draw(_protocols())
    much = not LONG and len(protocol.sessions) >= 4  # what there is to try grows with the starts, to this power
    weekdays = 2 if len(protocol.sessions) == 5 else 3 if much else 4  # or else there is too much to try
    grids = [30] if much else [15, 30]
    clinics = tuple(
        Clinic(number, f"clinic-{number}", f"Clinic {number}", draw(st.sampled_from(grids)), 5, rooms)
        for number, rooms in ((1, (11,)), (2, (21, 22)))
    )
    clinicians = (
        Clinician(1, "ada", "Ada", needles=True),
        Clinician(2, "bo", "Bo", needles=draw(st.sampled_from([True, True, True, False]))),
    )
    templates = [Hours(clinic.id, None, date(2026, 1, 1), None, _whole_week()) for clinic in clinics]
    for clinician, clinic in draw(st.sampled_from([((1, 1), (2, 1)), ((1, 1), (2, 2)), ((1, 1), (1, 2), (2, 2))])):
        templates.append(Hours(clinic, clinician, date(2026, 1, 1), None, draw(_weeks(weekdays))))
        if draw(st.integers(0, 5)) == 0:
            since = begin + timedelta(days=draw(st.integers(0, 30)))
            templates.append(Hours(clinic, clinician, since, since + timedelta(days=9), draw(_weeks(weekdays))))
        if draw(st.integers(0, 4)) == 0:
            since = draw(st.sampled_from([date(2026, 1, 1), begin + timedelta(days=draw(st.integers(0, 30)))]))
            every_other = draw(st.sampled_from(Weeks))
            templates.append(Hours(clinic, clinician, since, None, draw(_weeks(weekdays)), every_other))
    closed = [
        ClosedPeriod(draw(st.sampled_from([None, 1, 2])), draw(_stretches(begin)), Name.of(en=f"Closing {number}"))
        for number in range(draw(st.sampled_from([0, 0, 1, 2])))
    ]
    absences = [
        Absence(draw(st.sampled_from([1, 2])), draw(_stretches(begin)))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
    ]
    breaks = [Break(1, draw(st.sampled_from([None, 1])), 9 * 60 + 30, 10 * 60)] if draw(st.booleans()) else []
    out_of_use = [
        RoomClosure(draw(st.sampled_from([11, 21, 22])), draw(_stretches(begin)))
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
    ]
    facts = (templates, breaks, closed, absences, out_of_use)
    schedule = Schedule(clinics, clinicians, *map(tuple, facts))
    rows = tuple(_rows(begin, draw(st.sampled_from([0, 0.4, 0.6, 0.8])), draw(st.integers(0, 10_000))))
    now = datetime(begin.year, begin.month, begin.day, draw(st.sampled_from([6, 9, 13])), 20, tzinfo=WALL)
    return Case(schedule, protocol, draw(_wishes(begin)), rows, now, Limits(draw(st.integers(40, 75)), NOTICE))


def _whole_week() -> tuple[DayHours, ...]:
    return tuple(DayHours(weekday, 8 * 60, 20 * 60) for weekday in range(6))


@st.composite
def _weeks(draw: st.DrawFn, at_most: int) -> tuple[DayHours, ...]:
    """A few stretches of at most an hour and a half."""
    weekdays = draw(st.lists(st.integers(0, 5), min_size=2, max_size=at_most, unique=True))
    starts = st.sampled_from([8 * 60 + 30, 9 * 60, 10 * 60 + 15, 13 * 60, 17 * 60])
    return tuple(DayHours(day, at := draw(starts), at + draw(st.sampled_from([30, 60, 60, 95]))) for day in weekdays)


@st.composite
def _stretches(draw: st.DrawFn, begin: date) -> Period:
    first = begin + timedelta(days=draw(st.integers(-1, 45)))
    if draw(st.booleans()):
        return whole_days(first, first + timedelta(days=draw(st.sampled_from([0, 0, 1, 2, 6, 9, 13, 20]))))
    hour = draw(st.sampled_from([8, 9, 12, 16]))
    start = datetime(first.year, first.month, first.day, hour, 30, tzinfo=WALL)
    return Period(start, start + timedelta(hours=draw(st.integers(1, 4))))


def _rows(begin: date, share: float, seed: int) -> Iterator[TakenRow]:
    """Each day, for each clinician, one appointment or none, somewhere about the starts of her stretches."""
    dice = random.Random(seed)
    for number in range(60):
        day = begin + timedelta(days=number)
        for clinician in (1, 2, 3):
            hour, minute = dice.choice([(8, 30), (9, 0), (10, 15), (13, 0), (17, 0)])
            late = dice.choice([0, 0, 0, 5, 25, 30])
            room, minutes = dice.choice([11, 21, 22]), dice.choice([30, 30, 60])
            if dice.random() < share:
                start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=WALL) + timedelta(minutes=late)
                yield taken(clinician, room, start, minutes)


@st.composite
def _protocols(draw: st.DrawFn) -> Protocol:
    sessions = draw(st.sampled_from([1, 2, 3, 4, 4, 5]))
    first = st.sampled_from([Window(-10, 0, 0), Window(-4, 0, 0), Window(0, 0, 0), Window(-5, -1, -1), None])
    later = 7 * sessions
    review = st.sampled_from([Window(later, later + 14, later + 7), Window(later, later + 21, later + 7), None])
    return course(
        sessions,
        min_gap=draw(st.sampled_from([5, 5, 6])),
        max_gap=draw(st.sampled_from([10, 10, 8])),
        max_slips=draw(st.sampled_from([3, 2, 1, 0])),
        start_weeks=draw(st.sampled_from([2, 1, 0])),
        first_visit=draw(first),
        review=draw(review),
        review_gap=draw(st.sampled_from([7, 3])),
    )


@st.composite
def _wishes(draw: st.DrawFn, begin: date) -> Wishes:
    clinician = draw(st.sampled_from([None, None, None, 1, 2]))
    away = [begin + timedelta(days=draw(st.integers(0, 40))) for _ in range(draw(st.sampled_from([0, 0, 1, 2])))]
    return Wishes(
        clinics=draw(st.sampled_from([(1, 2), (1, 2), (2, 1), (1,), (2,)])),
        start=begin + timedelta(days=draw(st.integers(-3, 12))),
        clinician=clinician,
        only_her=clinician is not None and draw(st.sampled_from([False, False, True])),
        days=frozenset(draw(st.sampled_from([(), (), (), (0, 1, 2), (1, 3), (2,), (4, 5)]))),
        parts=frozenset(draw(st.sampled_from([(), (), (), (PartOfDay.MORNING,), tuple(PartOfDay)[1:]]))),
        away=tuple((day, day + timedelta(days=draw(st.sampled_from([0, 1, 7])))) for day in away),
        busy=tuple(draw(_stretches(begin)) for _ in range(draw(st.sampled_from([0, 0, 1])))),
        new_patient=draw(st.booleans()),
    )


def _answer(plan: Plan) -> Answer:
    """A plan in the oracle's words."""
    deviations = [
        (
            number,
            dev.instead_of,
            int(dev.departure),
            tuple((str(r.kind), r.detail["en"] if r.detail else "") for r in dev.reasons),
        )
        for number, dev in enumerate((session.deviation for session in plan.sessions), 1)
        if dev
    ]
    cost, pattern = plan.cost, plan.pattern
    return Answer(
        (pattern.weekday, pattern.minute, pattern.clinician, pattern.clinic),
        (cost.deviations, cost.departures, cost.days, cost.minutes),
        tuple(_place(each) for each in plan.sessions),
        _place(plan.first_visit) if plan.first_visit else None,
        tuple(_place(each) for each in plan.reviews),
        tuple(deviations),
    )


def _place(planned: Planned) -> Place:
    start = planned.start.astimezone(WALL)
    return Place(start.date(), start.hour * 60 + start.minute, planned.clinician, planned.clinic)


def _both(case: Case) -> tuple[list[Plan], list[Answer], Availability]:
    days = Availability(
        case.schedule, *widest_range(case.wishes, case.now, case.limits), case.rows, earliest=case.now + NOTICE
    )
    found = plan_course(case.protocol, case.wishes, days, now=case.now, limits=case.limits)
    oracle = Oracle(
        case.schedule,
        case.protocol,
        case.wishes,
        case.rows,
        now=case.now,
        notice=NOTICE,
        horizon_days=case.limits.horizon_days,
    )
    return ([] if isinstance(found, NoPlan) else list(found)), oracle.answers(), days


def _slips(answer: Answer) -> int:
    return sum(
        (b.day - a.day).days > 13 or b.day.isocalendar().week - a.day.isocalendar().week == 2
        for a, b in pairwise(answer.sessions)
    )


@LIVELY
@given(cases())
def test_the_planner_finds_what_trying_everything_finds(case: Case) -> None:
    found, expected, days = _both(case)
    event(f"plans: {len(expected)}")
    event(f"deviations of the best: {expected[0].cost[0] if expected else 'no plan'}")
    event(f"slips: {any(_slips(answer) for answer in expected)}")
    assert [_answer(plan) for plan in found] == expected
    for plan in found:
        again = plan_pattern(case.protocol, case.wishes, days, plan.pattern, now=case.now, limits=case.limits)
        assert again == plan
