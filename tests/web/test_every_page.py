"""Every page that a reader can come to by links alone, in both languages: whole, quiet, and alive."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urldefrag

import pytest
from flask import Flask

from tests.servers.databases import only_sqlite
from tests.web.crawl import Page, crawled
from tests.web.markup import as_xml, strictly
from tests.web.pages import fragments, loads_from_elsewhere

pytestmark = only_sqlite

PARTS = re.compile(r'href="(/[^"]+#[^"]+)"')


@pytest.fixture
def pages(demo_app: Flask) -> list[Page]:
    return crawled(demo_app)


def test_every_link_is_alive(pages: list[Page]) -> None:
    assert len(pages) > 80
    dead = [(page.url, page.answer.status_code) for page in pages if page.answer.status_code not in (200, 302, 303)]
    assert not dead


def test_headings_go_down_one_step_at_a_time(pages: list[Page]) -> None:
    read = [page for page in pages if page.tree is not None and page.answer.status_code == 200]
    wrong = {page.url: levels for page in read if not _in_order(levels := _levels(page))}
    assert not wrong


def _levels(page: Page) -> list[int]:
    """The headings of the page's main part, in the order of the page."""
    main = next(page.tree.iter("main"), page.tree)
    return [int(element.tag[1]) for element in main.iter() if re.fullmatch("h[1-6]", str(element.tag))]


def _in_order(levels: list[int]) -> bool:
    steps = zip([0, *levels], levels, strict=False)
    return levels.count(1) == 1 and all(level - before <= 1 for before, level in steps)


def test_a_page_read_as_xml_is_what_it_is_read_strictly(pages: list[Page]) -> None:
    texts = [page.answer.text for page in pages if page.tree is not None][::8]
    read = [(as_xml(text), strictly(text)) for text in texts]
    quick = [(_told(tree), _told(strict)) for tree, strict in read if tree is not None]
    assert len(quick) > len(texts) / 2
    assert all(tree == strict for tree, strict in quick)


def _told(tree: Any) -> list[tuple[str, dict[str, str], str]]:
    """The elements with what they say."""
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    return [(element.tag, dict(element.attrib), " ".join("".join(element.itertext()).split())) for element in elements]


def test_no_page_sets_a_cookie_while_somebody_reads(pages: list[Page]) -> None:
    assert not [page.url for page in pages if "Set-Cookie" in page.answer.headers]


def test_no_page_loads_anything_from_another_machine(pages: list[Page]) -> None:
    for page in pages:
        if page.tree is not None:
            assert not loads_from_elsewhere(page.answer.data), page.url


def test_every_link_inside_a_page_leads_to_something_on_it(pages: list[Page]) -> None:
    for page in pages:
        if page.tree is not None:
            assert fragments(page.answer.text) <= page.ids, page.url


def test_every_link_into_a_part_of_another_page_finds_it(pages: list[Page]) -> None:
    ids = {page.url: page.ids for page in pages if page.tree is not None}
    links = {link for page in pages if page.tree is not None for link in PARTS.findall(page.answer.text)}
    missed = {(url, anchor) for url, anchor in map(urldefrag, links) if anchor not in ids.get(url, {anchor})}
    assert not missed
