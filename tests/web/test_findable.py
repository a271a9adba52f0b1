"""What search engines, people who share a page, and phones are told of the public pages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from booking.services.articles import published, save_article
from booking.store.articles import editions
from booking.store.clinics import all_clinics, the_group
from booking.store.database import db
from booking.web.site.structured import json_ld
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, booked_links, read_strictly

STATIC = Path(__file__).resolve().parents[2] / "static"
SPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
ARTICLE = "articles/acupuncture-can-relieve-fibromyalgia"

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def client(site_app: Flask) -> FlaskClient:
    return site_app.test_client()


@pytest.fixture
def sitemap(client: FlaskClient) -> list[Any]:
    return ElementTree.fromstring(client.get("/sitemap.xml").data).findall("s:url", SPACES)


def address_of(url: Any) -> str:
    return str(url.findtext("s:loc", namespaces=SPACES))


def alternates_of(url: Any) -> dict[str, str]:
    return {link.get("hreflang"): link.get("href") for link in url.findall("x:link", SPACES)}


def path_of(address: str) -> str:
    return urlsplit(address).path


def links(page: Any, rel: str) -> list[Any]:
    return [link for link in page.iter("link") if link.get("rel") == rel]


def told(page: Any) -> list[dict[str, Any]]:
    """The JSON-LD of a page."""
    return [json.loads(e.text) for e in page.iter("script") if e.get("type") == "application/ld+json"]


def properties(page: Any) -> dict[str, str]:
    return {meta.get("property"): meta.get("content") for meta in page.iter("meta") if meta.get("property")}


# -- the sitemap ------------------------------------------------------------------------------------------------------


def test_every_address_of_the_sitemap_can_be_opened(client: FlaskClient, sitemap: list[Any]) -> None:
    assert len(sitemap) > 30
    assert [address_of(url) for url in sitemap if client.get(path_of(address_of(url))).status_code != 200] == []


def test_the_sitemap_has_each_page_once(sitemap: list[Any]) -> None:
    addresses = [address_of(url) for url in sitemap]
    assert len(addresses) == len(set(addresses))


def test_languages_of_the_sitemap_point_at_each_other(sitemap: list[Any]) -> None:
    by_address = {address_of(url): alternates_of(url) for url in sitemap}
    for address, alternates in by_address.items():
        assert set(alternates) == {"nb", "en", "x-default"}
        assert address in alternates.values()
        assert all(by_address[other] == alternates for other in alternates.values())


def test_a_page_says_the_same_of_itself_as_the_sitemap(client: FlaskClient, sitemap: list[Any]) -> None:
    for url in sitemap:
        page = read_strictly(client.get(path_of(address_of(url))).data)
        assert [link.get("href") for link in links(page, "canonical")] == [address_of(url)]
        said = {link.get("hreflang"): link.get("href") for link in links(page, "alternate") if link.get("hreflang")}
        assert said == alternates_of(url)


def test_the_sitemap_says_when_articles_and_clinics_changed(client: FlaskClient, site_app: Flask) -> None:
    changed = {
        path_of(address_of(url)): url.findtext("s:lastmod", namespaces=SPACES)
        for url in ElementTree.fromstring(client.get("/sitemap.xml").data)
    }
    with site_app.app_context():
        newest: dict[str, date] = {}
        for language in LANGUAGES:
            for each in published(db.session(), language):
                newest[each.slug] = max(each.document.updated, newest.get(each.slug, date.min))
        facts = {clinic.slug: clinic.facts_on for clinic in all_clinics(db.session())}
    assert newest
    assert all(changed[f"/nb/articles/{slug}"] == day.isoformat() for slug, day in newest.items())
    assert all(changed[f"/en/clinics/{slug}"] == (day and day.isoformat()) for slug, day in facts.items())


@only_sqlite
def test_an_article_in_one_language_names_no_other(demo_app: Flask) -> None:
    with demo_app.app_context():
        text = edition_of(db.session(), ARTICLE.removeprefix("articles/"), "nb")
        save_article("bare-paa-norsk", "nb", text, by="test", now=CLINIC_NOW)
    client = demo_app.test_client()
    page = read_strictly(client.get("/nb/articles/bare-paa-norsk").data)
    assert not [link for link in links(page, "alternate") if link.get("hreflang")]
    switch = {a.get("href") for a in page.iter("a") if a.get("hreflang") == "en"}
    assert switch == {"/en/articles"}
    urls = ElementTree.fromstring(client.get("/sitemap.xml").data)
    own = [url for url in urls if address_of(url).endswith("/bare-paa-norsk")]
    assert [alternates_of(url) for url in own] == [{}]


@only_sqlite
def test_no_page_leads_to_an_article_that_its_language_has_no_text_of(demo_app: Flask) -> None:
    slug = "bare-paa-norsk"
    with demo_app.app_context():
        text = edition_of(db.session(), ARTICLE.removeprefix("articles/"), "nb")
        save_article(slug, "nb", text, by="test", now=CLINIC_NOW)
        the_group(db.session()).leading_article = slug
        db.session.commit()
    client = demo_app.test_client()
    assert f"/nb/articles/{slug}" in client.get("/nb/contact").text
    assert f"/en/articles/{slug}" not in client.get("/en/contact").text


def edition_of(session: Session, slug: str, language: str) -> str:
    return next(each.text for each in editions(session) if (each.slug, each.language) == (slug, language))


# -- robots -----------------------------------------------------------------------------------------------------------


def test_robots_may_read_what_the_sitemap_has(client: FlaskClient, sitemap: list[Any]) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    assert all(robots.can_fetch("*", address_of(url)) for url in sitemap)
    assert robots.site_maps() == ["http://127.0.0.1:5000/sitemap.xml"]


@pytest.mark.parametrize(
    "path",
    [
        "/nb/course/secret",
        "/en/my-appointments/link/secret",
        "/nb/reminders/stop/secret",
        "/nb/waiting/secret",
        "/en/book/health",
        "/en/book/plan?new=1",
        "/nb/comments/own/secret",
        "/calendars/secret.ics",
        "/dev/mailbox",
    ],
)
def test_robots_keep_out_of_what_is_one_persons(client: FlaskClient, path: str) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    assert not robots.can_fetch("*", path)


# -- the head of a page -----------------------------------------------------------------------------------------------


def test_a_canonical_address_is_whole_and_has_no_query(client: FlaskClient) -> None:
    page = read_strictly(client.get("/en/clinicians?place=Oslo").data)
    assert [link.get("href") for link in links(page, "canonical")] == ["http://127.0.0.1:5000/en/clinicians"]


@pytest.mark.parametrize(
    "path", ["/en/nothing", "/en/clinics/nowhere", "/en/book", "/en/book/plan", "/en/search?q=oslo"]
)
def test_what_is_no_page_for_everybody_has_no_canonical_address(client: FlaskClient, path: str) -> None:
    page = read_strictly(client.get(path).data)
    assert not links(page, "canonical")
    assert not [link for link in links(page, "alternate") if link.get("hreflang")]
    assert not properties(page)


@only_sqlite
def test_a_page_behind_a_secret_link_tells_nobody_its_address(demo_app: Flask) -> None:
    secret = booked_links(demo_app)
    page = read_strictly(demo_app.test_client().get(secret.page).data)
    assert not links(page, "canonical")
    assert not properties(page)
    assert not told(page)


@both_languages
def test_a_shared_article_has_its_title_its_limits_and_a_picture(client: FlaskClient, language: str) -> None:
    page = read_strictly(client.get(f"/{language}/{ARTICLE}").data)
    shared = properties(page)
    lede = next(p for p in page.iter("p") if p.get("class") == "lede")
    assert shared["og:title"] == " ".join("".join(next(page.iter("h1")).itertext()).split())
    assert shared["og:description"] == " ".join("".join(lede.itertext()).split())
    assert shared["og:type"] == "article"
    assert shared["og:locale"] == {"nb": "nb_NO", "en": "en_GB"}[language]
    assert shared["og:image:alt"]


def test_the_picture_of_a_shared_page_is_what_is_said_of_it(client: FlaskClient) -> None:
    shared = properties(read_strictly(client.get("/en/").data))
    with client.get(path_of(shared["og:image"])) as picture:
        assert png_size(picture.data) == (int(shared["og:image:width"]), int(shared["og:image:height"])) == (1200, 630)
        assert len(picture.data) < 60_000


@both_languages
def test_every_page_for_everybody_is_described_in_its_own_words(client: FlaskClient, language: str) -> None:
    for path in ("", ARTICLE, "articles", "about", "contact", "privacy", "accessibility"):
        page = read_strictly(client.get(f"/{language}/{path}").data)
        described = next(meta.get("content") for meta in page.iter("meta") if meta.get("name") == "description")
        assert 30 < len(described) < 300


# -- structured data --------------------------------------------------------------------------------------------------


def test_structured_data_says_of_the_article_what_stands_in_it(client: FlaskClient, site_app: Flask) -> None:
    page, questions = told(read_strictly(client.get(f"/en/{ARTICLE}").data))
    with site_app.app_context():
        document = next(each.document for each in published(db.session(), "en") if each.slug in ARTICLE)
    assert (page["@type"], page["inLanguage"]) == ("MedicalWebPage", "en")
    assert (page["headline"], page["description"]) == (document.title, document.standfirst)
    assert page["lastReviewed"] == document.reviewed.isoformat()
    assert page["reviewedBy"]["name"] == document.reviewer
    assert page["author"]["name"] == document.author
    assert [thing["name"] for thing in page["about"]] == list(document.tags)
    assert questions["@type"] == "FAQPage"
    assert [each["name"] for each in questions["mainEntity"]] == [each.question for each in document.questions]


def test_structured_questions_lead_to_their_answers(client: FlaskClient) -> None:
    page = read_strictly(client.get(f"/en/{ARTICLE}").data)
    ids = {element.get("id") for element in page.iter()}
    questions = told(page)[1]["mainEntity"]
    assert questions
    assert {each["url"].partition("#")[2] for each in questions} <= ids


def test_structured_data_says_of_a_clinic_where_it_is_and_when_it_is_open(client: FlaskClient, site_app: Flask) -> None:
    with site_app.app_context():
        clinic = next(each for each in all_clinics(db.session()) if each.slug == "raholt")
        group = the_group(db.session())
    (said,) = told(read_strictly(client.get("/en/clinics/raholt").data))
    assert (said["@type"], said["name"]) == ("MedicalClinic", f"{group.name} {clinic.name}")
    assert said["address"]["streetAddress"] == clinic.address
    assert said["address"]["postalCode"] == clinic.postcode
    assert said["geo"]["latitude"] == clinic.latitude
    assert "telephone" not in said, "nobody can call an invented number"
    hours = {each["validFrom"]: (each["opens"], each["closes"]) for each in said["openingHoursSpecification"]}
    assert hours["2027-03-01"] == ("10:00", "18:00")
    assert hours["2027-03-04"] == ("00:00", "00:00")
    assert len(hours) == 7


def test_nothing_is_rated_for_machines(client: FlaskClient, sitemap: list[Any]) -> None:
    for url in sitemap:
        text = client.get(path_of(address_of(url))).text
        assert "AggregateRating" not in text
        assert "aggregateRating" not in text


def test_structured_data_cannot_break_out_of_its_element() -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    written = str(json_ld({"name": hostile}))
    assert written.count("<") == 2
    assert "&" not in written
    text = written.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(text)["name"] == hostile


# -- the manifest -----------------------------------------------------------------------------------------------------


@both_languages
def test_the_manifest_names_the_house_and_where_it_begins(client: FlaskClient, language: str) -> None:
    page = read_strictly(client.get(f"/{language}/").data)
    answer = client.get(links(page, "manifest")[0].get("href"))
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.data)
    assert (manifest["name"], manifest["lang"], manifest["start_url"]) == ("Demoklinikkene", language, f"/{language}/")


def test_the_icons_of_the_manifest_have_the_sizes_that_it_names(client: FlaskClient) -> None:
    icons = json.loads(client.get("/en/manifest.webmanifest").data)["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        file = STATIC / icon["src"].removeprefix("/static/")
        if icon["type"] == "image/png":
            assert "{}x{}".format(*png_size(file.read_bytes())) == icon["sizes"]
        assert file.stat().st_size < 60_000


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height as the file itself says (PNG, 11.2.2)."""
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def test_an_apple_telephone_finds_its_icon(client: FlaskClient) -> None:
    (icon,) = links(read_strictly(client.get("/en/").data), "apple-touch-icon")
    with client.get(icon.get("href")) as answer:
        assert png_size(answer.data) == (180, 180)
