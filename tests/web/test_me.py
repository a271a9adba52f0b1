"""The patient's own pages: what she sees, what she changes, and what never stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from booking.domain.period import oslo
from booking.domain.screening import Gate, HealthCheck
from booking.services.courses import Channel, confirm, release
from booking.services.proposals import Asked
from booking.store.courses import Course
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import NOW, TUESDAYS, UNSURE, booked, choice, course, held, office
from tests.people import KARI
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, Links, booked_links, fragments, links_now, read_strictly

pytestmark = only_sqlite

THURSDAYS = Asked(clinics=("lambertseter",), days=frozenset({3}), start=NOW.date(), new_patient=True)
OWN_PAGES = ["", "/booked", "/print", "/contact"]


def pending_links(app: Flask, **changes: Any) -> Links:
    with app.app_context():
        made = booked(held(choice(THURSDAYS)), replace(KARI, **changes), UNSURE)
        return links_now(made.course_id)


def kept(app: Flask, links: Links) -> Course:
    with app.app_context():
        return course(links.course_id)


def mails(app: Flask, links: Links) -> list[str]:
    with app.app_context():
        rows = db.session.scalars(select(Message).where(Message.course_id == links.course_id).order_by(Message.id))
        return [message.kind for message in rows]


def text_of(client: FlaskClient, path: str) -> str:
    """The words of the page, spaces made one."""
    main = read_strictly(client.get(path).data).find(".//main")
    return " ".join(" ".join(main.itertext()).split())


def test_every_own_page_is_whole(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, asked=THURSDAYS)
    for path in (f"/{language}/course/{links.token}{page}" for language in LANGUAGES for page in OWN_PAGES):
        answer = client.get(path)
        assert answer.status_code == 200
        tree = read_strictly(answer.data)
        assert len(tree.findall(".//h1")) == 1
        assert fragments(answer.text) <= {element.get("id") for element in tree.iter()}


def test_every_own_page_is_kept_by_nobody_and_leaves_no_cookie(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    for page in OWN_PAGES:
        headers = client.get(links.page + page).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Set-Cookie" not in headers


def test_the_page_shows_the_next_visit_first(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, asked=TUESDAYS)
    panel = read_strictly(client.get(links.page).data).find(".//section[@class='next-visit']")
    first = oslo(kept(demo_app, links).appointments[0].starts_at)
    words = " ".join(" ".join(panel.itertext()).split())
    assert words.startswith(f"Next visit Tuesday 6 April {first:%H:%M} 30 minutes with ")
    assert panel.find(".//time").get("datetime") == first.isoformat(timespec="minutes")
    assert "Way in: Door beside the chemist, second floor, lift" in words


def test_the_next_visit_has_the_moment_until_which_it_is_free_to_cancel(demo_app: Flask) -> None:
    text = text_of(demo_app.test_client(), booked_links(demo_app).page)
    assert text.count("Free to cancel until ") == 1


def test_what_is_usual_stands_once_above_the_visits(demo_app: Flask) -> None:
    text = text_of(demo_app.test_client(), booked_links(demo_app).page)
    _above, _heading, below = text.partition("All your visits")
    usual, _first, _rest = below.partition("Tuesday 6 April")
    assert re.search(r"Tuesdays at 08:00, with [^.]+ at Lambertseter\. Moving or cancelling is free until 24", usual)
    assert below.count("With ") == 0


def test_on_paper_the_rule_for_cancelling_stands_in_words(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    for path in (links.page, f"{links.page}/print"):
        main = read_strictly(client.get(path).data).find(".//main")
        assert "If you do not come, you pay the full price." in " ".join(printed(main))


def printed(element: Any) -> Iterator[str]:
    """The words of an element that come onto paper."""
    if "no-print" in (element.get("class") or ""):
        return
    yield element.text or ""
    for child in element:
        yield from printed(child)
        yield child.tail or ""


@pytest.mark.parametrize(("query", "unfolded"), [("open=before", "before"), ("done=calendar", "calendar"), ("", None)])
def test_a_part_is_open_that_a_link_leads_to(demo_app: Flask, query: str, unfolded: str | None) -> None:
    tree = read_strictly(demo_app.test_client().get(f"{booked_links(demo_app).page}?{query}").data)
    parts = {e.get("id"): e.get("open") is not None for e in tree.iter("details") if e.get("id")}
    assert {"change", "place", "before", "calendar", "contact", "link"} <= parts.keys()
    assert [part for part, is_open in parts.items() if is_open] == ([unfolded] if unfolded else [])


def test_the_page_says_why_a_visit_was_moved(demo_app: Flask) -> None:
    asked = Asked(clinics=("lambertseter",), days=frozenset({3}), start=NOW.date())
    client, links = demo_app.test_client(), booked_links(demo_app, asked=asked)
    assert "Maundy Thursday is a public holiday" in text_of(client, links.page)


def test_done_visits_are_marked(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    second = kept(demo_app, links).appointments[1]
    with time_machine.travel(second.ends_at - CLINIC_NOW + datetime.now(UTC), tick=False):
        tree = read_strictly(demo_app.test_client().get(links.page).data)
    rows = [row.get("class").split()[-1] for row in tree.findall(".//ol[@class='dates']/li")]
    assert rows[:3] == ["done", "done", "next"]


def test_what_a_visit_is_like_stands_on_the_page(demo_app: Flask) -> None:
    text = text_of(demo_app.test_client(), booked_links(demo_app).page)
    assert "Loose clothes; sleeves and trouser legs that can be pushed up." in text
    assert "call 113 at once" in text


def test_health_answers_never_stand_on_an_own_page(demo_app: Flask) -> None:
    check = HealthCheck(Gate.YES, frozenset({"pregnant", "fear"}))
    with demo_app.app_context():
        links = links_now(booked(held(), check=check).course_id)
    for page in OWN_PAGES:
        main = text_of(demo_app.test_client(), links.page + page).casefold()
        assert not re.search("pregnan|frighten|afraid|pacemaker", main)


def test_the_address_of_the_page_can_be_saved(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    tree = read_strictly(demo_app.test_client().get(links.page).data)
    assert tree.find(".//input[@id='page-link']").get("value") == f"http://127.0.0.1:5000{links.page}"


def test_a_single_appointment_has_a_page_too(demo_app: Flask) -> None:
    asked = Asked(protocol="needle-session", clinics=("raholt",), start=NOW.date())
    client, links = demo_app.test_client(), booked_links(demo_app, asked=asked)
    assert "Your visit" in text_of(client, links.page)
    assert "Your visit is booked" in text_of(client, links.page + "/booked")
    assert "<table" not in client.get(links.page).text


# -- directly after booking -------------------------------------------------------------------------------------------


def test_the_confirmation_has_the_reference_and_what_comes(demo_app: Flask) -> None:
    links = booked_links(demo_app, channel=Channel.INVITATIONS)
    text = text_of(demo_app.test_client(), links.page + "/booked")
    assert text.startswith(f"Your 10 visits are booked Your reference {links.reference}")
    assert "We send 11 e-mails to kari@example.com." in text


def test_without_an_address_the_confirmation_promises_no_mail(demo_app: Flask) -> None:
    links = booked_links(demo_app, email=None, channel=Channel.NONE)
    text = text_of(demo_app.test_client(), links.page + "/booked")
    assert "We send" not in text
    assert "Print the dates, or save the link below." in text


def test_kept_times_are_never_called_booked(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), pending_links(demo_app)
    for page in OWN_PAGES:
        text = text_of(client, links.page + page).replace("not booked", "").replace("Nothing is booked", "")
        assert not re.search(r"\b(is|are) booked\b", text)


def test_kept_times_say_by_when_we_ring(demo_app: Flask) -> None:
    links = pending_links(demo_app)
    assert "ring you before Wednesday 3 March 16:00" in text_of(demo_app.test_client(), links.page + "/booked")


def test_who_gave_no_number_is_asked_to_call(demo_app: Flask) -> None:
    links = pending_links(demo_app, mobile=None)
    text = text_of(demo_app.test_client(), links.page)
    assert "Please call us before Wednesday 3 March 16:00" in text
    assert "ring you" not in text


def test_confirmed_times_are_booked(demo_app: Flask) -> None:
    links = pending_links(demo_app)
    with demo_app.app_context():
        confirm(office(), links.reference, now=NOW, at=NOW)
    assert "Next visit" in text_of(demo_app.test_client(), links.page)


def test_times_that_were_given_back_say_so(demo_app: Flask) -> None:
    links = pending_links(demo_app)
    with demo_app.app_context():
        release(office(), links.reference, now=NOW, at=NOW)
    for page in ("", "/booked", "/print"):
        assert "These times are no longer kept" in text_of(demo_app.test_client(), links.page + page)


def test_who_has_invitations_is_told_what_leaving_them_sends(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    assert "taken out of your calendar by an e-mail that cancels" in text_of(client, links.page)
    client.post(f"{links.page}/calendar", data={"channel": "file"})
    assert "by an e-mail that cancels" not in text_of(client, links.page)


# -- calendar ---------------------------------------------------------------------------------------------------------


def test_the_file_is_a_download_with_all_visits(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    answer = demo_app.test_client().get(f"{links.page}/appointments.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="appointments.ics"'
    assert len(Calendar.from_ical(answer.data).events) == 10


@pytest.mark.parametrize(
    ("channel", "told"), [("subscription", ["cancel"] * 10 + ["channel"]), ("invitations", []), ("nonsense", [])]
)
def test_the_channel_can_be_changed(demo_app: Flask, channel: str, told: list[str]) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, channel=Channel.INVITATIONS)
    before = mails(demo_app, links)
    answer = client.post(f"{links.page}/calendar", data={"channel": channel})
    assert answer.status_code == 303
    assert kept(demo_app, links).channel == (channel if told else "invitations")
    assert mails(demo_app, links)[len(before) :] == told


def test_who_subscribes_sees_the_address_and_when_it_was_fetched(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, channel=Channel.SUBSCRIPTION)
    page = client.get(links.page).text
    assert f'value="http://127.0.0.1:5000{links.feed}"' in page
    assert f'href="webcal://127.0.0.1:5000{links.feed}"' in page
    assert "https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2F127.0.0.1" in page
    assert "No calendar program has fetched it yet." in page
    client.get(links.feed)
    assert "Last fetched by a calendar program: Monday 1 March 09:00." in client.get(links.page).text


def test_who_takes_a_file_is_told_that_it_follows_no_change(demo_app: Flask) -> None:
    links = booked_links(demo_app, channel=Channel.FILE)
    assert "It does not follow changes" in text_of(demo_app.test_client(), links.page)


def test_without_an_address_there_is_the_feed_and_the_file(demo_app: Flask) -> None:
    client = demo_app.test_client()
    links = booked_links(demo_app, email=None, channel=Channel.NONE)
    page = client.get(links.page).text
    assert links.feed in page
    assert "appointments.ics" in page
    assert 'name="channel"' not in page
    assert len(Calendar.from_ical(client.get(links.feed).data).events) == 10


def test_a_new_address_for_the_feed_ends_the_old_one(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, channel=Channel.SUBSCRIPTION)
    answer = client.post(f"{links.page}/new-feed", follow_redirects=True)
    assert "Your calendar has a new secret address." in answer.text
    assert links.feed not in answer.text
    assert client.get(links.feed).status_code == 404


def test_a_new_link_for_the_page_ends_the_old_one(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    answer = client.post(f"{links.page}/new-link", follow_redirects=True)
    assert "This page has a new secret link." in answer.text
    assert links.token not in answer.text
    assert client.get(links.page).status_code == 404


# -- contact ----------------------------------------------------------------------------------------------------------

CONTACT = {"email": "kari@example.com", "mobile": "+46 70 174 06 05", "language": "nb"}


def test_the_form_shows_what_is_kept(demo_app: Flask) -> None:
    tree = read_strictly(demo_app.test_client().get(booked_links(demo_app).page + "/contact").data)
    assert tree.find(".//input[@id='email']").get("value") == "kari@example.com"


def test_who_types_one_new_address_after_the_other_is_asked_to_wait(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    for number in range(6):
        answer = client.post(f"{links.page}/contact", data=CONTACT | {"email": f"new{number}@example.com"})
    assert answer.status_code == 429
    assert "several new addresses" in answer.text


def test_contact_language_and_needs_can_be_put_right(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    sent = CONTACT | {"mobile": "22 33 44 55", "language": "en", "needs": ["stairs", "hearing_loop"]}
    answer = client.post(f"{links.page}/contact", data=sent, follow_redirects=True)
    assert "What you changed is saved." in answer.text
    found = kept(demo_app, links)
    assert (found.mobile, found.language) == ("+4722334455", "en")
    assert sorted(found.needs) == ["hearing_loop", "stairs"]
    assert "A hearing loop" in answer.text


def test_a_new_address_gets_the_confirmation(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, channel=Channel.SUBSCRIPTION)
    client.post(f"{links.page}/contact", data=CONTACT | {"email": "new@example.com"})
    assert kept(demo_app, links).email == "new@example.com"
    with demo_app.app_context():
        assert set(db.session.scalars(select(Message.recipient))) == {"new@example.com"}


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("email", "kari@", "Write the e-mail address like this"),
        ("mobile", "12", "Write a phone number of 8 digits"),
        ("language", "xx", ""),
    ],
)
def test_what_cannot_be_read_changes_nothing_and_is_shown_again(
    demo_app: Flask, field: str, typed: str, told: str
) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    answer = client.post(f"{links.page}/contact", data=CONTACT | {field: typed})
    assert answer.status_code == 200
    tree = read_strictly(answer.data)
    assert tree.find(".//title").text.strip().startswith("Error:")
    assert tree.find(".//section[@id='error-summary']") is not None
    assert told in answer.text
    assert kept(demo_app, links).revision == 1
    assert field == "language" or tree.find(f".//input[@id='{field}']").get("value") == typed
