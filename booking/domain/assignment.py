"""Assignment: who goes where when many must move at once: as many as can, and of all such ways the cheapest.

Places exclude one another where they use the same resource (a clinician, a room, a patient) at the same time, and where
the caller bars two of them together, as the rules of one course may. What is found is the optimum, not the first that
fits: branch and bound over integers, in parts that have nothing to do with one another.

The bound
    Places that use one resource at one moment are a clique: at most one of them can be had. For the resource that each
    place names first (its clinician), as few moments are chosen as meet all its places, and one place each may be had
    there: that is a matching of movers and moments, solved exactly. All other cliques have a price that whoever uses
    them pays besides; the prices rise where too many meet and sink where nobody does (Held and Karp, 1971). Whatever
    the prices are, nothing that is allowed costs less than the matching, the prices taken off.

Places that could be in nothing better are struck out on the way. Where the matching still breaks a rule, the place that
breaks most is either had or not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from heapq import heappop, heappush
from operator import or_
from typing import NamedTuple

from booking.domain.slot import bits

BUDGET = 2000
"""Branches for each part; hardly any part needs more than a few."""

FIRST_ROUNDS, ROUNDS = 150, 12
"""How often prices are corrected before anything is decided, and after each decision."""

SCALE = 32
"""Prices are counted in so many parts of what costs are counted in."""

Choice = tuple[int, int]
"""(mover, place), both by their position."""


class Use(NamedTuple):
    """A resource from `start` up to `end`, in whatever whole units it is counted in."""

    resource: Hashable
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mover could go. `cost` is not below 0; the first of the `uses` is what the bound counts by."""

    cost: int
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """For each mover the position of its place, or None. `exact`: nothing is better; else the budget ran out."""

    places: tuple[int | None, ...]
    cost: int
    exact: bool


def assigned(
    movers: Sequence[Sequence[Place]], *, barred: Iterable[tuple[Choice, Choice]] = (), budget: int = BUDGET
) -> Assignment:
    """As many movers as possible in places that can be had together, at the least cost; the same for the same input.

    Raises ValueError for a cost below 0 or a place that uses nothing.
    """
    board = _Board(movers, barred)
    places: list[int | None] = [None] * len(movers)
    cost, exact = 0, True
    for part in board.parts():
        search = _Search(board, part, budget)
        exact = search.run() and exact
        for number in search.best:
            mover, place = board.choices[number]
            places[mover], cost = place, cost + board.costs[number]
    return Assignment(tuple(places), cost, exact)


class _Board:
    """All places, numbered through, each with those that exclude it as a mask."""

    def __init__(self, movers: Sequence[Sequence[Place]], barred: Iterable[tuple[Choice, Choice]]) -> None:
        self.choices = [(mover, at) for mover, places in enumerate(movers) for at in range(len(places))]
        places = [movers[mover][at] for mover, at in self.choices]
        if any(place.cost < 0 or not place.uses for place in places):
            raise ValueError("a place costs nothing or more, and uses something")
        self.costs = [place.cost for place in places]
        self.of = [0] * len(movers)
        for number, (mover, _) in enumerate(self.choices):
            self.of[mover] |= 1 << number
        used = _used(places)
        numbers = {choice: number for number, choice in enumerate(self.choices)}
        pairs = [(numbers[one], numbers[other]) for one, other in barred]
        self.against = self._against(used, pairs)
        self.point = _points(places)
        self.cliques = [*self._cliques(used), *(1 << one | 1 << other for one, other in pairs)]

    def parts(self) -> Iterator[list[int]]:
        """The movers, parted so that no place of one part excludes a place of another."""
        meets = [reduce(or_, (self.against[n] for n in bits(mask)), 0) for mask in self.of]
        left = set(range(len(self.of)))
        while left:
            part, reached = [], [min(left)]
            left.discard(reached[0])
            while reached:
                mover = reached.pop()
                part.append(mover)
                near = [other for other in sorted(left) if meets[mover] & self.of[other]]
                left.difference_update(near)
                reached += near
            yield sorted(part)

    def _against(self, used: Mapping[Hashable, list[_Row]], pairs: Iterable[tuple[int, int]]) -> list[int]:
        against = [self.of[mover] for mover, _ in self.choices]
        for rows in used.values():
            for number, mask in _overlapping(rows):
                against[number] |= mask
        for one, other in pairs:
            against[one] |= 1 << other
            against[other] |= 1 << one
        return [mask & ~(1 << number) for number, mask in enumerate(against)]

    def _cliques(self, used: Mapping[Hashable, list[_Row]]) -> Iterator[int]:
        """The greatest sets of places of several movers that meet at one moment."""
        for rows in used.values():
            for mask in _meeting(rows):
                if len({self.choices[number][0] for number in bits(mask)}) > 1:
                    yield mask


@dataclass(frozen=True, slots=True)
class _Node:
    """Places among which there may be something better, and what their cliques cost besides."""

    mask: int
    prices: tuple[int, ...]
    rounds: int


