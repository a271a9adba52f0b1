"""Every page of a person's own, as Kari, who helps her, Siv and nobody: whole, quiet, and closed.

In the short form each is opened in one of the two languages, in turns, and of links that differ in a date alone one is
followed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking.domain.appointment import Actor
from booking.services.changes import cancel, send_now
from booking.services.disruptions import enter_absence
from booking.services.letters import compose
from booking.services.links import PAGE, Stoppable, new_time_token, sign_in_token, stop_url, waiter_token
from booking.services.logbook import COMMAND
from booking.services.new_times import accept
from booking.services.relocation import propose_first
from booking.store.appointments import Appointment
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.disruptions import Disruption, Touched
from booking.store.outbox import Message
from booking.web.access import Rule, rule_of
from tests.builders import NOW, course, office
from tests.conftest import ALL
from tests.people import SIV
from tests.servers.databases import only_sqlite
from tests.services.waiters import (
    elsewhere_that_week,
    give_back,
    round_of_the_worker,
    waits_for_course,
    waits_for_visit,
)
from tests.web.pages import (
    LANGUAGES,
    Links,
    booked_links,
    fragments,
    helper_link,
    inner_links,
    loads_from_elsewhere,
    read_strictly,
)

pytestmark = only_sqlite

HEALTH = re.compile("needle|acupunct|fibromyalg|pain|bruise|medicine|nål|akupunkt|smerte", re.IGNORECASE)
OWN = re.compile(r"/(?:nb|en)/(?:course|my-appointments|waiting|reminders|new-time)\b")
UNKNOWN = "a" * 32
DATE = re.compile(r"\d{4}-\d\d-\d\d")

KARI, OLA, SIVS, VERA, NOBODY = "Kari", "who helps Kari", "Siv", "Vera, who waits", "nobody"
LED_ON = {"me.ask_link", "me.ask_times"}
"""Opened by hand they lead to the page of their forms."""


@dataclass(frozen=True)
class Visited:
    """A page as somebody found it; `tree`, read strictly, of what is HTML."""

    who: str
    endpoint: str
    url: str
    answer: TestResponse
    tree: Any

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def title(self) -> str:
        return " ".join(next(self.tree.iter("title")).text.split())

    @property
    def text(self) -> str:
        return self.answer.text


@dataclass(frozen=True)
class House:
    """Kari has cancelled a session, waits for a better time of another, which is offered to her, and looks at other
    days. Siv has a course of her own, of which the clinic had to move a session, and Vera waits for one."""

    app: Flask
    kari: Links
    siv: Links
    ola: str
    vera: str
    new_time: str
    cancelled: int
    waited: int
    coming: int


def made(app: Flask) -> House:
    kari, siv = booked_links(app), booked_links(app, SIV)
    ola = helper_link(app, kari).token
    with app.app_context():
        second, third, fourth = course(kari.course_id).appointments[1:4]
        cancel(office(), kari.course_id, second.id, by=Actor.PATIENT, now=NOW, at=NOW)
        waits_for_visit(course(kari.course_id), third)
        give_back([elsewhere_that_week(course(kari.course_id), third)])
        assert round_of_the_worker() == 1
        vera = waiter_token(office(), waits_for_course())
        new_time = moved_by_the_clinic(course(siv.course_id).appointments[4])
        house = House(app, kari, siv, ola, vera, new_time, second.id, third.id, fourth.id)
    keep_other_days(app.test_client(), kari)
    return house


def moved_by_the_clinic(session: Appointment) -> str:
    """The token of the link by which she answers whether her new time suits her."""
    absent = enter_absence(office(), session.clinician_id, session.period, "illness", who=COMMAND, now=NOW)
    assert absent is not None
    propose_first(office(), absent, now=NOW)
    found = db.session.get_one(Disruption, absent)
    (hers,) = found.touched
    accept(office(), found.id, [hers.id], version=found.version, who=COMMAND, now=NOW, at=NOW)
    row = db.session.get_one(Touched, hers.id, populate_existing=True)
    assert row.told_at is not None
    return new_time_token(office(), row.id, row.told_at)


def keep_other_days(client: FlaskClient, kari: Links) -> None:
    """Chooses a proposal for other days, and does not yet confirm it."""
    tree = read_strictly(client.get(f"{kari.page}/replan?day=thu").data)
    form = next(form for form in tree.iter("form") if form.get("method") == "post")
    sent = {field.get("name"): field.get("value") for field in form.iter("input")}
    assert client.post(f"{kari.page}/replan", data=sent).headers["Location"].endswith("/check")


def signed_in(app: Flask) -> FlaskClient:
    """Kari, by the link that was mailed to her."""
    client = app.test_client()
    client.post("/en/my-appointments/link", data={"email": "kari@example.com"})
    with app.app_context():
        nonce = db.session.scalars(select(Message).where(Message.kind == "sign_in")).one().facts["nonce"]
        token = sign_in_token(office(), nonce)
    link = f"/en/my-appointments/link/{token}"
    field = read_strictly(client.get(link).data).find(".//input[@name='csrf_token']")
    assert client.post(link, data={"csrf_token": field.get("value")}).status_code == 303
    return client


def with_reference(app: Flask, kari: Links) -> FlaskClient:
    """Who knows Kari's reference and birth date."""
    client, born = app.test_client(), {"day": "17", "month": "5", "year": "1979"}
    assert client.post("/en/my-appointments/reference", data=born | {"reference": kari.reference}).status_code == 303
    return client


