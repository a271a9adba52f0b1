"""Helpers: the patient gives somebody a link to her times, and ends it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import TooManyHelpers
from booking.services.helpers import add_helper, revoke_helper
from booking.services.links import helper_url
from booking.store.database import db
from booking.store.helpers import Helper, helpers_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.helpers import HelperForm
from booking.web.language import current_language
from booking.web.office import office


@dataclass(frozen=True, slots=True)
class Shown:
    """A helper as the patient sees her. `url`: the link, to hand it over herself."""

    id: int
    name: str
    email: str | None
    reminded: bool
    url: str
    used_at: datetime | None


@open_to(Rule.PAGE_LINK)
def helpers(token: str) -> ResponseReturnValue:
    form = HelperForm(request.form if request.method == "POST" else None, language=current_language())
    if request.method == "POST" and form.validate():
        try:
            add_helper(office(), g.link.course_id, form.invited(), now=clock.now(), at=clock.machine_now())
        except TooManyHelpers:
            form.name.errors = [_("No more helpers can be added here. End a link that is not needed, or call us.")]
        else:
            done = "mailed" if form.invited().email else "added"
            return redirect(url_for("me.helpers", token=token, done=done), 303)
    words = _DONE.get(request.args.get("done", ""))
    shown = [_shown(helper) for helper in helpers_of(db.session(), g.link.course_id)]
    page = render_template("me/helpers.html", form=form, helpers=shown, token=token, done_words=words and words())
    return page, 422 if form.errors else 200


@open_to(Rule.PAGE_LINK)
def revoke(token: str, id: int) -> ResponseReturnValue:
    revoke_helper(g.link.course_id, id, now=clock.now())
    return redirect(url_for("me.helpers", token=token, done="ended"), 303)


_DONE = {
    "added": lambda: _("The link is made. It stands below: hand it over yourself."),
    "mailed": lambda: _("The link is made, and on its way by e-mail."),
    "ended": lambda: _("The link is ended. It opens nothing any more."),
}


def _shown(helper: Helper) -> Shown:
    url = helper_url(office(), helper, helper.language)
    return Shown(helper.id, helper.name, helper.email, helper.reminded, url, helper.used_at)
