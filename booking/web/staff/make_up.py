"""Making up: where a session that is missing can stand at the end of its course; a look first, then the press."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.domain.errors import DoesNotFit, NotAllowed, SlotTaken
from booking.services.changes import weeks_for_extra
from booking.services.making_up import make_up as make_up_for
from booking.services.wishes import Unreadable
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.errors import words_for
from booking.web.me.desk import GONE, UNREADABLE, taken, unknown_time
from booking.web.me.places import Places, option_at, place_of
from booking.web.me.visits import drawn, visits_of
from booking.web.office import office
from booking.web.pictures import subject_of
from booking.web.staff.looks import note_look_into
from booking.web.staff.status import told_words


@open_to(Rule.OF_COURSE)
def make_up(id: int) -> ResponseReturnValue:
    """GET: the free times, or with one of them (`to`) what it would mean. POST books it."""
    course: Course = g.about_course
    if request.method == "GET":
        note_look_into(course)
    text = request.values.get("to")
    if text is None:
        return _page(course)
    try:
        place = place_of(House(db.session()), text)
    except Unreadable:
        return _page(course, fault=unknown_time(), code=UNREADABLE)
    if request.method == "GET":
        return _page(course, chosen=text)
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        make_up_for(office(), id, place, who=g.reach.who, **times)
    except (SlotTaken, DoesNotFit):
        db.session.rollback()
        return _page(course, fault=taken(place.start), code=GONE)
    except NotAllowed as refusal:
        db.session.rollback()
        return _page(course, fault=words_for(refusal), code=GONE)
    return redirect(url_for("staff.patient", id=course.patient_id, _anchor=f"course-{id}"), 303)


def _page(course: Course, *, chosen: str = "", fault: str = "", code: int = 200) -> ResponseReturnValue:
    house, now = House(db.session()), clock.now()
    weeks = weeks_for_extra(db.session(), office(), course, now=now)
    names = {each.appointment.id: subject_of(drawn(each)) for each in visits_of(db.session(), course, now=now)}
    clinic = next((a.clinic_id for a in reversed(course.appointments) if a.kind == "session"), 0)
    places = Places(house, clinic, names)
    option = option_at(weeks, place_of(house, chosen)) if chosen else None
    if chosen and option is None:
        fault, code = taken(place_of(house, chosen).start), GONE
    page = render_template(
        "staff/make_up.html",
        course=course,
        offer=places.offer(weeks, url_for("staff.make_up", id=course.id)),
        chosen=places.choice(option) if option else None,
        price=option.at.step.treatment.price if option else 0,
        fault=fault,
        told=told_words(course),
    )
    return page, code