def visits(house: House) -> Iterator[Visited]:
    """All pages under a person's own addresses, by everybody, in both languages."""
    app, kari = house.app, house.kari
    everybody = {KARI: kari.token, OLA: house.ola, SIVS: house.siv.token, NOBODY: UNKNOWN}
    for who, token in everybody.items():
        yield from opened(app, who, course_pages(house, token))
    yield from opened(app, VERA, [("me.waiting", f"/waiting/{house.vera}")])
    yield from opened(app, NOBODY, [("me.waiting", f"/waiting/{UNKNOWN}"), ("me.waiting", f"/waiting/{kari.token}")])
    yield from opened(app, SIVS, [("me.new_time", f"/new-time/{house.new_time}")])
    yield from opened(app, NOBODY, [("me.new_time", f"/new-time/{UNKNOWN}")])
    yield from opened(app, NOBODY, public_pages())
    yield from opened(app, KARI, signed_in_pages(), signed_in(app))
    yield from opened(app, KARI, signed_in_pages(), with_reference(app, kari))
    yield from opened(app, KARI, mailed_pages(house))
    unknown = [("me.stop_mails", f"/reminders/stop/{UNKNOWN}"), ("me.sign_in", f"/my-appointments/link/{UNKNOWN}")]
    yield from opened(app, NOBODY, unknown)


def course_pages(house: House, token: str) -> Iterator[tuple[str, str]]:
    """The pages of a course with Kari's visits, whoever's token it is."""
    with house.app.test_request_context():
        rules = [rule for rule in house.app.url_map.iter_rules() if "/course/<token>" in rule.rule]
        rules = [rule for rule in rules if "GET" in (rule.methods or ())]
    for rule in rules:
        ids = (house.cancelled, house.waited, house.coming) if "id" in rule.arguments else (0,)
        for id in ids:
            path = re.sub("<[^>]*id>", str(id), rule.rule.replace("<token>", token))
            yield rule.endpoint, path.split(":language>", 1)[1]
    yield "me.visit_move", f"/course/{token}/visits/{house.coming}/move?{urlencode({'to': a_place(house)})}"
    yield "me.replan", f"/course/{token}/replan?day=thu"
    yield "me.course", f"/course/{token}?done=too-late"


@cache
def a_place(house: House) -> str:
    """A free time for the coming visit, as a button sends it."""
    page = read_strictly(house.app.test_client().get(f"{house.kari.page}/visits/{house.coming}").data)
    return str(next(button.get("value") for button in page.iter("button") if button.get("name") == "to"))


def public_pages() -> list[tuple[str, str]]:
    names = {"find": "", "link_sent": "/sent", "ask_link": "/link", "ask_times": "/reference"}
    return [(f"me.{name}", f"/my-appointments{path}") for name, path in names.items()] + signed_in_pages()


def signed_in_pages() -> list[tuple[str, str]]:
    return [("me.all_courses", "/my-appointments/all"), ("me.times", "/my-appointments/times")]


