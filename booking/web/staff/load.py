"""Load: running courses and the lanes of the week, clinician by clinician, at one clinic."""

from __future__ import annotations

from flask import abort, g, render_template, request

from booking.domain.lanes import WEEKS
from booking.services.accounts import sees_clinic
from booking.services.load import loads
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.office import office


@open_to(Rule.STAFF)
def load() -> str:
    """Everybody's at the front desk, her own to a clinician."""
    rows = db.session()
    clinics = [clinic for clinic in all_clinics(rows) if sees_clinic(g.reach, clinic.id)]
    slug = request.args.get("clinic") or next((clinic.slug for clinic in clinics), "")
    clinic = next((each for each in clinics if each.slug == slug), None)
    if clinic is None:
        abort(404)
    desk = g.reach.desk_of(clinic.id)
    found = loads(rows, office(), clinic.id, now=clock.now())
    shown = [each for each in found if desk or each.clinician_id == g.reach.clinician_id]
    weekdays = sorted({0, 1, 2, 3, 4} | {lane.weekday for each in shown for lane in each.lanes})
    return render_template(
        "staff/load.html",
        clinic=clinic,
        clinics=clinics,
        loads=shown,
        weekdays=weekdays,
        weeks=WEEKS,
        house=House(rows),
    )
