"""Odd forms: whatever is sent to a person's own pages is answered in words, by either database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from booking.services.links import waiter_token
from tests.builders import course, office
from tests.conftest import ALL
from tests.servers.databases import on_each
from tests.services.waiters import waits_for_course, waits_for_visit
from tests.web.pages import booked_links

NUMBERS = ("0", "-1", "", "\0", "٣", "2147483648", "99999999999", "9223372036854775808", "9" * 30, "9" * 5000)
TEXTS = ("a\0b", "x" * 20000, "2027-04-06T09:00~\0~\0", "9999-12-31T23:59~a~b", "day=\0&from=8999-12-31", b"\xff\xfe")

FIELDS = (
    "answer",
    "by_mail",
    "change",
    "channel",
    "day",
    "email",
    "hours",
    "language",
    "mobile",
    "moment",
    "month",
    "name",
    "needs",
    "offer",
    "pain",
    "query",
    "quiet_from",
    "reference",
    "rungs",
    "seen",
    "shown",
    "to",
    "weeks",
    "year",
)
IN_ADDRESSES = ("to", "week", "done", "sent", "query", "from", "away", "day", "part", "clinic", "clinician", "pattern")


@pytest.fixture
def tokens(demo_app: Flask) -> tuple[str, int, str]:
    """Kari's token and one of her visits, for which she waits for a better time, and the token of who waits."""
    links = booked_links(demo_app)
    with demo_app.app_context():
        kari = course(links.course_id)
        third = kari.appointments[2]
        waits_for_visit(kari, third)
        return links.token, third.id, waiter_token(office(), waits_for_course())


@on_each
def test_a_number_that_no_visit_has_leads_nowhere(demo_app: Flask, tokens: tuple[str, int, str]) -> None:
    client, page = demo_app.test_client(), f"/en/course/{tokens[0]}"
    numbers = ("0", "2147483648", "99999999999", "9223372036854775808", "9" * 5000)
    for number in numbers:
        for ending in ("", "/move", "/cancel", "/wait"):
            assert client.get(f"{page}/visits/{number}{ending}").status_code == 404
            assert client.post(f"{page}/visits/{number}{ending or '/move'}").status_code == 404
        assert client.post(f"{page}/visits/{number}/wait/answer").status_code == 404
        assert client.post(f"{page}/helpers/{number}/revoke").status_code in (303, 404)


@on_each
def test_a_number_that_no_change_and_no_offer_has_does_nothing(demo_app: Flask, tokens: tuple[str, int, str]) -> None:
    token, visit, waiting = tokens
    client = demo_app.test_client()
    for number in NUMBERS:
        undone = client.post(f"/en/course/{token}/undo", data={"change": number})
        assert undone.headers["Location"].endswith("?done=too-late")
        for page in (f"/en/course/{token}/visits/{visit}/wait", f"/en/waiting/{waiting}"):
            refused = client.post(f"{page}/answer", data={"answer": "refuse", "offer": number})
            assert refused.headers["Location"] == page
            assert client.post(f"{page}/answer", data={"answer": "take", "offer": number}).status_code == 409


def test_whatever_is_sent_is_answered_in_words(demo_app: Flask, tokens: tuple[str, int, str]) -> None:
    client, failed = demo_app.test_client(), []
    for number, (endpoint, address, methods) in enumerate(own_addresses(demo_app, *tokens)):
        for value in TEXTS if ALL else TEXTS[number % 3 :: 3]:
            sent = {"data": dict.fromkeys(FIELDS, value)} if "POST" in methods else {}
            asked = {"query_string": dict.fromkeys(IN_ADDRESSES, value)} if "GET" in methods else {}
            for method, what in (("POST", sent), ("GET", asked)):
                if what and client.open(address, method=method, **what).status_code >= 500:
                    failed.append((method, endpoint, value[:20]))
    assert not failed


def test_a_form_without_end_is_refused(demo_app: Flask, tokens: tuple[str, int, str]) -> None:
    client = demo_app.test_client()
    answer = client.post(f"/en/course/{tokens[0]}/helpers", data={"name": "x" * 7_000_000})
    assert answer.status_code == 413
    assert "What was sent is larger than we can take" in answer.text


def own_addresses(app: Flask, token: str, visit: int, waiting: str) -> Iterator[tuple[str, str, Any]]:
    """(endpoint, address, methods) of all a person's own pages but the one that ends her link."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("me.") and rule.endpoint != "me.renew_page":
            known = {"language": "en", "id": visit, "token": waiting if "waiting" in rule.rule else token}
            values = {name: known[name] for name in rule.arguments}
            method = "GET" if "GET" in rule.methods else "POST"
            yield rule.endpoint, adapter.build(rule.endpoint, values, method=method), rule.methods
