"""The pages that book for a caller: who she is, which times, read aloud and booked; a walk-in; and what is printed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.store.appointments import ARRIVED, Appointment, drop_held_claims
from booking.store.courses import RUNNING, WAITING, Course
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.unit_of_work import unit_of_work
from tests.builders import booked_course
from tests.people import KARI, SIV
from tests.staff import FRIDA, RITA, Person, signed_in
from tests.web.walker import Walker

BOOK = "/en/staff/book"
WISHES = {"day": "tue", "part": "morning", "from": "2027-04-05"}


class Desk(Walker):
    """A walker who is signed in; the form that ends her call is none of those that she sends."""

    def __init__(self, app: Flask, person: Person = RITA) -> None:
        super().__init__(app)
        self.client = signed_in(app, person)

    def forms(self, ending: str = "") -> list[Any]:
        found = super().forms(ending)
        return found if ending else [form for form in found if not form.get("action").endswith("/drop")]

    @property
    def call(self) -> str:
        return self.path.split("/")[4]


@pytest.fixture
def desk(demo_app: Flask) -> Desk:
    with demo_app.app_context():
        return Desk(demo_app)


def planned(desk: Desk, **who: str) -> Desk:
    """The plans that a caller may choose from on Tuesday mornings."""
    return desk.open(BOOK).send(what="course", **who).send("/plan#proposals", **WISHES)


def kept(desk: Desk, **who: str) -> Desk:
    """One session that a caller has chosen, to be read aloud to her."""
    desk.open(BOOK).send(what="needle-session", **who)
    return some_time(desk)


def some_time(desk: Desk) -> Desk:
    """The last time of the first day: the first could run out while a slow machine thinks."""
    desk.open(next(a.get("href") for a in desk.main.iter("a") if "&on=" in (a.get("href") or "")))
    times = [e.get("value") for e in desk.main.iter("button") if e.get("name") == "time"]
    return desk.send("/choose", time=times[-1])


def courses(desk: Desk) -> list[Course]:
    with desk.client.application.app_context():
        db.session.rollback()
        return list(db.session.scalars(select(Course).order_by(Course.id)))


def test_a_caller_without_e_mail_is_booked_in_four_steps(desk: Desk) -> None:
    planned(desk, name="Kari Prøve", mobile="+46701740605", born="170579").send("/choose")
    assert "Read aloud" in desk.text
    assert desk.value("name") == "Kari Prøve"
    desk.send("/check", gate="no")
    assert "10 visits are booked" in desk.text
    assert "send the letter" in desk.text
    (course,) = courses(desk)
    assert (course.name, course.email, course.status) == ("Kari Prøve", None, RUNNING)


def test_a_call_begins_in_its_first_field_and_speaks_of_the_caller(desk: Desk) -> None:
    assert [e.get("id") for e in desk.open(BOOK).main.iter() if "autofocus" in e.attrib] == ["what-0"]
    named = desk.open(f"{BOOK}?what=course")
    assert [e.get("id") for e in named.main.iter() if "autofocus" in e.attrib] == ["name"]
    assert [e.get("id") for e in named.send(what="").tree.iter() if "autofocus" in e.attrib] == ["error-summary"]
    assert "Days that suit Mon" in planned(desk).text
    assert "Comes with a companion" in desk.send("/choose").text


def test_times_come_before_anything_is_told_of_the_caller(desk: Desk) -> None:
    kept(desk)
    desk.send("/check", gate="no")
    assert desk.status == 422
    assert "Write the name." in desk.text
    assert "Write the birth date." in desk.text
    desk.send("/check", gate="no", name="Kari Prøve", born="17.5.1979")
    assert "The visit is booked" in desk.text


def test_who_was_here_before_is_suggested_and_picked(desk: Desk) -> None:
    with desk.client.application.app_context():
        before = booked_course(SIV)
    desk.open(BOOK).send(what="needle-session", mobile=SIV.mobile or "")
    assert desk.path.endswith("/who")
    assert SIV.name in desk.text
    some_time(desk.send(patient=str(before.patient_id)))
    assert (desk.value("name"), desk.value("email")) == (SIV.name, SIV.email)
    desk.send("/check", gate="no")
    assert courses(desk)[-1].patient_id == before.patient_id


def test_who_is_named_only_at_the_end_is_suggested_then(desk: Desk) -> None:
    with desk.client.application.app_context():
        before = booked_course(SIV)
    kept(desk).send("/check", gate="no", name=SIV.name, born="2.11.1985")
    assert "Is it one of these?" in desk.text
    desk.send("/check", patient=str(before.patient_id))
    assert courses(desk)[-1].patient_id == before.patient_id


def test_a_second_course_waits_and_the_desk_is_told_before(desk: Desk) -> None:
    with desk.client.application.app_context():
        before = booked_course(SIV)
    desk.open(f"{BOOK}?patient={before.patient_id}").send(what="course", born="").send("/choose")
    assert "The patient has a course that is not over" in desk.text
    desk.send("/check", gate="no")
    assert courses(desk)[-1].status == WAITING
    assert "another course that is not over" in desk.text


def test_a_date_can_be_changed_before_it_is_chosen(desk: Desk) -> None:
    planned(desk)
    desk.open(desk.link("Change a date"))
    desk.open(desk.link("Other times that week"))
    desk.open(next(a.get("href") for a in desk.main.iter("a") if "swap=" in (a.get("href") or "")))
    assert "With your changes" in desk.text
    assert desk.path == f"{BOOK}/{desk.call}/plan"


def test_two_calls_in_two_tabs_do_not_mix(desk: Desk, demo_app: Flask) -> None:
    kept(desk, name="Kari Prøve")
    first = desk.path
    kept(desk, name="Siv Fremmed")
    assert desk.open(first).value("name") == "Kari Prøve"
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Hold)) == 2


def test_another_desk_sees_nothing_of_a_call(desk: Desk, demo_app: Flask) -> None:
    kept(desk, name="Kari Prøve")
    with demo_app.app_context():
        other = Desk(demo_app, FRIDA)
    assert other.open(desk.path).path == BOOK
    assert "Kari" not in other.text


def test_what_is_ended_without_booking_is_free_again(desk: Desk, demo_app: Flask) -> None:
    kept(desk, name="Kari Prøve")
    ended = desk.path
    drop = next(form for form in desk.main.iter("form") if (form.get("action") or "").endswith("/drop"))
    token = next(e.get("value") for e in drop.iter("input"))
    desk.post(drop.get("action"), {"csrf_token": token})
    assert "Nothing is kept" in desk.text
    assert desk.open(ended).path == BOOK
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Hold)) == 0


def test_only_times_at_the_clinics_of_the_desk_are_offered(desk: Desk) -> None:
    planned(desk)
    assert "Eidsvoll" not in desk.text
    desk.open(f"{BOOK}/{desk.call}/plan?clinic=eidsvoll-sundet")
    assert "There is no clinic" in desk.text


def test_an_answer_that_asks_for_a_talk_keeps_the_times(desk: Desk) -> None:
    kept(desk, name="Kari Prøve", born="17.5.1979", mobile="+46701740605")
    desk.send("/check", gate="no", conditions=["bleeding"])
    assert "Something is ticked" in desk.text
    desk.send("/check", gate="yes")
    assert "The time is kept" in desk.text
    assert "bleed" not in desk.text


def test_times_that_somebody_took_are_replaced_with_everything_typed_kept(desk: Desk, demo_app: Flask) -> None:
    kept(desk, name="Kari Prøve")
    with demo_app.app_context():
        lost = db.session.scalars(select(Hold)).one().times[0].id
        unit_of_work(lambda session: drop_held_claims(session, [lost]))
    desk.send("/check", gate="no", born="17.5.1979")
    assert "One time was taken meanwhile" in desk.text
    field = next(e for e in desk.main.iter("input") if (e.get("name") or "").startswith("instead_"))
    desk.send("/lost", **{field.get("name"): field.get("value")})
    assert (desk.value("name"), desk.value("born")) == ("Kari Prøve", "17.5.1979")


# -- a walk-in --------------------------------------------------------------------------------------------------------


def test_a_walk_in_is_booked_and_has_arrived(desk: Desk, demo_app: Flask) -> None:
    desk.open("/en/staff/walk-in")
    place = next(e.get("value") for e in desk.main.iter("input") if e.get("name") == "place")
    desk.send("/walk-in", place=place, name="Kari Prøve", born="17.5.1979", gate="unsure")
    assert "talks with the patient first" in desk.text
    desk.send("/walk-in", place=place, spoken="y")
    with demo_app.app_context():
        assert [a.status for a in db.session.scalars(select(Appointment))] == [ARRIVED]


# -- paper ------------------------------------------------------------------------------------------------------------


def test_a_letter_is_in_her_language_and_keeps_no_address(desk: Desk) -> None:
    with desk.client.application.app_context():
        course = booked_course(KARI, email=None)
    desk.open(f"/en/staff/courses/{course.id}/letter")
    assert desk.path == f"/nb/staff/courses/{course.id}/letter"
    desk.send("/letter", address="Kari Prøve\nPrøvegata 1\n0001 OSLO")
    assert "0001 OSLO" in desk.text
    assert course.reference in desk.text
    assert "0001" not in desk.open(desk.path).text


def test_a_sheet_has_all_dates_and_no_secret_link(desk: Desk) -> None:
    with desk.client.application.app_context():
        course = booked_course(KARI, email=None)
    desk.open(f"/nb/staff/courses/{course.id}/sheet")
    assert len(list(desk.main.iter("time"))) == 10
    assert "/c/" not in desk.response.text
    assert course.reference in desk.text


def test_the_front_desk_of_another_clinic_prints_nothing(demo_app: Flask) -> None:
    with demo_app.app_context():
        course = booked_course(KARI)
        other = Desk(demo_app, FRIDA)
    assert other.open(f"/nb/staff/courses/{course.id}/letter").status == 404
