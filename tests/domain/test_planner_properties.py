"""What holds for every plan at the demonstration's clinics, however full they are."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.domain.course import Cost, Departure, NoPlan, PartOfDay, Pattern, Plan, Planned, Wishes
from booking.domain.planner import alternatives, plan_course, replace_session
from booking.domain.protocol import StepKind
from booking.domain.schedule import Absence
from booking.domain.slot import Availability, TakenRow
from tests.domain.builders import (
    EIDSVOLL,
    LAMBERTSETER,
    RAHOLT,
    STORM,
    WALL,
    availability,
    course,
    demonstration,
    oslo,
    wall,
    whole_days,
)

COURSE = course()
DEMONSTRATION = demonstration()
BUFFER = timedelta(minutes=5)

LIVELY = settings(
    max_examples=600 if os.environ.get("BOOKING_TEST_ALL") else 25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Asked:
    wishes: Wishes
    days: Availability
    rows: tuple[TakenRow, ...]
    now: datetime


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    now = draw(st.sampled_from([oslo(2027, 3, 1, 7), oslo(2027, 6, 14, 10, 40), oslo(2027, 10, 4, 12)]))
    begin = now.date()
    rows = tuple(_filled(begin, draw(st.sampled_from([0.3, 0.6, 0.8])), draw(st.integers(0, 9999))))
    gone = begin + timedelta(days=draw(st.integers(5, 60)))
    absence = Absence(draw(st.integers(1, 6)), whole_days(gone, gone + timedelta(days=draw(st.integers(0, 9)))))
    schedule = replace(DEMONSTRATION, absences=(absence,))
    clinician = draw(st.sampled_from([None, None, 1, 2, 4]))
    away = begin + timedelta(days=draw(st.integers(0, 60)))
    wishes = Wishes(
        clinics=draw(st.sampled_from([(LAMBERTSETER,), (EIDSVOLL, RAHOLT), (LAMBERTSETER, EIDSVOLL, RAHOLT)])),
        start=begin + timedelta(days=draw(st.integers(-5, 20))),
        clinician=clinician,
        only_her=clinician is not None and draw(st.booleans()),
        days=frozenset(draw(st.sampled_from([(), (), (0, 1), (2,), (3, 4)]))),
        parts=frozenset(
            draw(st.sampled_from([(), (), (PartOfDay.MORNING,), (PartOfDay.AFTERNOON, PartOfDay.EVENING)]))
        ),
        away=draw(st.sampled_from([(), ((away, away + timedelta(days=3)),)])),
        new_patient=draw(st.booleans()),
    )
    return Asked(wishes, availability(schedule, COURSE, wishes, now, rows), rows, now)


def _filled(begin: date, share: float, seed: int) -> Iterator[TakenRow]:
    """Appointments that do not overlap, in the rooms that the clinics have."""
    dice = random.Random(seed)
    rooms = {LAMBERTSETER: (11, 12), EIDSVOLL: (21, 22), RAHOLT: (31, 32)}
    for number in range(150):
        day = begin + timedelta(days=number)
        for clinic, (one, two) in rooms.items():
            staff = [h for h in DEMONSTRATION.hours if h.clinic_id == clinic and h.clinician_id]
            here = [h.clinician_id for h in staff if any(d.weekday == day.weekday() for d in h.days)]
            for minute in range(8 * 60, 18 * 60, 45):
                start = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=WALL)
                who = dice.sample(here, min(2, len(here)))
                for clinician, room in zip(who, (one, two), strict=False):
                    if clinician and dice.random() < share:
                        yield clinician, room, int(start.timestamp()), int(start.timestamp()) + 1800


def found(asked: Asked) -> tuple[Plan, ...]:
    plans = plan_course(COURSE, asked.wishes, asked.days, now=asked.now)
    return () if isinstance(plans, NoPlan) else plans


def off_by(plan: Plan, session: Planned) -> Cost:
    """The cost of one session, worked out from what the plan says of it."""
    deviation = session.deviation
    if deviation is None:
        return Cost(0, 0, 0, 0)
    days = abs(session.day.weekday() - plan.pattern.weekday)
    minutes = abs(session.minute - plan.pattern.minute)
    return Cost(1, deviation.departure, days, minutes)


@LIVELY
@given(requests())
def test_every_plan_keeps_the_rules_of_a_course(asked: Asked) -> None:
    for plan in found(asked):
        _weekly(plan)
        _nobody_twice([*_blocks(plan.appointments), *_taken_blocks(asked.rows)])
        _within_wishes(plan, asked)
        _visits_in_their_windows(plan, asked.wishes)
        _deviations_say_what_is(plan)
        assert all(session.deviation.reasons for session in plan.sessions if session.deviation)


@LIVELY
@given(requests(), st.integers(1, 9), st.integers(0, 10_000))
def test_every_plan_with_a_session_moved_keeps_them_too(asked: Asked, number: int, pick: int) -> None:
    for plan in found(asked)[:1]:
        others = alternatives(COURSE, asked.wishes, asked.days, plan, number)
        if others:
            other = others[pick % len(others)]
            moved = replace_session(plan, number, other, asked.days, COURSE, asked.wishes)
            session = moved.sessions[number - 1]
            assert (session.start, session.clinician, session.deviation) == (
                other.start,
                other.clinician,
                other.deviation,
            )
            _weekly(moved)
            _nobody_twice([*_blocks(moved.appointments), *_taken_blocks(asked.rows)])
            _visits_in_their_windows(moved, asked.wishes)
            _deviations_say_what_is(moved)


def _weekly(plan: Plan) -> None:
    slips = 0
    for one, two in pairwise(plan.sessions):
        weeks = _week(two) - _week(one)
        days = (two.day - one.day).days
        assert weeks >= 1
        assert days >= 5
        assert weeks > 1 or days <= 10
        slips += weeks - 1
    assert slips <= 3


def _week(planned: Planned) -> int:
    return (planned.day - timedelta(days=planned.day.weekday())).toordinal() // 7


def _within_wishes(plan: Plan, asked: Asked) -> None:
    wishes, pattern = asked.wishes, plan.pattern
    assert not wishes.days or pattern.weekday in wishes.days
    assert not wishes.parts or PartOfDay.at(pattern.minute) in wishes.parts
    assert plan.appointments[0].start >= asked.now + timedelta(hours=2)
    for each in plan.appointments:
        assert each.day >= wishes.start
        assert each.clinic in wishes.clinics
        assert not wishes.only_her or each.clinician == wishes.clinician
        assert not any(first <= each.day <= last for first, last in wishes.away)
        assert each.clinician != STORM or not each.step.treatment.needles


def _visits_in_their_windows(plan: Plan, wishes: Wishes) -> None:
    assert [each.step.kind for each in plan.appointments] == [
        *[StepKind.FIRST_VISIT] * wishes.new_patient,
        *[StepKind.SESSION] * 9,
        StepKind.REVIEW,
    ]
    start, last, review = plan.sessions[0], plan.sessions[-1], plan.reviews[0]
    slips = _week(last) - _week(start) - 8
    assert 63 + 7 * slips <= (review.day - start.day).days <= 84 + 7 * slips
    assert (review.day - last.day).days >= 7
    visit = plan.first_visit
    if visit:
        assert 0 <= (start.day - visit.day).days <= 10
        gap = start.start - visit.end
        assert visit.day != start.day or (BUFFER <= gap < timedelta(minutes=20) and visit.clinic == start.clinic)


def _deviations_say_what_is(plan: Plan) -> None:
    for before, session in zip((None, *plan.sessions), plan.sessions, strict=False):
        left_out = range(_week(before) + 1, _week(session)) if before else range(0)
        due = left_out[0] if left_out else _week(session)
        monday = date.fromordinal(due * 7 + 1)
        home = monday + timedelta(days=plan.pattern.weekday)
        deviation = session.deviation
        if deviation is None:
            assert not left_out
            assert _where(session) == plan.pattern
            continue
        at_home = f"{home} {plan.pattern.minute // 60:02}:{plan.pattern.minute % 60:02}"
        assert wall(deviation.instead_of) == at_home
        assert left_out or _where(session) != plan.pattern or session.day != home
        assert deviation.departure == _departs(plan.pattern, session, home)
    costs = [off_by(plan, session) for session in plan.sessions]
    assert plan.cost == Cost(*(sum(getattr(each, part) for each in costs) for part in Cost.__slots__))


def _where(session: Planned) -> Pattern:
    return Pattern(session.day.weekday(), session.minute, session.clinician, session.clinic)


def _departs(pattern: Pattern, session: Planned, home: date) -> Departure:
    if session.clinic != pattern.clinic:
        return Departure.OTHER_CLINIC
    if session.clinician != pattern.clinician:
        return Departure.COLLEAGUE
    return Departure.SAME_DAY if session.day == home else Departure.SAME_WEEK


Block = tuple[str, datetime, datetime]


def _blocks(appointments: Iterable[Planned]) -> Iterator[Block]:
    for each in appointments:
        yield f"clinician {each.clinician}", each.start, each.end + BUFFER
        yield f"room {each.room}", each.start, each.end + BUFFER
        yield "patient", each.start, each.end


def _taken_blocks(rows: Iterable[TakenRow]) -> Iterator[Block]:
    for clinician, room, start, end in rows:
        begin, until = datetime.fromtimestamp(start, WALL), datetime.fromtimestamp(end, WALL) + BUFFER
        yield f"clinician {clinician}", begin, until
        yield f"room {room}", begin, until


def _nobody_twice(blocks: list[Block]) -> None:
    by_whom: dict[str, list[tuple[float, float]]] = {}
    for whom, start, end in blocks:
        by_whom.setdefault(whom, []).append((start.timestamp(), end.timestamp()))
    for whom, times in by_whom.items():
        for (_, end), (start, _) in pairwise(sorted(times)):
            assert end <= start, f"{whom} twice"
