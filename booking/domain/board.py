"""Board: what is free to one patient, in integers: a mask of wall steps for each day, counted from a Monday.

Day 0 is the Monday of the week in which the search begins; weeks are whole, and days before the search begins, after
its last day or outside of the availability have nothing free. Lists are shared: they are read, never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from booking.domain.course import Deviation, PartOfDay, Planned, Wishes
from booking.domain.period import STEP_MINUTES, Period, at_wall, monday_of
from booking.domain.protocol import Step, Treatment
from booking.domain.slot import WHOLE_DAY, Availability

Pair = tuple[int, int]
"""(clinician id, clinic id)"""


class Spot(NamedTuple):
    """A place for an appointment: day of the board, wall step, clinician, clinic."""

    day: int
    step: int
    clinician: int
    clinic: int


class Board:
    """The free starts from `first` to `last`, both included, for whom the wishes allow."""

    def __init__(self, availability: Availability, wishes: Wishes, first: date, last: date) -> None:
        self.availability = availability
        self.wishes = wishes
        self.first, self.last = max(first, availability.first), min(last, availability.last)
        self.monday = monday_of(self.first)
        self.weeks = max((self.last - self.monday).days // 7 + 1, 0)
        self.days = self.weeks * 7
        self.pairs = self._allowed()
        self.parts = parts_mask(wishes.parts)
        self._nothing = [0] * self.days
        self._free: dict[tuple[int, int, int], list[int]] = {}
        self._clinics: dict[tuple[int, int, bool], list[int]] = {}
        self._any: dict[tuple[int, bool], list[int]] = {}
        self._moments: dict[tuple[int, int], datetime] = {}

    def date_of(self, day: int) -> date:
        return self.monday + timedelta(days=day)

    def day(self, when: date) -> int:
        return (when - self.monday).days

    def start(self, spot: Spot) -> datetime:
        """The instant (UTC) at which an appointment at `spot` begins."""
        key = spot[:2]
        if key not in self._moments:
            self._moments[key] = at_wall(self.date_of(spot.day), spot.step * STEP_MINUTES)
        return self._moments[key]

    def spot(self, planned: Planned) -> Spot:
        """Where an appointment stands, which may be before or after the board's days."""
        step = planned.minute // STEP_MINUTES
        return Spot(self.day(planned.day), step, planned.clinician, planned.clinic)

    def planned(
        self, step: Step, spot: Spot, *, prefer: int | None = None, deviation: Deviation | None = None
    ) -> Planned | None:
        """The appointment at `spot`, in the room `prefer` if that is free; None if no room is."""
        day, minutes = self.date_of(spot.day), step.treatment.minutes
        room = self.availability.room(spot.clinic, day, spot.step, minutes, prefer=prefer)
        if room is None:
            return None
        start = self.start(spot)
        return Planned(step, start, start + timedelta(minutes=minutes), spot.clinic, spot.clinician, room, deviation)

    def within(self, earliest: int, latest: int) -> range:
        """The days from `earliest` to `latest`, both included, that stand on the board."""
        return range(max(earliest, 0), min(latest, self.days - 1) + 1)

    def givers(self, treatment: Treatment) -> list[Pair]:
        """Who may give the treatment, and where: nobody is offered for needles who does not needle."""
        return [pair for pair in self.pairs if self._may_give(pair[0], treatment)]

    def free(self, clinician: int, clinic: int, treatment: Treatment) -> list[int]:
        """For each day, the steps at which the treatment can begin with this clinician at this clinic."""
        if (clinician, clinic) not in self.pairs or not self._may_give(clinician, treatment):
            return self._nothing
        key = (clinician, clinic, treatment.minutes)
        if key not in self._free:
            self._free[key] = self._cut(self.availability.starts(*key))
        return self._free[key]

    def clinic_free(self, clinic: int, treatment: Treatment) -> list[int]:
        """The same for any clinician at the clinic."""
        key = (clinic, treatment.minutes, treatment.needles)
        if key not in self._clinics:
            givers = [pair for pair in self.givers(treatment) if pair[1] == clinic]
            self._clinics[key] = self._union(self.free(*pair, treatment) for pair in givers)
        return self._clinics[key]

    def any_free(self, treatment: Treatment) -> list[int]:
        """The same for any clinician at any wished clinic."""
        key = (treatment.minutes, treatment.needles)
        if key not in self._any:
            self._any[key] = self._union(self.clinic_free(each, treatment) for each in self.wishes.clinics)
        return self._any[key]

    def is_free(self, spot: Spot, treatment: Treatment) -> bool:
        if not 0 <= spot.day < self.days:
            return False
        return bool(self.free(spot.clinician, spot.clinic, treatment)[spot.day] >> spot.step & 1)

    def wished(self, day: int) -> int:
        """The steps of the day that the wishes for weekdays and parts of day allow."""
        return self.parts if not self.wishes.days or day % 7 in self.wishes.days else 0

    def _allowed(self) -> dict[Pair, None]:
        """The pairs that the wishes allow, in display order."""
        schedule, wishes = self.availability.schedule, self.wishes
        return {
            (clinician.id, clinic): None
            for clinician in schedule.clinicians
            if wishes.bound_to in (None, clinician.id)
            for clinic in wishes.clinics
            if self.availability.works_at(clinician.id, clinic)
        }

    def _may_give(self, clinician: int, treatment: Treatment) -> bool:
        return not treatment.needles or self.availability.needles(clinician)

    def _cut(self, starts: list[int]) -> list[int]:
        """The availability's days as days of this board."""
        begin, end = self.availability.index(self.first), self.availability.index(self.last) + 1
        lead, kept = self.day(self.first), starts[begin:end]
        return [0] * lead + kept + [0] * (self.days - lead - len(kept))

    def _union(self, lists: Iterable[list[int]]) -> list[int]:
        return reduce(lambda some, more: list(map(or_, some, more)), lists, self._nothing)


def parts_mask(parts: Iterable[PartOfDay]) -> int:
    """The wall steps of these parts of the day; of the whole day where none is named."""
    mask = 0
    for start, end in (part.minutes for part in parts):
        mask |= (1 << end // STEP_MINUTES) - (1 << start // STEP_MINUTES)
    return mask or WHOLE_DAY


def away_periods(wishes: Wishes) -> Iterator[Period]:
    """When the patient cannot come: her days away, from midnight to midnight in Oslo, and her own busy times."""
    for first, last in wishes.away:
        yield Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
    yield from wishes.busy


def nearest(mask: int, step: int) -> int:
    """The bit of `mask` (not 0) nearest to `step`; of two equally near the earlier."""
    later = mask >> step
    earlier = mask & ((1 << step) - 1)
    if not later:
        return earlier.bit_length() - 1
    after = step + (later & -later).bit_length() - 1
    before = earlier.bit_length() - 1
    return before if earlier and step - before <= after - step else after


def latest(mask: int) -> int:
    """The last bit of `mask` (not 0)."""
    return mask.bit_length() - 1
