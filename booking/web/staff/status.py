"""Status: one press says who has arrived, was here or did not come; another takes it back, cancels, or waives a fee."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.appointment import Action, Actor, Charge, Status, may
from booking.domain.errors import BookingError, ChangedMeanwhile, MadeUpFor, NotAllowed, NothingToUndo
from booking.domain.protocol import StepKind
from booking.services import desk_cancel, status, waivers, wording
from booking.services.accounts import sees_appointment
from booking.services.changes import UNDO_FOR, undoable
from booking.services.desk_cancel import Reason, cost_if_asked
from booking.services.waivers import Why
from booking.store.appointments import CANCELLED, NOSHOW, Appointment
from booking.store.changes import Change, Fee
from booking.store.courses import Course
from booking.store.database import db
from booking.store.today import fees_for, last_done
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.errors import words_for
from booking.web.forms.fields import read_id
from booking.web.language import current_language
from booking.web.office import office
from booking.web.pictures import day_at_time
from booking.web.staff.looks import note_look_at
from booking.web.staff.words import reason_name, why_name

Word = TypeVar("Word", bound=StrEnum)

_REFUSED = (ChangedMeanwhile, NotAllowed, MadeUpFor, NothingToUndo)


# -- arrived, over, missed --------------------------------------------------------------------------------------------


@open_to(Rule.OF_APPOINTMENT)
def set_status(id: int) -> ResponseReturnValue:
    """Does what the pressed button says, unless somebody was faster: then that is shown, with the buttons anew."""
    action, version = _read(Action, "action"), read_id(request.form.get("version"))
    if action is None:
        return _appointment_changed(id, NotAllowed("status", ""))
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        status.set_status(office(), id, action, version=version, who=g.reach.who, **times)
    except _REFUSED as refusal:
        return _appointment_changed(id, refusal)
    return redirect(_back(g.about_appointment), 303)


def _appointment_changed(id: int, refusal: BookingError) -> ResponseReturnValue:
    """What stands now, who did it, and what can be done next."""
    db.session.rollback()
    appointment = db.session.get_one(Appointment, id, populate_existing=True)
    course = db.session.get_one(Course, appointment.course_id)
    page = render_template(
        "staff/status_changed.html",
        appointment=appointment,
        course=course,
        house=House(db.session()),
        words=_refusal_words(refusal),
        meanwhile=isinstance(refusal, ChangedMeanwhile),
        done=last_done(db.session(), course.patient_id, id),
        back=request.form.get("back", ""),
        back_url=_back(appointment),
    )
    return page, 409


def _refusal_words(refusal: BookingError) -> str:
    """What somebody at the desk reads, who cannot be told to call herself."""
    if isinstance(refusal, NotAllowed):
        return _("As the appointment stands now, this cannot be done to it.")
    if isinstance(refusal, NothingToUndo):
        return _("This can no longer be undone: its time is up, or something else was changed since.")
    return words_for(refusal)


def _back(appointment: Appointment) -> str:
    """The page that the button stood on."""
    if request.form.get("back") == "fees":
        return url_for("staff.fees")
    if request.form.get("back") == "patient":
        course = db.session.get_one(Course, appointment.course_id)
        return url_for("staff.patient", id=course.patient_id, _anchor=f"course-{course.id}")
    if request.form.get("back") == "today":
        return url_for("staff.today", id=appointment.clinic_id, _anchor=f"a{appointment.id}")
    return url_for("staff.appointment", id=appointment.id)


# -- cancelling -------------------------------------------------------------------------------------------------------


@open_to(Rule.OF_APPOINTMENT)
def cancel(id: int) -> ResponseReturnValue:
    """Asks why before it cancels, for that tells what it costs the patient."""
    appointment: Appointment = g.about_appointment
    if request.method == "GET":
        note_look_at(appointment)
        return _cancel_page(appointment)
    reason = _read(Reason, "reason")
    if reason is None:
        return _cancel_page(appointment, fault=_("Choose why it is cancelled."), code=422)
    version = read_id(request.form.get("version"))
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        desk_cancel.cancel(office(), id, reason, version=version, who=g.reach.who, **times)
    except _REFUSED as refusal:
        return _appointment_changed(id, refusal)
    return redirect(_back(appointment), 303)


def _cancel_page(appointment: Appointment, *, fault: str = "", code: int = 200) -> ResponseReturnValue:
    now, state = clock.now(), Status(appointment.status)
    if not may(Actor.CLINIC, Action.CANCEL, state, appointment.period, now=now):
        return _appointment_changed(appointment.id, NotAllowed("cancel", state))
    course = db.session.get_one(Course, appointment.course_id)
    cost = cost_if_asked(db.session(), course, appointment, now=now)
    page = render_template(
        "staff/cancel.html",
        appointment=appointment,
        course=course,
        house=House(db.session()),
        fault=fault,
        reasons=_reasons(cost),
        told=told_words(course),
        back=request.values.get("back", ""),
    )
    return page, code


def _reasons(cost: Charge | None) -> list[tuple[str, str, str]]:
    """(value, words, what it costs the patient)"""
    free = _("Costs the patient nothing.")
    return [
        (reason, reason_name(reason), cost_words(cost) if cost and reason.payer is Actor.PATIENT else free)
        for reason in Reason
    ]


def cost_words(cost: Charge) -> str:
    until = day_at_time(cost.free_until)
    if cost.amount:
        price = wording.price(cost.amount, current_language())
        return _("Costs %(price)s, for it was free until %(until)s. The fee can be waived.", price=price, until=until)
    if cost.excused:
        return _("Late, but the first late change of a course is free.")
    return _("Free until %(until)s.", until=until)


def told_words(course: Course) -> str:
    """How the patient is told, and when."""
    minutes = wording.minutes(UNDO_FOR.seconds // 60, current_language())
    if course.email is None:
        return _("It can be undone for %(minutes)s. Then telling the patient becomes a task.", minutes=minutes)
    return _("It can be undone for %(minutes)s. Then an e-mail goes to %(to)s.", minutes=minutes, to=course.email)


@open_to(Rule.OF_COURSE)
def undo_change(id: int) -> ResponseReturnValue:
    """Takes the newest change of a course back, while nobody was told; on the page of an appointment or the patient."""
    change, appointment_id = read_id(request.form.get("change")), read_id(request.form.get("appointment"))
    appointment = next((a for a in g.about_course.appointments if a.id == appointment_id), None)
    if appointment is None:
        abort(404)
    back = _back(appointment)
    try:
        desk_cancel.take_back(office(), id, change, who=g.reach.who, now=clock.now(), at=clock.machine_now())
    except _REFUSED as refusal:
        return _appointment_changed(appointment_id, refusal)
    return redirect(back, 303)


# -- fees -------------------------------------------------------------------------------------------------------------


@open_to(Rule.FRONT_DESK)
def waive_fee(id: int) -> ResponseReturnValue:
    """Lets a fee go, for a reason; and takes that back."""
    fee = db.session.get(Fee, id)
    appointment = None if fee is None else db.session.get(Appointment, fee.appointment_id)
    if fee is None or appointment is None or not fee.amount or not sees_appointment(g.reach, appointment):
        abort(404)
    if request.method == "GET":
        note_look_at(appointment)
        return _fee_page(fee, appointment)
    return _waive(fee, appointment)


def _waive(fee: Fee, appointment: Appointment) -> ResponseReturnValue:
    who, now = g.reach.who, clock.now()
    why = _read(Why, "why")
    if "keep" in request.form:
        waivers.take_back_waiver(office(), fee.id, who=who, now=now)
    elif why is None:
        return _fee_page(fee, appointment, fault=_("Choose why the fee is waived."), code=422)
    else:
        try:
            waivers.waive(office(), fee.id, why, who=who, now=now)
        except NotAllowed:
            fault = _("This fee was charged meanwhile. It can no longer be waived here.")
            return _fee_page(fee, appointment, fault=fault, code=409)
    return redirect(_back(appointment), 303)


def _fee_page(fee: Fee, appointment: Appointment, *, fault: str = "", code: int = 200) -> ResponseReturnValue:
    db.session.refresh(fee)
    page = render_template(
        "staff/waive.html",
        fee=fee,
        appointment=appointment,
        course=db.session.get_one(Course, appointment.course_id),
        house=House(db.session()),
        fault=fault,
        reasons=[(why, why_name(why)) for why in Why],
        back=request.values.get("back", ""),
    )
    return page, code


# -- what the partial asks for ----------------------------------------------------------------------------------------


def status_actions(appointment: Appointment) -> list[tuple[str, str]]:
    """The buttons of an appointment: (value, words), the most likely one first."""
    words = {
        Action.ARRIVE: _("Arrived"),
        Action.FULFIL: _("Was here"),
        Action.MISS: _("Did not come"),
        Action.REOPEN: _("Undo"),
    }
    return [(action, words[action]) for action in status.actions_for(appointment, now=clock.now())]


def may_cancel(appointment: Appointment) -> bool:
    state = Status(appointment.status)
    return may(Actor.CLINIC, Action.CANCEL, state, appointment.period, now=clock.now())


def can_be_made_up(appointment: Appointment) -> bool:
    """Whether it is a session that is missing in its course, unless it was made up for."""
    return appointment.kind == StepKind.SESSION and appointment.status in (NOSHOW, CANCELLED)


def fee_of(appointment: Appointment) -> Fee | None:
    """What a late change or not coming costs."""
    return fees_for(db.session(), [appointment.id]).get(appointment.id)


def undo_of(appointment: Appointment) -> Change | None:
    """The newest change of its course, if that has cancelled it and can still be undone."""
    if appointment.status != CANCELLED:
        return None
    found = undoable(db.session(), appointment.course_id, now=clock.now(), by=Actor.CLINIC)
    return next((change for change in found[:1] if str(appointment.id) in change.before), None)


@dataclass(frozen=True, slots=True)
class JustChanged:
    """The newest change of a course, while the clinic can still undo it: what it was, in words, and until when."""

    id: int
    words: str
    until: str


def just_changed(course: Course) -> JustChanged | None:
    change = next(iter(undoable(db.session(), course.id, now=clock.now(), by=Actor.CLINIC)), None)
    if change is None:
        return None
    words = {
        "move": _("An appointment was moved."),
        "cancel": _("An appointment was cancelled."),
        "cancel_rest": _("The rest of the course was cancelled."),
        "extend": _("A session was added at the end."),
        "replan": _("The rest of the course has new times."),
    }
    until = wording.at_time(change.due_at, current_language())
    return JustChanged(change.id, words.get(change.kind, _("The course was changed.")), until)


def partial() -> dict[str, Any]:
    """These, for templates/staff/status.html and undo.html."""
    return {each.__name__: each for each in (status_actions, may_cancel, can_be_made_up, fee_of, undo_of, just_changed)}


def _read(words: type[Word], name: str) -> Word | None:
    """The chosen one of these words; None for what none of them is."""
    text = request.form.get(name, "")
    return words(text) if text in set(words) else None
