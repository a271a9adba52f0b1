"""Postcodes: where in Norway somebody means with a postcode or the name of a place, roughly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from booking.domain.distance import Point

FILE = Path(__file__).resolve().parent.parent / "content" / "postcodes.toml"

LONGEST = 100
"""Characters of what is looked up; no place has a longer name."""

_POSTCODE = re.compile(r"(?<![0-9])([0-9]{2}) ?([0-9]{2})(?![0-9])")
_WORDS = re.compile(r"[^\w]+|_")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Place:
    """A place by name, with about its middle. `county` is None where only the postcode is known."""

    name: str
    county: str | None
    point: Point


def find_place(text: str) -> Place | None:
    """What is meant by “1150”, “11 50”, “0150 Oslo”, “Råholt”, “raholt”, “Lambertseter, Oslo”; None if unknown.

    A postcode says more than a name beside it, and what stands before a comma more than what stands after.
    """
    text = text[:LONGEST]
    if code := _POSTCODE.search(text):
        return of_postcode(code[1] + code[2])
    names = _names()
    return next((names[plain] for plain in (plain(text), plain(text.split(",")[0])) if plain in names), None)


def of_postcode(code: str) -> Place | None:
    """The area of a postcode: the one with which it has most first digits in common."""
    areas = _areas()
    return next((areas[code[:length]] for length in range(4, 1, -1) if code[:length] in areas), None)


def every_place() -> tuple[Place, ...]:
    """All that is known: places by name, then areas of postcodes."""
    return (*_named(), *_areas().values())


def plain(name: str) -> str:
    """The name without case, accents and Norwegian letters, so that “Råholt”, “raholt” and “Raaholt” are one."""
    letters = normalize("NFKD", name.casefold().translate(_LETTERS))
    words = _WORDS.sub(" ", "".join(letter for letter in letters if not combining(letter))).strip()
    return words.replace("aa", "a").replace("ae", "a").replace("oe", "o")


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def _areas() -> dict[str, Place]:
    areas = _facts()["areas"].items()
    return {digits: Place(area["name"], None, Point(*area["at"])) for digits, area in areas}


@cache
def _names() -> dict[str, Place]:
    """Places by their plain names; the first of one name counts, and a place before an area."""
    found: dict[str, Place] = {}
    for place in every_place():
        found.setdefault(plain(place.name), place)
    return found


def _named() -> Iterator[Place]:
    for county, places in _facts()["places"].items():
        for name, at in places.items():
            yield Place(name, county, Point(*at))
