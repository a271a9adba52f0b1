"""Load: how many courses a clinician has running at a clinic, and which times of the week she could give to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.lanes import WEEKS, Lane, Running, lanes_of, running_of
from booking.domain.period import monday_of, oslo
from booking.services.office import Office
from booking.services.proposals import NINE_WEEKS, availability_for
from booking.store.load import sessions_to_come
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import workplaces


@dataclass(frozen=True, slots=True)
class Load:
    """One clinician at one clinic: how many courses run there, and her lanes in order of the week."""

    clinician_id: int
    running: int
    lanes: tuple[Lane, ...]

    @property
    def free(self) -> int:
        return sum(lane.free for lane in self.lanes)

    @property
    def next_free(self) -> date | None:
        """When the next lane of a running course becomes free; None if none runs."""
        return min((lane.free_from for lane in self.lanes if not lane.free), default=None)

    def on(self, weekday: int) -> list[Lane]:
        return [lane for lane in self.lanes if lane.weekday == weekday]


def loads(session: Session, office: Office, clinic_id: int, *, now: datetime) -> list[Load]:
    """Of everybody who gives the nine-week course at the clinic, in order of their ids; lanes begin next week.

    The number of statements does not depend on how many they are.
    """
    protocol = protocol_by_slug(session, NINE_WEEKS)
    if protocol is None:
        return []
    monday = monday_of(oslo(now).date()) + timedelta(days=7)
    days = (monday, monday + timedelta(days=7 * WEEKS - 1))
    availability = availability_for(session, office, (clinic_id,), days, now=now)
    running = _running(session, clinic_id, now=now)
    people = [who for _clinic, who in workplaces(session, [clinic_id], today=oslo(now).date())]
    minutes = protocol.weekly[0].treatment.minutes
    return [
        Load(
            clinician_id=who,
            running=len(running[who]),
            lanes=tuple(lanes_of(availability, who, clinic_id, minutes, running[who], monday)),
        )
        for who in people
        if availability.needles(who)
    ]


def _running(session: Session, clinic_id: int, *, now: datetime) -> dict[int, list[Running]]:
    """The courses that have their lane at the clinic, by clinician."""
    found: defaultdict[int, list[Running]] = defaultdict(list)
    for sessions in _by_course(sessions_to_come(session, clinic_id, now=now)):
        course = running_of(sessions)
        if course.clinic == clinic_id:
            found[course.clinician].append(course)
    return found


def _by_course(rows: Iterable[tuple[int, int, int, datetime]]) -> list[list[tuple[int, int, datetime]]]:
    found: defaultdict[int, list[tuple[int, int, datetime]]] = defaultdict(list)
    for course_id, clinician_id, clinic_id, start in rows:
        found[course_id].append((clinician_id, clinic_id, start))
    return list(found.values())
