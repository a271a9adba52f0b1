"""Maps: a schematic drawing of where clinics lie, made of a few shapes of our own; no map service is asked.

Places are put on whole units of a drawing `WIDTH` wide. A label stands where it covers no dot and no other label; where
there is no such place the dot stands alone, and the list beside the map names the clinic. Many clinics are dots only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import cos, radians
from pathlib import Path

from booking.domain.distance import Point
from booking.domain.schedule import Name
from booking.store.clinics import Clinic, ClinicFacts

CONTENT = Path(__file__).resolve().parents[2] / "content"

WIDTH = 400
LOWEST, HIGHEST = 260, 400
"""How high the drawing may be, in its own units."""

MARGIN = 52
KM_A_DEGREE = 111.2
"""Kilometres from one parallel to the next."""

SMALLEST = 24.0
"""Kilometres that the drawing shows at least from side to side."""

MOST_NAMED = 12
"""How many clinics are named and lead to their pages; more are dots."""

LETTER, LINE = 9, 20
"""Width of a letter and height of a line, in units; letters are narrower on the whole."""

GAP = 11
"""From the middle of a dot to its label."""

DOT = 7
SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in units; right and bottom do not belong to it."""

    left: int
    top: int
    right: int
    bottom: int

    def overlaps(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def within(self, other: Box) -> bool:
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a point on their base line. `anchor`: start, middle or end, as SVG's text-anchor has it."""

    text: str
    x: int
    y: int
    anchor: str
    box: Box


@dataclass(frozen=True, slots=True)
class Spot:
    """A clinic's dot, or the reader's. `slug` of the clinic, empty for the reader; `here`: the one that is meant."""

    name: str
    slug: str
    x: int
    y: int
    label: Label | None
    here: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """So many kilometres are so many units."""

    km: int
    units: int


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing. `spots` are named; `dots` is a path of many that are not. `names`: of waters. `count`: of clinics."""

    width: int
    height: int
    shores: tuple[str, ...]
    rivers: tuple[str, ...]
    names: tuple[Label, ...]
    spots: tuple[Spot, ...]
    dots: str
    you: Spot | None
    scale: Scale
    count: int


@dataclass(frozen=True, slots=True)
class Water:
    name: Name
    at: Point
    line: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class View:
    """From degrees to units: `west` and `north` are the upper left corner, `units` those of a degree northwards."""

    west: float
    north: float
    units: float
    shrunk: float
    height: int

    def at(self, point: Point) -> tuple[int, int]:
        x = (point.longitude - self.west) * self.shrunk * self.units
        return round(x), round((self.north - point.latitude) * self.units)

    @property
    def box(self) -> Box:
        return Box(0, 0, WIDTH, self.height)


def draw(
    clinics: Iterable[Clinic | ClinicFacts],
    *,
    language: str,
    you: Point | None = None,
    you_words: str = "",
    here: str = "",
) -> Map | None:
    """The map of these clinics, or None if none of them has a place.

    `you`: where the reader is, marked with `you_words`. `here`: the slug of the one clinic that is meant.
    """
    placed = [(clinic, point) for clinic in clinics if (point := point_of(clinic))]
    if not placed:
        return None
    view = _view([point for _clinic, point in placed] + ([you] if you else []))
    scale = _scale(view)
    few = placed if len(placed) <= MOST_NAMED else [each for each in placed if each[0].slug == here]
    marked = [(clinic.name, clinic.slug, *view.at(point)) for clinic, point in few]
    if you:
        marked.append((you_words, "", *view.at(you)))
    labels = list(_labels(marked, view, _corner(view, scale)))
    spots = [Spot(*each, label, each[1] == here) for each, label in zip(marked, labels, strict=True)]
    taken = [label.box for label in labels if label]
    waters = _waters()
    dots = _dots([view.at(point) for _clinic, point in placed]) if len(placed) > MOST_NAMED else ""
    return Map(
        width=WIDTH,
        height=view.height,
        shores=tuple(_lines(waters[0], view, closed=True)),
        rivers=tuple(_lines(waters[1], view, closed=False)),
        names=() if dots else tuple(_water_names(chain(*waters), view, marked, taken, language)),
        spots=tuple(spot for spot in spots if spot.slug),
        dots=dots,
        you=next((spot for spot in spots if not spot.slug), None),
        scale=scale,
        count=len(placed),
    )


def point_of(clinic: Clinic | ClinicFacts) -> Point | None:
    """Where a clinic lies, if it is on a map."""
    if clinic.latitude is None or clinic.longitude is None:
        return None
    return Point(clinic.latitude, clinic.longitude)


# -- from degrees to units ------------------------------------------------------------------------------------


def _view(points: Sequence[Point]) -> View:
    north, south = max(p.latitude for p in points), min(p.latitude for p in points)
    east, west = max(p.longitude for p in points), min(p.longitude for p in points)
    shrunk = cos(radians((north + south) / 2))
    across, down = (east - west) * shrunk, north - south
    least = SMALLEST / KM_A_DEGREE
    inner = WIDTH - 2 * MARGIN
    units = min(inner / max(across, least), (HIGHEST - 2 * MARGIN) / max(down, least * LOWEST / WIDTH))
    height = min(HIGHEST, max(LOWEST, round(down * units) + 2 * MARGIN))
    return View(
        west=(east + west) / 2 - WIDTH / 2 / units / shrunk,
        north=(north + south) / 2 + height / 2 / units,
        units=units,
        shrunk=shrunk,
        height=height,
    )


def _scale(view: View) -> Scale:
    a_km = view.units / KM_A_DEGREE
    km = max((km for km in SCALES if km * a_km <= WIDTH / 4), default=SCALES[0])
    return Scale(km, round(km * a_km))


def _corner(view: View, scale: Scale) -> Box:
    """Where the scale stands, below on the left."""
    return Box(0, view.height - 2 * LINE, max(scale.units, 7 * LETTER) + 2 * GAP, view.height)


# -- labels ---------------------------------------------------------------------------------------------------

Marked = tuple[str, str, int, int]
"""(words, slug, x, y)"""


def _labels(marked: Sequence[Marked], view: View, corner: Box) -> Iterator[Label | None]:
    dots = [_dot(x, y) for _words, _slug, x, y in marked]
    taken = [corner]
    for words, _slug, x, y in marked:
        others = [dot for dot in dots if dot != _dot(x, y)]
        free = (
            label
            for label in _around(words, x, y)
            if label.box.within(view.box) and not any(label.box.overlaps(each) for each in chain(others, taken))
        )
        label = next(free, None) if words else None
        if label:
            taken.append(label.box)
        yield label


def _dot(x: int, y: int) -> Box:
    return Box(x - DOT, y - DOT, x + DOT, y + DOT)


def _around(words: str, x: int, y: int) -> Iterator[Label]:
    """Right, left, above, below, then askew."""
    for anchor, across, down in (
        *(("start", GAP, 0), ("end", -GAP, 0), ("middle", 0, -LINE), ("middle", 0, LINE)),
        *(("start", GAP, -LINE), ("end", -GAP, -LINE), ("start", GAP, LINE), ("end", -GAP, LINE)),
    ):
        yield _label(words, x + across, y + down, anchor)


def _label(words: str, x: int, y: int, anchor: str) -> Label:
    """`y` is the middle of the line."""
    long = len(words) * LETTER
    left = {"start": x, "middle": x - long // 2, "end": x - long}[anchor]
    return Label(words, x, y + LINE // 4, anchor, Box(left, y - LINE // 2, left + long, y + LINE // 2))


def _water_names(
    waters: Iterable[Water], view: View, marked: Sequence[Marked], taken: list[Box], language: str
) -> Iterator[Label]:
    around = [Box(x - LINE, y - LINE, x + LINE, y + LINE) for _words, _slug, x, y in marked]
    told = [*taken, *around, _corner(view, _scale(view))]
    for water in waters:
        label = _label(water.name[language], *view.at(water.at), "middle")
        if label.box.within(view.box) and not any(label.box.overlaps(each) for each in told):
            told.append(label.box)
            yield label


# -- lines ----------------------------------------------------------------------------------------------------


@cache
def _waters() -> tuple[tuple[Water, ...], tuple[Water, ...]]:
    """Shores and rivers of the content folder."""
    facts = tomllib.loads((CONTENT / "waters.toml").read_text("utf-8"))
    read = (
        tuple(
            Water(Name.of(**each["name"]), Point(*each["at"]), tuple(Point(*place) for place in each["line"]))
            for each in facts[kind]
        )
        for kind in ("shores", "rivers")
    )
    shores, rivers = read
    return shores, rivers


def _lines(waters: Iterable[Water], view: View, *, closed: bool) -> Iterator[str]:
    """SVG paths of what can be seen."""
    for water in waters:
        points = [view.at(point) for point in water.line]
        left, right = min(x for x, _y in points), max(x for x, _y in points)
        top, bottom = min(y for _x, y in points), max(y for _x, y in points)
        if Box(left, top, right, bottom).overlaps(view.box):
            yield "M" + "L".join(f"{x} {y}" for x, y in points) + ("Z" if closed else "")


def _dots(places: Iterable[tuple[int, int]]) -> str:
    """One path of many dots, each a line without length that its round ends make visible."""
    return "".join(f"M{x} {y}h0" for x, y in dict.fromkeys(places))
