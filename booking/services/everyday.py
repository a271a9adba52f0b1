"""Everyday: what lies on the desks of a demonstration that is in use: calls, notes, an absence, fees, who waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.course import PartOfDay
from booking.domain.period import Period, at_wall, monday_of, oslo
from booking.services.charging import charge
from booking.services.demonstration import WEEKDAYS, demonstration_facts, minutes_of
from booking.services.disruptions import enter_absence
from booking.services.logbook import Who
from booking.services.notes import add_note
from booking.services.office import Office
from booking.services.proposals import Asked
from booking.services.relocation import propose_first
from booking.services.tasks import ask_for_call, owe_call
from booking.services.waiting import CourseWish, confirm, wait_for_course
from booking.services.wishes import query_of
from booking.store.accounts import account_by_email
from booking.store.appointments import BOOKED, Appointment
from booking.store.changes import Fee
from booking.store.clinics import Clinic, the_group
from booking.store.courses import Course
from booking.store.database import db
from booking.store.people import Clinician

CHARGED_AFTER = timedelta(weeks=2)
"""What was missed longer ago is on somebody's bill."""

OFFER_HOURS, WAITS_FOR = 24, timedelta(weeks=12)

Facts = Mapping[str, Any]


def lay_out(office: Office, *, now: datetime, at: datetime) -> None:
    """Does what the front desks of a filled house would have done by `now` (the clinic's clock), by the same services.

    Nothing happens where the data are real. `at` is the machine's clock.
    """
    with Session(db.engine) as session:
        if not the_group(session).demonstration:
            return
    facts = demonstration_facts()["everyday"]
    _charge(office, facts["absence"]["by"], now=now)
    for own in facts["notes"]:
        _write_notes(office, own, now=now)
    _ask_for_calls(office, facts["callers"], now=now)
    _promise_call(office, facts, now=now)
    _be_away(office, facts["absence"], now=now)
    _wait(office, facts["waiting"], now=now, at=at)


def _ask_for_calls(office: Office, callers: list[Facts], *, now: datetime) -> None:
    for hours, own in enumerate(callers, 1):
        ask_for_call(
            office,
            name=own["name"],
            phone=own["phone"],
            language=own.get("language", "nb"),
            note=own.get("note"),
            message=own.get("message", ""),
            now=now - timedelta(hours=hours),
        )


def _write_notes(office: Office, facts: Facts, *, now: datetime) -> None:
    """About the patients who come next to this clinic."""
    who, courses = _next_to_come(facts, now=now)
    for course, text in zip(courses, facts["texts"], strict=False):
        add_note(office, course.patient_id, text, who=who, now=now - timedelta(days=1))


def _promise_call(office: Office, facts: Facts, *, now: datetime) -> None:
    who, courses = _next_to_come(facts["notes"][0], now=now)
    for course in courses[-1:]:
        owe_call(office, course.id, facts["promised"], who=who, now=now)


def _next_to_come(facts: Facts, *, now: datetime) -> tuple[Who, list[Course]]:
    """Who writes the notes of a clinic, and as many patients with a telephone as there are notes, and one more."""
    with Session(db.engine) as session:
        clinic_id = session.scalars(select(Clinic.id).where(Clinic.slug == facts["clinic"])).one()
        rows = select(Course).join(Appointment, Appointment.course_id == Course.id).order_by(Appointment.starts_at)
        coming = Appointment.clinic_id == clinic_id, Appointment.status == BOOKED, Appointment.starts_at > now
        rows = rows.where(Course.mobile.is_not(None))
        found = session.scalars(rows.where(*coming).order_by(Appointment.id).limit(3 * len(facts["texts"])))
        patients = {course.patient_id: course for course in found}
        return _who(session, facts["by"]), list(patients.values())[: len(facts["texts"]) + 1]


def _charge(office: Office, email: str, *, now: datetime) -> None:
    with Session(db.engine) as session:
        who = _who(session, email)
        old = list(session.scalars(select(Fee.id).where(Fee.made_at <= now - CHARGED_AFTER)))
    charge(office, old, who=who, now=now - timedelta(days=3))


def _be_away(office: Office, facts: Facts, *, now: datetime) -> None:
    """Next week; nobody has decided yet where her patients go."""
    day = monday_of(oslo(now).date()) + timedelta(weeks=1, days=WEEKDAYS.index(facts["weekday"]))
    start, end = minutes_of(facts["hours"])
    with Session(db.engine) as session:
        who = _who(session, facts["by"])
        clinician_id = session.scalars(select(Clinician.id).where(Clinician.slug == facts["clinician"])).one()
    period = Period(at_wall(day, start), at_wall(day, end))
    disruption_id = enter_absence(office, clinician_id, period, facts["kind"], who=who, now=now)
    if disruption_id is not None:
        propose_first(office, disruption_id, now=now)


def _wait(office: Office, facts: Facts, *, now: datetime, at: datetime) -> None:
    asked = Asked(
        clinics=(facts["clinic"],),
        clinician=facts["clinician"],
        only_her=True,
        days=frozenset({WEEKDAYS.index(facts["weekday"])}),
        parts=frozenset({PartOfDay(facts["part"])}),
    )
    wish = CourseWish(
        query=query_of(asked),
        name=facts["name"],
        email=facts["email"],
        language="nb",
        offer_hours=OFFER_HOURS,
        until=now + WAITS_FOR,
    )
    confirm(wait_for_course(office, wish, now=now, at=at), now=now)


def _who(session: Session, email: str) -> Who:
    """The account of this address; a command, where the demonstration has none."""
    account = account_by_email(session, email)
    return Who(account.id, account.name) if account else Who(None, "command")
