"""Crawl: every page that a reader can come to by links alone, opened once for all files that look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests.web.pages import inner_links, read_strictly

BEGINNINGS = ("/nb/", "/en/", "/sitemap.xml", "/robots.txt")

# Where a reader begins to choose times: one page each is enough, for their links are the wishes multiplied.
ENDLESS = re.compile(r"/(?:nb|en)/(?:book/plan|book/plan/times|book/single|clinicians|search)$")
FEW = 4


@dataclass(frozen=True)
class Page:
    """An address with its answer; `tree` of what is HTML, read strictly, so that a fault in it fails here."""

    url: str
    answer: TestResponse
    tree: Any

    @classmethod
    def read(cls, url: str, answer: TestResponse) -> Page:
        return cls(url, answer, read_strictly(answer.data) if answer.mimetype == "text/html" else None)

    @property
    def ids(self) -> set[str]:
        return {element.get("id") for element in self.tree.iter()}


def all_pages(app: Flask) -> Iterator[Page]:
    """Opens every address that is linked from the beginnings on, each once, without ever sending a form."""
    waiting, seen, endless = list(BEGINNINGS), set(BEGINNINGS), dict[str, int]()
    while waiting:
        url = waiting.pop(0)
        answer = app.test_client().get(url, buffered=True)
        yield Page.read(url, answer)
        if answer.mimetype != "text/html":
            continue
        for link in sorted(inner_links(answer.text, url)):
            path = urlsplit(link).path
            if link in seen or not path.startswith("/") or not _more_of(path, endless):
                continue
            seen.add(link)
            waiting.append(link)


def _more_of(path: str, endless: dict[str, int]) -> bool:
    if not ENDLESS.match(path):
        return True
    endless[path] = endless.get(path, 0) + 1
    return endless[path] <= FEW


@cache
def crawled(app: Flask) -> list[Page]:
    """The pages of an application over the demonstration data as they are before anybody has written there."""
    return list(all_pages(app))
