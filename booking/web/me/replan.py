"""Replan: other days, times or places for all that is still to come: wished, proposed, kept, and only then changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from booking.domain.appointment import Charge
from booking.domain.course import Plan
from booking.domain.errors import HoldExpired, NotAllowed, SlotTaken
from booking.domain.period import monday_of, oslo
from booking.domain.protocol import StepKind
from booking.services import changes, replanning, wording
from booking.services.links import Opened
from booking.services.proposals import Asked, Proposal, Rhythm, UnknownWish, limits_of
from booking.services.wishes import Unreadable, asked_of, parsed, rhythm_of
from booking.store.appointments import BOOKED, Appointment
from booking.store.database import db
from booking.store.holds import HeldTime, Hold
from booking.web import clock, pictures
from booking.web.access import Rule, open_to
from booking.web.book.cards import Card, Cards, seen_of
from booking.web.book.house import House
from booking.web.book.ways import own_ways
from booking.web.forms.changes import SeenForm
from booking.web.forms.wishes import WishesForm
from booking.web.language import current_language
from booking.web.me.consequences import sent_words, undo_words
from booking.web.me.desk import GONE, UNREADABLE, changed, looks_different, this_token
from booking.web.me.desk import seen_of as seen_word
from booking.web.me.visits import drawn, picture_on, visits_of
from booking.web.office import office


@open_to(Rule.COURSE_LINK)
def replan(token: str) -> ResponseReturnValue:
    """Wishes in, proposals out; a chosen one is kept while she looks at it once more."""
    opened: Opened = g.opened
    if not coming_sessions(opened):
        return redirect(url_for("me.course", token=token), 303)
    if request.method == "POST":
        return _keep(opened)
    lost = _("These times are no longer kept, and nothing was changed. Choose again.") if "lost" in request.args else ""
    return _page(opened, request.args, lost)


@open_to(Rule.COURSE_LINK)
def check_replan(token: str) -> ResponseReturnValue:
    """The kept times beside the present ones, with the price, before anything is changed."""
    opened: Opened = g.opened
    held = replanning.held_rest(db.session(), office(), opened.course.id, now=clock.now())
    if request.method == "GET":
        return _check_page(opened, held) if held else _lost()
    if held is None:
        return _done_or_lost(opened)
    if SeenForm().seen.data != _seen(held, _charges(opened, held)):
        return _check_page(opened, held, looks_different(), GONE)
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        replanning.replan(office(), opened.course.id, by=opened.actor, **times)
    except (HoldExpired, SlotTaken, NotAllowed):
        db.session.rollback()
        return _done_or_lost(opened)
    return changed()


def coming_sessions(opened: Opened) -> list[Appointment]:
    """The sessions that can still be put elsewhere; none of a course of one visit."""
    now = clock.now()
    found = [a for a in opened.course.appointments if a.kind == StepKind.SESSION and a.status == BOOKED]
    return [a for a in found if a.starts_at > now] if len(opened.course.appointments) > 1 else []


# -- proposals ------------------------------------------------------------------------------------------------


def _keep(opened: Opened) -> ResponseReturnValue:
    query = parsed(request.form.get("query", ""))
    try:
        asked, rhythm = asked_of(query), rhythm_of(query)
        plan = _plan(opened, asked, rhythm) if rhythm else None
    except (Unreadable, UnknownWish):
        return _page(opened, query, _("We could not read which times you chose. Choose again."), UNREADABLE)
    if not plan or seen_of(plan) != request.form.get("shown"):
        return _page(opened, query, _some_taken(), GONE)
    try:
        replanning.hold_rest(office(), opened.course.id, plan, now=clock.now())
    except (SlotTaken, NotAllowed):
        db.session.rollback()
        return _page(opened, query, _some_taken(), GONE)
    return redirect(url_for("me.check_replan", token=this_token()), 303)


def _plan(opened: Opened, asked: Asked, rhythm: Rhythm) -> Plan | None:
    """The plan of this rhythm among those that are proposed now. Raises UnknownWish."""
    slugs = House(db.session()).slugs
    plans = _proposal(opened, asked).plans
    return next((plan for plan in plans if slugs.rhythm(plan.pattern) == replace(rhythm, swaps=())), None)


def _proposal(opened: Opened, asked: Asked) -> Proposal:
    return replanning.rest_proposal(db.session(), office(), opened.course, asked, now=clock.now())


def _page(opened: Opened, query: MultiDict[str, str], fault: str = "", status: int = 200) -> ResponseReturnValue:
    house = House(db.session())
    wished = any(name != "lost" for name in query)
    form = _form(house, query if wished else _as_now(opened, house))
    valid = wished and form.validate()
    page = render_template(
        "me/replan.html",
        token=this_token(),
        form=form,
        fault=fault,
        wished=wished,
        valid=valid,
        count=len(coming_sessions(opened)),
        cards=_cards(opened, house, form.asked()) if valid else [],
    )
    return page, status


def _form(house: House, query: MultiDict[str, str]) -> WishesForm:
    now = clock.now()
    return WishesForm(
        query,
        clinics=house.clinics.values(),
        clinicians=[who for who in house.clinicians.values() if who.needles],
        today=oslo(now).date(),
        horizon=limits_of(office()).horizon(now),
    )


def _as_now(opened: Opened, house: House) -> MultiDict[str, str]:
    """Where and to whom she goes now, from the week of the next session on, as wishes to begin with."""
    coming = coming_sessions(opened)
    usual, _count = Counter(a.clinician_id for a in coming).most_common(1)[0]
    clinics = dict.fromkeys(house.clinics[a.clinic_id].slug for a in coming)
    monday = max(monday_of(oslo(coming[0].starts_at).date()), oslo(clock.now()).date())
    who = house.clinicians[usual].slug
    return MultiDict([*(("clinic", slug) for slug in clinics), ("clinician", who), ("from", monday.isoformat())])


def _cards(opened: Opened, house: House, asked: Asked) -> list[Card]:
    """The proposals that change anything. Single dates are changed afterwards, each on its own page."""
    found, slugs = _proposal(opened, asked), house.slugs
    now = {_place(a) for a in coming_sessions(opened)}
    plans = [plan for plan in found.plans if {(e.start, e.clinician, e.clinic) for e in plan.sessions} != now]
    cards = Cards(house, asked, found.wishes, found.availability, own_ways())
    shown = cards.of([(plan, slugs.rhythm(plan.pattern)) for plan in plans])
    return [replace(card, deviations=[replace(each, link=None) for each in card.deviations]) for card in shown]


def _place(each: Appointment | HeldTime) -> tuple[Any, int, int]:
    return each.starts_at, each.clinician_id, each.clinic_id


def _some_taken() -> str:
    return _("Some of these times were taken just now. Nothing was changed. These are the times that are free.")


# -- the last look --------------------------------------------------------------------------------------------


def _check_page(opened: Opened, held: Hold, fault: str = "", status: int = 200) -> ResponseReturnValue:
    house, now = House(db.session()), clock.now()
    visits = visits_of(db.session(), opened.course, now=now)
    charges = _charges(opened, held)
    going = {appointment.id for appointment, _charge in charges}
    same = {_place(visit.appointment) for visit in visits}
    come = [_as_before(house.held(time)) if _place(time) in same else house.held(time) for time in held.times]
    kept = {_place(time) for time in held.times}
    stay = [drawn(v) for v in visits if v.appointment.id not in going and _place(v.appointment) not in kept]
    leave = [drawn(v) for v in visits if v.appointment.id in going]
    page = render_template(
        "me/check_replan.html",
        token=this_token(),
        fault=fault,
        until=wording.at_time(held.expires_at, current_language()),
        seconds=max(0, (held.expires_at - now) // timedelta(seconds=1)),
        picture=picture_on(db.session(), sorted([*stay, *come], key=lambda each: each.start), held.times[0].clinic_id),
        same=_same_words(come),
        rows=_rows(come),
        going_same=_same_words(leave),
        going=_rows(leave),
        cost=sum(charge.amount for _appointment, charge in charges),
        excused=any(charge.excused for _appointment, charge in charges),
        seen=_seen(held, charges),
        sent=sent_words(opened, len(going)),
        undo=undo_words(),
    )
    return page, status


def _as_before(visit: pictures.Visit) -> pictures.Visit:
    return replace(visit, words=_("As before"), deviation=None)


def _same_words(visits: Sequence[pictures.Visit]) -> str:
    """With whom and where, once, if it is the same for all of them."""
    return _with(visits[0]) if len({(each.who, each.where) for each in visits}) == 1 else ""


def _rows(visits: Sequence[pictures.Visit]) -> list[pictures.Row]:
    """What differs from one to the next."""
    with_whom = not _same_words(visits)
    return pictures.rows_of((_told(each, with_whom) for each in visits), notes=False)


def _told(visit: pictures.Visit, with_whom: bool) -> pictures.Visit:
    """A session has its number; anything else is named."""
    name = "" if visit.kind is StepKind.SESSION else f"{pictures.name_of(visit)}."
    words = [name, _with(visit) if with_whom else "", visit.words]
    return replace(visit, words=" ".join(filter(None, words)))


def _with(visit: pictures.Visit) -> str:
    return _("With %(who)s at %(where)s.", who=visit.who, where=visit.where)


def _charges(opened: Opened, held: Hold) -> list[tuple[Appointment, Charge]]:
    """The visits whose time is given up, and what that costs."""
    return replanning.charges_of_replan(db.session(), opened.course, held, now=clock.now())


def _seen(held: Hold, charges: Iterable[tuple[Appointment, Charge]]) -> str:
    going = [(a.id, *_place(a), charge.amount, charge.excused) for a, charge in charges]
    return seen_word((going, [_place(time) for time in held.times]))


def _done_or_lost(opened: Opened) -> ResponseReturnValue:
    """After a second click what it asks for is done already."""
    last = changes.undoable(db.session(), opened.course.id, now=clock.now(), by=opened.actor)[:1]
    return changed() if any(change.kind == replanning.REPLAN for change in last) else _lost()


def _lost() -> ResponseReturnValue:
    return redirect(url_for("me.replan", token=this_token(), lost=1), 303)
