"""Walks: the steps of a booking by keyboard, each from one page to the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from tests.journeys.visitor import Visitor

MAIN_BUTTON = "main form .button:not(.quiet)"


@dataclass(frozen=True)
class Person:
    """Who books; everybody her own, for a patient has one running course."""

    name: str
    day: int
    email: str

    @classmethod
    def new(cls) -> Person:
        number = next(_numbers)
        last = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}").title()  # a part of no other's name
        return cls(f"Kari {last}", number % 28 + 1, f"kari{number}@example.com")


_numbers = count(1)


def ask_for_course(visitor: Visitor) -> None:
    """Start page, first question, planner: for a new patient."""
    visitor.open("").skip().tab_to("main a[href$='/book']").press()
    answer_need(visitor, "course-new")
    assert visitor.is_on("book/plan")


def answer_need(visitor: Visitor, what: str) -> None:
    visitor.skip().pick("what", what).tab_to("main form button").press()


def choose_first(visitor: Visitor) -> None:
    """Chooses the first plan that is shown."""
    visitor.tab_to("form[action$='/choose'] button")
    visitor.chosen = True
    visitor.press()
    assert visitor.is_on("book/health")


def answer_health(visitor: Visitor, gate: str = "no") -> None:
    visitor.skip().pick("gate", gate).tab_to(MAIN_BUTTON).press()


def tell_conditions(visitor: Visitor, *conditions: str) -> None:
    assert visitor.is_on("book/health/more")
    visitor.skip()
    for condition in conditions:
        visitor.tick(f"input[value={condition}]")
    visitor.tab_to(MAIN_BUTTON).press()


def tell_details(visitor: Visitor, person: Person) -> None:
    assert visitor.is_on("book/details")
    visitor.skip().write("#name", person.name)
    visitor.write("#day", str(person.day)).write("#month", "5").write("#year", "1979")
    visitor.tick("#by_email").write("#email", person.email)
    visitor.tab_to(MAIN_BUTTON).press()


def confirm(visitor: Visitor) -> None:
    assert visitor.is_on("book/check")
    visitor.skip().tab_to(MAIN_BUTTON).press()
    assert visitor.is_on("course/[^/]+/booked")


def open_course(visitor: Visitor) -> None:
    visitor.skip().tab_to("main .actions a.button").press()
    assert visitor.is_on("course/[^/]+")


# -- the same by pointer, for stories that begin in the middle ------------------------------------------------

TUESDAYS = "book/plan?clinic=lambertseter&day=tue&from=2027-04-05"


def click(visitor: Visitor, selector: str) -> None:
    """Clicks what leads to another page."""
    with visitor.going():
        visitor.page.locator(selector).first.click()


def at_health(visitor: Visitor, plan: str = TUESDAYS) -> None:
    visitor.open(plan)
    visitor.chosen = True
    click(visitor, "form[action$='/choose'] button")


def at_details(visitor: Visitor, plan: str = TUESDAYS, gate: str = "no") -> None:
    at_health(visitor, plan)
    visitor.page.check(f"input[name=gate][value={gate}]")
    click(visitor, MAIN_BUTTON)


def fill_details(visitor: Visitor, person: Person) -> None:
    page = visitor.page
    for field, text in (("name", person.name), ("day", str(person.day)), ("month", "5"), ("year", "1979")):
        page.fill(f"#{field}", text)
    page.check("#by_email")
    page.fill("#email", person.email)


def at_check(visitor: Visitor, person: Person, plan: str = TUESDAYS, gate: str = "no", channel: str = "") -> None:
    at_details(visitor, plan, gate)
    fill_details(visitor, person)
    if channel:
        visitor.page.check(f"input[name=channel][value={channel}]")
    click(visitor, MAIN_BUTTON)
    assert visitor.is_on("book/check")


def at_course(visitor: Visitor, person: Person, plan: str = TUESDAYS, gate: str = "no", channel: str = "") -> None:
    at_check(visitor, person, plan, gate, channel)
    click(visitor, MAIN_BUTTON)
    click(visitor, "main .actions a.button")
    assert visitor.is_on("course/[^/]+")


def times_of(visitor: Visitor) -> list[str]:
    """The starts of all dates in the list of the page, as they stand in the page."""
    found: list[str] = visitor.page.eval_on_selector_all(".dates time", "all => all.map((e) => e.dateTime)")
    return found


def at_health_again(visitor: Visitor, plan: str) -> None:
    """Chooses other times; what was answered stays answered."""
    visitor.open(plan)
    click(visitor, "form[action$='/choose'] button")
