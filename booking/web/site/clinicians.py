"""Clinicians: who they are, whether they are authorised, where and when they work, and what is free with them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template

from booking.domain.period import oslo
from booking.domain.schedule import DayHours
from booking.services.soonest import Prospect, prospects
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import Clinician, clinician_by_slug
from booking.store.protocols import all_treatments
from booking.store.schedules import workplaces
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.office import office
from booking.web.site.clinics import facts_of, prices_of
from booking.web.site.hours import openings_of, weeks_ahead
from booking.web.site.marketing import beside_not_authorised

REGISTER = "https://register.helsedirektoratet.no/Hpr"
"""Where anybody can look up authorised health personnel (Helsepersonellregisteret)."""


@dataclass(frozen=True, slots=True)
class Work:
    """A clinic where a clinician works: her hours there in the next weeks, and what is free, where that is known."""

    clinic: Clinic
    weeks: tuple[tuple[DayHours, ...], ...]
    free: Prospect | None = None


@open_to(Rule.EVERYBODY)
def clinician(slug: str) -> str:
    session = db.session()
    found = clinician_by_slug(session, slug)
    if found is None:
        abort(404)
    given = [treatment for treatment in all_treatments(session) if found.needles or not treatment.needles]
    return render_template(
        "site/clinician.html",
        clinician=found,
        works=_works_of(found),
        prices=prices_of(given, authorised=found.profession.authorised),
        register=REGISTER,
        article_hidden=beside_not_authorised([found]),
    )


def _works_of(clinician: Clinician) -> list[Work]:
    """Her clinics in display order."""
    session, now = db.session(), clock.now()
    today = oslo(now).date()
    hers_at = {
        clinic_id for clinic_id, clinician_id in workplaces(session, today=today) if clinician_id == clinician.id
    }
    clinics = [clinic for clinic in all_clinics(session) if clinic.id in hers_at]
    free = prospects(session, office(), now=now, clinics={clinic.id for clinic in clinics}) if clinics else []
    hers = {each.clinic_id: each for each in free if each.clinician_id == clinician.id}
    openings = openings_of(facts_of(session, clinics))
    return [
        Work(clinic, weeks_ahead(openings[clinic.id], clinician.id, today), hers.get(clinic.id)) for clinic in clinics
    ]
