"""Fees: what late changes and missed visits cost, to be charged, or waived."""

from __future__ import annotations

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.services.charging import charge, take_back_charge
from booking.services.logbook import About, note_look
from booking.services.reasons import Deeds
from booking.services.register import scope_of
from booking.store.database import db
from booking.store.fees import fee_within, fees_settled, fees_to_charge
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.fields import read_id
from booking.web.office import office

MOST_SETTLED = 50


@open_to(Rule.FRONT_DESK)
def fees() -> str:
    rows, scope = db.session(), scope_of(g.reach)
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    owed, settled = fees_to_charge(rows, scope), fees_settled(rows, scope, most=MOST_SETTLED)
    return render_template(
        "staff/fees.html",
        owed=owed,
        total=sum(each.fee.amount for each in owed),
        settled=settled,
        deeds=Deeds(rows, office(), {each.course.patient_id for each in settled}),
        house=House(rows),
    )


@open_to(Rule.FRONT_DESK)
def charge_fees() -> ResponseReturnValue:
    """Notes those that were ticked as charged."""
    rows, scope = db.session(), scope_of(g.reach)
    ticked = [read_id(text) for text in request.form.getlist("fee")]
    hers = [id for id in ticked if fee_within(rows, id, scope) is not None]
    if not hers:
        flash(_("Tick the fees that are charged."), "wrong")
        return redirect(url_for("staff.fees"), 303)
    done = charge(office(), hers, who=g.reach.who, now=clock.now())
    if done:
        flash(ngettext("%(num)s fee is noted as charged.", "%(num)s fees are noted as charged.", done), "good")
    if done < len(hers):
        flash(_("Somebody else was faster with some of them. This is how it stands now."), "differs")
    return redirect(url_for("staff.fees"), 303)


@open_to(Rule.FRONT_DESK)
def owe_again(fee: int) -> ResponseReturnValue:
    """Takes back that a fee is charged."""
    if fee_within(db.session(), fee, scope_of(g.reach)) is None:
        abort(404)
    if take_back_charge(office(), fee, who=g.reach.who, now=clock.now()):
        flash(_("The fee is to be charged again."), "good")
    return redirect(url_for("staff.fees"), 303)
