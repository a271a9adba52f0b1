"""Visits: the first visit before session 1 and the reviews after the last one, which are never deviations.

Both are chosen around sessions that stand already; the search asks beforehand only whether they are possible at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from booking.domain.board import Board, Pair, Spot, latest, nearest
from booking.domain.protocol import Protocol, Step, Window
from booking.domain.slot import steps_of

ANY_DAY = 1 << 30
"""Later than any day of a board: the last session is bound by no review."""


class Visits:
    """First visit and reviews of one patient's course on one board."""

    def __init__(self, protocol: Protocol, board: Board) -> None:
        self._board = board
        self._first = protocol.first_visit if board.wishes.new_patient else None
        self._reviews = protocol.reviews
        self._review_gap = max(protocol.review_gap, 1)
        self._clinics = {clinic.id: clinic for clinic in board.availability.schedule.clinics}
        self._early: dict[int, bool] = {}
        self._limits: dict[tuple[int, int], int | None] = {}

    # -- is it possible -------------------------------------------------------------------------------------

    def with_first_visit(self, starts: int, day: int, clinic: int) -> int:
        """Those of the starts of session 1 that leave a place for the first visit; all if there is none to place."""
        if self._first is None or not starts or self._fits_before(self._first, day):
            return starts
        if _window(self._first).latest < 0:
            return 0
        free = self._board.clinic_free(clinic, self._first.treatment)[day]
        return starts & free << self._lead(self._first, clinic)

    def last_day(self, day: int, slips: int) -> int | None:
        """The last day on which the last session leaves a place for the reviews; None if there is no such day."""
        key = (day, slips)
        if key not in self._limits:
            limits = [self._last_free(review, day, slips) for review in self._reviews]
            found = [limit for limit in limits if limit is not None]
            self._limits[key] = min(found, default=ANY_DAY) if len(found) == len(limits) else None
        return self._limits[key]

    def _fits_before(self, step: Step, day: int) -> bool:
        """Whether the first visit can be on a day before `day`."""
        if day not in self._early:
            free = self._board.any_free(step.treatment)
            self._early[day] = any(free[each] for each in self._days_before(step, day))
        return self._early[day]

    def _days_before(self, step: Step, day: int) -> range:
        window = _window(step)
        return self._board.within(day + window.earliest, day + min(window.latest, -1))

    def _last_free(self, step: Step, day: int, slips: int) -> int | None:
        free = self._board.any_free(step.treatment)
        days = (each for each in reversed(self._days_after(step, day, slips)) if free[each])
        found = next(days, None)
        return None if found is None else found - self._review_gap

    def _days_after(self, step: Step, day: int, slips: int) -> range:
        window = _window(step)
        return self._board.within(day + window.earliest + 7 * slips, day + window.latest + 7 * slips)

    def _lead(self, step: Step, clinic: int) -> int:
        """Steps from the start of a visit to the earliest start after it on the clinic's grid."""
        place, treatment = self._clinics[clinic], step.treatment
        every = steps_of(place.grid_minutes)
        needed = steps_of(treatment.minutes) + steps_of(place.buffer_minutes)
        return -(-needed // every) * every

    # -- choosing -------------------------------------------------------------------------------------------

    def first_visit(self, session: Spot, who: int) -> Spot | None:
        """The best first visit before session 1, with `who` if possible; None where none is asked for or possible.

        The same clinician, then wished days and parts of day, then as late as possible, then at the same clinic.
        """
        if self._first is None:
            return None
        spots = self._before(self._first, session)
        return min(spots, key=lambda spot: self._first_rank(spot, session.clinic, who), default=None)

    def review(self, step: Step, day: int, slips: int, last: int, near: Spot) -> Spot | None:
        """The best place for a review of a course that begins on `day`, slips, and ends on `last`; None if none is.

        `near`: the pattern as a spot. Its clinician, then wished days and parts of day, then nearest to the target
        day, then to the pattern's minute, then the earlier one, then at the pattern's clinic.
        """
        target = day + _window(step).target + 7 * slips
        spots = self._after(step, day, slips, last, near)
        return min(spots, key=lambda spot: self._review_rank(spot, target, near), default=None)

    def still_before(self, visit: Spot, session: Spot) -> bool:
        """Whether a first visit that stands at `visit` may stand there for this session 1."""
        if self._first is None:
            return False
        if visit.day == session.day:
            return visit in self._directly_before(self._first, session)
        return visit.day in self._days_before(self._first, session.day)

    def still_after(self, step: Step, visit: Spot, day: int, slips: int, last: int) -> bool:
        """Whether a review that stands at `visit` may stand there for sessions from `day` to `last`."""
        return visit.day in self._days_after(step, day, slips) and self.rested(visit.day, last)

    def rested(self, review: int, last: int) -> bool:
        """Whether a review on the day `review` is far enough from a last session on the day `last`."""
        return review - last >= self._review_gap

    def _before(self, step: Step, session: Spot) -> Iterator[Spot]:
        """The latest wished and the latest unwished start of each day and pair."""
        yield from self._directly_before(step, session)
        for pair, free in self._lists(step):
            for day in self._days_before(step, session.day):
                wished = self._board.wished(day)
                for mask in (free[day] & wished, free[day] & ~wished):
                    if mask:
                        yield Spot(day, latest(mask), *pair)

    def _directly_before(self, step: Step, session: Spot) -> Iterator[Spot]:
        start = session.step - self._lead(step, session.clinic)
        if _window(step).latest < 0 or start < 0:
            return
        for (clinician, clinic), free in self._lists(step):
            if clinic == session.clinic and free[session.day] >> start & 1:
                yield Spot(session.day, start, clinician, clinic)

    def _first_rank(self, spot: Spot, clinic: int, who: int) -> tuple[int, ...]:
        stranger, elsewhere = spot.clinician != who, spot.clinic != clinic
        return (stranger, self._unwished(spot), -spot.day, -spot.step, elsewhere, spot.clinician, spot.clinic)

    def _after(self, step: Step, day: int, slips: int, last: int, near: Spot) -> Iterator[Spot]:
        """The wished and the unwished start nearest to the pattern's of each day and pair."""
        days = [each for each in self._days_after(step, day, slips) if self.rested(each, last)]
        for pair, free in self._lists(step):
            for each in days:
                wished = self._board.wished(each)
                for mask in (free[each] & wished, free[each] & ~wished):
                    if mask:
                        yield Spot(each, nearest(mask, near.step), *pair)

    def _review_rank(self, spot: Spot, target: int, near: Spot) -> tuple[int, ...]:
        stranger, elsewhere = spot.clinician != near.clinician, spot.clinic != near.clinic
        away = (abs(spot.day - target), abs(spot.step - near.step))
        return (stranger, self._unwished(spot), *away, *spot[:2], elsewhere, spot.clinician, spot.clinic)

    def _unwished(self, spot: Spot) -> bool:
        return not self._board.wished(spot.day) >> spot.step & 1

    def _lists(self, step: Step) -> Iterable[tuple[Pair, list[int]]]:
        return [(pair, self._board.free(*pair, step.treatment)) for pair in self._board.givers(step.treatment)]


def _window(step: Step) -> Window:
    assert step.window is not None, "first visits and reviews of a course have windows"
    return step.window
