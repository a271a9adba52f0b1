"""Patients on the command line: helped back to their pages."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import as_json, show
from booking.cli.office import office
from booking.domain.errors import TooManyAttempts
from booking.services.courses import read_reference
from booking.services.links import PAGE, page_url
from booking.services.preferences import renew_page
from booking.services.sign_ins import send_link
from booking.store.courses import course_by_reference, links_of
from booking.store.database import db

UNUSABLE, TOO_OFTEN = 2, 4
"""Exit codes."""

patients = AppGroup("patients", help="People who have booked.")


@patients.command("link")
@click.argument("reference")
@click.option(
    "--renew", is_flag=True, help="End the link there is; the new one is mailed, too, if there is an address."
)
@click.option("--mail", is_flag=True, help="Mail a link to sign in, to the address of the course.")
@as_json
def link_command(reference: str, renew: bool, mail: bool) -> None:
    """The secret link to the page of a course. Whoever has it can see and change the times.

    Ends with 2 if no course has the reference, or with --mail if it has no address; with 4 if that address got several
    links within the hour.
    """
    course = course_by_reference(db.session(), read_reference(reference))
    if course is None:
        _end(UNUSABLE, f"{reference}: no course has this reference.")
    course_id, language = course.id, course.language
    if mail and course.email is None:
        _end(UNUSABLE, f"{reference}: there is no e-mail address.")
    if mail:
        _send(reference, course_id, language)
    if renew:
        renew_page(office(), course_id, now=clock.now(), at=clock.machine_now())
    url = page_url(office(), links_of(db.session(), course_id)[PAGE], language)
    show({"reference": read_reference(reference), "url": url, "renewed": renew, "mailed": mail})


def _send(reference: str, course_id: int, language: str) -> None:
    try:
        send_link(office(), course_id, language, now=clock.now(), at=clock.machine_now())
    except TooManyAttempts:
        _end(TOO_OFTEN, f"{reference}: the address got several links within the hour. Nothing was changed.")


def _end(code: int, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
