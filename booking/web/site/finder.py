"""Finder: a clinician near somebody, by place and needs, and how soon she has a whole course free."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.distance import told
from booking.services.finder import Found, Match, Relaxed, Wish, find
from booking.services.postcodes import Place
from booking.services.soonest import NextCourse
from booking.store.clinics import Clinic, clinic_facts, clinics_of
from booking.store.database import db
from booking.store.people import Clinician, all_professions, clinician_facts, clinicians_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.filters import language_name
from booking.web.forms.finder import NEAREST, SOONEST, FinderForm
from booking.web.language import current_language
from booking.web.office import office
from booking.web.site.maps import Map, draw
from booking.web.site.marketing import among_not_authorised
from booking.web.site.pagination import Link, paged

A_PAGE = 10
"""How many results stand on one page."""


@dataclass(frozen=True, slots=True)
class Card:
    """A result as it is shown; `distance` in kilometres as it is told; `known`: whether anybody has looked what is
    free."""

    clinic: Clinic
    clinician: Clinician
    distance: int | None
    languages: str
    known: bool
    course: NextCourse | None
    visit_at: datetime | None
    book_url: str
    visits_url: str


@open_to(Rule.EVERYBODY)
def clinicians() -> str:
    """The form, and who fits what stands in it. The form names every profession of the house."""
    session = db.session()
    people, every = clinician_facts(session), all_professions(session)
    professions = [every[number] for number in {who.profession_id for who in people}]
    form = FinderForm(request.args, clinics=clinic_facts(session), professions=professions, people=people)
    form.validate()
    found = find(session, office(), form.sought(), now=clock.now())
    page = paged(found.matches, A_PAGE, lambda number: _address(form, page=number))
    return render_template(
        "site/finder.html",
        form=form,
        cards=_cards(page.shown),
        count=_count(found),
        order=_order(form),
        relaxed=[_relaxed(form, each) for each in found.relaxed],
        one_is_enough=any(len(each.wishes) == 1 for each in found.relaxed),
        map=_map(page.shown, form.found),
        page=page,
        article_hidden=among_not_authorised(professions),
    )


def _cards(shown: Sequence[Match]) -> list[Card]:
    session = db.session()
    clinics = clinics_of(session, {match.clinic.id for match in shown})
    clinicians = clinicians_of(session, {match.clinician.id for match in shown})
    return [_card(match, clinics[match.clinic.id], clinicians[match.clinician.id]) for match in shown]


def _card(match: Match, clinic: Clinic, clinician: Clinician) -> Card:
    return Card(
        clinic,
        clinician,
        None if match.distance is None else told(match.distance),
        format_list([language_name(code) for code in clinician.languages], locale=current_language()),
        match.prospect is not None,
        match.prospect.course if match.prospect else None,
        match.prospect.visit_at if match.prospect else None,
        url_for("book.plan", clinic=clinic.slug, clinician=clinician.slug, only=1, new=1),
        url_for("book.single", kind="first-visit", clinic=clinic.slug, clinician=clinician.slug),
    )


def _count(found: Found) -> str:
    """“6 people at 3 clinics”"""
    return _(
        "%(people)s at %(clinics)s",
        people=_people(found.people),
        clinics=ngettext("%(num)s clinic", "%(num)s clinics", found.clinics),
    )


def _people(count: int) -> str:
    return ngettext("%(num)s person", "%(num)s people", count)


def _order(form: FinderForm) -> Link | None:
    """The way to the other order, where there is one."""
    if form.found is None:
        return None
    if form.sought().nearest:
        return Link(_address(form, order=SOONEST), _("Show who can begin soonest first"))
    return Link(_address(form, order=NEAREST), _("Show the nearest first"))


def _relaxed(form: FinderForm, relaxed: Relaxed) -> Link:
    names = [_("“%(wish)s”", wish=form.words(wish)) for wish in relaxed.wishes]
    words = _(
        "Without %(wishes)s: %(people)s",
        wishes=format_list(names, locale=current_language()),
        people=_people(relaxed.people),
    )
    return Link(_address(form, without=relaxed.wishes), words)


def _address(form: FinderForm, *, without: Collection[Wish] = (), order: str | None = None, page: int = 1) -> str:
    query = form.query(without=without, order=order, page=page)
    return f"{url_for('site.clinicians')}?{query}#results"


def _map(shown: Sequence[Match], place: Place | None) -> Map | None:
    """The clinics of this page, and the place they are counted from."""
    clinics = {match.clinic.id: match.clinic for match in shown}.values()
    if place is None:
        return draw(clinics, language=current_language())
    return draw(clinics, language=current_language(), you=place.point, you_words=place.name)
