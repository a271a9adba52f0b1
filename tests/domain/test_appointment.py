"""Who may do what to an appointment and until when, the whole table by hand; and what a late change costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from booking.domain.appointment import OUTCOME, RULES, Action, Actor, Charge, Status, charge_of, may, require
from booking.domain.errors import NotAllowed
from booking.domain.period import Period
from tests.domain.builders import oslo

VISIT = Period(oslo(2027, 3, 16, 10), oslo(2027, 3, 16, 10, 30))

MOMENTS = {
    "a week before": oslo(2027, 3, 9, 10),
    "the evening before": oslo(2027, 3, 15, 23, 59),
    "early that day": oslo(2027, 3, 16, 0),
    "just before the start": oslo(2027, 3, 16, 9, 59),
    "at the start": oslo(2027, 3, 16, 10),
    "just before the end": oslo(2027, 3, 16, 10, 29),
    "at the end": oslo(2027, 3, 16, 10, 30),
    "a year after": oslo(2028, 3, 16, 10),
}

# Whether it is allowed at each of the eight moments, in their order.
LETTERS = {".": "--------", "S": "yyyy----", "E": "yyyyyy--", "D": "--yyyyyy", "F": "----yyyy", "A": "yyyyyyyy"}

# . never, S before the start, E before the end, D from the beginning of its day on, F from the start on, A always
TABLE = """
                  pending booked arrived fulfilled cancelled noshow
patient  move        .      S       .        .         .       .
patient  cancel      .      S       .        .         .       .
patient  confirm     .      .       .        .         .       .
patient  release     .      .       .        .         .       .
patient  arrive      .      .       .        .         .       .
patient  fulfil      .      .       .        .         .       .
patient  miss        .      .       .        .         .       .
patient  reopen      .      .       .        .         .       .
helper   move        .      S       .        .         .       .
helper   cancel      .      S       .        .         .       .
helper   confirm     .      .       .        .         .       .
helper   release     .      .       .        .         .       .
helper   arrive      .      .       .        .         .       .
helper   fulfil      .      .       .        .         .       .
helper   miss        .      .       .        .         .       .
helper   reopen      .      .       .        .         .       .
clinic   move        S      S       .        .         .       .
clinic   cancel      E      E       .        .         .       .
clinic   confirm     S      .       .        .         .       .
clinic   release     A      .       .        .         .       .
clinic   arrive      .      D       .        .         .       .
clinic   fulfil      .      F       F        .         .       .
clinic   miss        .      F       .        .         .       .
clinic   reopen      .      .       A        A         .       A
worker   move        .      .       .        .         .       .
worker   cancel      .      .       .        .         .       .
worker   confirm     .      .       .        .         .       .
worker   release     A      .       .        .         .       .
worker   arrive      .      .       .        .         .       .
worker   fulfil      .      .       .        .         .       .
worker   miss        .      .       .        .         .       .
worker   reopen      .      .       .        .         .       .
calendar move        .      .       .        .         .       .
calendar cancel      .      .       .        .         .       .
calendar confirm     .      .       .        .         .       .
calendar release     .      .       .        .         .       .
calendar arrive      .      .       .        .         .       .
calendar fulfil      .      .       .        .         .       .
calendar miss        .      .       .        .         .       .
calendar reopen      .      .       .        .         .       .
"""

STATUSES, *ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_who_may_do_what_is_as_the_table_says(row: list[str]) -> None:
    actor, action = Actor(row[0]), Action(row[1])
    for status, letter in zip(STATUSES, row[2:], strict=True):
        allowed = [may(actor, action, Status(status), VISIT, now=now) for now in MOMENTS.values()]
        assert "".join("y" if each else "-" for each in allowed) == LETTERS[letter], status


def test_the_table_leaves_nothing_out() -> None:
    assert [status.value for status in Status] == STATUSES
    assert sorted((row[0], row[1]) for row in ROWS) == sorted((a.value, b.value) for a in Actor for b in Action)


def test_what_is_not_allowed_is_refused_with_what_and_to_which_status() -> None:
    with pytest.raises(NotAllowed) as refusal:
        require(Actor.PATIENT, Action.MOVE, Status.ARRIVED, VISIT, now=MOMENTS["a week before"])
    assert (refusal.value.action, refusal.value.status) == ("move", "arrived")


def test_what_is_allowed_is_not_refused() -> None:
    require(Actor.PATIENT, Action.MOVE, Status.BOOKED, VISIT, now=MOMENTS["just before the start"])


def test_an_answer_from_a_calendar_changes_nothing_by_itself() -> None:
    assert not [actor for actor, _ in RULES if actor is Actor.CALENDAR]


def test_moving_leaves_the_status_and_everything_else_leads_to_one() -> None:
    assert OUTCOME[Action.MOVE] is None
    assert {action for action in Action if OUTCOME[action] is None} == {Action.MOVE}


def test_no_action_is_allowed_on_a_status_that_it_leads_to() -> None:
    """So that doing it twice is refused, not done twice."""
    twice = [(rule, status) for rule, found in RULES.items() for status in found if OUTCOME[rule[1]] is status]
    assert twice == []


# -- what it costs --------------------------------------------------------------------------------------------

START = oslo(2027, 3, 16, 10)


def charge(now: datetime, *, kindness_used: bool = False, start: datetime = START) -> Charge:
    return charge_of(690, start, 24, kindness_used=kindness_used, now=now)


def test_a_change_is_free_up_to_the_very_instant_of_the_limit() -> None:
    assert charge(oslo(2027, 3, 15, 10), kindness_used=True) == Charge(0, False, oslo(2027, 3, 15, 10))


def test_the_first_late_change_of_a_course_is_excused() -> None:
    late = charge(oslo(2027, 3, 15, 10, 1))
    assert (late.amount, late.excused) == (0, True)


def test_the_second_late_change_costs_the_price() -> None:
    late = charge(oslo(2027, 3, 15, 10, 1), kindness_used=True)
    assert (late.amount, late.excused) == (690, False)


def test_a_free_change_uses_up_no_kindness() -> None:
    assert not charge(oslo(2027, 3, 1, 10)).excused


def test_the_limit_is_counted_in_real_hours_across_a_change_of_the_clocks() -> None:
    """The clocks go forward in the night to Sunday 28 March 2027 and back in the night to Sunday 31 October."""
    spring = charge(oslo(2027, 3, 1), start=oslo(2027, 3, 28, 10)).free_until
    autumn = charge(oslo(2027, 3, 1), start=oslo(2027, 10, 31, 10)).free_until
    assert spring.astimezone(START.tzinfo) == oslo(2027, 3, 27, 9)
    assert autumn.astimezone(START.tzinfo) == oslo(2027, 10, 30, 11)
    assert oslo(2027, 3, 28, 10).timestamp() - spring.timestamp() == timedelta(hours=24).total_seconds()
