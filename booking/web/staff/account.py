"""Account: what somebody who works here sees and changes of her own way in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import LastFactor, PasswordRefused, TooManyAttempts, WrongSignIn
from booking.domain.period import moment_of, seconds_of
from booking.services.accounts import end_other_sessions, end_session, lacks_second_factor, open_sessions
from booking.services.credentials import (
    change_password,
    choose_language,
    drop_codes,
    drop_passkey,
    new_recovery_codes,
    take_codes,
    take_passkey,
)
from booking.services.doors import FRESH_FOR, check_password
from booking.services.factors import has_second_factor, key_of, new_secret, picture_of, recovery_codes_left
from booking.services.passkeys import options_to_make
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.doors import CheckForm, CodeForm, LanguageForm, NamedPasskeyForm, NewPasswordForm
from booking.web.forms.fields import read_id
from booking.web.office import office
from booking.web.staff.browsers import browser_words
from booking.web.staff.doors import ask_anew, asked_once, network, own_address, page, too_often

View = TypeVar("View", bound=Callable[..., Any])


def fresh(view: View) -> View:
    """Only soon after a factor was shown: who finds a browser open must not change how its owner gets in."""

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        if clock.now() < moment_of(session.get("staff_fresh", 0)) + FRESH_FOR:
            answer: ResponseReturnValue = view()
            return answer
        back = request.full_path.rstrip("?") if request.method == "GET" else url_for("staff.account")
        return redirect(url_for("staff.confirm", next=back), 303)

    return guarded  # type: ignore[return-value]


@open_to(Rule.STAFF)
def account() -> ResponseReturnValue:
    """Who she is here, where she is signed in, and the language of her mails."""
    form = LanguageForm(language=g.account.language)
    if request.method == "POST" and form.validate():
        choose_language(g.account.id, form.language.data)
        flash(_("Saved."), "good")
        return redirect(url_for("staff.account"), 303)
    now = clock.now()
    rows = [
        {"id": row.id, "browser": browser_words(row.browser), "since": row.created_at, "seen": row.seen_at}
        for row in open_sessions(db.session(), g.account.id, now=now)
    ]
    return page("staff/account/account.html", form=form, rows=rows, here_id=g.staff_session.id)


@open_to(Rule.STAFF)
def end_one() -> ResponseReturnValue:
    end_session(read_id(request.form.get("id")), account_id=g.account.id, now=clock.now())
    return redirect(url_for("staff.account"), 303)


@open_to(Rule.STAFF)
def end_others() -> ResponseReturnValue:
    end_other_sessions(g.account.id, but=g.staff_session.id, now=clock.now())
    flash(_("You are signed out everywhere else."), "good")
    return redirect(url_for("staff.account"), 303)


@open_to(Rule.STAFF_AT_DOOR)
def confirm() -> ResponseReturnValue:
    """Her password once more."""
    form, onward = CheckForm(), own_address(request.values.get("next", "")) or url_for("staff.account")
    if request.method != "POST":
        return page("staff/account/confirm.html", form=form, next=onward)
    status = 422
    if form.validate():
        try:
            check_password(office(), g.account.email, form.typed(), network(), now=clock.now())
            session["staff_fresh"] = seconds_of(clock.now())
            return redirect(onward, 303)
        except WrongSignIn:
            form.password.errors = [_("This is not your password. Look at it again.")]
        except TooManyAttempts:
            form.password.errors, status = [too_often()], 429
    return page("staff/account/confirm.html", status, form=form, next=onward)


@open_to(Rule.STAFF)
@fresh
def password() -> ResponseReturnValue:
    form = NewPasswordForm()
    if request.method != "POST":
        return page("staff/account/password.html", form=form)
    if not form.validate():
        return page("staff/account/password.html", 422, form=form)
    chosen, here = form.password.data or "", g.staff_session.id
    try:
        change_password(office(), g.account.id, chosen, but=here, now=clock.now(), at=clock.machine_now())
    except PasswordRefused as refusal:
        form.refuse(refusal.fault)
        return page("staff/account/password.html", 422, form=form)
    flash(_("Your password is changed, and you are signed out everywhere else."), "good")
    return redirect(url_for("staff.account"), 303)


# -- second factors ---------------------------------------------------------------------------------------------------


@open_to(Rule.STAFF_AT_DOOR)
@fresh
def factors() -> ResponseReturnValue:
    """Her second factors, and how to add one."""
    return _factors(NamedPasskeyForm(formdata=None, name=browser_words(request.user_agent.string)))


@open_to(Rule.STAFF_AT_DOOR)
@fresh
def codes() -> ResponseReturnValue:
    """A program that makes codes: its key, then a code of it."""
    form = CodeForm()
    if request.method != "POST":
        session["staff_secret"] = new_secret()
        return _codes(form)
    if "staff_secret" not in session:
        return redirect(url_for("staff.codes"), 303)
    if not form.validate():
        return _codes(form, 422)
    now, at, secret = clock.now(), clock.machine_now(), session["staff_secret"]
    try:
        recovery = take_codes(office(), g.account.id, secret, form.typed(), now=now, at=at)
    except WrongSignIn:
        form.code.errors = [_("This code does not belong to this key. Wait for the next one and try again.")]
        return _codes(form, 422)
    session.pop("staff_secret")
    return _added(recovery)


@open_to(Rule.STAFF_AT_DOOR)
@fresh
def ask_new_passkey() -> Response:
    """What the browser needs (JSON) to make a passkey."""
    return Response(options_to_make(office(), ask_anew(), g.account.id), mimetype="application/json")


@open_to(Rule.STAFF_AT_DOOR)
@fresh
def add_passkey() -> ResponseReturnValue:
    form, asked = NamedPasskeyForm(), asked_once()
    if not form.validate():
        return _factors(form, 422)
    try:
        if asked is None:
            raise WrongSignIn
        recovery = take_passkey(
            office(),
            g.account.id,
            asked,
            form.answer.data or "",
            form.called(),
            now=clock.now(),
            at=clock.machine_now(),
        )
    except WrongSignIn:
        form.form_errors.append(_("The passkey was not added. Try again."))
        return _factors(form, 422)
    return _added(recovery)


@open_to(Rule.STAFF)
@fresh
def remove_factor() -> ResponseReturnValue:
    """Of the program that makes codes, or of the passkey that is named by its number."""
    now, at, passkey = clock.now(), clock.machine_now(), request.form.get("passkey")
    try:
        if passkey is None:
            drop_codes(office(), g.account.id, now=now, at=at)
        else:
            drop_passkey(office(), g.account.id, read_id(passkey), now=now, at=at)
    except LastFactor:
        flash(_("Administrators need a second factor. Add another one before you remove this."), "wrong")
    return redirect(url_for("staff.factors"), 303)


@open_to(Rule.STAFF)
@fresh
def recovery() -> ResponseReturnValue:
    """New recovery codes; they are shown this once."""
    if not has_second_factor(g.account):
        return redirect(url_for("staff.factors"), 303)
    made = new_recovery_codes(office(), g.account.id, now=clock.now(), at=clock.machine_now())
    return page("staff/account/recovery.html", codes=made)


def _factors(form: NamedPasskeyForm, status: int = 200) -> Response:
    return page(
        "staff/account/factors.html",
        status,
        form=form,
        passkeys=g.account.passkeys,
        has_codes=g.account.tf_totp_secret is not None,
        left=recovery_codes_left(g.account),
        must=lacks_second_factor(g.account),
        next=own_address(request.args.get("next", "")),
    )


def _codes(form: CodeForm, status: int = 200) -> Response:
    secret = session["staff_secret"]
    return page(
        "staff/account/codes.html", status, form=form, key=key_of(secret), picture=picture_of(secret, g.account.email)
    )


def _added(recovery: list[str]) -> ResponseReturnValue:
    flash(_("The second factor is added."), "good")
    if recovery:
        return page("staff/account/recovery.html", codes=recovery)
    return redirect(url_for("staff.factors"), 303)
