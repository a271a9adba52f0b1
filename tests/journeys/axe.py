"""axe on a page as it stands in the browser: what breaks a rule, in words.

A run takes a good part of a second, so the short form of the tests runs all rules once per page, on the phone, and
contrast alone in the dark, on the desk, in one language; the long form runs everything in every look.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.visitor import NARROW, WIDE, Visitor

CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
_SCRIPT = Axe().axe_script
_RUN = """options => axe.run(options).then(found => found.violations.flatMap(rule =>
  rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def look(visitor: Visitor, *, everything: bool) -> None:
    """Looks at her page as wide as it is, in the light and in the dark; she complains about what breaks a rule."""
    _complain(visitor, "light", all_rules(visitor.page))
    _look_in_the_dark(visitor, everything=everything)


def look_in_both_widths(visitor: Visitor, *, everything: bool) -> None:
    """The same on a phone and on a desk, in the short form light there and dark here; then her width is as it was."""
    for width in (NARROW, WIDE):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.look()
        if everything or width == NARROW:
            _complain(visitor, f"{width} px, light", all_rules(visitor.page))
        if everything or width == WIDE:
            _look_in_the_dark(visitor, everything=everything)
    visitor.page.set_viewport_size({"width": visitor.width, "height": 800})


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


def _look_in_the_dark(visitor: Visitor, *, everything: bool) -> None:
    page = visitor.page
    page.emulate_media(color_scheme="dark")
    _complain(visitor, "dark", all_rules(page) if everything else contrast(page))
    page.emulate_media(color_scheme="light")


def _complain(visitor: Visitor, look: str, found: list[str]) -> None:
    for words in found:
        visitor.complain(f"{look}: {words}")


def all_rules(page: Page) -> list[str]:
    """What breaks any rule of axe."""
    return _run(page, {})


def contrast(page: Page) -> list[str]:
    """Which words stand out too little."""
    return _run(page, CONTRAST)


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[str] = page.evaluate(_RUN, {"resultTypes": ["violations"], "preload": False, **options})
    return found
