"""What tests of pages share: links of a booked course, all links on a page, and a strict reading of HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urlsplit

from flask import Flask

from booking.services.helpers import Invited, add_helper
from booking.services.links import FEED, PAGE, helper_token_of, token_of
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.helpers import Helper
from tests.builders import NOW, booked_course, office
from tests.web.markup import read

LANGUAGES = ("nb", "en")
_LOADING = rb"<(?:img|script|link|iframe|video|audio|source|object|embed)"
_FOREIGN = re.compile(_LOADING + rb"[^>]+(?:src|href)=\"(https?:)?//", re.I)
_CANONICAL = re.compile(rb"<link[^>]+rel=\"(?:canonical|alternate)\"[^>]*>")
_STYLE_OR_HANDLER = re.compile(rb"<[^>]*\s(style|on[a-z]+)\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Links:
    """The addresses of a booked course; `page` in English."""

    course_id: int
    reference: str
    token: str
    feed_token: str

    @property
    def page(self) -> str:
        return f"/en/course/{self.token}"

    @property
    def feed(self) -> str:
        return f"/calendars/{self.feed_token}.ics"


def booked_links(app: Flask, *arguments: Any, **changes: Any) -> Links:
    """Books a course, with changes to Kari's details, and gives its links."""
    with app.app_context():
        course = booked_course(*arguments, **changes)
        return links_now(course.id)


def links_now(course_id: int) -> Links:
    """The links of a course as they are now; needs an application context."""
    db.session.rollback()
    links = links_of(db.session(), course_id)
    reference = links[PAGE].course.reference
    return Links(course_id, reference, token_of(office(), links[PAGE]), token_of(office(), links[FEED]))


@dataclass(frozen=True)
class HelperLink:
    """A helper of a course, and what opens it for her; `page` in English."""

    id: int
    token: str

    @property
    def page(self) -> str:
        return f"/en/course/{self.token}"


def helper_link(app: Flask, links: Links, **changes: Any) -> HelperLink:
    """Gives somebody a link to the course, with changes to Ola's details."""
    ola = Invited(name="Ola Prøve", email="ola@example.com", language="en", reminded=True)
    with app.app_context():
        id = add_helper(office(), links.course_id, replace(ola, **changes), now=NOW, at=NOW)
        db.session.rollback()
        return HelperLink(id, helper_token_of(office(), db.session.get_one(Helper, id)))


def inner_links(page: str, path: str) -> set[str]:
    """Where the page's links to this site lead, without fragments."""
    reader = _Links()
    reader.feed(page)
    found = {urldefrag(link).url or path for link in reader.links}
    return {link for link in found if not urlsplit(link).scheme and not urlsplit(link).netloc}


def fragments(page: str) -> set[str]:
    """The ids that links of the page point to inside the page."""
    reader = _Links()
    reader.feed(page)
    return {link[1:] for link in reader.links if link.startswith("#")}


def loads_from_elsewhere(page: bytes) -> bool:
    """Whether the page fetches anything from another machine."""
    return bool(_FOREIGN.search(_CANONICAL.sub(b"", page)))


def read_strictly(page: bytes) -> Any:
    """The page as a tree. Fails on anything that HTML does not allow, on double ids, and on styles or handlers in
    attributes, which the Content-Security-Policy would ignore."""
    tree = read(page.decode())
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), sorted(id for id in ids if ids.count(id) > 1)
    assert not _STYLE_OR_HANDLER.search(page)
    return tree


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and (tag, name) in {("a", "href"), ("link", "href"), ("script", "src"), ("iframe", "src")}:
                self.links.append(value)
