"""Choosing: the times that were shown are planned afresh and, if they are still the same, kept for the visitor."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from booking.domain.errors import DoesNotFit, SlotTaken
from booking.services.holds import Choice, find_hold, hold
from booking.services.proposals import Asked, Chosen, Rhythm, UnknownWish, plan_chosen, plan_visit
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, read_place, rhythm_of
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.cards import seen_of
from booking.web.book.steps import next_url, this_draft
from booking.web.book.visitor import Drafted, drafted, take_offered, this_visitor
from booking.web.forms.need import SINGLE
from booking.web.office import office


class Changed(Exception):
    """What was shown cannot be had any more as it was shown."""


@open_to(Rule.EVERYBODY)
def choose() -> ResponseReturnValue:
    """Keeps the chosen times and goes on to the first question; back to the choice if they are no longer free."""
    take_offered()
    query = parsed(request.form.get("query", ""))
    try:
        return _kept(choice_of(query, asked_of(query), request.form, drafted()))
    except (SlotTaken, Changed):
        if _kept_already(query):
            return redirect(next_url(this_draft()), 303)
        flash(_("Some of these times were taken just now. These are the times that are free."), "differs")
    except (Unreadable, UnknownWish, DoesNotFit):
        flash(_("These times are no longer free. These are the times that are."), "differs")
    return redirect(_back(query), 303)


def _kept(choice: Choice) -> ResponseReturnValue:
    visitor = this_visitor()
    hold(office(), visitor, choice, now=clock.now())
    g.hold = find_hold(db.session(), office(), visitor.secret)
    return redirect(next_url(this_draft()), 303)


def _kept_already(query: MultiDict[str, str]) -> bool:
    """Whether these very times were taken by the click before this one, of a double click."""
    db.session.rollback()
    hold = drafted().hold
    if hold is None or not hold.times or hold.expires_at <= clock.now() or query.get("kind"):
        return False
    return hold.query == query_of(asked_of(query), rhythm_of(query))


def choice_of(query: MultiDict[str, str], asked: Asked, sent: MultiDict[str, str], draft: Drafted) -> Choice:
    """What was chosen: the query that names it, the wishes in it, and what its form sent besides. Raises Changed,
    Unreadable, UnknownWish, DoesNotFit."""
    if query.get("kind"):
        return _visit(query["kind"], asked, sent.get("time", ""), draft)
    return _course(asked, rhythm_of(query), sent.get("shown"), draft)


def _course(asked: Asked, rhythm: Rhythm | None, shown: str | None, draft: Drafted) -> Choice:
    if rhythm is None:
        raise Unreadable("pattern")
    wishes = replace(asked, busy=draft.busy)
    chosen = plan_chosen(db.session(), office(), wishes, rhythm, now=clock.now(), but_hold=draft.hold_id)
    if chosen is None or seen_of(chosen.plan) != shown:
        raise Changed
    return _choice(asked, chosen, query_of(asked, rhythm))


def _visit(kind: str, wishes: Asked, time: str, draft: Drafted) -> Choice:
    if kind not in SINGLE:
        raise Unreadable(kind)
    start, clinician, clinic = read_place(time)
    asked = Asked(protocol=kind, clinics=wishes.clinics, clinician=wishes.clinician, new_patient=kind == SINGLE[0])
    place = {"clinician": clinician, "clinic": clinic}
    chosen = plan_visit(db.session(), office(), asked, start, **place, now=clock.now(), but_hold=draft.hold_id)
    return _choice(asked, chosen, f"kind={kind}&{query_of(replace(asked, new_patient=False))}".rstrip("&"))


def _choice(asked: Asked, chosen: Chosen, query: str) -> Choice:
    return Choice(
        protocol_id=chosen.protocol.id,
        new_patient=asked.new_patient,
        appointments=chosen.plan.appointments,
        query=query,
    )


def _back(query: MultiDict[str, str]) -> str:
    endpoint = "book.single" if query.get("kind") else "book.plan"
    kept = [pair for pair in query.items(multi=True) if pair[0] not in ("pattern", "swap")]
    return f"{url_for(endpoint)}?{urlencode(kept)}"
