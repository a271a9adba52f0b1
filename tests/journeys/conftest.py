"""What the journeys share: one server over a busy house, and visitors whose complaints fail the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.behind import Behind
from tests.journeys.visitor import Contexts, Visitor
from tests.servers.databases import Content, Databases
from tests.servers.web import LiveServer, serving


@pytest.fixture(scope="session")
def busy_house(databases: Databases) -> Iterator[LiveServer]:
    """A server with 60 % of the needle time booked, for all journeys: each visitor takes times of her own."""
    url = databases.new("sqlite", Content.FILLED)
    with serving(url, BOOKING_HOLDS_PER_ADDRESS="1000") as server:
        yield server
    databases.drop(url)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """With what draws the pages in the browser's own process, one process less for every page to talk to; and with
    room for what axe leaves behind, which is more work to clear away than to keep."""
    quick = ["--in-process-gpu", "--js-flags=--min-semi-space-size=16"]
    return {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *quick]}


@pytest.fixture(scope="session")
def behind(busy_house: LiveServer) -> Behind:
    return Behind(busy_house)


@pytest.fixture(scope="session")
def contexts(browser: Browser, all_forms: bool) -> Contexts:
    return Contexts(browser, shared=not all_forms)


@pytest.fixture
def arrive(contexts: Contexts, busy_house: LiveServer) -> Iterator[Callable[..., Visitor]]:
    """`arrive("nb", 320)` is a visitor; at the end of the test she must have nothing to complain about."""
    visitors: list[Visitor] = []

    def visitor(language: str, width: int, *, site: str = busy_house.url, **options: object) -> Visitor:
        visitors.append(Visitor(contexts, site, language, width, **options))
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.leave()
    complaints = [complaint for each in visitors for complaint in each.complaints]
    assert not complaints, "\n".join(complaints)
