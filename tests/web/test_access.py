"""Who may open what: Kari has her links, Siv has her own, and nobody else has any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from booking.config import MailServer, Settings
from booking.domain.appointment import Actor
from booking.services.changes import cancel, undoable
from booking.services.courses import Channel
from booking.services.helpers import revoke_helper
from booking.services.links import PAGE, Stoppable, stop_url, waiter_token
from booking.services.preferences import renew_page
from booking.services.sign_ins import MAILS_TO_ONE, TRIES_AT_ONE
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.helpers import helpers_of
from booking.web.access import Rule, rule_of
from tests.builders import NOW, course, office
from tests.people import SIV
from tests.servers.databases import only_sqlite
from tests.services.waiters import (
    elsewhere_that_week,
    give_back,
    offers,
    round_of_the_worker,
    waits_for_course,
    waits_for_visit,
)
from tests.web.pages import HelperLink, Links, booked_links, helper_link, links_now

pytestmark = only_sqlite

STRANGERS_TOKEN = "a" * 32


def addresses(app: Flask, rule: Rule, token: str) -> Iterator[tuple[str, str]]:
    """(method, address) of all endpoints under the rule."""
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        for each in app.url_map.iter_rules():
            if rule_of(app, each.endpoint) is rule:
                values = {"token": token, "language": "en", "key": "0" * 32, "id": 1}
                wanted = {name: values[name] for name in each.arguments}
                method = "GET" if "GET" in each.methods else "POST"
                yield method, adapter.build(each.endpoint, wanted, method=method)


def statuses(app: Flask, rule: Rule, token: str) -> set[int]:
    client = app.test_client()
    return {client.open(address, method=method).status_code for method, address in addresses(app, rule, token)}


@pytest.mark.parametrize(
    "rule",
    [
        Rule.PAGE_LINK,
        Rule.COURSE_LINK,
        Rule.SIGN_IN_LINK,
        Rule.FEED_LINK,
        Rule.COMMENT_LINK,
        Rule.WAITER_LINK,
        Rule.STOP_LINK,
    ],
)
def test_without_a_link_nothing_opens(demo_app: Flask, rule: Rule) -> None:
    assert list(addresses(demo_app, rule, STRANGERS_TOKEN))
    assert statuses(demo_app, rule, STRANGERS_TOKEN) == {404}


def test_a_renewed_link_opens_nothing_any_more(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    with demo_app.app_context():
        renew_page(office(), links.course_id, now=NOW, at=NOW)
        renewed = links_now(links.course_id)
    for rule in (Rule.PAGE_LINK, Rule.COURSE_LINK):
        assert statuses(demo_app, rule, links.token) == {404}
    assert demo_app.test_client().get(renewed.page).status_code == 200


def test_the_link_of_the_feed_opens_no_page(demo_app: Flask) -> None:
    assert statuses(demo_app, Rule.PAGE_LINK, booked_links(demo_app).feed_token) == {404}


def test_a_strangers_link_shows_nothing_of_karis(demo_app: Flask) -> None:
    kari, siv = booked_links(demo_app), booked_links(demo_app, SIV)
    client = demo_app.test_client()
    pages = [*addresses(demo_app, Rule.PAGE_LINK, siv.token), *addresses(demo_app, Rule.COURSE_LINK, siv.token)]
    for method, address in pages:
        if method == "GET":
            text = client.get(address).text
            assert "Kari" not in text
            assert kari.reference not in text
            assert kari.token not in text


def test_without_a_session_the_ways_in_are_shown(demo_app: Flask) -> None:
    client, pages = demo_app.test_client(), list(addresses(demo_app, Rule.SIGNED_IN, ""))
    assert pages
    for method, address in pages:
        answer = client.open(address, method=method)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/en/my-appointments?ended=1")


def test_the_cookie_of_a_session_tells_of_nobody(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    born = {"day": "17", "month": "5", "year": "1979"}
    client.post("/en/my-appointments/reference", data=born | {"reference": links.reference})
    with client.session_transaction() as session:
        assert list(session) == ["sign_in"]
        assert re.fullmatch("[0-9a-f]{64}", session["sign_in"])
    cookie = client.get_cookie("booking")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.expires) == (True, "Lax", None)
    assert client.get(f"/en/course/{session['sign_in']}").status_code == 404


def test_a_helpers_link_opens_no_page_of_the_patients_own(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    token = helper_link(demo_app, links).token
    assert statuses(demo_app, Rule.PAGE_LINK, token) == {404}
    assert demo_app.test_client().get(f"/en/course/{token}").status_code == 200


def test_an_ended_helpers_link_opens_nothing(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    helper = helper_link(demo_app, links)
    with demo_app.app_context():
        revoke_helper(links.course_id, helper.id, now=NOW)
    assert statuses(demo_app, Rule.COURSE_LINK, helper.token) == {404}


def test_each_link_opens_what_it_is_for_and_nothing_else(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    helper = helper_link(demo_app, links).token
    with demo_app.app_context():
        waiter = waiter_token(office(), waits_for_course())
        stop = stop_url(office(), Stoppable.REMINDERS, links_of(db.session(), links.course_id)[PAGE].id, "en")
    opened = {
        links.token: {Rule.PAGE_LINK, Rule.COURSE_LINK},
        links.feed_token: {Rule.FEED_LINK},
        helper: {Rule.COURSE_LINK},
        waiter: {Rule.WAITER_LINK},
        stop.rsplit("/", 1)[1]: {Rule.STOP_LINK},
    }
    closed = {Rule.PAGE_LINK, Rule.COURSE_LINK, Rule.SIGN_IN_LINK, Rule.FEED_LINK, Rule.COMMENT_LINK}
    for token, rules in opened.items():
        for rule in (closed | {Rule.WAITER_LINK, Rule.STOP_LINK}) - rules:
            assert statuses(demo_app, rule, token) == {404}, (rules, rule)


@dataclass
class Strangers:
    """Kari, who has just cancelled a session, has somebody who helps her, and is offered a better time of another
    session; Siv, who is offered one, too. `page`: Siv's."""

    app: Flask
    kari: Links
    helper: HelperLink
    page: str
    visit: int
    change: int
    offer: int
    own_visit: int

    @classmethod
    def made(cls, app: Flask) -> Strangers:
        kari, siv = booked_links(app), booked_links(app, SIV)
        helper = helper_link(app, kari)
        with app.app_context():
            second, third = course(kari.course_id).appointments[1:3]
            own = course(siv.course_id).appointments[4]
            cancel(office(), kari.course_id, second.id, by=Actor.PATIENT, now=NOW, at=NOW)
            waits_for_visit(course(kari.course_id), third)
            give_back([elsewhere_that_week(course(kari.course_id), third)])
            assert round_of_the_worker() == 1
            waits_for_visit(course(siv.course_id), own)
            change = undoable(db.session(), kari.course_id, now=NOW)[0].id
            return cls(app, kari, helper, siv.page, third.id, change, offers()[0].id, own.id)

    def as_it_stands(self) -> object:
        with self.app.app_context():
            kari = course(self.kari.course_id)
            times = [(a.starts_at, a.status, a.sequence) for a in kari.appointments]
            open_changes = [change.id for change in undoable(db.session(), kari.id, now=NOW)]
            return times, open_changes, [offer.id for offer in offers()], len(helpers_of(db.session(), kari.id))


