"""Rescue: some of the times that a visitor kept are gone; what is nearest to each, and a choice with those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.course import Cost, Pattern, Plan, Planned, Wishes
from booking.domain.errors import SlotTaken
from booking.domain.nearby import nearby, with_instead
from booking.domain.period import oslo
from booking.domain.protocol import Protocol
from booking.domain.slot import Availability
from booking.services.holds import Choice, lost_times
from booking.services.office import Office
from booking.services.proposals import Asked, Rhythm, availability_for, limits_of, pattern_of, resolve
from booking.store.holds import HeldTime, Hold

MOST = 3
"""How many times are offered instead of one."""

REACH = timedelta(days=42)
"""How far beyond the last appointment is looked."""

Place = tuple[datetime, int, int]
"""(start, clinician id, clinic id)"""


@dataclass(frozen=True, slots=True)
class Offer:
    """The time at `place` of the hold is lost; what can be had instead, nearest first."""

    place: int
    lost: Planned
    instead: tuple[Planned, ...]


class Rescue:
    """A hold of which some times are gone, with what is free now."""

    def __init__(
        self, session: Session, office: Office, row: Hold, asked: Asked, rhythm: Rhythm | None, *, now: datetime
    ) -> None:
        self._row = row
        self._lost = lost_times(session, row, now=now)
        self._protocol, self._wishes = resolve(session, asked, now=now)
        self._plan = _plan_of(row, self._protocol, pattern_of(session, rhythm) if rhythm else None)
        self._availability = _availability(session, office, self._wishes, self._plan, now=now, but_hold=row.id)

    def offers(self) -> tuple[Offer, ...]:
        """The lost times, each with the nearest that the others leave free."""
        appointments = self._plan.appointments
        return tuple(
            Offer(place, appointments[place], self._nearby(self._plan, appointments[place])[:MOST])
            for place in self._lost
        )

    def choice(self, picks: Mapping[int, Place], *, query: str) -> Choice:
        """What is kept with the picked times in the places of the lost ones; `query` as in `Choice`.

        Raises SlotTaken with the first place for which nothing was picked, or a time that does not fit the others.
        """
        plan = self._plan
        for place in self._lost:
            lost = self._plan.appointments[place]
            free = {(each.start, each.clinician, each.clinic): each for each in self._nearby(plan, lost)}
            instead = free.get(picks[place]) if place in picks else None
            if instead is None:
                raise SlotTaken((place,))
            plan = with_instead(plan, lost, instead)
        return Choice(
            protocol_id=self._row.protocol_id,
            new_patient=self._row.new_patient,
            appointments=plan.appointments,
            query=query,
        )

    def _nearby(self, plan: Plan, lost: Planned) -> tuple[Planned, ...]:
        return nearby(self._protocol, self._wishes, self._availability, plan, lost)


def _plan_of(row: Hold, protocol: Protocol, pattern: Pattern | None) -> Plan:
    """The plan that the hold's times came from; a single appointment is its own pattern."""
    appointments = tuple(_planned(time, protocol) for time in row.times)
    first = appointments[0]
    own = Pattern(first.day.weekday(), first.minute, first.clinician, first.clinic)
    price = sum(each.step.treatment.price for each in appointments)
    return Plan(pattern or own, appointments, Cost(0, 0, 0, 0), price)


def _planned(time: HeldTime, protocol: Protocol) -> Planned:
    step = next(step for step in protocol.steps if (step.kind.value, step.number) == (time.kind, time.number))
    where = (time.clinic_id, time.clinician_id, time.room_id)
    return Planned(step, time.starts_at, time.ends_at, *where, time.deviation)


def _availability(
    session: Session, office: Office, wishes: Wishes, plan: Plan, *, now: datetime, but_hold: int
) -> Availability:
    today, last = oslo(now).date(), plan.appointments[-1].day + REACH
    days = (today, max(today, min(last, limits_of(office).horizon(now))))
    return availability_for(session, office, wishes.clinics, days, now=now, but_hold=but_hold)
