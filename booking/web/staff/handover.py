"""Handover: the rest of a course with another clinician, seen whole before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.errors import BookingError, ChangedMeanwhile, HoldExpired, NotAllowed, SlotTaken
from booking.services import handover
from booking.services.handover import Handover
from booking.store.courses import Course
from booking.store.database import db
from booking.store.people import Clinician
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.words import weekly
from booking.web.errors import words_for
from booking.web.forms.fields import read_id
from booking.web.me.desk import GONE, seen_of
from booking.web.me.visits import drawn, visits_of
from booking.web.office import office
from booking.web.pictures import day_at_time, name_of
from booking.web.staff.looks import note_look_into
from booking.web.staff.status import told_words

_REFUSED = (ChangedMeanwhile, NotAllowed, SlotTaken, HoldExpired)


@dataclass(frozen=True, slots=True)
class Line:
    """One appointment: what it is, when it is now and with whom, and when it would be."""

    name: str
    old: str
    new: str
    same: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One proposal, with what its button sends."""

    heading: str
    value: str
    lines: tuple[Line, ...]


@open_to(Rule.OF_COURSE)
def other_clinician(id: int) -> ResponseReturnValue:
    """GET: who could go on, and with one of them (`to`) what would become of each appointment. POST does it."""
    course: Course = g.about_course
    if request.method == "GET":
        note_look_into(course)
    clinician = _clinician(course)
    if request.method == "GET" or clinician is None:
        return _page(course, clinician)
    found = {_value(each): each for each in _handovers(course, clinician)}
    chosen = found.get(request.form.get("plan", ""))
    if chosen is None:
        return _page(course, clinician, fault=_some_taken(), code=GONE)
    revision, times = read_id(request.form.get("revision")), {"now": clock.now(), "at": clock.machine_now()}
    try:
        handover.hand_over(office(), id, chosen.plan, revision=revision, who=g.reach.who, **times)
    except _REFUSED as refusal:
        return _page(course, clinician, fault=_fault_of(refusal), code=GONE)
    return redirect(url_for("staff.patient", id=course.patient_id, _anchor=f"course-{id}"), 303)


def _clinician(course: Course) -> Clinician | None:
    """Who was chosen among those who can."""
    slug = request.values.get("to", "")
    able = handover.colleagues(db.session(), course, now=clock.now())
    return next((each for each in able if each.slug == slug), None)


def _handovers(course: Course, clinician: Clinician) -> list[Handover]:
    try:
        return handover.handovers(db.session(), office(), course, clinician, now=clock.now())
    except NotAllowed:
        return []


def _page(course: Course, clinician: Clinician | None, *, fault: str = "", code: int = 200) -> ResponseReturnValue:
    db.session.rollback()
    course = db.session.get_one(Course, course.id, populate_existing=True)
    page = render_template(
        "staff/other_clinician.html",
        course=course,
        colleagues=handover.colleagues(db.session(), course, now=clock.now()),
        clinician=clinician,
        cards=[_card(course, each) for each in _handovers(course, clinician)] if clinician else [],
        fault=fault,
        told=told_words(course),
    )
    return page, code


def _card(course: Course, found: Handover) -> Card:
    house = House(db.session())
    names = {v.appointment.id: name_of(drawn(v)) for v in visits_of(db.session(), course, now=clock.now())}
    lines = [
        Line(
            name=names.get(appointment.id, ""),
            old=_at(appointment.starts_at, house.clinician(appointment.clinician_id)),
            new=_at(planned.start, house.clinic(planned.clinic)),
            same=appointment.starts_at == planned.start,
        )
        for appointment, planned in found.pairs
    ]
    moved, pattern = len(found.pairs) - found.kept, found.plan.pattern
    changed = ngettext("%(num)s time changes", "%(num)s times change", moved) if moved else _("all times stay")
    usual = weekly(pattern.weekday, pattern.minute, clock.now())
    heading = f"{usual}: {changed}"
    return Card(heading, _value(found), tuple(lines))


def _at(start: datetime, words: str) -> str:
    return f"{day_at_time(start)}, {words}"


def _value(found: Handover) -> str:
    """A fingerprint of what the card says."""
    return seen_of([(a.id, a.starts_at, p.start, p.clinician, p.clinic) for a, p in found.pairs])


def _fault_of(refusal: BookingError) -> str:
    return _some_taken() if isinstance(refusal, SlotTaken | HoldExpired) else words_for(refusal)


def _some_taken() -> str:
    return _("Some of these times were taken just now. Nothing was changed. These are the times that are free.")