def test_a_strangers_link_changes_nothing_of_karis(demo_app: Flask) -> None:
    them, client = Strangers.made(demo_app), demo_app.test_client()
    before = them.as_it_stands()
    for ending in ("/cancel", "/move", "/wait", "/wait/answer"):
        sent = {"answer": "take", "offer": them.offer, "hours": "2"}
        assert client.post(f"{them.page}/visits/{them.visit}{ending}", data=sent).status_code == 404
    for answer in ("take", "refuse"):
        sent = {"answer": answer, "offer": them.offer}
        client.post(f"{them.page}/visits/{them.own_visit}/wait/answer", data=sent)
    client.post(f"{them.page}/undo", data={"change": them.change})
    client.post(f"{them.page}/send-now")
    client.post(f"{them.page}/helpers/{them.helper.id}/revoke")
    assert them.as_it_stands() == before


def test_who_helps_can_end_no_link(demo_app: Flask) -> None:
    them, client = Strangers.made(demo_app), demo_app.test_client()
    for address in (f"helpers/{them.helper.id}/revoke", "helpers", "new-link", "new-feed", "contact", "calendar"):
        assert client.post(f"{them.helper.page}/{address}").status_code == 404
    assert client.get(them.helper.page).status_code == 200


def test_no_form_of_a_persons_own_pages_is_taken_from_another_site(demo_app: Flask) -> None:
    links, client = booked_links(demo_app), demo_app.test_client()
    elsewhere = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
    forms = [
        rule for rule in demo_app.url_map.iter_rules() if rule.endpoint.startswith("me.") and "POST" in rule.methods
    ]
    adapter = demo_app.url_map.bind("localhost")
    for rule in forms:
        known = {"token": links.token, "language": "en", "id": 1}
        address = adapter.build(rule.endpoint, {name: known[name] for name in rule.arguments}, method="POST")
        for headers in elsewhere:
            assert client.post(address, headers=headers).status_code == 403, address
        if "token" not in rule.arguments:
            assert client.post(address, headers={"Origin": "null"}).status_code == 403, address


