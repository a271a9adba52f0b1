"""The command line: one file per noun; each command reads its arguments, calls one service, prints what came of it."""

from __future__ import annotations

from flask import Flask

from booking.cli import worker
from booking.cli.appointments import appointments
from booking.cli.articles import articles
from booking.cli.comments import comments
from booking.cli.courses import courses
from booking.cli.demo import demo
from booking.cli.keys import keys
from booking.cli.log import log
from booking.cli.outcomes import outcomes
from booking.cli.patients import patients
from booking.cli.receive import receive
from booking.cli.reminders import reminders
from booking.cli.staff import staff
from booking.cli.tables import tell_of_tables
from booking.cli.tasks import tasks

COMMANDS = (
    appointments,
    articles,
    comments,
    courses,
    demo,
    keys,
    log,
    outcomes,
    patients,
    receive,
    reminders,
    staff,
    tasks,
    worker.worker,
)

for _command in COMMANDS:
    tell_of_tables(_command)


def register_commands(app: Flask) -> None:
    """Adds the commands of this folder to `flask --app wsgi`."""
    for command in COMMANDS:
        app.cli.add_command(command)
