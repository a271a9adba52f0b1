"""Tasks: telephone calls that the clinic owes somebody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.working_days import end_of_working_day_after
from booking.services.office import Office
from booking.store.courses import Course
from booking.store.database import utc
from booking.store.tasks import Task
from booking.store.unit_of_work import unit_of_work

CALL_WITHIN = 1
"""Working days within which the clinic rings who asked for it."""


def ask_for_call(office: Office, *, name: str, phone: str, language: str, note: str | None, now: datetime) -> datetime:
    """Notes that somebody wants to be rung; by when that is promised."""
    due = end_of_working_day_after(now, CALL_WITHIN)

    def work(session: Session) -> datetime:
        add_task(session, "call_me", name, phone, language=language, note=note, due=due, now=now)
        return due

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
) -> None:
    """Adds a task inside the caller's unit of work; `language` is the course's where there is one."""
    session.add(
        Task(
            kind=kind,
            course_id=course.id if course else None,
            name=name,
            phone=phone,
            note=note,
            language=language or (course.language if course else "nb"),
            created_at=utc(now),
            due_at=utc(due),
        )
    )
