"""Patients at the clinics: found, shown whole to who may see them, and each look noted."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.services.tasks import add_task
from booking.store.courses import Course
from booking.store.database import db
from booking.store.logbook import newest_entries
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course
from tests.people import KARI, SIV
from tests.staff import ADA, FRIDA, RITA, Person, signed_in
from tests.web.walker import Walker


@pytest.fixture(scope="module")
def kari(site_app: Flask) -> Course:
    with site_app.app_context():
        booked_course(SIV)
        return booked_course(needs=("dim_light",))


def at_the_desk(app: Flask, person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker


def page_of(course: Course) -> str:
    return f"/en/staff/patients/{course.patient_id}"


def log_of(app: Flask, course: Course) -> list[tuple[str, str]]:
    """What was noted about her, newest first: who did what."""
    with app.app_context():
        db.session.rollback()
        return [(e.actor, e.action) for e in newest_entries(db.session(), patient_id=course.patient_id)]


def test_one_box_leads_straight_to_who_is_meant_and_no_address_tells_what_was_typed(
    site_app: Flask, kari: Course
) -> None:
    desk = at_the_desk(site_app).open("/en/staff/patients").send("patients", sought="0701740605")
    assert (desk.path, desk.query) == (page_of(kari), "")
    assert KARI.name in desk.title
    assert log_of(site_app, kari)[0] == (RITA.name, "look_patient")


def test_several_are_listed_and_each_of_them_is_noted(site_app: Flask, kari: Course) -> None:
    desk = at_the_desk(site_app).open("/en/staff/patients").send("patients", sought="+46 70 174 06")
    assert (desk.path, desk.query) == ("/en/staff/patients", "found=1")
    assert "2 patients" in desk.text
    assert KARI.name in desk.text
    assert log_of(site_app, kari)[0] == (RITA.name, "find")
    assert desk.open("/en/staff/patients").value("sought") == ""


def test_what_one_typed_is_not_shown_to_who_signs_in_after_her_in_the_same_browser(
    site_app: Flask, kari: Course
) -> None:
    desk = at_the_desk(site_app).open("/en/staff/patients").send("patients", sought="174 06")
    assert desk.value("sought") == "174 06"
    with signed_in(site_app, ADA).session_transaction() as hers:
        key = hers["staff"]
    with desk.client.session_transaction() as session:
        session["staff"] = key
    assert desk.open("/en/staff/patients?found=1").value("sought") == ""


def test_who_may_not_see_her_finds_nobody_and_no_page(site_app: Flask, kari: Course) -> None:
    before = log_of(site_app, kari)
    desk = at_the_desk(site_app, FRIDA).open("/en/staff/patients").send("patients", sought="kari")
    assert "0 patients" in desk.text
    assert desk.open(page_of(kari)).status == 404
    assert log_of(site_app, kari) == before


def test_a_patient_who_is_none_has_no_page(site_app: Flask) -> None:
    assert {at_the_desk(site_app, person).open("/en/staff/patients/99999").status for person in (RITA, ADA)} == {404}


def test_the_page_tells_how_she_is_reached_what_helps_her_and_when_she_comes(site_app: Flask, kari: Course) -> None:
    text = at_the_desk(site_app).open(page_of(kari)).text
    for words in ("17 May 1979", "+46 70 174 06 05", "kari@example.com", "Dim light", "Session 9", "running"):
        assert words in text
    assert "Confirmation" in text


def test_a_note_is_kept_shown_and_removed(site_app: Flask, kari: Course) -> None:
    desk = at_the_desk(site_app).open(page_of(kari)).send("notes", text="Rings at the back door.\nLoudly.")
    assert "Rings at the back door. Loudly." in desk.text
    assert RITA.name in desk.text
    desk.send("notes/remove", note=desk.forms("notes/remove")[0].find(".//button").get("value"))
    assert "back door" not in desk.text
    assert [did for _, did in log_of(site_app, kari)][:4] == ["look_patient", "note", "look_patient", "note"]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 501])
def test_a_note_that_cannot_be_kept_says_why_and_stays_in_its_field(site_app: Flask, kari: Course, text: str) -> None:
    desk = at_the_desk(site_app).open(page_of(kari)).send("notes", text=text)
    assert desk.status == 422
    assert "Write the note" in desk.text


def test_her_contact_is_corrected_and_that_is_noted_with_what_stood_before(site_app: Flask, kari: Course) -> None:
    desk = at_the_desk(site_app).open(f"/en/staff/courses/{kari.id}/contact")
    desk.send("contact", mobile="070 174 06 06 00 00")
    assert "Write a phone number" in desk.text
    desk.send("contact", mobile="+46 70 174 06 07", needs=["quiet_room"])
    assert desk.path == page_of(kari)
    assert "+46 70 174 06 07" in desk.text
    assert "A quiet room" in desk.text
    ada = at_the_desk(site_app, ADA).open(f"{page_of(kari)}/log")
    assert "before: e-mail kari@example.com; phone +46701740605" in ada.text


def test_what_is_to_be_done_about_her_stands_on_her_page(site_app: Flask, kari: Course) -> None:
    with site_app.app_context():
        unit_of_work(
            lambda s: add_task(s, "tell", KARI.name, None, course=s.get_one(Course, kari.id), due=NOW, now=NOW)
        )
    assert "Tell the patient" in at_the_desk(site_app).open(page_of(kari)).text


def test_the_logbook_is_read_by_administrators_and_that_is_noted_too(site_app: Flask, kari: Course) -> None:
    at_the_desk(site_app).open(page_of(kari))
    ada = at_the_desk(site_app, ADA).open("/en/staff/log")
    assert f"{RITA.name} opened the patient’s page {KARI.name}" in ada.text
    assert f"{ADA.name} opened the logbook" in ada.open("/en/staff/log").text
    for path in ("/en/staff/log", f"{page_of(kari)}/log"):
        assert at_the_desk(site_app).open(path).status == 404


def test_the_logbook_shows_what_one_of_them_did(site_app: Flask, kari: Course) -> None:
    at_the_desk(site_app).open(page_of(kari))
    ada = at_the_desk(site_app, ADA).open("/en/staff/log")
    ada.send("log", who=next(o.get("value") for o in ada.main.iter("option") if o.text == RITA.name))
    assert {row.findall("td")[1].text for row in ada.main.iter("tr") if row.findall("td")} == {RITA.name}
