"""The command line: one file per noun; each command reads its arguments, calls one service, prints JSON."""

from __future__ import annotations

from flask import Flask

from booking.cli import worker
from booking.cli.appointments import appointments
from booking.cli.articles import articles
from booking.cli.comments import comments
from booking.cli.courses import courses
from booking.cli.demo import demo
from booking.cli.keys import keys
from booking.cli.outcomes import outcomes
from booking.cli.patients import patients
from booking.cli.receive import receive
from booking.cli.reminders import reminders
from booking.cli.tasks import tasks


def register_commands(app: Flask) -> None:
    """Adds the commands of this folder to `flask --app wsgi`."""
    for command in (
        appointments,
        articles,
        comments,
        courses,
        demo,
        keys,
        outcomes,
        patients,
        receive,
        reminders,
        tasks,
    ):
        app.cli.add_command(command)
    worker.register(app)
