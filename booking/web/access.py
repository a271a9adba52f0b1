"""Access: who may open a page. Every endpoint names its rule, and the rule runs before the view does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from booking.domain.errors import SignInOver, UnknownComment, UnknownCourse, UnknownWaiter
from booking.domain.period import moment_of
from booking.services.accounts import (
    SEEN_TO,
    account_signed_in,
    lacks_second_factor,
    note_seen,
    reach_of,
    sees_appointment,
    sees_clinic,
    sees_clinician,
    sees_course,
    sees_patient,
)
from booking.services.comments import own_comment
from booking.services.doors import open_reset
from booking.services.holds import find_hold
from booking.services.links import PAGE, hash_of, open_course, open_link, open_waiter
from booking.services.mailings import what_stops
from booking.services.sign_ins import signed_in
from booking.store.accounts import Account, account_by_uniquifier
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import touched_by_hash
from booking.store.sign_ins import sign_in_by_hash
from booking.web import clock
from booking.web.office import office

View = TypeVar("View", bound=Callable[..., Any])


class Rule(Enum):
    """`EVERYBODY`: a public page. `VISITOR`: who has times held in this session (`g.hold`). `PAGE_LINK`: the patient,
    who has the secret link in the address (`g.link`). `COURSE_LINK`: she, or a helper with a link of her own
    (`g.opened`). `SIGN_IN_LINK`: who got a link to sign in by mail, used up or not (`g.sign_in_link`). `SIGNED_IN`: who
    has used one, or has told a reference and a birth date (`g.sign_in`). `FEED_LINK`: who has a feed's; the view asks
    for it. `COMMENT_LINK`: who has the secret link of a comment (`g.comment`). `WAITER_LINK`: who waits for a course,
    by the link that was mailed to her (`g.waiter`). `NEW_TIME_LINK`: whom the clinic has moved, by the link
    in the mail that says so (`g.touched`). `STOP_LINK`: who got a mail that can be ended (`g.stops`: which
    kind). `DEVELOPER`: who sits at a development machine.

    Those who work at the clinics (`g.reach`: whom and what she may see): `STAFF`: everybody who is signed in, an
    administrator with a second factor only. `STAFF_AT_DOOR`: she, too, who still has to choose one. `HALF_SIGNED_IN`:
    who has shown a password and must show the second factor (`g.half`: her account). `RESET_LINK`: who got a link to
    choose a password (`g.reset`: her account).
    `FRONT_DESK`: a receptionist, or an administrator. `ADMINISTRATOR`. `OF_PATIENT`, `OF_COURSE`, `OF_APPOINTMENT`,
    `OF_CLINICIAN`, `OF_CLINIC`: who may see the one whose number is `id` in the address (`g.about_course`,
    `g.about_appointment`); what she must not see is not there.
    """

    EVERYBODY = "everybody"
    VISITOR = "visitor"
    PAGE_LINK = "page link"
    COURSE_LINK = "course link"
    SIGN_IN_LINK = "sign-in link"
    SIGNED_IN = "signed in"
    FEED_LINK = "feed link"
    COMMENT_LINK = "comment link"
    WAITER_LINK = "waiter link"
    NEW_TIME_LINK = "new-time link"
    STOP_LINK = "stop link"
    DEVELOPER = "developer"
    RESET_LINK = "reset link"
    HALF_SIGNED_IN = "half signed in"
    STAFF_AT_DOOR = "staff at door"
    STAFF = "staff"
    FRONT_DESK = "front desk"
    ADMINISTRATOR = "administrator"
    OF_PATIENT = "of patient"
    OF_COURSE = "of course"
    OF_APPOINTMENT = "of appointment"
    OF_CLINICIAN = "of clinician"
    OF_CLINIC = "of clinic"


def open_to(rule: Rule) -> Callable[[View], View]:
    """Names the rule of a view; below the route's decorator."""

    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


def asked_by_itself(view: View) -> View:
    """Marks a view that an open page asks for again and again: being asked is no sign that somebody is there."""
    view.asked_by_itself = True  # type: ignore[attr-defined]
    return view


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """The rule of an endpoint; static files are everybody's; None for one that was forgotten."""
    if endpoint == "static":
        return Rule.EVERYBODY
    return getattr(app.view_functions[endpoint], "access_rule", None)


def check_access() -> Response | None:
    """Runs before each request. An endpoint without a rule is closed to all."""
    if request.endpoint is None:
        return None
    if "\0" in request.path:
        abort(404)  # nothing is called that, and PostgreSQL refuses to look
    rule = rule_of(current_app, request.endpoint)
    if rule is None:
        abort(404)
    return _CHECKS[rule]()


def visitor_secret() -> str | None:
    secret = session.get("visitor")
    return secret if isinstance(secret, str) else None


def sign_in_key() -> str | None:
    """By what the session knows its sign-in, whether that still opens something or not."""
    key = session.get("sign_in")
    return key if isinstance(key, str) else None


def _everybody() -> None:
    return None


def _visitor() -> Response | None:
    """Without held times there is nothing to go on with, so the way leads back to where times are chosen."""
    secret = visitor_secret()
    hold = find_hold(db.session(), office(), secret) if secret else None
    if hold is not None and not hold.times:
        db.session.refresh(hold)  # the click before this one may have booked between reading the hold and its times
    if hold is None or (not hold.times and hold.course_id is None):
        return redirect(url_for("book.need"), 303)
    g.hold = hold
    return None


def _page_link() -> None:
    try:
        g.link = open_link(db.session(), (request.view_args or {})["token"], PAGE)
    except UnknownCourse:
        abort(404)


