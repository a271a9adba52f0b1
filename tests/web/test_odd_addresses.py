"""Odd addresses: whatever somebody types or changes in one, the answer is a page and never a failure."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.servers.databases import only_sqlite
from tests.web.pages import inner_links, read_strictly

pytestmark = only_sqlite

PATTERN = "pattern=tue~09:00~ask-eksempel~lambertseter"
SHOWN_AT_MOST = 300
"""Bytes of an address that is kept in a draft: far more than any wish needs."""


@pytest.mark.parametrize("name", ["endpoint", "_scheme", "_method", "_anchor", "_external", "language", "self"])
@pytest.mark.parametrize("path", ["/en/", "/en/book", "/en/book/plan", "/en/book/plan/times"])
def test_no_name_in_a_query_means_anything_to_the_addresses_of_a_page(demo_app: Flask, path: str, name: str) -> None:
    answer = demo_app.test_client().get(f"{path}?{name}=x", follow_redirects=True)
    assert answer.status_code == 200
    read_strictly(answer.data)


def test_the_other_language_keeps_the_query_as_it_is(demo_app: Flask) -> None:
    page = demo_app.test_client().get("/en/clinics?_external=1&a=1&a=%C3%A5").text
    assert "/nb/clinics?_external=1&a=1&a=%C3%A5" in inner_links(page, "/en/clinics")


@pytest.mark.parametrize(
    "query",
    [
        f"{PATTERN}&from=9999-12-31",
        f"{PATTERN}&from=8000-01-01",
        f"{PATTERN}&from=0001-01-01",
        f"{PATTERN}&away=0001-01-01..9999-12-31",
        f"{PATTERN}&away=9999-12-31..9999-12-31",
        f"{PATTERN}&swap=1~9999-12-31T09:00~ask-eksempel~lambertseter",
        "&".join([PATTERN, *(f"away=2027-04-{day:02}..2027-05-{day:02}" for day in range(1, 29))] * 50),
        "_scheme=javascript&endpoint=site.start",
        "kind=first-visit&endpoint=site.start",
        "kind=&=&pattern=~~~",
    ],
)
def test_times_that_nobody_could_wish_for_lead_back_to_the_choice(demo_app: Flask, query: str) -> None:
    client = demo_app.test_client()
    chosen = client.post("/en/book/choose", data={"query": query, "shown": "x", "time": "9999-12-31T00:00~a~b"})
    assert chosen.status_code == 303
    if len(query) < SHOWN_AT_MOST:
        assert client.get(f"/en/book/plan/times?{query}").status_code in (200, 303)


def test_a_start_after_the_horizon_is_not_looked_for(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    monkeypatch.setattr("booking.services.proposals.availability_for", lambda *given, **more: looked.append(given))
    answer = demo_app.test_client().get(f"/en/book/plan/times?{PATTERN}&from=2400-01-01")
    assert (answer.status_code, looked) == (303, [])
