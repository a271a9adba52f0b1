"""Find: the ways back to her appointments for who has lost her link."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import SignInOver, TooManyAttempts, UnknownCourse
from booking.domain.period import oslo
from booking.services.sign_ins import (
    ask_for_link,
    can_be_used,
    open_times,
    send_link_unseen,
    sign_out,
    use_link,
)
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to, sign_in_key
from booking.web.book.visitor import still_kept_until
from booking.web.forms.fields import one_line, read_email
from booking.web.forms.sign_ins import AddressForm, SignInForm, TimesForm
from booking.web.language import current_language
from booking.web.limits import network_of
from booking.web.me.times import all_times, bare_times
from booking.web.office import office


@open_to(Rule.EVERYBODY)
def find() -> ResponseReturnValue:
    return _found(AddressForm(), _times_form(), ended="ended" in request.args)


@open_to(Rule.EVERYBODY)
def ask_link() -> ResponseReturnValue:
    """Says the same to everybody: whether the address is known stands in its own mailbox alone."""
    if request.method != "POST":
        return redirect(url_for("me.find"), 303)
    form = AddressForm(request.form)
    if not form.validate():
        return _found(form, _times_form(), status=422)
    address, network = read_email(form.email.data or ""), _network()
    try:
        ask_for_link(office(), address, current_language(), network, now=clock.now(), at=clock.machine_now())
    except TooManyAttempts:
        form.email.errors = [_("We have sent several e-mails lately. Look for the newest one, or wait an hour.")]
        return _found(form, _times_form(), status=429)
    return redirect(url_for("me.link_sent"), 303)


@open_to(Rule.EVERYBODY)
def link_sent() -> str:
    return render_template("me/sent.html")


@open_to(Rule.SIGN_IN_LINK)
def sign_in(token: str) -> ResponseReturnValue:
    """Opening the link uses nothing up, for programs open it, too, that look through mails; the button does."""
    usable, form = can_be_used(g.sign_in_link, now=clock.now()), SignInForm()
    if request.method != "POST" or not usable:
        return _link_page(usable)
    if not form.validate():
        return _link_page(usable)[0], 403
    try:
        session["sign_in"] = use_link(token, now=clock.now())
    except SignInOver:
        return _link_page(usable=False)
    return redirect(url_for("me.all_courses"), 303)


@open_to(Rule.SIGNED_IN)
def all_courses() -> ResponseReturnValue:
    """All appointments of an address, past and coming, each course with the link to its page."""
    if g.sign_in.email is None:
        return redirect(url_for("me.times"), 303)
    return render_template("me/all.html", **all_times(office(), g.sign_in.email, now=clock.now()))


@open_to(Rule.EVERYBODY)
def ask_times() -> ResponseReturnValue:
    if request.method != "POST":
        return redirect(url_for("me.find"), 303)
    form = _times_form(request.form)
    if not form.validate():
        return _found(AddressForm(), form, status=422)
    try:
        session["sign_in"] = open_times(
            office(), one_line(form.reference.data), form.birth_date(), _network(), now=clock.now()
        )
    except UnknownCourse:
        form.refuse(_("No appointments have this reference and this birth date. Look at both again."))
        return _found(AddressForm(), form, status=422)
    except TooManyAttempts:
        form.refuse(_("That was tried too often today. Let us send you a link by e-mail, or call us."))
        return _found(AddressForm(), form, status=429)
    return redirect(url_for("me.times"), 303)


@open_to(Rule.SIGNED_IN)
def times() -> ResponseReturnValue:
    """The bare times of one course: who knows a reference and a birth date need not be the patient."""
    if g.sign_in.course_id is None:
        return redirect(url_for("me.all_courses"), 303)
    course = db.session().get_one(Course, g.sign_in.course_id)
    words = _SENT.get(request.args.get("sent", ""))
    return render_template("me/times.html", **bare_times(db.session(), course, now=clock.now()), sent=words and words())


@open_to(Rule.SIGNED_IN)
def send_times_link() -> ResponseReturnValue:
    """Says the same whether there is an address or not, and after how many clicks it is enough."""
    if g.sign_in.course_id is None:
        return redirect(url_for("me.all_courses"), 303)
    try:
        send_link_unseen(office(), g.sign_in.course_id, current_language(), now=clock.now(), at=clock.machine_now())
    except TooManyAttempts:
        return redirect(url_for("me.times", sent="often"), 303)
    return redirect(url_for("me.times", sent="yes"), 303)


@open_to(Rule.EVERYBODY)
def leave() -> ResponseReturnValue:
    """Ends the session of who signed in, here and wherever its cookie was copied to."""
    key = sign_in_key()
    if key is not None:
        sign_out(key, now=clock.now())
        session.pop("sign_in")
    return redirect(url_for("me.find"), 303)


_SENT = {
    "yes": lambda: _("If we have an e-mail address for these appointments, a link is on its way to it."),
    "often": lambda: _("We have sent several e-mails lately. Look for the newest one, or wait an hour."),
}


def _found(address: AddressForm, times: TimesForm, *, ended: bool = False, status: int = 200) -> tuple[str, int]:
    wrong = next((form for form in (address, times) if form.errors), None)
    page = render_template(
        "me/find.html", address_form=address, times_form=times, form=wrong, ended=ended, kept=still_kept_until()
    )
    return page, status


def _link_page(usable: bool) -> tuple[str, int]:
    forms = {"form": SignInForm() if usable else None, "address_form": AddressForm()}
    return render_template("me/sign_in.html", usable=usable, **forms), 200 if usable else 410


def _times_form(sent: Any = None) -> TimesForm:
    return TimesForm(sent, today=oslo(clock.now()).date())


def _network() -> str:
    return network_of(request.remote_addr or "")