def mailed_pages(house: House) -> Iterator[tuple[str, str]]:
    """Where links in mails lead: the one that signs in was used already, and those that end mails."""
    with house.app.app_context():
        nonce = db.session.scalars(select(Message).where(Message.kind == "sign_in")).one().facts["nonce"]
        yield "me.sign_in", f"/my-appointments/link/{sign_in_token(office(), nonce)}"
        link = links_of(db.session(), house.kari.course_id)[PAGE]
        for mails in (Stoppable.REMINDERS, Stoppable.QUESTIONS):
            yield "me.stop_mails", stop_url(office(), mails, link.id, "en").removeprefix(f"{office().url}/en")


def opened(app: Flask, who: str, addresses: Any, client: FlaskClient | None = None) -> Iterator[Visited]:
    client = client or app.test_client()
    for number, (endpoint, address) in enumerate(list(addresses), start=len(who)):
        for language in LANGUAGES if ALL else (LANGUAGES[number % 2],):
            url = f"/{language}{address}"
            answer = client.get(url, buffered=True)
            tree = read_strictly(answer.data) if answer.mimetype == "text/html" and answer.status_code != 303 else None
            yield Visited(who, endpoint, url, answer, tree)


@dataclass(frozen=True)
class Crawled:
    """`links`: to own pages, from the pages that opened, with what they are answered with."""

    house: House
    pages: list[Visited]
    links: dict[str, int]


@cache
def crawl(app: Flask) -> Crawled:
    house = made(app)
    pages, client = list(visits(house)), app.test_client()
    known = {page.url: page.status for page in pages}
    read = [page for page in pages if page.tree is not None and page.status != 404]
    links = {link for page in read for link in inner_links(page.text, page.url) if OWN.match(link)}
    tried = links if ALL else in_one_language(links, known)
    return Crawled(house, pages, {link: known.get(link) or client.get(link).status_code for link in sorted(tried)})


def in_one_language(links: set[str], opened: Container[str]) -> Iterator[str]:
    """Of links to one page, in both languages and of all weeks, the one that was opened, or one of them in turns."""
    addresses = groupby(sorted(links, key=address_of), address_of)
    for number, (_, both) in enumerate(addresses):
        found = sorted(both)
        yield next((link for link in found if link in opened), found[number % len(found)])


def address_of(link: str) -> str:
    return DATE.sub("", link[len("/nb") :])


@pytest.fixture
def crawled(demo_app: Flask) -> Crawled:
    return crawl(demo_app)


@pytest.fixture
def house(crawled: Crawled) -> House:
    return crawled.house


@pytest.fixture
def pages(crawled: Crawled) -> list[Visited]:
    return crawled.pages


def test_no_page_is_forgotten(demo_app: Flask, pages: list[Visited]) -> None:
    rules = [rule for rule in demo_app.url_map.iter_rules() if rule.endpoint.startswith("me.")]
    all_of_them = {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}
    seen = {page.endpoint for page in pages if page.status in (200, 410)}
    assert all_of_them - seen == LED_ON


def test_no_page_breaks(pages: list[Visited]) -> None:
    assert not [(page.who, page.url, page.status) for page in pages if page.status not in (200, 303, 404, 410)]


def test_what_is_the_patients_alone_opens_for_nobody_else(demo_app: Flask, pages: list[Visited]) -> None:
    for page in pages:
        rule = rule_of(demo_app, page.endpoint)
        if page.who == NOBODY and rule is not Rule.EVERYBODY:
            assert page.status == (303 if rule is Rule.SIGNED_IN else 404), page.url
        if page.who == OLA and rule is Rule.PAGE_LINK:
            assert page.status == 404, page.url
        if page.who == SIVS and "/visits/" in page.url:
            assert page.status == 404, page.url


def test_only_kari_reads_anything_of_karis(house: House, pages: list[Visited]) -> None:
    for page in pages:
        if page.who in (SIVS, VERA, NOBODY):
            for secret in ("Kari", "kari@", house.kari.reference, house.kari.token, house.kari.feed_token, house.ola):
                assert secret in page.url or secret not in page.text, page.url


def test_who_helps_reads_times_and_places_alone(house: House, pages: list[Visited]) -> None:
    secrets = (house.kari.reference, house.kari.token, house.kari.feed_token, "kari@", "701740605", "740 60", "1979")
    for page in pages:
        if page.who == OLA and page.status == 200:
            assert not [secret for secret in secrets if secret in page.text], page.url
            assert not HEALTH.search(page.text), (page.url, HEALTH.search(page.text))


