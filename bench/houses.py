"""Houses: databases of a known size, booked out to a known share, always the same.

They hold the demonstration data; a large one has clinics of five clinicians more. Times are booked in runs of nine
weeks at one weekday and time, as courses would, written into the tables directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, inspect
from sqlalchemy.orm import Session

from booking.domain.period import STEP_MINUTES, Period, at_wall, monday_of, oslo, seconds_of
from booking.domain.places import minutes_taken, places_on
from booking.domain.protocol import Protocol
from booking.domain.slot import Availability
from booking.services.holds import claim_rows
from booking.services.links import new_links
from booking.services.office import Office
from booking.services.proposals import NINE_WEEKS
from booking.services.soonest import look_ahead
from booking.store.appointments import BOOKED, Appointment, Claim
from booking.store.clinics import Clinic, Room, all_clinics
from booking.store.courses import RUNNING, Course
from booking.store.database import Base, utc
from booking.store.patients import Patient
from booking.store.people import Clinician, all_clinicians
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import Break, Hours, HoursDay, schedule_of
from booking.store.soonest import Look, keep_looks, looks

SHARE = 0.6
CLINICIANS_A_CLINIC, ROOMS_A_CLINIC = 5, 4
OPEN = (8 * 60, 16 * 60)
LUNCH = (12 * 60, 12 * 60 + 30)
WEEKS_A_COURSE = 9

_SEED = 20270301


@dataclass(frozen=True, slots=True)
class Booked:
    """A time that is taken; `start` and `end` in UTC."""

    clinic: int
    clinician: int
    room: int
    start: datetime
    end: datetime


def add_clinics(
    session: Session, count: int, *, clinicians: int = CLINICIANS_A_CLINIC, rooms: int = ROOMS_A_CLINIC
) -> tuple[int, ...]:
    """So many clinics, each with so many clinicians who work there from Monday to Friday; their ids."""
    pattern, colleague = all_clinics(session)[0], all_clinicians(session)[0]
    position = max(clinic.position for clinic in all_clinics(session))
    ids = []
    for number in range(position + 1, position + 1 + count):
        clinic = Clinic(**_copied(pattern, slug=f"bench-{number}", position=number))
        clinic.rooms = [Room(name=str(each)) for each in range(1, rooms + 1)]
        people = [
            Clinician(**_copied(colleague, slug=f"bench-{number}-{each}", needles=True)) for each in range(clinicians)
        ]
        session.add_all([clinic, *people])
        session.flush()
        session.add(Break(clinic_id=clinic.id, start_minute=LUNCH[0], end_minute=LUNCH[1]))
        session.add_all(_hours(clinic.id, owner) for owner in (None, *(person.id for person in people)))
        ids.append(clinic.id)
    session.flush()
    return tuple(ids)


def book_out(session: Session, clinics: Sequence[int], weeks: int, *, now: datetime, claims: bool) -> int:
    """Books `SHARE` of these clinics' needle time for so many weeks from this one on; how many appointments."""
    first = monday_of(oslo(now).date())
    taken = list(_taken(session, clinics, first, first + timedelta(weeks=weeks, days=-1)))
    ids = _book(session, new_course(session, now=now), taken, now=now)
    if claims:
        _claim(session, taken, ids)
    return len(taken)


def long_course(session: Session, office: Office, appointments: int, *, now: datetime) -> Course:
    """A course of so many sessions, two each weekday, with its links."""
    course = new_course(session, now=now)
    new_links(session, office, course)
    clinic, clinician = all_clinics(session)[0], all_clinicians(session)[0]
    today = oslo(now).date()
    days = [day for day in (today + timedelta(days=each) for each in range(appointments)) if day.weekday() < 5]
    starts = [at_wall(day, minute) for day in days for minute in (9 * 60, 15 * 60)][:appointments]
    length = timedelta(minutes=30)
    times = [Booked(clinic.id, clinician.id, clinic.rooms[0].id, start, start + length) for start in starts]
    _book(session, course, times, now=now)
    return course


def look_ahead_everywhere(office: Office, *, now: datetime) -> None:
    """What the worker looks up round by round, at once; nothing of it passes by within the next hour."""
    later = replace(office, notice=office.notice + timedelta(hours=1))
    while look_ahead(later, now=now):
        pass


def find_free_everywhere(session: Session, *, now: datetime) -> None:
    """Puts down as looked up just now that everybody has a course free, each an hour after the one before her; for a
    house in which it would take long to look."""
    pairs = [look[:2] for look in looks(session, today=oslo(now).date())]
    first, at = seconds_of(now + timedelta(days=3)), seconds_of(now)
    nine = seconds_of(now + timedelta(weeks=9)) - at
    visits = range(first, first + 3600 * len(pairs), 3600)
    keep_looks(
        session,
        [
            Look(
                *pair,
                visit_at=visit,
                first_visit_at=visit,
                starts_at=visit + 60,
                ends_at=visit + nine,
                moved=0,
                looked_at=at,
            )
            for pair, visit in zip(pairs, visits, strict=True)
        ],
    )


