"""Call: one caller at one desk: what she has said so far, and what every page of her call asks.

What was typed is kept with the call's draft, under the address of its pages, so that two callers in two tabs never mix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from flask import abort, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import SlotTaken
from booking.domain.period import oslo
from booking.services import wording
from booking.services.accounts import sees_patient
from booking.services.callers import Said, caller_at, suggest_duplicates
from booking.services.holds import begin, find_hold, keep_again
from booking.services.logbook import About, note_look, note_looks
from booking.services.proposals import NINE_WEEKS, Asked, UnknownWish
from booking.services.register import Found
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.patients import NOBODYS_BIRTH_DATE, Patient
from booking.store.protocols import protocol_by_slug
from booking.store.register import courses_of_patients
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.plans import Plans
from booking.web.book.steps import Draft, fresh, this_draft
from booking.web.book.visitor import Drafted
from booking.web.book.ways import Ways
from booking.web.forms.caller import CallerForm
from booking.web.forms.fields import read_id
from booking.web.forms.need import NEW, SINGLE
from booking.web.language import current_language
from booking.web.office import office


@dataclass(frozen=True, slots=True)
class Call:
    """One call, by the key in its addresses, with its draft."""

    key: str
    hold: Hold
    draft: Draft
    house: House

    @property
    def caller(self) -> dict[str, Any]:
        caller: dict[str, Any] = self.draft.answers.get("caller", {})
        return caller

    @property
    def patient(self) -> Patient | None:
        """The patient who was picked."""
        id = self.caller.get("patient")
        patient = db.session.get(Patient, id) if id is not None else None
        return None if patient is None or patient.birth_date == NOBODYS_BIRTH_DATE else patient

    @property
    def drafted(self) -> Drafted:
        return Drafted(self.hold, (), True)

    @property
    def ways(self) -> Ways:
        key = {"call": self.key}
        return Ways(
            url_for("staff.caller_plan", **key),  # type: ignore[arg-type]
            url_for("staff.caller_times", **key),  # type: ignore[arg-type]
            url_for("staff.caller_days", **key),  # type: ignore[arg-type]
        )

    @property
    def plans(self) -> Plans:
        return Plans(self.house, self.drafted, self.ways, tuple(each.id for each in hers(self.house)))

    def within(self, asked: Asked) -> Asked:
        """The wishes, at the clinics of this desk. Raises UnknownWish for another clinic."""
        own = tuple(clinic.slug for clinic in hers(self.house))
        for slug in asked.clinics:
            if slug not in own:
                raise UnknownWish("clinic", slug, own)
        return asked if asked.clinics else replace(asked, clinics=own)

    def frame(self) -> dict[str, Any]:
        """What each page of the call shows on top."""
        said, patient = said_of(self), self.patient
        born = wording.date_and_year(said.birth_date, current_language()) if said.birth_date else ""
        known = [born, wording.phone(said.mobile) if said.mobile else "", _("was here before") if patient else ""]
        return {"call": self.key, "caller": self.caller, "patient": patient, "known": list(filter(None, known))}


def of_call(view: Callable[[Call], ResponseReturnValue]) -> Callable[[str], ResponseReturnValue]:
    """A page of one call. One of another desk or of long ago is none; one that was booked leads to what it became."""

    @open_to(Rule.FRONT_DESK)
    @wraps(view)
    def guarded(call: str) -> ResponseReturnValue:
        found = find_hold(db.session(), office(), caller_at(g.reach.account_id, call).secret)
        if found is None:
            flash(_("That call is over, and nothing is kept for it any more. Begin a new one."), "info")
            return redirect(url_for("staff.book"), 303)
        if found.course_id is not None:
            return redirect(url_for("staff.caller_done", call=call), 303)
        g.hold = found
        return view(Call(call, found, this_draft(), House(db.session())))

    return guarded


def with_times(view: Callable[[Call], ResponseReturnValue]) -> Callable[[str], ResponseReturnValue]:
    """The same for what comes after times were chosen: those that ran out are kept again if nobody took them."""

    @wraps(view)
    def guarded(call: Call) -> ResponseReturnValue:
        if not call.hold.times:
            return redirect(first_page(call.key, call.caller.get("what", "")), 303)
        if call.hold.expires_at <= clock.now():
            try:
                keep_again(office(), call.hold.id, now=clock.now())
            except SlotTaken:
                return redirect(url_for("staff.caller_lost", call=call.key), 303)
            fresh(call.hold)
        return view(call)

    return of_call(guarded)


def hers(house: House) -> list[Clinic]:
    """The clinics for which this desk books."""
    return [clinic for clinic in house.clinics.values() if g.reach.desk_of(clinic.id)]


def first_page(call: str, what: str) -> str:
    """Where the times are chosen."""
    if what in SINGLE:
        return url_for("staff.caller_days", call=call, kind=what)
    clinic = [each.slug for each in hers(House(db.session()))][:1]
    place = {} if g.reach.administers else {"clinic": clinic}
    return url_for("staff.caller_plan", call=call, **place, **({"new": "1"} if what == NEW else {}))  # type: ignore[arg-type]


def keep_caller(call: str, typed: dict[str, Any], patient: Patient | None) -> None:
    """Keeps who calls with the call's draft; `asked` stands in it once it is settled whether the clinic knows her."""
    protocol = protocol_by_slug(db.session(), NINE_WEEKS)
    if protocol is None:
        abort(404)
    caller = {**typed, "patient": patient.id if patient else None}
    begin(office(), caller_at(g.reach.account_id, call), protocol.id, {"caller": caller}, now=clock.now())


def picked_patient(id: str | None) -> Patient | None:
    """The patient whom the desk may see and has picked; that somebody looked at her is noted."""
    number = read_id(id)
    if number < 0 or not sees_patient(db.session(), g.reach, number):
        return None
    patient = db.session.get(Patient, number)
    if patient is None or patient.birth_date == NOBODYS_BIRTH_DATE:
        return None
    note_look(office(), g.reach.who, "look_patient", About(patient_id=number), now=clock.now())
    return db.session.get(Patient, number)


def as_known(patient: Patient) -> dict[str, str]:
    """How the patient gave her name and contact the last time."""
    newest = next(iter(courses_of_patients(db.session(), [patient.id])), None)
    born = f"{patient.birth_date.day}.{patient.birth_date.month}.{patient.birth_date.year}"
    if newest is None:
        return {"born": born}
    return {"name": newest.name, "mobile": newest.mobile or "", "email": newest.email or "", "born": born}


def said_of(call: Call) -> Said:
    """What the caller has told, read once more."""
    form = CallerForm(formdata=None, data=call.caller, today=today(), meta={"csrf": False})
    return form.said()


def today() -> Any:
    return oslo(clock.now()).date()


def maybe_known(said: Said) -> tuple[Found, ...]:
    """Patients whom she may be; that they are shown is noted."""
    like = suggest_duplicates(db.session(), said, g.reach, now=clock.now())
    looks = [About(patient_id=found.patient.id) for found in like]
    note_looks(office(), g.reach.who, "find", looks, now=clock.now())
    return like
