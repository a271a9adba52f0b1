"""Walk-in: somebody stands at the desk, and whoever is free treats her now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.course import Planned
from booking.domain.errors import DoesNotFit, SlotTaken
from booking.services import wording
from booking.services.callers import WalkIn, free_for_walk_in, walk_in
from booking.services.courses import FrontDesk
from booking.services.register import Found
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.filters import local
from booking.web.forms.caller import WalkInForm
from booking.web.forms.fields import choices_of
from booking.web.language import current_language
from booking.web.office import office
from booking.web.staff.call import as_known, hers, maybe_known, picked_patient
from booking.web.staff.caller_check import checked_form


@open_to(Rule.FRONT_DESK)
def begin_now() -> ResponseReturnValue:
    """Who is free at this moment, who comes, and what she answers; then the page of the appointment."""
    patient, house = picked_patient(request.values.get("patient")), House(db.session())
    clinics = tuple(clinic.id for clinic in hers(house))
    free = list(free_for_walk_in(db.session(), office(), clinics, now=clock.now()))
    form = checked_form(WalkInForm, as_known(patient) if patient else {}, patient)
    form.place.choices = choices_of((_value(slug, each), _words(house, slug, each)) for slug, each in free)
    like: tuple[Found, ...] = ()
    if request.method == "POST" and form.validate():
        like = () if "patient" in request.values else maybe_known(form.said())
        try:
            if not like:
                return _arrived(form, patient.id if patient else None)
        except (DoesNotFit, SlotTaken):
            form.place.errors = [
                _("That is no longer free, or the patient has another appointment then. Choose again.")
            ]
    page = render_template("staff/book/walk_in.html", form=form, patient=patient, free=free, like=like, house=house)
    return page, 422 if form.errors or like else 200


def _arrived(form: Any, patient_id: int | None) -> ResponseReturnValue:
    protocol, clinician, clinic = form.place.data.split("~")
    walk = WalkIn(protocol=protocol, clinician_id=int(clinician), clinic_id=int(clinic), spoken=form.spoken.data)
    desk, now = FrontDesk(g.reach.who, patient_id), clock.now()
    id = walk_in(office(), walk, form.details(), form.check(), desk, now=now, at=clock.machine_now())
    flash(_("It is booked, and the patient has arrived."), "good")
    return redirect(url_for("staff.appointment", id=id), 303)


def _value(slug: str, each: Planned) -> str:
    return f"{slug}~{each.clinician}~{each.clinic}"


def _words(house: House, slug: str, each: Planned) -> str:
    """“Needle session, 10:10, 30 minutes, Ask Eksempel, Lambertseter”"""
    protocol = protocol_by_slug(db.session(), slug)
    language, minutes = current_language(), (each.end - each.start) // timedelta(minutes=1)
    return ", ".join(
        (
            local(protocol.name) if protocol else slug,
            wording.time_of_day(each.start, language),
            wording.minutes(minutes, language),
            house.clinician(each.clinician),
            house.clinic(each.clinic),
        )
    )