def nine_weeks(session: Session) -> Protocol:
    protocol = protocol_by_slug(session, NINE_WEEKS)
    assert protocol is not None  # the demonstration data has it
    return protocol


def _taken(session: Session, clinics: Sequence[int], first: date, last: date) -> Iterator[Booked]:
    """One time after another, day by day, rooms shared out from the first hour on."""
    random, lanes = Random(_SEED), dict[tuple[int, int, int], list[bool]]()
    treatment = nine_weeks(session).weekly[0].treatment
    period = Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
    empty = Availability(schedule_of(session, clinics, period), first, last, (), earliest=period.start)
    for clinic in (clinic for clinic in empty.schedule.clinics if clinic.id in clinics):
        length = minutes_taken(clinic, treatment.minutes) // STEP_MINUTES
        for index in range(empty.days):
            day, rooms = empty.day(index), dict.fromkeys(clinic.rooms, 0)
            for clinician, step in places_on(empty, clinic, treatment, day):
                lane = lanes.setdefault((clinician, day.weekday(), step), _weeks_taken(random, empty.days // 7))
                if lane[index // 7]:
                    room = next(room for room, until in rooms.items() if until <= step)
                    rooms[room] = step + length
                    start = at_wall(day, step * STEP_MINUTES)
                    yield Booked(clinic.id, clinician, room, start, start + timedelta(minutes=treatment.minutes))


def _weeks_taken(random: Random, weeks: int) -> list[bool]:
    """Of each week, whether a course is in it: courses of nine weeks, and as many between them as make the share."""
    mean = WEEKS_A_COURSE / SHARE - WEEKS_A_COURSE
    begun = -random.randint(0, round(WEEKS_A_COURSE + mean))
    taken: list[bool] = []
    while len(taken) < weeks - begun:
        taken += [True] * WEEKS_A_COURSE + [False] * random.randint(0, round(2 * mean))
    return taken[-begun : weeks - begun]


def new_course(session: Session, *, now: datetime) -> Course:
    """Whose the times are: many of one course, for nothing that is measured asks."""
    patient = Patient(birth_date=date(1957, 5, 17), created_at=utc(now))
    session.add(patient)
    session.flush()
    course = Course(
        reference=f"BENCH-{patient.id}",
        patient_id=patient.id,
        protocol_id=nine_weeks(session).id,
        status=RUNNING,
        new_patient=False,
        name="Kari Eksempel",
        email="kari@pasient.example",
        language="en",
        channel="subscription",
        needs=[],
        created_at=utc(now),
        changed_at=utc(now),
        revision=1,
    )
    session.add(course)
    session.flush()
    return course


def _book(session: Session, course: Course, taken: Sequence[Booked], *, now: datetime) -> Sequence[int]:
    treatment = nine_weeks(session).weekly[0].treatment
    rows = [
        {
            "course_id": course.id,
            "kind": "session",
            "number": number,
            "treatment_id": treatment.id,
            "clinic_id": each.clinic,
            "clinician_id": each.clinician,
            "room_id": each.room,
            "starts_at": each.start,
            "ends_at": each.end,
            "price": treatment.price,
            "status": BOOKED,
            "uid": f"{course.id}-{number}@bench.example",
            "updated_at": now,
        }
        for number, each in enumerate(taken, 1)
    ]
    return session.scalars(insert(Appointment).returning(Appointment.id, sort_by_parameter_order=True), rows).all()


def _claim(session: Session, taken: Sequence[Booked], ids: Sequence[int]) -> None:
    """The claims of clinician and room; every clinic's buffer is one step."""
    times = ((i, t.clinician, t.room, t.start, t.end) for i, t in zip(ids, taken, strict=True))
    columns = ("resource", "resource_id", "step", "appointment_id", "held_time_id", "expires_at")
    rows = [dict(zip(columns, row, strict=True)) for row in claim_rows(times, 1, held=False)]
    session.execute(insert(Claim), rows)


def _hours(clinic: int, clinician: int | None) -> Hours:
    days = [HoursDay(weekday=weekday, start_minute=OPEN[0], end_minute=OPEN[1]) for weekday in range(5)]
    return Hours(clinic_id=clinic, clinician_id=clinician, valid_from=date(2026, 1, 1), valid_until=None, days=days)


def _copied(row: Base, **changes: Any) -> dict[str, Any]:
    """The columns of a row but its id, with changes."""
    columns = [column.key for column in inspect(row).mapper.columns if not column.primary_key]
    return {column: getattr(row, column) for column in columns} | changes
