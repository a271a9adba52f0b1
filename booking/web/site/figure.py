"""Figure: the trial's changes of pain laid out as bars with their confidence intervals, for a drawing and a table.

A change of minus 41 per cent is drawn as a fall of 41. All lengths are in the drawing's own units.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from booking.domain.trial import VAS_2016, Arm, Change, Trial

WIDTH, HEIGHT = 480, 276
LEFT, TOP, BASE = 54, 20, 236
UNIT = 4
"""Height of one per cent."""

BAR, GAP = 46, 20
RADIUS = 4
MOMENTS = ("weeks_10", "months_6", "months_12")
GRID = (0, 10, 20, 30, 40)


@dataclass(frozen=True, slots=True)
class Fall:
    """How much lower pain was than before the start, in per cent; `low` and `high` bound the 95 % confidence interval.

    A limit that is not known is None.
    """

    percent: Decimal
    low: Decimal | None
    high: Decimal | None

    @property
    def whole(self) -> int:
        """Half a per cent counts as one."""
        return int(self.percent.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Whisker:
    """A confidence interval as a line; where a limit is not known it has no end, and is dashed on that side."""

    line: str
    dashed: str


@dataclass(frozen=True, slots=True)
class Bar:
    """`arm`: "real" or "sham"; `outline`: a path from the axis and back; the number stands centred at `middle`."""

    arm: str
    fall: Fall
    outline: str
    middle: int
    number_at: int
    whisker: Whisker


@dataclass(frozen=True, slots=True)
class Group:
    """One moment of measuring. Both arms or none: an arm never stands alone."""

    moment: str
    middle: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line across at a height."""

    percent: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    left: int
    base: int
    grid: tuple[Line, ...]
    groups: tuple[Group, ...]

    @property
    def has_open_end(self) -> bool:
        """Whether a limit of an interval is missing."""
        return any(bar.whisker.dashed for group in self.groups for bar in group.bars)


def draw(trial: Trial = VAS_2016) -> Drawing:
    grid = tuple(Line(percent, _y(Decimal(percent))) for percent in GRID)
    groups = tuple(_group(trial, place) for place in range(len(MOMENTS)))
    return Drawing(WIDTH, HEIGHT, LEFT, BASE, grid, groups)


def _group(trial: Trial, place: int) -> Group:
    each = (WIDTH - LEFT) // len(MOMENTS)
    middle, moment = LEFT + each * place + each // 2, MOMENTS[place]
    real, sham = _fall(trial.real, moment), _fall(trial.sham, moment)
    if real is None or sham is None:
        return Group(moment, middle, ())
    aside = (BAR + GAP) // 2
    return Group(moment, middle, (_bar("real", real, middle - aside), _bar("sham", sham, middle + aside)))


def _fall(arm: Arm, moment: str) -> Fall | None:
    change: Change | None = getattr(arm, moment)
    if change is None:
        return None
    return Fall(-change.percent, _turned(change.high), _turned(change.low))


def _turned(limit: Decimal | None) -> Decimal | None:
    return None if limit is None else -limit


def _bar(arm: str, fall: Fall, middle: int) -> Bar:
    top, left, right = _y(fall.percent), middle - BAR // 2, middle + BAR // 2
    outline = (
        f"M{left} {BASE}V{top + RADIUS}q0-{RADIUS} {RADIUS}-{RADIUS}"
        f"H{right - RADIUS}q{RADIUS} 0 {RADIUS} {RADIUS}V{BASE}"
    )
    highest = _y(fall.percent if fall.high is None else fall.high)
    return Bar(arm, fall, outline, middle, highest - 9, _whisker(fall, middle))


def _whisker(fall: Fall, x: int) -> Whisker:
    line, dashed = "", ""
    for limit, open_end in ((fall.high, TOP), (fall.low, BASE)):
        if limit is None:
            dashed += f"M{x} {_y(fall.percent)}V{open_end}"
        else:
            line += f"M{x} {_y(fall.percent)}V{_y(limit)}m-7 0h14"
    return Whisker(line, dashed)


def _y(percent: Decimal) -> int:
    return BASE - int((percent * UNIT).quantize(Decimal(1), ROUND_HALF_UP))
