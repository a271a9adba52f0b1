"""Load: how many courses a clinician has running at a clinic, and which times of the week she could give to others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.lanes import WEEKS, Lane, Running, lanes_of, running_of
from booking.domain.period import monday_of, oslo
from booking.services.office import Office
from booking.services.proposals import NINE_WEEKS, availability_for
from booking.store.load import sessions_of_running
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import workplaces


@dataclass(frozen=True, slots=True)
class Load:
    """One clinician at one clinic: how many courses run there, how many are booked but to begin, and her lanes in order
    of the week."""

    clinician_id: int
    running: int
    to_begin: int
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
    courses = _courses(session, clinic_id, now=now)
    people = [who for _clinic, who in workplaces(session, [clinic_id], today=oslo(now).date())]
    minutes = protocol.weekly[0].treatment.minutes
    return [
        Load(
            clinician_id=who,
            running=sum(each.begun for each in courses[who]),
            to_begin=sum(not each.begun for each in courses[who]),
            lanes=tuple(lanes_of(availability, who, clinic_id, minutes, [each.lane for each in courses[who]], monday)),
        )
        for who in people
        if availability.needles(who)
    ]


@dataclass(frozen=True, slots=True)
class _Course:
    """A course by its lane. `begun`: whether it has had a session."""

    lane: Running
    begun: bool


def _courses(session: Session, clinic_id: int, *, now: datetime) -> dict[int, list[_Course]]:
    """The courses that have their lane at the clinic, by clinician."""
    rows: defaultdict[int, list[tuple[int, int, datetime]]] = defaultdict(list)
    for course_id, clinician_id, where, start in sessions_of_running(session, clinic_id, now=now):
        rows[course_id].append((clinician_id, where, start))
    found: defaultdict[int, list[_Course]] = defaultdict(list)
    for sessions in rows.values():
        lane = running_of(each for each in sessions if each[2] >= now)
        if lane.clinic == clinic_id:
            found[lane.clinician].append(_Course(lane, begun=any(start < now for *_place, start in sessions)))
    return found
