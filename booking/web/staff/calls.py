"""Calls: whom to ring, by when, and what comes of it; everything else that somebody at the clinics must do by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.errors import AnotherCourseRuns, ChangedMeanwhile, NotPending, SlotTaken
from booking.services.courses import Booked, confirm, release
from booking.services.logbook import About, note_look
from booking.services.register import scope_of, visit_of
from booking.services.screenings import treats
from booking.services.tasks import DECIDED_WITH_THE_TIMES, message_of, owe_call, reopen_task, settle_task
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import WAITING, Course, Screening
from booking.store.database import db
from booking.store.register import (
    account_names,
    count_open_tasks,
    courses_by_id,
    done_tasks_within,
    open_tasks_within,
    screenings_of,
    task_within,
    unread_by,
)
from booking.store.tasks import Task
from booking.store.waiting import Waiter, WaitingOffer
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.fields import one_line
from booking.web.office import office
from booking.web.staff.news import news_of, offers_of

MOST_DONE = 20
LONGEST = 200
"""Characters of why somebody is to be rung."""


@dataclass(frozen=True, slots=True)
class Call:
    """One task. `visit`: the appointment that it is about, or the next of its course; `by`: who has done it;
    `treats`: whoever is signed in does; `news`: sentences to read aloud; `offer`: what is
    kept for who is rung about it."""

    task: Task
    course: Course | None
    screening: Screening | None
    visit: Appointment | None
    message: str
    by: str
    treats: bool
    news: tuple[str, ...]
    offer: tuple[Waiter, WaitingOffer] | None

    @property
    def waits(self) -> bool:
        """Whether times are kept until somebody decides."""
        return self.course is not None and self.course.status == WAITING and self.task.kind in DECIDED_WITH_THE_TIMES

    @property
    def late(self) -> bool:
        return self.task.due_at <= clock.now()


@open_to(Rule.STAFF)
def calls() -> str:
    """What is to be done, most urgent first, and what was done lately, by whom."""
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    rows, scope = db.session(), scope_of(g.reach)
    to_do, done = open_tasks_within(rows, scope), done_tasks_within(rows, scope, most=MOST_DONE)
    house = House(rows)
    found = _calls(rows, [*to_do, *done], house)
    return render_template(
        "staff/calls.html",
        calls=found[: len(to_do)],
        done=found[len(to_do) :],
        unread=_unread(),
        house=house,
    )


def waiting_calls() -> int:
    """How many things are to be done by whoever is signed in, for the navigation."""
    return count_open_tasks(db.session(), scope_of(g.reach)) + len(_unread())


def _unread() -> list[tuple[int, str]]:
    """Whose answers to the health check she has not noted as read, if she treats: courses and names."""
    clinician_id = g.reach.clinician_id
    return [] if clinician_id is None else unread_by(db.session(), clinician_id, now=clock.now())


@open_to(Rule.OF_COURSE)
def confirm_course(id: int) -> ResponseReturnValue:
    return _decide(confirm, _("The times are booked."))


@open_to(Rule.OF_COURSE)
def release_course(id: int) -> ResponseReturnValue:
    return _decide(release, _("The times are given back."))


@open_to(Rule.OF_COURSE)
def add_call(id: int) -> ResponseReturnValue:
    """Notes on the patient's page that she is to be rung."""
    course: Course = g.about_course
    words = one_line(request.form.get("words"))[:LONGEST]
    if not words:
        flash(_("Write why the patient is to be called."), "wrong")
    else:
        owe_call(office(), course.id, words, who=g.reach.who, now=clock.now())
    return redirect(url_for("staff.patient", id=course.patient_id, _anchor="tasks"), 303)


@open_to(Rule.STAFF)
def settle(task: int) -> ResponseReturnValue:
    return _change(task, settle_task, _("Done."))


@open_to(Rule.STAFF)
def reopen(task: int) -> ResponseReturnValue:
    return _change(task, reopen_task, _("It is to be done again."))


def _decide(verb: Callable[..., Booked], done: str) -> ResponseReturnValue:
    """What was rung about is settled; the page says what came of it, and who was faster."""
    course: Course = g.about_course
    name, told = course.name, course.email is not None
    try:
        verb(office(), course.reference, who=g.reach.who, now=clock.now(), at=clock.machine_now())
    except NotPending:
        flash(_("%(name)s: somebody else has decided this already.", name=name), "differs")
    except AnotherCourseRuns:
        words = _(
            "%(name)s has another course that is not over. Cancel its rest first, or give these times back.", name=name
        )
        flash(words, "wrong")
    except SlotTaken:
        words = _("%(name)s has another appointment at one of these times. Cancel that, or give these back.", name=name)
        flash(words, "wrong")
    else:
        flash(f"{name}: {done} {_('An e-mail is on its way.') if told else ''}".strip(), "good")
    return redirect(url_for("staff.calls"), 303)


def _change(task_id: int, verb: Callable[..., None], done: str) -> ResponseReturnValue:
    task = task_within(db.session(), task_id, scope_of(g.reach))
    if task is None:
        abort(404)
    course_id = task.course_id
    try:
        verb(office(), task_id, who=g.reach.who, now=clock.now())
    except ChangedMeanwhile:
        flash(_("Somebody else was faster. This is how it stands now."), "differs")
    else:
        flash(done, "good")
    if course_id is not None and request.form.get("page") == "patient":
        patient_id = db.session.get_one(Course, course_id).patient_id
        return redirect(url_for("staff.patient", id=patient_id, _anchor="tasks"), 303)
    return redirect(url_for("staff.calls"), 303)


def _calls(rows: Session, tasks: list[Task], house: House) -> list[Call]:
    courses = courses_by_id(rows, {task.course_id for task in tasks if task.course_id is not None})
    screenings = screenings_of(rows, list(courses))
    names = account_names(rows, {task.done_by for task in tasks if task.done_by is not None})
    news = news_of(rows, tasks, courses, house)
    offers = offers_of(rows, tasks)
    return [_call(task, courses, screenings, names, news, offers) for task in tasks]


def _call(
    task: Task,
    courses: Mapping[int, Course],
    screenings: Mapping[int, Screening],
    names: Mapping[int, str],
    news: Mapping[int, tuple[str, ...]],
    offers: Mapping[int, tuple[Waiter, WaitingOffer]],
) -> Call:
    course = courses.get(task.course_id or 0)
    return Call(
        task=task,
        course=course,
        screening=screenings.get(task.course_id or 0),
        visit=_visit(task, course),
        message=_message(task),
        by=names.get(task.done_by or 0, ""),
        treats=course is not None and treats(g.reach, course),
        news=news.get(task.id, ()),
        offer=offers.get(task.id),
    )


def _visit(task: Task, course: Course | None) -> Appointment | None:
    if course is None:
        return None
    if task.appointment_id is None:
        return visit_of((course,), now=clock.now())
    return next((a for a in course.appointments if a.id == task.appointment_id and a.status != CANCELLED), None)


def _message(task: Task) -> str:
    """A message whose key was dropped hides no other task."""
    try:
        return message_of(office(), task) or ""
    except InvalidToken:
        return _("What was written can no longer be read.")
