"""Reminders in a browser: chosen by keyboard, with and without scripts, ended by one press, and read by axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from booking.services.links import PAGE, Stoppable, stop_url
from booking.store.courses import links_of
from booking.store.database import db
from tests.builders import office
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import IN_NORWEGIAN, NARROW, WIDE, Visitor
from tests.journeys.walks import Person
from tests.web.pages import Links

Arrive = Callable[..., Visitor]


@pytest.fixture
def links(behind: Behind) -> Links:
    return behind.book(Person.new())


@pytest.fixture
def ending(behind: Behind, links: Links) -> str:
    """The page that ends her reminders, below the language."""
    with behind():
        link = links_of(db.session(), links.course_id)[PAGE]
        return stop_url(office(), Stoppable.REMINDERS, link.id, "en").removeprefix(f"{office().url}/en/")


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_reminders_are_chosen_by_keyboard_alone_and_axe_finds_nothing(
    arrive: Arrive, links: Links, ending: str, all_forms: bool, language: str, width: int
) -> None:
    visitor = arrive(language, width).open(f"course/{links.token}/reminders")
    axe.look_in_both_languages(visitor, everything=all_forms)
    visitor.tab_through().skip()
    choose_a_week_before(visitor)
    visitor.open(ending)
    axe.look_in_both_languages(visitor, everything=all_forms)
    walks.click(visitor, walks.MAIN_BUTTON)
    axe.look(visitor, everything=all_forms)


def choose_a_week_before(visitor: Visitor) -> None:
    page = visitor.page.url
    visitor.tab_to("input[value=week]").page.keyboard.press("Space")
    visitor.tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    visitor.open(page.removeprefix(visitor.site))
    assert visitor.page.locator("input[name=rungs]:checked").count() == 3
    assert not visitor.context.cookies()


def test_without_scripts_they_are_chosen_and_end_with_one_press(arrive: Arrive, links: Links, ending: str) -> None:
    visitor = arrive("en", WIDE, java_script_enabled=False).open(f"course/{links.token}/reminders").skip()
    choose_a_week_before(visitor)
    visitor.open(ending).skip().tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    visitor.open(f"course/{links.token}/reminders")
    assert not visitor.page.locator("input[name=by_mail]").is_checked()


@pytest.mark.long
def test_axe_finds_nothing_where_quiet_hours_are_too_long(arrive: Arrive, links: Links, all_forms: bool) -> None:
    visitor = arrive("nb", NARROW).open(f"course/{links.token}/reminders")
    visitor.page.select_option("#quiet_until", "1200")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.page.locator("#error-summary").is_visible()
    axe.look_in_both_widths(visitor, everything=all_forms)
