"""Curve: how a patient's pain has changed, laid out beside the two arms of the trial, for a drawing and a table.

Changes are in per cent of the pain before the start; less pain lies lower. All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from booking.domain.outcome import FOLLOW_UPS, Moment, change_percent, rounded
from booking.domain.trial import VAS_2016, Arm, Change, Trial
from booking.services.outcomes import HowItGoes

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BASE = 100, 456, 16, 256

WEEKS: Mapping[Moment, int] = {Moment.BASELINE: 0, Moment.WEEK_10: 10, Moment.YEAR: 52}
STEPS = (10, 20, 50, 100, 200)
MOST_LINES = 7
LOWEST = -50
"""Per cent that are drawn in any case, so that both arms have their places."""

MARK = 6
"""Half the width of the mark of a point."""


@dataclass(frozen=True, slots=True)
class Point:
    """`percent`: change since the start; None is drawn nowhere."""

    moment: Moment
    percent: Fraction | None


@dataclass(frozen=True, slots=True)
class Course:
    """One line: `who` is "you", "real" or "sham"; `way` and `marks` are paths. What is missing interrupts the way."""

    who: str
    points: tuple[Point, ...]
    way: str
    marks: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line across at a height; `percent` whole."""

    percent: int
    y: int

    @property
    def text(self) -> str:
        return signed(self.percent)


@dataclass(frozen=True, slots=True)
class Curve:
    width: int
    height: int
    left: int
    right: int
    base: int
    grid: tuple[Line, ...]
    weeks: tuple[tuple[int, int], ...]
    courses: tuple[Course, ...]
    trial: Trial


def draw(goes: HowItGoes, trial: Trial = VAS_2016) -> Curve | None:
    """The curve of who has answered before the start and later; None while there is no change to be drawn."""
    own = tuple(Point(moment, change_percent(goes.baseline, goes.pain(moment))) for moment in FOLLOW_UPS)
    if all(point.percent is None for point in own):
        return None
    lines = {"real": _of_trial(trial.real), "sham": _of_trial(trial.sham), "you": own}
    scale = _Scale.over([point.percent for points in lines.values() for point in points if point.percent is not None])
    return Curve(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        base=BASE,
        grid=tuple(Line(percent, scale.y(Fraction(percent))) for percent in scale.lines),
        weeks=tuple((week, _x(moment)) for moment, week in WEEKS.items()),
        courses=tuple(_course(who, points, scale) for who, points in lines.items()),
        trial=trial,
    )


def signed(percent: int) -> str:
    """“+20 %”, “−40 %”, “0 %”, with a true minus."""
    sign = "+" if percent > 0 else "\N{MINUS SIGN}" if percent < 0 else ""
    return f"{sign}{abs(percent)}\N{NO-BREAK SPACE}%"


def _of_trial(arm: Arm) -> tuple[Point, ...]:
    found: dict[Moment, Change | None] = {Moment.WEEK_10: arm.weeks_10, Moment.YEAR: arm.months_12}
    return tuple(Point(moment, _fraction(change)) for moment, change in found.items())


def _fraction(change: Change | None) -> Fraction | None:
    return None if change is None else Fraction(change.percent)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Which per cent lie where: `low` at the bottom of the drawing, `high` at the top."""

    low: int
    high: int
    step: int

    @classmethod
    def over(cls, percents: list[Fraction]) -> _Scale:
        lowest, highest = min(Fraction(LOWEST), *percents), max(Fraction(0), *percents)
        step = next((each for each in STEPS if highest - lowest <= each * (MOST_LINES - 2)), STEPS[-1])
        return cls(int(lowest // step) * step, -int(-highest // step) * step, step)

    @property
    def lines(self) -> range:
        return range(self.low, self.high + 1, self.step)

    def y(self, percent: Fraction) -> int:
        return BASE - int(rounded((percent - self.low) / (self.high - self.low) * (BASE - TOP), 0))


def _course(who: str, points: tuple[Point, ...], scale: _Scale) -> Course:
    places = [(_x(Moment.BASELINE), scale.y(Fraction(0)))] + [
        None if point.percent is None else (_x(point.moment), scale.y(point.percent)) for point in points
    ]
    way = "".join(f"M{a[0]} {a[1]}L{b[0]} {b[1]}" for a, b in pairwise(places) if a and b)
    marks = "".join(_mark(who, *place) for place in places if place)
    return Course(who, points, way, marks)


def _mark(who: str, x: int, y: int) -> str:
    """A diamond for the patient, a disc and a square for the arms: told apart without their colours."""
    if who == "you":
        return f"M{x} {y - MARK - 2}l{MARK + 2} {MARK + 2}-{MARK + 2} {MARK + 2}-{MARK + 2}-{MARK + 2}z"
    if who == "real":
        return f"M{x - MARK} {y}a{MARK} {MARK} 0 1 0 {2 * MARK} 0a{MARK} {MARK} 0 1 0-{2 * MARK} 0z"
    return f"M{x - MARK} {y - MARK}h{2 * MARK}v{2 * MARK}h-{2 * MARK}z"


def _x(moment: Moment) -> int:
    return LEFT + (RIGHT - LEFT) * WEEKS[moment] // WEEKS[Moment.YEAR]
