"""Marketing: beside who is not authorised no page leads to an article that makes claims, or makes one itself.

The pages are walked as a reader would, and the steps of a booking with the acupuncturist Live Demodatter besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from booking.services.articles import published
from booking.services.proposals import Asked
from booking.store.clinics import the_group
from booking.store.database import db
from booking.store.people import Profession, all_clinicians
from tests.builders import NOW
from tests.servers.databases import only_sqlite
from tests.web.crawl import crawled
from tests.web.pages import LANGUAGES, booked_links, read_strictly
from tests.web.walker import Walker

pytestmark = only_sqlite

CLAIMS = re.compile(r"fibromyalgi|\bcures?\b|\bheals?\b|reliev|\brelief\b|lindr|helbred|kurer", re.IGNORECASE)
"""An illness, or a word for what a treatment does to one, in both languages."""

HERS = "clinic=lambertseter&clinician=live-demodatter&only=1"
MORE = (
    *("clinicians?profession=acupuncturist", "clinicians?county=Akershus", "clinicians?place=1150&order=nearest"),
    *("search?q=demodatter", "search?q=acupuncturist", "search?q=akupunktør", "search?q=fibromyalgi", "search?q=live"),
    *(f"book/plan?{HERS}&new=1", f"book/plan?{HERS}", "book/plan?clinic=lambertseter&day=mon"),
    *(f"book/single?kind=first-visit&{HERS}", f"book/single?kind=needle-session&{HERS}&day=2027-03-04"),
    *("clinicians/nobody", "clinics/nowhere", "articles/none", "comments/1", "nowhere"),
)
OWN_PAGES = ("", "/booked", "/print", "/contact")
LIVE = Asked(clinics=("lambertseter",), clinician="live-demodatter", only_her=True, start=NOW.date(), new_patient=True)

KARI = {"name": "Kari Prøve", "day": "17", "month": "5", "year": "1979", "by_email": "y", "email": "kari@example.com"}


class Rules:
    """What may stand beside whom in this house, by its data: not by what the pages' code says of it."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            session = db.session()
            refused = [each for each in all_clinicians(session) if not each.profession.authorised]
            claiming = [a for code in LANGUAGES for a in published(session, code) if a.document.claims_condition]
            professions = [name for each in refused for _code, name in each.profession.name.texts]
            self.leading = the_group(session).leading_article
        self.people = {each.name for each in refused}
        self.named = [*self.people, *professions]
        self.addresses = {f"/{article.language}/articles/{article.slug}" for article in claiming}
        self.words = {words for a in claiming for words in (a.document.title, a.document.standfirst)}

    def faults(self, url: str, text: str) -> list[str]:
        """What is wrong with a page, in words."""
        tree = read_strictly(text.encode())
        shown = _told(tree)
        if self._is_article(tree):
            return [f"{url} names {name}" for name in self.people if name in shown]
        if not any(name.casefold() in shown.casefold() for name in self.named):
            return []
        leads = [link for link in _links(tree) if link.partition("#")[0].partition("?")[0] in self.addresses]
        said = [words for words in self.words if words in shown] + CLAIMS.findall(shown)
        return [f"{url} leads to {link}" for link in leads] + [f"{url} says {words}" for words in said]

    def _is_article(self, tree: Any) -> bool:
        """Articles may say in general who gives a treatment; they never name anybody who is not authorised."""
        return any(link.get("rel") == "canonical" and self._claims(link.get("href")) for link in tree.iter("link"))

    def _claims(self, address: str) -> bool:
        return any(address.endswith(each) for each in self.addresses)


def _links(tree: Any) -> list[str]:
    return [element.get("href") or "" for element in tree.iter("a")]


def _told(tree: Any) -> str:
    """The words of the page, but for what somebody typed to search for, as it was typed."""
    shown = " ".join(" ".join(tree.itertext()).split())
    for typed in filter(None, (e.get("value") for e in tree.iter("input") if e.get("type") == "search")):
        shown = shown.replace(typed, "")
    return shown


@pytest.fixture
def rules(demo_app: Flask) -> Rules:
    return Rules(demo_app)


@pytest.fixture
def pages(demo_app: Flask) -> list[tuple[str, str]]:
    return _walked(demo_app)


@cache
def _walked(app: Flask) -> list[tuple[str, str]]:
    """(address, text) of every page, the steps of a booking and a patient's own pages too."""
    return [*_linked(app), *_more(app), *_booking(app), *_own(app)]


