"""Changing against trying everything, and what holds for whatever it offers, on courses that life has happened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import event, given, settings
from hypothesis import strategies as st

from booking.domain.changing import (
    Standing,
    Week,
    extra,
    last_needed,
    moves,
    numbered,
    pattern_of,
    rest_protocol,
    rest_wishes,
)
from booking.domain.course import NoPlan, Pattern, Planned, Wishes
from booking.domain.planner import Limits, plan_course, widest_range
from booking.domain.protocol import StepKind
from booking.domain.slot import Availability
from tests.conftest import ALL
from tests.domain.changing_oracle import Changes, Found, place_of
from tests.domain.oracle import WALL, Oracle, monday
from tests.domain.test_planner_oracle import LIVELY, NOTICE, Case, cases

SLOW = LIVELY if ALL else settings(LIVELY, max_examples=16)
"""For a test that tries every place: fewer examples in the short form."""

BEYOND = timedelta(days=40)
"""How far the oracle looks beyond what an availability must cover."""


@dataclass(frozen=True)
class Life:
    """A course that was planned in `case` and of which, at `now`, this much still stands."""

    case: Case
    standing: tuple[Standing, ...]
    pattern: Pattern
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(WALL).date()

    def availability(self, last: date) -> Availability:
        days = (self.today, max(last, self.today))
        return Availability(self.case.schedule, *days, self.case.rows, earliest=self.now + NOTICE)


WHOLE, MISSING = [(), (), ()], [(2,), (1,), (3,), (3, 4)]
"""Which appointments were missed or cancelled, in order of time from 1."""


@st.composite
def lives(draw: st.DrawFn, gone: Sequence[tuple[int, ...]] = (*WHOLE, *MISSING), later: int = 0) -> Life | None:
    """None if the case has no plan. At least `later` days have passed since it was made."""
    case = draw(cases())
    days = Availability(case.schedule, *widest_range(case.wishes, case.now, case.limits), case.rows, earliest=case.now)
    found = plan_course(case.protocol, case.wishes, days, now=case.now, limits=case.limits)
    if isinstance(found, NoPlan):
        return None
    plan = found[0]
    ids = range(1, len(plan.appointments) + 1)
    missing = draw(st.sampled_from([*gone, tuple(ids[:-1])]))
    left = [(number, each) for number, each in zip(ids, plan.appointments, strict=True) if number not in missing]
    now = case.now + timedelta(days=later + draw(st.sampled_from([0, 0, 5, 12, 20])), hours=draw(st.integers(0, 9)))
    standing = tuple(Standing(number, each, fixed=each.end <= now) for number, each in left)
    if not any(not each.fixed for each in standing):
        return None
    return Life(case, standing, _pattern(plan.pattern, standing), now)


def _pattern(planned: Pattern, standing: Sequence[Standing]) -> Pattern:
    """The plan's, as long as a session keeps it."""
    kept = [s for s in standing if s.planned.step.kind is StepKind.SESSION and s.planned.deviation is None]
    return planned if kept else pattern_of(standing)


def _changes(life: Life) -> Changes:
    last = last_needed(life.case.protocol, life.standing)
    schedule, today = life.case.schedule, life.today
    wishes = Wishes(tuple(clinic.id for clinic in schedule.clinics), today, busy=life.case.wishes.busy)
    horizon = max((last - today).days, 0) + BEYOND.days
    oracle = Oracle(
        schedule, life.case.protocol, wishes, life.case.rows, now=life.now, notice=NOTICE, horizon_days=horizon
    )
    return Changes(oracle, life.case.protocol, life.standing, life.pattern, today, today + timedelta(days=horizon))


def _said(weeks: Sequence[Week]) -> list[tuple[date, list[Found]]]:
    return [
        (week.monday, [(place_of(o.at), tuple((i, place_of(p)) for i, p in o.along)) for o in week.options])
        for week in weeks
    ]


@SLOW
@given(lives(), st.integers(0, 100))
def test_where_an_appointment_can_go_is_what_trying_everything_finds(life: Life | None, pick: int) -> None:
    if life is None:
        return
    protocol, standing = life.case.protocol, life.standing
    moved = standing[pick % len(standing)]
    days = life.availability(last_needed(protocol, standing))

    found = moves(protocol, standing, days, moved.id, busy=life.case.wishes.busy)

    event(f"{moved.kind} to {min(len(found), 4)} weeks, {'something' if _along(found) else 'nothing'} along")
    assert _said(found) == _changes(life).moves(moved)


