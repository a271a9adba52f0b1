"""Status: arrived, over and missed, each by one press, taken back by another, and never over somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.domain.appointment import Action
from booking.domain.errors import ChangedMeanwhile, MadeUpFor, NotAllowed, UnknownAppointment
from booking.services.status import actions_for, set_status
from booking.store.appointments import ARRIVED, BOOKED, FULFILLED, NOSHOW
from booking.store.changes import Fee
from booking.store.courses import Course
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, course, office
from tests.services.changers import AT, extend, session_of
from tests.services.desk import again, fees, logged, set_to
from tests.staff import RITA, reach

pytestmark = pytest.mark.usefixtures("claims_kept")


def numbers(course_id: int) -> list[int]:
    sessions = (a for a in course(course_id).appointments if a.kind == "session")
    return [a.number for a in sorted(sessions, key=lambda a: a.starts_at)]


def test_a_patient_who_comes_early_has_arrived(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert set_to(third, Action.ARRIVE, now=third.starts_at - timedelta(minutes=9)).status == ARRIVED


def test_a_visit_is_over_only_once_it_has_begun(kari: Course) -> None:
    third = session_of(kari.id, 3)
    with pytest.raises(NotAllowed):
        set_to(third, Action.FULFIL, now=third.starts_at - timedelta(minutes=1))
    assert set_to(third, Action.FULFIL, now=third.starts_at).status == FULFILLED


def test_who_did_not_come_owes_the_price(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert set_to(third, Action.MISS, now=third.ends_at).status == NOSHOW
    assert fees(kari.id) == [(third.price, False)]


def test_who_came_after_all_owes_nothing(kari: Course) -> None:
    third = session_of(kari.id, 3)
    missed = set_to(third, Action.MISS, now=third.ends_at)
    assert set_to(missed, Action.REOPEN, now=third.ends_at).status == BOOKED
    assert fees(kari.id) == []


def test_a_fee_that_was_charged_stays_in_the_books(kari: Course) -> None:
    third = session_of(kari.id, 3)
    missed = set_to(third, Action.MISS, now=third.ends_at)
    unit_of_work(lambda s: setattr(s.scalars(select(Fee)).one(), "charged_at", NOW))
    reopened = set_to(missed, Action.REOPEN, now=third.ends_at)
    set_to(reopened, Action.MISS, now=third.ends_at)
    assert fees(kari.id) == [(third.price, False)]


@pytest.mark.parametrize("action", [Action.ARRIVE, Action.FULFIL, Action.MISS])
def test_each_status_is_taken_back(kari: Course, action: Action) -> None:
    third = session_of(kari.id, 3)
    done = set_to(third, action, now=third.ends_at)
    assert set_to(done, Action.REOPEN, now=third.ends_at).status == BOOKED


def test_what_somebody_else_did_meanwhile_stands(kari: Course) -> None:
    third = session_of(kari.id, 3)
    seen = third.version
    set_to(third, Action.ARRIVE, now=third.starts_at)
    with pytest.raises(ChangedMeanwhile):
        set_to(third, Action.MISS, now=third.ends_at, version=seen)
    assert again(third).status == ARRIVED
    assert fees(kari.id) == []


def test_two_who_set_the_same_status_set_it_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    seen = third.version
    set_to(third, Action.MISS, now=third.ends_at, version=seen)
    set_to(third, Action.MISS, now=third.ends_at, version=seen)
    assert fees(kari.id) == [(third.price, False)]
    assert [action for action, *_ in logged()] == ["status"]


def test_what_moves_an_appointment_is_no_status(kari: Course) -> None:
    third = session_of(kari.id, 3)
    with pytest.raises(NotAllowed):
        set_to(third, Action.CANCEL, now=NOW)
    with pytest.raises(UnknownAppointment):
        set_status(office(), 999_999, Action.MISS, version=0, who=reach(RITA).who, now=NOW, at=AT)


def test_a_session_that_was_not_missed_has_its_number_again(kari: Course) -> None:
    third = session_of(kari.id, 3)
    missed = set_to(third, Action.MISS, now=third.ends_at)
    set_to(missed, Action.REOPEN, now=third.ends_at)
    assert numbers(kari.id) == list(range(1, 10))


def test_a_session_that_was_made_up_for_stays_missed(kari: Course) -> None:
    third = session_of(kari.id, 3)
    missed = set_to(third, Action.MISS, now=third.ends_at)
    extend(kari.id, now=third.ends_at)
    with pytest.raises(MadeUpFor):
        set_to(again(missed), Action.REOPEN, now=third.ends_at)
    assert again(third).status == NOSHOW


def test_the_logbook_tells_who_set_a_status(kari: Course) -> None:
    third = session_of(kari.id, 3)
    set_to(third, Action.ARRIVE, now=third.starts_at)
    assert logged() == [("status", RITA.name, third.id)]


def test_only_what_may_be_done_is_offered(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert actions_for(third, now=NOW) == ()
    assert actions_for(third, now=third.starts_at - timedelta(minutes=9)) == (Action.ARRIVE,)
    assert actions_for(third, now=third.starts_at) == (Action.ARRIVE, Action.FULFIL, Action.MISS)
    missed = set_to(third, Action.MISS, now=third.ends_at)
    assert actions_for(missed, now=third.ends_at) == (Action.REOPEN,)
