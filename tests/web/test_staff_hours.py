"""Pages of hours: what is written is read, looked at and saved, by those whose hours they are."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from wtforms.validators import ValidationError

from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import Disruption
from booking.store.schedules import Hours
from booking.web.forms.hours import read_spans
from tests.builders import booked_course
from tests.staff import ADA, ASK, FRIDA, RITA, Person, signed_in
from tests.web.walker import Walker

HERS, CLINIC = "/en/staff/clinicians/1/hours", "/en/staff/clinics/1/hours"
"""Ask's hours, and those of his clinic."""


@pytest.fixture(scope="module")
def kari(site_app: Flask) -> Course:
    with site_app.app_context():
        return booked_course()


def as_(app: Flask, person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker


def week(walker: Walker, **written: str) -> Walker:
    """Ask's week from May on, as it stands but for what is written."""
    return walker.open(f"{HERS}/week").send("/week", nth=1, **{"first": "2027-05-03", **written})


def link_with(walker: Walker, query: str) -> str:
    """Where the first link whose address holds this leads."""
    return next(a.get("href") for a in walker.main.iter("a") if query in a.get("href", ""))


# -- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9-17", ((540, 1020),)),
        ("09:00–12:00, 16:00–20:00", ((540, 720), (960, 1200))),
        (" 16.30 - 20; 8-12 ", ((480, 720), (990, 1200))),
        ("8-12,12-16", ((480, 720), (720, 960))),
        ("", ()),
    ],
)
def test_hours_are_read_as_people_write_them(written: str, read: tuple[tuple[int, int], ...]) -> None:
    assert read_spans(written) == read


@pytest.mark.parametrize(
    "written", ["9", "9-17-18", "17-9", "9-9", "4-9", "9-24", "9:03-17", "9:60-17", "8-12, 11-13", "x"]
)
def test_hours_that_make_no_sense_are_not_read(site_app: Flask, written: str) -> None:
    with site_app.test_request_context(), pytest.raises(ValidationError):
        read_spans(written)


# -- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_shows_the_week_that_stands_now_and_leads_to_changes(site_app: Flask) -> None:
    desk = as_(site_app).open(HERS)
    assert "Monday 09:00–17:00" in desk.text
    assert "12:00–12:30" in desk.text
    assert desk.link("New hours") == f"{HERS}/week?clinic=1"
    assert "Summer" not in desk.text
    clinic = as_(site_app).open(CLINIC)
    assert "From 12 July 2027 until 1 August 2027" in clinic.text
    assert "Easter week Wednesday 24 March 12:00 Monday 29 March 2027 all clinics" in clinic.text


def test_a_form_begins_with_the_week_that_stands_or_with_a_colleagues(site_app: Flask) -> None:
    desk = as_(site_app).open(f"{HERS}/week")
    assert (desk.value("mon"), desk.value("sat")) == ("09:00–17:00", "")
    desk.send("/week", whose="2", of="2027-05-12")
    assert (desk.value("mon"), desk.value("tue")) == ("", "08:00–16:00")


def test_a_change_is_looked_at_and_what_was_written_can_be_put_right(site_app: Flask, kari: Course) -> None:
    desk = week(as_(site_app), tue="12-19")
    assert "Nothing is saved yet" in desk.text
    assert kari.name in desk.text
    assert "The clinic is not open 16:00–19:00" in desk.text
    desk.send(edit="1")
    assert (desk.value("tue"), desk.value("first")) == ("12-19", "2027-05-03")
    assert "What is written outside of the opening hours is offered to nobody." in desk.text


def test_a_day_on_which_the_clinic_is_not_open_is_said_to_be_offered_to_nobody(site_app: Flask) -> None:
    desk = as_(site_app).open(f"{HERS}/day")
    assert "is open this week: Monday 09:00–18:00" in desk.text
    desk.send("/day", day="2027-05-08", times="10-14")
    assert "is not open at any of these hours. They are offered to nobody until it is." in desk.text
    assert "The clinic is not open 10:00–14:00" in desk.text


def test_what_is_written_wrongly_is_said_beside_the_field(site_app: Flask) -> None:
    desk = week(as_(site_app), tue="9-", first="2027-02-01")
    assert desk.status == 422
    assert "Write the times like this" in desk.text
    assert "This date has passed" in desk.text


