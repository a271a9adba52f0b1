"""Rest: what is still to come of a course, cancelled as a whole, or made longer by a session that was missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import g, render_template, url_for
from flask import request as asked
from flask.typing import ResponseReturnValue

from booking.domain.appointment import Charge
from booking.domain.errors import DoesNotFit, NotAllowed, SlotTaken
from booking.domain.protocol import StepKind
from booking.services import changes
from booking.services.links import Opened
from booking.services.wishes import Unreadable
from booking.store.appointments import BOOKED, Appointment
from booking.store.courses import RUNNING
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.errors import words_for
from booking.web.forms.changes import PlaceForm, SeenForm
from booking.web.me.consequences import sent_words, short_cost, undo_words
from booking.web.me.desk import (
    GONE,
    UNREADABLE,
    changed,
    looks_different,
    seen_of,
    subjects_of,
    taken,
    this_token,
    unknown_time,
)
from booking.web.me.overview import missing_sessions
from booking.web.me.places import Places, changed_by, place_of
from booking.web.me.replan import coming_sessions
from booking.web.me.visits import drawn, visits_of
from booking.web.office import office
from booking.web.pictures import Visit, name_of, rows_of


@open_to(Rule.COURSE_LINK)
def cancel_rest(token: str) -> ResponseReturnValue:
    """Cancels everything that is to come."""
    opened: Opened = g.opened
    if opened.course.status != RUNNING:
        return changed()
    if asked.method == "GET":
        return _rest_page(opened)
    charges = _charges(opened)
    if not charges:
        return changed()  # a second click, or there was nothing
    if SeenForm().seen.data != _seen_of_rest(charges):
        return _rest_page(opened, looks_different(), GONE)
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        changes.cancel_rest(office(), opened.course.id, by=opened.actor, **times)
    except NotAllowed as error:
        db.session.rollback()
        return _rest_page(opened, words_for(error), GONE)
    return changed()


def _rest_page(opened: Opened, fault: str = "", status: int = 200) -> ResponseReturnValue:
    charges = _charges(opened)
    words = {appointment.id: short_cost(charge) for appointment, charge in charges}
    visits = [v for v in visits_of(db.session(), opened.course, now=clock.now()) if v.appointment.id in words]
    page = render_template(
        "me/cancel_rest.html",
        token=this_token(),
        fault=fault,
        rows=rows_of(_with_cost(drawn(v), words[v.appointment.id]) for v in visits),
        total=sum(charge.amount for _each, charge in charges),
        excused=any(charge.excused for _each, charge in charges),
        can_replan=bool(coming_sessions(opened)),
        seen=_seen_of_rest(charges),
        sent=sent_words(opened, len(charges)),
        undo=undo_words(),
    )
    return page, status


def _with_cost(visit: Visit, cost: str) -> Visit:
    """A session has its number; anything else is named."""
    named = visit.kind is not StepKind.SESSION
    return replace(visit, words=f"{name_of(visit)}. {cost}" if named else cost)


def _charges(opened: Opened) -> list[tuple[Appointment, Charge]]:
    return changes.charges_of_rest(db.session(), opened.course, now=clock.now())


def _seen_of_rest(charges: Iterable[tuple[Appointment, Charge]]) -> str:
    return seen_of([(a.id, a.starts_at.isoformat(), charge.amount, charge.excused) for a, charge in charges])


# -- adding ---------------------------------------------------------------------------------------------------


@open_to(Rule.COURSE_LINK)
def extend(token: str) -> ResponseReturnValue:
    """Adds a session that was missed or cancelled at the end."""
    opened: Opened = g.opened
    house = House(db.session())
    if opened.course.status != RUNNING:
        return changed()
    if asked.method == "GET":
        return _extend_page(opened, house)
    try:
        place = place_of(house, PlaceForm().to.data or "")
    except Unreadable:
        return _extend_page(opened, house, unknown_time(), UNREADABLE)
    if any(a.starts_at == place.start and a.status == BOOKED for a in opened.course.appointments):
        return changed()  # a second click
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        changes.extend(office(), opened.course.id, place, by=opened.actor, **times)
    except (SlotTaken, DoesNotFit):
        db.session.rollback()
        return _extend_page(opened, house, taken(place.start), GONE)
    except NotAllowed as error:
        db.session.rollback()
        return _extend_page(opened, house, words_for(error), GONE)
    return changed()


def _extend_page(opened: Opened, house: House, fault: str = "", status: int = 200) -> ResponseReturnValue:
    weeks = changes.weeks_for_extra(db.session(), office(), opened.course, now=clock.now())
    clinic = next((a.clinic_id for a in reversed(opened.course.appointments) if a.kind == "session"), 0)
    options = [option for week in weeks for option in week.options]
    page = render_template(
        "me/extend.html",
        token=this_token(),
        fault=fault,
        missing=missing_sessions(opened) if weeks else 0,
        offer=Places(house, clinic, subjects_of(opened)).offer(weeks, url_for("me.extend", token=this_token())),
        price=options[0].at.step.treatment.price if options else 0,
        sent=sent_words(opened, *changed_by(options)),
        undo=undo_words(),
    )
    return page, status
