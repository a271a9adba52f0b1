"""What is said when something goes wrong, and what is written down about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Gone, default_exceptions

from booking.domain.errors import BookingError, HoldExpired, TooYoung
from booking.services.courses import OtherChoice
from booking.store.database import db
from booking.web import logging
from booking.web.access import Rule, open_to
from booking.web.errors import words_for
from tests.conftest import end_connections, forget_senders, new_application
from tests.servers.databases import only_sqlite
from tests.web.pages import booked_links, read_strictly

pytestmark = only_sqlite


@cache
def with_a_failing_page(database_url: str) -> Flask:
    """An application of this file's own, with a page that raises what `failing` says."""
    app = new_application(database_url)

    @open_to(Rule.EVERYBODY)
    def fail(token: str, **_: Any) -> str:
        raise app.extensions["failing"]

    for address in ("/en/failing/<token>", "/<any(nb, en):language>/failing-in/<token>"):
        app.add_url_rule(address, "failing", fail, methods=["GET", "POST"])
    return app


@pytest.fixture
def demo_app(demonstration_url: str) -> Iterator[Flask]:
    app = with_a_failing_page(demonstration_url)
    forget_senders()
    yield app
    end_connections(app)


def failing(app: Flask, error: Exception) -> FlaskClient:
    """A client of the application whose failing page raises `error`."""
    app.extensions["failing"] = error
    return app.test_client()


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nothing", 404), ("POST", "clinics", 405), ("POST", "course/x/booked", 405)]
)
def test_an_error_page_is_whole_and_in_the_language_of_the_address(
    demo_client: FlaskClient, language: str, method: str, path: str, status: int
) -> None:
    answer = demo_client.open(f"/{language}/{path}", method=method)
    assert answer.status_code == status
    tree = read_strictly(answer.data)
    assert tree.get("lang") == language
    assert "00 00 00 00" in answer.text
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")


def test_a_wrong_method_names_the_right_ones(demo_client: FlaskClient) -> None:
    assert "GET" in demo_client.post("/en/clinics").headers["Allow"]


@pytest.mark.parametrize("status", [400, 403, 410, 413, 418, 429, 503])
def test_each_error_has_words_and_a_way_on(demo_app: Flask, status: int) -> None:
    answer = failing(demo_app, default_exceptions[status]()).get("/en/failing/x")
    assert answer.status_code == status
    tree = read_strictly(answer.data)
    assert tree.find(".//h1").text
    assert tree.find(".//main").findall(".//a")


@pytest.mark.parametrize("path", ["/de/clinics", "/sv/", "/nn/articles", "/nothing", "/en/clinics/", "/static/x.css"])
def test_an_address_in_no_language_of_ours_is_a_whole_page(demo_client: FlaskClient, path: str) -> None:
    answer = demo_client.get(path)
    assert answer.status_code == 404
    tree = read_strictly(answer.data)
    assert tree.get("lang") == "en"
    assert "00 00 00 00" in answer.text


@pytest.mark.parametrize("language", ["nb", "en"])
def test_who_finds_no_page_can_search(demo_client: FlaskClient, language: str) -> None:
    tree = read_strictly(demo_client.get(f"/{language}/clinics/nowhere").data)
    (form,) = tree.find(".//main").findall(".//form")
    assert form.get("action") == f"/{language}/search"
    assert next(e.get("value") for e in form.iter("input")) == "clinics nowhere"


def test_who_finds_nothing_behind_a_secret_link_is_not_made_to_search(demo_client: FlaskClient) -> None:
    for path in ("/en/course/abcdefgh", "/en/comments/own/abcdefgh"):
        answer = demo_client.get(path)
        assert answer.status_code == 404
        assert not read_strictly(answer.data).find(".//main").findall(".//form")
        assert 'value="' not in answer.text


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_removed_comment_says_so(demo_app: Flask, language: str) -> None:
    with demo_app.test_request_context(f"/{language}/comments/7"):
        demo_app.preprocess_request()
        answer = demo_app.make_response(demo_app.handle_user_exception(Gone()))
        told = _("This comment is gone")
    assert answer.status_code == 410
    assert read_strictly(answer.data).find(".//h1").text == told


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), 500), (OperationalError("x", {}, Exception()), 503)])
def test_a_failure_is_told_in_the_language_of_the_address(
    demo_app: Flask, language: str, error: Exception, status: int
) -> None:
    answer = failing(demo_app, error).get(f"/{language}/failing-in/x")
    assert answer.status_code == status
    tree = read_strictly(answer.data)
    assert tree.get("lang") == language
    assert tree.find(".//h1").text


