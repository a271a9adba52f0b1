"""axe on a page as it stands in the browser: what breaks a rule, in words."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
_SCRIPT = Axe().axe_script
_RUN = """options => axe.run(options).then(found => found.violations.flatMap(rule =>
  rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def all_rules(page: Page) -> list[str]:
    """What breaks any rule of axe."""
    return _run(page, {})


def contrast(page: Page) -> list[str]:
    """Which words stand out too little."""
    return _run(page, CONTRAST)


def in_the_dark(page: Page) -> list[str]:
    """Which words stand out too little in the dark."""
    page.emulate_media(color_scheme="dark")
    found = contrast(page)
    page.emulate_media(color_scheme="light")
    return found


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[str] = page.evaluate(_RUN, {"resultTypes": ["violations"], "preload": False, **options})
    return found
