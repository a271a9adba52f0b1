"""Search: whatever is in the house is found by its words, however they are typed."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.store.database import db
from booking.web.site.search import LONGEST_QUERY, MOST_HITS, find, words_of_address
from tests.web.pages import LANGUAGES
from tests.web.walker import Walker

ARTICLE = "/articles/acupuncture-can-relieve-fibromyalgia"

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def walker(site_app: Flask) -> Walker:
    return Walker(site_app)


def hits(walker: Walker, query: str, language: str = "en") -> list[str]:
    """Where the hits lead, in order."""
    walker.open(f"/{language}/search").send("/search", q=query)
    assert walker.status == 200
    return [a.get("href") for found in walker.main.iter("ol") for a in found.iter("a")]


@both_languages
def test_an_article_is_found_by_its_title(walker: Walker, language: str) -> None:
    assert hits(walker, "FIBROMYALGI", language)[0] == f"/{language}{ARTICLE}"


def test_a_question_is_found_and_leads_to_its_answer(walker: Walker) -> None:
    walker.open(f"/en{ARTICLE}")
    question = next(e for e in walker.main.iter("summary") if "?" in "".join(e.itertext()))
    found = hits(walker, " ".join("".join(question.itertext()).split()))
    assert found
    assert found[0].startswith(f"/en{ARTICLE}#")


@pytest.mark.parametrize(
    ("query", "language"), [("parkering", "nb"), ("parking", "en"), ("heis", "nb"), ("lift", "en")]
)
def test_a_clinic_is_found_by_what_is_there(walker: Walker, query: str, language: str) -> None:
    found = hits(walker, query, language)
    assert f"/{language}/clinics/lambertseter" in found
    assert (f"/{language}/clinics/eidsvoll-sundet" in found) == query.startswith("park")


@pytest.mark.parametrize(
    "query", ["Råholt", "raholt", "RÅHOLT", "raaholt", "  råholt  ", "mønsterbakken", "monsterbakken"]
)
def test_norwegian_letters_and_case_make_no_difference(walker: Walker, query: str) -> None:
    assert "/en/clinics/raholt" in hits(walker, query)


def test_the_beginning_of_a_word_is_enough(walker: Walker) -> None:
    assert hits(walker, "lambert")[0] == "/en/clinics/lambertseter"


def test_all_words_must_be_there(walker: Walker) -> None:
    assert hits(walker, "lambertseter eidsvoll") == []


def test_people_are_found_by_name_and_profession(walker: Walker) -> None:
    assert hits(walker, "live demodatter") == ["/en/clinicians/live-demodatter"]
    assert "/en/clinicians/ask-eksempel" in hits(walker, "ask")


@both_languages
def test_pages_are_found_by_what_they_are_about(walker: Walker, language: str) -> None:
    assert f"/{language}/privacy" in hits(walker, "cookies" if language == "en" else "personvern", language)


def test_no_article_on_an_illness_is_found_beside_who_is_not_authorised(walker: Walker, site_app: Flask) -> None:
    with site_app.test_request_context("/en/search"):
        both = find(db.session(), "acupunct", "en")
    assert both.beside
    assert any("/clinicians/" in entry.href for entry in both.entries)
    assert not any(ARTICLE in entry.href for entry in both.entries)
    hits(walker, "acupunct")
    assert ARTICLE not in walker.response.text


def test_no_more_is_shown_than_can_be_read(walker: Walker) -> None:
    assert len(hits(walker, "e")) == MOST_HITS
    assert f"The first {MOST_HITS} are shown." in walker.text


@pytest.mark.parametrize("query", ["", "   ", "...", "?!", "\u200b"])
def test_nothing_asked_is_told_what_can_be_searched(walker: Walker, query: str) -> None:
    assert hits(walker, query) == []
    assert walker.link("Find")


def test_nothing_found_leads_on(walker: Walker) -> None:
    assert hits(walker, "xyzzy") == []
    assert "Nothing found" in walker.text
    assert walker.link("Call me instead") == "/en/call-me"


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "x" * 5000, "a " * 3000, "%", "' OR 1=1 --", "å\x00æ"])
def test_whatever_is_typed_is_a_page(walker: Walker, query: str) -> None:
    hits(walker, query)
    assert len(walker.value("q") or "") <= LONGEST_QUERY


def test_a_search_is_in_no_search_engine(walker: Walker) -> None:
    walker.open("/en/search?q=oslo")
    assert [e.get("content") for e in walker.tree.iter("meta") if e.get("name") == "robots"] == ["noindex"]


def test_an_address_that_leads_nowhere_is_searched_for(walker: Walker) -> None:
    walker.open("/en/artikler/fibromyalgi-og-n%C3%A5ler")
    assert walker.status == 404
    assert walker.value("q") == "artikler fibromyalgi nåler"
    walker.send("/search", q="fibromyalgi")
    assert walker.link("fibromyalgia").startswith(f"/en{ARTICLE}")


def test_a_secret_in_a_mistyped_address_is_not_searched_for() -> None:
    assert words_of_address("/en/corse/c5syz4yg2rpwz6bh2mwigs6wo7o46ats") == "corse"
    assert words_of_address("/en/kurs/abcdefghijklmnopqrstuvwxyzabcdef") == "kurs"
