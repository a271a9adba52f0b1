"""Tasks: telephone calls that the clinic owes somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.errors import ChangedMeanwhile, NotAllowed
from booking.domain.working_days import end_of_working_day_after
from booking.services.logbook import About, Who
from booking.services.logbook import note as log_entry
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.courses import Course, course_to_change
from booking.store.database import utc
from booking.store.tasks import Task, open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import Waiter

CALL_WITHIN = 1
"""Working days within which the clinic rings who asked for it."""

LONGEST_MESSAGE = 500
"""Characters."""

CALL_ME = "call_me"
"""Somebody asked to be rung, who need not be a patient."""

CALL = "call"
"""A patient is to be rung, as somebody at the clinic noted."""

TELL = "tell"
"""Somebody without e-mail is to be told of what the clinic has changed."""

OFFERED = "offer"
"""A time is kept for somebody without e-mail who waits for one: until then she must be asked."""

CALL_KEPT = timedelta(days=30)
"""The call is promised much sooner; then who asked for it is forgotten."""


def ask_for_call(
    office: Office,
    *,
    name: str,
    phone: str,
    language: str,
    note: str | None,
    now: datetime,
    message: str = "",
) -> datetime:
    """Notes that somebody wants to be rung; by when that is promised. A message is kept encrypted."""
    due = end_of_working_day_after(now, CALL_WITHIN)

    def work(session: Session) -> datetime:
        sealed = seal(office, {"message": message}) if message else None
        add_task(session, CALL_ME, name, phone, language=language, note=note, message=sealed, due=due, now=now)
        return due

    return unit_of_work(work)


def message_of(office: Office, task: Task) -> str | None:
    """What the caller wrote, readable; None if she wrote nothing. Raises InvalidToken if its key is gone."""
    return None if task.message is None else str(unseal(office, task.message)["message"])


def forget_calls(*, now: datetime) -> int:
    """Deletes wishes to be called of `CALL_KEPT` ago, whether anybody has rung or not; how many."""

    def work(session: Session) -> int:
        wished = select(Task).where(Task.kind == CALL_ME, Task.created_at <= utc(now - CALL_KEPT))
        old = list(session.scalars(wished.with_for_update(skip_locked=True)))
        for task in old:
            session.delete(task)
        return len(old)

    return unit_of_work(work)


def add_task(
    session: Session,
    kind: str,
    name: str,
    phone: str | None,
    *,
    due: datetime,
    now: datetime,
    course: Course | None = None,
    appointment_id: int | None = None,
    language: str | None = None,
    note: str | None = None,
    message: bytes | None = None,
) -> None:
    """Adds a task inside the caller's unit of work; `language` is the course's where there is one."""
    session.add(
        Task(
            kind=kind,
            course_id=course.id if course else None,
            appointment_id=appointment_id,
            name=name,
            phone=phone,
            note=note,
            message=message,
            language=language or (course.language if course else "nb"),
            created_at=utc(now),
            due_at=utc(due),
        )
    )


def owe_news(session: Session, course: Course, *, now: datetime, soonest: datetime | None = None) -> None:
    """Notes inside the caller's unit of work that the clinic must ring, or write a letter to, a patient without e-mail;
    once, as long as nobody has done so. `soonest`: the first of the times that are others now. Nothing for who has an
    address: she is written to."""
    if course.email is not None:
        return
    due = end_of_working_day_after(now, CALL_WITHIN)
    due = due if soonest is None or soonest <= now else min(due, soonest)
    owed = next((task for task in open_tasks_of(session, course.id) if task.kind == TELL), None)
    if owed is None:
        add_task(session, TELL, course.name, course.mobile, course=course, due=due, now=now)
    else:
        owed.due_at = min(owed.due_at, utc(due))


def owe_offer(session: Session, course: Course, waiter: Waiter, until: datetime, *, now: datetime) -> None:
    """Notes inside the caller's unit of work that who waits in this course must be asked by then whether she wants what
    is kept for her."""
    visit, phone = waiter.appointment_id, course.mobile
    add_task(session, OFFERED, course.name, phone, course=course, appointment_id=visit, due=until, now=now)


def end_offer_call(session: Session, waiter: Waiter, *, now: datetime) -> None:
    """The same is to be done no more: she has answered, or the time is over."""
    tasks = [] if waiter.course_id is None else open_tasks_of(session, waiter.course_id)
    for task in tasks:
        if (task.kind, task.appointment_id) == (OFFERED, waiter.appointment_id):
            task.done_at = utc(now)


# -- settled by who works at the clinics ------------------------------------------------------------------------------

DECIDED_WITH_THE_TIMES = frozenset({"call_first", "second_course", OFFERED})
"""Kinds that are done when the times that they are about are booked or given back, and not before."""


def owe_call(office: Office, course_id: int, words: str, *, who: Who, now: datetime) -> None:
    """Notes that the patient of this course is to be rung, and why."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        due = end_of_working_day_after(now, CALL_WITHIN)
        add_task(session, CALL, course.name, course.mobile, course=course, note=words, due=due, now=now)
        _log(session, office, course, {"to do": words}, who=who, now=now)

    unit_of_work(work)


def settle_task(office: Office, task_id: int, *, who: Who, now: datetime) -> None:
    """Notes that somebody has done it. Raises ChangedMeanwhile if another has already, and NotAllowed for what is done
    only with a decision about the times."""

    def work(session: Session) -> None:
        task = _task(session, task_id)
        if task.kind in DECIDED_WITH_THE_TIMES:
            raise NotAllowed("settle", task.kind)
        if task.done_at is not None:
            raise ChangedMeanwhile
        task.done_at, task.done_by = utc(now), who.account_id
        _log_task(session, office, task, "done", who=who, now=now)

    unit_of_work(work)


def reopen_task(office: Office, task_id: int, *, who: Who, now: datetime) -> None:
    """Takes that back. Raises ChangedMeanwhile if it is open already, and NotAllowed as `settle_task`."""

    def work(session: Session) -> None:
        task = _task(session, task_id)
        if task.kind in DECIDED_WITH_THE_TIMES:
            raise NotAllowed("reopen", task.kind)
        if task.done_at is None:
            raise ChangedMeanwhile
        task.done_at, task.done_by = None, None
        _log_task(session, office, task, "open again", who=who, now=now)

    unit_of_work(work)


def _task(session: Session, task_id: int) -> Task:
    """For who changes it, after the course, as everybody who changes both. Raises ChangedMeanwhile if it is gone."""
    course_id = session.scalar(select(Task.course_id).where(Task.id == task_id))
    if course_id is not None:
        course_to_change(session, course_id)
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise ChangedMeanwhile
    return task


def _log_task(session: Session, office: Office, task: Task, words: str, *, who: Who, now: datetime) -> None:
    course = None if task.course_id is None else session.get_one(Course, task.course_id)
    _log(session, office, course, {words: task.kind}, who=who, now=now)


def _log(
    session: Session, office: Office, course: Course | None, detail: dict[str, str], *, who: Who, now: datetime
) -> None:
    """Of who is no patient, nothing that could not be erased with her."""
    if course is None:
        log_entry(session, office, who, "task", About(), now=now)
        return
    about = About(patient_id=course.patient_id, course_id=course.id)
    log_entry(session, office, who, "task", about, detail=detail, now=now)
