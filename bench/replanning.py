"""An ill clinician's week planned anew among ten colleagues, against finding where each of her patients could go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import houses
from bench.lines import Question
from bench.measure import Side
from booking.domain.period import Period, at_wall, monday_of, oslo
from booking.services.disruptions import Cause, CauseKind, disrupt
from booking.services.logbook import COMMAND
from booking.services.office import Office
from booking.services.relocation import movers_of, proposals
from booking.store.appointments import CANCELLED, Appointment
from booking.store.disruptions import Disruption
from booking.store.schedules import workplaces

REFERENCE = "finding every place that each of them could have"
COLLEAGUES = 10
ROOMS = 9
ILL_IN = 4
"""Weeks from now."""


def ill_week(session: Session, office: Office, appointments: int, weeks: int, *, now: datetime) -> int:
    """A clinic of eleven, booked out, where one is ill for a week with so many appointments, each of a course of its
    own; the disruption's id."""
    clinics = houses.add_clinics(session, 1, clinicians=COLLEAGUES + 1, rooms=ROOMS)
    houses.book_out(session, clinics, weeks, now=now, claims=False)
    clinician = next(who for clinic, who in workplaces(session, today=now.date()) if clinic in clinics)
    monday = monday_of(oslo(now).date()) + timedelta(weeks=ILL_IN)
    period = Period(at_wall(monday, 0), at_wall(monday + timedelta(days=7), 0))
    for place, run in enumerate(_runs(session, clinician, period)):
        course = houses.new_course(session, now=now)
        for number, appointment in enumerate(run, 1):
            appointment.course_id, appointment.number = course.id, number
            if place >= appointments:
                appointment.status = CANCELLED
    session.flush()
    cause = Cause(kind=CauseKind.ABSENCE, period=period, clinician_id=clinician)
    disruption = disrupt(session, office, cause, COMMAND, now=now)
    assert disruption is not None
    return disruption.id


def question(session: Session, office: Office, disruption_id: int, *, now: datetime) -> Question:
    disruption = session.get_one(Disruption, disruption_id)
    appointments = [session.get_one(Appointment, row.appointment_id) for row in disruption.touched]

    def find() -> object:
        return movers_of(session, office, appointments, now=now)

    def plan() -> object:
        return proposals(session, office, disruption, now=now)

    found, exact = proposals(session, office, disruption, now=now)
    assert exact
    moved = sum(each.to is not None for each in found.values())
    return Question(
        name="an ill clinician's week planned anew",
        aim=1,
        reference=REFERENCE,
        data=f"{len(appointments)} appointments, {COLLEAGUES} colleagues, {moved} find a place",
        measured=Side(lambda _: plan()),
        against=Side(lambda _: find()),
        seconds=0,
    )


def _runs(session: Session, clinician: int, period: Period) -> list[Sequence[Appointment]]:
    """Her appointments in `period`, each with those at the same time of the weeks around it, nine at most."""
    rows = select(Appointment).where(Appointment.clinician_id == clinician).order_by(Appointment.starts_at)
    lanes: defaultdict[tuple[int, int], list[Appointment]] = defaultdict(list)
    for appointment in session.scalars(rows):
        start = oslo(appointment.starts_at)
        lanes[start.weekday(), start.hour * 60 + start.minute].append(appointment)
    return [run for lane in lanes.values() for run in _run(lane, period)]


def _run(lane: Sequence[Appointment], period: Period) -> Iterator[Sequence[Appointment]]:
    for at, appointment in enumerate(lane):
        if period.start <= appointment.starts_at < period.end:
            first = max(at - houses.WEEKS_A_COURSE // 2, 0)
            near = lane[first : first + houses.WEEKS_A_COURSE]
            weeks = timedelta(weeks=houses.WEEKS_A_COURSE)
            yield [each for each in near if abs(each.starts_at - appointment.starts_at) < weeks]
