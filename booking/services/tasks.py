"""Tasks: telephone calls that the clinic owes somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.working_days import end_of_working_day_after
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.courses import Course
from booking.store.database import utc
from booking.store.tasks import Task, open_tasks_of
from booking.store.unit_of_work import unit_of_work

CALL_WITHIN = 1
"""Working days within which the clinic rings who asked for it."""

LONGEST_MESSAGE = 500
"""Characters."""

CALL_ME = "call_me"

TELL = "tell"
"""Somebody without e-mail is to be told of what the clinic has changed."""

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
    language: str | None = None,
    note: str | None = None,
    message: bytes | None = None,
) -> None:
    """Adds a task inside the caller's unit of work; `language` is the course's where there is one."""
    session.add(
        Task(
            kind=kind,
            course_id=course.id if course else None,
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