def test_what_was_too_often_says_when_to_try_again(demo_app: Flask) -> None:
    client, tries = demo_app.test_client(), TRIES_AT_ONE.most + 1
    guess = {"reference": "K7MP-4Q2X", "day": "1", "month": "2", "year": "1980"}
    answers = [client.post("/en/my-appointments/reference", data=guess) for _ in range(tries)]
    assert [answer.status_code for answer in answers] == [422] * (tries - 1) + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 3600


@pytest.mark.parametrize("known", [True, False])
def test_by_how_often_a_link_is_sent_nobody_learns_of_an_address(demo_app: Flask, known: bool) -> None:
    changes = {} if known else {"email": None, "channel": Channel.NONE}
    links, client = booked_links(demo_app, **changes), demo_app.test_client()
    for _ in range(MAILS_TO_ONE.most):
        client.post("/en/my-appointments/link", data={"email": "kari@example.com"})
    born = {"day": "17", "month": "5", "year": "1979"}
    client.post("/en/my-appointments/reference", data=born | {"reference": links.reference})
    answers = [client.post("/en/my-appointments/times/link").headers["Location"] for _ in range(4)]
    assert [answer.rsplit("=", 1)[1] for answer in answers] == ["yes", "yes", "yes", "often"]


def test_an_old_link_says_what_to_do(demo_app: Flask) -> None:
    answer = demo_app.test_client().get(f"/en/course/{STRANGERS_TOKEN}")
    assert "This link no longer works" in answer.text
    assert "/en/my-appointments" in answer.text
    assert "00 00 00 00" in answer.text


def test_a_form_from_another_site_changes_nothing(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(f"{links.page}/new-link", headers=headers).status_code == 403
    assert client.get(links.page).status_code == 200


def test_where_strangers_book_there_is_no_developers_page(demo_app: Flask) -> None:
    assert statuses(demo_app, Rule.DEVELOPER, "") == {200, 404}, "no mail has this key"
    demo_app.extensions["settings"] = Settings(
        url="https://clinic.example", secret_keys=("x" * 32,), mail=MailServer(host="localhost", port=25, tls=False)
    )
    assert statuses(demo_app, Rule.DEVELOPER, "") == {404}
