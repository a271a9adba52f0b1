"""Schedule: weeks and days as the clinics see them, and moves that say first what they break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from booking.domain.period import oslo
from booking.services.accounts import CLINICIAN, IDLE_FOR
from booking.store.accounts import StaffSession
from booking.store.appointments import Appointment
from booking.store.clinics import Clinic
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.replies import Reply
from booking.store.schedules import Absence, RoomClosure
from booking.store.unit_of_work import unit_of_work
from booking.web.staff.schedule import week_name
from booking.web.staff.sheet import short_names
from tests.builders import NOW, booked_course
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.changers import session_of
from tests.services.desk import logged
from tests.staff import ADA, ASK, RITA, Person, signed_in
from tests.web.walker import Walker

pytestmark = only_sqlite

BJORK = Person("Bjørk Prøvesen", CLINICIAN, clinician="bjork-provesen")


@pytest.fixture
def kari(demo_app: Flask) -> Course:
    with demo_app.app_context():
        return booked_course(needs=("interpreter",))


def at_work(app: Flask, person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker


def third_of(app: Flask, course: Course) -> Appointment:
    with app.app_context():
        return session_of(course.id, 3)


def week_of(appointment: Appointment) -> str:
    monday = oslo(appointment.starts_at).date()
    return f"/en/staff/clinicians/{appointment.clinician_id}/week?week={week_name(monday)}"


def column(walker: Walker, appointment: Appointment) -> str:
    """The words of the column of the appointment's day."""
    day = f"d{oslo(appointment.starts_at).date()}"
    found = next(each for each in walker.main.iter("section") if each.get("id") == day)
    return " ".join(" ".join(found.itertext()).split())


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that go to the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_a_week_shows_time_name_which_session_and_what_she_needs(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    words = column(at_work(demo_app).open(week_of(third)), third)
    whole = {name: name for name in ("Odd Demovik", "Ola Demovik", "Siv")}
    assert short_names([*whole, KARI.name]) == {**whole, KARI.name: "K. Prøve"}
    for each in (f"{oslo(third.starts_at):%H:%M}", KARI.name, "K. Prøve", "3/9", "Session 3 of 9", "An interpreter"):
        assert each in words


def test_a_closed_day_bears_its_names(demo_app: Flask) -> None:
    text = at_work(demo_app).open("/en/staff/clinicians/1/week?week=2027-W20").text
    assert "Whit Monday, Constitution Day" in text
    assert "Closed" in text


def test_an_absence_and_a_room_out_of_use_stand_there(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    start, end = third.starts_at + timedelta(hours=2), third.starts_at + timedelta(hours=3)
    with demo_app.app_context():
        gone = Absence(clinician_id=third.clinician_id, starts_at=start, ends_at=end, kind="course")
        shut = RoomClosure(room_id=third.room_id, starts_at=start, ends_at=end, reason="Painted")
        unit_of_work(lambda session: session.add_all([gone, shut]))
    desk = at_work(demo_app)
    assert "Away" in column(desk.open(week_of(third)), third)
    room = f"/en/staff/clinics/{third.clinic_id}/rooms/{third.room_id}/week?day={oslo(third.starts_at).date()}"
    words = column(desk.open(room), third)
    assert "Out of use: Painted" in words
    assert KARI.name in words


def test_the_name_of_an_absence_stands_where_no_appointment_hides_it(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    start, end = third.starts_at, third.ends_at + timedelta(hours=1)
    with demo_app.app_context():
        gone = Absence(clinician_id=third.clinician_id, starts_at=start, ends_at=end, kind="holiday")
        unit_of_work(lambda session: session.add(gone))
    called = at_work(demo_app).open(week_of(third)).main.iter("li")
    (away,) = [each for each in called if "Away: Holiday" in "".join(each.itertext())]
    free_from = oslo(third.ends_at)
    assert away.get("class").startswith(f"at h{free_from.hour} m{free_from.minute // 5} l1")
    assert f"{oslo(start):%H:%M}" in "".join(away.itertext())


@pytest.mark.parametrize(("person", "words"), [(ASK, "Health note"), (RITA, "Note for the clinician")])
def test_only_she_who_treats_is_told_that_there_is_a_health_note_to_read(
    demo_app: Flask, kari: Course, person: Person, words: str
) -> None:
    with demo_app.app_context():

        def flag(session: Any) -> int:
            session.get_one(Screening, kari.id).outcome = "flag"
            treated = session.scalars(select(Appointment).where(Appointment.course_id == kari.id)).all()
            for each in treated:
                each.clinician_id = 1
            return 0

        unit_of_work(flag)
    third = third_of(demo_app, kari)
    assert words in column(at_work(demo_app, person).open(week_of(third)), third)


def test_a_colleagues_patients_are_only_taken_times_to_a_clinician(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    day = f"/en/staff/clinics/{third.clinic_id}/day?day={oslo(third.starts_at).date()}"
    colleague = BJORK if third.clinician_id == 1 else ASK
    text = at_work(demo_app, colleague).open(day).text
    assert KARI.name not in text
    assert "Taken" in text


def test_an_administrator_without_clinics_begins_with_the_first(demo_app: Flask) -> None:
    with demo_app.app_context():
        first = db.session.scalars(select(Clinic.id).order_by(Clinic.position)).first()
    start = signed_in(demo_app, ADA).get("/en/staff")
    assert start.headers["Location"].endswith(f"/en/staff/clinics/{first}/day")


@pytest.mark.parametrize("odd", ["week=2027-W99", "week=9999-W52", "day=2027-13-01", "day=0001-01-01", "week="])
def test_a_week_that_is_none_is_this_one(demo_app: Flask, odd: str) -> None:
    assert "1 to 5 March 2027" in at_work(demo_app).open(f"/en/staff/clinicians/1/week?{odd}").text


def test_a_day_on_which_nobody_works_says_so(demo_app: Flask) -> None:
    assert "Nobody works here on this day." in at_work(demo_app).open("/en/staff/clinics/1/day?day=2027-03-07").text


def test_a_week_asks_as_much_of_the_database_however_full_it_is(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    path = week_of(third)
    desk, counts = at_work(demo_app).open(path), []
    day = f"/en/staff/clinics/{third.clinic_id}/day?day={oslo(third.starts_at).date()}"
    for patient in (None, SIV):
        with demo_app.app_context():
            if patient:
                booked_course(patient)
            db.session.rollback()
            for each in (path, day):
                with counted() as seen:
                    desk.open(each)
                counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert max(counts) < 50


# -- what others do ---------------------------------------------------------------------------------------------------


def state(walker: Walker) -> tuple[str, dict[str, str]]:
    """Where the page asks whether it is still as it stands, and by what."""
    watch = next(each for each in walker.main.iter("div") if each.get("data-watch"))
    return watch.get("data-watch"), {"If-None-Match": f'"{watch.get("data-state")}"'}


def test_a_page_learns_that_something_has_changed_elsewhere(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    desk = at_work(demo_app).open(week_of(third))
    address, headers = state(desk)
    assert desk.client.get(address, headers=headers).status_code == 304
    with demo_app.app_context():
        unit_of_work(lambda session: setattr(session.get_one(Appointment, third.id), "status", "arrived"))
    assert desk.client.get(address, headers=headers).status_code == 200


def test_asking_by_itself_keeps_nobody_signed_in(demo_app: Flask) -> None:
    desk = at_work(demo_app).open("/en/staff/clinicians/1/week")
    address, headers = state(desk)
    with demo_app.app_context():

        def idle(session: Any) -> None:
            session.scalars(select(StaffSession)).one().seen_at = NOW - IDLE_FOR + timedelta(minutes=5)

        unit_of_work(idle)
        desk.client.get(address, headers=headers)
        seen = db.session.scalars(select(StaffSession)).one().seen_at
    assert seen == NOW - IDLE_FOR + timedelta(minutes=5)


# -- moving -----------------------------------------------------------------------------------------------------------


def place(appointment: Appointment, *, minute: str) -> dict[str, str]:
    """Another time on the same day, as the form sends it."""
    with_whom = {1: "ask-eksempel~lambertseter", 2: "bjork-provesen~lambertseter"}[appointment.clinician_id]
    return {"day": f"{oslo(appointment.starts_at):%Y-%m-%d}", "time": minute, "with": with_whom}


def test_the_form_shows_what_breaks_and_what_is_sent_before_it_moves(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move")
    assert "Free times that keep the course whole" in desk.text
    desk.send(nth=0, **place(third, minute="06:00"))
    for words in ("This breaks:", "It is outside of the working hours", "an e-mail goes to", "Move it all the same"):
        assert words in desk.text
    assert third_of(demo_app, kari).starts_at == third.starts_at
    desk.send("/move")
    assert f"{KARI.name} is moved from" in desk.text
    assert oslo(third_of(demo_app, kari).starts_at).hour == 6
    assert "It is as it was before." in desk.send("/undo").text
    assert third_of(demo_app, kari).starts_at == third.starts_at


def test_after_a_move_from_the_week_the_week_offers_to_undo_it(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move?back=week")
    desk.send(nth=0, **place(third, minute="06:00")).send("/move")
    assert desk.path == week_of(third).partition("?")[0]
    assert "You can undo this until" in desk.text
    assert desk.send("/undo").path == week_of(third).partition("?")[0]


def test_what_cannot_be_has_no_button(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    with demo_app.app_context():
        fourth = session_of(kari.id, 4)
    asked = place(fourth, minute=f"{oslo(fourth.starts_at):%H:%M}")
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move").send(nth=0, **asked)
    assert "The patient has another appointment then." in desk.text
    assert "Move it all the same" not in desk.text


def test_who_is_second_sees_what_the_first_did_with_her_own_wish_kept(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    late = at_work(demo_app, ADA).open(f"/en/staff/appointments/{third.id}/move")
    late.send(nth=0, **place(third, minute="07:00"))
    first = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move")
    first.send(nth=0, **place(third, minute="06:00")).send("/move")
    late.send("/move")
    assert late.status == 409
    assert "at 06:00" in late.text
    assert "at 07:00" in late.text
    assert oslo(third_of(demo_app, kari).starts_at).hour == 6


@pytest.mark.parametrize("to", ["nonsense", "2027-04-20T09:01~ask-eksempel~lambertseter", "2027-04-20T09:00~x~y"])
def test_a_place_that_is_none_is_asked_for_again(demo_app: Flask, kari: Course, to: str) -> None:
    third = third_of(demo_app, kari)
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move?to={to}")
    assert desk.status == 422
    assert "Choose a day, a time and with whom." in desk.text


@pytest.mark.parametrize("night", ["2027-03-28", "2027-10-31"])
def test_in_the_night_of_a_clock_change_no_time_is_chosen_that_does_not_come_or_comes_twice(
    demo_app: Flask, kari: Course, night: str
) -> None:
    third = third_of(demo_app, kari)
    to = f"{night}T02:30~ask-eksempel~lambertseter"
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move?to={to}")
    assert (desk.status, "The clock is changed that night" in desk.text) == (422, True)


def test_nobody_moves_to_a_clinic_that_is_not_hers(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    to = f"{oslo(third.starts_at):%Y-%m-%d}T10:00~embla-monstervik~eidsvoll-sundet"
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}/move?to={to}")
    assert "That clinic is not yours." in desk.text


# -- one appointment --------------------------------------------------------------------------------------------------


def test_an_appointment_shows_what_to_know_and_leads_to_the_time_that_her_calendar_proposes(
    demo_app: Flask, kari: Course
) -> None:
    third = third_of(demo_app, kari)
    with demo_app.app_context():
        facts = {"sequence": third.sequence, "stamped_at": NOW, "received_at": NOW}
        start, end = third.starts_at + timedelta(days=1), third.ends_at + timedelta(days=1)
        asked = Reply(appointment_id=third.id, answer="counter", proposed_start=start, proposed_end=end, **facts)
        unit_of_work(lambda session: session.add(asked))
    desk = at_work(demo_app).open(f"/en/staff/appointments/{third.id}")
    for words in (KARI.name, "Session 3 of 9", "30 minutes", "An interpreter", "The calendar proposes", "Booked"):
        assert words in desk.text
    desk.open(desk.link("See what moving there changes"))
    assert desk.status == 200
    assert "From" in desk.text


def test_each_look_at_an_appointment_and_at_a_list_is_noted(demo_app: Flask, kari: Course) -> None:
    third = third_of(demo_app, kari)
    at_work(demo_app).open(week_of(third)).open(f"/en/staff/appointments/{third.id}")
    with demo_app.app_context():
        assert logged()[-2:] == [("look_list", RITA.name, None), ("look_appointment", RITA.name, third.id)]
