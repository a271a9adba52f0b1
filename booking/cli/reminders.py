"""Reminders on the command line: what is due now, or at another time."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import Json, as_json, moment, show
from booking.cli.lines import reminders_lines
from booking.cli.office import office
from booking.domain.period import OSLO
from booking.services.reminders import Reminding, due_now
from booking.store.courses import Course
from booking.store.database import db

reminders = AppGroup("reminders", help="What patients are reminded of.")


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; without an offset, by the clock on the wall in Oslo."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value}: this should be a time like 2027-03-09T18:00.", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=OSLO)


@reminders.command("due")
@click.option("--at", "at", type=Moment(), help="Another time than now, such as 2027-03-09T18:00 (Oslo).")
@as_json
def due_command(at: datetime | None) -> None:
    """List the reminders that are due and not written yet. It writes none: the worker does."""
    now = at or clock.now()
    found = [_reminder(each) for each in due_now(db.session(), office(), now=now)]
    show({"at": moment(now), "reminders": found}, reminders_lines)


def _reminder(each: Reminding) -> Json:
    return {
        "reference": db.session.get_one(Course, each.course_id).reference,
        "rung": each.rung.value,
        "about": moment(each.about_at),
        "until": moment(each.until),
    }