def every_refusal() -> list[type[BookingError]]:
    """All of the rules and services; a calendar that cannot be read is told of beside the field."""
    waiting, found = [BookingError], []
    while waiting:
        waiting += (children := waiting.pop().__subclasses__())
        found += children
    return [each for each in found if not each.__module__.startswith("booking.ical")]


@pytest.mark.parametrize("refusal", every_refusal())
@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_refusal_has_words_of_its_own(demo_app: Flask, refusal: type[BookingError], language: str) -> None:
    with demo_app.test_request_context(f"/{language}/"):
        demo_app.preprocess_request()
        general = words_for(BookingError())
        assert words_for(made(refusal)) != general


def made(refusal: type[BookingError]) -> BookingError:
    facts: tuple[list[Any], ...] = ([], [7], ["x", "y"], ["x", "y", ()])
    for each in facts:
        with suppress(TypeError):
            return refusal(*each)
    raise AssertionError(f"no facts for {refusal}")


@pytest.mark.parametrize(("refusal", "status"), [(HoldExpired(), 410), (TooYoung(), 403), (OtherChoice(), 409)])
def test_a_refusal_that_no_view_answers_is_a_calm_page(demo_app: Flask, refusal: BookingError, status: int) -> None:
    answer = failing(demo_app, refusal).get("/en/failing/x")
    assert answer.status_code == status
    assert read_strictly(answer.data).find(".//p[@class='lede']").text == in_english(demo_app, refusal)


def in_english(app: Flask, refusal: BookingError) -> str:
    with app.test_request_context("/en/"):
        app.preprocess_request()
        return words_for(refusal)


def test_a_form_whose_session_is_gone_keeps_a_way_back(demo_app: Flask) -> None:
    answer = failing(demo_app, CSRFError()).get("/en/failing/x")
    assert answer.status_code == 400
    assert "This page was open for a long time" in answer.text
    assert 'href="/en/failing/x"' in answer.text


def test_a_failure_shows_no_trace_and_no_words_of_the_error(demo_app: Flask) -> None:
    answer = failing(demo_app, RuntimeError("kari@example.com")).get("/en/failing/x")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "kari@example.com" not in answer.text
    assert "00 00 00 00" in answer.text
    read_strictly(answer.data)


@pytest.fixture
def no_database(demo_app: Flask) -> Flask:
    """The application over a database without tables, as good as none."""
    with demo_app.app_context():
        db.drop_all()
    return demo_app


def test_without_the_database_every_page_still_says_what_to_do(no_database: Flask) -> None:
    client = no_database.test_client()
    for path in ("/en/", "/nb/clinics", "/en/nothing", "/en/course/x"):
        answer = client.get(path)
        assert answer.status_code in (404, 503)
        read_strictly(answer.data)
    assert client.get("/en/").headers["Retry-After"] == "60"


def test_without_the_database_a_feed_is_plain_words(no_database: Flask) -> None:
    answer = no_database.test_client().get(f"/calendars/{'a' * 32}.ics")
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")


def test_health_is_200_while_the_database_answers(demo_client: FlaskClient) -> None:
    assert demo_client.get("/healthz").status_code == 200


def test_health_is_503_without_a_database(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "execute", gone)
    assert demo_app.test_client().get("/healthz").status_code == 503


# -- the log ----------------------------------------------------------------------------------------------------------


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_is_one_line_without_address_or_query(demo_app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    links = booked_links(demo_app)
    logging.configure(production=True)
    capsys.readouterr()
    client = demo_app.test_client()
    client.get(f"{links.page}?done=contact")
    client.get(links.feed)
    client.get("/en/articles/acupuncture-can-relieve-fibromyalgia?secret=1")
    client.get(f"/en/nothing/{links.token}")
    lines = logged(capsys)
    assert [line["endpoint"] for line in lines] == ["me.course", "calendars.feed", "site.article", None]
    assert {"event", "method", "endpoint", "status", "ms", "level", "timestamp"} == set(lines[0])
    for word in (links.token, links.feed_token, "acupuncture", "fibromyalgia", "secret", "127.0.0.1", "Kari"):
        assert word not in json.dumps(lines)


def test_a_failure_is_logged_with_its_place_and_without_its_words(
    demo_app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    client = failing(demo_app, RuntimeError("kari@example.com"))
    logging.configure(production=True)
    client.get("/en/failing/token-of-hers?name=Kari")
    failure = next(line for line in logged(capsys) if line["event"] == "failed")
    assert failure["error"] == "RuntimeError"
    assert any("test_errors.py" in place for place in failure["trace"])
    assert not any(word in json.dumps(failure) for word in ("kari@example.com", "token-of-hers", "name=Kari"))
