"""Waiting list: who waits for what at one's clinics, since when, and what is offered just now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, may
from booking.domain.errors import DoesNotFit, NotAllowed, OfferOver, SlotTaken
from booking.domain.waiting import OFFER_HOURS
from booking.services.accounts import Reach, sees_course
from booking.services.logbook import About, note_look
from booking.services.offers import refuse_for_caller, take_for_caller
from booking.services.waiting import has_a_hole, take_off, wait_for_caller
from booking.services.wishes import Unreadable, asked_of, parsed
from booking.store.appointments import Appointment
from booking.store.courses import RUNNING, Course
from booking.store.database import db
from booking.store.register import courses_by_id, starts_of
from booking.store.waiting import Waiter, WaitingOffer, all_waiters, open_offers
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.waiting import wish_rows
from booking.web.forms.fields import read_id
from booking.web.forms.waiting import VisitWaitForm, working_days
from booking.web.office import office
from booking.web.staff.looks import note_look_at, note_look_into

LONGEST_KEPT = str(max(OFFER_HOURS))


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody's place on the list. `start`: of the appointment for which a better time is wanted; `rows`: her wishes
    as the check pages show answers; `offered_until`: until when a time is kept for her."""

    waiter: Waiter
    course: Course | None
    start: datetime | None
    rows: tuple[dict[str, str], ...]
    offered_until: datetime | None


@open_to(Rule.FRONT_DESK)
def waiting() -> str:
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    return render_template("staff/waiting.html", wishes=_wishes(db.session(), g.reach))


@open_to(Rule.FRONT_DESK)
def end_wait(waiter: int) -> ResponseReturnValue:
    """Takes somebody off the list who has said so by phone."""
    if waiter not in {wish.waiter.id for wish in _wishes(db.session(), g.reach)}:
        abort(404)
    if take_off(office(), waiter, who=g.reach.who, now=clock.now()):
        flash(_("The wish is taken off the list."), "good")
    return redirect(url_for("staff.waiting"), 303)


# -- for who has rung -------------------------------------------------------------------------------------------------


@open_to(Rule.OF_APPOINTMENT)
def wait(id: int) -> ResponseReturnValue:
    """Puts a patient on the list for a better time of this appointment, in its week."""
    appointment: Appointment = g.about_appointment
    if request.method == "GET":
        note_look_at(appointment)
    return _wait(db.session.get_one(Course, appointment.course_id), appointment)


@open_to(Rule.OF_COURSE)
def wait_missing(id: int) -> ResponseReturnValue:
    """The same for a time of a session that is missing from the course."""
    if request.method == "GET":
        note_look_into(g.about_course)
    return _wait(g.about_course, None)


def _wait(course: Course, appointment: Appointment | None) -> ResponseReturnValue:
    form = VisitWaitForm(working_days(appointment.starts_at if appointment else clock.now()))
    possible = _possible(course, appointment)
    if request.method == "POST" and possible and form.validate():
        visit, hours = appointment.id if appointment else None, int(form.hours.data)
        wait_for_caller(office(), course.id, visit, form.query(), hours, who=g.reach.who, now=clock.now())
        flash(_("%(name)s is on the waiting list.", name=course.name), "good")
        return redirect(url_for("staff.patient", id=course.patient_id), 303)
    if request.method == "GET" and course.email is None:
        form.hours.data = LONGEST_KEPT  # a call is made when the desk is open
    page = render_template(
        "staff/wait.html",
        form=form,
        course=course,
        appointment=appointment,
        possible=possible,
        house=House(db.session()),
    )
    return page, 422 if form.errors else 200


def _possible(course: Course, appointment: Appointment | None) -> bool:
    if course.status != RUNNING:
        return False
    if appointment is None:
        return has_a_hole(db.session(), course)
    return may(Actor.PATIENT, Action.MOVE, Status(appointment.status), appointment.period, now=clock.now())


@open_to(Rule.OF_COURSE)
def answer_offer(id: int) -> ResponseReturnValue:
    """What somebody has said on the phone of a time that is kept for her."""
    waiter_id, offer_id, who = read_id(request.form.get("waiter")), read_id(request.form.get("offer")), g.reach.who
    waiter = db.session.get(Waiter, waiter_id)
    if waiter is None or waiter.course_id != id:
        abort(404)
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        if request.form.get("answer") == "take":
            take_for_caller(office(), id, waiter_id, offer_id, who=who, **times)
            flash(_("The new time is booked."), "good")
        else:
            refuse_for_caller(office(), waiter_id, offer_id, who=who, now=clock.now())
            flash(_("The time goes to the next, and the patient stays on the list."), "good")
    except (OfferOver, DoesNotFit, SlotTaken, NotAllowed):
        flash(_("This offer is over. Nothing was changed."), "differs")
    return redirect(url_for("staff.calls"), 303)


# -- the list ---------------------------------------------------------------------------------------------------------


def _wishes(rows: Session, reach: Reach) -> list[Wish]:
    waiters, offers, house = all_waiters(rows, now=clock.now()), open_offers(rows), House(rows)
    courses = courses_by_id(rows, {each.course_id for each in waiters if each.course_id is not None})
    starts = starts_of(rows, {each.appointment_id for each in waiters if each.appointment_id is not None})
    hers = (each for each in waiters if _is_hers(reach, house, each, courses))
    return [_wish(house, each, courses, starts, offers) for each in hers]


def _is_hers(reach: Reach, house: House, waiter: Waiter, courses: Mapping[int, Course]) -> bool:
    """By the course that she waits in, or by the clinics where she would take one; any clinic is everybody's."""
    if waiter.course_id is not None:
        return waiter.course_id in courses and sees_course(reach, courses[waiter.course_id])
    wanted = _clinics(waiter)
    here = {clinic.slug for clinic in house.clinics.values() if reach.desk_of(clinic.id)}
    return not wanted or bool(wanted & here)


def _clinics(waiter: Waiter) -> frozenset[str]:
    try:
        return frozenset(asked_of(parsed(waiter.query)).clinics)
    except Unreadable:
        return frozenset()


def _wish(
    house: House,
    waiter: Waiter,
    courses: Mapping[int, Course],
    starts: Mapping[int, datetime],
    offers: Mapping[int, WaitingOffer],
) -> Wish:
    try:
        rows = tuple(wish_rows(house, asked_of(parsed(waiter.query))))
    except Unreadable:
        rows = ()
    offer = offers.get(waiter.id)
    return Wish(
        waiter,
        courses.get(waiter.course_id or 0),
        starts.get(waiter.appointment_id or 0),
        rows,
        offer.expires_at if offer else None,
    )