def _course_link() -> None:
    try:
        g.opened = open_course(db.session(), (request.view_args or {})["token"])
    except UnknownCourse:
        abort(404)


def _sign_in_link() -> None:
    g.sign_in_link = sign_in_by_hash(db.session(), hash_of((request.view_args or {})["token"]))
    if g.sign_in_link is None:
        abort(404)


def _signed_in() -> Response | None:
    """When her session is over, the way leads back to where she can sign in again."""
    key = sign_in_key()
    found = signed_in(db.session(), key, now=clock.now()) if key else None
    if found is None:
        return redirect(url_for("me.find", ended=1), 303)
    g.sign_in = found
    return None


def _feed_link() -> None:
    """The feed is found by its token alone; asking here, too, would double what an unchanged feed costs."""


def _comment_link() -> None:
    try:
        g.comment = own_comment(db.session(), (request.view_args or {})["token"])
    except UnknownComment:
        abort(404)


def _waiter_link() -> None:
    try:
        g.waiter = open_waiter(db.session(), (request.view_args or {})["token"])
    except UnknownWaiter:
        abort(404)


def _new_time_link() -> None:
    g.touched = touched_by_hash(db.session(), hash_of((request.view_args or {})["token"]))
    if g.touched is None:
        abort(404)


def _stop_link() -> None:
    try:
        g.stops = what_stops(db.session(), office(), (request.view_args or {})["token"])
    except UnknownCourse:
        abort(404)


def _developer() -> None:
    if not current_app.extensions["settings"].private:
        abort(404)


# -- those who work at the clinics ------------------------------------------------------------------------------------


def staff_key() -> str | None:
    """By what the session knows where somebody who works here is signed in."""
    key = session.get("staff")
    return key if isinstance(key, str) else None


def half_signed_in(*, now: datetime) -> Account | None:
    """Whose password was shown in this session, while a second factor may follow it."""
    uniquifier, until = session.get("staff_half", ("", 0))
    found = account_by_uniquifier(db.session(), uniquifier) if now < moment_of(until) else None
    return found if found is not None and found.active else None


def _half_signed_in() -> Response | None:
    found = half_signed_in(now=clock.now())
    if found is None:
        return redirect(url_for("staff.sign_in"), 303)
    g.half = found
    return None


def _reset_link() -> None:
    try:
        g.reset = open_reset(db.session(), (request.view_args or {})["token"])
    except SignInOver:
        g.reset = None


def _staff() -> Response | None:
    """An administrator is led to where she chooses a second factor before she sees anything else."""
    elsewhere = _staff_at_door()
    if elsewhere is None and lacks_second_factor(g.account):
        return redirect(url_for("staff.factors"), 303)
    return elsewhere


def _staff_at_door() -> Response | None:
    """Who is not signed in is led to where she can, and from there back to a page she asked for."""
    key, now = staff_key(), clock.now()
    found = account_signed_in(db.session(), key, now=now) if key else None
    if found is None:
        back = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        return redirect(url_for("staff.sign_in", next=back, ended=1 if key else None), 303)
    g.staff_session, g.account = found
    g.reach = reach_of(db.session(), g.account, now=now)
    by_itself = getattr(current_app.view_functions[request.endpoint or ""], "asked_by_itself", False)
    if now >= g.staff_session.seen_at + SEEN_TO and not by_itself:
        note_seen(g.staff_session.id, now=now)
    return None


def _staff_if(allowed: Callable[[int], bool]) -> Callable[[], Response | None]:
    """Somebody who works here, if `allowed` says so of the number in the address; else the page is not there."""

    def check() -> Response | None:
        elsewhere = _staff()
        if elsewhere is None and not allowed(int((request.view_args or {}).get("id", 0))):
            abort(404)
        return elsewhere

    return check


def _of_course(id: int) -> bool:
    g.about_course = db.session().get(Course, id)
    return g.about_course is not None and sees_course(g.reach, g.about_course)


def _of_appointment(id: int) -> bool:
    g.about_appointment = db.session().get(Appointment, id)
    return g.about_appointment is not None and sees_appointment(g.reach, g.about_appointment)


_CHECKS: dict[Rule, Callable[[], Response | None]] = {
    Rule.EVERYBODY: _everybody,
    Rule.VISITOR: _visitor,
    Rule.PAGE_LINK: _page_link,
    Rule.COURSE_LINK: _course_link,
    Rule.SIGN_IN_LINK: _sign_in_link,
    Rule.SIGNED_IN: _signed_in,
    Rule.FEED_LINK: _feed_link,
    Rule.COMMENT_LINK: _comment_link,
    Rule.WAITER_LINK: _waiter_link,
    Rule.NEW_TIME_LINK: _new_time_link,
    Rule.STOP_LINK: _stop_link,
    Rule.DEVELOPER: _developer,
    Rule.RESET_LINK: _reset_link,
    Rule.HALF_SIGNED_IN: _half_signed_in,
    Rule.STAFF_AT_DOOR: _staff_at_door,
    Rule.STAFF: _staff,
    Rule.FRONT_DESK: _staff_if(lambda id: g.reach.front_desk),
    Rule.ADMINISTRATOR: _staff_if(lambda id: g.reach.administers),
    Rule.OF_PATIENT: _staff_if(lambda id: sees_patient(db.session(), g.reach, id)),
    Rule.OF_COURSE: _staff_if(_of_course),
    Rule.OF_APPOINTMENT: _staff_if(_of_appointment),
    Rule.OF_CLINICIAN: _staff_if(lambda id: sees_clinician(db.session(), g.reach, id, now=clock.now())),
    Rule.OF_CLINIC: _staff_if(lambda id: sees_clinic(g.reach, id)),
}
