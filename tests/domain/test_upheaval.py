"""Upheaval: what a move asks of a patient, and what counts more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from booking.domain.changing import Option
from booking.domain.course import Planned
from booking.domain.period import at_wall
from booking.domain.protocol import Step, StepKind, Treatment
from booking.domain.schedule import Name
from booking.domain.upheaval import upheaval

STEP = Step(StepKind.SESSION, 3, Treatment(1, "session", Name.of(en="Session"), 45, 900, needles=True))
START = at_wall(date(2027, 4, 13), 10 * 60)
LONG_BEFORE = START - timedelta(days=20)
BEFORE = Planned(STEP, START, START + timedelta(minutes=45), clinic=1, clinician=1, room=1)


def cost(*, later: timedelta = timedelta(), along: int = 0, now: datetime = LONG_BEFORE, **changes: int) -> int:
    after = replace(BEFORE, start=BEFORE.start + later, end=BEFORE.end + later, **changes)
    return upheaval(BEFORE, Option(after, tuple((number, after) for number in range(along))), now=now)


def test_another_room_asks_nothing() -> None:
    assert cost(room=2) == 0


def test_what_counts_more_is_ordered() -> None:
    later, next_day = cost(later=timedelta(hours=2)), cost(later=timedelta(days=1))
    assert 0 < later < next_day < cost(clinician=2) < cost(clinic=2) < cost(later=timedelta(weeks=1))


def test_the_same_weekday_of_another_week_is_nearer_than_another_one() -> None:
    assert cost(later=timedelta(weeks=1)) < cost(later=timedelta(days=8))


def test_twenty_asked_much_in_their_week_are_better_than_one_in_another() -> None:
    most = cost(later=timedelta(days=-1, hours=9), along=1, clinician=2, clinic=2)
    assert 20 * most < cost(later=timedelta(weeks=1))


def test_nobody_is_asked_to_come_before_she_may_have_read_of_it_if_a_colleague_is_free() -> None:
    now = START - timedelta(days=1, hours=3)
    assert cost(later=timedelta(days=-1), now=now) > cost(clinician=2, now=now)
    assert cost(clinician=2, now=START - timedelta(hours=5)) == cost(clinician=2)
