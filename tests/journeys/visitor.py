"""A visitor: a person with a browser and a keyboard, who notices what is wrong on any page she comes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.conftest import ALL

NARROW, WIDE = 320, 1280
IN_NORWEGIAN = [("nb", NARROW), *([("en", WIDE)] if ALL else [])]  # in the short form a story has one look,
IN_ENGLISH = [("en", WIDE), *([("nb", NARROW)] if ALL else [])]  # and the next story the other
MOST_TABS = 200

# Chromium itself notes each answer from 400 on; nothing that a page says or does.
OWN_NOTE = re.compile(r"Failed to load resource: the server responded with a status of (\d+) .*")

# The places that Tab must reach and has not; one radio of a group is enough.
MISSED = """() => {
  const tabbable = "a[href], button:not(:disabled), input:not([type=hidden], :disabled), select, textarea, summary,"
    + " [tabindex]:not([tabindex='-1'])";
  return [...document.querySelectorAll(tabbable)]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }))
    .filter((e) => !window.reached?.has(e.type === "radio" ? e.name : e))
    .map((e) => e.outerHTML.slice(0, 80));
}"""

# Where the focus is; whether that is where the selector says; whether it is marked; whether anything of it is in view
# and not under something else. A date's own button is marked by the browser itself, where no style tells of it.
FOCUS = """selector => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const picker = e.type === "date" && !e.matches(":focus-visible");
  const ringed = picker ? e : [e, e.nextElementSibling, e.closest(".choice")].find((each) => {
    if (!each || (each !== e && !e.type)) return false;
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const over = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top !== null && (ringed.contains(top) || (top.contains(ringed) && top !== document.body));
  };
  const seen = ringed && [...ringed.getClientRects()].some((box) =>
    over(box.left + box.width / 2, box.top + box.height / 2) || over(box.left + 3, box.top + 3)
    || over(box.right - 3, box.bottom - 3));
  window.reached ??= new Set();
  window.reached.add(e.type === "radio" ? e.name : e);
  return {
    ringed: Boolean(ringed), seen: Boolean(seen), there: e.matches(selector),
    name: e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.name ?? e.textContent.trim().slice(0, 40)),
  };
}"""

FRAME = """() => ({
  language: document.documentElement.lang,
  title: document.title.trim(),
  headings: [...document.querySelectorAll("h1")].filter((h) => h.checkVisibility()).length,
  over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  phone: [...document.querySelectorAll(".strip .help")].filter((e) => e.checkVisibility())
    .map((e) => e.textContent).join(" "),
  stored: localStorage.length + sessionStorage.length,
})"""


class Contexts:
    """Contexts of the browser, each with cookies and a language of its own.

    Half of what a short visit costs is to make a context and a page and to load fonts and styles into them. So in the
    short form one who has left hands hers on, without cookies and with her first page, empty, to the next who wants
    one like it; in the long form nobody does.
    """

    def __init__(self, browser: Browser, *, shared: bool) -> None:
        self._browser, self._shared = browser, shared
        self._free: dict[str, list[BrowserContext]] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        free = self._free.get(_kind(options))
        if free:
            return free.pop()
        context = self._browser.new_context(**options)
        context.set_default_timeout(15_000)
        return context

    def give_back(self, context: BrowserContext, options: dict[str, Any], *, changed: bool) -> None:
        if changed or not self._shared:
            context.close()
            return
        first, *others = context.pages
        for page in others:
            page.close()
        first.goto("about:blank")
        first.emulate_media(media="null")
        context.clear_cookies()
        self._free.setdefault(_kind(options), []).append(context)


def _kind(options: dict[str, Any]) -> str:
    """All that cannot be set on a page of its own."""
    return str(sorted(option for option in options.items() if option[0] != "viewport"))


class Visitor:
    """`complaints` collects what was wrong on the way; `looks` are more looks that she takes at every page; `refusals`:
    which answers from 400 on surprise nobody; `works_here`: she works at a clinic, is signed in, needs no phone number.
    """

    def __init__(self, contexts: Contexts, site: str, language: str, width: int, **options: Any) -> None:
        plain = {"viewport": {"width": width, "height": 800}, "locale": language, "reduced_motion": "reduce"}
        self._contexts, self._options = contexts, {**plain, **options}
        self.context = contexts.take(self._options)
        self.site, self.language, self.width = site, language, width
        self.complaints: list[str] = []
        self.looks: list[Callable[[Visitor], None]] = []
        self.refusals = {422}
        self.chosen = False
        self.works_here = False
        self.changed = False
        self._turns = count(int(language == "en"))  # so that of two stories one begins with each
        self._notices = {
            "console": lambda said: self._heard(said.text),
            "pageerror": lambda error: self.complain(f"script: {error}"),
            "request": lambda request: self._asked(request.url),
            "response": lambda response: self._answered(response),
        }
        self.page = self._first = self._watched(next(iter(self.context.pages), None) or self.context.new_page())

    def new_page(self) -> Page:
        """Another tab of the same browser."""
        return self._watched(self.context.new_page())

    def _watched(self, page: Page) -> Page:
        page.set_viewport_size(self._options["viewport"])
        for event, notice in self._notices.items():
            page.on(event, notice)  # type: ignore[call-overload]
        return page

    def set_clock(self, moment: datetime) -> None:
        """From here on the browser's clock goes as the test winds it."""
        self.page.clock.install(time=moment)
        self.changed = True

    def leave(self) -> None:
        """What she has `changed` for good, as the clock, is not handed on."""
        self._contexts.give_back(self.context, self._options, changed=self.changed)
        for event, notice in self._notices.items() if not self._first.is_closed() else ():
            self._first.remove_listener(event, notice)

    # -- going ------------------------------------------------------------------------------------------------

    def open(self, path: str) -> Visitor:
        """Opens a page of this site by its address."""
        self.page.goto(self.url(path))
        return self.look()

    def url(self, path: str) -> str:
        """The address of a page; without a slash in front, in her language."""
        return self.site + (path if path.startswith("/") else f"/{self.language}/{path}".rstrip("/"))

    @contextmanager
    def going(self) -> Iterator[None]:
        """What is done inside leads to another page, which she looks at."""
        with self.page.expect_navigation():
            yield
        self.look()

    def press(self, key: str = "Enter") -> Visitor:
        """Presses the key on what has the focus, which leads to another page."""
        with self.going():
            self.page.keyboard.press(key)
        return self

    def is_on(self, ending: str) -> bool:
        return re.fullmatch(f".*/{ending}", urlsplit(self.page.url).path) is not None

    # -- by keyboard ------------------------------------------------------------------------------------------

    def skip(self) -> Visitor:
        """The first Tab on a page shows the link that skips its head; Enter goes there."""
        self.tab_to(".skip", most=1)
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("() => document.activeElement.id") == "main"
        return self

    def tab_to(self, selector: str, most: int = MOST_TABS) -> Visitor:
        """Presses Tab until the focus is there."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            focus = self._see_focus(selector)
            if focus and focus["there"]:
                return self
        raise AssertionError(f"{selector} is not reached by keyboard on {self.page.url}")

    def has_focus(self, selector: str) -> bool:
        found: bool = self.page.evaluate("s => document.activeElement.matches(s)", selector)
        return found

    def write(self, selector: str, text: str) -> Visitor:
        """Goes to the field and writes over what stands in it."""
        self.tab_to(selector)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        return self

    def tick(self, selector: str) -> Visitor:
        self.tab_to(selector)
        self.page.keyboard.press("Space")
        assert self.page.locator(selector).is_checked()
        return self

    def pick(self, name: str, value: str) -> Visitor:
        """Goes to the radios of this name and, by arrow, to the one of this value."""
        self.tab_to(f'input[name="{name}"]')
        wanted = f'input[name="{name}"][value="{value}"]'
        self.page.keyboard.press("Space")
        for _ in range(self.page.locator(f'input[name="{name}"]').count()):
            if self.has_focus(wanted):
                break
            self.page.keyboard.press("ArrowDown")
            self._see_focus()
        assert self.page.locator(wanted).is_checked()
        return self

    def tab_through(self) -> Visitor:
        """Presses Tab once around the page: everything that can be used is reached, and nothing holds the focus."""
        missed: list[str] = []
        for _ in range(2):
            self._tab_out()
            missed = self.page.evaluate(MISSED)
            if not missed:
                return self
        self.complain(f"Tab does not reach {missed}")
        return self

    def _tab_out(self) -> None:
        """Presses Tab until the focus leaves the page, so that the next Tab is the first."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self._see_focus() is None:
                return
        self.complain("Tab does not leave the page")

    def _see_focus(self, selector: str = "body") -> dict[str, Any] | None:
        focus: dict[str, Any] | None = self.page.evaluate(FOCUS, selector)
        if focus and not focus["ringed"]:
            self.complain(f"the focus is not marked on {focus['name']}")
        elif focus and not focus["seen"]:
            self.complain(f"the focus is out of sight on {focus['name']}")
        return focus

    # -- noticing ---------------------------------------------------------------------------------------------

    def look(self) -> Visitor:
        """What must hold on every page holds on this one."""
        frame = self.page.evaluate(FRAME)
        if frame["language"] != self.language:
            self.complain(f"the page is in {frame['language']}")
        if not frame["title"] or frame["headings"] != 1:
            self.complain(f"title {frame['title']!r} and {frame['headings']} headings of the first level")
        if frame["over"] > 0:
            self.complain(f"the page can be scrolled sideways by {frame['over']} px")
        if not self.works_here and len(re.sub(r"\D", "", frame["phone"])) < 8:
            self.complain("no phone number is seen")
        if not self.chosen and not self.works_here and self.context.cookies():
            self.complain("there is a cookie before the first choice")
        if frame["stored"]:
            self.complain("something is kept in the browser beside cookies")
        for look in self.looks:
            look(self)
        return self

    def turn(self) -> int:
        """0 and 1 by turns, for looks of which a page has one in the short form."""
        return next(self._turns) % 2

    def complain(self, words: str) -> None:
        page = self.page.url if hasattr(self, "page") else ""
        self.complaints.append(f"{urlsplit(page).path}: {words}")

    def _heard(self, words: str) -> None:
        if not OWN_NOTE.match(words):
            self.complain(f"console: {words}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.site + "/", "data:")):
            self.complain(f"asks elsewhere: {url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.complain(f"{response.url} answers {response.status}")
