"""Clinicians: who they are, whether they are authorised, and where and when they work."""

from __future__ import annotations

from flask import abort, render_template

from booking.domain.period import oslo
from booking.domain.schedule import DayHours
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import all_clinicians, clinician_by_slug
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.site.clinics import beside_not_authorised, facts_of
from booking.web.site.hours import days_of

Works = dict[int, list[tuple[Clinic, tuple[DayHours, ...]]]]
"""By the clinician's id: her clinics in display order, each with her hours there this week."""


@open_to(Rule.EVERYBODY)
def clinicians() -> str:
    found = all_clinicians(db.session())
    return render_template(
        "site/clinicians.html",
        clinicians=found,
        works=_works(),
        article_hidden=beside_not_authorised(found),
    )


@open_to(Rule.EVERYBODY)
def clinician(slug: str) -> str:
    found = clinician_by_slug(db.session(), slug)
    if found is None:
        abort(404)
    return render_template(
        "site/clinician.html",
        clinician=found,
        works=_works().get(found.id, []),
        article_hidden=beside_not_authorised([found]),
    )


def _works() -> Works:
    clinics = all_clinics(db.session())
    schedule, today = facts_of(db.session(), clinics), oslo(clock.now()).date()
    works: Works = {}
    for clinic in clinics:
        for clinician in schedule.clinicians:
            days = days_of(schedule, clinic.id, clinician.id, today)
            if days:
                works.setdefault(clinician.id, []).append((clinic, days))
    return works
