"""Mistakes: what was mistyped is said on top, can be reached from there, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys import axe, walks
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person

Arrive = Callable[..., Visitor]


def summary_has_focus(visitor: Visitor) -> None:
    visitor.page.wait_for_function("() => document.activeElement.id === 'error-summary'")
    assert visitor.page.locator("#error-summary").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_mistyped_details_lead_from_the_summary_to_the_field(arrive: Arrive, all_forms: bool, scripts: bool) -> None:
    visitor, person = arrive("en", NARROW, java_script_enabled=scripts), Person.new()
    page = visitor.page
    walks.at_health(visitor)
    walks.click(visitor, walks.MAIN_BUTTON)
    if scripts:
        axe.look_in_both_widths(visitor, everything=all_forms)
    page.check("input[name=gate][value=no]")
    walks.click(visitor, walks.MAIN_BUTTON)
    walks.fill_details(visitor, person)
    page.fill("#month", "13")
    page.fill("#email", "kari at example")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert page.title().startswith("Error:")
    summary_has_focus(visitor)
    if scripts:
        axe.look_in_both_widths(visitor, everything=all_forms)
    assert page.locator("#error-summary a").count() == 2
    visitor.tab_to("#error-summary a").page.keyboard.press("Enter")
    assert visitor.has_focus("#month")
    assert (page.input_value("#name"), page.input_value("#email")) == (person.name, "kari at example")
    walks.click(visitor, walks.MAIN_BUTTON)  # from an address with a fragment now
    summary_has_focus(visitor)
    page.fill("#month", "5")
    page.fill("#email", person.email)
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/check")
    if scripts:
        goes_back_over_the_mistakes(visitor)
    walks.click(visitor, "main .answers a[href$='#by_email']")
    assert page.input_value("#email") == person.email


def goes_back_over_the_mistakes(visitor: Visitor) -> None:
    """Nothing is sent again; then forward to where she was."""
    visitor.page.go_back()
    assert visitor.is_on("book/details")
    assert visitor.page.input_value("#month") == "5"
    assert not visitor.page.title().startswith("Error:")
    visitor.page.go_forward()


@pytest.mark.long
def test_a_question_that_is_not_answered_is_asked_again(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW)
    walks.at_health(visitor)
    walks.click(visitor, walks.MAIN_BUTTON)
    summary_has_focus(visitor)
    assert visitor.page.title().startswith("Feil:")
    visitor.tab_to("#error-summary a").page.keyboard.press("Enter")
    assert visitor.has_focus("input[name=gate]")


@pytest.mark.long
def test_a_way_back_keeps_what_was_told(arrive: Arrive) -> None:
    visitor, person = arrive("en", WIDE), Person.new()
    walks.at_check(visitor, person)
    visitor.page.go_back()
    visitor.page.reload()
    assert visitor.page.input_value("#name") == person.name
    walks.click(visitor, "main a.back")
    assert visitor.page.is_checked("input[name=gate][value=no]")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/check")


@pytest.mark.long
def test_under_sixteen_is_told_to_phone(arrive: Arrive) -> None:
    visitor, person = arrive("nb", NARROW), Person.new()
    walks.at_details(visitor)
    walks.fill_details(visitor, person)
    visitor.page.fill("#year", "2012")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/by-phone")
    walks.click(visitor, "main a[href$='#day']")
    assert visitor.page.input_value("#year") == "2012"
    visitor.page.fill("#year", "1979")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/check")


def test_a_call_can_be_asked_for_from_any_page(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW).open("clinics")
    walks.click(visitor, ".strip a.target")
    visitor.page.fill("#phone", "123")
    walks.click(visitor, walks.MAIN_BUTTON)
    summary_has_focus(visitor)
    visitor.page.fill("#phone", "+46 70 174 06 05")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("call-me/noted")
    assert "2. mars" in visitor.page.locator("main").inner_text()
