"""Today: who comes to a clinic today, in order of time, and where each of them stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from booking.domain.appointment import Actor
from booking.domain.period import oslo
from booking.services.accounts import sees_appointment, sees_clinic
from booking.services.changes import undoable_of
from booking.services.logbook import About, note_look
from booking.store.appointments import ARRIVED, BOOKED, CANCELLED, FULFILLED, NOSHOW, PENDING, Appointment
from booking.store.changes import Change
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.today import Visit, fees_for, open_changes_of, visits_in
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.details import NEEDS_AT_THE_DESK
from booking.web.office import office
from booking.web.staff.schedule import period_of, watch_of


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `undo`: the change by which it was cancelled, while that can be undone."""

    visit: Visit
    needs: tuple[str, ...]
    undo: Change | None

    @property
    def appointment(self) -> Appointment:
        return self.visit.appointment


@open_to(Rule.STAFF)
def today_here() -> Response:
    """The list of her first clinic."""
    first = next((clinic.id for clinic in all_clinics(db.session()) if sees_clinic(g.reach, clinic.id)), 0)
    return redirect(url_for("staff.today", id=first), 303)


@open_to(Rule.OF_CLINIC)
def today(id: int) -> str:
    """The whole clinic's at the front desk, her own to a clinician; that somebody has looked is noted."""
    now = clock.now()
    note_look(office(), g.reach.who, "look_list", About(), now=now)
    rows, day = db.session(), oslo(now).date()
    visits = [visit for visit in visits_in(rows, id, period_of(day, 1)) if sees_appointment(g.reach, visit.appointment)]
    return render_template(
        "staff/today.html",
        now=now,
        clinic=rows.get_one(Clinic, id),
        clinics=[clinic for clinic in all_clinics(rows) if sees_clinic(g.reach, clinic.id)],
        house=House(rows),
        rows=_rows(visits),
        fees=fees_for(rows, [visit.appointment.id for visit in visits]),
        counts=_counts(visits),
        **watch_of(id, day),
    )


def _rows(visits: Sequence[Visit]) -> list[Row]:
    changes = open_changes_of(db.session(), {visit.appointment.course_id for visit in visits})
    return [Row(visit, _needs(visit), _undo(visit.appointment, changes)) for visit in visits]


def _needs(visit: Visit) -> tuple[str, ...]:
    return tuple(str(NEEDS_AT_THE_DESK[need]) for need in visit.needs if need in NEEDS_AT_THE_DESK)


def _undo(appointment: Appointment, changes: dict[int, list[Change]]) -> Change | None:
    """The newest change of its course, if that cancelled it and can still be undone."""
    if appointment.status != CANCELLED:
        return None
    found = undoable_of(changes.get(appointment.course_id, []), now=clock.now(), by=Actor.CLINIC)
    return next((change for change in found[:1] if str(appointment.id) in change.before), None)


def _counts(visits: Sequence[Visit]) -> list[str]:
    """“3 to come”, “2 arrived”"""
    count = Counter(visit.appointment.status for visit in visits)
    expected = count[BOOKED] + count[PENDING]
    words = [ngettext("%(num)s to come", "%(num)s to come", expected)]
    if count[ARRIVED]:
        words.append(ngettext("%(num)s arrived", "%(num)s arrived", count[ARRIVED]))
    if count[FULFILLED]:
        words.append(ngettext("%(num)s was here", "%(num)s were here", count[FULFILLED]))
    if count[NOSHOW]:
        words.append(ngettext("%(num)s did not come", "%(num)s did not come", count[NOSHOW]))
    if count[CANCELLED]:
        words.append(_("%(count)s cancelled", count=count[CANCELLED]))
    return words
