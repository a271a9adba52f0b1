"""Details: who comes and how to reach her. Everything typed is kept, right or wrong."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.services.courses import ADULT_AT
from booking.services.holds import answer
from booking.web.access import Rule, open_to
from booking.web.book.health import told
from booking.web.book.steps import Draft, frame_of, fresh, next_url, step, this_draft, today
from booking.web.forms.details import CHANNEL_HINTS, DetailsForm
from booking.web.language import current_language
from booking.web.office import office


@step
def details(draft: Draft) -> ResponseReturnValue:
    if draft.health is None:
        return redirect(next_url(draft), 303)
    form = DetailsForm(data=draft.typed or {"language": current_language()}, today=today())
    if form.is_submitted():
        valid = form.validate()
        answer(office(), draft.hold.id, typed=form.typed())
        if valid:
            fresh(draft.hold)
            return redirect(next_url(this_draft()), 303)
    page = render_template(
        "book/details.html",
        form=form,
        told=told(draft),
        must_call=draft.must_call,
        channel_hints=CHANNEL_HINTS,
        **frame_of(draft, "details"),
    )
    return page, 422 if form.errors else 200


@open_to(Rule.EVERYBODY)
def by_phone() -> ResponseReturnValue:
    """Under 16: a guardian books by telephone."""
    return render_template("book/by_phone.html", adult_at=ADULT_AT, details_url=url_for("book.details"))
