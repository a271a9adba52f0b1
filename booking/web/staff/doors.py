"""Doors: signing in, a factor at a time, and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import PasswordRefused, SignInOver, TooManyAttempts, WrongSignIn
from booking.domain.period import moment_of, seconds_of
from booking.services.accounts import account_signed_in, end_session
from booking.services.doors import (
    HALF_LASTS,
    LIMITS_LAST,
    ask_for_reset,
    check_code,
    check_passkey,
    check_password,
    let_in,
    use_reset,
)
from booking.services.factors import has_second_factor, recovery_codes_left
from booking.services.passkeys import Asked, Site, new_challenge, options_to_show
from booking.store.accounts import Account, account_by_uniquifier
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, half_signed_in, open_to, staff_key
from booking.web.forms.doors import CodeForm, ForgottenForm, NewPasswordForm, PasskeyForm, PasswordForm
from booking.web.language import LANGUAGES, current_language
from booking.web.limits import network_of
from booking.web.office import office

LONGEST_ADDRESS = 500
"""Characters of the address of a page that somebody asked for before she was signed in."""

ASKED_FOR = timedelta(minutes=5)
"""How long a browser may take to sign."""

FEW_CODES = 3
"""So few recovery codes are soon none."""


@open_to(Rule.EVERYBODY)
def sign_in() -> ResponseReturnValue:
    form = PasswordForm()
    if request.method != "POST":
        return redirect(_next() or url_for("staff.start"), 303) if _is_in() else _door(form)
    if not form.validate():
        return _door(form, 422)
    try:
        uniquifier = check_password(office(), *form.pair(), network(), now=clock.now())
    except WrongSignIn:
        form.form_errors.append(_("This address and this password do not belong together. Look at both again."))
        return _door(form, 422)
    except TooManyAttempts:
        form.form_errors.append(too_often())
        return _door(form, 429)
    account = account_by_uniquifier(db.session(), uniquifier)
    assert account is not None
    return _after_password(account)


@open_to(Rule.HALF_SIGNED_IN)
def second() -> ResponseReturnValue:
    """The second factor: a code, or a passkey by the module."""
    form = CodeForm()
    if request.method != "POST":
        return _second(form)
    if not form.validate():
        return _second(form, 422)
    try:
        check_code(office(), g.half.id, form.typed(), now=clock.now())
    except WrongSignIn:
        form.code.errors = [_("This code is wrong or was used. Wait for the next one and try again.")]
        return _second(form, 422)
    except TooManyAttempts:
        form.code.errors = [too_often()]
        return _second(form, 429)
    return _enter(g.half)


@open_to(Rule.EVERYBODY)
def ask_passkey() -> Response:
    """What the browser needs (JSON) to show a passkey: any, or one of whose password was shown."""
    asked, half = ask_anew(), half_signed_in(now=clock.now())
    return Response(options_to_show(asked, half), mimetype="application/json")


@open_to(Rule.EVERYBODY)
def show_passkey() -> ResponseReturnValue:
    """Alone it is all that is needed, for the device asks who holds it."""
    if request.method != "POST":
        return redirect(url_for("staff.sign_in"), 303)
    form, half, asked = PasskeyForm(), half_signed_in(now=clock.now()), asked_once()
    if not form.validate() or asked is None:
        return _not_shown(half, 422)
    try:
        account = check_passkey(office(), asked, form.answer.data or "", half, network(), now=clock.now())
    except WrongSignIn:
        return _not_shown(half, 422)
    except TooManyAttempts:
        return _not_shown(half, 429)
    return _enter(account)


@open_to(Rule.EVERYBODY)
def forgotten() -> ResponseReturnValue:
    """Says the same to everybody: whether the address is known stands in its own mailbox alone."""
    form = ForgottenForm()
    if request.method != "POST":
        return page("staff/doors/forgotten.html", form=form)
    if not form.validate():
        return page("staff/doors/forgotten.html", 422, form=form)
    email, at = (form.email.data or "").strip(), clock.machine_now()
    try:
        ask_for_reset(office(), email, current_language(), network(), now=clock.now(), at=at)
    except TooManyAttempts:
        form.email.errors = [too_often()]
        return page("staff/doors/forgotten.html", 429, form=form)
    return redirect(url_for("staff.reset_sent"), 303)


@open_to(Rule.EVERYBODY)
def reset_sent() -> Response:
    return page("staff/doors/reset_sent.html")


@open_to(Rule.RESET_LINK)
def reset(token: str) -> ResponseReturnValue:
    """Choosing a password by the link that was mailed. It signs nobody in: the second factor is still asked for."""
    form = NewPasswordForm()
    if g.reset is None:
        return page("staff/doors/reset.html", 410, form=None)
    if request.method != "POST":
        return page("staff/doors/reset.html", form=form)
    if not form.validate():
        return page("staff/doors/reset.html", 422, form=form)
    try:
        use_reset(office(), token, form.password.data or "", now=clock.now(), at=clock.machine_now())
    except PasswordRefused as refusal:
        form.refuse(refusal.fault)
        return page("staff/doors/reset.html", 422, form=form)
    except SignInOver:
        return page("staff/doors/reset.html", 410, form=None)
    flash(_("Your password is changed. Sign in with it."), "good")
    return redirect(url_for("staff.sign_in"), 303)


@open_to(Rule.STAFF_AT_DOOR)
def sign_out() -> ResponseReturnValue:
    end_session(g.staff_session.id, account_id=g.account.id, now=clock.now())
    session.clear()
    return redirect(url_for("staff.sign_in"), 303)


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A page that no browser keeps."""
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = "no-store"
    if status == 429:
        response.headers["Retry-After"] = str(int(LIMITS_LAST.total_seconds()))
    return response


