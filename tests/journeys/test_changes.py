"""Life after booking in the browser: two presses from "I cannot come then" to another time, one more back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from booking.services.courses import Channel
from tests.conftest import ALL
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person

Arrive = Callable[..., Visitor]

TIME = "main button[name=to]"
NEXT = ".next-visit a[href*='/visits/']"
PANEL = "#changed"


@pytest.fixture
def at_course(arrive: Arrive, behind: Behind) -> Arrive:
    """Who arrives stands on the page of her new course."""

    def visitor(language: str, width: int, **options: object) -> Visitor:
        arrived = arrive(language, width, **options)
        behind.at_course(arrived, Person.new(), channel=Channel.INVITATIONS)
        return arrived

    return visitor


def text_of(visitor: Visitor, selector: str) -> str:
    return " ".join(visitor.page.locator(selector).inner_text().split())


@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [("nb", NARROW, True), ("en", WIDE, False), *([("en", WIDE, True)] if ALL else [])],
)
def test_a_visit_is_moved_in_two_presses_and_back_in_one(
    at_course: Arrive, language: str, width: int, scripts: bool
) -> None:
    visitor = at_course(language, width, java_script_enabled=scripts)
    before = walks.times_of(visitor)
    visitor.tab_to(NEXT).press()
    assert visitor.is_on("course/[^/]+/visits/[0-9]+")
    visitor.skip().tab_to(TIME).press()
    assert visitor.is_on("course/[^/]+")
    assert walks.times_of(visitor) != before
    visitor.tab_to(f"{PANEL} form[action$='/undo'] button").press()
    assert walks.times_of(visitor) == before
    assert not visitor.page.locator(PANEL).count()


@pytest.mark.long
def test_after_a_change_the_focus_is_where_it_is_told(at_course: Arrive) -> None:
    visitor = at_course("en", NARROW)
    walks.click(visitor, NEXT)
    walks.click(visitor, TIME)
    assert visitor.page.url.endswith(PANEL)
    assert visitor.page.locator(PANEL).evaluate("e => e === document.activeElement")
    assert visitor.page.locator(f"{PANEL} h2").evaluate("e => e.getBoundingClientRect().top") > 0


@pytest.mark.long
def test_a_double_click_moves_once(at_course: Arrive) -> None:
    visitor = at_course("en", WIDE)
    walks.click(visitor, NEXT)
    with visitor.going():
        visitor.page.locator(TIME).first.dblclick(no_wait_after=True)
    visitor.page.wait_for_selector(PANEL)
    assert text_of(visitor, PANEL).count("is moved from") == 1


@pytest.mark.long
def test_going_back_and_choosing_another_time_moves_once_more(at_course: Arrive) -> None:
    visitor = at_course("en", NARROW)
    walks.click(visitor, NEXT)
    walks.click(visitor, TIME)
    first = walks.times_of(visitor)
    visitor.page.go_back()
    visitor.page.reload()
    walks.click(visitor, TIME)
    assert walks.times_of(visitor) != first
    assert text_of(visitor, PANEL).count("is moved from") == 2


@pytest.mark.long
def test_the_first_time_is_seen_with_its_price_on_a_phone_without_much_scrolling(at_course: Arrive) -> None:
    visitor = at_course("nb", NARROW)
    walks.click(visitor, NEXT)
    top = visitor.page.locator(TIME).first.evaluate("e => e.getBoundingClientRect().top + scrollY")
    assert top < 1.5 * 800


def test_all_that_is_to_come_is_planned_anew_by_keyboard(at_course: Arrive) -> None:
    visitor = at_course("nb", WIDE)
    before = walks.times_of(visitor)
    visitor.tab_to("#change summary").page.keyboard.press("Enter")
    visitor.tab_to("main a[href$='/replan']").press()
    visitor.skip().tick("input[name=day][value=thu]")
    visitor.tab_to("main aside form .button").press()
    visitor.tab_to("article.proposal form .button").press()
    assert visitor.is_on("course/[^/]+/replan/check")
    new = visitor.page.locator(".dates").first.locator("time").evaluate_all("all => all.map((e) => e.dateTime)")
    assert new != before
    visitor.skip().tab_to("main form .button").press()
    assert visitor.is_on("course/[^/]+")
    assert walks.times_of(visitor) == new


def test_axe_finds_nothing_on_the_pages_of_a_change_and_what_stood_in_the_way_has_the_focus(
    at_course: Arrive, all_forms: bool
) -> None:
    visitor = at_course("en", WIDE)
    course = visitor.page.url.removeprefix(visitor.site)
    walks.click(visitor, NEXT)
    visit = visitor.page.url.removeprefix(visitor.site)
    visitor.page.locator("summary", has_text="All ").click()
    axe.look_in_both_languages(visitor, everything=all_forms)
    to = visitor.page.locator(TIME).first.get_attribute("value")
    for page in (f"{visit}/move?to={to}", f"{visit}/cancel", f"{course}/cancel-rest", f"{course}/replan"):
        visitor.open(page)
        axe.look_in_both_languages(visitor, everything=all_forms)
    visitor.open(f"{course}/replan?day=thu")
    axe.look_in_both_languages(visitor, everything=all_forms)
    walks.click(visitor, "article.proposal form .button")
    axe.look_in_both_languages(visitor, everything=all_forms)
    visitor.refusals.add(409)
    visitor.open(f"{visit}/move?to=2027-01-01T09:00~ask-eksempel~lambertseter")
    assert visitor.page.locator(TIME).count()
    assert visitor.page.locator("[role=alert]").evaluate("e => e === document.activeElement")
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.open(f"{visit}/cancel")
    walks.click(visitor, "main form .button")
    axe.look_in_both_languages(visitor, everything=all_forms)
    for page in (visit, f"{course}/extend"):
        visitor.open(page)
        axe.look_in_both_languages(visitor, everything=all_forms)


@pytest.mark.long
def test_every_visit_can_be_reached_by_keyboard_on_the_page_of_the_course(at_course: Arrive) -> None:
    visitor = at_course("en", NARROW)
    visitor.tab_through()
    walks.click(visitor, NEXT)
    visitor.tab_through()
