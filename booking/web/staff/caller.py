"""Caller: who rings, as far as she has said it, and whether the clinic knows her."""

from __future__ import annotations

import secrets

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.services.callers import suggest_duplicates
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.caller import CallerForm
from booking.web.staff.call import (
    Call,
    as_known,
    first_page,
    keep_caller,
    maybe_known,
    of_call,
    picked_patient,
    said_of,
    today,
)

KEY_BYTES = 9
"""What tells one call from the others of the same desk; only who is signed in there can use it."""


@open_to(Rule.FRONT_DESK)
def book() -> ResponseReturnValue:
    """Who rings, and what about. A patient's page leads here with her already picked."""
    patient = picked_patient(request.args.get("patient"))
    kept = {"what": request.args.get("what"), **(as_known(patient) if patient else {})}
    form = CallerForm(data=kept, today=today())
    if request.method != "POST" or not form.validate():
        return render_template("staff/book/caller.html", form=form, patient=patient), 422 if form.errors else 200
    call = secrets.token_urlsafe(KEY_BYTES)
    keep_caller(call, form.typed(), patient)
    like = () if patient else suggest_duplicates(db.session(), form.said(), g.reach, now=clock.now())
    if like:
        return redirect(url_for("staff.who_calls", call=call), 303)
    return redirect(first_page(call, form.what.data), 303)


@of_call
def who_calls(call: Call) -> ResponseReturnValue:
    """Patients whom the caller may be: one of them is picked, or none."""
    if request.method == "POST":
        patient = picked_patient(request.form.get("patient"))
        typed = {name: value for name, value in call.caller.items() if name != "patient"}
        known = as_known(patient) if patient else {}
        reached_now = {name: typed[name] for name in ("mobile", "email") if typed.get(name)}
        keep_caller(call.key, {**typed, **known, **reached_now, "asked": True}, patient)
        return redirect(first_page(call.key, typed.get("what", "")), 303)
    like = maybe_known(said_of(call))
    return render_template("staff/book/who.html", like=like, house=House(db.session()), **call.frame())