@pytest.mark.parametrize("path", [f"{HERS}/week", f"{HERS}/day", f"{HERS}/end", f"{CLINIC}/closed", f"{CLINIC}/room"])
def test_a_date_that_is_missing_or_none_is_asked_for_once(site_app: Flask, path: str) -> None:
    desk = as_(site_app).open(path)
    for written in ("", "31.2.2027"):
        desk.send(path.rpartition("/")[2], nth=-1, day=written, first=written, last="", name_nb="Dugnad")
        assert desk.status == 422
        assert "Write the date, such as 1.8.2027." in desk.text
        assert "valid date" not in desk.text


# -- whose ------------------------------------------------------------------------------------------------------------


def test_a_clinician_changes_her_own_hours_and_reads_the_clinics(site_app: Flask) -> None:
    her = as_(site_app, ASK)
    assert her.open(f"{HERS}/day").status == 200
    assert her.open("/en/staff/clinicians/3/hours").status == 404
    assert her.open(CLINIC).status == 200
    assert "Close for a time" not in her.text
    assert her.open(f"{CLINIC}/closed").status == 404


@pytest.mark.parametrize("path", [HERS, f"{HERS}/week", CLINIC, f"{CLINIC}/room"])
def test_the_front_desk_of_another_clinic_sees_nothing_of_it(site_app: Flask, path: str) -> None:
    assert as_(site_app, FRIDA).open(path).status == 404


def test_only_an_administrator_closes_all_clinics(site_app: Flask) -> None:
    assert "All clinics are closed" not in as_(site_app).open(f"{CLINIC}/closed").text
    assert "All clinics are closed" in as_(site_app, ADA).open(f"{CLINIC}/closed").text
    easter = link_with(as_(site_app, ADA).open(CLINIC), "closed=")
    assert as_(site_app).open(easter).status == 404


@pytest.mark.parametrize("query", ["", "?hours=1", "?hours=99999", "?break=x", "?closure=1"])
def test_nothing_can_be_taken_back_that_is_not_there_or_not_hers(site_app: Flask, query: str) -> None:
    desk = as_(site_app).open(f"{HERS}/remove{query}")
    assert desk.status in (404, 409)


# -- saving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [RITA, ASK])
def test_what_touches_somebody_leads_to_the_list_to_re_plan(demo_app: Flask, person: Person) -> None:
    with demo_app.app_context():
        kari = booked_course()
    desk = week(as_(demo_app, person), tue="", weeks="odd").send()
    with demo_app.app_context():
        disruption = db.session.scalars(select(Disruption)).one()
        assert desk.path == f"/en/staff/replan/{disruption.id}"
        assert {row.appointment_id for row in disruption.touched} < {a.id for a in kari.appointments}
    assert link_with(desk, HERS) == HERS


def test_somebody_elses_change_meanwhile_is_shown_before_hers_is_saved(demo_app: Flask) -> None:
    first, second = week(as_(demo_app), tue="8-15"), week(as_(demo_app), tue="9-16")
    first.send()
    assert "Saved" in first.text
    second.send()
    assert "Somebody has booked or changed something meanwhile" in second.text
    assert second.send().path == HERS
    with demo_app.app_context():
        rows = db.session.scalars(select(Hours).where(Hours.clinician_id == 1)).all()
        assert len(rows) == 2


def test_an_evening_is_entered_and_taken_back(demo_app: Flask) -> None:
    desk = as_(demo_app).open(f"{HERS}/day").send("/day", day="2027-05-04", times="8-16, 17-19").send()
    assert "Tuesday 4 May 2027 This day only 08:00–16:00, 17:00–19:00" in desk.text
    desk.open(link_with(desk, "hours=")).send()
    assert "This day only" not in desk.text


def test_a_clinic_closes_a_room_and_opens_it_again(demo_app: Flask) -> None:
    desk = as_(demo_app).open(f"{CLINIC}/room")
    room = desk.main.find(".//select[@id='room']/option").get("value")
    desk.send("/room", room=room, first="2027-05-04", last="2027-05-05", last_time="12:00", reason="Water").send()
    assert "Tuesday 4 May 2027 Wednesday 5 May 12:00 Water" in desk.text
    desk.open(link_with(desk, "closure=")).send()
    assert "All rooms can be used" in desk.text
