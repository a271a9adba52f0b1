"""The demonstration data from the command line, and bookings to fill it with."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from booking.cli import clock
from booking.cli.answers import Json, as_json, show
from booking.cli.office import office
from booking.cli.progress import progress
from booking.services.demonstration import load_demonstration
from booking.services.everyday import lay_out
from booking.services.fill import fill


@click.command()
@with_appcontext
@click.option("--fill", "share", type=click.FloatRange(0, 1), metavar="0.6", help="Book this share of needle time too.")
@as_json
def demo(share: float | None) -> None:
    """Load the demonstration data, once.

    With --fill, courses and visits of invented patients are booked from 10 weeks ago to 42 weeks ahead, and the front
    desks have something to do.
    """
    if not current_app.extensions["settings"].demonstration_allowed:
        raise click.ClickException(
            "Demonstration data is refused here: BOOKING_ENV is production, or other machines can reach the service."
        )
    now = clock.now()
    answer: Json = {"loaded": load_demonstration(now)}
    if share is not None:
        answer["filled"] = _fill(share)
    show(answer)


def _fill(share: float) -> Json:
    with progress("Booking") as told:
        filled = fill(office(), share, now=clock.now(), at=clock.machine_now(), told=told)
    if filled.appointments:
        lay_out(office(), now=clock.now(), at=clock.machine_now())
    return {
        "courses": filled.courses,
        "visits": filled.visits,
        "appointments": filled.appointments,
        "share": round(filled.share, 3),
    }
