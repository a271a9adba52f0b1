"""Absences: when a clinician is away; whom it touches is shown before it is entered."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.period import Period, seconds_of
from booking.services.accounts import sees_course
from booking.services.disruptions import (
    Cause,
    CauseKind,
    enter_absence,
    ill_today,
    remove_absence,
    touched_by,
)
from booking.services.logbook import About, note_look
from booking.services.relocation import propose_first
from booking.store.database import db
from booking.store.disruptions import Disruption, absences_of
from booking.store.people import Clinician
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.absences import KINDS, AbsenceForm
from booking.web.forms.fields import read_id
from booking.web.office import office
from booking.web.staff.replan import People, Person, period_words

UNREADABLE = 422


@open_to(Rule.OF_CLINICIAN)
def absences(id: int) -> ResponseReturnValue:
    """Those to come, and one more: first whom it touches, then it is entered."""
    form = AbsenceForm()
    if request.method != "POST":
        return _page(id, form)
    if not form.validate():
        return _page(id, form), UNREADABLE
    wish, now = form.wish(), clock.now()
    if wish.period.end <= now:
        form.first.errors = [_("This date has passed. The past is not changed.")]
        return _page(id, form), UNREADABLE
    cause = Cause(kind=CauseKind.ABSENCE, period=wish.period, clinician_id=id)
    touched = touched_by(db.session(), office(), cause, now=now)
    seen = f"{seconds_of(wish.period.start)}-{seconds_of(wish.period.end)}-{len(touched)}"
    if touched and form.confirmed.data != seen:
        note_look(office(), g.reach.who, "look_list", About(), now=now)
        people = People(db.session())
        hers = [
            one
            for one in map(people.touched, touched)
            if g.reach.clinician_id == id or sees_course(g.reach, one.course)
        ]
        return _page(id, form, hers, len(touched), seen)
    entered = enter_absence(office(), id, wish.period, wish.kind, who=g.reach.who, now=now)
    return _entered(id, entered)


@open_to(Rule.OF_CLINICIAN)
def ill(id: int) -> ResponseReturnValue:
    """One click: away for the rest of the day, and on to what that touches."""
    return _entered(id, ill_today(office(), id, who=g.reach.who, now=clock.now()))


@open_to(Rule.OF_CLINICIAN)
def remove(id: int) -> ResponseReturnValue:
    remove_absence(office(), read_id(request.form.get("absence")), id, who=g.reach.who, now=clock.now())
    flash(_("The absence is removed. Whoever was moved already stays where she is now."), "good")
    return redirect(url_for("staff.absences", id=id), 303)


def _entered(clinician_id: int, disruption_id: int | None) -> ResponseReturnValue:
    if disruption_id is None:
        flash(_("The absence is entered. It touches no appointment."), "good")
        return redirect(url_for("staff.absences", id=clinician_id), 303)
    propose_first(office(), disruption_id, now=clock.now())
    if not People(db.session()).rows(db.session.get_one(Disruption, disruption_id)):
        flash(_("Noted."), "good")
        return redirect(url_for("staff.absences", id=clinician_id), 303)
    return redirect(url_for("staff.disruption", id=disruption_id), 303)


def _page(id: int, form: AbsenceForm, touched: list[Person] | None = None, count: int = 0, seen: str = "") -> str:
    """`touched`: those of the `count` that it touches whom she may see; the others stand on the boards of theirs."""
    session, now = db.session(), clock.now()
    return render_template(
        "staff/absences.html",
        form=form,
        her=session.get_one(Clinician, id),
        rows=[(row, period_words(Period(row.starts_at, row.ends_at))) for row in absences_of(session, id, now=now)],
        kinds=KINDS,
        touched=touched,
        count=count,
        seen=seen,
    )
