"""Clinics: where they are, when they are open, who works there, what it costs, and what is free next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby

from flask import abort, render_template, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from booking.domain.period import Period, oslo
from booking.domain.price import vat_rate, vat_within
from booking.domain.schedule import Schedule
from booking.prose.markdown import passage
from booking.services.proposals import NINE_WEEKS
from booking.services.soonest import Prospect, prospects
from booking.store.clinics import Clinic, ClinicFacts, clinic_by_slug, clinic_facts, clinics_of, the_group
from booking.store.database import db
from booking.store.people import Clinician, clinicians_of
from booking.store.protocols import Treatment, all_treatments, protocol_by_slug
from booking.store.schedules import opening_hours, schedule_of, workplaces
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.language import current_language
from booking.web.office import office
from booking.web.site.hours import (
    DAYS_AHEAD,
    OpenDay,
    Openings,
    closings_ahead,
    doors_at,
    doors_words,
    open_day,
    openings_of,
    opens_after,
    week_of,
    weeks_ahead,
)
from booking.web.site.maps import draw, point_of
from booking.web.site.marketing import beside_not_authorised
from booking.web.site.pagination import paged
from booking.web.site.structured import of_clinic

A_PAGE = 50
"""How many clinics stand on one page of the list."""

EXAMPLE_AHEAD = timedelta(days=7)
"""How far ahead the visit lies by which a page explains until when cancelling is free."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A clinic as a list shows it. `is_open` and `doors`: whether it is open now, and the same in words."""

    clinic: Clinic
    today: OpenDay
    is_open: bool
    doors: str
    clinicians: list[Clinician]


@dataclass(frozen=True, slots=True)
class Price:
    """What a treatment costs in all, and how much of it is VAT at `rate` per cent; whole kroner."""

    treatment: Treatment
    rate: int
    vat: int


@dataclass(frozen=True, slots=True)
class CancelExample:
    """A visit at a time, and until when cancelling it costs nothing."""

    visit: datetime
    free_until: datetime


@open_to(Rule.EVERYBODY)
def clinics() -> str:
    """All clinics, by county; hundreds of them on pages, all of them on the map."""
    session = db.session()
    found = clinic_facts(session)
    page = paged(_by_county(found), A_PAGE, lambda number: url_for("site.clinics", page=number if number > 1 else None))
    rows = clinics_of(session, [each.id for each in page.shown])
    listed = listed_now(session, [rows[each.id] for each in page.shown])
    return render_template(
        "site/clinics.html",
        counties=[(county, list(each)) for county, each in groupby(listed, key=lambda each: each.clinic.county)],
        page=page,
        map=draw(found, language=current_language()),
        article_hidden=beside_not_authorised(chain.from_iterable(each.clinicians for each in listed)),
    )


@open_to(Rule.EVERYBODY)
def clinic(slug: str) -> str:
    session, now = db.session(), clock.now()
    found = clinic_by_slug(session, slug)
    if found is None:
        abort(404)
    today, language = oslo(now).date(), current_language()
    openings = openings_of(facts_of(session, [found]))[found.id]
    clinicians = list(clinicians_of(session, openings.clinicians).values())
    doors, free = doors_at(openings, now), prospects(session, office(), now=now, clinics={found.id})
    treatments, week = all_treatments(session), week_of(openings, today)
    return render_template(
        "site/clinic.html",
        clinic=found,
        intro=Markup(passage(found.intro[language]).html),  # noqa: S704 sanitised where it was read
        today=today,
        is_open=doors.until is not None,
        doors=doors_words(doors, now, language),
        week=week,
        closings=closings_ahead(openings, today),
        clinicians=clinicians,
        people={clinician.id: clinician for clinician in clinicians},
        weeks={each.id: weeks_ahead(openings, each.id, today) for each in clinicians},
        languages=list(dict.fromkeys(chain.from_iterable(each.languages for each in clinicians))),
        prices=prices_of(treatments, authorised=True),
        with_vat=prices_of(treatments, authorised=False) if beside_not_authorised(clinicians) else [],
        course=protocol_by_slug(session, NINE_WEEKS),
        next_visit_at=soonest_visit(free),
        next_course_at=soonest_course(free),
        cancelling=_cancel_example(found, openings, now),
        map=draw(clinic_facts(session), language=language, here=found.slug),
        map_links=_map_links(found),
        structured=of_clinic(found, week, the_group(session)),
        article_hidden=beside_not_authorised(clinicians),
    )


