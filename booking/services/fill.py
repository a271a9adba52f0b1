"""Fill: a year of invented bookings, so that planning meets a house that is in use.

How full the house is, is counted in places for needle sessions (`booking.domain.places`); a longer appointment counts
as more than one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.domain.course import Pattern, Plan, Wishes
from booking.domain.period import STEP_MINUTES, Period, at_wall, monday_of, oslo, seconds_of
from booking.domain.places import Place, minutes_taken, places_on
from booking.domain.planner import Limits, needed_range, plan_pattern, plan_single
from booking.domain.protocol import Protocol
from booking.domain.schedule import Clinic
from booking.domain.screening import Gate, HealthCheck
from booking.domain.slot import Availability, bits
from booking.services.courses import Details, enter
from booking.services.demonstration import demonstration_facts
from booking.services.office import Office
from booking.services.proposals import NINE_WEEKS, availability_for
from booking.store.appointments import ARRIVED, BOOKED, FULFILLED, LIVE, NOSHOW, Appointment
from booking.store.changes import Fee
from booking.store.clinics import all_clinics
from booking.store.courses import Screening
from booking.store.protocols import Protocol as ProtocolRow
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import taken_rows
from booking.store.unit_of_work import unit_of_work

WEEKS_BACK, WEEKS_AHEAD = 10, 42
LEAD, TAIL = timedelta(weeks=10), timedelta(weeks=18)
"""How far before and after the range the courses at its edges reach."""

NEW_PATIENTS = 0.4
"""The share of courses that begin with a first visit."""
VISITS = ("needle-session", "needle-session", "needle-session", "first-visit")
"""The single visits, as often as they come."""
BY_COURSES = 0.8
"""How much of what is to be booked the courses take; single visits take the rest."""
MISSED = 0.03
"""The share of past appointments to which nobody came."""

NOTHING = HealthCheck.none_apply()
NOTES = (HealthCheck(Gate.YES, frozenset({"device"})), HealthCheck(Gate.YES, frozenset({"fear"})))
ONE_NOTE_IN = 6
"""Of so many patients one answers what the clinician should know."""
NEEDS = (("quiet_room",), ("lie_down",), ("companion",), ("hearing_loop",), ("dim_light", "stairs"))
ONE_NEED_IN = 7
CALLS = tuple(HealthCheck(Gate.YES, frozenset({each})) for each in ("immune", "bleeding", "acute"))
MOST_CALLS = 6
CALLED_AHEAD = timedelta(days=4), timedelta(days=24)
"""How soon the courses begin about which somebody is to be rung."""
ASKED_AGO = tuple(timedelta(hours=hours) for hours in (19, 2, 1))
"""When they were asked for, so that their deadlines differ."""

_SEED = 20270301

T = TypeVar("T")

Told = Callable[[float], None]
"""Is told how much of the work is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many courses and single visits were booked, with how many appointments, and the share that is booked now."""

    courses: int
    visits: int
    appointments: int
    share: float


def fill(office: Office, share: float, *, now: datetime, at: datetime, told: Told) -> Filled:
    """Books `share` (0 to 1) of the needle time from 10 weeks ago to 42 weeks ahead, all in one unit of work.

    What is booked already counts, so a second call books nothing. The same house on the same day is filled with the
    same times. `now` is the clinic's clock, `at` the machine's.
    """
    return unit_of_work(lambda session: _Filling(session, office, share, now=now, at=at).run(told))


class _Filling:
    """One run of filling. Keeps one availability in memory and takes from it what it books."""

    def __init__(self, session: Session, office: Office, share: float, *, now: datetime, at: datetime) -> None:
        self._session, self._office, self._now, self._at = session, office, now, at
        self._share, self._random = share, Random(_SEED)
        self._first = monday_of(oslo(now).date() - timedelta(weeks=WEEKS_BACK))
        self._weeks = WEEKS_BACK + WEEKS_AHEAD
        since, until = self._first - LEAD, self._first + timedelta(weeks=self._weeks) + TAIL
        clinics = tuple(clinic.id for clinic in all_clinics(session))
        self._free = availability_for(session, office, clinics, (since, until), now=at_wall(since, 0))
        self._empty = Availability(self._free.schedule, since, until, (), earliest=at_wall(since, 0))
        self._clinics = {clinic.id: clinic for clinic in self._free.schedule.clinics}
        self._rows = list(session.scalars(select(ProtocolRow)))  # kept here, the session need not read them again
        self._course = _protocol(session, NINE_WEEKS)
        self._visits = [_protocol(session, slug) for slug in VISITS]
        self._needle = self._course.weekly[0].treatment
        self._patients = _patients(demonstration_facts()["patients"], self._random)
        self._capacity = [self._places_in(week) for week in range(self._weeks)]
        self._booked = [0.0] * self._weeks
        self._made: dict[int, Plan] = {}
        self._called = 0

    def run(self, told: Told) -> Filled:
        self._count_booked()
        if self._missing() > 0:
            self._book_courses(lambda done: told(done * BY_COURSES))
            self._book_visits(lambda done: told(BY_COURSES + done * (1 - BY_COURSES)))
            self._look_back()
        told(1.0)
        return self._filled()

    # -- courses --------------------------------------------------------------------------------------------

    def _book_courses(self, told: Told) -> None:
        """Courses in every lane, one after another with weeks between, in the order in which they begin."""
        starts = sorted(self._starts())
        for number, (monday, pattern) in enumerate(starts):
            if self._missing() > 0:
                self._book_course(pattern, monday)
            told(number / len(starts))

    def _starts(self) -> Iterator[tuple[date, Pattern]]:
        """When the courses of each lane begin; the first ones so that some are in mid-run at the left edge."""
        end = self._first + timedelta(weeks=self._weeks)
        for lane in self._lanes():
            monday = self._first + timedelta(weeks=self._random.randrange(-8, max(self._cycle() - 8, 1)))
            while monday < end:
                yield monday, lane
                monday += timedelta(weeks=self._cycle())

    def _cycle(self) -> int:
        """Weeks from one course of a lane to the next, so that courses take their part of the share."""
        places = len(self._course.weekly) + len(self._course.reviews) + NEW_PATIENTS
        weeks = places / max(self._share * BY_COURSES, 0.01) + self._random.uniform(-3, 3)
        return max(len(self._course.weekly), round(weeks))

    def _lanes(self) -> Iterator[Pattern]:
        """The places of an ordinary week: of each weekday, those of the one in four weeks that has most."""
        for clinic in self._clinics.values():
            for weekday in range(7):
                days = [self._first + timedelta(days=weekday, weeks=week) for week in range(4)]
                for clinician, step in max((self._places(clinic, day) for day in days), key=len):
                    yield Pattern(weekday, step * STEP_MINUTES, clinician, clinic.id)

    def _book_course(self, pattern: Pattern, monday: date) -> None:
        wishes = Wishes((pattern.clinic,), monday, new_patient=self._random.random() < NEW_PATIENTS)
        then = at_wall(monday, 0)
        last = needed_range(self._course, wishes, then)[1]
        limits = Limits((last - monday).days, timedelta())
        plan = plan_pattern(self._course, wishes, self._free, pattern, now=then, limits=limits)
        if plan is not None:
            self._enter(self._course, plan, self._free, new_patient=wishes.new_patient)

    # -- single visits --------------------------------------------------------------------------------------

    def _book_visits(self, told: Told) -> None:
        """Single visits in the emptiest weeks, until the share is reached or nothing is free any more."""
        weeks = {week: free for week, free in enumerate(self._week_by_week()) if self._capacity[week]}
        begun = self._missing()
        while weeks and self._missing() > 0:
            week = min(weeks, key=lambda each: (self._booked[each] / self._capacity[each], each))
            if not self._book_visit(weeks[week]):
                del weeks[week]
            told(1 - max(self._missing(), 0) / begun)

    def _week_by_week(self) -> Iterator[Availability]:
        """What is still free, in weeks: looking at seven days is quicker than looking at all of them."""
        schedule, since = self._free.schedule, at_wall(self._first, 0)
        until = at_wall(self._first + timedelta(weeks=self._weeks), 0)
        taken = taken_rows(self._session, schedule, Period(since, until), now=since)
        for week in range(self._weeks):
            monday = self._first + timedelta(weeks=week)
            yield Availability(schedule, monday, monday + timedelta(days=6), taken, earliest=since)

    def _book_visit(self, free: Availability) -> bool:
        """One visit at any free time of the week; False if there is none."""
        for protocol in (self._random.choice(self._visits), self._visits[0]):
            if times := list(self._times(free, protocol)):
                plan = self._single(free, protocol, *self._random.choice(times))
                self._enter(protocol, plan, free, new_patient=True)
                return True
        return False

    def _times(self, free: Availability, protocol: Protocol) -> Iterator[tuple[date, int, int, int]]:
        """(day, step, clinician, clinic) of all that is free for the protocol's one step."""
        treatment = protocol.weekly[0].treatment
        for clinician, clinic in self._pairs():
            for index, starts in enumerate(free.starts(clinician, clinic, treatment.minutes)):
                yield from ((free.day(index), step, clinician, clinic) for step in bits(starts))

    def _single(
        self, free: Availability, protocol: Protocol, day: date, step: int, clinician: int, clinic: int
    ) -> Plan:
        wishes = Wishes((clinic,), day, clinician, only_her=True)
        start = at_wall(day, step * STEP_MINUTES)
        return plan_single(protocol, wishes, free, start, clinician=clinician, clinic=clinic)

    # -- booking --------------------------------------------------------------------------------------------

    def _enter(self, protocol: Protocol, plan: Plan, free: Availability, *, new_patient: bool) -> None:
        """Books the plan, as of some days before it begins (of today at the latest), and takes it from `free`."""
        made = min(plan.appointments[0].start - timedelta(days=self._random.randint(2, 20)), self._now)
        check = self._check()
        if protocol is self._course and self._is_to_be_called(plan.appointments[0].start):
            made, check = self._now - _turn(ASKED_AGO, self._called), _turn(CALLS, self._called)
            self._called += 1
        course = enter(
            self._session,
            self._office,
            protocol.id,
            next(self._patients),
            plan.appointments,
            check=check,
            new_patient=new_patient,
            now=made,
            at=self._at,
        )
        self._made[course.id] = plan
        for each in plan.appointments:
            free.take(each.clinician, each.room, seconds_of(each.start), seconds_of(each.end))
            self._count(each.clinic, each.start, each.end)

    def _check(self) -> HealthCheck:
        """What a patient answers about her health, by turns."""
        number = len(self._made)
        return NOTHING if number % ONE_NOTE_IN else _turn(NOTES, number // ONE_NOTE_IN)

    def _is_to_be_called(self, start: datetime) -> bool:
        """Every other course that begins soon, until there are enough."""
        soonest, latest = CALLED_AHEAD
        soon = soonest <= start - self._now <= latest
        return soon and self._called < MOST_CALLS and len(self._made) % 2 == 0

    def _look_back(self) -> None:
        """What lies in the past has been: most people came, some did not and owe the price. What has begun is going on,
        and what somebody should know of who comes is known."""
        ours = Appointment.course_id.in_(self._made), Appointment.status == BOOKED
        past, begun = (*ours, Appointment.ends_at <= self._now), (*ours, Appointment.starts_at <= self._now)
        ids = list(self._session.scalars(select(Appointment.id).where(*past).order_by(Appointment.id)))
        missed = self._random.sample(ids, round(len(ids) * MISSED))
        known = select(Appointment.course_id).where(*begun)
        self._session.execute(
            update(Screening).where(Screening.course_id.in_(known)).values(read_at=Screening.answered_at)
        )
        self._owe(missed)
        self._session.execute(update(Appointment).where(Appointment.id.in_(missed)).values(status=NOSHOW))
        self._session.execute(update(Appointment).where(*past).values(status=FULFILLED))
        self._session.execute(update(Appointment).where(*begun).values(status=ARRIVED))

    def _owe(self, missed: list[int]) -> None:
        rows = select(Appointment.id, Appointment.course_id, Appointment.price, Appointment.ends_at)
        self._session.add_all(
            Fee(course_id=course, appointment_id=id, amount=price, excused=False, made_at=ended)
            for id, course, price, ended in self._session.execute(rows.where(Appointment.id.in_(missed)))
            if price
        )

    # -- how full -------------------------------------------------------------------------------------------

    def _filled(self) -> Filled:
        lengths = [len(plan.appointments) for plan in self._made.values()]
        visits = lengths.count(1)
        share = sum(self._booked) / max(sum(self._capacity), 1)
        return Filled(len(lengths) - visits, visits, sum(lengths), share)

    def _missing(self) -> float:
        """Places that are still to be booked."""
        return self._share * sum(self._capacity) - sum(self._booked)

    def _count_booked(self) -> None:
        known = select(Appointment.clinic_id, Appointment.starts_at, Appointment.ends_at)
        for row in self._session.execute(known.where(Appointment.status.in_(LIVE))):
            self._count(*row)

    def _count(self, clinic_id: int, start: datetime, end: datetime) -> None:
        week = (oslo(start).date() - self._first).days // 7
        if 0 <= week < self._weeks:
            clinic = self._clinics[clinic_id]
            minutes = (end - start) // timedelta(minutes=1)
            self._booked[week] += minutes_taken(clinic, minutes) / minutes_taken(clinic, self._needle.minutes)

    def _places_in(self, week: int) -> int:
        return sum(len(self._places(clinic, day)) for clinic in self._clinics.values() for day in self._days(week))

    def _places(self, clinic: Clinic, day: date) -> list[Place]:
        return places_on(self._empty, clinic, self._needle, day)

    def _pairs(self) -> list[tuple[int, int]]:
        """Who needles, and where."""
        needling = [clinician.id for clinician in self._free.schedule.clinicians if clinician.needles]
        return [(who, clinic) for who in needling for clinic in self._clinics if self._free.works_at(who, clinic)]

    def _days(self, week: int) -> list[date]:
        return [self._first + timedelta(days=day, weeks=week) for day in range(7)]


def _protocol(session: Session, slug: str) -> Protocol:
    found = protocol_by_slug(session, slug)
    if found is None:
        raise LookupError(f"the demonstration data has no protocol {slug}")
    return found


def _patients(facts: Mapping[str, Any], random: Random) -> Iterator[Details]:
    """Patients without e-mail, one after another; half of them with a telephone number, no two with one birth date."""
    born = date(1938, 1, 1)
    for each in count():
        born += timedelta(days=random.randint(3, 12))
        number = random.randint(facts["phone_first"], facts["phone_last"])
        yield Details(
            name=f"{random.choice(facts['first_names'])} {random.choice(facts['last_names'])}",
            birth_date=born,
            mobile=f"{facts['phone_prefix']}{number:02}" if random.random() < 0.5 else None,
            language=random.choice(("nb", "nb", "nb", "en")),
            needs=() if each % ONE_NEED_IN else _turn(NEEDS, each // ONE_NEED_IN),
        )


def _turn(choices: Sequence[T], number: int) -> T:
    return choices[number % len(choices)]
