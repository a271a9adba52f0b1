"""Tasks on the command line: whom the clinic owes a telephone call."""

from __future__ import annotations

import click
from cryptography.fernet import InvalidToken
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from booking.cli.answers import Json, as_json, moment, show
from booking.cli.lines import tasks_lines
from booking.cli.office import office
from booking.services.tasks import message_of
from booking.store.courses import Course
from booking.store.database import db
from booking.store.tasks import Task, open_tasks


@click.command()
@with_appcontext
@as_json
def tasks() -> None:
    """List what is to be done, most urgent first."""
    session = db.session()
    show({"tasks": [_task(session, task) for task in open_tasks(session)]}, tasks_lines)


def _message(task: Task) -> Json:
    """A message whose key was dropped hides no other task."""
    try:
        return {"message": message_of(office(), task)}
    except InvalidToken:
        return {"message": None, "message_unreadable": True}


def _task(session: Session, task: Task) -> Json:
    course = None if task.course_id is None else session.get_one(Course, task.course_id)
    return {
        "kind": task.kind,
        "name": task.name,
        "phone": task.phone,
        "language": task.language,
        "note": task.note,
        **_message(task),
        "reference": course and course.reference,
        "created": moment(task.created_at),
        "due": moment(task.due_at),
    }
