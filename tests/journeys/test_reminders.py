"""Reminders in a browser: chosen by keyboard, with and without scripts, ended by one press, and read by axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking.services.links import PAGE, Stoppable, stop_url
from booking.store.courses import links_of
from booking.store.database import db
from tests.builders import office
from tests.journeys import axe, walks
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.servers.databases import only_sqlite
from tests.servers.web import LiveServer
from tests.web.pages import Links, booked_links

pytestmark = only_sqlite

Arrive = Callable[..., Visitor]


@pytest.fixture
def links(demo_app: Flask) -> Links:
    return booked_links(demo_app)


@pytest.fixture
def server(links: Links, demonstration_url: str, start_server: Callable[..., LiveServer]) -> LiveServer:
    """A server over the database in which Kari has booked."""
    return start_server(demonstration_url)


@pytest.fixture
def ending(demo_app: Flask, links: Links) -> str:
    """The page that ends her reminders."""
    with demo_app.app_context():
        link = links_of(db.session(), links.course_id)[PAGE]
        return stop_url(office(), Stoppable.REMINDERS, link.id, "en").removeprefix(f"{office().url}/en/")


@pytest.mark.parametrize(("language", "width", "scripts"), [("nb", NARROW, True), ("en", WIDE, False)])
def test_reminders_are_chosen_by_keyboard_alone(
    arrive: Arrive, server: LiveServer, links: Links, language: str, width: int, scripts: bool
) -> None:
    visitor = arrive(language, width, site=server.url, java_script_enabled=scripts)
    visitor.open(f"course/{links.token}/reminders").tab_through()
    visitor.open(f"course/{links.token}/reminders").skip().tab_to("input[value=week]")
    visitor.page.keyboard.press("Space")
    visitor.tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    visitor.open(f"course/{links.token}/reminders")
    assert visitor.page.locator("input[name=rungs]:checked").count() == 3
    assert not visitor.context.cookies()


def test_reminders_end_with_one_press(arrive: Arrive, server: LiveServer, ending: str, links: Links) -> None:
    visitor = arrive("en", NARROW, site=server.url, java_script_enabled=False).open(ending)
    visitor.skip().tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    visitor.open(f"course/{links.token}/reminders")
    assert not visitor.page.locator("input[name=by_mail]").is_checked()


def test_axe_finds_nothing_on_the_pages_of_reminders(
    arrive: Arrive, server: LiveServer, ending: str, links: Links, all_forms: bool
) -> None:
    visitor = arrive("en", WIDE, site=server.url)
    for page in (f"course/{links.token}/reminders", ending):
        visitor.open(page)
        axe.look_in_both_languages(visitor, everything=all_forms)
    walks.click(visitor, walks.MAIN_BUTTON)
    axe.look(visitor, everything=all_forms)


@pytest.mark.long
def test_axe_finds_nothing_where_quiet_hours_are_too_long(
    arrive: Arrive, server: LiveServer, links: Links, all_forms: bool
) -> None:
    visitor = arrive("nb", NARROW, site=server.url).open(f"course/{links.token}/reminders")
    visitor.refusals.add(422)
    visitor.page.select_option("#quiet_until", "1200")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.page.locator("#error-summary").is_visible()
    axe.look_in_both_widths(visitor, everything=all_forms)
