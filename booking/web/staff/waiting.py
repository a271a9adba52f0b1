"""Waiting list: who waits for what at one's clinics, since when, and what is offered just now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.services.accounts import Reach, sees_course
from booking.services.logbook import About, note_look
from booking.services.waiting import take_off
from booking.services.wishes import Unreadable, asked_of, parsed
from booking.store.courses import Course
from booking.store.database import db
from booking.store.register import courses_by_id, starts_of
from booking.store.waiting import Waiter, WaitingOffer, all_waiters, open_offers
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.waiting import wish_rows
from booking.web.office import office


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
