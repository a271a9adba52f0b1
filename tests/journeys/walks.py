"""Walks: the steps of a booking by keyboard, each from one page to the next."""

from __future__ import annotations

from dataclasses import dataclass

from tests.journeys.visitor import Visitor

MAIN_BUTTON = "main form .button:not(.quiet)"


@dataclass(frozen=True)
class Person:
    """Who books; everybody her own, for a patient has one running course."""

    name: str
    day: int
    email: str

    @classmethod
    def number(cls, number: int) -> Person:
        return cls(f"Kari Prøve {number}", number % 28 + 1, f"kari{number}@example.com")


def ask_for_course(visitor: Visitor) -> None:
    """Start page, first question, planner: for a new patient."""
    visitor.open("").skip().tab_to("main a.button[href$='/book']").press()
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
