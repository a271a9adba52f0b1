"""Doors: signing in and out."""

from __future__ import annotations

from flask import g, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from booking.services.accounts import end_session
from booking.web import clock
from booking.web.access import Rule, open_to


@open_to(Rule.EVERYBODY)
def sign_in() -> str | Response:
    return render_template("staff/sign_in.html")


@open_to(Rule.STAFF)
def sign_out() -> Response:
    end_session(g.staff_session.id, account_id=g.account.id, now=clock.now())
    session.clear()
    return redirect(url_for("staff.sign_in"), 303)
