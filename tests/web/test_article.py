"""The article's page: everything a text may hold is shown, nothing is asked of other machines, and it leads on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from booking.prose.document import UnreadableText
from booking.prose.faults import Faults
from booking.prose.names import Anchors
from booking.services.articles import published, published_article, save_article
from booking.store.articles import ArticleVersion
from booking.store.database import db
from booking.store.unit_of_work import unit_of_work
from booking.web.site.articles import next_course, related_to
from tests.builders import NOW
from tests.servers.databases import Content, Databases, only_sqlite
from tests.web.pages import LANGUAGES, fragments, inner_links, read_strictly

FACTS = """+++
title = "{title}"
standfirst = "What is known about it, and what is not."
tags = [{tags}]
author = "Kari Prøve"
author_role = "writer"
reviewer = "Ola Prøve"
reviewer_role = "physiotherapist"
published = 2026-11-02
updated = 2027-01-15
reviewed = 2027-01-20
next_review = 2028-01-20
claims_condition = true

[cover]
picture = "{picture}"
alt = "A drawing"
"""

EVERYTHING = """
[[questions]]
anchor = "may-i-ask"
question = "May I ask?"
answer = "*Always.*"

[[references]]
key = "one"
text = "One and others. *A journal*, 2020."
url = "https://doi.org/10.1000/one"

[[videos]]
key = "ours"
title = "A film of ours"
address = "/static/film.mp4"
captions = "/static/film.vtt"

[[videos]]
key = "theirs"
title = "A film elsewhere"
address = "https://films.example/1"

[[videos]]
key = "none"
title = "A film to come"
+++

## First {#first}

A sentence with a source.[^one]

::: trial

::: notice differs Mind this
Said in a box.
:::

## Second {#second}

::: video ours
Ours in words.
:::

::: video theirs
Theirs in words.
:::

::: video none
None in words.
:::

::: finder

## Asked {#asked}

::: questions

## Sources {#sources}

::: references

## About {#about}

::: colophon
"""

PLAIN = """+++

## Only {#only}