@SLOW
@given(lives(gone=MISSING))
def test_where_a_missed_session_is_made_up_for_is_what_trying_everything_finds(life: Life | None) -> None:
    if life is None:
        return
    protocol, standing = life.case.protocol, life.standing
    days = life.availability(last_needed(protocol, standing))

    found = extra(protocol, standing, days, busy=life.case.wishes.busy)

    event(f"{min(len(found), 4)} weeks, {'something' if _along(found) else 'nothing'} along")
    assert _said(found) == _changes(life).extra()


def _along(weeks: Sequence[Week]) -> bool:
    return any(option.along for week in weeks for option in week.options)


@LIVELY
@given(lives(), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 999)), max_size=4))
def test_a_course_stays_one_however_often_it_is_changed(life: Life | None, walk: list[tuple[int, int, int]]) -> None:
    if life is None:
        return
    protocol, standing = life.case.protocol, life.standing
    for which, week, place in walk:
        standing = _changed(life, standing, which, week, place)
        sessions = [each for each in standing if each.kind is StepKind.SESSION]
        _spaced(life, [each.planned for each in sessions])
        _rested(life, [s.planned for s in sessions], [s.planned for s in standing if s.kind is StepKind.REVIEW])
        assert list(numbered(standing).values()) == sorted(each.planned.step.number for each in sessions)
        assert len(protocol.sessions) >= len(sessions)


def _changed(life: Life, standing: tuple[Standing, ...], *pick: int) -> tuple[Standing, ...]:
    """The course with one of the appointments to come moved to one of its places, and what goes along."""
    which, week, place = pick
    coming = [each for each in standing if not each.fixed]
    moved = coming[which % len(coming)]
    days = life.availability(last_needed(life.case.protocol, standing))
    options = [each for each in moves(life.case.protocol, standing, days, moved.id) if each.options]
    if not options:
        return standing
    chosen = options[week % len(options)].options
    option = chosen[place % len(chosen)]
    new = dict(option.along) | {moved.id: option.at}
    found = [replace(each, planned=new.get(each.id, each.planned)) for each in standing]
    return tuple(sorted(found, key=lambda each: each.planned.start))


@LIVELY
@given(lives(later=12))
def test_the_rest_of_a_course_planned_anew_goes_on_from_what_is_kept(life: Life | None) -> None:
    if life is None or not any(s.kind is StepKind.SESSION and not s.fixed for s in life.standing):
        return
    protocol, standing = life.case.protocol, life.standing
    rest = rest_protocol(protocol, standing)
    wishes = rest_wishes(protocol, standing, replace(life.case.wishes, start=life.today))
    limits = Limits(life.case.limits.horizon_days + 60, NOTICE)
    days = life.availability(widest_range(wishes, life.now, limits)[1])
    found = plan_course(rest, wishes, days, now=life.now, limits=limits)

    event("no plan" if isinstance(found, NoPlan) else f"{len(rest.sessions)} of {len(protocol.sessions)} sessions")
    for plan in () if isinstance(found, NoPlan) else found:
        kept = [each.planned for each in standing if each.fixed]
        coming = [each.planned for each in standing if not each.fixed]
        assert sorted(map(_step, plan.appointments)) == sorted(map(_step, coming))
        sessions = [p for p in [*kept, *plan.appointments] if p.step.kind is StepKind.SESSION]
        _spaced(life, sessions)
        _rested(life, sessions, [p for p in plan.appointments if p.step.kind is StepKind.REVIEW])
        _not_before_their_windows(sessions, plan.appointments, protocol.reviews[0].window if protocol.reviews else None)
        _no_overlap([*kept, *plan.appointments])


def _step(planned: Planned) -> tuple[str, int]:
    return planned.step.kind.value, planned.step.number


def _spaced(life: Life, sessions: Sequence[Planned]) -> None:
    protocol = life.case.protocol
    for early, late in pairwise(sessions):
        weeks, days = (monday(late.day) - monday(early.day)).days // 7, (late.day - early.day).days
        assert weeks >= 1
        assert days >= protocol.min_gap
        assert weeks > 1 or days <= protocol.max_gap


def _rested(life: Life, sessions: Sequence[Planned], reviews: Sequence[Planned]) -> None:
    for review in reviews if sessions else ():
        assert (review.day - sessions[-1].day).days >= life.case.protocol.review_gap


def _not_before_their_windows(sessions: Sequence[Planned], appointments: Sequence[Planned], window: object) -> None:
    earliest = getattr(window, "earliest", 0)
    width = getattr(window, "latest", 0) - earliest
    for each in appointments:
        if each.step.kind is StepKind.REVIEW and width >= 6:
            assert (each.day - sessions[0].day).days >= earliest


def _no_overlap(appointments: Sequence[Planned]) -> None:
    for early, late in pairwise(sorted(appointments, key=lambda each: each.start)):
        assert early.end <= late.start
