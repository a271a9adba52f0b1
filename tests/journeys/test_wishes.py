"""Wishes: plans follow them at once, addresses hold them, and a week can be changed by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.journeys import walks
from tests.journeys.visitor import NARROW, WIDE, Visitor

Arrive = Callable[..., Visitor]

BUSY_TUESDAYS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20270101T000000Z\r\n"
    "SUMMARY:Secret meeting\r\nDTSTART:20270406T040000Z\r\nDTEND:20270406T180000Z\r\nRRULE:FREQ=WEEKLY;COUNT=30\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def plans(page: Page) -> list[str]:
    return page.locator("article.proposal > header").all_inner_texts()


def first_plan(page: Page) -> list[str]:
    """The starts of the plan on top."""
    dates = page.locator("article.proposal").first.locator(".dates time")
    starts: list[str] = dates.evaluate_all("all => all.map((each) => each.dateTime)")
    return starts


def week(start: str) -> tuple[int, int]:
    return datetime.fromisoformat(start).isocalendar()[:2]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def wish(page: Page, name: str, value: str) -> None:
    """Ticks or unticks a wish and waits until the plans have followed."""
    before = page.locator("#proposals").element_handle()
    page.locator("label.choice", has=page.locator(f"input[name={name}][value={value}]")).click()
    page.wait_for_function("before => !before.isConnected", arg=before)


def test_plans_follow_a_changed_wish_without_a_reload(arrive: Arrive) -> None:
    visitor = arrive("en", WIDE).open("book/plan?clinic=lambertseter&day=tue&from=2027-04-05")
    page = visitor.page
    page.evaluate("() => { window.stayed = true; }")
    wish(page, "day", "thu")
    wish(page, "day", "tue")
    assert page.evaluate("() => window.stayed")
    assert query(page) == {"clinic": ["lambertseter"], "day": ["thu"], "from": ["2027-04-05"]}
    assert all("Thursdays" in heading for heading in plans(page))
    assert "found" in page.locator("[data-planner-status]").inner_text()


@pytest.mark.long
def test_the_address_after_a_change_opens_the_same_plans(arrive: Arrive) -> None:
    visitor = arrive("nb", WIDE).open("book/plan?clinic=lambertseter&from=2027-04-05")
    wish(visitor.page, "day", "wed")
    shown, address = plans(visitor.page), visitor.page.url
    visitor.page.goto(address)
    assert plans(visitor.page) == shown
    assert visitor.page.is_checked("input[name=day][value=wed]")


@pytest.mark.long
def test_going_back_finds_the_wishes_as_they_were(arrive: Arrive) -> None:
    visitor = arrive("en", NARROW).open("book/plan?clinic=lambertseter&from=2027-04-05")
    page = visitor.page
    wish(page, "day", "fri")
    shown, address = plans(page), page.url
    visitor.chosen = True
    walks.click(visitor, "form[action$='/choose'] button")
    page.go_back()
    assert page.url == address
    assert page.is_checked("input[name=day][value=fri]")
    assert plans(page) == shown


@pytest.mark.long
def test_a_wish_that_cannot_be_met_at_all_is_said_in_the_summary(arrive: Arrive) -> None:
    visitor = arrive("en", NARROW).open("book/plan?from=2027-04-05")
    page = visitor.page
    page.locator("summary", has_text="Days you are away").click()
    page.fill("#away_from", "2027-05-10")
    with visitor.going():
        page.fill("#away_to", "2027-05-03")
        page.locator("#away_to").blur()
    page.wait_for_function("() => document.activeElement.id === 'error-summary'")
    page.locator("#error-summary a").click()
    assert page.evaluate("() => document.activeElement.id") == "away_to"
    assert page.input_value("#away_from") == "2027-05-10"


def test_another_time_of_the_week_replaces_one_session(arrive: Arrive) -> None:
    visitor = arrive("en", NARROW).open("book/plan?clinic=lambertseter&day=mon&from=2027-03-22")
    before = first_plan(visitor.page)
    walks.click(visitor, "article.proposal .why a.target")
    number = int(query(visitor.page)["session"][0])
    walks.click(visitor, "main .options a")
    after = first_plan(visitor.page)
    changed = [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert changed == [number - 1]
    assert week(after[number - 1]) == week(before[number - 1])
    visitor.chosen = True
    walks.click(visitor, "article.proposal form[action$='/choose'] button")
    walks.click(visitor, ".summary-line a")
    assert first_plan(visitor.page) == after


def test_a_plan_avoids_what_stands_in_her_own_calendar(arrive: Arrive) -> None:
    visitor = arrive("en", NARROW).open("book/plan?clinic=lambertseter&from=2027-04-05")
    page = visitor.page
    page.locator("summary", has_text="Avoid what is in my calendar").click()
    page.set_input_files(
        "input[type=file]", {"name": "mine.ics", "mimeType": "text/calendar", "buffer": BUSY_TUESDAYS.encode()}
    )
    visitor.chosen = True
    with visitor.going():
        page.locator("button[form=calendar-file]").click()
    assert query(page) == {"clinic": ["lambertseter"], "from": ["2027-04-05"]}
    starts = first_plan(page)
    assert len(starts) == 10
    assert all(datetime.fromisoformat(start).isoweekday() != 2 for start in starts)
    assert "Secret" not in page.content()
