"""Desk moves: the clinic may break spacing and hours when it has read so; two in one place it never makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask

from booking.domain.appointment import Actor
from booking.domain.errors import BookingError, ChangedMeanwhile, DoesNotFit, NotAllowed, SlotTaken
from booking.domain.period import at_wall, oslo
from booking.services import desk_moves
from booking.services.changes import Place
from booking.services.desk_cancel import take_back
from booking.services.desk_moves import BrokenKind, broken_by
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.schedules import Absence
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, booked_course, office
from tests.people import SIV
from tests.services.changers import AT, elsewhere, place_at, review_of, session_of, undoable
from tests.services.desk import again, fees, logged
from tests.staff import ADA, RITA, Person, reach

pytestmark = pytest.mark.usefixtures("claims_kept")


def moved(
    appointment: Appointment,
    place: Place,
    *,
    by: Person = RITA,
    version: int | None = None,
    all_the_same: bool = False,
    payer: Actor = Actor.CLINIC,
    now: datetime = NOW,
) -> Appointment:
    verb = desk_moves.move_all_the_same if all_the_same else desk_moves.move
    seen = appointment.version if version is None else version
    verb(office(), appointment.id, place, payer=payer, version=seen, who=reach(by).who, now=now, at=AT)
    return again(appointment)


def broken(appointment: Appointment, place: Place, *, now: datetime = NOW) -> list[BrokenKind]:
    db.session.rollback()
    found = db.session.get_one(Appointment, appointment.id)
    kinds = [each.kind for each in broken_by(db.session(), office(), found, place, now=now)]
    db.session.rollback()
    return kinds


def later(appointment: Appointment, *, days: int = 0, minute: int | None = None) -> Place:
    """The same place so many days later, or at another minute of the day."""
    place, start = place_at(appointment), oslo(appointment.starts_at)
    wall = start.hour * 60 + start.minute if minute is None else minute
    return replace(place, start=at_wall(start.date() + timedelta(days=days), wall))


def test_a_place_that_the_course_offers_breaks_nothing_and_is_taken(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = elsewhere(third)
    assert broken(third, place) == []
    assert place_at(moved(third, place)) == place


def test_who_moved_it_stands_in_the_change_and_in_the_logbook(kari: Course) -> None:
    third = session_of(kari.id, 3)
    moved(third, elsewhere(third))
    assert [change.account_id for change in undoable(kari.id, by=Actor.CLINIC)] == [reach(RITA).account_id]
    assert logged()[-1] == ("move", RITA.name, third.id)


def test_the_same_move_twice_is_one(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = elsewhere(third)
    moved(third, place)
    moved(third, place, version=third.version)
    assert len(undoable(kari.id, by=Actor.CLINIC)) == 1


def test_who_asks_late_for_another_time_pays_for_it_as_for_cancelling(kari: Course) -> None:
    third, fourth, fifth, sixth = (session_of(kari.id, number) for number in (3, 4, 5, 6))
    for each, payer in ((third, Actor.CLINIC), (fourth, Actor.PATIENT), (fifth, Actor.PATIENT)):
        late = each.starts_at - timedelta(hours=2)
        moved(each, elsewhere(each, now=late), payer=payer, now=late)
    late = sixth.starts_at - timedelta(hours=2)
    moved(sixth, later(sixth, minute=19 * 60), payer=Actor.PATIENT, all_the_same=True, now=late)
    assert fees(kari.id) == [(0, True), (fifth.price, False), (sixth.price, False)]


def test_the_week_of_another_session_is_broken_only_by_who_says_so(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = later(third, days=8)
    assert BrokenKind.WEEK in broken(third, place)
    with pytest.raises(DoesNotFit):
        moved(third, place)
    assert place_at(moved(third, place, all_the_same=True)) == place


def test_too_near_names_the_other_session(kari: Course) -> None:
    third = session_of(kari.id, 3)
    found = broken_by(db.session(), office(), third, later(third, days=3), now=NOW)
    assert (BrokenKind.NEAR, 4) in [(each.kind, each.number) for each in found]
    db.session.rollback()


def test_outside_of_the_hours_only_who_says_so_can_put_it(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = later(third, minute=6 * 60)
    assert broken(third, place) == [BrokenKind.HOURS]
    assert place_at(moved(third, place, all_the_same=True)) == place


def test_nobody_can_put_two_with_one_clinician(kari: Course) -> None:
    siv = booked_course(SIV, TUESDAYS)
    third = session_of(kari.id, 3)
    before, hers = place_at(third), place_at(session_of(siv.id, 3))
    assert BrokenKind.TAKEN in broken(third, hers)
    with pytest.raises(SlotTaken):
        moved(third, hers, all_the_same=True)
    assert place_at(again(third)) == before


def test_nobody_can_put_one_where_the_patient_is_already(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    assert BrokenKind.PATIENT in broken(third, place_at(fourth))
    with pytest.raises(DoesNotFit):
        moved(third, place_at(fourth), all_the_same=True)


def test_nobody_can_put_one_where_the_clinician_is_away(kari: Course) -> None:
    third = session_of(kari.id, 3)
    place = later(third, days=1)
    day = oslo(place.start).date()
    whole = Absence(
        clinician_id=third.clinician_id,
        starts_at=at_wall(day, 0),
        ends_at=at_wall(day + timedelta(days=1), 0),
        kind="ill",
    )
    unit_of_work(lambda session: session.add(whole))
    assert BrokenKind.AWAY in broken(third, place)


def test_a_holiday_is_named(kari: Course) -> None:
    third = session_of(kari.id, 3)
    ascension = replace(place_at(third), start=at_wall(date(2027, 5, 6), 600))
    found = broken_by(db.session(), office(), third, ascension, now=NOW)
    assert [each.name["en"] for each in found if each.kind is BrokenKind.CLOSED and each.name] == ["Ascension Day"]
    db.session.rollback()


def test_what_is_over_is_no_place(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert broken(third, replace(place_at(third), start=NOW - timedelta(days=3))) == [BrokenKind.PAST]


def test_the_last_session_too_near_the_review_is_said(kari: Course) -> None:
    last, review = session_of(kari.id, 9), review_of(kari.id)
    place = replace(place_at(last), start=review.starts_at + timedelta(days=1))
    assert BrokenKind.REVIEW in broken(last, place)


def test_what_has_begun_is_moved_by_nobody(kari: Course) -> None:
    third = session_of(kari.id, 3)
    with pytest.raises(NotAllowed):
        moved(third, later(third, days=1), all_the_same=True, now=third.starts_at + timedelta(minutes=1))


def test_a_move_over_somebody_elses_is_refused(kari: Course) -> None:
    third = session_of(kari.id, 3)
    seen, place = third.version, elsewhere(third)
    moved(third, place)
    with pytest.raises(ChangedMeanwhile):
        moved(third, later(third, days=1), by=ADA, version=seen, all_the_same=True)
    assert place_at(again(third)) == place


def test_a_move_that_breaks_something_is_taken_back_like_any_other(kari: Course) -> None:
    third = session_of(kari.id, 3)
    before = place_at(third)
    moved(third, later(third, minute=6 * 60), all_the_same=True)
    (change,) = undoable(kari.id, by=Actor.CLINIC)
    take_back(office(), kari.id, change.id, who=reach(RITA).who, now=NOW, at=AT)
    assert place_at(again(third)) == before


def test_two_who_move_at_once_do_not_lose_each_others_work(kari: Course, demo_app: Flask) -> None:
    third, refused = session_of(kari.id, 3), list[BookingError]()
    places = [later(third, minute=6 * 60), later(third, minute=7 * 60)]
    who, together, id, version = reach(RITA).who, Barrier(2), third.id, third.version
    db.session.rollback()

    def act(place: Place) -> None:
        with demo_app.app_context():
            together.wait()
            try:
                desk_moves.move_all_the_same(office(), id, place, version=version, who=who, now=NOW, at=AT)
            except BookingError as refusal:
                refused.append(refusal)

    threads = [Thread(target=act, args=(place,)) for place in places]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [type(each) for each in refused] == [ChangedMeanwhile]
    assert place_at(again(third)) in places
