"""Calls: who is to be rung stands there until somebody has; whoever is second sees what the first one did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from booking.services.logbook import COMMAND
from booking.services.tasks import ask_for_call, owe_call
from booking.store.appointments import Appointment
from booking.store.courses import RELEASED, RUNNING, Course
from booking.store.database import db
from booking.store.logbook import newest_entries
from booking.store.tasks import Task
from tests.builders import NOW, UNSURE, booked, booked_course, course, held, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.waiters import elsewhere_that_week, give_back, options_that_week, round_of_the_worker
from tests.staff import ADA, ASK, FRIDA, RITA, Person, reach, signed_in
from tests.web.walker import Walker

pytestmark = only_sqlite


@pytest.fixture
def kari(demo_app: Flask) -> Course:
    """Kari's times are kept until somebody has rung her."""
    with demo_app.app_context():
        return course(booked(held(), KARI, UNSURE).course_id)


def at_the_desk(app: Flask, person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker.open("/en/staff/calls")


def now_as(app: Flask, course_id: int) -> tuple[str, list[str | None]]:
    """The course's status, and the names of the accounts that have done its tasks."""
    with app.app_context():
        db.session.rollback()
        tasks = db.session.query(Task).filter_by(course_id=course_id)
        return course(course_id).status, [task.done_at and newest_entries(db.session())[0].actor for task in tasks]


def test_whom_to_ring_first_stands_there_with_number_deadline_and_what_is_kept(demo_app: Flask, kari: Course) -> None:
    text = at_the_desk(demo_app).text
    for words in (KARI.name, "Call first", "+46 70 174 06 05", "by the end of", kari.reference, "Lambertseter"):
        assert words in text


def test_whom_to_ring_about_a_course_that_runs_stands_there_with_her_next_visit(demo_app: Flask) -> None:
    with demo_app.app_context():
        first, second, *_rest = course(booked(held(), KARI).course_id).appointments
        first.starts_at, first.ends_at = (moment - timedelta(weeks=12) for moment in (first.starts_at, first.ends_at))
        db.session.commit()
        owe_call(office(), first.course_id, "parking", who=COMMAND, now=NOW)
        links = [a.get("href") for a in at_the_desk(demo_app).main.iter("a")]
    assert f"/en/staff/appointments/{second.id}" in links
    assert f"/en/staff/appointments/{first.id}" not in links


def test_the_navigation_counts_what_is_to_be_done_by_her(demo_app: Flask, kari: Course) -> None:
    counts = {}
    for person in (RITA, FRIDA):
        tree = at_the_desk(demo_app, person).tree
        (link,) = [a for a in tree.iter("a") if a.get("href") == "/en/staff/calls"][:1]
        counts[person.name] = "".join(link.itertext()).strip().removeprefix("Calls").strip()
    assert counts == {RITA.name: "1", FRIDA.name: ""}


def test_after_the_call_the_times_are_booked(demo_app: Flask, kari: Course) -> None:
    desk = at_the_desk(demo_app).send("/confirm")
    assert "Kari Prøve: The times are booked. An e-mail is on its way." in desk.text
    assert now_as(demo_app, kari.id) == (RUNNING, [RITA.name])


def test_or_they_are_given_back(demo_app: Flask, kari: Course) -> None:
    assert "The times are given back" in at_the_desk(demo_app).send("/release").text
    assert now_as(demo_app, kari.id) == (RELEASED, [RITA.name])


def test_who_is_second_sees_that_it_is_decided_and_changes_nothing(demo_app: Flask, kari: Course) -> None:
    late = at_the_desk(demo_app, ADA)
    at_the_desk(demo_app).send("/confirm")
    assert "somebody else has decided this already" in late.send("/release").text
    assert now_as(demo_app, kari.id)[0] == RUNNING


def test_a_clinician_rings_her_own_patients_and_nobody_else_decides(demo_app: Flask, kari: Course) -> None:
    with demo_app.app_context():
        treated_by_ask = any(a.clinician_id == reach(ASK).clinician_id for a in kari.appointments)
    assert (KARI.name in at_the_desk(demo_app, ASK).text) == treated_by_ask
    frida = at_the_desk(demo_app, FRIDA)
    assert KARI.name not in frida.text
    frida.open("/en/staff/patients")
    token = frida.forms()[0].find(".//input[@name='csrf_token']").get("value")
    for path in (f"/en/staff/courses/{kari.id}/confirm", "/en/staff/tasks/1/done"):
        assert frida.post(path, {"csrf_token": token}).status == 404


def test_a_wish_to_be_called_is_done_once_and_taken_back(demo_app: Flask) -> None:
    with demo_app.app_context():
        ask_for_call(
            office(), name=SIV.name, phone="+4722222222", language="nb", note=None, message="Etter kl. 15", now=NOW
        )
    first, second = at_the_desk(demo_app), at_the_desk(demo_app, ADA)
    assert "Etter kl. 15" in first.text
    assert "Done." in first.send("/done").text
    assert f"Wants to be called {SIV.name} {RITA.name}" in first.text
    assert "Somebody else was faster" in second.send("/done").text
    assert "It is to be done again." in first.send("/reopen").text
    assert "Nothing is to be done" not in first.text


def test_who_gave_no_name_stands_there_by_her_number(demo_app: Flask) -> None:
    with demo_app.app_context():
        ask_for_call(office(), name="", phone="+4722222222", language="nb", note=None, message="", now=NOW)
    assert "22 22 22 22 Wants to be called" in at_the_desk(demo_app).text


def test_what_is_decided_with_the_times_is_not_done_before(demo_app: Flask, kari: Course) -> None:
    desk = at_the_desk(demo_app)
    token = desk.forms("/confirm")[0].find(".//input[@name='csrf_token']").get("value")
    assert desk.post("/en/staff/tasks/1/done", {"csrf_token": token}).status == 409


def test_a_call_is_noted_on_her_page_and_settled_there(demo_app: Flask, kari: Course) -> None:
    desk = at_the_desk(demo_app).open(f"/en/staff/patients/{kari.patient_id}")
    desk.send("/calls", words="Ask about stairs")
    assert "Call the patient , by the end of" in desk.text.replace("Call the patient, ", "Call the patient , ")
    assert "Ask about stairs" in desk.text
    desk.send("/done")
    assert desk.path == f"/en/staff/patients/{kari.patient_id}"
    assert f", {RITA.name}" in desk.text


def test_a_caller_without_e_mail_waits_is_rung_about_what_is_kept_and_moved_there(demo_app: Flask) -> None:
    with demo_app.app_context():
        silent = booked_course(KARI, email=None)
        visit_id = silent.appointments[3].id
        unwanted = options_that_week(silent, silent.appointments[3])[-1]
        there = elsewhere_that_week(silent, silent.appointments[3])
    desk = at_the_desk(demo_app).open(f"/en/staff/appointments/{visit_id}")
    desk.open(desk.link("Wait for a better time"))
    assert "stands under Calls" in desk.text
    assert "is on the waiting list." in desk.send(hours="12").text
    for stretch in (unwanted, there):
        with demo_app.app_context():
            give_back([stretch])
            assert round_of_the_worker() == 1
        desk.open("/en/staff/calls")
        if stretch is unwanted:
            assert "The time goes to the next" in desk.send("/offer", answer="refuse").text
    assert "A time is free" in desk.text
    assert "instead of" in desk.text
    assert "stands under Calls" not in desk.text
    second = at_the_desk(demo_app, ADA)
    assert "The new time is booked." in desk.send("/offer", answer="take").text
    assert "This offer is over." in second.send("/offer", answer="refuse").text
    with demo_app.app_context():
        assert db.session.get_one(Appointment, visit_id).starts_at == there[2]
