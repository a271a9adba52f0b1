"""Measure: how much longer one thing takes than another, by the clock on the wall and by the processor's.

Both are run in turns, so that whatever else the machine does falls on both; the median of the turns' ratios counts.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.clocks import Clock


def nothing() -> None:
    """Needs no preparing."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is run, and what is prepared for each run while no clock runs; its result is handed on."""

    run: Callable[[Any], object]
    prepare: Callable[[], Any] = nothing


@dataclass(frozen=True, slots=True)
class Effort:
    """How many pairs count, about how many seconds a turn's runs take, how many they are at most, and how many runs
    come before the first turn."""

    pairs: int = 11
    seconds: float = 0.02
    most: int = 500
    warm_up: int = 5


@dataclass(frozen=True, slots=True)
class Ratio:
    """By one clock: the median ratio of the pairs, the middle half of them, and what a run took on each side."""

    ratio: float
    quarters: tuple[float, float]
    seconds: float
    reference_seconds: float
    pairs: int


def compare(
    measured: Side, reference: Side, effort: Effort, clocks: Callable[[], Mapping[str, Clock]]
) -> dict[str, Ratio]:
    """The ratio of `measured` to `reference` by each of the clocks, which are asked for when both have been run."""
    sides = (measured, reference)
    turns: list[list[dict[str, float]]] = [[], []]
    gc.freeze()  # what a question has prepared need not be looked through before each turn
    times = [runs_a_turn(side, effort) for side in sides]
    running = clocks()
    for pair in range(effort.pairs):
        for which in (0, 1) if pair % 2 else (1, 0):
            turns[which].append(turn(sides[which], times[which], running))
    return {name: ratio([t[name] for t in turns[0]], [t[name] for t in turns[1]]) for name in running}


def runs_a_turn(side: Side, effort: Effort) -> int:
    """Warms up, and finds how many runs fill a turn."""
    wall = {"wall": time.perf_counter}
    once = min(turn(side, 1, wall)["wall"] for _ in range(effort.warm_up))
    return max(1, min(effort.most, round(effort.seconds / once)))


def turn(side: Side, runs: int, clocks: Mapping[str, Clock]) -> dict[str, float]:
    """Seconds a run by each clock."""
    prepared = [side.prepare() for _ in range(runs)]
    with collected():
        before = [read() for read in clocks.values()]
        for each in prepared:
            side.run(each)
        # The last to start is the first to stop: the wall's clock does not see what reading the others takes.
        after = [read() for read in reversed(list(clocks.values()))]
    return {name: (end - begin) / runs for name, begin, end in zip(clocks, before, reversed(after), strict=True)}


@contextmanager
def frozen() -> Iterator[None]:
    """What is put aside meanwhile, so that nobody looks through it for rubbish, is looked through at the end."""
    try:
        yield
    finally:
        gc.unfreeze()
        gc.collect()


@contextmanager
def collected() -> Iterator[None]:
    """Nobody's rubbish is taken out on the other's time."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def ratio(seconds: list[float], reference: list[float]) -> Ratio:
    ratios = sorted(mine / theirs for mine, theirs in zip(seconds, reference, strict=True))
    quarter = len(ratios) // 4
    middle = (ratios[quarter], ratios[-1 - quarter])
    return Ratio(median(ratios), middle, median(seconds), median(reference), len(ratios))