def too_often() -> str:
    return _("That was tried too often. Wait a quarter of an hour, and try again.")


def network() -> str:
    return network_of(request.remote_addr or "")


def ask_anew() -> Asked:
    """What the browser has to sign, which only this session knows, and not for long."""
    challenge = new_challenge()
    session["staff_challenge"] = [challenge, seconds_of(clock.now() + ASKED_FOR)]
    return Asked(_site(), challenge)


def asked_once() -> Asked | None:
    """What was asked last; after that it is asked no more."""
    challenge, until = session.pop("staff_challenge", ("", 0))
    return Asked(_site(), challenge) if clock.now() < moment_of(until) else None


def own_address(asked: str) -> str | None:
    """An address of one of these pages: no other site sends somebody on from here."""
    own = any(
        asked == f"/{each}/staff" or asked.startswith((f"/{each}/staff/", f"/{each}/staff?")) for each in LANGUAGES
    )
    return asked if own and len(asked) <= LONGEST_ADDRESS and asked.isprintable() and "\\" not in asked else None


def _is_in() -> bool:
    """Whether she is signed in here already, as after going back in the browser."""
    key = staff_key()
    return key is not None and account_signed_in(db.session(), key, now=clock.now()) is not None


def _site() -> Site:
    return Site(request.host.split(":")[0], request.host_url.rstrip("/"))


def _door(form: PasswordForm, status: int = 200) -> Response:
    passkey, ended = PasskeyForm(formdata=None), "ended" in request.args
    return page("staff/doors/sign_in.html", status, form=form, passkey=passkey, next=_next(), ended=ended)


def _second(form: CodeForm, status: int = 200) -> Response:
    return page("staff/doors/second.html", status, form=form, passkey=PasskeyForm(formdata=None), next=_next())


def _not_shown(half: Account | None, status: int) -> Response:
    """Back where the passkey was asked for, with what to do instead."""
    words = too_often() if status == 429 else _("That did not work with this passkey. Try again, or use your password.")
    if half is None:
        form: PasswordForm | CodeForm = PasswordForm(formdata=None)
        form.form_errors.append(words)
        return _door(form, status)
    g.half, form = half, CodeForm(formdata=None)
    form.form_errors.append(words)
    return _second(form, status)


def _after_password(account: Account) -> ResponseReturnValue:
    if not has_second_factor(account):
        return _enter(account)
    session["staff_half"] = [account.fs_uniquifier, seconds_of(clock.now() + HALF_LASTS)]
    return redirect(url_for("staff.second", next=_next()), 303)


def _enter(account: Account) -> ResponseReturnValue:
    """Signs her in. Who has no second factor is asked to choose one, and who has few recovery codes, to make new."""
    onward, bare = _next() or url_for("staff.start"), not has_second_factor(account)
    session.clear()  # whoever knew this browser's session before knows nothing of the one that begins
    session["staff"] = let_in(office(), account.id, request.user_agent.string, now=clock.now())
    session["staff_fresh"] = seconds_of(clock.now())
    if not bare and recovery_codes_left(account) < FEW_CODES:
        flash(_("You have few recovery codes left. Make new ones on the page about your account."), "differs")
    return redirect(url_for("staff.factors", next=onward) if bare else onward, 303)


def _next() -> str | None:
    return own_address(request.values.get("next", ""))
