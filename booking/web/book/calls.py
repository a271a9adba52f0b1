"""Call me instead: on a page of its own, from anywhere."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.domain.period import oslo
from booking.services.tasks import CALL_WITHIN, ask_for_call
from booking.services.wishes import Unreadable, read_date
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.calls import CallForm
from booking.web.language import current_language
from booking.web.limits import CALLS, kept, limiter
from booking.web.office import office

LONGEST_PROMISE = timedelta(days=14)


@open_to(Rule.EVERYBODY)
@limiter.limit(CALLS, methods=["POST"], deduct_when=kept)
def call_me() -> ResponseReturnValue:
    form = CallForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        wish = form.wish()
        due = ask_for_call(
            office(),
            name=wish.name,
            phone=wish.phone,
            note=wish.when,
            message=wish.message,
            language=current_language(),
            now=clock.now(),
        )
        by = oslo(due - timedelta(seconds=1)).date()
        return redirect(url_for("book.call_noted", by=by.isoformat()), 303)
    return render_template("book/call_me.html", form=form), 422 if form.errors else 200


@open_to(Rule.EVERYBODY)
def call_noted() -> ResponseReturnValue:
    """Says by when; the day stands in the address, so the page can be opened again."""
    today = oslo(clock.now()).date()
    try:
        by = read_date(request.args.get("by", ""))
    except Unreadable:
        by = None
    if by is None or not today <= by <= today + LONGEST_PROMISE:
        by = None
    return render_template("book/call_noted.html", by=by, days=CALL_WITHIN)
