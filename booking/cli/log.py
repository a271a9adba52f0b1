"""The logbook on the command line: whether it holds, and who has seen a patient's appointments."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import Json, as_json, moment, show
from booking.cli.office import office
from booking.services.courses import read_reference
from booking.services.logbook import COMMAND, About, details_of, note_look, verify
from booking.store.courses import course_by_reference
from booking.store.database import db
from booking.store.logbook import newest_entries

BROKEN, UNUSABLE = 1, 2
"""Exit codes."""

log = AppGroup("log", help="Who has looked at or changed what of which patient.")


@log.command("verify")
@as_json
def verify_command() -> None:
    """Check that no entry was altered, taken out or put in. Ends with 1 if one was, and names the first."""
    found = verify(office())
    show({"entries": found.holds, "unkeyed": found.unkeyed, "broken_at": found.broken_at}, _verdict_lines)
    sys.exit(BROKEN if found.broken_at else 0)


@log.command("patient")
@click.argument("reference")
@as_json
def patient_command(reference: str) -> None:
    """Who has looked at or changed what about a patient, newest first: for herself, when she asks.

    Ends with 2 if no course has the reference.
    """
    course = course_by_reference(db.session(), read_reference(reference))
    if course is None:
        click.echo(f"Error: {reference}: no course has this reference.", err=True)
        sys.exit(UNUSABLE)
    about = course.patient_id
    note_look(office(), COMMAND, "look_log", About(patient_id=about), now=clock.now())
    entries = newest_entries(db.session(), patient_id=about)
    details = details_of(db.session(), office(), entries)
    told: list[Json] = [
        {
            "made": moment(entry.made_at),
            "who": entry.actor,
            "did": entry.action,
            "course_id": entry.course_id,
            "appointment_id": entry.appointment_id,
            "detail": details.get(entry.id),
        }
        for entry in entries
    ]
    show({"reference": read_reference(reference), "entries": told})


def _verdict_lines(answer: Json) -> Iterator[str]:
    if answer["broken_at"] is None:
        yield f"The logbook holds: {answer['entries']} entries."
    else:
        yield f"The logbook does not hold from entry {answer['broken_at']} on; {answer['entries']} before it do."
    if answer["unkeyed"]:
        yield f"{answer['unkeyed']} entries are older than its key: who can write in the database could make them anew."
