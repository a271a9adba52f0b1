"""Slot: where an appointment can begin: schedule minus what is taken, as one integer of 288 bits a day.

Bit i of a day's mask is the five-minute step i of the clock on the wall in Oslo. `Availability` answers for a range
of days; it reads nothing and knows no database: what is taken is handed in as (clinician, room, start, end) rows,
start and end in seconds since 1970-01-01 UTC, just as the store keeps them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from operator import or_

from booking.domain.holidays import holidays_on
from booking.domain.period import OSLO, STEP_MINUTES, STEP_SECONDS, STEPS_PER_DAY, Period, at_wall, oslo
from booking.domain.schedule import Clinic, Hours, Name, Schedule, template_on

TakenRow = tuple[int, int, int, int]
"""(clinician id, room id, start, end): seconds since 1970-01-01 UTC, buffer not included."""

WHOLE_DAY = (1 << STEPS_PER_DAY) - 1
_NEVER_MIND = (1 << 2 * STEPS_PER_DAY) - 1  # a buffer may run past midnight; nothing stands there
_SPANS = [(1 << length) - 1 for length in range(STEPS_PER_DAY + 1)]
_EPOCH = date(1970, 1, 1).toordinal()


class ReasonKind(StrEnum):
    """Why a wished time cannot be had."""

    HOLIDAY = "holiday"
    CLOSED_PERIOD = "closed_period"
    ABSENCE = "absence"
    TAKEN = "taken"
    NO_ROOM = "no_room"
    OUTSIDE_HOURS = "outside_hours"
    PATIENT_AWAY = "patient_away"
    TOO_CLOSE = "too_close"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with the name of the holiday or closed period where there is one; an absence never says why."""

    kind: ReasonKind
    detail: Name | None = None


