"""A clinician's own calendar on the page: her feed and its names, calendars followed and taken, and what is wrong."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking.ical.busy import Flaw
from booking.ical.fetch import Fetcher, Trouble
from booking.services.busy import MOST_SOURCES, PARTLY, UNOPENED, ask_calendars
from booking.store.busy import BusySource, BusyTime, ClinicianFeed
from booking.store.database import db
from booking.store.unit_of_work import unit_of_work
from booking.web.staff.calendar import failures
from tests.builders import NOW, booked_course, office
from tests.calendars import rules
from tests.servers.calendars import Calendars
from tests.servers.databases import only_sqlite
from tests.staff import ADA, ASK, EMBLA, RITA, signed_in
from tests.web.pages import read_strictly

pytestmark = only_sqlite

PAGE = "/en/staff/calendar"
MEETING = b"\r\n".join(
    [
        b"BEGIN:VCALENDAR",
        b"BEGIN:VEVENT",
        b"UID:1",
        b"DTSTART;TZID=Europe/Oslo:20270413T080000",
        b"DURATION:PT1H",
        b"SUMMARY:Dentist",
        b"END:VEVENT",
        b"END:VCALENDAR",
        b"",
    ]
)


@pytest.fixture
def ask(demo_app: Flask) -> FlaskClient:
    return signed_in(demo_app, ASK)


def send(client: FlaskClient, to: str, **form: Any) -> TestResponse:
    token = read_strictly(client.get(PAGE).data).find(".//input[@name='csrf_token']")
    assert token is not None
    return client.post(f"{PAGE}/{to}", data={"csrf_token": token.get("value"), **form})


def shown(client: FlaskClient) -> str:
    """The words of the page."""
    answer = client.get(PAGE)
    main = read_strictly(answer.data).find(".//main")
    assert (answer.status_code, main is not None) == (200, True)
    return " ".join("".join(main.itertext()).split()) if main is not None else ""


def address(client: FlaskClient) -> str:
    field = read_strictly(client.get(PAGE).data).find(".//input[@id='feed-link']")
    assert field is not None
    return "/" + (field.get("value") or "").partition("//")[2].partition("/")[2]


# -- her feed ---------------------------------------------------------------------------------------------------------


def test_only_who_treats_has_a_calendar(demo_app: Flask) -> None:
    assert [signed_in(demo_app, each).get(PAGE).status_code for each in (ASK, RITA, ADA)] == [200, 404, 404]


def test_a_feed_is_made_with_initials_unless_other_names_are_chosen(demo_app: Flask, ask: FlaskClient) -> None:
    with demo_app.app_context():
        booked_course()
    checked = read_strictly(ask.get(PAGE).data).find(".//input[@name='names'][@checked]")
    assert checked is not None
    assert checked.get("value") == "initials"
    assert "names on locked screens" in shown(ask)
    assert send(ask, "feed", names="initials").status_code == 303
    calendar = demo_app.test_client().get(address(ask))
    assert {event[3] for event in rules.second_reader(calendar.data)} == {"K. P."}
    send(ask, "feed", names="full")
    calendar = demo_app.test_client().get(address(ask))
    assert {event[3] for event in rules.second_reader(calendar.data)} == {"Kari Prøve"}


def test_the_feed_and_the_free_busy_answer_as_feeds_do(demo_app: Flask, ask: FlaskClient) -> None:
    send(ask, "feed", names="busy")
    program = demo_app.test_client()
    for path in (address(ask), address(ask).removesuffix(".ics") + "/busy.ics"):
        first = program.get(path)
        assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert first.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
        assert (first.headers["X-Robots-Tag"], first.headers["Referrer-Policy"]) == ("noindex", "no-referrer")
        assert "Set-Cookie" not in first.headers
        again = program.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert program.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
        assert program.head(path).status_code == 200


def test_a_renewed_address_and_an_ended_one_are_not_there(demo_app: Flask, ask: FlaskClient) -> None:
    send(ask, "feed", names="initials")
    old = address(ask)
    send(ask, "feed/renew")
    new = address(ask)
    program = demo_app.test_client()
    assert [program.get(path).status_code for path in (old, new)] == [404, 200]
    send(ask, "feed/end")
    paths = (new, new.removesuffix(".ics") + "/busy.ics", "/clinicians/x.ics")
    assert [program.get(path).status_code for path in paths] == [404, 404, 404]


def test_nothing_is_done_without_the_token_of_the_form(demo_app: Flask, ask: FlaskClient) -> None:
    ask.post(f"{PAGE}/feed", data={"names": "full"})
    with demo_app.app_context():
        assert db.session.scalars(select(ClinicianFeed)).all() == []


# -- calendars of hers ------------------------------------------------------------------------------------------------


def test_a_followed_calendar_is_shown_with_its_age(demo_app: Flask, ask: FlaskClient, calendars: Calendars) -> None:
    url = calendars.serve(MEETING)
    assert send(ask, "subscribe", address=url, address_name="Home").status_code == 303
    assert "It has not been read yet" in shown(ask)
    with demo_app.app_context():
        ask_calendars(office(), Fetcher(loopback=True), now=NOW)
    assert re.search(r"Home Read 1 minute ago \(Monday 1 March .*\): one busy time to come", shown(ask))
    assert "Dentist" not in shown(ask)
    assert url not in ask.get(PAGE).text


def test_what_is_wrong_with_a_calendar_is_said_in_words(
    demo_app: Flask, ask: FlaskClient, calendars: Calendars
) -> None:
    send(ask, "subscribe", address=f"{calendars.url}/gone", address_name="Home")
    with demo_app.app_context():
        ask_calendars(office(), Fetcher(loopback=True), now=NOW)
    assert "It could not be read so far. There is no calendar at this address." in shown(ask)


def test_every_failure_has_words(demo_app: Flask) -> None:
    with demo_app.test_request_context("/en/"):
        assert set(failures()) == {PARTLY, UNOPENED, *Trouble, *(flaw.value for flaw in Flaw)}


@pytest.mark.parametrize("name", ["Choir", " "])
def test_a_file_is_taken_by_her_name_for_it_or_by_its_own(demo_app: Flask, ask: FlaskClient, name: str) -> None:
    send(ask, "upload", file=(BytesIO(MEETING), "my evenings.ics"), file_name=name)
    page = shown(ask)
    assert "Read 1 minute ago" in page
    assert (name.strip() or "my evenings") in page
    with demo_app.app_context():
        assert len(db.session.scalars(select(BusyTime)).all()) == 1


@pytest.mark.parametrize(
    ("to", "form", "words"),
    [
        ("subscribe", {"address": "http://example.com/x", "address_name": "Home"}, None),
        ("subscribe", {"address": "gopher://example.com/", "address_name": "Home"}, "begins with https://"),
        ("subscribe", {"address": "https://example.com/x", "address_name": " "}, "Write a name"),
        ("upload", {"file_name": "Home"}, "Choose a calendar file first"),
        ("upload", {"file": (BytesIO(b"<html>"), "x.ics"), "file_name": "Home"}, "This is no calendar"),
        ("upload", {"file": (BytesIO(MEETING), "x.ics"), "file_name": "x" * 61}, "60 letters at most"),
        ("feed", {"names": "everything"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field(
    ask: FlaskClient, to: str, form: dict[str, Any], words: str | None
) -> None:
    answer = send(ask, to, **form)
    assert answer.status_code == (303 if words is None else 422)
    read_strictly(answer.data) if words else None
    assert words is None or words in answer.text


def test_with_as_many_as_she_may_have_no_more_is_offered(demo_app: Flask, ask: FlaskClient) -> None:
    for number in range(MOST_SOURCES):
        send(ask, "subscribe", address="https://example.com/", address_name=str(number))
    assert "Follow a calendar" not in shown(ask)
    assert send(ask, "subscribe", address="https://example.com/", address_name="more").status_code == 422


def test_nobody_touches_a_colleague_s_calendars(demo_app: Flask, ask: FlaskClient) -> None:
    send(ask, "upload", file=(BytesIO(MEETING), "home.ics"), file_name="Choir")
    with demo_app.app_context():
        id = db.session.scalars(select(BusySource.id)).one()
    embla = signed_in(demo_app, EMBLA)
    assert "Choir" not in shown(embla)
    send(embla, "drop", id=str(id))
    assert "Choir" in shown(ask)
    send(ask, "drop", id=str(id))
    assert "Choir" not in shown(ask)


def test_the_page_stands_when_the_key_of_an_address_is_gone(demo_app: Flask, ask: FlaskClient) -> None:
    send(ask, "subscribe", address="https://example.com/", address_name="Home")

    def spoil(session: Any) -> None:
        session.scalars(select(BusySource)).one().url = b"sealed with another key"

    with demo_app.app_context():
        unit_of_work(spoil)
        ask_calendars(office(), Fetcher(), now=NOW)
    assert "The address can no longer be read here" in shown(ask)
