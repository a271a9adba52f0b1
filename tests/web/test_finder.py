"""The finder: a plain form whose wishes stand in the address, and who fits them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask, render_template
from sqlalchemy import event, update

from bench.houses import add_clinics, find_free_everywhere
from booking.domain.period import oslo
from booking.services import wording
from booking.services.soonest import Prospect, prospects
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import all_clinicians
from booking.web import clock
from booking.web.site import finder
from tests.builders import NOW, office
from tests.servers.databases import Content, Databases
from tests.web.pages import LANGUAGES, read_strictly
from tests.web.walker import Walker

ARTICLE = "articles/"
EVERYBODY = {
    ("Ask Eksempel", "Lambertseter"),
    ("Bjørk Prøvesen", "Lambertseter"),
    ("Bjørk Prøvesen", "Råholt"),
    ("Embla Mønstervik", "Eidsvoll Sundet"),
    ("Frøy Testad", "Eidsvoll Sundet"),
    ("Frøy Testad", "Råholt"),
    ("Live Demodatter", "Lambertseter"),
    ("Storm Fiktivsen", "Råholt"),
}
MANY = 300

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def walker(site_app: Flask) -> Walker:
    return Walker(site_app)


@pytest.fixture(scope="module")
def large_app(databases: Databases) -> Iterator[Flask]:
    """The demonstration with three hundred clinics more, each of five clinicians, with all looked up."""
    yield from _pretended(databases, MANY)


@pytest.fixture(scope="module")
def small_app(databases: Databases) -> Iterator[Flask]:
    yield from _pretended(databases, 0)


def _pretended(databases: Databases, more: int) -> Iterator[Flask]:
    from tests.conftest import application

    url = databases.new("sqlite", Content.DEMONSTRATION)
    for app in application(url):
        with app.app_context():
            if more:
                add_clinics(db.session(), more)
            find_free_everywhere(db.session(), now=NOW)
            db.session.commit()
        yield app
    databases.drop(url)


def results(walker: Walker) -> list[tuple[str, str]]:
    """Clinician and clinic of each result, in order."""
    return [(_links(card)[0], _links(card)[1]) for card in _cards(walker)]


def _cards(walker: Walker) -> list[Any]:
    return [e for e in walker.main.iter("section") if "result" in (e.get("class") or "").split()]


def _card(walker: Walker, clinician: str, clinic: str) -> Any:
    return next(card for card, who in zip(_cards(walker), results(walker), strict=True) if who == (clinician, clinic))


def _links(card: Any) -> list[str]:
    return ["".join(a.itertext()).strip() for a in card.iter("a")]


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).replace("\N{NO-BREAK SPACE}", " ").split())


def _relaxations(walker: Walker) -> dict[str, str]:
    """The ways out of no match, with where they lead."""
    return {_words(a): a.get("href") for a in walker.main.iter("a") if _words(a).startswith("Without")}


def find(walker: Walker, query: str = "", language: str = "en") -> Walker:
    return walker.open(f"/{language}/clinicians{query}")


def errors(walker: Walker) -> list[str]:
    return [_words(e).removeprefix("Error: ") for e in walker.main.iter("p") if e.get("class") == "error"]


# -- who is found -----------------------------------------------------------------------------------------------------


def test_without_wishes_everybody_stands_there_once_for_each_of_her_clinics(walker: Walker) -> None:
    found = results(find(walker))
    assert len(found) == len(EVERYBODY)
    assert set(found) == EVERYBODY
    assert "6 people at 3 clinics" in walker.text


def test_empty_fields_are_no_wishes(walker: Walker) -> None:
    find(walker).send()
    assert "county=&" in walker.query
    assert set(results(walker)) == EVERYBODY
    assert errors(walker) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?county=Oslo", {"Ask Eksempel", "Bjørk Prøvesen", "Live Demodatter"}),
        ("?county=Akershus", {"Bjørk Prøvesen", "Embla Mønstervik", "Frøy Testad", "Storm Fiktivsen"}),
        ("?profession=physiotherapist", {"Bjørk Prøvesen", "Frøy Testad"}),
        ("?speaks=pl", {"Bjørk Prøvesen"}),
        ("?speaks=uk&county=Akershus", {"Frøy Testad"}),
        ("?place=2080&within=10", {"Bjørk Prøvesen", "Embla Mønstervik", "Frøy Testad", "Storm Fiktivsen"}),
        ("?place=Oslo&within=10", {"Ask Eksempel", "Bjørk Prøvesen", "Live Demodatter"}),
        ("?need=hearing_loop&need=lift", {"Ask Eksempel", "Bjørk Prøvesen", "Live Demodatter"}),
    ],
)
def test_who_meets_all_wishes_is_found_and_nobody_else(walker: Walker, query: str, found: set[str]) -> None:
    assert {name for name, _clinic in results(find(walker, query))} == found
    assert errors(walker) == []


@pytest.mark.parametrize("need", ["step_free", "lift", "lie_down", "hearing_loop", "toilet", "quiet_room"])
def test_a_need_is_met_by_the_clinics_that_say_so(site_app: Flask, need: str) -> None:
    with site_app.app_context():
        having = {clinic.name for clinic in all_clinics(db.session()) if getattr(clinic, need)}
    assert {clinic for _who, clinic in results(find(Walker(site_app), f"?need={need}"))} == having


def test_a_clinician_is_found_at_the_clinic_that_fits_only(walker: Walker) -> None:
    assert results(find(walker, "?speaks=pl&county=Oslo")) == [("Bjørk Prøvesen", "Lambertseter")]
    assert "1 person at 1 clinic" in walker.text


# -- in what order ----------------------------------------------------------------------------------------------------


def _known(app: Flask) -> dict[tuple[str, str], Prospect]:
    with app.app_context():
        session = db.session()
        clinics = {clinic.id: clinic.name for clinic in all_clinics(session)}
        people = {clinician.id: clinician.name for clinician in all_clinicians(session)}
        found = prospects(session, office(), now=clock.now())
        return {(people[each.clinician_id], clinics[each.clinic_id]): each for each in found}


def test_who_can_begin_a_whole_course_soonest_stands_first_and_who_gives_none_last(site_app: Flask) -> None:
    known = _known(site_app)
    found = results(find(Walker(site_app)))
    begins = [course.starts_at for course in (known[each].course for each in found) if course]
    assert begins == sorted(begins)
    assert found[-1] == ("Storm Fiktivsen", "Råholt")
    assert len(begins) == len(found) - 1


def test_the_nearest_stand_first_where_that_is_wished(walker: Walker) -> None:
    clinics = [clinic for _who, clinic in results(find(walker, "?place=1150&order=nearest"))]
    assert clinics == ["Lambertseter"] * 3 + ["Råholt"] * 3 + ["Eidsvoll Sundet"] * 2
    clinics = [clinic for _who, clinic in results(find(walker, "?place=2080&order=nearest"))]
    assert clinics == ["Eidsvoll Sundet"] * 2 + ["Råholt"] * 3 + ["Lambertseter"] * 3


def test_at_one_distance_the_soonest_stands_first(site_app: Flask) -> None:
    known = _known(site_app)
    found = results(find(Walker(site_app), "?place=1150&order=nearest"))[:3]
    assert found == sorted(found, key=lambda each: known[each].course.starts_at)  # type: ignore[union-attr]


def test_the_other_order_is_one_link_away(walker: Walker) -> None:
    find(walker, "?place=2080&speaks=en").open(walker.link("Show the nearest first"))
    assert dict(parse_qsl(walker.query)) == {"place": "2080", "speaks": "en", "order": "nearest"}
    walker.open(walker.link("Show who can begin soonest first"))
    assert dict(parse_qsl(walker.query)) == {"place": "2080", "speaks": "en"}


# -- what stands there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["2080", "eidsvoll", "Eidsvoll Sundet", "2080 EIDSVOLL", "EIDSVOLL"])
def test_distances_are_told_however_the_place_is_written(walker: Walker, place: str) -> None:
    find(walker, f"?place={place.replace(' ', '+')}")
    assert "About 8 km, as the crow flies" in _words(_card(walker, "Storm Fiktivsen", "Råholt"))
    assert "About 55 km, as the crow flies" in _words(_card(walker, "Ask Eksempel", "Lambertseter"))
    assert "They are approximate" in walker.text


def test_without_a_place_no_distance_is_told(walker: Walker) -> None:
    assert " km, as the crow flies" not in find(walker).text


def test_a_result_says_who_where_and_when(site_app: Flask) -> None:
    course = _known(site_app)["Ask Eksempel", "Lambertseter"].course
    assert course is not None
    assert course.first_visit_at is not None
    words = _words(_card(find(Walker(site_app)), "Ask Eksempel", "Lambertseter"))
    begin, end = wording.day_and_time(course.starts_at, "en"), wording.day_of_month(course.ends_at, "en")
    assert "Chiropractor authorised health personnel Speaks Norwegian and English" in words
    assert "Lambertseter, Eksempelveien 9, 1150 OSLO" in words
    assert f"Whole course from {begin} to {end}" in words
    assert f"First visit {wording.day_and_time(course.first_visit_at, 'en')}" in words


def test_times_stand_there_for_machines_too(site_app: Flask) -> None:
    course = _known(site_app)["Ask Eksempel", "Lambertseter"].course
    assert course is not None
    card = _card(find(Walker(site_app)), "Ask Eksempel", "Lambertseter")
    assert oslo(course.starts_at).isoformat(timespec="minutes") in [e.get("datetime") for e in card.iter("time")]


def test_a_result_leads_to_the_planner_which_proposes_what_was_promised(site_app: Flask) -> None:
    course = _known(site_app)["Bjørk Prøvesen", "Råholt"].course
    assert course is not None
    walker = find(Walker(site_app))
    link = next(
        a.get("href")
        for a in _card(walker, "Bjørk Prøvesen", "Råholt").iter("a")
        if "Book with Bjørk Prøvesen" in _words(a)
    )
    assert set(parse_qsl(urlsplit(link).query)) == {
        *{("clinic", "raholt"), ("clinician", "bjork-provesen"), ("only", "1"), ("new", "1")}
    }
    walker.open(link)
    assert walker.checked("clinic") == ["raholt"]
    assert walker.checked("only")
    begins = oslo(course.starts_at)
    assert f"{begins:%-d} {begins:%B}" in walker.text


def test_who_gives_no_needle_sessions_is_booked_for_a_first_visit(walker: Walker) -> None:
    card = _card(find(walker), "Storm Fiktivsen", "Råholt")
    assert "Gives first visits, but no needle sessions. Next free first visit" in _words(card)
    link = next(a.get("href") for a in card.iter("a") if "Book a first visit" in _words(a))
    assert "book/plan" not in "".join(a.get("href") for a in card.iter("a"))
    assert walker.open(link).status == 200
    assert walker.checked("clinic") == ["raholt"]


def test_a_call_is_offered_beside_the_form(walker: Walker) -> None:
    assert find(walker).open(walker.link("Call me instead")).path.endswith("/call-me")


@both_languages
def test_every_result_has_a_heading_below_the_one_of_the_page(walker: Walker, language: str) -> None:
    find(walker, language=language)
    levels = [e.tag for e in walker.main.iter() if e.tag in ("h1", "h2", "h3")]
    assert levels == ["h1", *["h2"] * len(EVERYBODY)]
    headings = [_words(e) for e in walker.main.iter("h2")]
    assert len(set(headings)) == len(headings), "two clinics of one person are told apart"


def test_the_results_stand_on_the_map(walker: Walker) -> None:
    drawing = next(e for e in find(walker, "?place=Drammen&county=Akershus").main.iter() if e.tag.endswith("}svg"))
    links = {e.get("href") for e in drawing.iter() if e.tag.endswith("}a")}
    assert links == {"/en/clinics/raholt", "/en/clinics/eidsvoll-sundet"}
    assert "Drammen" in _words(drawing)


def test_when_nobody_knows_what_is_free_the_planner_is_still_one_link_away(
    site_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.services.finder.prospects", lambda *_arguments, **_more: [])
    walker = find(Walker(site_app))
    assert set(results(walker)) == EVERYBODY
    card = _card(walker, "Ask Eksempel", "Lambertseter")
    assert "We cannot show free times just now." in _words(card)
    assert "Book with Ask Eksempel" in _words(card)


def test_who_has_no_whole_course_free_is_told_so(site_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    known = _known(site_app).values()
    without = [Prospect(each.clinic_id, each.clinician_id, None, None, each.looked_at) for each in known]
    monkeypatch.setattr("booking.services.finder.prospects", lambda *_arguments, **_more: without)
    card = _card(find(Walker(site_app)), "Ask Eksempel", "Lambertseter")
    assert "We know of no whole course just now. Ask us to call you No first visit is free just now." in _words(card)
    assert "Book with" not in _words(card)


# -- what is wrong is said, and never breaks --------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["Atlantis", "99", "%F0%9F%98%80", "%22%3E%3Cscript%3E", "x" * 5000])
def test_an_unknown_place_is_said_and_looked_without(walker: Walker, place: str) -> None:
    find(walker, f"?place={place}&county=Oslo")
    assert walker.status == 200
    assert errors(walker) == ["We do not know this place. Write a postcode of four digits, or choose a county."]
    assert walker.title.strip().startswith("Error:")
    assert {clinic for _who, clinic in results(walker)} == {"Lambertseter"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?county=Mars", "We have no clinic in “Mars”. Choose from the list."),
        ("?profession=wizard", "Nobody here has the profession “wizard”. Choose from the list."),
        ("?profession=naprapath", "Nobody here has the profession “naprapath”. Choose from the list."),
        ("?speaks=tlh", "Nobody here speaks “tlh”. Choose from the list."),
        ("?need=pool", "“pool” is nothing that we know of our clinics. Choose from the list."),
        ("?order=up", "“up” is not an order you can choose. Choose one of the two."),
        ("?order=nearest", "Write a place or postcode, too, to see the nearest first."),
        ("?within=25", "Write a place or postcode, too, to count from."),
        ("?place=Oslo&within=7", "“7” is not a distance you can choose. Choose from the list."),
        ("?place=Oslo&within=-1e9", "“-1e9” is not a distance you can choose. Choose from the list."),
    ],
)
def test_a_value_that_means_nothing_is_said_beside_its_field(walker: Walker, query: str, said: str) -> None:
    assert errors(find(walker, query)) == [said]
    assert set(results(walker)) == EVERYBODY
    assert "Something in your wishes means nothing to us" in walker.text


@pytest.mark.parametrize("number", ["0", "-1", "2", "99999999999999999999", "x", "", "1.5", "٢", "%00"])
def test_a_page_that_is_none_is_the_nearest_that_is_one(walker: Walker, number: str) -> None:
    assert set(results(find(walker, f"?page={number}"))) == EVERYBODY
    assert walker.status == 200


def test_a_place_is_shown_again_as_it_was_typed(walker: Walker) -> None:
    assert find(walker, "?place=%22%3Er%C3%A5holt%3C%26").value("place") == '">råholt<&'


@both_languages
def test_every_form_of_the_page_is_valid_html_and_sets_no_cookie(site_app: Flask, language: str) -> None:
    for query in ("", "?place=2080", "?county=Mars&place=x", "?need=hearing_loop&county=Akershus"):
        answer = site_app.test_client().get(f"/{language}/clinicians{query}")
        read_strictly(answer.data)
        assert "Set-Cookie" not in answer.headers


# -- nobody fits ------------------------------------------------------------------------------------------------------


def test_nobody_fits_and_each_wish_that_stands_in_the_way_is_told(walker: Walker) -> None:
    find(walker, "?county=Akershus&need=hearing_loop")
    assert "Nobody fits all of these wishes" in walker.text
    assert set(_relaxations(walker)) == {"Without “Hearing loop”: 4 people", "Without “Akershus”: 3 people"}


def test_leaving_out_a_wish_brings_as_many_as_were_promised(walker: Walker) -> None:
    find(walker, "?county=Akershus&need=hearing_loop&speaks=en&place=Oslo&order=nearest")
    for words, href in _relaxations(walker).items():
        walker.open(href)
        people = len({name for name, _clinic in results(walker)})
        assert words.endswith(f": {people} person" if people == 1 else f": {people} people")
        assert "place=Oslo" in walker.query
        assert "order=nearest" in walker.query


@pytest.mark.parametrize(
    "query", ["order=nearest", "within=25", "place=Atlantis&order=nearest&within=10", "county=Mars"]
)
def test_what_means_nothing_is_not_taken_along(walker: Walker, query: str) -> None:
    find(walker, f"?need=hearing_loop&speaks=uk&{query}")
    walker.open(_relaxations(walker)["Without “Ukrainian”: 3 people"])
    assert errors(walker) == []
    assert walker.query == "need=hearing_loop"


def test_a_wish_that_brings_nobody_is_not_offered(walker: Walker) -> None:
    find(walker, "?county=Oslo&speaks=uk&need=lift&profession=physiotherapist")
    assert list(_relaxations(walker)) == ["Without “Ukrainian”: 1 person"]


def test_where_one_wish_is_not_enough_the_fewest_together_are_told(walker: Walker) -> None:
    find(walker, "?place=Bergen&within=10&profession=acupuncturist&speaks=uk")
    assert "leave these out" in walker.text
    assert "Without “Acupuncturist” and “At most 10 km”: 1 person" in _relaxations(walker)
    assert "Without “Ukrainian” and “At most 10 km”: 1 person" in _relaxations(walker)


def test_too_far_away_is_a_wish_to_relax(walker: Walker) -> None:
    find(walker, "?place=Bergen&within=100")
    assert list(_relaxations(walker)) == ["Without “At most 100 km”: 6 people"]


# -- marketing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?county=Oslo", "?county=Akershus", "?profession=acupuncturist", "?page=2"])
def test_no_article_stands_where_a_profession_is_named_that_is_not_authorised(site_app: Flask, query: str) -> None:
    text = site_app.test_client().get(f"/en/clinicians{query}").text
    assert "cupuncturist</option>" in text
    assert ARTICLE not in text
    assert "fibromyalgia" not in text.casefold()


# -- the small form ---------------------------------------------------------------------------------------------------


def test_the_small_form_leads_here_with_a_place(site_app: Flask) -> None:
    with site_app.test_request_context("/en/"):
        site_app.preprocess_request()
        small = f"<!DOCTYPE html><title>x</title>{render_template('site/finder_form.html')}"
    form = next(read_strictly(small.encode()).iter("form"))
    assert form.get("method") == "get"
    assert form.get("action") == "/en/clinicians#results"
    assert [e.get("name") for e in form.iter("input")] == ["place"]
    assert next(form.iter("label")).get("for") == next(form.iter("input")).get("id")


# -- three hundred clinics --------------------------------------------------------------------------------------------


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the database is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("query", ["", "?place=2080&order=nearest", "?county=Oslo&speaks=uk"])
def test_three_hundred_clinics_take_as_many_statements_as_three(small_app: Flask, large_app: Flask, query: str) -> None:
    with counted(small_app) as few:
        find(Walker(small_app), query)
    with counted(large_app) as many:
        find(Walker(large_app), query)
    assert len(many) == len(few)


def test_many_results_stand_on_pages_of_ten_and_each_on_one(large_app: Flask) -> None:
    walker, seen = find(Walker(large_app), "?profession=chiropractor&county=Oslo"), []
    assert "Page 1 of 151" in walker.text
    for _turn in range(3):
        assert len(results(walker)) == finder.A_PAGE
        seen += [card.find(".//a").get("href") for card in _cards(walker)]
        walker.open(walker.link("Next page"))
    assert len(set(seen)) == 3 * finder.A_PAGE
    assert "Page 4 of 151" in walker.text
    assert dict(parse_qsl(walker.query)) == {"county": "Oslo", "profession": "chiropractor", "page": "4"}
    find(walker, "?profession=chiropractor&county=Oslo&page=9999")
    assert "Page 151 of 151" in walker.text
    assert "Next page" not in walker.text


def test_a_clinic_that_is_on_no_map_lies_where_its_postcode_does(databases: Databases) -> None:
    from tests.conftest import application

    url = databases.new("sqlite", Content.DEMONSTRATION)
    for app in application(url):
        with app.app_context():
            db.session.execute(update(Clinic).values(latitude=None, longitude=None))
            db.session.commit()
        walker = find(Walker(app), "?place=2080&order=nearest")
        assert results(walker)[0][1] == "Eidsvoll Sundet"
        assert "About 8 km" in _words(_card(walker, "Storm Fiktivsen", "Råholt"))
    databases.drop(url)


def test_before_there_are_clinics_nobody_is_found_and_nothing_breaks(databases: Databases) -> None:
    from tests.conftest import application

    url = databases.new("sqlite")
    for app in application(url):
        walker = find(Walker(app), "?place=Oslo&order=nearest")
        assert walker.status == 200
        assert "Nobody fits" in walker.text
    databases.drop(url)


def test_authorised_professions_can_be_sought_together(walker: Walker) -> None:
    everybody = results(find(walker))
    find(walker, "?profession=authorised")
    assert {clinician for clinician, _ in results(walker)} == {clinician for clinician, _ in everybody} - {
        "Live Demodatter"
    }


def test_an_article_that_claims_leads_to_authorised_personnel(walker: Walker) -> None:
    walker.open("/en/articles/acupuncture-can-relieve-fibromyalgia").send("/clinicians#results", place="1150")
    assert "Bjørk Prøvesen" in walker.text
    assert "Live Demodatter" not in walker.text
