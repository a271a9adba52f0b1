"""axe on a page as it stands in the browser: what breaks a rule, in words.

A run takes a good part of a second, so in the short form of the tests a page is looked at once, by turns in the light
on the phone and in the dark on the desk, and only if it shows a kind of part that no page looked at before at a like
address has shown; the long form runs everything in every look.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.visitor import NARROW, WIDE, Visitor

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

_SCRIPT = Axe().axe_script
_RUN = """options => axe.run(options).then(found => found.violations.flatMap(rule =>
  rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""

# The kinds of parts that are seen, each by all that styles and rules ask about.
_PARTS = """() => [...new Set([...document.querySelectorAll("body, body *")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .map((e) => [e.tagName, ...[...e.attributes].filter((a) => !/^(id|for|href|value|name|datetime|data-)/.test(a.name))
    .map((a) => /^(class|role|type|lang)$/.test(a.name) ? `${a.name}=${a.value}` : a.name).sort()].join(" ")))]"""

_seen: dict[str, set[str]] = defaultdict(set)


def look(visitor: Visitor, *, everything: bool) -> None:
    """Looks at her page as wide as it is, in the light and in the dark; she complains about what breaks a rule."""
    turn = visitor.turn()
    if everything or _something_new(visitor.page):
        for scheme in SCHEMES if everything else SCHEMES[turn : turn + 1]:
            _look(visitor, scheme)


def look_in_both_widths(visitor: Visitor, *, everything: bool) -> None:
    """The same on a phone and on a desk; then her width is as it was."""
    turn, new = visitor.turn(), everything or _something_new(visitor.page)
    for width in sorted((NARROW, WIDE), key=lambda width: width == visitor.width):  # hers last, in which it stays
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.look()
        mine = SCHEMES[turn : turn + 1] if new and width == (NARROW, WIDE)[turn] else ()
        for scheme in SCHEMES if everything else mine:
            _look(visitor, scheme)


def look_in_both_languages(visitor: Visitor, *, everything: bool) -> None:
    """The same; in the long form in the other language, too, and then back to where she was."""
    look_in_both_widths(visitor, everything=everything)
    if not everything:
        return
    here, language = visitor.page.url, visitor.language
    visitor.language = "en" if language == "nb" else "nb"
    visitor.open(here.removeprefix(visitor.site).replace(f"/{language}/", f"/{visitor.language}/", 1))
    look_in_both_widths(visitor, everything=everything)
    visitor.language = language
    visitor.open(here.removeprefix(visitor.site))


def _something_new(page: Page) -> bool:
    """Whether it shows a kind of part that no page before it at an address like its own has shown."""
    like = re.sub(r"/[^/]*\d[^/]*|/course/[^/]+|/(nb|en)(?=/)", "/*", urlsplit(page.url).path)
    parts = set(page.evaluate(_PARTS))
    new = not parts <= _seen[like]
    _seen[like] |= parts
    return new


def _look(visitor: Visitor, scheme: Scheme) -> None:
    page = visitor.page
    if scheme == "dark":
        page.emulate_media(color_scheme="dark")
    for words in all_rules(page):
        visitor.complain(f"{page.evaluate('() => innerWidth')} px, {scheme}: {words}")
    if scheme == "dark":
        page.emulate_media(color_scheme="light")


def all_rules(page: Page) -> list[str]:
    """What breaks any rule of axe. (The only frame of the site, with the HTML of a letter, runs no script, nor axe.)"""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[str] = page.evaluate(_RUN, {"resultTypes": ["violations"], "preload": False, "iframes": False})
    return found
