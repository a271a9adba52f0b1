"""Reading an article in a browser: answers open, a film waits to be chosen, and paper shows everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from booking.app import create_app
from booking.config import Settings
from booking.services.articles import save_article
from tests.builders import NOW
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.servers.databases import Content, Databases
from tests.servers.web import LiveServer, serving
from tests.web.test_article import EVERYTHING, FACTS

Arrive = Callable[..., Visitor]

# Whether a link has the focus and lies open to the eye: it is what stands at its own middle.
HIT = """link => {
  const box = link.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return link === document.activeElement && link.contains(there);
}"""


@pytest.fixture(scope="module")
def library(databases: Databases) -> Iterator[LiveServer]:
    """A server with an article of everything that a text may hold; its film is a small file of this site."""
    url = databases.new("sqlite", Content.DEMONSTRATION)
    facts = FACTS.format(title="Everything", tags='"pebbles"', picture="path")
    with create_app(Settings(database_url=url)).app_context():
        text = (facts + EVERYTHING).replace("/static/film.mp4", "/static/img/favicon.svg")
        save_article("everything", "en", text.replace('captions = "/static/film.vtt"', ""), by="test", now=NOW)
    with serving(url) as server:
        yield server
    databases.drop(url)


@pytest.mark.long
def test_an_address_of_a_question_opens_its_answer(arrive: Arrive, library: LiveServer) -> None:
    visitor = arrive("en", NARROW, site=library.url).open("articles/everything#may-i-ask")
    assert visitor.page.get_by_text("Always.").is_visible()


@pytest.mark.long
def test_an_answer_opens_without_scripts(arrive: Arrive, library: LiveServer) -> None:
    visitor = arrive("en", NARROW, site=library.url, java_script_enabled=False)
    visitor.page.goto(visitor.url("articles/everything"))
    visitor.page.get_by_text("May I ask?").click()
    assert visitor.page.get_by_text("Always.").is_visible()
    assert visitor.page.get_by_role("button", name="Print this page").is_hidden()


@pytest.mark.long
def test_paper_shows_every_answer(arrive: Arrive, library: LiveServer) -> None:
    visitor = arrive("en", WIDE, site=library.url).open("articles/everything")
    visitor.page.emulate_media(media="print")
    assert visitor.page.get_by_text("Always.").is_visible()
    assert visitor.page.get_by_text("None in words.").is_visible()
    assert visitor.page.get_by_text("On this page").first.is_hidden()


def test_a_film_is_loaded_when_it_is_chosen(arrive: Arrive, library: LiveServer) -> None:
    visitor = arrive("en", WIDE, site=library.url).open("articles/everything")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.get_by_role("link", name="Play the film").click()
    film = visitor.page.locator("video[controls]")
    film.wait_for()
    assert film.get_attribute("src") == f"{library.url}/static/img/favicon.svg"
    assert visitor.page.url == visitor.url("articles/everything")
    assert set(asked) <= {f"{library.url}/static/img/favicon.svg"}


@pytest.mark.long
def test_a_phone_shows_the_whole_table_and_one_row_on_top(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW).open("articles/acupuncture-can-relieve-fibromyalgia")
    visitor.page.locator("figure summary").click()
    table = visitor.page.locator("figure table")
    assert table.evaluate("table => table.getBoundingClientRect().right < innerWidth - 14")
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    assert visitor.page.locator("header.top").evaluate("header => header.getBoundingClientRect().height") < 80


@pytest.mark.long
def test_no_heading_of_the_list_hides_behind_the_next_free_course(arrive: Arrive) -> None:
    page = arrive("en", WIDE).open("articles/acupuncture-can-relieve-fibromyalgia").page
    page.set_viewport_size({"width": WIDE, "height": 800})
    links = page.locator("aside li a:visible")
    links.first.focus()
    for number in range(1, links.count()):
        page.keyboard.press("Tab")
        assert links.nth(number).evaluate(HIT), links.nth(number).inner_text()


def test_larger_text_stays_within_a_phone(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW)
    for path in ("", "articles/acupuncture-can-relieve-fibromyalgia", "clinicians", "contact"):
        visitor.open(path).page.evaluate("document.documentElement.style.fontSize = '140%'")
        assert visitor.page.evaluate("document.documentElement.scrollWidth") == NARROW, path