def test_each_page_is_whole(pages: list[Visited]) -> None:
    for page in pages:
        if page.tree is not None:
            assert len(page.tree.findall(".//h1")) == 1, page.url
            levels = [
                int(each.tag[1]) for each in page.tree.find(".//main").iter() if re.fullmatch("h[1-6]", str(each.tag))
            ]
            assert all(level - before <= 1 for before, level in zip([0, *levels], levels, strict=False)), page.url
            assert fragments(page.text) <= {each.get("id") for each in page.tree.iter()}, page.url
            assert page.tree.get("lang") == page.url[1:3], page.url


def test_each_field_and_each_button_has_words(pages: list[Visited]) -> None:
    for page in pages:
        if page.tree is not None:
            labelled = {label.get("for") for label in page.tree.iter("label")}
            inside = {field for label in page.tree.iter("label") for field in label.iter("input")}
            for field in [*page.tree.iter("input"), *page.tree.iter("select")]:
                if field.get("type") != "hidden":
                    assert field.get("id") in labelled or field in inside, (page.url, field.attrib)
            for each in [*page.tree.iter("button"), *page.tree.iter("a")]:
                assert "".join(each.itertext()).strip(), (page.url, each.attrib)


def test_no_page_tells_of_an_illness_in_its_title_or_address(pages: list[Visited]) -> None:
    for page in pages:
        assert not HEALTH.search(page.url), page.url
        if page.tree is not None:
            assert not HEALTH.search(page.title), page.url


def test_no_page_sets_a_cookie_or_loads_anything_from_elsewhere(pages: list[Visited]) -> None:
    for page in pages:
        if page.endpoint != "me.sign_in":  # whose button works in this browser alone
            assert "Set-Cookie" not in page.answer.headers, page.url
        assert not loads_from_elsewhere(page.answer.data), page.url


def test_no_page_is_kept_by_a_cache_or_found_by_a_search(demo_app: Flask, pages: list[Visited]) -> None:
    for page in pages:
        if rule_of(demo_app, page.endpoint) not in (Rule.EVERYBODY, Rule.SIGNED_IN) or page.status == 404:
            headers = page.answer.headers
            assert headers.get("Cache-Control") == "no-store", page.url
            assert headers.get("X-Robots-Tag") == "noindex", page.url
            if page.status in (200, 410):
                assert headers.get("Referrer-Policy") == "no-referrer", page.url


def test_the_pages_of_a_session_are_kept_by_no_cache(pages: list[Visited]) -> None:
    read = [page for page in pages if page.endpoint in ("me.all_courses", "me.times") and page.status == 200]
    assert {page.endpoint for page in read} == {"me.all_courses", "me.times"}
    assert {page.answer.headers["Cache-Control"] for page in read} == {"no-store"}
    assert {page.answer.headers["X-Robots-Tag"] for page in read} == {"noindex"}


def test_every_link_to_an_own_page_is_alive(crawled: Crawled) -> None:
    assert len(crawled.links) > 50
    assert not [link for link, status in crawled.links.items() if status not in (200, 303, 410)]


def test_names_are_words_on_every_page_and_in_every_mail(demo_app: Flask) -> None:
    tag = "<img src=x onerror=alert(1)>"
    links = booked_links(demo_app, name=f"Kari {tag}")
    helper = helper_link(demo_app, links, name=f"Ola {tag}")
    with demo_app.app_context():
        visit = course(links.course_id).appointments[2].id
        cancel(office(), links.course_id, visit, by=Actor.HELPER, now=NOW, at=NOW)
        send_now(office(), links.course_id, by=Actor.PATIENT, now=NOW, at=NOW)
        db.session.rollback()
        mails = [compose(db.session(), office(), message) for message in db.session.scalars(select(Message))]
    pages = [links.page, f"{links.page}/helpers", f"{links.page}/print", helper.page, f"{helper.page}/cancel-rest"]
    for page in pages:
        answer = demo_app.test_client().get(page)
        assert answer.status_code == 200
        assert "<img" not in answer.text, page
    pieces = [piece for mail in mails for piece in message_from_bytes(mail, policy=default).walk()]
    texts = [piece.get_content() for piece in pieces if piece.get_content_type() == "text/html"]
    assert any("&lt;img" in text for text in texts)
    assert not [text for text in texts if "<img" in text]
