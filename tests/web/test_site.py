"""The public pages: whole, linked to one another, without cookies, and sober."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.pages import LANGUAGES, fragments, read_strictly

ARTICLE = "articles/acupuncture-can-relieve-fibromyalgia"
READING = [
    "",
    ARTICLE,
    "clinics",
    "clinics/lambertseter",
    "clinics/raholt",
    "clinicians",
    "clinicians/ask-eksempel",
    "clinicians/live-demodatter",
    "clinicians/storm-fiktivsen",
    "articles",
    "about",
    "contact",
    "search",
    "search?q=clinic",
    "privacy",
    "accessibility",
    "my-appointments",
]

both_languages = pytest.mark.parametrize("language", LANGUAGES)
every_page = pytest.mark.parametrize("path", READING)


@pytest.fixture
def client(site_app: Flask) -> FlaskClient:
    return site_app.test_client()


@both_languages
@every_page
def test_a_page_is_whole(client: FlaskClient, language: str, path: str) -> None:
    answer = client.get(f"/{language}/{path}")
    assert answer.status_code == 200
    tree = read_strictly(answer.data)
    assert tree.get("lang") == language
    assert len(tree.findall(".//h1")) == 1
    assert fragments(answer.text) <= {element.get("id") for element in tree.iter()}


@both_languages
@every_page
def test_reading_leaves_no_cookie(client: FlaskClient, language: str, path: str) -> None:
    assert "Set-Cookie" not in client.get(f"/{language}/{path}").headers


@every_page
def test_a_page_says_what_the_browser_may_do(client: FlaskClient, path: str) -> None:
    headers = client.get(f"/en/{path}").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@every_page
def test_no_cache_that_others_use_keeps_a_page(client: FlaskClient, path: str) -> None:
    assert "private" in client.get(f"/en/{path}").headers["Cache-Control"]


@every_page
def test_a_page_asks_no_other_machine(client: FlaskClient, path: str) -> None:
    tree = read_strictly(client.get(f"/en/{path}").data)
    loads = [e.get("src") for e in tree.iter() if e.get("src")]
    loads += [e.get("href") for e in tree.iter("link") if e.get("rel") in ("stylesheet", "icon", "apple-touch-icon")]
    assert loads
    assert all(address.startswith("/static/") for address in loads)


@every_page
def test_a_page_has_the_telephone_number_and_says_that_all_is_invented(client: FlaskClient, path: str) -> None:
    text = client.get(f"/en/{path}").text
    assert "00 00 00 00" in text
    assert "Clinics, people and phone numbers are invented." in text


def test_the_other_language_is_the_same_page(client: FlaskClient) -> None:
    assert 'href="/nb/clinics/raholt?x=1"' in client.get("/en/clinics/raholt?x=1").text


@pytest.mark.parametrize("path", ["clinics/nowhere", "clinicians/nobody", "nothing"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/nb/{path}").status_code == 404


# -- what may be said -------------------------------------------------------------------------------------------------


def test_an_authorised_clinician_may_stand_beside_the_article(client: FlaskClient) -> None:
    assert ARTICLE in client.get("/en/clinicians/ask-eksempel").text


def test_the_article_asks_and_limits(client: FlaskClient) -> None:
    text = client.get(f"/en/{ARTICLE}").text
    assert "Can acupuncture relieve fibromyalgia?</h1>" in text
    assert "Exercise has the strongest support." in text
    assert "We sell this treatment." in text
