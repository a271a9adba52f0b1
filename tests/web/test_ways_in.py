"""Ways in: a patient without her link comes back to her appointments, and nobody else learns that she has any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking.services.courses import Channel
from booking.services.links import sign_in_token
from booking.services.sign_ins import LINK_LASTS, MAILS_TO_ONE, SESSION_LASTS, TRIES_AT_ONE
from booking.store.appointments import CANCELLED, FULFILLED, NOSHOW, Appointment
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work
from tests.builders import office
from tests.people import SIV
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, Links, booked_links, helper_link, read_strictly

pytestmark = only_sqlite

HEALTH = re.compile("needle|acupunct|fibromyalg|pain|bruise|medicine|nål|akupunkt|smerte", re.IGNORECASE)
KARIS = {"day": "17", "month": "5", "year": "1979"}


def text_of(answer: TestResponse) -> str:
    """The words of the page's main part, spaces made one."""
    return " ".join(" ".join(read_strictly(answer.data).find(".//main").itertext()).split())


def marks(dates: Any) -> list[str]:
    """What stands in the sign of each date; nothing in one that is drawn."""
    return ["".join(mark.itertext()).strip() for mark in dates.findall("li/span[@class='mark']")]


def title_of(answer: TestResponse) -> str:
    return " ".join(read_strictly(answer.data).find(".//title").text.split())


@dataclass
class Asked:
    """What somebody did who asked for a link, and the address of the link."""

    client: FlaskClient
    answer: TestResponse
    link: str

    def use(self, **headers: str) -> TestResponse:
        """Opens the link and presses its button."""
        field = read_strictly(self.client.get(self.link).data).find(".//input[@name='csrf_token']")
        token = {} if field is None else {"csrf_token": field.get("value")}
        return self.client.post(self.link, data=token, headers=headers)


def ask(app: Flask, email: str = "kari@example.com", language: str = "en") -> Asked:
    client = app.test_client()
    answer = client.post(f"/{language}/my-appointments/link", data={"email": email})
    with app.app_context():
        newest = select(Message).where(Message.kind == "sign_in").order_by(Message.id.desc()).limit(1)
        message = db.session.scalars(newest).one()
        link = f"/{language}/my-appointments/link/{sign_in_token(office(), message.facts['nonce'])}"
    return Asked(client, answer, link)


def times(client: FlaskClient, links: Links, language: str = "en", **typed: str) -> TestResponse:
    sent = KARIS | {"reference": links.reference} | typed
    return client.post(f"/{language}/my-appointments/reference", data=sent)


def set_status(app: Flask, links: Links, status: str, *, first: int = 0, last: int | None = None) -> None:
    """Sets the status of some of the course's appointments, by their places."""

    def work(session: Any) -> None:
        rows = select(Appointment).where(Appointment.course_id == links.course_id).order_by(Appointment.starts_at)
        for appointment in list(session.scalars(rows))[first:last]:
            appointment.status = status

    with app.app_context():
        unit_of_work(work)


def travelled(by: timedelta) -> Any:
    return time_machine.travel(datetime.now(UTC) + by, tick=False)


# -- asking for a link ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["my-appointments", "my-appointments/sent"])
def test_the_ways_in_are_whole_and_set_no_cookie(demo_client: FlaskClient, language: str, path: str) -> None:
    answer = demo_client.get(f"/{language}/{path}")
    assert answer.status_code == 200
    assert len(read_strictly(answer.data).findall(".//h1")) == 1
    assert "Set-Cookie" not in answer.headers


def test_a_known_and_an_unknown_address_get_the_same_answer(demo_app: Flask) -> None:
    booked_links(demo_app)
    known, unknown = ask(demo_app, "kari@example.com"), ask(demo_app, "nobody@example.com")
    for answer in (known.answer, unknown.answer):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/en/my-appointments/sent")
        assert "Set-Cookie" not in answer.headers
    assert known.answer.data == unknown.answer.data
    pages = {known.client.get("/en/my-appointments/sent").data, unknown.client.get("/en/my-appointments/sent").data}
    assert len(pages) == 1
    assert b"@example.com" not in pages.pop()


def test_what_is_no_address_is_said_and_shown_again(demo_client: FlaskClient) -> None:
    answer = demo_client.post("/en/my-appointments/link", data={"email": "kari@"})
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error: My appointments")
    assert "Write the e-mail address like this" in text_of(answer)
    assert read_strictly(answer.data).find(".//input[@id='email']").get("value") == "kari@"


def test_too_many_links_are_refused_alike(demo_app: Flask) -> None:
    booked_links(demo_app)
    refused = []
    for address in ("kari@example.com", "nobody@example.com"):
        for _ in range(MAILS_TO_ONE.most):
            ask(demo_app, address)
        refused.append(ask(demo_app, address).answer)
    assert [answer.status_code for answer in refused] == [429, 429]
    known, unknown = map(text_of, refused)
    assert known == unknown
    assert "We have sent several e-mails lately." in known


