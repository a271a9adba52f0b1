"""Changes: what a patient does to her booked appointments stands at once, is undone whole, and is told of once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.appointment import Actor
from booking.domain.course import Departure
from booking.domain.errors import (
    DoesNotFit,
    HoldExpired,
    NotAllowed,
    NothingToUndo,
    SlotTaken,
    UnknownAppointment,
)
from booking.domain.period import oslo
from booking.services import changes, replanning
from booking.services.changes import UNDO_FOR, Place
from booking.services.courses import confirm, read_reference, release
from booking.services.proposals import Asked
from booking.store.appointments import Appointment, Claim
from booking.store.changes import Change, fees_of
from booking.store.clinics import Clinic
from booking.store.courses import Course
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import FreedTime
from tests.builders import NOW, TUESDAYS, UNSURE, booked, booked_course, choice, course, held, office
from tests.claims import assert_claims_match
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.changers import (
    AT,
    cancel,
    cancel_rest,
    elsewhere,
    extend,
    extra_weeks,
    hold_rest,
    move,
    place_at,
    place_of,
    replan,
    review_of,
    send_now,
    session_of,
    settle,
    undo,
    undoable,
    weeks,
)
from tests.services.outbox import messages

SOON = NOW + timedelta(minutes=5)
DUE = NOW + UNDO_FOR
TWENTY_MINUTES = Asked(protocol="first-visit", clinics=("lambertseter",))


pytestmark = pytest.mark.usefixtures("claims_kept_to_the_last_change")


def kinds() -> list[str]:
    return [message.kind for message in messages()]


def news(course_id: int) -> list[str]:
    """The kinds of messages since the booking."""
    return [m.kind for m in messages() if m.course_id == course_id][11:]


def facts(course_id: int) -> list[tuple[object, ...]]:
    """All that a change could change, but for SEQUENCE."""
    return sorted(
        (a.id, a.kind, a.number, a.starts_at, a.ends_at, a.clinic_id, a.clinician_id, a.room_id, a.status, a.deviation)
        for a in course(course_id).appointments
    )


def sequences(course_id: int) -> dict[int, int]:
    return {a.id: a.sequence for a in course(course_id).appointments}


def set_status(appointment: Appointment, status: str) -> None:
    unit_of_work(lambda s: s.execute(update(Appointment).where(Appointment.id == appointment.id).values(status=status)))


def fees(course_id: int) -> list[tuple[int, bool]]:
    db.session.rollback()
    return [(fee.amount, fee.excused) for fee in fees_of(db.session(), course_id)]


def freed() -> list[tuple[object, int]]:
    db.session.rollback()
    return [(time.starts_at, time.clinician_id) for time in db.session.scalars(select(FreedTime))]


# -- moving -----------------------------------------------------------------------------------------------------------


def test_a_moved_appointment_stands_at_its_new_time_at_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = move(third)
    moved = session_of(kari.id, 3)
    assert place_at(moved) == place
    assert (moved.id, moved.uid, moved.price) == (third.id, third.uid, third.price)
    assert moved.ends_at - moved.starts_at == third.ends_at - third.starts_at
    assert moved.sequence == 1


def test_the_feed_is_another_at_once(kari: Course) -> None:
    before = kari.revision
    move(session_of(kari.id, 3))
    assert course(kari.id).revision == before + 1


def test_nobody_is_told_of_a_change_that_can_be_undone(kari: Course) -> None:
    move(session_of(kari.id, 3))
    assert settle(now=DUE - timedelta(seconds=1)) == 0
    assert news(kari.id) == []


def test_what_was_left_is_kept_for_ten_minutes(kari: Course) -> None:
    siv, third = booked_course(SIV), session_of(kari.id, 3)
    left = place_at(third)
    move(third)
    her_third = session_of(siv.id, 3)
    assert left not in {place_of(option) for week in weeks(her_third) for option in week.options}
    with pytest.raises(SlotTaken):
        move(her_third, left)
    move(her_third, left, now=DUE)
    assert place_at(session_of(siv.id, 3)) == left
    with pytest.raises(NothingToUndo):
        undo(kari.id, db.session.scalars(select(Change)).first(), now=DUE)


def test_what_was_left_is_still_open_to_her(kari: Course) -> None:
    third = session_of(kari.id, 3)
    left = place_at(third)
    move(third)
    move(session_of(kari.id, 3), left)
    assert place_at(session_of(kari.id, 3)) == left
    assert settle(now=DUE) == 1
    assert news(kari.id) == []


def test_the_same_move_twice_is_one(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = elsewhere(third)
    move(third, place)
    move(third, place, now=SOON)
    assert sequences(kari.id)[third.id] == 1
    assert len(undoable(kari.id)) == 1


def test_a_time_in_the_week_of_another_session_does_not_fit(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    crowded = Place(fourth.starts_at + timedelta(days=1), fourth.clinician_id, fourth.clinic_id)
    with pytest.raises(DoesNotFit):
        move(third, crowded)
    assert undoable(kari.id) == []


@pytest.mark.parametrize("wrong", [{"clinic_id": 99}, {"clinician_id": 99}, {"start": NOW - timedelta(days=1)}])
def test_a_place_that_there_is_not_does_not_fit(kari: Course, wrong: dict[str, int]) -> None:
    third = session_of(kari.id, 3)
    place = {"start": third.starts_at, "clinician_id": third.clinician_id, "clinic_id": third.clinic_id}
    with pytest.raises(DoesNotFit):
        move(third, Place(**(place | wrong)))


def test_a_time_that_somebody_has_is_taken(kari: Course) -> None:
    siv = booked_course(SIV)
    before, her_third, third = facts(kari.id), session_of(siv.id, 3), session_of(kari.id, 3)
    with pytest.raises(SlotTaken):
        move(third, place_at(her_third))
    assert facts(kari.id) == before


def test_a_review_moves_along_when_the_course_ends_too_near_to_it(kari: Course) -> None:
    ninth, review = session_of(kari.id, 9), review_of(kari.id).starts_at
    away = [week for week in weeks(ninth) if any(option.along for option in week.options)]
    option = next(option for option in away[0].options if option.along)
    move(ninth, place_of(option))
    assert review_of(kari.id).starts_at == option.along[0][1].start
    assert review_of(kari.id).starts_at > review
    assert (review_of(kari.id).sequence, session_of(kari.id, 9).sequence) == (1, 1)


def test_sessions_are_numbered_in_order_of_time(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    last = place_of(weeks(third)[-1].options[0])
    move(third, last)
    assert session_of(kari.id, 9).id == third.id
    assert session_of(kari.id, 3).id == fourth.id
    assert sequences(kari.id)[fourth.id] == 0  # its number stands in no calendar
    undo(kari.id)
    assert session_of(kari.id, 3).id == third.id


def test_a_moved_session_says_that_the_patient_chose_it(kari: Course) -> None:
    third = session_of(kari.id, 3)
    usual = third.starts_at
    move(third)
    deviation = session_of(kari.id, 3).deviation
    assert deviation is not None
    assert (deviation.reasons, deviation.instead_of) == ((), usual)
    assert deviation.departure is Departure.SAME_WEEK


def test_a_patient_is_never_offered_a_time_of_her_other_course(kari: Course) -> None:
    first = booked_course(asked=TWENTY_MINUTES)
    assert first.patient_id == kari.patient_id
    (visit,) = first.appointments
    third = session_of(kari.id, 3)
    there = [option.at for week in weeks(visit) for option in week.options]
    assert there
    assert not any(at.start < third.ends_at and third.starts_at < at.end for at in there)


def test_an_appointment_of_another_course_is_unknown(kari: Course) -> None:
    siv = booked_course(SIV)
    with pytest.raises(UnknownAppointment):
        changes.cancel(office(), kari.id, session_of(siv.id, 3).id, by=Actor.PATIENT, now=NOW, at=AT)
    with pytest.raises(UnknownAppointment):
        changes.appointment_of(db.session(), kari.id, session_of(siv.id, 3).id)


def test_what_has_begun_can_be_neither_moved_nor_cancelled(kari: Course) -> None:
    first = session_of(kari.id, 1)
    place = elsewhere(first)
    for change in (lambda: move(first, place, now=first.starts_at), lambda: cancel(first, now=first.starts_at)):
        with pytest.raises(NotAllowed):
            change()
    assert weeks(first, now=first.starts_at) == ()


def test_the_clinic_moves_what_it_is_offered_places_for_and_nothing_that_has_begun(kari: Course) -> None:
    first = session_of(kari.id, 1)
    just_before = first.starts_at - timedelta(seconds=1)
    place = next(place_of(option) for week in weeks(first, now=just_before) for option in week.options)
    with pytest.raises(NotAllowed):
        move(first, place, by=Actor.CLINIC, now=first.starts_at)
    move(first, place, by=Actor.CLINIC, now=just_before)
    assert place_at(session_of(kari.id, 1)) == place


def test_a_course_that_waits_for_a_call_is_changed_by_the_clinic_alone() -> None:
    made = booked(held(), KARI, UNSURE)
    third = session_of(made.course_id, 3)
    place = elsewhere(third)
    with pytest.raises(NotAllowed):
        move(third, place)
    with pytest.raises(NotAllowed):
        cancel_rest(made.course_id)
    move(third, place, by=Actor.CLINIC)
    assert place_at(session_of(made.course_id, 3)) == place
    assert session_of(made.course_id, 3).status == "pending"


def test_after_the_call_what_was_moved_before_is_booked(kari: Course) -> None:
    made = booked(held(choice(), visitor="siv"), SIV, UNSURE)
    place = move(session_of(made.course_id, 3), by=Actor.CLINIC)
    confirm(office(), read_reference(made.reference), now=SOON, at=AT)
    assert place_at(session_of(made.course_id, 3)) == place
    assert [m.kind for m in messages() if m.course_id == made.course_id] == ["held", "changed", "confirmation"]
    assert undoable(made.course_id, by=Actor.CLINIC) == []


def test_times_that_are_given_back_leave_nothing_kept() -> None:
    made = booked(held(), KARI, UNSURE)
    move(session_of(made.course_id, 3), by=Actor.CLINIC)
    release(office(), read_reference(made.reference), now=SOON, at=AT)
    assert kinds() == ["held", "changed", "released"]
    assert db.session.scalars(select(Claim)).all() == []


# -- cancelling and making up -----------------------------------------------------------------------------------------


def test_a_cancelled_appointment_is_cancelled_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cancel(third)
    cancel(third, now=SOON)
    assert session_of(kari.id, 3).status == "cancelled"
    assert sequences(kari.id)[third.id] == 1
    assert len(undoable(kari.id)) == 1


def test_cancelling_the_rest_leaves_what_is_over(kari: Course) -> None:
    later = session_of(kari.id, 4).ends_at
    assert cancel_rest(kari.id, now=later) == 6
    assert [a.status for a in course(kari.id).appointments] == ["booked"] * 4 + ["cancelled"] * 6
    assert cancel_rest(kari.id, now=later) == 0
    assert len(undoable(kari.id, now=later)) == 1


def test_a_missed_session_is_made_up_for_at_the_end(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = third.ends_at + timedelta(hours=1)
    set_status(third, "noshow")
    end = max(a.starts_at for a in kari.appointments if a.kind == "session")
    place = extend(kari.id, now=now)
    last = session_of(kari.id, 9)
    assert place_at(last) == place
    assert last.starts_at > end
    assert (last.status, last.sequence, last.price) == ("booked", 0, third.price)
    assert extra_weeks(kari.id, now=now) == ()
    extend(kari.id, place, now=now)
    assert len(course(kari.id).appointments) == 11


def test_a_session_is_added_where_the_review_stands_which_moves_along(kari: Course) -> None:
    there = place_at(review_of(kari.id))
    cancel(session_of(kari.id, 3))
    assert there in [place_of(option) for week in extra_weeks(kari.id, now=SOON) for option in week.options]
    extend(kari.id, there, now=SOON)
    last = [a for a in course(kari.id).appointments if a.kind == "session"][-1]
    assert place_at(last) == there
    assert review_of(kari.id).starts_at > there.start


def test_nothing_is_added_to_a_whole_course(kari: Course) -> None:
    ninth = session_of(kari.id, 9)
    with pytest.raises(DoesNotFit):
        extend(kari.id, Place(ninth.starts_at + timedelta(days=7), ninth.clinician_id, ninth.clinic_id))


def test_an_addition_that_is_undone_was_never_there_to_a_calendar(kari: Course) -> None:
    cancel(session_of(kari.id, 3))
    before = facts(kari.id)
    extend(kari.id, now=SOON)
    undo(kari.id, now=SOON)
    assert [row for row in facts(kari.id) if row[0] in {each[0] for each in before}] == before
    undo(kari.id, now=SOON)
    assert settle(now=DUE) == 0
    assert news(kari.id) == []


# -- what it costs ----------------------------------------------------------------------------------------------------


def test_a_change_is_free_until_a_day_before(kari: Course) -> None:
    third = session_of(kari.id, 3)
    until = third.starts_at - timedelta(hours=24)
    assert changes.charge(db.session(), kari, third, now=until).amount == 0
    cancel(third, now=until)
    assert fees(kari.id) == []


def test_the_first_late_change_is_excused_and_the_next_costs_the_price(kari: Course) -> None:
    third = session_of(kari.id, 3)
    late = third.starts_at - timedelta(hours=23)
    move(third, now=late)
    assert fees(kari.id) == [(0, True)]
    fourth = session_of(kari.id, 4)
    late = fourth.starts_at - timedelta(hours=23)
    assert changes.charge(db.session(), kari, fourth, now=late).amount == fourth.price
    cancel(fourth, now=late)
    assert fees(kari.id) == [(0, True), (fourth.price, False)]


def test_undoing_a_late_change_takes_its_cost_back_and_the_kindness_with_it(kari: Course) -> None:
    third = session_of(kari.id, 3)
    late = third.starts_at - timedelta(hours=23)
    cancel(third, now=late)
    undo(kari.id, now=late)
    assert fees(kari.id) == []
    assert changes.charge(db.session(), course(kari.id), third, now=late).excused


def test_one_appointment_costs_once_however_often_it_is_changed_before_anybody_is_told(kari: Course) -> None:
    third = session_of(kari.id, 3)
    late = third.starts_at - timedelta(hours=3)
    cancel(session_of(kari.id, 2), now=session_of(kari.id, 2).starts_at - timedelta(hours=1))
    move(third, now=late)
    again = changes.charge(db.session(), course(kari.id), third, now=late)
    assert (again.amount, again.excused) == (0, False)
    assert again.free_until >= late + UNDO_FOR
    cancel(third, now=late)
    assert fees(kari.id) == [(0, True), (third.price, False)]


def test_what_stood_at_a_nearer_time_for_a_moment_costs_nothing(kari: Course) -> None:
    third = session_of(kari.id, 3)
    early = third.starts_at - timedelta(hours=30)
    near = early + timedelta(hours=24)
    place = next(place_of(each) for each in weeks(third, now=early)[0].options if each.at.start < near)
    move(third, place, now=early)
    cancel(third, now=early + timedelta(minutes=1))
    assert fees(kari.id) == []


def test_what_was_moved_late_and_back_again_costs_nothing_and_leaves_the_kindness_to_the_next(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    late = third.starts_at - timedelta(hours=3)
    was = place_at(third)
    move(third, now=late)
    move(third, was, now=late)
    assert fees(kari.id) == [(0, True)]
    settle(now=late + UNDO_FOR)
    assert fees(kari.id) == []
    assert changes.charge(db.session(), course(kari.id), third, now=late + UNDO_FOR).excused
    later = fourth.starts_at - timedelta(hours=1)
    cancel(fourth, now=later)
    assert fees(kari.id) == [(0, True)]


def test_of_two_late_changes_the_one_that_stays_is_the_one_that_is_excused(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    late = third.starts_at - timedelta(hours=3)
    was = place_at(third)
    unit_of_work(lambda s: s.execute(update(Clinic).values(cancel_hours=24 * 10)))
    move(third, now=late)
    cancel(fourth, now=late)
    assert fees(kari.id) == [(0, True), (fourth.price, False)]
    move(third, was, now=late)
    settle(now=late + UNDO_FOR)
    assert fees(kari.id) == [(0, True)]


def test_what_the_clinic_changes_costs_nothing(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cancel(third, by=Actor.CLINIC, now=third.starts_at - timedelta(hours=1))
    assert fees(kari.id) == []


def test_of_several_late_ones_at_most_one_is_excused() -> None:
    new = booked_course(asked=Asked(clinics=("lambertseter",), start=TUESDAYS.start, new_patient=True))
    first = new.appointments[0]
    costs = changes.charges_of_rest(db.session(), new, now=first.starts_at - timedelta(hours=1))
    assert [cost.excused for _, cost in costs].count(True) == 1
    assert len(costs) == 11


# -- undoing ----------------------------------------------------------------------------------------------------------


def test_what_is_undone_is_as_before_and_counts_as_one_more_change(kari: Course) -> None:
    before, third = facts(kari.id), session_of(kari.id, 3)
    move(third)
    undo(kari.id, now=SOON)
    assert facts(kari.id) == before
    assert sequences(kari.id) == {a.id: 2 * (a.id == third.id) for a in kari.appointments}
    assert db.session.scalars(select(Hold).where(Hold.change_id.is_not(None))).all() == []


def test_undoing_twice_is_undoing_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    move(third)
    (change,) = undoable(kari.id)
    undo(kari.id, change)
    undo(kari.id, change)
    assert sequences(kari.id)[third.id] == 2


def test_a_rest_that_was_cancelled_comes_back_whole(kari: Course) -> None:
    before = facts(kari.id)
    cancel_rest(kari.id)
    undo(kari.id, now=DUE - timedelta(seconds=1))
    assert facts(kari.id) == before


def test_the_newest_change_is_undone_first(kari: Course) -> None:
    third = session_of(kari.id, 3)
    states = [facts(kari.id)]
    move(third)
    states.append(facts(kari.id))
    cancel(session_of(kari.id, 5))
    states.append(facts(kari.id))
    move(session_of(kari.id, 3))
    newest_first = undoable(kari.id)
    with pytest.raises(NothingToUndo):
        undo(kari.id, newest_first[1])
    for change in newest_first:
        undo(kari.id, change)
        assert facts(kari.id) == states.pop()
    assert undoable(kari.id) == []


def test_undoing_gives_back_what_a_later_change_took_of_what_was_left(kari: Course) -> None:
    third = session_of(kari.id, 3)
    before, left = facts(kari.id), place_at(third)
    move(third)
    between = facts(kari.id)
    move(session_of(kari.id, 3), left)
    undo(kari.id)
    assert facts(kari.id) == between
    assert_claims_match(db.session(), NOW)
    undo(kari.id)
    assert facts(kari.id) == before


def test_another_change_keeps_the_earlier_ones_open(kari: Course) -> None:
    before = facts(kari.id)
    cancel(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5), now=DUE - timedelta(minutes=1))
    now = DUE + timedelta(minutes=5)
    assert settle(now=now) == 0
    for change in undoable(kari.id, now=now):
        undo(kari.id, change, now=now)
    assert facts(kari.id) == before


def test_changes_do_not_wait_for_one_another_without_end(kari: Course) -> None:
    now = NOW
    for number in range(1, 7):
        cancel(session_of(kari.id, number), now=now)
        now += timedelta(minutes=8)
    assert news(kari.id)[0] == "changed"


def test_nothing_is_undone_after_ten_minutes(kari: Course) -> None:
    move(session_of(kari.id, 3))
    (change,) = undoable(kari.id)
    assert undoable(kari.id, now=DUE) == []
    with pytest.raises(NothingToUndo):
        undo(kari.id, change, now=DUE)


def test_nothing_comes_back_that_would_have_begun(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = third.starts_at - timedelta(minutes=4)
    cancel(third, now=now)
    assert undoable(kari.id, now=now)[0].due_at == third.starts_at
    with pytest.raises(IndexError):
        undo(kari.id, now=third.starts_at)


def test_a_helper_and_the_patient_undo_what_the_other_did(kari: Course) -> None:
    before = facts(kari.id)
    move(session_of(kari.id, 3), by=Actor.HELPER)
    undo(kari.id)
    cancel(session_of(kari.id, 3))
    undo(kari.id, by=Actor.HELPER)
    assert facts(kari.id) == before


def test_what_the_clinic_did_only_the_clinic_undoes(kari: Course) -> None:
    cancel(session_of(kari.id, 5))
    move(session_of(kari.id, 3), by=Actor.CLINIC)
    assert undoable(kari.id) == []
    assert len(undoable(kari.id, by=Actor.CLINIC)) == 2
    (change, _) = undoable(kari.id, by=Actor.CLINIC)
    with pytest.raises(NothingToUndo):
        undo(kari.id, change)
    undo(kari.id, change, by=Actor.CLINIC)


def test_what_has_happened_since_is_not_undone(kari: Course) -> None:
    third = session_of(kari.id, 3)
    move(third)
    set_status(third, "arrived")
    with pytest.raises(NothingToUndo):
        undo(kari.id)


def test_a_change_of_another_course_is_not_undone(kari: Course) -> None:
    siv = booked_course(SIV)
    cancel(session_of(siv.id, 3))
    with pytest.raises(NothingToUndo):
        undo(kari.id, undoable(siv.id)[0])


# -- telling ----------------------------------------------------------------------------------------------------------


def test_several_changes_are_told_in_one_mail(kari: Course) -> None:
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5), now=SOON)
    assert settle(now=SOON + UNDO_FOR) == 1
    assert news(kari.id) == ["changed", "request", "cancel"]
    assert settle(now=SOON + UNDO_FOR) == 0


def test_a_change_that_was_undone_is_told_to_nobody(kari: Course) -> None:
    move(session_of(kari.id, 3))
    undo(kari.id)
    assert settle(now=DUE) == 0
    send_now(kari.id)
    assert news(kari.id) == []
    assert [change.settled_at is not None for change in db.session.scalars(select(Change))] == [True]


def test_of_two_changes_the_undone_one_is_not_told(kari: Course) -> None:
    move(session_of(kari.id, 3))
    cancel(session_of(kari.id, 5))
    undo(kari.id)
    settle(now=DUE)
    assert news(kari.id) == ["changed", "request"]
    (message,) = [message for message in messages() if message.kind == "changed"]
    assert len(message.facts["changes"]) == 1


def test_an_appointment_that_came_and_went_is_told_to_nobody(kari: Course) -> None:
    known = {appointment.id for appointment in kari.appointments}
    cancel(session_of(kari.id, 3))
    send_now(kari.id)
    extend(kari.id, now=SOON)
    cancel(next(a for a in course(kari.id).appointments if a.id not in known), now=SOON)
    settle(now=SOON + UNDO_FOR)
    assert news(kari.id) == ["changed", "cancel"]


def test_a_colleague_at_the_same_time_is_told_in_words_alone(kari: Course) -> None:
    third = session_of(kari.id, 3)
    own = weeks(third)[0].options
    found = (o for o in own if o.at.clinic == third.clinic_id and o.at.clinician != third.clinician_id)
    colleague = next(o for o in found)
    move(third, place_of(colleague))
    same_time = [
        o
        for o in weeks(session_of(kari.id, 3))[0].options
        if o.at.start == colleague.at.start and o.at.clinic == third.clinic_id
    ]
    send_now(kari.id)
    told = news(kari.id)
    move(session_of(kari.id, 3), place_of(same_time[0]))
    send_now(kari.id)
    assert news(kari.id) == [*told, "changed"]


def test_sending_now_ends_undoing_and_gives_back_what_was_left(kari: Course) -> None:
    third = session_of(kari.id, 3)
    left = place_at(third)
    move(third)
    send_now(kari.id)
    assert undoable(kari.id) == []
    assert freed() == [(left.start, left.clinician_id)]
    assert news(kari.id) == ["changed", "request"]
    siv = booked_course(SIV)
    move(session_of(siv.id, 3), left)


def test_a_helper_sends_at_once_what_she_changed_and_nothing_that_the_patient_did(kari: Course) -> None:
    move(session_of(kari.id, 3), by=Actor.HELPER)
    send_now(kari.id, by=Actor.HELPER)
    told = news(kari.id)
    move(session_of(kari.id, 4), by=Actor.HELPER)
    move(session_of(kari.id, 5))
    with pytest.raises(NotAllowed):
        send_now(kari.id, by=Actor.HELPER)
    assert (news(kari.id), len(undoable(kari.id))) == (told, 2)
    undo(kari.id)
    send_now(kari.id, by=Actor.HELPER)
    assert undoable(kari.id) == []


def test_what_was_left_and_taken_back_is_not_said_to_be_free(kari: Course) -> None:
    third = session_of(kari.id, 3)
    left = place_at(third)
    move(third)
    move(session_of(kari.id, 3), left)
    send_now(kari.id)
    assert freed() == []


def test_nothing_is_free_to_others_while_it_can_be_undone(kari: Course) -> None:
    cancel_rest(kari.id)
    assert freed() == []
    settle(now=DUE)
    assert len(freed()) == 10


def test_who_has_no_address_is_told_nothing() -> None:
    silent = booked_course(email=None)
    move(session_of(silent.id, 3))
    settle(now=DUE)
    assert kinds() == []
    assert undoable(silent.id) == []


def test_who_books_anew_after_cancelling_the_rest_can_undo_that_no_longer(kari: Course) -> None:
    cancel_rest(kari.id)
    again = booked_course()
    assert (course(kari.id).status, course(again.id).status) == ("completed", "running")
    assert undoable(kari.id) == []
    assert news(kari.id)[0] == "changed"


@only_sqlite
def test_the_worker_tells_of_what_can_be_undone_no_longer(demo_app: Flask, kari: Course) -> None:
    move(session_of(kari.id, 3), now=NOW - UNDO_FOR)
    assert demo_app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
    assert news(kari.id) == ["changed", "request"]
    assert all(message.sent_at for message in messages())


# -- planning the rest anew -------------------------------------------------------------------------------------------


def test_nothing_is_changed_while_new_times_are_only_kept(kari: Course) -> None:
    before = facts(kari.id)
    hold_rest(kari.id)
    assert facts(kari.id) == before
    assert undoable(kari.id) == []
    assert replanning.held_rest(db.session(), office(), kari.id, now=NOW)


def test_the_rest_is_where_it_was_kept_and_comes_back_in_one(kari: Course) -> None:
    now = session_of(kari.id, 3).ends_at
    before = facts(kari.id)
    hold_rest(kari.id, now=now)
    replan(kari.id, now=now)
    sessions = [a for a in course(kari.id).appointments if a.kind == "session"]
    usual = [oslo(a.starts_at).weekday() for a in sessions if a.deviation is None]
    assert usual[:3] == [1, 1, 1]
    assert set(usual[3:]) == {3}
    assert_claims_match(db.session(), now)
    undo(kari.id, now=now)
    assert facts(kari.id) == before


def test_the_rest_is_changed_once(kari: Course) -> None:
    hold_rest(kari.id)
    replan(kari.id)
    with pytest.raises(HoldExpired):
        replan(kari.id)
    assert len(undoable(kari.id)) == 1


def test_new_times_may_lie_over_the_old_ones(kari: Course) -> None:
    hold_rest(kari.id, days=frozenset({1}), start=date(2027, 4, 13))
    assert_claims_match(db.session(), NOW)
    before = {a.starts_at for a in kari.appointments}
    replan(kari.id)
    stayed = before & {a.starts_at for a in course(kari.id).appointments}
    assert len(stayed) >= 8
    moved = [a for a in course(kari.id).appointments if a.sequence]
    assert len(moved) <= 2


def test_another_plan_is_kept_instead_of_the_first(kari: Course) -> None:
    hold_rest(kari.id)
    hold_rest(kari.id, days=frozenset({2}))
    replan(kari.id)
    assert oslo(session_of(kari.id, 5).starts_at).weekday() == 2


def test_kept_times_lapse(kari: Course) -> None:
    hold_rest(kari.id)
    late = NOW + office().hold
    assert replanning.held_rest(db.session(), office(), kari.id, now=late) is None
    with pytest.raises(HoldExpired):
        replan(kari.id, now=late)


def test_times_kept_for_another_state_of_the_course_are_not_used(kari: Course) -> None:
    hold_rest(kari.id)
    cancel(session_of(kari.id, 3))
    with pytest.raises(HoldExpired):
        replan(kari.id)
    assert_claims_match(db.session(), NOW)


def test_a_late_replan_costs_as_much_as_late_moves(kari: Course) -> None:
    late = session_of(kari.id, 3).starts_at - timedelta(hours=3)
    hold_rest(kari.id, now=late)
    hold = replanning.held_rest(db.session(), office(), kari.id, now=late)
    assert hold is not None
    costs = replanning.charges_of_replan(db.session(), course(kari.id), hold, now=late)
    replan(kari.id, now=late)
    expected = [(cost.amount, cost.excused) for _, cost in costs if cost.amount or cost.excused]
    assert fees(kari.id) == expected
    assert expected == [(0, True)]


def test_a_course_without_sessions_to_come_is_not_planned_anew(kari: Course) -> None:
    with pytest.raises(NotAllowed):
        hold_rest(kari.id, now=session_of(kari.id, 9).ends_at)
