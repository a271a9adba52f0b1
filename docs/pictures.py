"""python -m docs.pictures: takes the README's pictures of the real pages, at the demonstration's clock.

It fills a database of its own, starts the real server over it, books a course as the command line does, and photographs
the pages in the system's Chromium. Nothing that was there before is touched; everything that was started is ended.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from booking.services.demonstration import demonstration_facts
from tests.conftest import BROWSERS
from tests.servers.clock import CLINIC_NOW, offset_to_clinic_now
from tests.servers.databases import Content, fill
from tests.servers.web import LiveServer, serving

FOLDER = Path(__file__).with_name("pictures")

# The same wishes twice, as the planner's address and as the command's options: 6 and 17 May are holidays.
PLANNER = "/en/book/plan?clinic=lambertseter&day=mon&day=thu&from=2027-03-30&new=1"
WISHES = ("--clinic", "lambertseter", "--days", "mon,thu", "--from", "2027-03-30", "--new-patient")
ARTICLE = "articles/acupuncture-can-relieve-fibromyalgia"
FIGURE = "figure.trial"
FINDER = "clinicians?place=1150&need=step_free"
EMAIL = "kari@example.com"
KARI = ("--name", "Kari Prøve", "--email", EMAIL, "--birth-date", "1979-05-17")

LATER = timedelta(weeks=8, days=2)
"""When the course page is looked at: after four of the nine."""

RITA = "rita@klinikk.example"
BUSY_TUESDAY = datetime(2027, 5, 18, 9, 25, tzinfo=UTC)
"""When the schedule is looked at: the day after a holiday, before lunch."""
WEEK = "staff/clinicians/1/week"
DAY = "staff/clinicians/1/day"

WIDE, PAPER, MAIL, NARROW = 1280, 700, 620, 390
QUALITY = 82

BOX = """part => {
    const box = part.getBoundingClientRect();
    return {x: box.x, y: box.y + scrollY, width: box.width, height: box.height};
}"""
"""Where a part lies on its page."""

Colours = Literal["light", "dark"]
Medium = Literal["screen", "print"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """The window a picture is taken through. `sharpness`: pixels of the picture a pixel of the page."""

    width: int
    height: int
    colours: Colours = "light"
    medium: Medium = "screen"
    sharpness: float = 1.5


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="pictures-") as folder, browser() as chromium:
        database = f"sqlite:///{folder}/pictures.db"
        fill(database, Content.TABLES)
        fill(database, Content.DEMONSTRATION)
        fill(database, Content.FILLED)
        with serving(database) as server:
            take_reading(chromium, server)
            take_planner(chromium, server)
            take_desk(chromium, server)
            course = booked(server)
            take_mail(chromium, server)
        later = str((offset_to_clinic_now() + LATER).total_seconds())
        with serving(database, BOOKING_CLOCK_OFFSET=later) as server:
            take_course(chromium, server, course)
            take_change(chromium, server, course)
            take_all(chromium, server)
        busy = str((offset_to_clinic_now() + (BUSY_TUESDAY - CLINIC_NOW)).total_seconds())
        with serving(database, BOOKING_CLOCK_OFFSET=busy) as server:
            take_schedule(chromium, server)
    for picture in sorted(FOLDER.iterdir()):
        print(f"{picture.stat().st_size / 1000:7.0f} kB  {picture.name}")


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium, which asks no other machine for anything."""
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    arguments = ["--no-first-run", "--disable-gpu", "--hide-scrollbars"]
    arguments.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield chromium
        chromium.close()


def take_reading(chromium: Browser, server: LiveServer) -> None:
    for name, path, look in (
        ("article", f"en/{ARTICLE}", Look(width=WIDE, height=1100)),
        ("article-phone", f"nb/{ARTICLE}", Look(width=NARROW, height=1150, sharpness=2)),
        ("finder", f"en/{FINDER}", Look(width=WIDE, height=1420)),
        ("clinic", "en/clinics/lambertseter", Look(width=WIDE, height=1420)),
    ):
        with opened(chromium, f"{server.url}/{path}", look) as page:
            take(page, name)
    with opened(chromium, f"{server.url}/en/{ARTICLE}", Look(width=WIDE, height=840, colours="dark")) as page:
        to_the_top(page.locator(FIGURE))
        take(page, "figure-dark")
    with opened(chromium, f"{server.url}/nb/{ARTICLE}", Look(width=PAPER, height=900, medium="print")) as page:
        take(page, "figure-paper", page.locator(FIGURE))


def take_planner(chromium: Browser, server: LiveServer) -> None:
    for name, look in {
        "planner": Look(width=WIDE, height=1420),
        "planner-dark": Look(width=WIDE, height=1420, colours="dark"),
        "planner-phone": Look(width=NARROW, height=1400, sharpness=2),
    }.items():
        with opened(chromium, server.url + PLANNER, look) as page:
            if look.width == NARROW:
                to_the_top(page.locator("#proposals article").first)
            take(page, name)