@pytest.mark.parametrize("path", ["link", "reference"])
def test_a_form_that_is_opened_by_its_address_leads_to_the_ways_in(demo_client: FlaskClient, path: str) -> None:
    answer = demo_client.get(f"/nb/my-appointments/{path}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/nb/my-appointments")


# -- the link ---------------------------------------------------------------------------------------------------------


def test_opening_the_link_shows_a_button_and_uses_nothing_up(demo_app: Flask) -> None:
    booked_links(demo_app)
    asked = ask(demo_app)
    for method in ("GET", "HEAD", "GET"):
        answer = asked.client.open(asked.link, method=method)
        assert answer.status_code == 200
    assert read_strictly(answer.data).find(f".//form[@action='{asked.link}']//button") is not None
    assert asked.use().headers["Location"] == "/en/my-appointments/all"


def test_a_link_page_is_kept_by_nobody_and_tells_no_other_site_its_address(demo_app: Flask) -> None:
    headers = demo_app.test_client().get(ask(demo_app).link).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_button_works_in_a_browser_that_sends_no_referrer(demo_app: Flask) -> None:
    asked = ask(demo_app)
    assert asked.use(Origin="null").status_code == 303
    other = ask(demo_app)
    assert other.use(**{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert other.use().status_code == 303


def test_no_other_site_signs_a_reader_in_with_a_link_of_its_own(demo_app: Flask) -> None:
    links, strangers = booked_links(demo_app), ask(demo_app)
    reader = demo_app.test_client()
    for typed in ({}, {"csrf_token": "guessed"}, {"csrf_token": _token_of(strangers)}):
        answer = reader.post(strangers.link, data=typed, headers={"Origin": "null"})
        assert answer.status_code == 403
        assert links.reference not in reader.get("/en/my-appointments/all", follow_redirects=True).text
    assert strangers.use().status_code == 303


def _token_of(asked: Asked) -> str:
    return str(read_strictly(asked.client.get(asked.link).data).find(".//input[@name='csrf_token']").get("value"))


def test_a_used_link_says_so_and_offers_a_new_one(demo_app: Flask) -> None:
    asked = ask(demo_app)
    asked.use()
    stranger = demo_app.test_client()
    for answer in (stranger.get(asked.link), stranger.post(asked.link)):
        assert answer.status_code == 410
        assert text_of(answer).startswith("This link is used or too old It works once, within 15 minutes.")
        assert read_strictly(answer.data).find(".//form[@action='/en/my-appointments/link']") is not None
    assert stranger.get("/en/my-appointments/all").status_code == 303


def test_an_old_link_says_so_and_offers_a_new_one(demo_app: Flask) -> None:
    asked = ask(demo_app)
    with travelled(LINK_LASTS):
        assert asked.client.get(asked.link).status_code == 410
        assert asked.use().status_code == 410


# -- all appointments -------------------------------------------------------------------------------------------------


def signed_in(app: Flask, email: str = "kari@example.com") -> FlaskClient:
    asked = ask(app, email)
    asked.use()
    return asked.client


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_appointments_past_and_coming_stand_on_one_page(demo_app: Flask, language: str) -> None:
    links = booked_links(demo_app)
    set_status(demo_app, links, CANCELLED, first=3, last=4)
    set_status(demo_app, links, NOSHOW, first=0, last=1)
    answer = signed_in(demo_app).get(f"/{language}/my-appointments/all")
    tree = read_strictly(answer.data)
    assert [len(dates.findall("li")) for dates in tree.findall(".//ol[@class='dates']")] == [8, 2]
    assert tree.find(f".//a[@href='/{language}/course/{links.token}']") is not None
    assert links.reference in text_of(answer)


def test_all_appointments_bear_the_signs_that_they_have_on_their_own_page(demo_app: Flask) -> None:
    set_status(demo_app, booked_links(demo_app), FULFILLED, first=0, last=3)
    answer = signed_in(demo_app).get("/en/my-appointments/all")
    lists = read_strictly(answer.data).findall(".//ol[@class='dates']")
    coming, past = (marks(each) for each in lists)
    assert (coming, past) == (["4", "5", "6", "7", "8", "9", ""], ["1", "2", "3"])
    assert lists[0].findall("li")[-1].get("class").split() == ["review"]
    assert "Review · " in text_of(answer)


def test_the_page_is_kept_by_nobody(demo_app: Flask) -> None:
    headers = signed_in(demo_app).get("/en/my-appointments/all").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"


def test_two_patients_of_one_address_are_told_apart(demo_app: Flask) -> None:
    booked_links(demo_app)
    booked_links(demo_app, SIV, email="kari@example.com")
    booked_links(demo_app, SIV, name="Per Fremmed", email="per@example.com", mobile=None)
    text = text_of(signed_in(demo_app).get("/en/my-appointments/all"))
    assert "Kari Prøve, " in text
    assert "Siv Fremmed, " in text
    assert "Per Fremmed" not in text


def test_a_helper_finds_her_links_again(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    helper = helper_link(demo_app, links)
    answer = signed_in(demo_app, "ola@example.com").get("/en/my-appointments/all")
    assert "You help Kari Prøve" in text_of(answer)
    assert f'href="{helper.page}"' in answer.text
    assert links.token not in answer.text
    assert links.reference not in answer.text


def test_an_address_without_appointments_signs_in_to_none(demo_app: Flask) -> None:
    booked_links(demo_app)
    text = text_of(signed_in(demo_app, "nobody@example.com").get("/en/my-appointments/all"))
    assert "There are no appointments under this address." in text
    assert "Kari" not in text


def test_the_session_ends_by_itself_and_says_so(demo_app: Flask) -> None:
    client = signed_in(demo_app)
    with travelled(SESSION_LASTS):
        answer = client.get("/en/my-appointments/all", follow_redirects=True)
    assert "We have closed your appointments" in text_of(answer)


def test_who_signs_out_is_out(demo_app: Flask) -> None:
    client = signed_in(demo_app)
    assert client.post("/en/my-appointments/leave").headers["Location"] == "/en/my-appointments"
    assert client.get("/en/my-appointments/all").status_code == 303
    assert client.post("/en/my-appointments/leave").status_code == 303


def test_the_cookie_holds_no_token(demo_app: Flask) -> None:
    asked = ask(demo_app)
    cookie = asked.use().headers["Set-Cookie"]
    assert asked.link.rpartition("/")[2] not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie


# -- bare times -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reference_and_a_birth_date_open_times_and_nothing_else(demo_app: Flask, language: str) -> None:
    links = booked_links(demo_app, channel=Channel.SUBSCRIPTION, needs=("stairs",))
    client = demo_app.test_client()
    assert times(client, links, language).headers["Location"] == f"/{language}/my-appointments/times"
    answer = client.get(f"/{language}/my-appointments/times")
    assert answer.headers["Cache-Control"] == "no-store"
    text = text_of(answer)
    assert "Lambertseter" in text
    assert len(read_strictly(answer.data).findall(".//ol[@class='dates']/li")) == 10
    assert not read_strictly(answer.data).findall(".//ol[@class='dates']/li/span[@class='mark']"), "no numbers"
    for told in ("Kari", "example.com", "46", "Ask Eksempel", "690", links.token, links.feed_token):
        assert told not in answer.text.replace(links.reference, "")
    assert not HEALTH.search(answer.text)


def test_bare_times_open_no_page_of_an_address(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    times(client, links)
    answer = client.get("/en/my-appointments/all")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/my-appointments/times")


@pytest.mark.parametrize("typed", [{"reference": "AAAA-AAAA"}, {"year": "1980"}, {"reference": "Kari"}])
def test_what_does_not_belong_together_is_refused_alike(demo_app: Flask, typed: dict[str, str]) -> None:
    links = booked_links(demo_app)
    answer = times(demo_app.test_client(), links, **typed)
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error:")
    assert "No appointments have this reference and this birth date." in text_of(answer)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"reference": " - "}, "Write the reference."),
        ({"reference": "A" * 200}, "The reference has 8 letters and digits."),
        ({"day": "", "month": "", "year": ""}, "Write the birth date."),
        ({"day": "31", "month": "2"}, "This date does not exist."),
        ({"year": "79"}, "Write the year of birth with four digits"),
    ],
)
def test_what_cannot_be_read_is_not_counted(demo_app: Flask, typed: dict[str, str], told: str) -> None:
    links = booked_links(demo_app)
    for _ in range(TRIES_AT_ONE.most + 1):
        answer = times(demo_app.test_client(), links, **typed)
        assert answer.status_code == 422
        assert told in text_of(answer)


