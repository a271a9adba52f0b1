"""Clinics: where they are, when they are open, who works there, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import chain, groupby

from flask import abort, render_template
from sqlalchemy.orm import Session

from booking.domain.period import Period, oslo
from booking.domain.schedule import Schedule
from booking.services.proposals import NINE_WEEKS
from booking.store.clinics import Clinic, all_clinics, clinic_by_slug
from booking.store.database import db
from booking.store.people import Clinician, all_clinicians
from booking.store.protocols import all_treatments, protocol_by_slug
from booking.store.schedules import schedule_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.language import current_language
from booking.web.site.hours import DAYS_AHEAD, closings_ahead, days_of, open_day, week_of
from booking.web.site.prose import blocks


@open_to(Rule.EVERYBODY)
def clinics() -> str:
    """All clinics, by county."""
    session, today = db.session(), oslo(clock.now()).date()
    found = all_clinics(session)
    schedule = facts_of(session, found)
    clinicians = {clinic.id: _who_work_at(session, schedule, clinic) for clinic in found}
    return render_template(
        "site/clinics.html",
        counties=_by_county(found),
        today={clinic.id: open_day(schedule, clinic.id, today) for clinic in found},
        clinicians=clinicians,
        article_hidden=beside_not_authorised(chain(*clinicians.values())),
    )


@open_to(Rule.EVERYBODY)
def clinic(slug: str) -> str:
    session, today = db.session(), oslo(clock.now()).date()
    found = clinic_by_slug(session, slug)
    if found is None:
        abort(404)
    schedule = facts_of(session, [found])
    clinicians = _who_work_at(session, schedule, found)
    return render_template(
        "site/clinic.html",
        clinic=found,
        intro=blocks(found.intro[current_language()]),
        today=today,
        week=week_of(schedule, found.id, today),
        closings=closings_ahead(schedule, found.id, today),
        clinicians=clinicians,
        days={each.id: days_of(schedule, found.id, each.id, today) for each in clinicians},
        treatments=all_treatments(session),
        course=protocol_by_slug(session, NINE_WEEKS),
        article_hidden=beside_not_authorised(clinicians),
    )


def facts_of(session: Session, clinics: Iterable[Clinic]) -> Schedule:
    """Hours and closings of the clinics, from this week until as far ahead as their pages look."""
    now = clock.now()
    seen = Period(now - timedelta(days=7), now + timedelta(days=DAYS_AHEAD + 7))
    return schedule_of(session, [clinic.id for clinic in clinics], seen)


def beside_not_authorised(clinicians: Iterable[Clinician]) -> bool:
    """Whether the page must not lead to an article on an illness.

    Beside somebody who is not authorised health personnel such a link is a claim of effect (regulation 2003-12-11-1501,
    section 2).
    """
    return not all(clinician.profession.authorised for clinician in clinicians)


def _by_county(clinics: list[Clinic]) -> list[tuple[str, list[Clinic]]]:
    """Counties in the order of their first clinics."""
    order = {county: place for place, county in reversed(list(enumerate(clinic.county for clinic in clinics)))}
    ordered = sorted(clinics, key=lambda clinic: (order[clinic.county], clinic.position))
    return [(county, list(each)) for county, each in groupby(ordered, key=lambda clinic: clinic.county)]


def _who_work_at(session: Session, schedule: Schedule, clinic: Clinic) -> list[Clinician]:
    ids = {hours.clinician_id for hours in schedule.hours if hours.clinic_id == clinic.id}
    return [clinician for clinician in all_clinicians(session) if clinician.id in ids]
