"""Holds: times are kept while a person decides, and losing them costs her nothing but these times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, func, select, update

from booking.store.appointments import Appointment, Claim
from booking.store.courses import Course
from booking.store.holds import HeldTime, Hold
from tests.journeys import axe, walks
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person
from tests.servers.clock import CLINIC_NOW
from tests.servers.web import LiveServer

Arrive = Callable[..., Visitor]

APART = "book/plan?clinic=raholt&day=wed&from=2027-04-05"
"""Times that no other journey takes."""


@contextmanager
def database(server: LiveServer) -> Iterator[Connection]:
    engine = create_engine(server.database_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def courses_of(server: LiveServer, person: Person) -> int:
    with database(server) as connection:
        return connection.scalar(select(func.count()).where(Course.email == person.email)) or 0


def lapse_the_last_hold(server: LiveServer) -> None:
    past = CLINIC_NOW - timedelta(hours=1)
    with database(server) as connection:
        last = select(func.max(Hold.id)).where(Hold.course_id.is_(None)).scalar_subquery()
        held = select(HeldTime.id).where(HeldTime.hold_id == last)
        connection.execute(update(Hold).where(Hold.id == last).values(expires_at=past))
        connection.execute(update(Claim).where(Claim.held_time_id.in_(held)).values(expires_at=1))


def kept_until(visitor: Visitor) -> str:
    return visitor.page.locator(".hold strong").inner_text()


def minutes(clock: str) -> int:
    hour, minute = map(int, re.findall(r"\d+", clock))
    return hour * 60 + minute


def test_times_are_kept_fifteen_minutes_longer_once(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW)
    walks.at_details(visitor)
    first = minutes(kept_until(visitor))
    visitor.page.fill("#name", "Kari Prøvesen")
    visitor.page.focus(".hold button")
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(".hold button").wait_for(state="detached")
    assert visitor.is_on("book/details")
    assert visitor.has_focus(".hold")
    assert minutes(kept_until(visitor)) == first + 15
    assert visitor.page.input_value("#name") == "Kari Prøvesen"


@pytest.mark.long
def test_times_are_kept_longer_without_scripts(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW, java_script_enabled=False)
    walks.at_details(visitor)
    first = minutes(kept_until(visitor))
    walks.click(visitor, ".hold button")
    assert visitor.is_on("book/details")
    assert minutes(kept_until(visitor)) == first + 15


@pytest.mark.long
def test_the_end_of_a_hold_is_said_and_nothing_moves(arrive: Arrive) -> None:
    visitor = arrive("en", WIDE)
    visitor.set_clock(datetime.now(UTC))
    walks.at_details(visitor)
    said = visitor.page.locator(".hold [role=status]")
    assert said.inner_text() == ""
    visitor.page.clock.fast_forward("12:30")
    assert "3 minutes" in said.inner_text()
    visitor.page.clock.fast_forward("05:00")
    assert "no longer kept" in said.inner_text()
    assert not visitor.page.locator(".hold button").is_visible()


def offered(visitor: Visitor) -> list[str]:
    """The names of the lost times for which others are offered."""
    return visitor.page.eval_on_selector_all("main input[type=radio]", "all => [...new Set(all.map((e) => e.name))]")


def on_the_wall(starts: list[str]) -> list[str]:
    return [start[: len("2027-04-07T09:20")] for start in starts]


def pick_each(visitor: Visitor, which: int) -> dict[str, str]:
    """Picks for each lost time the one of those offered that comes at this place, by keyboard, and goes on; the picked
    starts, as `offered` names them."""
    visitor.skip()
    picked = {}
    for name in offered(visitor):
        choices = visitor.page.locator(f"input[name='{name}']")
        value = choices.nth(min(which, choices.count() - 1)).get_attribute("value") or ""
        visitor.pick(name, value)
        picked[name] = value.partition("~")[0]
    visitor.tab_to(walks.MAIN_BUTTON).press()
    return picked


def test_lost_times_alone_are_chosen_anew(arrive: Arrive, busy_house: LiveServer, all_forms: bool) -> None:
    visitor, person = arrive("en", NARROW), Person.new()
    walks.at_check(visitor, person, plan=APART)
    before = walks.times_of(visitor)
    lapse_the_last_hold(busy_house)
    siv = arrive("en", WIDE)
    walks.at_health(siv, APART)
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/lost")
    axe.look_in_both_languages(visitor, everything=all_forms)
    picked: dict[str, str] = {}
    for which in range(3):  # two of the nearest may be too close to one another: then the page asks again
        if visitor.is_on("book/lost"):
            picked = pick_each(visitor, which)
    assert visitor.is_on("book/check")
    after = walks.times_of(visitor)
    kept = [start for place, start in enumerate(on_the_wall(before)) if f"instead_{place}" not in picked]
    assert sorted(on_the_wall(after)) == sorted([*kept, *picked.values()])
    walks.click(visitor, walks.MAIN_BUTTON)
    assert walks.times_of(visitor) == after
    assert courses_of(busy_house, person) == 1


@pytest.mark.long
def test_times_that_are_still_free_are_kept_again(arrive: Arrive, busy_house: LiveServer) -> None:
    visitor, person = arrive("nb", NARROW), Person.new()
    walks.at_details(visitor)
    walks.fill_details(visitor, person)
    lapse_the_last_hold(busy_house)
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/check")
    assert person.name in visitor.page.locator("main").inner_text()


@pytest.mark.long
def test_two_tabs_book_one_course_at_the_times_that_were_read(arrive: Arrive, busy_house: LiveServer) -> None:
    visitor, person = arrive("en", WIDE), Person.new()
    walks.at_check(visitor, person)
    first, second = visitor.page, visitor.new_page()
    visitor.page = second
    walks.at_health_again(visitor, walks.TUESDAYS.replace("tue", "thu"))
    assert visitor.is_on("book/check")
    visitor.page = first
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.is_on("book/check")
    assert courses_of(busy_house, person) == 0
    read = walks.times_of(visitor)
    walks.click(visitor, walks.MAIN_BUTTON)
    booked = visitor.page.url
    visitor.page = second
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.page.url == booked
    assert walks.times_of(visitor) == read
    assert courses_of(busy_house, person) == 1


def test_a_double_click_books_one_course(arrive: Arrive, busy_house: LiveServer, all_forms: bool) -> None:
    for scripts in (True, False) if all_forms else (True,):
        visitor, person = arrive("en", WIDE, java_script_enabled=scripts), Person.new()
        walks.at_check(visitor, person)
        visitor.page.locator(walks.MAIN_BUTTON).dblclick(no_wait_after=True)
        visitor.page.wait_for_url("**/booked")
        assert courses_of(busy_house, person) == 1


def test_who_must_be_rung_first_has_times_kept_and_nothing_booked(
    arrive: Arrive, busy_house: LiveServer, all_forms: bool
) -> None:
    visitor, person = arrive("en", NARROW), Person.new()
    walks.at_check(visitor, person, gate="unsure")
    walks.click(visitor, walks.MAIN_BUTTON)
    assert visitor.page.locator("h1").inner_text() == "Your times are kept"
    walks.click(visitor, "main .actions a.button")
    axe.look_in_both_languages(visitor, everything=all_forms)
    for words in (visitor.page.title(), visitor.page.locator("main").inner_text()):
        assert "booked" not in re.sub(r"not booked|Nothing is booked", "", words)
    with database(busy_house) as connection:
        statuses = select(Appointment.status).join(Course, Course.id == Appointment.course_id)
        assert set(connection.scalars(statuses.where(Course.email == person.email))) == {"pending"}


def test_a_single_appointment_is_booked_by_keyboard(arrive: Arrive, busy_house: LiveServer) -> None:
    visitor, person = arrive("nb", NARROW), Person.new()
    visitor.open("book")
    walks.answer_need(visitor, "first-visit")
    visitor.skip().tab_to("main .options a").press()
    visitor.skip().tab_to("main button.time")
    visitor.chosen = True
    visitor.press()
    walks.answer_health(visitor)
    walks.tell_details(visitor, person)
    walks.confirm(visitor)
    walks.open_course(visitor)
    assert len(walks.times_of(visitor)) == 1
