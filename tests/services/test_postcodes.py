"""Where postcodes and places are taken to lie."""

from __future__ import annotations

import pytest

from booking.domain.distance import kilometres
from booking.services.postcodes import LONGEST, Place, every_place, find_place, of_postcode

SVALBARD = "Longyearbyen"


def named(text: str) -> Place:
    place = find_place(text)
    assert place is not None, text
    return place


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2080", "Eidsvoll"),
        (" 2080 ", "Eidsvoll"),
        ("0150 Oslo", "Oslo"),
        ("N-2070", "Råholt"),
        ("2070 RÅHOLT", "Råholt"),
        ("20 80", "Eidsvoll"),
        ("Råholt", "Råholt"),
        ("RÅHOLT", "Råholt"),
        ("raholt", "Råholt"),
        ("Raaholt", "Råholt"),
        ("ra\N{COMBINING RING ABOVE}holt", "Råholt"),
        ("tromso", "Tromsø"),
        ("tromsoe", "Tromsø"),
        ("baerum", "Bærum"),
        ("mo i rana", "Mo i Rana"),
        ("St Hanshaugen", "St. Hanshaugen"),
        ("Lambertseter, Oslo", "Lambertseter"),
        ("eidsvoll  sundet", "Eidsvoll Sundet"),
        ("måløy", "Måløy"),
    ],
)
def test_a_place_is_known_however_it_is_written(text: str, name: str) -> None:
    assert named(text).name == name


@pytest.mark.parametrize("text", ["", " ", ",", "Atlantis", "123", "12345", "٢٠٨٠", "\x00", "%", "x" * 10_000])
def test_what_is_no_place_is_not_known(text: str) -> None:
    assert find_place(text) is None


def test_a_postcode_says_more_than_a_name_beside_it() -> None:
    assert named("2080 Oslo").name == "Eidsvoll"


def test_more_digits_of_a_postcode_say_more() -> None:
    assert [of_postcode(code).name for code in ("2080", "2081", "2100")] == ["Eidsvoll", "Eidsvoll", "Skarnes"]  # type: ignore[union-attr]


def test_every_postcode_lies_somewhere() -> None:
    assert [code for code in range(10_000) if of_postcode(f"{code:04}") is None] == []


def test_every_place_lies_in_norway() -> None:
    strange = [
        place
        for place in every_place()
        if place.name != SVALBARD and not (57.9 < place.point.latitude < 71.2 and 4.4 < place.point.longitude < 31.2)
    ]
    assert strange == []
    assert 78 < named(SVALBARD).point.latitude < 79


def test_every_place_is_found_by_its_name_or_a_namesake() -> None:
    lost = [place.name for place in every_place() if find_place(place.name) is None or len(place.name) > LONGEST]
    assert lost == []


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("Oslo", "Bergen", 305),
        ("Oslo", "Trondheim", 390),
        ("Oslo", "Eidsvoll", 55),
        ("Oslo", "Lambertseter", 6),
        ("Oslo", "Drammen", 36),
        ("Oslo", "Hamar", 99),
        ("Oslo", "Lillehammer", 135),
        ("Oslo", "Fredrikstad", 78),
        ("Eidsvoll", "Råholt", 8),
        ("Jessheim", "Råholt", 14),
        ("Bergen", "Stavanger", 160),
        ("Bodø", "Tromsø", 325),
        ("Tromsø", "Kirkenes", 435),
        ("1150", "Lambertseter", 0),
        ("2080", "Eidsvoll Sundet", 0),
        ("5003", "Bergen", 0),
    ],
)
def test_places_are_about_as_far_apart_as_they_are(one: str, other: str, far: int) -> None:
    assert kilometres(named(one).point, named(other).point) == pytest.approx(far, rel=0.05, abs=1)


@pytest.mark.parametrize("county", sorted({place.county for place in every_place() if place.county} - {"Svalbard"}))
def test_the_places_of_a_county_lie_together(county: str) -> None:
    points = [place.point for place in every_place() if place.county == county]
    assert max(kilometres(one, other) for one in points for other in points) < 450
