"""Holds: kept for a while, by one visitor, and gone by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.errors import HoldExpired, SlotTaken, TooManyHolds
from booking.domain.period import step_of
from booking.services.holds import answer, answers_of, extend, find_hold, give_back, keep_again
from booking.services.proposals import Asked
from booking.store.appointments import Claim, Resource
from booking.store.database import db
from booking.store.holds import Hold
from tests.builders import NOW, TUESDAYS, booked, choice, held, office, proposal

QUARTER = timedelta(minutes=15)


def claims() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Claim)) or 0


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> object:
    with demo_app.app_context():
        yield


def test_a_hold_claims_clinician_and_room_with_the_buffer_behind() -> None:
    chosen = choice()
    hold_id = held(chosen)
    hold = db.session.get_one(Hold, hold_id)
    first = hold.times[0]
    steps = db.session.scalars(
        select(Claim.step).where(Claim.held_time_id == first.id, Claim.resource == Resource.ROOM).order_by(Claim.step)
    ).all()
    assert steps == list(range(step_of(first.starts_at), step_of(first.ends_at) + 1))
    assert len(hold.times) == len(chosen.appointments) == 10


def test_times_that_are_held_are_not_offered_to_others() -> None:
    taken = {p.start for p in choice().appointments}
    held()
    again = proposal()
    starts = {(p.start, p.clinician) for plan in again.plans for p in plan.appointments}
    assert not starts & {(start, choice_clinician) for start in taken for choice_clinician in [_clinician_of(taken)]}


def _clinician_of(_taken: object) -> int:
    db.session.rollback()
    return db.session.scalars(select(Hold)).one().times[0].clinician_id


def test_two_visitors_cannot_hold_the_same_times() -> None:
    chosen = choice()
    held(chosen)
    with pytest.raises(SlotTaken):
        held(chosen, visitor="siv")


def test_a_refused_hold_leaves_nothing_behind() -> None:
    chosen = choice()
    held(chosen)
    before = claims()
    with pytest.raises(SlotTaken):
        held(chosen, visitor="siv")
    assert claims() == before
    assert db.session.scalar(select(func.count()).select_from(Hold)) == 1


def test_an_expired_hold_is_taken_over_without_any_cleaning() -> None:
    chosen = choice()
    held(chosen)
    held(chosen, visitor="siv", now=NOW + QUARTER)


def test_a_hold_lasts_to_its_last_minute() -> None:
    chosen = choice()
    held(chosen)
    with pytest.raises(SlotTaken):
        held(chosen, visitor="siv", now=NOW + QUARTER - timedelta(seconds=1))


def test_choosing_again_replaces_what_the_visitor_held() -> None:
    held()
    before = claims()
    other = Asked(clinics=("raholt",), days=frozenset({0}), start=TUESDAYS.start)
    held(choice(other))
    assert claims() == before
    assert db.session.scalar(select(func.count()).select_from(Hold)) == 1


def test_a_hold_is_extended_once() -> None:
    hold_id = held()
    assert extend(office(), hold_id, now=NOW) == NOW + 2 * QUARTER
    with pytest.raises(HoldExpired):
        extend(office(), hold_id, now=NOW)


def test_an_extended_hold_keeps_its_claims_as_long() -> None:
    chosen = choice()
    extend(office(), held(chosen), now=NOW)
    with pytest.raises(SlotTaken):
        held(chosen, visitor="siv", now=NOW + QUARTER)


def test_a_lapsed_hold_cannot_be_extended() -> None:
    hold_id = held()
    with pytest.raises(HoldExpired):
        extend(office(), hold_id, now=NOW + QUARTER)


def test_a_lapsed_hold_is_kept_again_while_nobody_took_it() -> None:
    chosen = choice()
    hold_id = held(chosen)
    keep_again(office(), hold_id, now=NOW + 2 * QUARTER)
    with pytest.raises(SlotTaken):
        held(chosen, visitor="siv", now=NOW + 2 * QUARTER)


def test_a_lapsed_hold_is_not_kept_again_once_it_was_taken() -> None:
    chosen = choice()
    hold_id = held(chosen)
    held(chosen, visitor="siv", now=NOW + QUARTER)
    with pytest.raises(SlotTaken):
        keep_again(office(), hold_id, now=NOW + QUARTER)


def test_one_address_cannot_empty_a_clinic() -> None:
    for number in range(office().holds_per_address):
        held(visitor=f"visitor {number}")
    with pytest.raises(TooManyHolds):
        held(visitor="one more")
    held(visitor="a neighbour", address="192.0.2.2")


def test_the_limit_of_an_address_counts_living_holds_only() -> None:
    for number in range(office().holds_per_address):
        held(visitor=f"visitor {number}")
    held(visitor="one more", now=NOW + QUARTER)


def test_giving_back_frees_the_times_and_forgets_the_answers() -> None:
    held()
    give_back(office(), "kari")
    assert claims() == 0
    assert find_hold(db.session(), office(), "kari") is None


def test_answers_stay_when_other_times_are_chosen_and_are_encrypted() -> None:
    hold_id = held()
    answer(office(), hold_id, gate="yes", conditions=["fear"])
    held(choice(Asked(clinics=("raholt",), start=TUESDAYS.start)))
    db.session.rollback()
    hold = db.session.get_one(Hold, hold_id)
    assert answers_of(office(), hold) == {"gate": "yes", "conditions": ["fear"]}
    assert hold.answers is not None
    assert b"fear" not in hold.answers


def test_the_visitor_and_her_address_are_kept_as_keyed_hashes_only() -> None:
    hold = db.session.get_one(Hold, held(visitor="secret of a session", address="192.0.2.77"))
    assert "secret" not in hold.visitor
    assert "192" not in hold.address[:3] or len(hold.address) == 64


def test_a_booked_hold_is_out_of_the_limit() -> None:
    booked(held())
    for number in range(office().holds_per_address):
        held(visitor=f"visitor {number}")