def facts_of(session: Session, clinics: Iterable[Clinic]) -> Schedule:
    """Hours and closings of the clinics and who works there, as far as their pages look."""
    return schedule_of(session, [clinic.id for clinic in clinics], _seen())


def listed_now(session: Session, clinics: Sequence[Clinic]) -> list[Listed]:
    """The clinics as lists show them, in the same order; as many statements for three as for three hundred."""
    now, openings = clock.now(), openings_of(opening_hours(session, clinics, _seen()))
    pairs = workplaces(session, {clinic.id for clinic in clinics}, today=oslo(now).date())
    people = clinicians_of(session, {clinician_id for _, clinician_id in pairs})
    here: defaultdict[int, list[Clinician]] = defaultdict(list)
    for clinic_id, clinician_id in pairs:
        here[clinic_id].append(people[clinician_id])
    return [_listed(clinic, openings[clinic.id], here[clinic.id], now) for clinic in clinics]


def prices_of(treatments: Iterable[Treatment], *, authorised: bool) -> list[Price]:
    """Prices at who is authorised health personnel, or at who is not: the totals are the same."""
    rates = [(treatment, vat_rate(treatment.vat_rate, authorised=authorised)) for treatment in treatments]
    return [Price(treatment, rate, vat_within(treatment.price, rate)) for treatment, rate in rates]


def soonest_visit(found: Iterable[Prospect]) -> Prospect | None:
    """Of these, where a first visit is free first."""
    times = [(each.visit_at, number, each) for number, each in enumerate(found) if each.visit_at]
    return min(times)[-1] if times else None


def soonest_course(found: Iterable[Prospect]) -> Prospect | None:
    """Of these, where a whole course begins first; of equals, where it ends first."""
    courses = [
        (each.course.starts_at, each.course.ends_at, number, each) for number, each in enumerate(found) if each.course
    ]
    return min(courses)[-1] if courses else None


def _seen() -> Period:
    """From this week until as far ahead as a clinic's page looks."""
    return Period(clock.now() - timedelta(days=7), clock.now() + timedelta(days=DAYS_AHEAD + 7))


def _listed(clinic: Clinic, openings: Openings, clinicians: list[Clinician], now: datetime) -> Listed:
    doors = doors_at(openings, now)
    return Listed(
        clinic=clinic,
        today=open_day(openings, oslo(now).date()),
        is_open=doors.until is not None,
        doors=doors_words(doors, now, current_language()),
        clinicians=clinicians,
    )


def _by_county(clinics: Sequence[ClinicFacts]) -> list[ClinicFacts]:
    """Counties in the order of their first clinics."""
    order = {county: place for place, county in reversed(list(enumerate(each.county for each in clinics)))}
    return sorted(clinics, key=lambda each: (order[each.county], each.position))


def _map_links(clinic: Clinic) -> list[tuple[str, str]]:
    """Names and addresses of other sites that show where the clinic lies, by its coordinates."""
    point = point_of(clinic)
    if point is None:
        return []
    north, east = point.latitude, point.longitude
    return [
        ("OpenStreetMap", f"https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=15/{north}/{east}"),
        ("Google Maps", f"https://www.google.com/maps/search/?api=1&query={north},{east}"),
    ]


def _cancel_example(clinic: Clinic, openings: Openings, now: datetime) -> CancelExample | None:
    """By the first hour of a day about a week ahead; None where the clinic is closed for long."""
    visit = opens_after(openings, now + EXAMPLE_AHEAD)
    return CancelExample(visit, visit - timedelta(hours=clinic.cancel_hours)) if visit else None
