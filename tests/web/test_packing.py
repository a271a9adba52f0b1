"""Packing: what everybody gets travels small, and what one person gets is never packed."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, booked_links, read_strictly
from tests.web.walker import Walker

ARTICLE = "articles/acupuncture-can-relieve-fibromyalgia"
MOST = 60_000
"""Bytes of a whole page over the wire, with all it loads: read within a second on a slow phone."""

MOST_STYLE = 30_000
"""Bytes of all style sheets of a page, unpacked."""

GZIP = {"Accept-Encoding": "gzip, br"}
SHEET = "/static/css/components.css"


@pytest.fixture
def client(site_app: Flask) -> FlaskClient:
    return site_app.test_client()


def get(client: FlaskClient, path: str, headers: dict[str, str] = GZIP) -> TestResponse:
    return client.get(path, headers=headers, buffered=True)


def loaded(page: Any) -> list[str]:
    """What a browser loads with the page."""
    links = [e.get("href") for e in page.iter("link") if e.get("rel") in ("stylesheet", "icon", "manifest")]
    return links + [e.get("src") for e in page.iter() if e.get("src")]


def on_the_wire(answer: TestResponse) -> int:
    """Bytes of an answer, its head as HTTP/1.1 has it included."""
    return len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["", ARTICLE, "clinics/lambertseter", "clinicians"])
def test_a_whole_public_page_is_small_over_the_wire(client: FlaskClient, language: str, path: str) -> None:
    answer = get(client, f"/{language}/{path}")
    page = read_strictly(gzip.decompress(answer.data))
    sizes = {address: on_the_wire(get(client, address)) for address in loaded(page)}
    assert len(sizes) > 5
    assert on_the_wire(answer) + sum(sizes.values()) < MOST, sizes


@pytest.mark.parametrize("path", ["", ARTICLE, "clinics", "book/plan", "my-appointments"])
def test_the_style_sheets_of_a_page_are_small(client: FlaskClient, path: str) -> None:
    page = read_strictly(client.get(f"/en/{path}").data)
    sheets = [address for address in loaded(page) if address.endswith(".css")]
    assert sum(len(client.get(sheet, buffered=True).data) for sheet in sheets) < MOST_STYLE


@pytest.mark.parametrize("path", ["/en/", f"/nb/{ARTICLE}", "/en/nothing", "/sitemap.xml", SHEET])
def test_what_is_packed_is_the_same_unpacked(client: FlaskClient, path: str) -> None:
    packed, plain = get(client, path), get(client, path, {})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(gzip.decompress(packed.data)) == len(plain.data)
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data)
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_nothing_is_packed_for_who_cannot_unpack_it(client: FlaskClient, accepted: str) -> None:
    for path in ("/en/", SHEET):
        assert "Content-Encoding" not in get(client, path, {"Accept-Encoding": accepted}).headers


@pytest.mark.parametrize("path", ["/static/img/icon-180.png", "/static/img/favicon.svg", "/robots.txt", "/healthz"])
def test_pictures_and_what_is_short_stay_as_they_are(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in get(client, path).headers


def test_a_head_is_that_of_the_page(client: FlaskClient) -> None:
    for path in (SHEET, "/en/about"):
        page, head = get(client, path), client.head(path, headers=GZIP, buffered=True)
        assert head.data == b""
        assert head.headers["Content-Length"] == page.headers["Content-Length"]
        assert head.headers["Content-Encoding"] == "gzip"


# -- pages of one person ----------------------------------------------------------------------------------------------


def test_a_page_behind_a_secret_link_is_not_packed(demo_app: Flask) -> None:
    secret = booked_links(demo_app)
    client = demo_app.test_client()
    for path in (secret.page, f"{secret.page}/print"):
        assert "Content-Encoding" not in get(client, path).headers


@only_sqlite
def test_no_page_is_packed_for_who_is_booking(demo_app: Flask) -> None:
    walker = Walker(demo_app)
    walker.open("/en/book/plan?clinic=lambertseter&day=tue&from=2027-04-05").send("/choose")
    assert walker.path == "/en/book/health"
    for path in ("/en/book/health", "/en/book", "/en/about"):
        assert "Content-Encoding" not in get(walker.client, path).headers


# -- static files -----------------------------------------------------------------------------------------------------


def test_a_browser_that_has_the_packed_file_is_told_that_it_is_unchanged(client: FlaskClient) -> None:
    first = get(client, SHEET)
    assert first.headers["ETag"] != get(client, SHEET, {}).headers["ETag"]
    again = get(client, SHEET, GZIP | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Encoding" not in again.headers
    since = get(client, SHEET, GZIP | {"If-Modified-Since": first.headers["Last-Modified"]})
    assert since.status_code == 304


def test_a_part_of_a_file_is_a_part_of_the_plain_file(client: FlaskClient) -> None:
    whole, part = get(client, SHEET, {}), get(client, SHEET, GZIP | {"Range": "bytes=10-29"})
    assert part.status_code == 206
    assert part.data == whole.data[10:30]
    assert "Content-Encoding" not in part.headers


def test_a_packed_file_cannot_be_mended_with_a_part_of_the_plain_one(client: FlaskClient) -> None:
    tag = get(client, SHEET).headers["ETag"]
    assert get(client, SHEET, GZIP | {"Range": "bytes=10-29", "If-Range": tag}).status_code == 200
