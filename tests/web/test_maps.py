"""The schematic map: everything on it, nothing over anything else, and the same as the list beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as some

from booking.domain.distance import Point, kilometres
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.web.site.maps import DOT, MOST_NAMED, WIDTH, Box, Map, Spot, draw
from tests.web.pages import LANGUAGES, read_strictly

PLACES = some.tuples(some.floats(58.0, 71.0), some.floats(4.5, 31.0))
NAMES = some.text("abcdefghijklmnopqrstuvwxyzæøå ", min_size=1, max_size=24)
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Placed:
    """What a map must know of a clinic."""

    name: str
    slug: str
    latitude: float | None
    longitude: float | None


@pytest.fixture
def clinics(site_app: Flask) -> list[Clinic]:
    with site_app.app_context():
        return all_clinics(db.session())


def drawn(clinics: Any, **more: Any) -> Map:
    found = draw(clinics, language="en", **more)
    assert found
    return found


def many(count: int) -> list[Placed]:
    return [
        Placed(f"Clinic {number}", f"c{number}", 58 + number % 60 / 5, 5 + number % 77 / 4) for number in range(count)
    ]


def boxes(map: Map) -> list[Box]:
    spots = [*map.spots, *([map.you] if map.you else [])]
    return [each.label.box for each in spots if each.label]


def dot(spot: Spot) -> Box:
    return Box(spot.x - DOT, spot.y - DOT, spot.x + DOT, spot.y + DOT)


def test_every_clinic_of_the_house_is_on_the_map_with_its_name(clinics: list[Clinic]) -> None:
    map = drawn(clinics)
    assert [spot.name for spot in map.spots] == ["Lambertseter", "Eidsvoll Sundet", "Råholt"]
    assert all(spot.label and spot.label.text == spot.name for spot in map.spots)


@pytest.mark.parametrize("here", ["lambertseter", "eidsvoll-sundet", "raholt"])
def test_names_of_clinics_and_waters_cover_nothing(clinics: list[Clinic], here: str) -> None:
    map = drawn(clinics, here=here, you=Point(59.91, 10.75), you_words="Oslo")
    found = [*boxes(map), *(name.box for name in map.names)]
    assert not [pair for pair in combinations(found, 2) if pair[0].overlaps(pair[1])]
    assert not [spot for spot in map.spots for name in found if name.overlaps(dot(spot)) and name != spot.label.box]


@given(some.lists(some.tuples(NAMES, PLACES), min_size=1, max_size=3), PLACES)
def test_labels_of_three_clinics_anywhere_never_overlap(found: list[tuple[str, Any]], you: tuple[float, float]) -> None:
    clinics = [Placed(name, f"c{number}", *place) for number, (name, place) in enumerate(found)]
    map = drawn(clinics, you=Point(*you), you_words="here")
    labels, whole = boxes(map), Box(0, 0, WIDTH, map.height)
    assert all(label.within(whole) for label in labels)
    assert not [pair for pair in combinations(labels, 2) if pair[0].overlaps(pair[1])]
    assert all(dot(spot).within(whole) for spot in map.spots)
    assert len(map.spots) == len(clinics)


@given(some.lists(PLACES, min_size=2, max_size=5))
def test_south_is_below_and_east_is_right(places: list[tuple[float, float]]) -> None:
    clinics = [Placed(str(number), str(number), *place) for number, place in enumerate(places)]
    for one, other in combinations(drawn(clinics).spots, 2):
        (north, east), (north_2, east_2) = places[int(one.slug)], places[int(other.slug)]
        assert (north - north_2) * (one.y - other.y) <= 0
        assert (east - east_2) * (one.x - other.x) >= 0


def test_the_scale_is_true(clinics: list[Clinic]) -> None:
    map = drawn(clinics)
    south, north = map.spots[0], map.spots[1]
    units = ((south.x - north.x) ** 2 + (south.y - north.y) ** 2) ** 0.5
    told = units * map.scale.km / map.scale.units
    true = kilometres(Point(59.874, 10.812), Point(60.329, 11.262))
    assert told == pytest.approx(true, rel=0.03)


def test_one_clinic_alone_has_its_surroundings(clinics: list[Clinic]) -> None:
    map = drawn(clinics[1:2])
    assert (map.spots[0].x, map.spots[0].y) == (WIDTH // 2, map.height // 2)
    assert map.rivers
    assert "Vorma" in [name.text for name in map.names] or map.shores


def test_waters_far_away_are_not_drawn() -> None:
    map = drawn([Placed("Tromsø", "tromso", 69.65, 18.96)])
    assert (map.shores, map.rivers, map.names) == ((), (), ())


def test_a_clinic_without_a_place_is_on_no_map(clinics: list[Clinic]) -> None:
    unplaced = Placed("Somewhere", "somewhere", None, None)
    assert len(drawn([*clinics, unplaced]).spots) == 3
    assert draw([unplaced], language="en") is None
    assert draw([], language="en") is None


def test_two_clinics_in_one_place_have_two_names() -> None:
    map = drawn([Placed(name, name, 60.0, 11.0) for name in ("Upper", "Lower")])
    assert [spot.label.text for spot in map.spots if spot.label] == ["Upper", "Lower"]
    assert not boxes(map)[0].overlaps(boxes(map)[1])


def test_many_clinics_are_dots_in_one_path_and_only_the_one_that_is_meant_is_named() -> None:
    map = drawn(many(300), here="c7")
    assert [spot.slug for spot in map.spots] == ["c7"]
    assert map.count == 300
    assert 200 < map.dots.count("M") <= 300
    assert len(map.dots) < 4000
    assert drawn(many(MOST_NAMED)).dots == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [3, 300])
def test_the_drawing_is_valid_and_says_in_words_what_it_is(site_app: Flask, language: str, count: int) -> None:
    found = draw(many(count), language=language, you=Point(60.0, 10.0), you_words="2080", here="c1")
    page = (
        "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body>"
        "{% from 'site/map.html' import schematic %}{{ schematic(map) }}</body></html>"
    )
    with site_app.test_request_context(f"/{language}/"):
        site_app.preprocess_request()
        tree = read_strictly(render_template_string(page, map=found).encode())
    drawing = tree.find(f".//{SVG}svg")
    assert str(count) in drawing.get("aria-label")
    assert drawing.get("role") == ("img" if count > MOST_NAMED else "group")
    links = [a.get("href") for a in tree.iter(f"{SVG}a")]
    assert links == ([f"/{language}/clinics/c{n}" for n in range(3)] if count == 3 else [])
    assert "2080" in "".join(drawing.itertext())


def test_the_list_beside_the_map_says_the_same(site_app: Flask) -> None:
    tree = read_strictly(site_app.test_client().get("/en/clinics").data)
    on_map = {a.get("href") for a in tree.find(".//figure").iter(f"{SVG}a")}
    in_list = {heading.find("a").get("href") for heading in tree.find(".//main").iter("h3")}
    assert on_map == in_list
