"""The times of a call: by the planner that the caller would have used herself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import DoesNotFit, SlotTaken
from booking.services.callers import caller_at
from booking.services.holds import Choice, hold
from booking.services.proposals import NINE_WEEKS, UnknownWish
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, rhythm_of
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.book.choose import Changed, choice_of
from booking.web.book.days import Days, single_form
from booking.web.book.plans import new_hint, wishes_form
from booking.web.forms.need import SINGLE
from booking.web.office import office
from booking.web.staff.call import (
    Call,
    first_page,
    hers,
    of_call,
)


@of_call
def plan(call: Call) -> ResponseReturnValue:
    form = wishes_form(call.house, request.args, hers(call.house))
    valid = form.validate()
    if valid and any(not value for _name, value in request.args.items(multi=True)):
        return redirect(call.ways.plan_of(query_of(form.asked(), _rhythm())), 303)
    told: dict[str, Any] = {"cards": [], "no_plan": None, "query": request.query_string.decode()}
    if valid:
        told = call.plans.answer(call.within(form.asked()), _rhythm())
    course = told.pop("course", None) or protocol_by_slug(db.session(), NINE_WEEKS)
    return render_template(
        "staff/book/plan.html",
        form=form,
        wishes=form,
        ways=call.ways,
        valid=valid,
        new_hint=new_hint(course),
        **told,
        **call.frame(),
    )


@of_call
def times(call: Call) -> ResponseReturnValue:
    """The other free times of one session's week, or all dates of the plan with a way to theirs."""
    try:
        asked, rhythm = call.within(asked_of(request.args)), rhythm_of(request.args)
        chosen = rhythm and call.plans.chosen(asked, rhythm)
    except (Unreadable, UnknownWish, DoesNotFit):
        chosen = rhythm = None
    if not chosen or not rhythm:
        return redirect(call.ways.plan, 303)
    number = request.args.get("session", "")
    if not number:
        facts = call.plans.all_dates(asked, rhythm, chosen)
        return render_template("staff/book/dates.html", **facts, **call.frame())
    session_ = next((each for each in chosen.plan.sessions if str(each.step.number) == number), None)
    if session_ is None:
        abort(404)
    facts = call.plans.one_week(asked, rhythm, chosen, session_)
    return render_template("staff/book/times.html", **facts, **call.frame())


@of_call
def days(call: Call) -> ResponseReturnValue:
    """Free days for a single appointment, then the times of one of them."""
    own = hers(call.house)
    form = single_form(call.house, request.args, own)
    days = Days(call.house, form, call.drafted, call.ways, within=tuple(clinic.slug for clinic in own))
    protocol = days.protocol
    if protocol is None:
        return redirect(first_page(call.key, SINGLE[1]), 303)
    if days.valid and form.day():
        return render_template("staff/book/day.html", **days.times(protocol), **call.frame())
    facts = days.dates(protocol)
    return render_template("staff/book/days.html", ways=call.ways, **facts, **call.frame())


@of_call
def choose(call: Call) -> ResponseReturnValue:
    """Keeps what the caller has chosen, if it is still as it was shown."""
    query = parsed(request.form.get("query", ""))
    try:
        asked = call.within(asked_of(query))
        choice = choice_of(query, asked, request.form, call.drafted)
        _require_own(call, choice)
        hold(office(), caller_at(g.reach.account_id, call.key), choice, now=clock.now())
    except (SlotTaken, Changed):
        flash(_("Some of these times were taken just now. These are the times that are free."), "differs")
    except (Unreadable, UnknownWish, DoesNotFit):
        flash(_("These times are no longer free. These are the times that are."), "differs")
    else:
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    kept = [pair for pair in query.items(multi=True) if pair[0] not in ("pattern", "swap")]
    return redirect(call.ways.back_to(query.get("kind"), urlencode(kept)), 303)


def _require_own(call: Call, choice: Choice) -> None:
    """Raises UnknownWish for times at a clinic for which this desk does not book."""
    own = {clinic.id: clinic.slug for clinic in hers(call.house)}
    for each in choice.appointments:
        if each.clinic not in own:
            raise UnknownWish("clinic", str(each.clinic), tuple(own.values()))


def _rhythm() -> Any:
    try:
        return rhythm_of(request.args)
    except Unreadable:
        return None
