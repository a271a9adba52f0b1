"""Contact: the patient puts right how she is reached."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from booking.domain.errors import TooManyAttempts
from booking.services.invitations import INVITATIONS
from booking.services.preferences import correct_own_contact
from booking.store.courses import Course
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.contact import ContactForm
from booking.web.office import office


@open_to(Rule.PAGE_LINK)
def correct(token: str) -> Any:
    course: Course = g.link.course
    form = ContactForm(data=as_kept(course))
    if request.method != "POST" or not form.validate():
        return _page(form, course)
    try:
        correct_own_contact(office(), course.id, form.contact(), now=clock.now(), at=clock.machine_now())
    except TooManyAttempts:
        form.email.errors = [_("There were several new addresses lately. Wait until tomorrow, or call us.")]
        return _page(form, course), 429
    return redirect(url_for("me.course", token=token, done="contact", _anchor="contact"), 303)


def _page(form: ContactForm, course: Course) -> str:
    return render_template("me/contact.html", form=form, course=course, email_hint=email_hint(course))


def email_hint(course: Course) -> str:
    """What a new address brings."""
    if course.channel == INVITATIONS:
        return _("A new address gets the confirmation and the invitations. Those at the old address are taken back.")
    return _("A new address gets the confirmation.")


def as_kept(course: Course) -> dict[str, Any]:
    return {
        "email": course.email or "",
        "mobile": course.mobile or "",
        "language": course.language,
        "needs": course.needs,
    }
