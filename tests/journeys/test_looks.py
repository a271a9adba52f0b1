"""Looks: pages beside the straight way, read by axe; and pages enlarged, printed, and without moving parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from booking.services.courses import Channel
from booking.services.proposals import Asked
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person
from tests.servers.databases import only_sqlite
from tests.servers.web import LiveServer

Arrive = Callable[..., Visitor]

MONDAYS = Asked(clinics=("lambertseter",), days=frozenset({0}), start=date(2027, 3, 22))
PLANS = "book/plan?clinic=lambertseter&day=mon&from=2027-03-22"
HIDDEN_DATES = """() => [...document.querySelectorAll(".dates li")].filter((row) => {
  const box = row.getBoundingClientRect(), list = row.parentElement.getBoundingClientRect();
  return !row.checkVisibility() || box.height < 10 || list.height < box.height || list.width < 100
    || getComputedStyle(row.parentElement).clipPath !== "none";
}).length"""

# Which parts move by themselves, or take their time to change.
MOVING = """() => document.getAnimations().length + [...document.querySelectorAll("*")].filter((each) => {
  const style = getComputedStyle(each);
  return style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0)
    || style.animationName !== "none" || style.scrollBehavior === "smooth";
}).length"""


def test_axe_finds_nothing_where_dates_are_changed(arrive: Arrive, all_forms: bool) -> None:
    for language, link in (("nb", ".why a"), ("en", ".act a[href*=times]")):
        visitor = arrive(language, WIDE).open(PLANS)
        walks.click(visitor, f"article.proposal {link}")
        axe.look_in_both_languages(visitor, everything=all_forms)


def test_axe_finds_nothing_on_a_patients_own_pages_and_paper_promises_no_way(
    arrive: Arrive, behind: Behind, all_forms: bool
) -> None:
    visitor = arrive("en", WIDE)
    behind.at_course(visitor, Person.new(), MONDAYS, channel=Channel.SUBSCRIPTION)
    axe.look_in_both_languages(visitor, everything=all_forms)
    ways = visitor.page.locator("main a[href*='/visits/']").locator("visible=true")
    assert ways.count() >= len(walks.times_of(visitor))
    visitor.page.emulate_media(media="print")
    assert not ways.count()
    visitor.page.emulate_media(media="screen")
    walks.click(visitor, "main a[href$='/print']")
    axe.look_in_both_languages(visitor, everything=all_forms)
    visitor.open(visitor.page.url.removeprefix(visitor.site).replace("/print", "/contact"))
    visitor.page.fill("#email", "nowhere")
    walks.click(visitor, walks.MAIN_BUTTON)
    axe.look_in_both_widths(visitor, everything=all_forms)


@pytest.mark.long
@only_sqlite
def test_axe_finds_nothing_in_the_mailbox_of_a_development_machine(
    arrive: Arrive, all_forms: bool, start_server: Callable[..., LiveServer], demonstration_url: str
) -> None:
    server = start_server(demonstration_url)
    visitor = arrive("en", NARROW, site=server.url)
    behind = Behind(server)
    behind.book(Person.new(), channel=Channel.FILE)
    behind.run("worker", "--once")
    visitor.open("/dev/mailbox")
    axe.look_in_both_widths(visitor, everything=all_forms)
    walks.click(visitor, "main a[href^='/dev/mailbox/']")
    axe.look_in_both_widths(visitor, everything=all_forms)


@pytest.mark.long
def test_pages_are_whole_at_twice_their_size(arrive: Arrive, behind: Behind) -> None:
    visitor = arrive("nb", WIDE // 2, device_scale_factor=2)
    behind.at_course(visitor, Person.new(), MONDAYS)
    visitor.skip().tab_to("main .actions a")


@pytest.mark.long
def test_the_dates_of_a_plan_and_of_a_course_can_be_printed(arrive: Arrive, behind: Behind) -> None:
    visitor = arrive("nb", NARROW).open(PLANS)
    assert hidden_in_print(visitor, WIDE) == hidden_in_print(visitor, NARROW) == 0
    behind.at_course(visitor, Person.new(), MONDAYS)
    assert hidden_in_print(visitor, WIDE) == hidden_in_print(visitor, NARROW) == 0
    visitor.page.emulate_media(media="print")
    assert visitor.page.locator(".dates li").count() == 10
    assert not visitor.page.locator("form, .top nav, .strip a, .skip").locator("visible=true").count()


def hidden_in_print(visitor: Visitor, width: int) -> int:
    """How many dates are missing on paper."""
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.page.emulate_media(media="print")
    hidden: int = visitor.page.evaluate(HIDDEN_DATES)
    visitor.page.emulate_media(media="screen")
    return hidden


@pytest.mark.long
def test_nothing_moves_for_who_wants_no_motion(arrive: Arrive) -> None:
    visitor = arrive("en", WIDE)
    for path in ("", PLANS, "book"):
        assert visitor.open(path).page.evaluate(MOVING) == 0


def test_nothing_moves_by_itself(arrive: Arrive) -> None:
    visitor = arrive("en", WIDE, reduced_motion="no-preference")
    for path in ("", PLANS):
        assert visitor.open(path).page.evaluate("() => document.getAnimations().length") == 0
