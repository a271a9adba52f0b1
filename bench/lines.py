"""Lines: what the bench says about one thing on one database by one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from bench.clocks import Clock
from bench.measure import Effort, Ratio, Side, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`ratio` should be at most `aim` (`at least` for a rate); times in milliseconds, the middle half of the ratios in
    `low` and `high`; `data` says how much there was to do."""

    name: str
    database: str
    clock: str
    ratio: float
    aim: float
    bound: str
    met: bool
    reference: str
    data: str
    ms: float
    reference_ms: float
    low: float
    high: float
    pairs: int


AT_MOST, AT_LEAST = "at most", "at least"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compared to what, and the aim. Of a rate (`AT_LEAST`), the ratio is that of runs a second.

    `seconds`: how long a turn is, in place of the usual, where a run needs much preparing.
    """

    name: str
    aim: float
    reference: str
    data: str
    measured: Side
    against: Side
    bound: str = AT_MOST
    seconds: float | None = None

    def answer(self, database: str, effort: Effort, clocks: Callable[[], Mapping[str, Clock]]) -> Iterator[Line]:
        if self.seconds is not None:
            effort = replace(effort, seconds=self.seconds)
        for clock, ratio in compare(self.measured, self.against, effort, clocks).items():
            yield self._line(database, clock, ratio)

    def _line(self, database: str, clock: str, found: Ratio) -> Line:
        ratio, (low, high) = found.ratio, found.quarters
        if self.bound == AT_LEAST:
            ratio, low, high = 1 / ratio, 1 / high, 1 / low
        return Line(
            name=self.name,
            database=database,
            clock=clock,
            ratio=round(ratio, 3),
            aim=self.aim,
            bound=self.bound,
            met=ratio <= self.aim if self.bound == AT_MOST else ratio >= self.aim,
            reference=self.reference,
            data=self.data,
            ms=round(found.seconds * 1000, 4),
            reference_ms=round(found.reference_seconds * 1000, 4),
            low=round(low, 3),
            high=round(high, 3),
            pairs=found.pairs,
        )


def as_json(lines: Iterable[Line]) -> list[dict[str, object]]:
    return [asdict(line) for line in lines]


HEADINGS = ("", "on", "clock", "ratio", "aim", "", "ms", "reference ms", "reference")


def table(lines: Iterable[Line]) -> str:
    """The lines for people, in columns."""
    rows = [HEADINGS, *(_row(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(line: Line) -> tuple[str, ...]:
    sign = "≤" if line.bound == AT_MOST else "≥"
    return (
        line.name,
        line.database,
        line.clock,
        f"{line.ratio:.2f}",
        f"{sign} {line.aim:g}",
        "" if line.met else "missed",
        f"{line.ms:.3f}",
        f"{line.reference_ms:.3f}",
        f"{line.reference} ({line.data})",
    )
