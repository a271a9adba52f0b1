"""Logbook: who has looked at or changed what of whom, for administrators, and for a patient who asks about herself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.period import moment_of
from booking.services.desk_cancel import Reason
from booking.services.logbook import About, details_of, note_look
from booking.services.waivers import Why
from booking.store.database import db
from booking.store.logbook import LogEntry, newest_entries
from booking.store.patients import NOBODYS_BIRTH_DATE, Patient
from booking.store.register import all_accounts, courses_of_patients, names_of_patients, starts_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.fields import read_id
from booking.web.office import office
from booking.web.pictures import Link
from booking.web.staff.words import action_name, detail_name, moment_and_year, reason_name, visit_moment, why_name

A_PAGE = 100
"""Entries."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `about`: which patient or whose schedule, with a link there; None where it is about nobody, or she is
    forgotten."""

    when: str
    who: str
    did: str
    about: Link | None
    facts: tuple[str, ...]


@open_to(Rule.ADMINISTRATOR)
def log() -> str:
    """All of it, the newest first; or what one account did."""
    note_look(office(), g.reach.who, "look_log", About(), now=clock.now())
    rows, account, before = db.session(), read_id(request.args.get("who")), read_id(request.args.get("before"))
    account_id = account if account > 0 else None
    entries = newest_entries(rows, account_id=account_id, before=before if before > 0 else None, most=A_PAGE + 1)
    shown = entries[:A_PAGE]
    older = None
    if len(entries) > A_PAGE:
        older = Link(url_for("staff.log", who=account_id, before=shown[-1].id), _("Older entries"))
    return render_template(
        "staff/log.html", lines=_lines(rows, shown), accounts=all_accounts(rows), account=account_id, older=older
    )


@open_to(Rule.ADMINISTRATOR)
def patient_log(id: int) -> str:
    """All about one patient, to be printed for her."""
    rows = db.session()
    found, courses = rows.get(Patient, id), courses_of_patients(rows, [id])
    if found is None or not courses or found.birth_date == NOBODYS_BIRTH_DATE:
        abort(404)
    note_look(office(), g.reach.who, "look_log", About(patient_id=id), now=clock.now())
    entries = newest_entries(rows, patient_id=id)
    return render_template(
        "staff/patient_log.html", patient=found, newest=courses[0], lines=_lines(rows, entries), made=clock.now()
    )


def _lines(rows: Session, entries: list[LogEntry]) -> list[Line]:
    details, house = details_of(rows, office(), entries), House(rows)
    names = names_of_patients(rows, {entry.patient_id for entry in entries if entry.patient_id is not None})
    starts = starts_of(rows, {entry.appointment_id for entry in entries if entry.appointment_id is not None})
    return [
        Line(
            when=moment_and_year(entry.made_at),
            who=entry.actor,
            did=action_name(entry.action),
            about=_about(house, entry, names),
            facts=tuple(_facts(house, entry, starts, details.get(entry.id, {}))),
        )
        for entry in entries
    ]


def _about(house: House, entry: LogEntry, names: Mapping[int, str]) -> Link | None:
    if entry.patient_id is not None:
        name = names.get(entry.patient_id)
        return Link(url_for("staff.patient", id=entry.patient_id), name) if name else None
    clinician, clinic = entry.clinician_id, entry.clinic_id
    where = house.clinic(clinic) if clinic is not None else ""
    if clinician is not None:
        page = "staff.absences" if entry.action == "absence" else "staff.hours"
        whose = [house.clinician(clinician), where]
        return Link(url_for(page, id=clinician), ", ".join(each for each in whose if each))
    return Link(url_for("staff.clinic_hours", id=clinic), where) if clinic is not None else None


def _facts(house: House, entry: LogEntry, starts: Mapping[int, datetime], detail: Mapping[str, Any]) -> Iterable[str]:
    if entry.appointment_id is not None and entry.appointment_id in starts:
        yield _("Appointment %(when)s", when=visit_moment(starts[entry.appointment_id]))
    for name, value in detail.items():
        if value != []:
            yield f"{detail_name(name)}: {_plain(house, name, value)}"


def _plain(house: House, name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{detail_name(each)} {_plain(house, each, of)}" for each, of in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(house, name, each) for each in value) or "–"
    if isinstance(value, int):
        return _number(house, name, value)
    return "–" if value is None else _word(name, str(value))


def _word(name: str, value: str) -> str:
    """What somebody chose from a list, as the list has it."""
    if name == "reason" and value in set(Reason):
        return reason_name(value)
    return why_name(value) if name == "why" and value in set(Why) else value


def _number(house: House, name: str, value: int) -> str:
    """Ids and moments as what they mean."""
    if name == "start":
        return visit_moment(moment_of(value))
    if name == "clinician" and value in house.clinicians:
        return house.clinician(value)
    if name == "clinic" and value in house.clinics:
        return house.clinic(value)
    return str(value)
