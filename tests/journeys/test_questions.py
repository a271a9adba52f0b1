"""How it goes, in a browser: answered by keyboard, with and without scripts, and read by axe in every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from booking.domain.outcome import Answers, Moment
from booking.services.outcomes import answer
from tests.builders import course, office
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import IN_NORWEGIAN, NARROW, WIDE, Visitor
from tests.journeys.walks import Person
from tests.servers.databases import Content, Databases
from tests.servers.web import LiveServer, command_environ, serving

Arrive = Callable[..., Visitor]

FIRST_SESSION = datetime(2027, 4, 6, tzinfo=UTC)
"""The day of it in the courses of this file."""


@pytest.fixture(scope="module")
def server(databases: Databases) -> Iterator[LiveServer]:
    """A server whose clock stands ten weeks after session 1."""
    url = databases.new("sqlite", Content.DEMONSTRATION)
    later = FIRST_SESSION + timedelta(days=70, hours=12) - datetime.now(UTC)
    with serving(url, BOOKING_CLOCK_OFFSET=str(later.total_seconds())) as server:
        yield server
    databases.drop(url)


@pytest.fixture
def questions(server: LiveServer) -> str:
    """Where the questions of somebody are who said 8 before session 1, below the language."""
    before = Behind(replace(server, environ=command_environ(server.database_url, BOOKING_URL=server.url)))
    links = before.book(Person.new())
    with before():
        start = next(a.starts_at for a in course(links.course_id).appointments if a.kind == "session")
        assert start.date() == FIRST_SESSION.date()
        answer(office(), links.course_id, Moment.BASELINE, Answers(8), now=start - timedelta(days=1))
    return f"course/{links.token}/questions"


def answer_by_keyboard(visitor: Visitor) -> None:
    visitor.skip().pick("pain", "5").pick("change", "2")
    visitor.tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    assert visitor.page.locator("figure.curve tbody").count() == 2
    assert visitor.page.locator("input[name=pain]:checked").get_attribute("value") == "5"
    assert not visitor.context.cookies()


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_questions_are_answered_by_keyboard_alone_and_axe_finds_nothing(
    arrive: Arrive, server: LiveServer, questions: str, all_forms: bool, language: str, width: int
) -> None:
    visitor = arrive(language, width, site=server.url).open(questions)
    axe.look_in_both_widths(visitor, everything=all_forms)
    answer_by_keyboard(visitor.tab_through().open(questions))
    visitor.page.locator("main details summary").click()
    axe.look_in_both_widths(visitor, everything=all_forms)


def test_questions_are_answered_without_scripts(arrive: Arrive, server: LiveServer, questions: str) -> None:
    answer_by_keyboard(arrive("en", WIDE, site=server.url, java_script_enabled=False).open(questions))


@pytest.mark.long
def test_all_eleven_steps_are_in_sight_and_large_enough(arrive: Arrive, server: LiveServer, questions: str) -> None:
    for width in (NARROW, WIDE):
        visitor = arrive("en", width, site=server.url).open(questions)
        boxes = [each.bounding_box() for each in visitor.page.locator("#pain .choice span").all()]
        assert len(boxes) == 11
        assert all(box and box["width"] >= 44 and box["height"] >= 44 for box in boxes)
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
