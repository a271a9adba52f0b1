"""Doors: signing in, a factor at a time, and out."""

from __future__ import annotations

from flask import g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from booking.domain.errors import TooManyAttempts, WrongSignIn
from booking.services.accounts import end_session
from booking.services.doors import LIMITS_LAST, check_password, let_in
from booking.store.accounts import account_by_uniquifier
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.doors import PasswordForm
from booking.web.language import LANGUAGES
from booking.web.limits import network_of
from booking.web.office import office

NEXT_LONGEST = 500
"""Characters of the address of a page that somebody asked for before she was signed in."""


@open_to(Rule.EVERYBODY)
def sign_in() -> ResponseReturnValue:
    form = PasswordForm()
    if request.method != "POST":
        return _door(form)
    if not form.validate():
        return _door(form, 422)
    try:
        uniquifier = check_password(office(), *form.pair(), _network(), now=clock.now())
    except WrongSignIn:
        form.form_errors.append(_("This address and this password do not belong together. Look at both again."))
        return _door(form, 422)
    except TooManyAttempts:
        form.form_errors.append(_("That was tried too often. Wait a quarter of an hour, and try again."))
        return _door(form, 429)
    return _enter(uniquifier)


@open_to(Rule.STAFF)
def sign_out() -> Response:
    end_session(g.staff_session.id, account_id=g.account.id, now=clock.now())
    session.clear()
    return redirect(url_for("staff.sign_in"), 303)


def _door(form: PasswordForm, status: int = 200) -> Response:
    response = make_response(render_template("staff/doors/sign_in.html", form=form, next=_next()), status)
    response.headers["Cache-Control"] = "no-store"
    if status == 429:
        response.headers["Retry-After"] = str(int(LIMITS_LAST.total_seconds()))
    return response


def _enter(uniquifier: str) -> Response:
    account = account_by_uniquifier(db.session(), uniquifier)
    assert account is not None
    onward = _next() or url_for("staff.start")
    session.clear()  # whoever knew this browser's session before knows nothing of the one that begins
    session["staff"] = let_in(office(), account, request.user_agent.string, now=clock.now())
    return redirect(onward, 303)


def _next() -> str | None:
    """The page that was asked for, if it is one of these pages: no other site sends somebody on from here."""
    asked = request.values.get("next", "")
    own = any(asked.startswith(f"/{language}/staff") for language in LANGUAGES)
    return asked if own and len(asked) <= NEXT_LONGEST and asked.isprintable() and "\\" not in asked else None


def _network() -> str:
    return network_of(request.remote_addr or "")
