"""Appointments on the command line: moved, cancelled, and put back where they were."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import as_json, show
from booking.cli.changing import (
    appointment_called,
    as_changed,
    by_whom,
    course_of,
    place_options,
    places,
    read_place,
    refusals,
)
from booking.cli.lines import course_lines, places_lines
from booking.cli.office import office
from booking.domain.appointment import Actor
from booking.domain.errors import NothingToUndo
from booking.services.changes import cancel, move, undo, undoable, weeks_for
from booking.store.database import db

appointments = AppGroup("appointments", help="Appointments of a course, one by one.")


@appointments.command("move")
@click.argument("reference")
@click.argument("which", metavar="N|first-visit|review")
@place_options
@by_whom
@as_json
def move_command(
    reference: str, which: str, to: str | None, clinician: str | None, clinic: str | None, by: str
) -> None:
    """Move an appointment; N is the number of a session. A review moves along if it must.

    Can be undone for ten minutes, in which nobody is told. Ends with 2 if the appointment is not there or cannot be
    moved, with 3 if the time does not fit, with 4 if it was taken meanwhile.
    """
    course = course_of(reference)
    course_id, appointment = course.id, appointment_called(course, which)
    if to is None:
        show(places(course, weeks_for(db.session(), office(), course, appointment, now=clock.now())), places_lines)
        return
    place = read_place(appointment, to, clinician, clinic)
    with refusals(reference):
        now, at = clock.now(), clock.machine_now()
        move(office(), course_id, appointment.id, place, by=Actor(by), now=now, at=at)
    show(as_changed(course_id, Actor(by)), course_lines)


@appointments.command("cancel")
@click.argument("reference")
@click.argument("which", metavar="N|first-visit|review")
@by_whom
@as_json
def cancel_command(reference: str, which: str, by: str) -> None:
    """Cancel an appointment; N is the number of a session.

    Can be undone for ten minutes, in which nobody is told. Ends with 2 if the appointment is not there or cannot be
    cancelled.
    """
    course = course_of(reference)
    course_id, appointment = course.id, appointment_called(course, which)
    with refusals(reference):
        cancel(office(), course_id, appointment.id, by=Actor(by), now=clock.now(), at=clock.machine_now())
    show(as_changed(course_id, Actor(by)), course_lines)


@appointments.command("undo")
@click.argument("reference")
@by_whom
@as_json
def undo_command(reference: str, by: str) -> None:
    """Take back the newest change of a course, as long as nobody was told of it.

    Ends with 2 if there is nothing to take back.
    """
    course_id = course_of(reference).id
    with refusals(reference):
        newest = next(iter(undoable(db.session(), course_id, now=clock.now(), by=Actor(by))), None)
        if newest is None:
            raise NothingToUndo
        undo(office(), course_id, newest.id, by=Actor(by), now=clock.now(), at=clock.machine_now())
    show(as_changed(course_id, Actor(by)), course_lines)