def take_desk(chromium: Browser, server: LiveServer) -> None:
    """What the receptionist has before her: whose times are to be planned anew, and a caller on the telephone."""
    with opened(chromium, f"{server.url}/en/staff", Look(width=WIDE, height=1190)) as page:
        sign_in(page)
        page.goto(f"{server.url}/en/staff/replan", wait_until="networkidle")
        page.locator("main a[href*='/staff/replan/']").first.click()
        page.get_by_role("button", name="Move and tell all").wait_for()
        take(page, "replan")
        page.set_viewport_size({"width": WIDE, "height": 880})
        page.goto(f"{server.url}/en/staff/book", wait_until="networkidle")
        page.get_by_label("Nine weeks, new here").check()
        page.get_by_label("Name").fill("Borghild Prøve")
        page.get_by_label("Phone").fill("+46 70 174 06 05")
        page.get_by_label("Birth date").fill("170546")
        page.get_by_role("button", name="Show free times").click()
        page.wait_for_load_state("networkidle")
        take(page, "caller")


def take_schedule(chromium: Browser, server: LiveServer) -> None:
    with opened(chromium, f"{server.url}/en/staff", Look(width=WIDE, height=1240)) as page:
        sign_in(page)
        page.goto(f"{server.url}/en/{WEEK}", wait_until="networkidle")
        take(page, "week")
        page.set_viewport_size({"width": NARROW, "height": 1300})
        page.goto(f"{server.url}/en/{DAY}", wait_until="networkidle")
        take(page, "day-phone")


def sign_in(page: Page) -> None:
    page.get_by_label("E-mail").fill(RITA)
    page.get_by_label("Password").first.fill(demonstration_facts()["accounts"]["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/factors**")


def booked(server: LiveServer) -> Any:
    """A course that Kari booked, and her mail delivered."""
    answer = server.flask("courses", "book", *WISHES, "--plan", "1", *KARI, "--json")
    assert answer.returncode == 0, answer.stderr
    send_mail(server)
    return json.loads(answer.stdout)


def send_mail(server: LiveServer) -> None:
    sent = server.flask("worker", "--once")
    assert sent.returncode == 0, sent.stderr


def take_mail(chromium: Browser, server: LiveServer) -> None:
    with opened(chromium, f"{server.url}/dev/mailbox", Look(width=MAIL, height=1400)) as page:
        page.get_by_role("link", name=re.compile("^Your appointments from")).click()
        page.get_by_role("link", name="Alone on a page").click()
        take(page, "mail")


def take_course(chromium: Browser, server: LiveServer, course: Any) -> None:
    with opened(chromium, page_of(server, course), Look(width=WIDE, height=1400)) as page:
        take(page, "course")


def take_change(chromium: Browser, server: LiveServer, course: Any) -> None:
    """What she sees who cannot come: other times, on a phone; and her page once the visit is moved."""
    with opened(chromium, page_of(server, course), Look(width=NARROW, height=1150, sharpness=2)) as page:
        page.get_by_role("link", name="I cannot come then").first.click()
        page.get_by_role("heading", name="Move or cancel this visit").wait_for()
        take(page, "move-phone")
    with opened(chromium, page_of(server, course), Look(width=WIDE, height=1000)) as page:
        page.get_by_role("link", name="I cannot come then").first.click()
        page.locator("main button[name=to]").nth(1).click()
        page.get_by_role("button", name="Undo").wait_for()
        page.evaluate("scrollTo(0, 0)")
        take(page, "changed")


def take_all(chromium: Browser, server: LiveServer) -> None:
    """All her appointments, found again by a link to her address."""
    with opened(chromium, f"{server.url}/en/my-appointments", Look(width=WIDE, height=1200)) as page:
        page.locator("#email").fill(EMAIL)
        page.get_by_role("button", name="Send me the link").click()
        page.wait_for_url("**/sent")
        send_mail(server)
        page.goto(f"{server.url}/dev/mailbox", wait_until="networkidle")
        page.get_by_role("link", name=re.compile("^The link to your appointments")).first.click()
        page.get_by_role("link", name="Alone on a page").click()
        page.goto(page.locator("a[href*='/my-appointments/link/']").first.get_attribute("href") or "")
        page.get_by_role("button", name="Show my appointments").click()
        page.wait_for_url("**/all")
        take(page, "all-appointments")


def page_of(server: LiveServer, course: Any) -> str:
    """The course's page; the port is another than when it was booked."""
    return f"{server.url}/{course['url'].split('/', 3)[3]}"


@contextmanager
def opened(chromium: Browser, url: str, look: Look) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": look.width, "height": look.height},
        device_scale_factor=look.sharpness,
        color_scheme=look.colours,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Oslo",
    )
    page = context.new_page()
    page.emulate_media(media=look.medium)
    answer = page.goto(url, wait_until="networkidle")
    assert answer
    assert answer.ok, f"{url} answered {answer.status}"
    yield page
    context.close()


def to_the_top(part: Locator) -> None:
    """Scrolls until the part begins the window."""
    part.evaluate("part => part.scrollIntoView({block: 'start', behavior: 'instant'})")


def take(page: Page, name: str, part: Locator | None = None) -> None:
    """Writes what the window shows, or a part of the page, as WebP: a third of the PNG's size at the same sharpness."""
    shown = page.evaluate("({x: 0, y: scrollY, width: innerWidth, height: innerHeight, scale: devicePixelRatio})")
    if part:
        shown |= part.evaluate(BOX)
    shot = {"format": "webp", "quality": QUALITY, "clip": shown, "captureBeyondViewport": part is not None}
    answer = page.context.new_cdp_session(page).send("Page.captureScreenshot", shot)
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(answer["data"]))


if __name__ == "__main__":
    main()
