"""Words: what those who work at the clinics call statuses, messages, tasks and what the logbook tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from booking.domain.appointment import Status
from booking.domain.period import oslo
from booking.domain.protocol import StepKind
from booking.services import wording
from booking.services.desk_cancel import Reason
from booking.services.waivers import Why
from booking.store.appointments import Appointment
from booking.store.courses import COMPLETED, RELEASED, RUNNING, WAITING
from booking.store.outbox import Message
from booking.web import clock
from booking.web.language import current_language


def status_name(status: str) -> str:
    """Of an appointment."""
    return {
        Status.PENDING: _("kept, not booked"),
        Status.BOOKED: _("booked"),
        Status.ARRIVED: _("arrived"),
        Status.FULFILLED: _("done"),
        Status.CANCELLED: _("cancelled"),
        Status.NOSHOW: _("did not come"),
    }[Status(status)]


def course_status_name(status: str) -> str:
    return {
        RUNNING: _("running"),
        WAITING: _("waits for a call"),
        COMPLETED: _("completed"),
        RELEASED: _("given back"),
    }[status]


def step_name(appointment: Appointment) -> str:
    """“Session 3”, “First visit”"""
    if appointment.kind == StepKind.FIRST_VISIT:
        return _("First visit")
    if appointment.kind == StepKind.REVIEW:
        return _("Review")
    return _("Session %(number)s", number=appointment.number)


def task_name(kind: str) -> str:
    """What is to be done, in few words."""
    names = {
        "call_first": _("Call first"),
        "call_me": _("Wants to be called"),
        "call": _("Call the patient"),
        "second_course": _("Has another course"),
        "mail_failed": _("E-mail did not arrive"),
        "sms_failed": _("Text message did not arrive"),
        "clash": _("Meets a busy time"),
        "tell": _("Tell the patient"),
        "offer": _("A time is free"),
    }
    return names.get(kind, _("Task"))


def reason_name(reason: str) -> str:
    """Why somebody at the desk has cancelled."""
    return {
        Reason.ASKED: _("The patient asks for it"),
        Reason.AWAY: _("The clinician cannot"),
        Reason.CLOSED: _("The clinic cannot: closed, or no room"),
        Reason.MISTAKE: _("It was booked by mistake"),
    }[Reason(reason)]


def why_name(why: str) -> str:
    """Why a fee is waived."""
    return {
        Why.ILL: _("Ill or in too much pain to come"),
        Why.TRAFFIC: _("Held up on the way"),
        Why.OURS: _("Our own mistake"),
        Why.KIND: _("Out of kindness"),
    }[Why(why)]


def message_name(kind: str) -> str:
    """What a message tells, in few words."""
    names = {
        "confirmation": _("Confirmation"),
        "held": _("Times are kept"),
        "released": _("Times are given back"),
        "channel": _("Another calendar"),
        "link": _("New link"),
        "changed": _("Change"),
        "replanned": _("New time, and others to choose from"),
        "reminder": _("Reminder"),
        "declined": _("Declined by the calendar"),
        "questions": _("How it goes"),
        "request": _("Calendar invitation"),
        "cancel": _("Calendar cancellation"),
        "sign_in": _("Link to sign in"),
        "helper": _("Link for a helper"),
        "offer": _("Offer from the waiting list"),
        "waiting": _("On the waiting list"),
    }
    return names.get(kind, _("Message"))


def message_state(message: Message) -> str:
    """What became of a message."""
    if message.sent_at is not None:
        return _("sent")
    if message.given_up_at is not None:
        return _("did not arrive")
    if message.due_at is None:
        return _("not sent")
    if message.attempts:
        return _("tried %(count)s times, tried again", count=message.attempts)
    return _("waits")


def answer_name(answer: str) -> str:
    """What a patient's calendar has answered to an invitation."""
    names = {
        "accepted": _("accepted by the calendar"),
        "declined": _("declined by the calendar"),
        "tentative": _("tentative in the calendar"),
        "counter": _("the calendar proposes another time"),
    }
    return names.get(answer, "")


def action_name(action: str) -> str:
    """What the logbook says that somebody did."""
    names = {
        "sign_in": _("signed in"),
        "find": _("saw in a list of patients found"),
        "look_patient": _("opened the patient’s page"),
        "look_appointment": _("opened an appointment"),
        "look_list": _("opened a list"),
        "look_log": _("opened the logbook"),
        "answers": _("opened the answers to the health check"),
        "acknowledge": _("noted that the answers are read"),
        "note": _("wrote or removed a note"),
        "contact": _("corrected the contact"),
        "task": _("settled or added a task"),
        "confirm": _("confirmed kept times"),
        "release": _("gave kept times back"),
        "fee": _("changed a fee"),
        "book": _("booked"),
        "move": _("moved an appointment"),
        "cancel": _("cancelled"),
        "undo": _("took a change back"),
        "status": _("set a status"),
        "replan": _("re-planned"),
        "absence": _("entered or removed an absence"),
        "hours": _("changed hours"),
        "waiting": _("changed the waiting list"),
        "hand_over": _("changed the clinician of a course"),
        "make_up": _("added a missed session"),
        "print": _("printed a sheet or a letter"),
        "calendar": _("changed a clinician’s calendar"),
        "credentials": _("changed a password or a second factor"),
        "staff_add": _("opened an account"),
        "staff_disable": _("closed an account"),
    }
    return names.get(action, action)


def detail_name(name: str) -> str:
    """What a fact in the logbook is called."""
    names = {
        "before": _("before"),
        "after": _("after"),
        "written": _("written"),
        "removed": _("removed"),
        "done": _("done"),
        "amount": _("amount"),
        "why": _("why"),
        "reason": _("reason"),
        "despite": _("despite"),
        "to do": _("to do"),
        "open again": _("to do again"),
        "email": _("e-mail"),
        "mobile": _("phone"),
        "language": _("language"),
        "needs": _("needs"),
        "clinician": _("clinician"),
        "clinic": _("clinic"),
        "start": _("time"),
    }
    return names.get(name, name)


def short_moment(moment: datetime) -> str:
    """“6 April 09:00”"""
    language = current_language()
    return f"{wording.day_of_month(moment, language)} {wording.time_of_day(moment, language)}"


def moment_and_year(moment: datetime) -> str:
    """“6 April 2027 09:00”"""
    language = current_language()
    return f"{wording.date_and_year(moment, language)} {wording.time_of_day(moment, language)}"


def visit_moment(moment: datetime) -> str:
    """“Tuesday 6 April 09:00”, with the year where it is another than this one."""
    language = current_language()
    if oslo(moment).year == oslo(clock.now()).year:
        return wording.day_and_time(moment, language)
    return f"{wording.day_and_year(moment, language)} {wording.at_time(moment, language)}"


def deadline(moment: datetime) -> str:
    """“by the end of Wednesday 3 March”"""
    return wording.deadline(moment, current_language())


def spoken() -> dict[str, Any]:
    """These, for the templates of the pages."""
    told = (
        status_name,
        course_status_name,
        step_name,
        task_name,
        reason_name,
        why_name,
        message_name,
        message_state,
        answer_name,
        action_name,
    )
    return {each.__name__: each for each in (*told, short_moment, visit_moment, deadline)}
