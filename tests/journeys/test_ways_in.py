"""Ways in, by keyboard and without scripts: a lost link found again, bare times, and a helper who gets a link of her
own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from booking.services.links import sign_in_token
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import office
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import IN_ENGLISH, IN_NORWEGIAN, NARROW, Visitor
from tests.journeys.walks import Person

Arrive = Callable[..., Visitor]


def mailed_link(behind: Behind, email: str) -> str:
    """The address in the newest mail to `email` by which one signs in, below the language."""
    with behind():
        to_her = select(Message).where(Message.kind == "sign_in", Message.recipient == email)
        message = db.session.scalars(to_her.order_by(Message.id.desc()).limit(1)).one()
        return f"my-appointments/link/{sign_in_token(office(), message.facts['nonce'])}"


def booked(behind: Behind) -> tuple[Person, str, str]:
    """A person with a course; its page's path below the language, and its reference."""
    person = Person.new()
    links = behind.book(person)
    return person, f"course/{links.token}", links.reference


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_a_lost_link_is_found_again_by_keyboard(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    person, path, _ = booked(behind)
    visitor = arrive(language, width).open("")
    visitor.open("my-appointments").tab_through()
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().write("#email", person.email)
    visitor.press()
    assert visitor.is_on("my-appointments/sent")
    axe.look_in_both_widths(visitor, everything=all_forms)
    link = mailed_link(behind, person.email)
    visitor.chosen = True
    visitor.open(link).tab_through()
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().tab_to("main form button").press()
    assert visitor.is_on("my-appointments/all")
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().tab_to("main a.button").press()
    assert visitor.page.url.endswith(path)


@pytest.mark.long
@pytest.mark.parametrize(("language", "width"), IN_ENGLISH)
def test_a_used_link_offers_a_new_one(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    person, _, _ = booked(behind)
    visitor = arrive(language, width)
    visitor.refusals = {410, 422}
    visitor.open("my-appointments").skip().write("#email", person.email).press()
    link = mailed_link(behind, person.email)
    visitor.chosen = True
    visitor.open(link)
    walks.click(visitor, "main form button")
    visitor.open(link)
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().write("#email", "nowhere").press()
    axe.look_in_both_widths(visitor, everything=all_forms)


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_a_reference_and_a_birth_date_show_bare_times_by_keyboard(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    person, _, reference = booked(behind)
    visitor = arrive(language, width).open("my-appointments")
    visitor.skip().write("#reference", "AAAA-AAAA")
    visitor.write("#day", str(person.day)).write("#month", "5").write("#year", "1979").press()
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.write("#reference", reference.lower().replace("-", ""))
    visitor.chosen = True
    visitor.press()
    assert visitor.is_on("my-appointments/times")
    assert visitor.page.locator(".dates li").count() > 8
    visitor.tab_through()
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().tab_to("form[action$='/times/link'] button").press()
    axe.look_in_both_widths(visitor, everything=all_forms)
    visitor.skip().tab_to("form[action$='/leave'] button").press()
    assert visitor.is_on("my-appointments")


@pytest.mark.parametrize(("language", "width"), IN_ENGLISH)
def test_a_helper_gets_a_link_and_it_is_ended_by_keyboard(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    _, path, _ = booked(behind)
    visitor = arrive(language, width).open(path)
    visitor.skip().tab_to("#helpers summary").page.keyboard.press("Enter")
    visitor.tab_to("main a[href$='/helpers']").press()
    visitor.skip().write("#name", "Ola Prøve").tab_to(walks.MAIN_BUTTON).press()
    visitor.tab_through()
    axe.look_in_both_widths(visitor, everything=all_forms)
    link = visitor.page.locator("#helper-link-1").input_value()
    helper = arrive(language, width).open(link[link.index("course/") :])
    helper.tab_through()
    axe.look_in_both_widths(helper, everything=all_forms)
    visitor.skip().tab_to("form[action$='/revoke'] button").press()
    assert not visitor.page.locator("#helper-link-1").count()
    visitor.skip().tab_to(walks.MAIN_BUTTON).press()
    axe.look_in_both_widths(visitor, everything=all_forms)


def test_the_ways_in_need_no_script(arrive: Arrive, behind: Behind) -> None:
    person, path, reference = booked(behind)
    visitor = arrive("en", NARROW, java_script_enabled=False).open("my-appointments")
    page = visitor.page
    page.fill("#email", person.email)
    walks.click(visitor, "form[action$='/my-appointments/link'] button")
    visitor.chosen = True
    visitor.open(mailed_link(behind, person.email))
    walks.click(visitor, "main form button")
    assert visitor.is_on("my-appointments/all")
    walks.click(visitor, "form[action$='/leave'] button")
    page.fill("#reference", reference)
    for part, text in (("day", str(person.day)), ("month", "5"), ("year", "1979")):
        page.fill(f"#{part}", text)
    walks.click(visitor, "form[action$='/reference'] button")
    assert page.locator(".dates li").count() > 8
    visitor.open(f"{path}/helpers")
    page.fill("#name", "Ola Prøve")
    walks.click(visitor, walks.MAIN_BUTTON)
    link = page.locator("#helper-link-1").input_value()
    visitor.open(link[link.index("course/") :])
    assert page.locator("h1").inner_text().startswith("Appointments of Kari")
    visitor.open(f"{path}/helpers")
    walks.click(visitor, "form[action$='/revoke'] button")
    assert not page.locator("#helper-link-1").count()
