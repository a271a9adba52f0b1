"""The feed over HTTP: what calendar programs ask for, and what strangers do not get."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.test import TestResponse

from booking.services.courses import Channel
from booking.services.preferences import Contact, correct_contact, renew_feed
from tests.builders import NOW, course, office
from tests.servers.databases import only_sqlite
from tests.web.pages import Links, booked_links, links_now

pytestmark = only_sqlite


def subscribed(app: Flask) -> Links:
    return booked_links(app, channel=Channel.SUBSCRIPTION)


def fetched(client: FlaskClient, links: Links, **headers: str) -> TestResponse:
    return client.get(links.feed, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_feed_is_a_calendar(demo_app: Flask) -> None:
    answer = fetched(demo_app.test_client(), subscribed(demo_app))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert len(Calendar.from_ical(answer.data).events) == 10


def test_the_feed_says_how_it_may_be_kept(demo_app: Flask) -> None:
    headers = fetched(demo_app.test_client(), subscribed(demo_app)).headers
    assert headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Vary"] == "Accept-Encoding"
    assert not headers["ETag"].startswith("W/")
    assert "Content-Disposition" not in headers
    assert "Set-Cookie" not in headers


def test_who_has_the_feed_gets_304(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    first = fetched(client, links)
    again = fetched(client, links, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert fetched(client, links).data == first.data


def test_a_date_is_enough_for_304(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    date = fetched(client, links).headers["Last-Modified"]
    assert fetched(client, links, If_Modified_Since=date).status_code == 304


def test_the_tag_wins_over_the_date(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    date = fetched(client, links).headers["Last-Modified"]
    assert fetched(client, links, If_None_Match='"another"', If_Modified_Since=date).status_code == 200


def test_head_has_the_headers_and_no_body(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    whole, head = fetched(client, links), client.head(links.feed)
    assert head.data == b""
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(whole.data))


def test_the_packed_feed_is_the_same_bytes_under_a_tag_of_its_own(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    plain, packed = fetched(client, links), fetched(client, links, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    tag = packed.headers["ETag"]
    assert fetched(client, links, Accept_Encoding="gzip", If_None_Match=tag).status_code == 304


def test_who_refuses_gzip_gets_none(demo_app: Flask) -> None:
    answer = fetched(demo_app.test_client(), subscribed(demo_app), Accept_Encoding="gzip;q=0")
    assert "Content-Encoding" not in answer.headers


def test_a_change_is_a_new_tag(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    tag = fetched(client, links).headers["ETag"]
    with demo_app.app_context():
        found = course(links.course_id)
        contact = Contact(email=found.email, mobile=found.mobile, language="en", needs=())
        later = NOW + timedelta(hours=1)
        correct_contact(office(), links.course_id, replace(contact), now=later, at=later)
    answer = fetched(client, links, If_None_Match=tag)
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


def test_a_renewed_feed_leaves_the_old_address(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), subscribed(demo_app)
    with demo_app.app_context():
        renew_feed(office(), links.course_id)
        renewed = links_now(links.course_id)
    assert fetched(client, links).status_code == 404
    assert fetched(client, renewed).status_code == 200


def test_an_unknown_feed_is_plain_words(demo_client: FlaskClient) -> None:
    answer = demo_client.get("/calendars/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.ics")
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert "Location" not in answer.headers


def test_the_link_of_the_page_opens_no_feed(demo_app: Flask) -> None:
    links = subscribed(demo_app)
    assert demo_app.test_client().get(f"/calendars/{links.token}.ics").status_code == 404
