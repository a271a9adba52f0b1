"""Search: the best course of each pattern, exactly, by lower bounds and dynamic programming over weeks.

A *layout* says in which weeks a course's sessions stand. Whether it can be filled at all depends only on the date of
session 1 and on what is free to anybody, so the layouts with the fewest slipped weeks are found once per date. Within a
layout, the weeks in which a pattern's time is not free bound its deviations from below, and are counted for all the
starts of a day at once, in bits. Patterns are then looked at in the order of their bounds: first the cheapest
replacement of each such week by itself, which is the answer if it keeps the spacing, otherwise the dynamic programme
whose state is the date of the last session. The first ones to come out exact are the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count, pairwise
from typing import NamedTuple

from booking.domain.board import Board, Pair, nearest
from booking.domain.course import Cost, Departure, Pattern
from booking.domain.period import STEP_MINUTES
from booking.domain.protocol import Protocol
from booking.domain.slot import bits
from booking.domain.visits import Visits

REALLY_DIFFERENT = 120 // STEP_MINUTES
"""Two plans of one weekday and clinician differ for a patient if their starts lie this many steps apart."""

Layout = tuple[int, ...]
"""The weeks of the board in which the sessions stand."""

Start = tuple[int, int]
"""(day of the board, wall step)"""

# A cost is one integer, compared as a whole: deviations, sum of departures, days away, steps away, in fields that no
# course can fill.
_STEPS, _DAYS, _DEPARTURES = 24, 16, 16
_DEVIATION = 1 << _STEPS + _DAYS + _DEPARTURES
_DEPARTURE = 1 << _STEPS + _DAYS
_DAY = 1 << _STEPS


def price(departure: int, days: int, steps: int) -> int:
    """What one session off the pattern costs."""
    return _DEVIATION + departure * _DEPARTURE + days * _DAY + steps


def cost_of(total: int) -> Cost:
    """A sum of prices, read."""
    steps, total = total % _DAY, total >> _STEPS
    days, total = total % (1 << _DAYS), total >> _DAYS
    return Cost(total >> _DEPARTURES, total % (1 << _DEPARTURES), days, steps * STEP_MINUTES)


class Home(NamedTuple):
    """A weekday with a clinician at a clinic, and the steps at which the wishes let a pattern lie."""

    weekday: int
    clinician: int
    clinic: int
    steps: int


class Found(NamedTuple):
    """The best course of a pattern: where each session stands."""

    pattern: Pattern
    starts: tuple[Start, ...]


class _Group(NamedTuple):
    """Patterns of one home and layout with the same bound: `steps` are their starts."""

    home: Home
    layout: Layout
    steps: int


class _Lead(NamedTuple):
    """One pattern in one layout; `starts` are exact if they are there."""

    home: Home
    layout: Layout
    step: int
    starts: tuple[Start, ...]


_GROUP, _BOUND, _EXACT = range(3)
_Entry = tuple[int, int, int, int, int, int, tuple[Start, ...], int, _Group | _Lead]


class Search:
    """The courses of one protocol on one board."""

    def __init__(self, protocol: Protocol, board: Board) -> None:
        self.board = board
        self.visits = Visits(protocol, board)
        self.steps = protocol.weekly
        self._spaced = protocol.spaced
        self._max_slips = protocol.max_slips
        self._treatments = [step.treatment for step in self.steps]
        self._any = [board.any_free(treatment) for treatment in self._treatments]
        self._clinic = {
            clinic: [board.clinic_free(clinic, treatment) for treatment in self._treatments]
            for clinic in board.wishes.clinics
        }
        self._own: dict[Pair, list[list[int]]] = {}
        self._layouts: dict[int, tuple[Layout, ...]] = {}

    def homes(self, clinician: int | None) -> list[Home]:
        """All the homes that the wishes for weekdays and parts of day allow: hers, or (None) everybody's.

        Only of those who may give every session.
        """
        demanding = max(self._treatments, key=lambda treatment: treatment.needles)
        givers = [pair for pair in self.board.givers(demanding) if clinician in (None, pair[0])]
        days = [(weekday, self.board.wished(weekday)) for weekday in range(7)]
        return [Home(weekday, *pair, steps) for pair in givers for weekday, steps in days if steps]

    def best(self, homes: Iterable[Home], weeks: Sequence[int], most: int) -> list[Found]:
        """The best courses that really differ, session 1 in the first of `weeks` in which its pattern is free."""
        numbers = count()
        heap = [entry for home in homes for entry in self._groups(home, weeks, numbers)]
        heapify(heap)
        chosen: list[Found] = []
        while heap and len(chosen) < most:
            *_, stage, starts, _, looked_at = heappop(heap)
            if isinstance(looked_at, _Group):
                for entry in self._leads(looked_at, chosen, numbers):
                    heappush(heap, entry)
            elif not _differs(looked_at.home, looked_at.step, chosen):
                continue
            elif stage == _EXACT:
                chosen.append(Found(_pattern(looked_at), starts))
            else:
                heappush(heap, self._solved(looked_at, numbers))
        return chosen

    # -- layouts --------------------------------------------------------------------------------------------

    def layouts(self, day: int) -> tuple[Layout, ...]:
        """The layouts with the fewest slipped weeks that can be filled after a session 1 on `day`."""
        if day not in self._layouts:
            self._layouts[day] = self._fewest_slips(day)
        return self._layouts[day]

    def _fewest_slips(self, day: int) -> tuple[Layout, ...]:
        for slips in range(self._max_slips + 1):
            last = self.visits.last_day(day, slips)
            if last is None:
                continue
            found = tuple(self._filled((day // 7,), [day], slips, last))
            if found:
                return found
        return ()

    def _filled(self, layout: Layout, reached: list[int], slips: int, last: int) -> Iterator[Layout]:
        """Goes on from the days that the last session of `layout` can reach, with `slips` weeks left to leave out."""
        number = len(layout)
        if number == len(self.steps):
            if slips == 0 and min(reached) <= last:
                yield layout
            return
        for skipped in range(slips + 1):
            week = layout[-1] + 1 + skipped
            days = self._reached(number, reached, week, skipped)
            if days:
                yield from self._filled((*layout, week), days, slips - skipped, last)

    def _reached(self, number: int, before: list[int], week: int, skipped: int) -> list[int]:
        free = self._any[number]
        days = [day for day in self.board.within(week * 7, week * 7 + 6) if free[day]]
        return [day for day in days if any(self._spaced(day - each, skipped) for each in before)]

    # -- lower bounds ---------------------------------------------------------------------------------------

    def _groups(self, home: Home, weeks: Sequence[int], numbers: Iterator[int]) -> Iterator[_Entry]:
        """The home's patterns, by their first free week and by the number of weeks in which they are not free."""
        own = self._masks(home.clinician, home.clinic)
        left = home.steps
        for week in weeks:
            day = week * 7 + home.weekday
            steps = self.visits.with_first_visit(own[0][day] & left, day, home.clinic) if day < self.board.days else 0
            if not steps:
                continue
            left &= ~steps
            for layout in self.layouts(day):
                for missed, group in self._missed(own, home.weekday, layout, steps):
                    first = (group & -group).bit_length() - 1
                    bound = missed * price(Departure.SAME_DAY, 0, 0)
                    entry = _Group(home, layout, group)
                    yield (bound, day, first, home.clinician, home.clinic, _GROUP, (), next(numbers), entry)

    def _missed(self, own: list[list[int]], weekday: int, layout: Layout, steps: int) -> Iterator[tuple[int, int]]:
        """(sessions off the pattern at least, the starts of which that is so); counted for all the bits at once."""
        levels = [steps]
        for number, (before, week) in enumerate(pairwise(layout), 1):
            mask = own[number][week * 7 + weekday] if week == before + 1 else 0
            carried, kept = 0, []
            for level in levels:
                kept.append(level & mask | carried)
                carried = level & ~mask
            levels = [*kept, carried]
        return ((missed, level) for missed, level in enumerate(levels) if level)

    def _leads(self, group: _Group, chosen: list[Found], numbers: Iterator[int]) -> Iterator[_Entry]:
        """The patterns of a group, each with the price of replacing every week it misses by itself."""
        for step in bits(group.steps):
            if _differs(group.home, step, chosen):
                total, starts = self._cheapest(group.home, group.layout, step)
                yield self._entry(total, _Lead(group.home, group.layout, step, starts), numbers)

    def _cheapest(self, home: Home, layout: Layout, step: int) -> tuple[int, tuple[Start, ...]]:
        """The sum of the cheapest starts of all the weeks; without the starts if they do not keep the spacing."""
        options = self._options(home, layout, step)
        cheapest = [min(week) for week in options]
        days = [day for _, day, _ in cheapest]
        weeks = zip(pairwise(days), pairwise(layout), strict=True)
        fits = days[-1] <= self._last_day(layout, days[0]) and all(
            self._spaced(day - last, after - before - 1) for (last, day), (before, after) in weeks
        )
        return sum(total for total, _, _ in cheapest), tuple((d, s) for _, d, s in cheapest) if fits else ()

    def _entry(self, total: int, lead: _Lead, numbers: Iterator[int]) -> _Entry:
        home, stage = lead.home, _EXACT if lead.starts else _BOUND
        day = lead.layout[0] * 7 + home.weekday
        return (total, day, lead.step, home.clinician, home.clinic, stage, lead.starts, next(numbers), lead)

    # -- the exact course of one pattern in one layout --------------------------------------------------------

    def _solved(self, lead: _Lead, numbers: Iterator[int]) -> _Entry:
        """By dynamic programming from the last week back: the least price from each date of a week on."""
        options = self._options(lead.home, lead.layout, lead.step)
        last = self._last_day(lead.layout, options[0][0][1])
        after = [(total, day, step) for total, day, step in options[-1] if day <= last]
        chain = [after]
        for number in reversed(range(len(options) - 1)):
            skipped = lead.layout[number + 1] - lead.layout[number] - 1
            after = list(self._onward(options[number], after, skipped))
            chain.insert(0, after)
        total, starts = self._walk(chain, lead.layout)
        return self._entry(total, lead._replace(starts=starts), numbers)

    def _onward(
        self, week: list[tuple[int, int, int]], after: list[tuple[int, int, int]], skipped: int
    ) -> Iterator[tuple[int, int, int]]:
        for total, day, step in week:
            onward = [rest for rest, later, _ in after if self._spaced(later - day, skipped)]
            if onward:
                yield total + min(onward), day, step

    def _walk(self, chain: list[list[tuple[int, int, int]]], layout: Layout) -> tuple[int, tuple[Start, ...]]:
        """The cheapest way through the weeks; of equally cheap ones the earliest, session by session."""
        total, day, step = chain[0][0]
        starts = [(day, step)]
        for week, (before, after) in zip(chain[1:], pairwise(layout), strict=True):
            _, day, step = min(each for each in week if self._spaced(each[1] - day, after - before - 1))
            starts.append((day, step))
        return total, tuple(starts)

    def _options(self, home: Home, layout: Layout, step: int) -> list[list[tuple[int, int, int]]]:
        """For each session its (price, day, step), the best of each day; the pattern alone where it costs nothing.

        The pattern's own time is the only choice of its day, but a week has other days, which spacing may ask for.
        """
        start = layout[0] * 7 + home.weekday
        weeks = [[(0, start, step)]]
        for number, (before, week) in enumerate(pairwise(layout), 1):
            weeks.append(self._week(number, home, step, week, slipped=week > before + 1))
        return weeks

    def _week(self, number: int, home: Home, step: int, week: int, *, slipped: bool) -> list[tuple[int, int, int]]:
        """The best start of each day of `week`; after a slip, one on the pattern costs a deviation, too."""
        own = self._masks(home.clinician, home.clinic)[number]
        clinic, everybody = self._clinic[home.clinic][number], self._any[number]
        home_day = week * 7 + home.weekday
        found = []
        for day in range(week * 7, week * 7 + 7):
            if not everybody[day]:
                continue
            if mask := own[day]:
                if day == home_day and mask >> step & 1 and not slipped:
                    found.append((0, day, step))
                    continue
                departure = Departure.SAME_DAY if day == home_day and not slipped else Departure.SAME_WEEK
            elif mask := clinic[day]:
                departure = Departure.COLLEAGUE
            else:
                mask, departure = everybody[day], Departure.OTHER_CLINIC
            place = nearest(mask, step)
            found.append((price(departure, abs(day - home_day), abs(place - step)), day, place))
        return found

    def _last_day(self, layout: Layout, start: int) -> int:
        last = self.visits.last_day(start, layout[-1] - layout[0] - len(layout) + 1)
        assert last is not None, "layouts that leave no place for a review are not kept"
        return last

    def _masks(self, clinician: int, clinic: int) -> list[list[int]]:
        key = (clinician, clinic)
        if key not in self._own:
            self._own[key] = [self.board.free(clinician, clinic, treatment) for treatment in self._treatments]
        return self._own[key]


def _pattern(lead: _Lead) -> Pattern:
    return Pattern(lead.home.weekday, lead.step * STEP_MINUTES, lead.home.clinician, lead.home.clinic)


def _differs(home: Home, step: int, chosen: list[Found]) -> bool:
    """Whether a plan of this pattern really differs from those that are chosen already."""
    return all(
        (home.weekday, home.clinician) != (found.pattern.weekday, found.pattern.clinician)
        or abs(step - found.pattern.minute // STEP_MINUTES) >= REALLY_DIFFERENT
        for found in chosen
    )