class _Search:
    """The best of one part: what has been found so far, and what may still be better."""

    def __init__(self, board: _Board, part: Sequence[int], budget: int) -> None:
        self._board, self._part, self._budget = board, part, budget
        self._all = reduce(or_, (board.of[mover] for mover in part), 0)
        self._dear = 1 + sum(max((board.costs[n] for n in bits(board.of[m])), default=0) for m in part)
        cliques = [clique for clique in board.cliques if clique & self._all]
        self._cliques = [tuple(bits(clique & self._all)) for clique in cliques]
        self._free = (0,) * len(cliques)
        self._within: defaultdict[int, list[int]] = defaultdict(list)
        for at, clique in enumerate(cliques):
            for number in bits(clique):
                self._within[number].append(at)
        self.best: list[int] = []
        self._least = self._dear * len(part)

    def run(self) -> bool:
        """Whether all was looked through."""
        open_, steps = [_Node(self._all, self._free, FIRST_ROUNDS)], 0
        while open_:
            steps += 1
            if steps > self._budget:
                return False
            open_ += self._branches(open_.pop())
        return True

    def _branches(self, node: _Node) -> list[_Node]:
        """What a node leaves to be looked at, the more promising one last."""
        left = self._bounded(node)
        if left is None:
            return []
        mask, chosen, prices = left
        at = self._undecided(mask, chosen)
        if at is None:
            return []
        masks = mask & ~(1 << at), mask & ~self._board.against[at]
        return [_Node(each, prices, ROUNDS) for each in masks]

    def _bounded(self, node: _Node) -> tuple[int, list[int], tuple[int, ...]] | None:
        """The places that are left of the node, the cheapest choice among them, and the prices of the cliques; None if
        nothing in it is better than what is known."""
        mask, prices, chosen = node.mask, list(node.prices), list[int]()
        step, highest = 1.0, -1
        places = [list(bits(self._board.of[mover] & mask)) for mover in self._part]
        priced = self._priced(prices)
        for _ in range(node.rounds):
            rows = self._rows(places, priced)
            match = _matched([{point: cost for point, (cost, _) in row.items()} for row in rows])
            bound = match.cost - sum(prices)
            chosen = [n for row, point in zip(rows, match.columns, strict=True) if (n := row[point][1]) >= 0]
            self._keep(self._mended(node.mask, chosen))
            if -(-bound // SCALE) >= self._least:
                return None
            places = list(self._promising(places, priced, match, self._least * SCALE - bound))
            amiss = self._amiss(chosen, prices)
            if not amiss:
                return None  # the choice is allowed and costs what the bound says
            step = step if bound > highest else step * 0.93
            highest = max(bound, highest)
            length = step * (self._least * SCALE - bound) / sum(over * over for over in amiss.values())
            for clique, over in amiss.items():
                price = max(prices[clique] + max(int(length), 1) * over, 0)
                for number in self._cliques[clique]:
                    priced[number] += price - prices[clique]
                prices[clique] = price
        return sum(1 << number for each in places for number in each), chosen, tuple(prices)

    def _rows(self, places: Iterable[Sequence[int]], priced: Sequence[int]) -> list[dict[int, tuple[int, int]]]:
        """For each mover, by the moment of its clinician, what the cheapest place there costs, and which it is."""
        rows, point_of = [], self._board.point
        for mover, numbers in zip(self._part, places, strict=True):
            row = {-mover - 1: (self._dear * SCALE, -1)}
            for number in numbers:
                point, cost = point_of[number], priced[number]
                if point not in row or cost < row[point][0]:
                    row[point] = (cost, number)
            rows.append(row)
        return rows

    def _priced(self, prices: Sequence[int]) -> list[int]:
        """What each place costs with the prices of its cliques."""
        priced = [cost * SCALE for cost in self._board.costs]
        for clique, price in enumerate(prices):
            if price:
                for number in self._cliques[clique]:
                    priced[number] += price
        return priced

    def _promising(
        self, places: Iterable[Sequence[int]], priced: Sequence[int], match: _Match, gap: int
    ) -> Iterator[list[int]]:
        """The places but those with which even the bound would be no better than the best."""
        depth, point = match.depth, self._board.point
        for numbers, height in zip(places, match.height, strict=True):
            most = gap - SCALE + height
            yield [number for number in numbers if priced[number] - depth[point[number]] <= most]

    def _amiss(self, chosen: Sequence[int], prices: Sequence[int]) -> dict[int, int]:
        """The cliques that are used more often than once, or that have a price and are not used; by how much."""
        used = Counter(clique for number in chosen for clique in self._within[number])
        amiss = {clique: times - 1 for clique, times in used.items() if times > 1}
        return amiss | {clique: -1 for clique, price in enumerate(prices) if price and clique not in used}

    def _undecided(self, mask: int, chosen: Sequence[int]) -> int | None:
        """Of the chosen places the one that excludes most of the others, or of the places that are left; None if it
        is decided where each mover goes."""
        together = sum(1 << number for number in chosen)
        against = self._board.against
        found = (((against[n] & together).bit_count(), (against[n] & mask).bit_count(), -n) for n in chosen)
        broken, left, number = max(found, default=(0, 0, 0))
        return -number if broken or left else None

    def _keep(self, chosen: list[int]) -> None:
        """Who stays without a place costs more than all places together."""
        cost = sum(self._board.costs[n] for n in chosen) + self._dear * (len(self._part) - len(chosen))
        if cost < self._least:
            self._least, self.best = cost, chosen

    def _mended(self, mask: int, chosen: Sequence[int]) -> list[int]:
        """The chosen places as far as they can be had, and for the other movers the cheapest that are left."""
        kept: list[int] = []
        against, costs = self._board.against, self._board.costs
        together = sum(1 << number for number in chosen)
        for number in sorted(chosen, key=lambda n: ((against[n] & together).bit_count(), costs[n], n)):
            if mask >> number & 1:
                kept.append(number)
                mask &= ~against[number]
        there = {self._board.choices[number][0] for number in kept}
        for mover in self._part:
            left = self._board.of[mover] & mask
            if mover not in there and left:
                number = min(bits(left), key=lambda n: (costs[n], n))
                kept.append(number)
                mask &= ~against[number]
        return kept


# -- places that meet ---------------------------------------------------------------------------------------------

_Row = tuple[int, int, int]
"""(start, end, number of the place)"""


def _used(places: Sequence[Place]) -> Mapping[Hashable, list[_Row]]:
    used: defaultdict[Hashable, list[_Row]] = defaultdict(list)
    for number, place in enumerate(places):
        for use in place.uses:
            used[use.resource].append((use.start, use.end, number))
    return used


def _moments(rows: Sequence[_Row]) -> dict[int, int]:
    """The mask of the places of one resource that have it at a moment, for each moment at which one begins."""
    moments = dict.fromkeys(sorted({start for start, _, _ in rows}), 0)
    for start, end, number in rows:
        for moment in moments:
            if start <= moment < end:
                moments[moment] |= 1 << number
    return moments


def _overlapping(rows: Sequence[_Row]) -> Iterator[tuple[int, int]]:
    """For the places of one resource: each with the mask of all that it meets."""
    moments = _moments(rows)
    for start, end, number in rows:
        begun = (mask for moment, mask in moments.items() if start <= moment < end)
        yield number, reduce(or_, begun, 0)


def _meeting(rows: Sequence[_Row]) -> Iterator[int]:
    """The greatest masks of places of one resource that meet at one moment."""
    masks = list(_moments(rows).values())
    return (mask for mask, following in zip(masks, [*masks[1:], 0], strict=True) if mask & ~following)


def _points(places: Sequence[Place]) -> list[int]:
    """For each place the number of a moment at which it has its first resource; as few moments as there can be."""
    first: defaultdict[Hashable, list[_Row]] = defaultdict(list)
    for number, place in enumerate(places):
        use = place.uses[0]
        first[use.resource].append((use.end, use.start, number))
    points, point = [0] * len(places), 0
    for rows in first.values():
        reached: int | None = None
        for end, start, number in sorted(rows):
            if reached is None or start >= reached:
                reached, point = end, point + 1
            points[number] = point
    return points


# -- matching -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Match:
    """For each row its column; what they cost together; and the potentials of rows and columns, which prove it."""

    columns: list[int]
    cost: int
    height: list[int]
    depth: Mapping[int, int]


def _matched(rows: Sequence[Mapping[int, int]]) -> _Match:
    """For each row one of its columns, no column twice, at the least sum of what they cost.

    Each row must have a column of its own. Shortest augmenting paths (Jonker and Volgenant, 1987).
    """
    height, depth = [0] * len(rows), defaultdict[int, int](int)
    owner: dict[int, int] = {}
    columns = [0] * len(rows)
    for row in range(len(rows)):
        column, come_from = _augmenting(rows, row, height, depth, owner)
        giver = None
        while giver != row:
            giver = come_from[column]
            owner[column], columns[giver], column = giver, column, columns[giver]
    return _Match(columns, sum(each[at] for each, at in zip(rows, columns, strict=True)), height, depth)


def _augmenting(
    rows: Sequence[Mapping[int, int]],
    start: int,
    height: list[int],
    depth: defaultdict[int, int],
    owner: Mapping[int, int],
) -> tuple[int, dict[int, int]]:
    """The free column at the end of the shortest path from row `start`, and from which row each was reached."""
    far: dict[int, int] = {}
    come_from: dict[int, int] = {}
    done: dict[int, int] = {}
    heap: list[tuple[int, int]] = []
    row, way, column = start, 0, 0
    while True:
        base = way - height[row]
        for column, cost in rows[row].items():
            length = base + cost - depth[column]
            if column not in done and (column not in far or length < far[column]):
                far[column], come_from[column] = length, row
                heappush(heap, (length, column))
        way, column = heappop(heap)
        while column in done:
            way, column = heappop(heap)
        if column not in owner:
            break
        done[column] = way
        row = owner[column]
    height[start] += way
    for each, length in done.items():
        height[owner[each]] += way - length
        depth[each] -= way - length
    return column, come_from
