"""From the start page to the page of the course by keyboard alone: in each language and at each width, and in the long
form in every language at every width."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from tests.conftest import ALL
from tests.journeys import axe, walks
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person

Arrive = Callable[..., Visitor]
PAGES = 9


def walk(visitor: Visitor) -> Person:
    """All the way; gives who booked."""
    person = Person.new()
    walks.ask_for_course(visitor)
    walks.choose_first(visitor)
    walks.answer_health(visitor, "yes")
    walks.tell_conditions(visitor, "fear", "lymph")
    walks.tell_details(visitor, person)
    walks.confirm(visitor)
    walks.open_course(visitor)
    return person


class Looks:
    """The slow looks, at every page of a walk: axe, and once around by keyboard. In the short form each page is looked
    at in one of two walks, in turns, and walked around in the other."""

    def __init__(self, turn: int, *, everything: bool) -> None:
        self.turns = count(turn)
        self.everything = everything
        self.pages: list[str] = []

    def __call__(self, visitor: Visitor) -> None:
        self.pages.append(visitor.page.url)
        mine = next(self.turns) % 2 == 0
        if mine or self.everything:
            axe.look(visitor, everything=self.everything)
        if not mine or self.everything:
            visitor.tab_through()


@pytest.mark.parametrize(
    ("language", "width", "turn"),
    [("nb", NARROW, 0), *([("en", WIDE, 1), ("en", NARROW, 1), ("nb", WIDE, 0)] if ALL else [])],
)
def test_a_course_is_booked_by_keyboard_alone(
    arrive: Arrive, all_forms: bool, language: str, width: int, turn: int
) -> None:
    visitor = arrive(language, width)
    looks = Looks(turn, everything=all_forms)
    visitor.looks.append(looks)
    walk(visitor)
    assert len(looks.pages) == PAGES
    assert visitor.page.locator("main .dates li").count() == 11


@pytest.mark.parametrize(("language", "width"), [("en", NARROW)])
def test_a_course_is_booked_without_scripts(arrive: Arrive, language: str, width: int) -> None:
    """And by pointer."""
    visitor = arrive(language, width, java_script_enabled=False).open("")
    walks.click(visitor, "main a[href$='/book']")
    visitor.page.check("input[name=what][value=course-new]")
    walks.click(visitor, "main form button")
    assert visitor.is_on("book/plan")
    visitor.chosen = True
    walks.click(visitor, "form[action$='/choose'] button")
    visitor.page.check("input[name=gate][value=yes]")
    walks.click(visitor, walks.MAIN_BUTTON)
    visitor.page.check("input[value=fear]")
    walks.click(visitor, walks.MAIN_BUTTON)
    walks.fill_details(visitor, Person.new())
    for step in (walks.MAIN_BUTTON, walks.MAIN_BUTTON, "main .actions a.button"):
        walks.click(visitor, step)
    assert visitor.is_on("course/[^/]+")
    assert visitor.page.locator("main .dates li").count() == 11
