"""Handover: all that is still to come of a course goes to another clinician, by the same rules, and is told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.changing import pattern_of
from booking.domain.course import Plan, Planned
from booking.domain.errors import ChangedMeanwhile, NotAllowed
from booking.domain.period import oslo
from booking.services.alteration import give_up
from booking.services.claims import reclaim
from booking.services.logbook import Who, note
from booking.services.office import Office
from booking.services.proposals import Asked
from booking.services.replanning import replan_within, rest_hold, rest_proposal
from booking.services.standing import coming_of, rest_key, standing_of
from booking.services.status import about
from booking.store.appointments import Appointment
from booking.store.clinics import all_clinics
from booking.store.courses import RUNNING, Course, course_to_change
from booking.store.holds import hold_of
from booking.store.people import Clinician, all_clinicians
from booking.store.schedules import workplaces
from booking.store.unit_of_work import unit_of_work

MOST = 3
"""How many proposals are shown."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One proposal. `pairs`: each appointment to come with its new place, in order of time; `kept`: how many of them
    stay at their time."""

    plan: Plan
    pairs: tuple[tuple[Appointment, Planned], ...]

    @property
    def kept(self) -> int:
        return sum(appointment.starts_at == planned.start for appointment, planned in self.pairs)


def colleagues(session: Session, course: Course, *, now: datetime) -> list[Clinician]:
    """Who could go on with the course, in display order: those at its clinics first."""
    coming = coming_of(course, now=now)
    here, present = {a.clinic_id for a in coming}, {a.clinician_id for a in coming}
    places: dict[int, set[int]] = {}
    for clinic_id, clinician_id in workplaces(session, today=oslo(now).date()):
        places.setdefault(clinician_id, set()).add(clinic_id)
    able = [each for each in all_clinicians(session) if each.needles and each.id in places and present != {each.id}]
    return sorted(able, key=lambda each: not places[each.id] & here)


def handovers(
    session: Session, office: Office, course: Course, clinician: Clinician, *, now: datetime
) -> list[Handover]:
    """How the rest of the course could go on with her: what keeps most of its times first.

    Raises NotAllowed if nothing is to come, or the course does not run.
    """
    coming = coming_of(course, now=now)
    if course.status != RUNNING or not coming:
        raise NotAllowed("hand over", course.status)
    found: dict[object, Handover] = {}
    for asked in _asked(session, course, clinician, now=now):
        for plan in rest_proposal(session, office, course, asked, now=now).plans:
            found.setdefault(plan.pattern, Handover(plan, tuple(_pairs(coming, plan.appointments))))
    return sorted(found.values(), key=lambda each: -each.kept)[:MOST]


def hand_over(
    office: Office, course_id: int, plan: Plan, *, revision: int, who: Who, now: datetime, at: datetime
) -> None:
    """Puts what is to come of the course as it was at `revision` where the plan says, as one change. It can be undone
    for a while, and then the patient is told. Raises ChangedMeanwhile, NotAllowed, SlotTaken."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if course.revision != revision:
            raise ChangedMeanwhile
        if course.status != RUNNING:
            raise NotAllowed("hand over", course.status)
        _keep(session, office, course, plan, now=now)
        change = replan_within(session, office, course_id, by=Actor.CLINIC, now=now, at=at)
        change.account_id = who.account_id
        detail = {"clinician": plan.pattern.clinician}
        note(session, office, who, "hand_over", about(course), detail=detail, now=now)

    unit_of_work(work)


def _keep(session: Session, office: Office, course: Course, plan: Plan, *, now: datetime) -> None:
    """Takes the times of the plan, instead of others that the patient looks at for the rest of her course."""
    older = hold_of(session, rest_key(course.id))
    if older is not None:
        give_up(session, course, [older], now=now)
    session.add(rest_hold(office, course, plan, now=now))
    reclaim(session, course, (), now=now)


def _asked(session: Session, course: Course, clinician: Clinician, *, now: datetime) -> Iterator[Asked]:
    """First on the weekday of now at the clinic of now, then whenever she can, from the week of the next one on."""
    pattern = pattern_of([each for each in standing_of(session, course, now=now) if not each.fixed])
    hers = {clinic for clinic, who in workplaces(session, today=oslo(now).date()) if who == clinician.id}
    slugs = {clinic.id: clinic.slug for clinic in all_clinics(session)}
    here = [slugs[pattern.clinic]] if pattern.clinic in hers else [slugs[each] for each in sorted(hers)]
    start = max(oslo(coming_of(course, now=now)[0].starts_at).date(), oslo(now).date())
    asked = Asked(clinics=tuple(here), clinician=clinician.slug, only_her=True, start=start)
    yield replace(asked, days=frozenset({pattern.weekday}))
    yield asked


def _pairs(coming: Sequence[Appointment], planned: Sequence[Planned]) -> Iterator[tuple[Appointment, Planned]]:
    """Each appointment with what becomes of it: those of a kind in order of time."""
    rest = sorted(planned, key=lambda each: each.start)
    for appointment in coming:
        new = next((each for each in rest if each.step.kind.value == appointment.kind), None)
        if new is not None:
            rest.remove(new)
            yield appointment, new