def sorted_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in the order of `ReasonKind`, those of a kind as they come."""
    order = list(ReasonKind)
    return tuple(sorted(dict.fromkeys(reasons), key=lambda reason: order.index(reason.kind)))


def run(mask: int, length: int) -> int:
    """The bits of `mask` at which a run of `length` set bits begins."""
    for shift in _SHIFTS[length]:
        mask &= mask >> shift
    return mask


def spread(starts: int, length: int) -> int:
    """All the steps that runs of `length` beginning at the bits of `starts` take up."""
    for shift in _SHIFTS[length]:
        starts |= starts << shift
    return starts


def bits(mask: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def steps_of(minutes: int) -> int:
    """Whole five-minute steps that `minutes` take up."""
    return -(-minutes // STEP_MINUTES)


def _shifts(length: int) -> tuple[int, ...]:
    """By how much to shift, one after another, so that one bit grows to a run of `length`: 1, 2, 4 …, and the rest."""
    shifts, have = [], 1
    while have < length:
        shifts.append(min(have, length - have))
        have += shifts[-1]
    return tuple(shifts)


_SHIFTS = [_shifts(length) for length in range(2 * STEPS_PER_DAY + 1)]


def _span(start: int, end: int) -> int:
    return _SPANS[max(end - start, 0)] << start


def _grid(minutes: int) -> int:
    every = steps_of(minutes)
    return sum(1 << step for step in range(0, STEPS_PER_DAY, every))


_GRIDS = {minutes: _grid(minutes) for minutes in (5, 10, 15, 20, 30, 60)}


class Availability:
    """What is open and what is taken on the days `first` to `last`, both included."""

    def __init__(
        self,
        schedule: Schedule,
        first: date,
        last: date,
        taken: Iterable[TakenRow],
        *,
        earliest: datetime,
        away: Iterable[Period] = (),
    ) -> None:
        """`earliest`: nothing begins before this instant; `away`: when the patient herself cannot come."""
        self.schedule = schedule
        self.first = first
        self.last = last
        self.days = (last - first).days + 1
        self._clinics = {clinic.id: clinic for clinic in schedule.clinics}
        self._needling = frozenset(clinician.id for clinician in schedule.clinicians if clinician.needles)
        self._buffers = {room: steps_of(c.buffer_minutes) for c in schedule.clinics for room in c.rooms}
        self._taken = {clinician.id: [0] * self.days for clinician in schedule.clinicians}
        self._rooms = self._room_masks()
        self._offsets = _oslo_offsets(first, self.days)
        self._take(taken)
        self._patient(frozenset(away), earliest)
        self._templates = self._by_owner(schedule.hours)
        self._closed = {clinic.id: self._closed_masks(clinic.id) for clinic in schedule.clinics}
        self._absent = self._absence_masks()
        self._hours: dict[tuple[int, int | None], list[int]] = {}
        self._open: dict[tuple[int, int], list[int]] = {}
        self._clinic_open: dict[int, list[int]] = {}
        self._closings: dict[tuple[int, int], list[tuple[int, Reason]]] = {}
        self._room_starts: dict[tuple[int, int], list[int]] = {}

    # -- days ------------------------------------------------------------------------------------------------

    def day(self, index: int) -> date:
        return self.first + timedelta(days=index)

    def index(self, day: date) -> int:
        """The number of `day` in this range; may lie outside of 0 … days-1."""
        return (day - self.first).days

    def covers(self, day: date) -> bool:
        return 0 <= self.index(day) < self.days

    # -- whose days ------------------------------------------------------------------------------------------

    def seen_by(self, away: Iterable[Period], *, earliest: datetime | None = None) -> Availability:
        """The same days for a patient who is away then too, and who can come from `earliest` on.

        Shares what is taken with this one: take nothing more on either while both are in use.
        """
        earliest = self.earliest if earliest is None else max(self.earliest, earliest)
        return self._for(self.away.union(away), earliest)

    def without(self, away: Iterable[Period]) -> Availability:
        """The same days as if the patient could come at these times. Shares what is taken, as `seen_by` does."""
        return self._for(self.away.difference(away), self.earliest)

    def _for(self, away: frozenset[Period], earliest: datetime) -> Availability:
        if (away, earliest) == (self.away, self.earliest):
            return self
        seen = copy(self)
        seen._patient(away, earliest)
        return seen

    def _patient(self, away: frozenset[Period], earliest: datetime) -> None:
        self.away, self.earliest = away, earliest
        self._away = [0] * self.days
        for period in away:
            self._mark(self._away, period)
        self._barred = self._before(earliest)
        self._shut = list(map(or_, self._away, self._barred))
        self._starts: dict[tuple[int, int, int], list[int]] = {}

    # -- what is free ----------------------------------------------------------------------------------------

    def starts(self, clinician_id: int, clinic_id: int, minutes: int) -> list[int]:
        """For each day, the mask of the steps at which an appointment of this length can begin."""
        key = (clinician_id, clinic_id, minutes)
        if key not in self._starts:
            self._starts[key] = self._free_starts(*key)
        return self._starts[key]

    def room(self, clinic_id: int, day: date, step: int, minutes: int, *, prefer: int | None = None) -> int | None:
        """A room of the clinic that is free for the appointment and its buffer: `prefer`, else the first; or None."""
        clinic, index = self._clinics[clinic_id], self.index(day)
        span = _span(step, step + steps_of(minutes) + steps_of(clinic.buffer_minutes))
        if prefer in clinic.rooms and not self._rooms[prefer][index] & span:
            return prefer
        return next((room for room in clinic.rooms if not self._rooms[room][index] & span), None)

    def needles(self, clinician_id: int) -> bool:
        return clinician_id in self._needling

    def works_at(self, clinician_id: int, clinic_id: int) -> bool:
        return (clinic_id, clinician_id) in self._templates

    def take(self, clinician_id: int, room_id: int, start: int, end: int) -> None:
        """Counts one more appointment (seconds since 1970 UTC) as taken from here on."""
        self._take([(clinician_id, room_id, start, end)])
        self._starts.clear()
        self._room_starts.clear()

    # -- why not ---------------------------------------------------------------------------------------------

    def reasons(self, clinician_id: int, clinic_id: int, day: date, step: int, minutes: int) -> tuple[Reason, ...]:
        """Why an appointment cannot begin there; empty if it can. The order is that of `ReasonKind`."""
        return self.obstacles(clinician_id, clinic_id, day, 1 << step, minutes)

    def obstacles(self, clinician_id: int, clinic_id: int, day: date, starts: int, minutes: int) -> tuple[Reason, ...]:
        """What stands against an appointment at one or another of `starts`; empty if each of them can be had."""
        if not self.covers(day):
            return (Reason(ReasonKind.OUTSIDE_HOURS),)
        clinic, index, length = self._clinics[clinic_id], self.index(day), steps_of(minutes)
        span = spread(starts, length)
        found = self.closings(clinic_id, day, span)
        if self._absent_mask(clinician_id, index) & span:
            found.append(Reason(ReasonKind.ABSENCE))
        her_own = run(_NEVER_MIND ^ self._taken[clinician_id][index], length + steps_of(clinic.buffer_minutes))
        if starts & ~her_own:
            found.append(Reason(ReasonKind.TAKEN))
        if starts & her_own & ~self._free_rooms(clinic, minutes)[index]:
            found.append(Reason(ReasonKind.NO_ROOM))
        outside = span & (self._barred[index] | ~self._working(clinician_id, clinic_id, index))
        if outside and not found:
            found.append(Reason(ReasonKind.OUTSIDE_HOURS))
        if self._away[index] & span:
            found.append(Reason(ReasonKind.PATIENT_AWAY))
        return tuple(found)

    def worked(self, clinician_id: int, clinic_id: int, day: date, minutes: int) -> int:
        """The starts that the hours alone would allow on `day`, whatever is closed, taken or away."""
        hours = self._working(clinician_id, clinic_id, self.index(day))
        return run(hours, steps_of(minutes)) & _GRIDS[self._clinics[clinic_id].grid_minutes]

    def closings(self, clinic_id: int, day: date, span: int = WHOLE_DAY) -> list[Reason]:
        """The holidays on `day` and the closed periods that touch `span` of it."""
        return [reason for mask, reason in self._closings_on(clinic_id, day) if mask & span]

    def opens(self, clinic_id: int, day: date) -> bool:
        """Whether the clinic is open at all on `day`."""
        return bool(self._clinic_masks(clinic_id)[self.index(day)])

    # -- building masks --------------------------------------------------------------------------------------

    def _take(self, taken: Iterable[TakenRow]) -> None:
        base, days = self.first.toordinal() - _EPOCH, self.days
        changes, offsets = self._offsets
        clinicians, rooms, buffers = self._taken, self._rooms, self._buffers
        for clinician, room, start, end in taken:
            index, second = divmod(start + offsets[bisect_right(changes, start)], 86400)
            index -= base
            if not 0 <= index < days:
                continue
            span = _SPANS[(end - start) // STEP_SECONDS + buffers.get(room, 1)] << second // STEP_SECONDS
            if clinician in clinicians:
                clinicians[clinician][index] |= span
            if room in rooms:
                rooms[room][index] |= span

    def _free_starts(self, clinician_id: int, clinic_id: int, minutes: int) -> list[int]:
        clinic, length = self._clinics[clinic_id], steps_of(minutes)
        buffered = length + steps_of(clinic.buffer_minutes)
        grid = _GRIDS[clinic.grid_minutes]
        taken, rooms = self._taken[clinician_id], self._free_rooms(clinic, minutes)
        on_grid = cache(lambda hours: run(hours, length) & grid)  # a year has a few different days
        days = zip(self._open_masks(clinician_id, clinic_id), self._shut, taken, rooms, strict=True)
        return [
            on_grid(open_ & ~shut) & run(_NEVER_MIND ^ busy, buffered) & room if open_ else 0
            for open_, shut, busy, room in days
        ]

    def _free_rooms(self, clinic: Clinic, minutes: int) -> list[int]:
        key = (clinic.id, minutes)
        if key not in self._room_starts:
            buffered = steps_of(minutes) + steps_of(clinic.buffer_minutes)
            masks = [0] * self.days
            for room in clinic.rooms:
                for index, busy in enumerate(self._rooms[room]):
                    masks[index] |= run(_NEVER_MIND ^ busy, buffered) if busy else _NEVER_MIND
            self._room_starts[key] = masks
        return self._room_starts[key]

    def _open_masks(self, clinician_id: int, clinic_id: int) -> list[int]:
        key = (clinician_id, clinic_id)
        if key not in self._open:
            clinic = self._clinic_masks(clinic_id)
            working = self._template_masks(clinic_id, clinician_id)
            absent = self._absent.get(clinician_id)
            masks = [w & c for w, c in zip(working, clinic, strict=True)]
            if absent:
                masks = [mask & ~gone for mask, gone in zip(masks, absent, strict=True)]
            self._open[key] = masks
        return self._open[key]

    def _clinic_masks(self, clinic_id: int) -> list[int]:
        if clinic_id not in self._clinic_open:
            hours, closed = self._template_masks(clinic_id, None), self._closed[clinic_id]
            self._clinic_open[clinic_id] = [h & ~c for h, c in zip(hours, closed, strict=True)]
        return self._clinic_open[clinic_id]

    def _template_masks(self, clinic_id: int, clinician_id: int | None) -> list[int]:
        key = (clinic_id, clinician_id)
        if key not in self._hours:
            self._hours[key] = self._template_days(self._templates.get(key, []))
        return self._hours[key]

    def _template_days(self, templates: list[Hours]) -> list[int]:
        weekday, masks = self.first.weekday(), []
        met = [template for template in templates if self._meets(template)]  # most of years of exceptions are past
        weeks = {id(template): self._week(template) for template in met}
        always = met[0] if len(met) == 1 and self._always(met[0]) else None
        for index in range(self.days):
            standing = always or template_on(met, self.day(index))
            masks.append(weeks[id(standing)][(weekday + index) % 7] if standing else 0)
        return masks

    def _meets(self, hours: Hours) -> bool:
        """Whether the template is valid on any of the days."""
        last = self.day(self.days - 1)
        return hours.valid_from <= last and (hours.valid_until is None or self.first <= hours.valid_until)

    def _always(self, hours: Hours) -> bool:
        return hours.weeks is None and hours.covers(self.first) and hours.covers(self.day(self.days - 1))

    def _week(self, hours: Hours) -> list[int]:
        """The template's seven masks, breaks taken out."""
        week = [0] * 7
        for day in hours.days:
            week[day.weekday] |= _span(day.start // STEP_MINUTES, day.end // STEP_MINUTES)
        for pause in self.schedule.breaks:
            if pause.clinic_id == hours.clinic_id and pause.clinician_id in (None, hours.clinician_id):
                out = _span(pause.start // STEP_MINUTES, steps_of(pause.end))
                week = [mask & ~out for mask in week]
        return week

    def _working(self, clinician_id: int, clinic_id: int, index: int) -> int:
        clinic = self._template_masks(clinic_id, None)[index]
        return clinic & self._template_masks(clinic_id, clinician_id)[index]

    def _by_owner(self, hours: Iterable[Hours]) -> dict[tuple[int, int | None], list[Hours]]:
        owners: dict[tuple[int, int | None], list[Hours]] = {}
        for template in hours:
            owners.setdefault((template.clinic_id, template.clinician_id), []).append(template)
        return owners

    def _closed_masks(self, clinic_id: int) -> list[int]:
        masks = [WHOLE_DAY if holidays_on(self.day(index)) else 0 for index in range(self.days)]
        for closed in self.schedule.closed:
            if closed.clinic_id in (None, clinic_id):
                self._mark(masks, closed.period)
        return masks

    def _closings_on(self, clinic_id: int, day: date) -> list[tuple[int, Reason]]:
        key = (clinic_id, self.index(day))
        if key not in self._closings:
            found = [(WHOLE_DAY, Reason(ReasonKind.HOLIDAY, name)) for name in holidays_on(day)]
            for closed in self.schedule.closed:
                if closed.clinic_id in (None, clinic_id) and (mask := _mask_on(closed.period, day)):
                    found.append((mask, Reason(ReasonKind.CLOSED_PERIOD, closed.name)))
            self._closings[key] = found
        return self._closings[key]

    def _room_masks(self) -> dict[int, list[int]]:
        """By room; a room that is out of use is as if taken."""
        masks = {room: [0] * self.days for room in self._buffers}
        for closure in self.schedule.room_closures:
            if closure.room_id in masks:
                self._mark(masks[closure.room_id], closure.period)
        return masks

    def _absence_masks(self) -> dict[int, list[int]]:
        masks: dict[int, list[int]] = {}
        for absence in self.schedule.absences:
            self._mark(masks.setdefault(absence.clinician_id, [0] * self.days), absence.period)
        return masks

    def _absent_mask(self, clinician_id: int, index: int) -> int:
        return self._absent[clinician_id][index] if clinician_id in self._absent else 0

    def _before(self, earliest: datetime) -> list[int]:
        barred = [0] * self.days
        midnight = at_wall(self.first, 0)
        if earliest > midnight:
            self._mark(barred, Period(midnight, earliest))
        return barred

    def _mark(self, masks: list[int], period: Period) -> None:
        """Sets the steps that `period` touches, even in part."""
        begin = max(self.index(oslo(period.start).date()), 0)
        end = min(self.index(oslo(period.end).date()), self.days - 1)
        for index in range(begin, end + 1):
            masks[index] |= _mask_on(period, self.day(index))


def _mask_on(period: Period, day: date) -> int:
    """The steps of `day` that `period` touches, even in part."""
    start, end = oslo(period.start), oslo(period.end)
    if end.date() < day or start.date() > day or period.start == period.end:
        return 0
    begin = (start.hour * 60 + start.minute) // STEP_MINUTES if start.date() == day else 0
    until = steps_of(end.hour * 60 + end.minute + bool(end.second)) if end.date() == day else STEPS_PER_DAY
    return _span(begin, until)


def _oslo_offsets(first: date, days: int) -> tuple[list[int], list[int]]:
    """The instants (seconds UTC) at which Oslo's offset changes within the range, and the offsets around them.

    The clocks of the European Union's zones change at 01:00 UTC (directive 2000/84/EC).
    """
    changes, offsets = [], []
    before = _offset(first - timedelta(days=1))
    offsets.append(before)
    for number in range(-1, days + 1):
        day = first + timedelta(days=number)
        after = _offset(day + timedelta(days=1))
        if after != before:
            changes.append(int(datetime.combine(day, time(1), UTC).timestamp()))
            offsets.append(after)
            before = after
    return changes, offsets


def _offset(day: date) -> int:
    offset = datetime.combine(day, time(0), OSLO).utcoffset()
    assert offset is not None  # a zone of the tz database always has one
    return int(offset.total_seconds())
