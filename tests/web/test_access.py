"""Who may open what: Kari has her links, Siv has her own, and nobody else has any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from booking.config import MailServer, Settings
from booking.services.helpers import revoke_helper
from booking.services.preferences import renew_page
from booking.web.access import Rule, rule_of
from tests.builders import NOW, office
from tests.people import SIV
from tests.servers.databases import only_sqlite
from tests.web.pages import booked_links, helper_link, links_now

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
    "rule", [Rule.PAGE_LINK, Rule.COURSE_LINK, Rule.SIGN_IN_LINK, Rule.FEED_LINK, Rule.COMMENT_LINK, Rule.STOP_LINK]
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