One sentence.
"""

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def article_app(databases: Databases) -> Iterator[Flask]:
    """One application for all tests here: they only read."""
    from tests.conftest import application

    url = databases.new("sqlite", Content.DEMONSTRATION)
    for app in application(url):
        with app.app_context():
            for language in LANGUAGES:
                save(
                    "everything",
                    language,
                    tags={"en": ["pebbles", "deep water"], "nb": ["småstein", "dypt vann"]}[language],
                )
                save(
                    "near", language, PLAIN, tags={"en": ["deep water"], "nb": ["dypt vann"]}[language], picture="path"
                )
            save("nearest", "en", PLAIN, tags=["deep water", "pebbles"], picture="door")
            save("far", "en", PLAIN, tags=["something else"])
        yield app
    databases.drop(url)


def save(slug: str, language: str, body: str = EVERYTHING, *, tags: list[str], picture: str = "needles") -> None:
    facts = FACTS.format(title=f"The {slug}", tags=", ".join(f'"{tag}"' for tag in tags), picture=picture)
    save_article(slug, language, facts + body, by="test", now=NOW)


@pytest.fixture
def client(article_app: Flask) -> FlaskClient:
    return article_app.test_client()


@pytest.fixture
def read(client: FlaskClient) -> Any:
    return read_strictly(client.get("/en/articles/everything").data)


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def by_id(tree: Any, id: str) -> Any:
    return next(element for element in tree.iter() if element.get("id") == id)


def main(tree: Any) -> Any:
    return by_id(tree, "main")


# -- the page ---------------------------------------------------------------------------------------------------------


@both_languages
@pytest.mark.parametrize(
    "path", ["articles", "articles/everything", "articles/near", "articles/tags/deep-water", "articles/tags/småstein"]
)
def test_a_page_is_whole(client: FlaskClient, language: str, path: str) -> None:
    answer = client.get(f"/{language}/{path}", follow_redirects=True)
    assert answer.status_code == 200
    tree = read_strictly(answer.data)
    assert tree.get("lang") == language
    assert fragments(answer.text) <= {element.get("id") for element in tree.iter()}
    levels = [int(element.tag[1]) for element in main(tree).iter() if element.tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


@both_languages
def test_reading_leaves_no_cookie(client: FlaskClient, language: str) -> None:
    for path in ("articles", "articles/everything", "articles.atom"):
        assert "Set-Cookie" not in client.get(f"/{language}/{path}").headers


def test_an_article_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/en/articles/nothing").status_code == 404


def test_an_article_is_not_found_in_a_language_it_is_not_written_in(client: FlaskClient) -> None:
    assert client.get("/nb/articles/far").status_code == 404


def test_dates_are_told_with_their_year_and_for_machines(read: Any) -> None:
    told = {element.get("datetime"): words(element) for element in main(read).iter("time")}
    assert told["2026-11-02"] == "2 November 2026"
    assert told["2027-01-15"] == "15 January 2027"


def test_the_colophon_names_who_wrote_and_who_reviewed(read: Any) -> None:
    about = words(by_id(read, "about"))
    assert "Kari PrøveWriter" in about
    assert "Ola PrøvePhysiotherapist" in about
    for day in ("2 November 2026", "15 January 2027", "20 January 2027", "20 January 2028"):
        assert day in about


def test_the_contents_name_every_section_and_the_comments(read: Any) -> None:
    contents = next(element for element in read.iter("nav") if element.get("aria-labelledby") == "on-this-page")
    links = [element.get("href") for element in contents.iter("a")]
    assert links == ["#first", "#second", "#asked", "#sources", "#about", "#comments"]
    assert words(contents).endswith("Comments (0)")


def test_a_notice_stands_out(read: Any) -> None:
    notice = next(e for e in by_id(read, "first").iter("div") if e.get("class") == "notice differs")
    assert words(notice) == "Mind this Said in a box."


def test_a_question_opens_without_scripts(read: Any) -> None:
    question = by_id(read, "may-i-ask")
    assert question.tag == "details"
    assert words(question) == "May I ask? Always."


def test_a_source_is_linked_from_the_text_and_leads_to_where_it_can_be_read(read: Any) -> None:
    assert "#ref-one" in [element.get("href") for element in by_id(read, "first").iter("a")]
    source = by_id(read, "ref-one")
    assert [element.get("href") for element in source.iter("a")] == ["https://doi.org/10.1000/one"]
    assert "One and others. A journal, 2020." in words(source)


def test_the_finder_stands_where_the_text_asks_for_it(read: Any) -> None:
    forms = [element.get("action") for element in by_id(read, "second").iter("form")]
    assert [action.partition("#")[0] for action in forms] == ["/en/clinicians"]


@pytest.mark.parametrize(("slug", "sign"), [("everything", "needle"), ("near", "stone"), ("nearest", "pane")])
def test_the_cover_is_a_drawing_of_ours(client: FlaskClient, slug: str, sign: str) -> None:
    tree = read_strictly(client.get(f"/en/articles/{slug}").data)
    cover = next(element for element in main(tree).iter() if element.get("aria-label") == "A drawing")
    assert len([e for e in cover.iter() if sign in (e.get("class") or "").split()]) == 9


# -- films ------------------------------------------------------------------------------------------------------------


def test_nothing_of_a_film_is_loaded_before_it_is_chosen(read: Any) -> None:
    tags = {element.tag for element in read.iter()}
    assert not tags & {"video", "iframe", "audio", "source", "object", "embed"}


def test_a_film_of_ours_is_a_plain_link_without_scripts(read: Any) -> None:
    assert "/static/film.mp4" in [element.get("href") for element in by_id(read, "second").iter("a")]


def test_a_film_elsewhere_says_that_it_opens_another_site(read: Any) -> None:
    link = next(e for e in by_id(read, "second").iter("a") if e.get("href") == "https://films.example/1")
    assert words(link) == "See the film: opens another site"
    assert link.get("data-captions") is None


def test_a_film_that_is_not_made_is_described(read: Any) -> None:
    text = words(by_id(read, "second"))
    assert "This film is not made yet. Everything it will show is described below." in text
    for transcript in ("Ours in words.", "Theirs in words.", "None in words."):
        assert transcript in text


def test_films_of_this_site_may_play(client: FlaskClient) -> None:
    assert "media-src 'self'" in client.get("/en/articles/everything").headers["Content-Security-Policy"]


# -- the figure -------------------------------------------------------------------------------------------------------


def figures(client: FlaskClient, language: str) -> list[list[str]]:
    tree = read_strictly(client.get(f"/{language}/articles/everything").data)
    rows = tree.find(".//figure//table/tbody").findall("tr")
    return [[words(cell) for cell in row] for row in rows]


def test_the_figure_is_a_table_too_with_its_intervals(client: FlaskClient) -> None:
    assert figures(client, "en") == [
        ["After 10 weeks", "41.0 % (34.8 to 47.2 %)", "27.1 % (20.9 to 33.2 %)"],
        ["After 6 months", "not known to us", "not known to us"],
        ["After 12 months", "19.9 % (15.1 to 24.6 %)", "6.2 % (lower limit not known to us, upper limit 11.2 %)"],
    ]


def test_norwegian_figures_have_a_comma(client: FlaskClient) -> None:
    assert figures(client, "nb")[0][1].startswith("41,0 % (34,8")


def test_the_figure_says_in_words_what_it_shows(read: Any) -> None:
    drawing = next(element for element in by_id(read, "first").iter() if element.get("role") == "img")
    said = " ".join(drawing.get("aria-label").split())
    assert "After 10 weeks: 41 per cent with real needles and 27 per cent with pretend treatment." in said
    assert "After 6 months: not known to us." in said
    assert "After 12 months: 20 per cent with real needles and 6 per cent with pretend treatment." in said


def test_the_figure_says_why_a_line_is_dashed(read: Any) -> None:
    assert "Where a line is dashed, the limit on that side is not known to us." in words(by_id(read, "first"))


# -- leading on -------------------------------------------------------------------------------------------------------


def test_the_next_course_is_with_somebody_who_is_authorised(article_app: Flask) -> None:
    with article_app.test_request_context():
        course = next_course()
    assert course
    assert course.clinician.profession.authorised


def test_the_next_course_leads_to_its_nine_times(client: FlaskClient, article_app: Flask, read: Any) -> None:
    with article_app.test_request_context():
        course = next_course()
        assert course
        slugs = course.clinic.slug, course.clinician.slug
    card = next(e for e in read.iter("section") if e.get("aria-labelledby") == "next-course")
    link = next(card.iter("a")).get("href")
    assert link == f"/en/book/plan?clinic={slugs[0]}&clinician={slugs[1]}&only=1&new=1"
    when = words(next(card.iter("time"))).rpartition(" ")
    plans = client.get(link).text
    assert when[0] in plans
    assert when[2] in plans


def test_nobody_who_is_not_authorised_stands_beside_the_article(client: FlaskClient) -> None:
    for path in ("articles/everything", "articles", "articles/tags/pebbles"):
        assert "Demodatter" not in client.get(f"/en/{path}").text


def test_the_article_leads_to_booking_and_to_the_finder(client: FlaskClient) -> None:
    links = inner_links(client.get("/en/articles/everything").text, "")
    assert {"/en/book/plan?new=1", "/en/clinicians"} <= links


def test_sharing_asks_nobody_else(read: Any) -> None:
    share = by_id(read, "share")
    links = [element.get("href") for element in share.iter("a")]
    assert len(links) == 1
    assert links[0].startswith("mailto:?subject=The%20everything&body=")
    assert unquote(links[0]).endswith("/en/articles/everything")
    assert by_id(read, "page-link").get("value").endswith("/en/articles/everything")
    assert all("hidden" in button.attrib for button in share.iter("button"))


# -- many articles ----------------------------------------------------------------------------------------------------


def titles(client: FlaskClient, path: str) -> list[str]:
    tree = read_strictly(client.get(path, follow_redirects=True).data)
    return [words(element) for element in main(tree).iter("h2")]


def test_all_articles_stand_on_one_page(client: FlaskClient) -> None:
    assert titles(client, "/en/articles")[-4:] == ["The everything", "The near", "The nearest", "The far"]


def test_a_tag_has_a_page_of_its_articles(client: FlaskClient) -> None:
    assert titles(client, "/en/articles/tags/deep-water") == ["The everything", "The near", "The nearest"]


def test_a_tag_of_no_article_is_not_found(client: FlaskClient) -> None:
    assert client.get("/en/articles/tags/nothing").status_code == 404


def test_a_tag_keeps_its_page_in_the_other_language(client: FlaskClient) -> None:
    answer = client.get("/nb/articles/tags/deep-water")
    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]) == "/nb/articles/tags/dypt-vann"
    assert titles(client, "/nb/articles/tags/deep-water") == ["The everything", "The near"]


def test_related_articles_share_tags_most_first(article_app: Flask) -> None:
    with article_app.app_context():
        session = db.session()
        one = published_article(session, "everything", "en")
        assert one
        assert [each.slug for each in related_to(one, published(session, "en"))] == ["nearest", "near"]


# -- the feed ---------------------------------------------------------------------------------------------------------

ATOM = "{http://www.w3.org/2005/Atom}"


@both_languages
def test_the_feed_has_what_atom_asks_for(client: FlaskClient, language: str) -> None:
    answer = client.get(f"/{language}/articles.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.text)
    here = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{ATOM}link")}
    assert here["self"].endswith(f"/{language}/articles.atom")
    for element in [feed, *feed.findall(f"{ATOM}entry")]:
        assert element.findtext(f"{ATOM}id", "").startswith("http")
        assert element.findtext(f"{ATOM}title")
        assert "T" in element.findtext(f"{ATOM}updated", "")
    assert all(link.get("href", "").startswith("http") for link in feed.iter(f"{ATOM}link"))


def test_an_entry_of_the_feed_is_the_standfirst(client: FlaskClient) -> None:
    feed = ElementTree.fromstring(client.get("/en/articles.atom").text)
    entry = next(e for e in feed.iter(f"{ATOM}entry") if e.findtext(f"{ATOM}title") == "The everything")
    assert entry.findtext(f"{ATOM}summary") == "What is known about it, and what is not."
    assert entry.findtext(f"{ATOM}updated") == "2027-01-15T00:00:00+01:00"
    assert [each.get("term") for each in entry.findall(f"{ATOM}category")] == ["pebbles", "deep-water"]


def test_the_feed_names_no_address_of_a_person(client: FlaskClient) -> None:
    assert "@" not in client.get("/en/articles.atom").text


def test_who_has_the_newest_feed_is_not_sent_it_again(client: FlaskClient) -> None:
    tag = client.get("/en/articles.atom").headers["ETag"]
    assert client.get("/en/articles.atom", headers={"If-None-Match": tag}).status_code == 304


def test_a_house_without_articles_says_so_and_has_no_feed(databases: Databases) -> None:
    from tests.conftest import application

    url = databases.new("sqlite", Content.DEMONSTRATION)
    for app in application(url):
        with app.app_context():
            unit_of_work(lambda session: session.execute(delete(ArticleVersion)))
        client = app.test_client()
        assert "There are no articles in English yet." in client.get("/en/articles").text
        assert "articles.atom" not in client.get("/en/articles").text
        assert client.get("/en/articles.atom").status_code == 404
    databases.drop(url)


@only_sqlite
def test_no_anchor_of_a_text_can_be_an_id_of_the_page_around_it(demo_app: Flask) -> None:
    slug = "acupuncture-can-relieve-fibromyalgia"
    with demo_app.app_context():
        article = published_article(db.session(), slug, "en")
        assert article is not None
    own = {each.anchor for each in (*article.document.sections, *article.document.questions)}
    tree = read_strictly(demo_app.test_client().get(f"/en/articles/{slug}").data)
    around = {element.get("id") or "" for element in tree.iter()} - own - {""}
    faults = Faults()
    for id in around:
        Anchors(faults).take(id, 1)
    with pytest.raises(UnreadableText) as refused:
        faults.tell()
    allowed = {id for id in around if not any(f"“{id}”" in fault.words for fault in refused.value.faults)}
    assert {id for id in allowed if not id.startswith("ref-")} == set()
