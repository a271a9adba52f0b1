"""New time: whom the clinic had to move says that it suits her, chooses one of the times kept for her, or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.appointment import Actor
from booking.domain.errors import AnswerOver, DoesNotFit, NotAllowed, SlotTaken
from booking.domain.period import moment_of
from booking.services import new_times, wording
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import CHOSEN, DECLINED, KEPT, OFFERED, Touched
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.fields import read_id
from booking.web.language import current_language
from booking.web.office import office
from booking.web.pictures import day_at_time

GONE = 409
"""What a form is answered with whose time is gone."""


@dataclass(frozen=True, slots=True)
class Other:
    """A time that is kept for her."""

    start: datetime
    words: str
    where: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One appointment about which she is asked. `state`: asked, kept, chosen, declined or over; `until`: how long the
    others are kept, in words; empty if they are not (any more). `rung`: whether we know where to ring her."""

    row: Touched
    appointment: Appointment
    state: str
    words: str
    where: str
    others: tuple[Other, ...]
    until: str
    rung: bool


@open_to(Rule.NEW_TIME_LINK)
def new_time(token: str) -> ResponseReturnValue:
    if request.method != "POST":
        return _page()
    verb = _verb(request.form.get("answer", ""), read_id(request.form.get("row")))
    try:
        if verb is not None:
            verb()
    except (AnswerOver, DoesNotFit, NotAllowed, SlotTaken):
        db.session.rollback()
        return _page(over=True), GONE
    return redirect(url_for("me.new_time", token=token), 303)


def _verb(answer: str, row_id: int) -> Callable[[], None] | None:
    """What she said; None for what means nothing, or is about somebody else's."""
    if row_id not in {row.id for row in new_times.offered_with(db.session(), g.touched)}:
        return None
    if answer == "keep":
        return lambda: new_times.keep(office(), row_id, now=clock.now())
    if answer == "neither":
        return lambda: new_times.decline(office(), row_id, now=clock.now())
    start, now = read_start(answer), clock.now()
    if start is None:
        return None
    return lambda: new_times.choose(office(), row_id, start, by=Actor.PATIENT, now=now, at=clock.machine_now())


def read_start(text: str) -> datetime | None:
    """A moment as forms send it: seconds since 1970-01-01 UTC."""
    return moment_of(int(text)) if text.isascii() and text.isdecimal() and len(text) <= 10 else None


def _page(*, over: bool = False) -> str:
    session, house = db.session(), House(db.session())
    rows = new_times.offered_with(session, session.get_one(Touched, g.touched.id))
    asked = [_asked(house, row, session.get_one(Appointment, row.appointment_id)) for row in rows]
    return render_template("me/new_time.html", asked=asked, over=over)


def _asked(house: House, row: Touched, appointment: Appointment) -> Asked:
    kept = row.hold_id is not None and row.answer_by is not None and row.answer_by > clock.now()
    others = tuple(_other(house, place) for place in row.others) if kept else ()
    where = _(
        "%(who)s, at %(place)s", who=house.who(appointment.clinician_id), place=house.clinic(appointment.clinic_id)
    )
    words = wording.sentence(day_at_time(appointment.starts_at))
    until = wording.deadline(row.answer_by, current_language()) if kept and row.answer_by else ""
    rung = db.session().get_one(Course, appointment.course_id).mobile is not None
    return Asked(row, appointment, _state(row, appointment), words, where, others, until, rung)


def _state(row: Touched, appointment: Appointment) -> str:
    if appointment.status == CANCELLED or appointment.starts_at <= clock.now():
        return "over"
    return {OFFERED: "asked", KEPT: "kept", CHOSEN: "chosen", DECLINED: "declined"}.get(row.state, "over")


def _other(house: House, place: dict[str, int]) -> Other:
    start = moment_of(place["start"])
    where = _("%(who)s, at %(place)s", who=house.who(place["clinician"]), place=house.clinic(place["clinic"]))
    return Other(start, wording.sentence(day_at_time(start)), where)
