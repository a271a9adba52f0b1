"""Changes: the patient, or her helper, moves or cancels a visit. What it costs stands before the button."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, render_template, url_for
from flask import request as asked
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.appointment import Action
from booking.domain.errors import DoesNotFit, NotAllowed, SlotTaken
from booking.services import changes
from booking.services.changes import Place
from booking.services.wishes import Unreadable
from booking.store.appointments import ARRIVED, BOOKED, CANCELLED, NOSHOW, PENDING, Appointment
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.changes import PlaceForm, SeenForm
from booking.web.me.consequences import sent_words
from booking.web.me.desk import (
    GONE,
    UNREADABLE,
    Desk,
    changed,
    desk_again,
    looks_different,
    taken,
    this_token,
    unknown_time,
)
from booking.web.me.places import changed_by, option_at, place_of
from booking.web.office import office


@open_to(Rule.COURSE_LINK)
def visit(token: str, id: int) -> ResponseReturnValue:
    """For who cannot come: the other free times of that week, each a button; else of the next possible week."""
    return _visit_page(Desk(id))


@open_to(Rule.COURSE_LINK)
def visit_move(token: str, id: int) -> ResponseReturnValue:
    """GET: old and new beside each other, with the price, before anything is moved. POST moves."""
    desk = Desk(id)
    text = asked.args.get("to") if asked.method == "GET" else PlaceForm().to.data or ""
    if text is None:
        return redirect(desk.url, 303)
    try:
        place = place_of(desk.house, text)
    except Unreadable:
        return _visit_page(desk, unknown_time(), UNREADABLE)
    return _check_page(desk, place) if asked.method == "GET" else _move(desk, place)


def _move(desk: Desk, place: Place) -> ResponseReturnValue:
    """Moves the visit, unless it or the price is no longer as the page said: then that is shown first."""
    if desk.stands_at(place):
        return changed()  # a second click
    if not desk.may(Action.MOVE) or PlaceForm().seen.data != desk.seen:
        return _check_page(desk, place, looks_different(), GONE)
    course, visit_id, actor = desk.course.id, desk.appointment.id, desk.opened.actor
    try:
        changes.move(office(), course, visit_id, place, by=actor, now=desk.now, at=clock.machine_now())
    except (SlotTaken, DoesNotFit):
        return _visit_page(desk_again(visit_id), taken(place.start), GONE)
    except NotAllowed:
        return _visit_page(desk_again(visit_id), status=GONE)
    return changed()


def _visit_page(desk: Desk, fault: str = "", status: int = 200) -> ResponseReturnValue:
    if not desk.may(Action.MOVE):
        return _fixed_page(desk, status)
    offer = desk.places.offer(desk.weeks, desk.url)
    page = render_template(
        "me/visit.html",
        **desk.facts(),
        fault=fault,
        offer=offer,
        target=url_for("me.visit_move", token=this_token(), id=desk.appointment.id),
        sent=sent_words(desk.opened, *changed_by(option for week in desk.weeks for option in week.options)),
    )
    return page, status


def _check_page(desk: Desk, place: Place, fault: str = "", status: int = 200) -> ResponseReturnValue:
    if not desk.may(Action.MOVE):
        return _fixed_page(desk, status)
    option = option_at(desk.weeks, place)
    if option is None:
        return _visit_page(desk, taken(place.start), GONE)
    page = render_template(
        "me/check_move.html",
        **desk.facts(),
        fault=fault,
        new=desk.places.choice(option),
        back_url=desk.url,
        sent=sent_words(desk.opened, 1 + len(option.along)),
    )
    return page, status


def _fixed_page(desk: Desk, status: int = 200) -> ResponseReturnValue:
    """A visit that cannot be changed here, and why."""
    page = render_template("me/fixed.html", **desk.facts(), why=_why_fixed(desk.appointment, now=desk.now))
    return page, status


def _why_fixed(appointment: Appointment, *, now: datetime) -> str:
    if appointment.status == BOOKED and appointment.ends_at <= now:
        return _("This visit is over.")
    return {
        CANCELLED: _("This visit is cancelled."),
        PENDING: _("This time is kept until we have talked. Call us if it does not suit you."),
        NOSHOW: _("This visit was missed."),
        ARRIVED: _("This visit has begun."),
        BOOKED: _("This visit has begun. Call us if you are late or cannot come."),
    }.get(appointment.status, _("This visit is over."))


# -- cancelling -----------------------------------------------------------------------------------------------


@open_to(Rule.COURSE_LINK)
def cancel(token: str, id: int) -> ResponseReturnValue:
    """Cancels one visit; before that the nearest other times are offered."""
    desk, form = Desk(id), SeenForm()
    if asked.method == "GET":
        return _cancel_page(desk)
    if desk.appointment.status == CANCELLED:
        return changed()  # a second click
    if not desk.may(Action.CANCEL) or form.seen.data != desk.seen:
        return _cancel_page(desk, looks_different(), GONE)
    try:
        changes.cancel(office(), desk.course.id, id, by=desk.opened.actor, now=desk.now, at=clock.machine_now())
    except NotAllowed:
        return _cancel_page(desk_again(id), status=GONE)
    return changed()


def _cancel_page(desk: Desk, fault: str = "", status: int = 200) -> ResponseReturnValue:
    if not desk.may(Action.CANCEL):
        return _fixed_page(desk, status)
    page = render_template(
        "me/cancel.html",
        **desk.facts(),
        fault=fault,
        offer=desk.places.offer(desk.weeks, desk.url),
        others=sum(each.status == BOOKED and each.starts_at > desk.now for each in desk.course.appointments) - 1,
        sent=sent_words(desk.opened, 1),
    )
    return page, status