def test_too_many_tries_are_told_what_else_helps(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    for _ in range(TRIES_AT_ONE.most):
        assert times(client, links, year="1980").status_code == 422
    answer = times(client, links)
    assert answer.status_code == 429
    assert "That was tried too often today. Let us send you a link by e-mail, or call us." in text_of(answer)


def test_cancelled_and_past_times_are_said_apart(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    set_status(demo_app, links, CANCELLED)
    times(client, links)
    assert "All these times are cancelled." in text_of(client.get("/en/my-appointments/times"))
    set_status(demo_app, links, NOSHOW, first=0, last=1)
    assert "All these appointments are over." in text_of(client.get("/en/my-appointments/times"))


@pytest.mark.parametrize("changes", [{}, {"email": None, "channel": Channel.NONE}])
def test_the_link_is_sent_and_the_address_not_shown(demo_app: Flask, changes: dict[str, Any]) -> None:
    links, client = booked_links(demo_app, **changes), demo_app.test_client()
    times(client, links)
    answer = client.post("/en/my-appointments/times/link", follow_redirects=True)
    assert "If we have an e-mail address for these appointments, a link is on its way to it." in text_of(answer)
    with demo_app.app_context():
        sent = list(db.session.scalars(select(Message.recipient).where(Message.kind == "sign_in")))
    assert sent == ([] if changes else ["kari@example.com"])


def test_the_link_is_not_sent_again_and_again(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    times(client, links)
    for _ in range(MAILS_TO_ONE.most):
        client.post("/en/my-appointments/times/link")
    answer = client.post("/en/my-appointments/times/link", follow_redirects=True)
    assert "We have sent several e-mails lately." in text_of(answer)


# -- helpers ----------------------------------------------------------------------------------------------------------


def add(client: FlaskClient, links: Links, **typed: str) -> TestResponse:
    sent = {"name": "Ola Prøve", "email": "ola@example.com", "language": "en", "reminded": "y"} | typed
    return client.post(f"{links.page}/helpers", data=sent)


def helpers_page(client: FlaskClient, links: Links) -> TestResponse:
    return client.get(f"{links.page}/helpers")


def test_a_helper_is_added_and_her_link_can_be_handed_over(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    answer = client.get(add(client, links).headers["Location"])
    assert "The link is made, and on its way by e-mail." in text_of(answer)
    assert "Ola Prøve ola@example.com. Gets reminders, too. Not opened yet." in text_of(answer)
    link = read_strictly(answer.data).find(".//input[@id='helper-link-1']").get("value")
    page = client.get(link.removeprefix("http://127.0.0.1:5000"))
    assert text_of(page).startswith("Appointments of Kari Prøve")
    assert "Last opened Monday 1 March 09:00." in text_of(helpers_page(client, links))
    assert "These have a link to your times: Ola Prøve." in text_of(client.get(links.page))


def test_a_helper_is_ended(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    helper = helper_link(demo_app, links)
    answer = client.post(f"{links.page}/helpers/{helper.id}/revoke", follow_redirects=True)
    assert "The link is ended." in text_of(answer)
    assert "Ola" not in text_of(answer)
    assert client.get(helper.page).status_code == 404


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": " "}, "Write a name, so that you can tell the links apart."),
        ({"name": "x" * 200}, "Write the name with 100 letters at most."),
        ({"email": "ola@"}, "Write the e-mail address like this"),
        ({"email": ""}, "Reminders need an e-mail address."),
    ],
)
def test_what_is_wrong_with_a_helper_is_said(demo_app: Flask, typed: dict[str, str], told: str) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    answer = add(client, links, **typed)
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error: Somebody who helps you")
    assert told in text_of(answer)
    assert read_strictly(helpers_page(client, links).data).find(".//input[@id='helper-link-1']") is None


def test_a_sixth_helper_is_refused_in_words(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    for number in range(5):
        assert add(client, links, name=f"Ola {number}").status_code == 303
    answer = add(client, links)
    assert answer.status_code == 422
    assert "No more helpers can be added here." in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_helper_sees_times_and_places_and_nothing_of_the_patient(demo_app: Flask, language: str) -> None:
    links = booked_links(demo_app, channel=Channel.SUBSCRIPTION, needs=("stairs", "interpreter"))
    token = helper_link(demo_app, links, language=language).token
    answer = demo_app.test_client().get(f"/{language}/course/{token}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    tree = read_strictly(answer.data)
    assert len(tree.findall(".//h1")) == 1
    assert len(tree.findall(".//ol[@class='dates']/li")) == 10
    text = text_of(answer)
    assert "Eksempelveien 9" in text
    secrets = (links.reference, links.token, links.feed_token, "example.com", "701740605", "740 60", ".ics", "webcal")
    assert not [secret for secret in secrets if secret in answer.text]
    for own in ("/contact", "/helpers", "/print", "/calendar", "/new-link", "/questions", "/reminders"):
        assert f"{token}{own}" not in answer.text
    assert not HEALTH.search(answer.text)


def test_a_helper_is_told_what_to_wear_and_that_the_link_is_hers(demo_app: Flask) -> None:
    text = text_of(demo_app.test_client().get(helper_link(demo_app, booked_links(demo_app)).page))
    assert "Loose clothes; sleeves and trouser legs that can be pushed up." in text
    assert "Kari Prøve has given you the link to this page, Ola Prøve." in text
