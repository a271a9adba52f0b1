"""Absences: when a clinician is away; whom it touches is shown before it is entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import Period, seconds_of
from booking.services.accounts import sees_course
from booking.services.disruptions import (
    Cause,
    CauseKind,
    Kept,
    enter_absence,
    ill_today,
    remove_absence,
    touched_by,
)
from booking.services.logbook import About, note_look
from booking.services.relocation import propose_first
from booking.store.appointments import Appointment
from booking.store.database import db
from booking.store.disruptions import Disruption, absences_of
from booking.store.people import Clinician
from booking.store.register import courses_by_id
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.errors import words_for
from booking.web.forms.absences import KINDS, AbsenceForm
from booking.web.forms.fields import read_id
from booking.web.me.new_time import read_start
from booking.web.office import office
from booking.web.staff.replan import People, Person, period_words

UNREADABLE = 422


@open_to(Rule.OF_CLINICIAN)
def absences(id: int) -> ResponseReturnValue:
    """Those to come, and one more: first whom it touches, then it is entered, if it touches nobody else by then."""
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
    ids = [appointment.id for appointment in touched]
    if touched and form.confirmed.data != _confirmation(wish.period, ids):
        return _touched_page(id, form, wish.period, touched)
    try:
        entered = enter_absence(office(), id, wish.period, wish.kind, seen=ids, who=g.reach.who, now=now)
    except ChangedMeanwhile:
        db.session.rollback()
        return _touched_page(id, form, wish.period, touched_by(db.session(), office(), cause, now=now))
    return _entered(id, entered)


@open_to(Rule.OF_CLINICIAN)
def ill(id: int) -> ResponseReturnValue:
    """One click: away for the rest of the day, and on to what that touches."""
    return _entered(id, ill_today(office(), id, who=g.reach.who, now=clock.now()))


@open_to(Rule.OF_CLINICIAN)
def remove(id: int) -> ResponseReturnValue:
    """From the list of absences, or from the page that proposes new times: there only as it was shown."""
    start, end = (read_start(request.form.get(name, "")) for name in ("start", "end"))
    if start is None or end is None:
        abort(400)
    version = read_id(request.form["version"]) if "version" in request.form else None
    try:
        kept = remove_absence(office(), id, Period(start, end), version=version, who=g.reach.who, now=clock.now())
    except ChangedMeanwhile as refusal:
        flash(words_for(refusal), "differs")
        return redirect(url_for("staff.disruption", id=read_id(request.form.get("disruption"))), 303)
    flash(" ".join(_kept_words(kept)), "good")
    return redirect(url_for("staff.absences", id=id), 303)


def _kept_words(kept: Kept) -> Iterator[str]:
    yield _("The absence is removed.")
    if kept.stay:
        yield ngettext("%(num)s appointment stays where it is.", "%(num)s appointments stay where they are.", kept.stay)
    if kept.moved:
        yield ngettext(
            "%(num)s that was moved already stays at its new time.",
            "%(num)s that were moved already stay at their new times.",
            kept.moved,
        )


def _confirmation(period: Period, touched: Iterable[int]) -> str:
    """What the form sends once she has read whom it touches: these very appointments, at these very times."""
    return "-".join(map(str, (seconds_of(period.start), seconds_of(period.end), *touched)))


def _touched_page(id: int, form: AbsenceForm, period: Period, touched: Sequence[Appointment]) -> str:
    """Whom it touches, to be read before it is entered; or once more, if that has become others since."""
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    people, courses = People(db.session()), courses_by_id(db.session(), {each.course_id for each in touched})
    found = [people.touched(each, courses[each.course_id]) for each in touched]
    hers = [one for one in found if g.reach.clinician_id == id or sees_course(g.reach, one.course)]
    return _page(id, form, hers, len(touched), _confirmation(period, [each.id for each in touched]))


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
        meanwhile=bool(form.confirmed.data),
    )