def _linked(app: Flask) -> Iterator[tuple[str, str]]:
    """Every page that links without wishes lead to, from the home pages on."""
    for page in crawled(app):
        if page.tree is not None and "?" not in page.url and page.url.startswith(("/nb/", "/en/")):
            yield page.url, page.answer.text


def _more(app: Flask) -> Iterator[tuple[str, str]]:
    client = app.test_client()
    for url in (f"/{language}/{path}" for language in LANGUAGES for path in MORE):
        yield url, client.get(url).text


def _booking(app: Flask) -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        walker = Walker(app, address=f"192.0.2.{LANGUAGES.index(language) + 7}").open(f"/{language}/book/plan?{HERS}")
        for step in ({}, {"gate": "no"}, KARI):
            walker.send("/choose" if not step else "", **step)
            yield walker.path, walker.response.text
        assert walker.path.endswith("/check")


def _own(app: Flask) -> Iterator[tuple[str, str]]:
    client, links = app.test_client(), booked_links(app, asked=LIVE, email="ida@example.com", name="Ida Prøve")
    for url in (f"/{language}/course/{links.token}{page}" for language in LANGUAGES for page in OWN_PAGES):
        yield url, client.get(url).text


def naming(pages: Iterable[tuple[str, str]], words: str) -> set[str]:
    return {url.partition("?")[0] for url, text in pages if words in text}


def test_beside_who_is_not_authorised_no_page_makes_a_claim_or_leads_to_one(
    rules: Rules, pages: list[tuple[str, str]]
) -> None:
    assert rules.people == {"Live Demodatter"}
    assert [fault for url, text in pages for fault in rules.faults(url, text)] == []


def test_the_walk_meets_her_wherever_she_can_be_met(pages: list[tuple[str, str]]) -> None:
    met = naming(pages, "Live Demodatter")
    for language in LANGUAGES:
        paths = ("clinics", "clinics/lambertseter", "clinicians", "clinicians/live-demodatter", "search", "book/plan")
        assert {f"/{language}/{path}" for path in paths} <= met
        assert f"/{language}/book/single" in met
        assert f"/{language}/book/check" in met
        assert any(re.fullmatch(rf"/{language}/course/[^/]+", url) for url in met)


def test_no_article_page_names_her(pages: list[tuple[str, str]]) -> None:
    assert not [url for url in naming(pages, "Live Demodatter") if "/articles" in url]


def test_the_home_page_and_the_pages_of_errors_name_nobody_who_is_not_authorised(
    rules: Rules, pages: list[tuple[str, str]]
) -> None:
    for url, text in pages:
        if url.endswith(("/nb/", "/en/", "/nowhere", "/nobody", "/none")):
            assert not [name for name in rules.people if name in text], url


def test_articles_are_still_led_to_where_everybody_is_authorised(rules: Rules, pages: list[tuple[str, str]]) -> None:
    leading = f"articles/{rules.leading}"
    for path in ("", "clinics/raholt", "clinicians/ask-eksempel"):
        for language in LANGUAGES:
            assert leading in dict(pages)[f"/{language}/{path}"]


@pytest.mark.parametrize("path", ["clinics/lambertseter", "clinicians/live-demodatter", "clinicians", "clinics"])
def test_a_page_that_forgets_the_rule_is_found(
    demo_app: Flask, rules: Rules, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    from booking.web.site import marketing

    monkeypatch.setattr(marketing, "may_stand", lambda document, *, not_authorised: True)
    url = f"/en/{path}"
    faults = rules.faults(url, demo_app.test_client().get(url).text)
    assert f"{url} leads to /en/articles/{rules.leading}" in faults
    assert f"{url} says Fibromyalgi" in faults


def test_an_article_that_makes_no_claim_may_stand_beside_anybody(demo_app: Flask) -> None:
    with demo_app.app_context():
        slug = next(a.slug for a in published(db.session(), "en") if not a.document.claims_condition)
        the_group(db.session()).leading_article = slug
        db.session.commit()
    for path in ("clinicians/live-demodatter", "clinics/lambertseter", "clinicians"):
        assert f"/en/articles/{slug}" in demo_app.test_client().get(f"/en/{path}").text


def test_once_her_profession_is_authorised_every_article_may_stand_beside_her(demo_app: Flask, rules: Rules) -> None:
    with demo_app.app_context():
        db.session.execute(update(Profession).values(authorised=True))
        db.session.commit()
    text = demo_app.test_client().get("/en/clinicians/live-demodatter").text
    assert f"/en/articles/{rules.leading}" in text
