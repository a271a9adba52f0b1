"""Waiting: who finds no times that suit her is told when some become free. Her wishes stand in the address."""

from __future__ import annotations

from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import TooManyAttempts
from booking.services import wording
from booking.services.proposals import Asked, UnknownWish, resolve
from booking.services.waiting import ask_to_wait
from booking.services.wishes import Unreadable, asked_of, parsed, query_of
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.waiting import CourseWaitForm
from booking.web.forms.wishes import day_name, part_name
from booking.web.language import current_language
from booking.web.limits import WAITS, kept, limiter
from booking.web.office import office


@open_to(Rule.EVERYBODY)
@limiter.limit(WAITS, methods=["POST"], deduct_when=kept)
def wait() -> ResponseReturnValue:
    """Asks for a name and an address, under the wishes that were asked for."""
    now = clock.now()
    try:
        asked = asked_of(parsed(request.form.get("query", "")) if request.method == "POST" else request.args)
        resolve(db.session(), asked, now=now)
    except (Unreadable, UnknownWish):
        return redirect(url_for("book.plan"), 303)
    form, query = CourseWaitForm(request.form if request.method == "POST" else None), query_of(asked)
    if request.method == "POST" and form.validate():
        try:
            ask_to_wait(office(), form.wish(query, current_language(), now=now), now=now, at=clock.machine_now())
        except TooManyAttempts:
            form.email.errors = [_("We have sent several e-mails lately. Look for the newest one, or wait an hour.")]
            return _page(form, asked), 429
        return redirect(url_for("book.wait_noted"), 303)
    return _page(form, asked), 422 if form.errors else 200


def _page(form: CourseWaitForm, asked: Asked) -> str:
    query = query_of(asked)
    rows = wish_rows(House(db.session()), asked)
    plan_url = f"{url_for('book.plan')}?{query}"
    return render_template("book/wait.html", form=form, query=query, rows=rows, plan_url=plan_url)


@open_to(Rule.EVERYBODY)
def wait_noted() -> str:
    return render_template("book/wait_noted.html")


def wish_rows(house: House, asked: Asked) -> list[dict[str, str]]:
    """The wishes as the check pages show answers, only those that leave something out."""
    language = current_language()
    clinics = [clinic.name for clinic in house.clinics.values() if clinic.slug in asked.clinics]
    clinician = next((each.name for each in house.clinicians.values() if each.slug == asked.clinician), "")
    parts = [part_name(part) for part in sorted(asked.parts, key=lambda part: part.minutes)]
    away = [_dates(first, last) for first, last in asked.away]
    told = [
        (_("Clinics"), ", ".join(clinics) or _("any")),
        (_("Clinician"), _("only %(name)s", name=clinician) if asked.only_her else clinician),
        (_("Days"), ", ".join(day_name(day) for day in sorted(asked.days)) or _("any")),
        (_("Time of day"), "; ".join(parts) or _("any time")),
        (_("Start no earlier than"), wording.day_and_year(asked.start, language) if asked.start else ""),
        (_("You are away"), ", ".join(away)),
        (_("First visit"), _("yes, I have not been here before") if asked.new_patient else ""),
    ]
    return [{"term": term, "text": text} for term, text in told if text]


def _dates(first: date, last: date) -> str:
    words, last_words = (wording.day_of_month(day, current_language()) for day in (first, last))
    return words if first == last else _("%(first)s to %(last)s", first=words, last=last_words)
