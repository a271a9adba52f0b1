"""How it goes, in a browser: answered by keyboard, with and without scripts, and read by axe in every look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from booking.app import create_app
from booking.config import Settings
from booking.domain.outcome import Answers, Moment
from booking.services.outcomes import answer
from booking.store.database import db
from tests.builders import course, office
from tests.journeys import axe, walks
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.servers.databases import only_sqlite
from tests.servers.web import LiveServer, command_environ
from tests.web.pages import booked_links

pytestmark = only_sqlite

Arrive = Callable[..., Visitor]


@pytest.fixture
def at_week_10(demonstration_url: str, start_server: Callable[..., LiveServer]) -> tuple[LiveServer, str]:
    """A server whose clock stands ten weeks after Kari's session 1, and where her questions are; she said 8 before."""
    environ = command_environ(demonstration_url)
    app = create_app(Settings.from_environ(environ, machine_now=datetime.now(UTC)))
    links = booked_links(app)
    with app.app_context():
        start = next(a.starts_at for a in course(links.course_id).appointments if a.kind == "session")
        answer(office(), links.course_id, Moment.BASELINE, Answers(8), now=start - timedelta(days=1))
        db.engine.dispose()
    later = start + timedelta(days=70) - datetime.now(UTC)
    server = start_server(demonstration_url, BOOKING_CLOCK_OFFSET=str(later.total_seconds()))
    return server, f"course/{links.token}/questions"


@pytest.mark.parametrize(("language", "width", "scripts"), [("nb", NARROW, True), ("en", WIDE, False)])
def test_questions_are_answered_by_keyboard_alone(
    arrive: Arrive, at_week_10: tuple[LiveServer, str], language: str, width: int, scripts: bool
) -> None:
    server, path = at_week_10
    visitor = arrive(language, width, site=server.url, java_script_enabled=scripts).open(path)
    visitor.tab_through().open(path).skip().pick("pain", "5").pick("change", "2")
    visitor.tab_to(walks.MAIN_BUTTON).press()
    assert visitor.page.locator("[role=status]").first.is_visible()
    assert visitor.page.locator("figure.curve tbody").count() == 2
    assert visitor.page.locator("input[name=pain]:checked").get_attribute("value") == "5"
    assert not visitor.context.cookies()


@pytest.mark.long
def test_all_eleven_steps_are_in_sight_and_large_enough(arrive: Arrive, at_week_10: tuple[LiveServer, str]) -> None:
    server, path = at_week_10
    for width in (NARROW, WIDE):
        visitor = arrive("en", width, site=server.url).open(path)
        boxes = [each.bounding_box() for each in visitor.page.locator("#pain .choice span").all()]
        assert len(boxes) == 11
        assert all(box and box["width"] >= 44 and box["height"] >= 44 for box in boxes)
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


def test_axe_finds_nothing_on_the_questions(
    arrive: Arrive, at_week_10: tuple[LiveServer, str], all_forms: bool
) -> None:
    server, path = at_week_10
    for language in ("nb", "en") if all_forms else ("nb",):
        visitor = arrive(language, NARROW, site=server.url).open(path)
        axe.look_in_both_widths(visitor, everything=all_forms)
        visitor.page.locator("label.choice", has_text="7").first.click()
        walks.click(visitor, walks.MAIN_BUTTON)
        visitor.page.locator("main details summary").click()
        axe.look_in_both_widths(visitor, everything=all_forms)
