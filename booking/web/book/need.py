"""The first question: what do you need?"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.services import wording
from booking.services.proposals import NINE_WEEKS
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web.access import Rule, open_to
from booking.web.book.visitor import still_kept_until
from booking.web.forms.need import NEW, RETURNING, SINGLE, NeedForm
from booking.web.language import current_language


@open_to(Rule.EVERYBODY)
def need() -> ResponseReturnValue:
    """The answer is in the address, so going back shows the question again."""
    form = NeedForm(request.args)
    place = {name: request.args.getlist(name) for name in ("clinic", "clinician") if request.args.getlist(name)}
    if request.args.get("asked") and form.validate():
        return redirect(_way_on(form.what.data, place), 303)
    return render_template("book/need.html", form=form, place=place, hints=_hints(), kept=still_kept_until())


def _way_on(what: str, place: dict[str, list[str]]) -> str:
    if what in (NEW, RETURNING):
        return url_for("book.plan", **place, **({"new": "1"} if what == NEW else {}))  # type: ignore[arg-type]
    return url_for("book.single", kind=what, **place)  # type: ignore[arg-type]


def _hints() -> dict[str, str]:
    """Under each choice what it is and costs."""
    language = current_language()
    hints = {}
    course = protocol_by_slug(db.session(), NINE_WEEKS)
    if course:
        for what, new in ((NEW, True), (RETURNING, False)):
            text = (
                _("A first visit, one session a week, and a review.") if new else _("One session a week, and a review.")
            )
            hints[what] = f"{text} {wording.price(course.price_for(new_patient=new), language)}."
    for what in SINGLE:
        protocol = protocol_by_slug(db.session(), what)
        if protocol:
            treatment = protocol.weekly[0].treatment
            minutes, price = wording.minutes(treatment.minutes, language), wording.price(treatment.price, language)
            hints[what] = f"{wording.sentence(minutes)}. {price}."
    return hints
