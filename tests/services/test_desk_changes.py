"""The front desk cancels, waives, makes up for and hands over: each once, told once, and never over another's work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from booking.domain.appointment import Action
from booking.domain.errors import ChangedMeanwhile, NotAllowed, NothingToUndo
from booking.domain.period import oslo
from booking.services import desk_cancel, handover, waivers
from booking.services.alteration import UNDO_FOR
from booking.services.desk_cancel import Reason
from booking.services.handover import handovers
from booking.services.load import loads
from booking.services.making_up import make_up
from booking.services.waivers import Why
from booking.store.appointments import BOOKED, CANCELLED, Appointment
from booking.store.changes import Change, Fee
from booking.store.courses import Course
from booking.store.database import db
from booking.store.people import clinician_by_slug
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, course, office
from tests.services.changers import AT, extra_weeks, move, place_of, session_of, settle
from tests.services.desk import again, cancel_at_desk, fees, logged, set_to
from tests.services.outbox import messages
from tests.staff import RITA, reach

pytestmark = pytest.mark.usefixtures("claims_kept_to_the_last_change")


def changes() -> list[Change]:
    db.session.rollback()
    return list(db.session.scalars(select(Change).order_by(Change.id)))


def news() -> list[str]:
    """The kinds of messages since the booking, but for those to calendars."""
    return [message.kind for message in messages()][11:]


def late(appointment: Appointment) -> datetime:
    return appointment.starts_at - timedelta(hours=2)


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_what_the_clinic_cancels_costs_nothing(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert cancel_at_desk(third, Reason.AWAY, now=late(third)).status == CANCELLED
    assert fees(kari.id) == []


def test_who_asks_to_cancel_late_uses_up_the_one_that_is_free(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    cancel_at_desk(third, Reason.ASKED, now=late(third))
    cancel_at_desk(fourth, Reason.ASKED, now=late(fourth))
    assert fees(kari.id) == [(0, True), (fourth.price, False)]


def test_a_cancelled_visit_is_told_once_nothing_can_be_undone(kari: Course) -> None:
    cancel_at_desk(session_of(kari.id, 3))
    assert settle(now=NOW + UNDO_FOR - timedelta(seconds=1)) == 0
    assert settle(now=NOW + UNDO_FOR) == 1
    assert news() == ["changed", "cancel"]


def test_who_cancelled_stands_with_the_change_and_in_the_logbook(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cancel_at_desk(third)
    cancel_at_desk(again(third))
    assert [change.account_id for change in changes()] == [reach(RITA).account_id]
    assert logged() == [("cancel", RITA.name, third.id)]


def test_what_the_desk_cancelled_it_takes_back(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cancel_at_desk(third)
    (change,) = changes()
    undo = {"who": reach(RITA).who, "at": AT}
    desk_cancel.take_back(office(), kari.id, change.id, now=NOW, **undo)
    desk_cancel.take_back(office(), kari.id, change.id, now=NOW, **undo)
    assert again(third).status == BOOKED
    assert [action for action, *_ in logged()] == ["cancel", "undo"]


def test_a_change_that_was_told_is_not_taken_back(kari: Course) -> None:
    cancel_at_desk(session_of(kari.id, 3))
    (change,) = changes()
    with pytest.raises(NothingToUndo):
        desk_cancel.take_back(office(), kari.id, change.id, who=reach(RITA).who, now=NOW + UNDO_FOR, at=AT)


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled(kari: Course) -> None:
    third = session_of(kari.id, 3)
    seen, who = third.version, reach(RITA).who
    move(third)
    with pytest.raises(ChangedMeanwhile):
        desk_cancel.cancel(office(), third.id, Reason.AWAY, version=seen, who=who, now=NOW, at=AT)
    assert again(third).status == BOOKED


# -- fees -------------------------------------------------------------------------------------------------------------


def missed(course_id: int) -> Fee:
    third = session_of(course_id, 3)
    set_to(third, Action.MISS, now=third.ends_at)
    return db.session.scalars(select(Fee)).one()


def test_a_fee_is_waived_and_owed_again(kari: Course) -> None:
    fee, who = missed(kari.id), reach(RITA).who
    waivers.waive(office(), fee.id, Why.ILL, who=who, now=NOW)
    waivers.waive(office(), fee.id, Why.KIND, who=who, now=NOW)
    assert db.session.get_one(Fee, fee.id, populate_existing=True).waived_at == NOW
    db.session.rollback()
    waivers.take_back_waiver(office(), fee.id, who=who, now=NOW)
    assert db.session.get_one(Fee, fee.id, populate_existing=True).waived_at is None
    assert [action for action, *_ in logged()] == ["status", "fee", "fee"]


def test_a_fee_that_was_charged_is_not_waived(kari: Course) -> None:
    fee, who = missed(kari.id), reach(RITA).who
    unit_of_work(lambda session: setattr(session.get_one(Fee, fee.id), "charged_at", NOW))
    with pytest.raises(NotAllowed):
        waivers.waive(office(), fee.id, Why.ILL, who=who, now=NOW)


def test_a_fee_that_is_waived_before_the_change_is_told_is_not_told(kari: Course) -> None:
    third, fourth, told = session_of(kari.id, 3), session_of(kari.id, 4), len(messages())
    cancel_at_desk(third, Reason.ASKED, now=late(third))
    settle(now=late(third) + UNDO_FOR)
    cancel_at_desk(fourth, Reason.ASKED, now=late(fourth))
    fee = db.session.scalars(select(Fee).where(Fee.amount > 0)).one()
    waivers.waive(office(), fee.id, Why.KIND, who=reach(RITA).who, now=late(fourth))
    settle(now=late(fourth) + UNDO_FOR)
    fees_told = [message.facts["fees"] for message in messages()[told:] if message.kind == "changed"]
    assert fees_told == [[{"amount": 0, "excused": True}], []]


# -- making up --------------------------------------------------------------------------------------------------------


def test_a_missed_session_is_made_up_for_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now = third.ends_at
    set_to(third, Action.MISS, now=now)
    place = place_of(extra_weeks(kari.id, now=now)[0].options[0])
    for _press in range(2):
        make_up(office(), kari.id, place, who=reach(RITA).who, now=now, at=AT)
    sessions = [a for a in course(kari.id).appointments if a.kind == "session"]
    assert [a.starts_at for a in sessions].count(place.start) == 1
    assert len(sessions) == 10
    assert [action for action, *_ in logged()] == ["status", "make_up"]


# -- another clinician ------------------------------------------------------------------------------------------------


def proposals(course_id: int, slug: str, *, now: datetime = NOW) -> list[handover.Handover]:
    db.session.rollback()
    clinician = clinician_by_slug(db.session(), slug)
    assert clinician is not None
    return handovers(db.session(), office(), db.session.get_one(Course, course_id), clinician, now=now)


def test_the_rest_of_a_course_goes_to_a_colleague_whole_and_is_told_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    now, over = (
        third.ends_at,
        {a.id: a.clinician_id for a in course(kari.id).appointments if a.starts_at < third.ends_at},
    )
    best = proposals(kari.id, "bjork-provesen", now=now)[0]
    told, revision = len(messages()), course(kari.id).revision
    handover.hand_over(office(), kari.id, best.plan, revision=revision, who=reach(RITA).who, now=now, at=AT)
    bjork = clinician_by_slug(db.session(), "bjork-provesen")
    assert bjork is not None
    after = course(kari.id).appointments
    assert {a.id: a.clinician_id for a in after if a.id in over} == over
    assert {a.clinician_id for a in after if a.id not in over} == {bjork.id}
    settle(now=now + UNDO_FOR)
    assert [m.kind for m in messages()][told:].count("changed") == 1


def test_a_proposal_keeps_as_many_times_as_a_colleague_has(kari: Course) -> None:
    best = proposals(kari.id, "bjork-provesen")[0]
    assert best.kept == len(best.pairs)
    assert {oslo(planned.start).weekday() for _appointment, planned in best.pairs} == {1}


def test_a_course_that_has_changed_since_is_not_handed_over(kari: Course) -> None:
    best, revision = proposals(kari.id, "bjork-provesen")[0], course(kari.id).revision
    move(session_of(kari.id, 3))
    with pytest.raises(ChangedMeanwhile):
        handover.hand_over(office(), kari.id, best.plan, revision=revision, who=reach(RITA).who, now=NOW, at=AT)


# -- load -------------------------------------------------------------------------------------------------------------


def test_a_course_that_runs_counts_where_its_lane_is(kari: Course) -> None:
    first, last = session_of(kari.id, 1), session_of(kari.id, 9)
    clinic, start = first.clinic_id, oslo(first.starts_at)
    db.session.rollback()
    found = {load.clinician_id: load for load in loads(db.session(), office(), clinic, now=NOW)}
    hers = found[first.clinician_id]
    assert [(load.running, load.to_begin) for load in found.values()].count((0, 1)) == 1
    taken = [lane for lane in hers.lanes if not lane.free]
    assert [(lane.weekday, lane.minute) for lane in taken] == [(1, start.hour * 60 + start.minute)]
    assert hers.next_free == oslo(last.starts_at).date() + timedelta(days=7)
    assert hers.free > 0
