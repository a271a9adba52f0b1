"""The public site in a browser: every page of the sitemap and what lies beside it, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.request import urlopen

import pytest

from tests.journeys import axe
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.servers.web import LiveServer

Arrive = Callable[..., Visitor]

PLANS = "book/plan?clinic=lambertseter&day=mon&from=2027-03-22"
BESIDE = (
    "search?q=clinic",
    "search?q=nowhere",
    "clinicians?place=2080&order=nearest",
    "clinicians?need=lift&county=Akershus&speaks=uk",
    "clinicians?place=nowhere&profession=baker",
    "my-appointments",
    "call-me",
    "call-me/noted?by=2027-03-02",
    "book?asked=1",
    "book/by-phone",
    PLANS,
    "book/plan?clinic=raholt&day=thu&new=1",
    "book/plan?from=2027-04-31&away_from=x",
    "book/single?kind=needle-session",
    "book/single?kind=needle-session&clinic=lambertseter&on=2027-04-06",
    "no/such/page",
)


@pytest.fixture(scope="session")
def public(busy_house: LiveServer, all_forms: bool) -> tuple[str, ...]:
    """The addresses below the language, as the sitemap has them, and those that no sitemap should have."""
    with urlopen(f"{busy_house.url}/sitemap.xml") as answer:
        listed = re.findall(r"<loc>[^<]*?/nb/([^<]*)</loc>", answer.read().decode())
    assert len(listed) > 20
    return (*(listed if all_forms else one_of_each(listed)), *BESIDE)


def one_of_each(addresses: list[str]) -> list[str]:
    """Of the pages that are made alike, as those of the clinics, the first."""
    kinds = {"/".join(address.split("/")[:-1]) or address: address for address in reversed(addresses)}
    return list(kinds.values())


@pytest.mark.parametrize("language", ["nb", "en"])
def test_axe_finds_nothing(arrive: Arrive, public: tuple[str, ...], all_forms: bool, language: str) -> None:
    visitor = arrive(language, NARROW)
    visitor.refusals.add(404)
    for path in public if all_forms else public[language == "en" :: 2]:
        visitor.open(path)
        axe.look_in_both_widths(visitor, everything=all_forms)


@pytest.mark.long
@pytest.mark.parametrize(("language", "width"), [("nb", WIDE), ("en", NARROW)])
def test_reading_is_quiet(arrive: Arrive, public: tuple[str, ...], all_forms: bool, language: str, width: int) -> None:
    """In the short form in the language in which axe does not look."""
    visitor = arrive(language, width)
    visitor.refusals.add(404)
    for path in public if all_forms else public[language == "nb" :: 2]:
        visitor.open(path)
    assert not visitor.context.cookies()
    assert not visitor.page.evaluate("() => localStorage.length + sessionStorage.length")


def test_an_article_is_read_somebody_found_and_her_nine_times_seen_by_keyboard(arrive: Arrive) -> None:
    visitor = arrive("nb", NARROW).open("articles/acupuncture-can-relieve-fibromyalgia")
    visitor.tab_through().write("#finder-place", "2080").press()
    assert visitor.is_on("clinicians")
    visitor.tab_to(".result .button").press()
    assert visitor.is_on("book/plan")
    assert visitor.page.locator("article.proposal").count()
