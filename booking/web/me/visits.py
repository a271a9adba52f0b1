"""Visits: a course's appointments with everything that her page says about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.appointment import Charge
from booking.domain.period import Period, at_wall, oslo
from booking.domain.protocol import StepKind
from booking.services.changes import charges_each
from booking.store.appointments import BOOKED, CANCELLED, FULFILLED, NOSHOW, PENDING, Appointment
from booking.store.clinics import Clinic, all_clinics
from booking.store.courses import Course
from booking.store.people import Clinician, all_clinicians
from booking.store.protocols import Treatment, all_treatments
from booking.store.schedules import schedule_of
from booking.web import pictures
from booking.web.language import current_language
from booking.web.site.hours import open_day, openings_of

KINDS = ("pick", "moved", "next", "done", "missed", "first", "review", "shut")
"""What cells of the picture can be, in the order in which the key explains them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One appointment. `charge`: what cancelling it costs now; `state` as in the picture."""

    appointment: Appointment
    clinic: Clinic
    clinician: Clinician
    treatment: Treatment
    charge: Charge
    state: str

    @property
    def period(self) -> Period:
        return self.appointment.period


@dataclass(frozen=True, slots=True)
class Told:
    """`visits` in order of time, without cancelled ones; `next`: the first that is not over."""

    visits: tuple[Visit, ...]
    next: Visit | None
    picture: pictures.Picture | None
    kinds: tuple[str, ...]

    @property
    def price(self) -> int:
        return sum(visit.appointment.price for visit in self.visits)

    @property
    def clinics(self) -> list[Clinic]:
        """The places of the visits that are to come, each once; of all visits when none is."""
        coming = [visit for visit in self.visits if visit.state in ("", "next")] or self.visits
        return list({visit.clinic.id: visit.clinic for visit in coming}.values())

    @property
    def needles(self) -> bool:
        return any(visit.treatment.needles for visit in self.visits)


def told_of(session: Session, course: Course, *, now: datetime) -> Told:
    """What the pages of a course show, at `now` (aware)."""
    visits = visits_of(session, course, now=now)
    picture = _picture(session, visits) if len(visits) > 1 else None
    ahead = _ahead(course, now=now)
    return Told(visits, next((v for v in visits if v.appointment is ahead), None), picture, _kinds(picture))


def visits_of(session: Session, course: Course, *, now: datetime) -> tuple[Visit, ...]:
    """The visits of a course in order of time, without cancelled ones."""
    ahead = _ahead(course, now=now)
    clinics = {clinic.id: clinic for clinic in all_clinics(session)}
    clinicians = {clinician.id: clinician for clinician in all_clinicians(session)}
    treatments = {treatment.id: treatment for treatment in all_treatments(session)}
    costs = charges_each(session, course, now=now)
    return tuple(
        Visit(
            appointment=a,
            clinic=clinics[a.clinic_id],
            clinician=clinicians[a.clinician_id],
            treatment=treatments[a.treatment_id],
            charge=costs[a.id],
            state=_state(a, ahead, now=now),
        )
        for a in course.appointments
        if a.status != CANCELLED
    )


def drawn(visit: Visit) -> pictures.Visit:
    """The visit as the picture and the list take it."""
    a = visit.appointment
    return pictures.Visit(
        kind=StepKind(a.kind),
        number=a.number,
        start=a.starts_at,
        end=a.ends_at,
        where=visit.clinic.name,
        who=visit.clinician.name,
        deviation=a.deviation,
        state=visit.state,
    )


def _ahead(course: Course, *, now: datetime) -> Appointment | None:
    """The first visit that is not over."""
    coming = (a for a in course.appointments if a.status in (BOOKED, PENDING) and a.ends_at > now)
    return next(coming, None)


def _state(appointment: Appointment, ahead: Appointment | None, *, now: datetime) -> str:
    if appointment.status == NOSHOW:
        return "missed"
    if appointment.status == FULFILLED or appointment.ends_at <= now:
        return "done"
    return "next" if appointment is ahead and appointment.status == BOOKED else ""


def picture_on(session: Session, visits: Sequence[pictures.Visit], clinic_id: int) -> pictures.Picture:
    """The picture of these visits on the days on which a clinic is open."""
    first, last = (oslo(each.start).date() for each in (visits[0], visits[-1]))
    ground = pictures.Ground(closed=_closed(session, clinic_id, first - timedelta(days=6), last + timedelta(days=6)))
    return pictures.picture_of(visits, ground, _("All visits, weeks across and days down"))


def _picture(session: Session, visits: Sequence[Visit]) -> pictures.Picture:
    clinic = Counter(visit.clinic.id for visit in visits).most_common(1)[0][0]
    return picture_on(session, [drawn(visit) for visit in visits], clinic)


def _closed(session: Session, clinic_id: int, first: date, last: date) -> dict[date, str]:
    """The dates on which the clinic is not open, each with the name of what closes it, or '' for its weekly day off."""
    schedule = schedule_of(session, [clinic_id], Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0)))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    openings = openings_of(schedule)[clinic_id]
    found = (open_day(openings, day) for day in days)
    return {each.day: ", ".join(n[current_language()] for n in each.closed_by) for each in found if not each.open}


def _kinds(picture: pictures.Picture | None) -> tuple[str, ...]:
    if picture is None:
        return ()
    used = {cell.kind for week in picture.weeks for cell in week.cells}
    return tuple(kind for kind in KINDS if kind in used)
