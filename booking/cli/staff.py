"""Staff on the command line: who may sign in at the clinics."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import as_json, show
from booking.cli.faults import Faults
from booking.cli.office import office
from booking.domain.errors import AccountExists, UnknownAccount
from booking.services import staff as accounts
from booking.services.accounts import CLINICIAN, RECEPTIONIST, ROLES
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.store.people import all_clinicians

LANGUAGES = ("nb", "en")

UNUSABLE, THERE_ALREADY = 2, 3
"""Exit codes."""

staff = AppGroup("staff", help="People who work at the clinics.")


@staff.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As patients and colleagues know her.")
@click.option("--role", "roles", multiple=True, required=True, help=f"{', '.join(ROLES)}; can be given again.")
@click.option("--clinic", "clinics", multiple=True, metavar="lambertseter", help="Where a receptionist works.")
@click.option("--clinician", metavar="ask-eksempel", help="As whom a clinician treats.")
@click.option("--language", default="nb", help=f"Of our mails to her: {', '.join(LANGUAGES)}.")
@as_json
def add_command(
    email: str, name: str, roles: tuple[str, ...], clinics: tuple[str, ...], clinician: str | None, language: str
) -> None:
    """Open an account, and mail its owner a link to choose a password, which works for three days.

    Ends with 3 if the address or the clinician has one already.
    """
    _refuse(email, roles, clinics, clinician, language)
    try:
        accounts.add(
            office(),
            email,
            name,
            roles,
            clinics=clinics,
            clinician=clinician,
            language=language,
            now=clock.now(),
            at=clock.machine_now(),
        )
    except AccountExists:
        _end(THERE_ALREADY, f"{email}: this address, or this clinician, has an account already.")
    show({"email": email, "name": name, "roles": list(roles), "mailed": True})


@staff.command("disable")
@click.argument("email")
@as_json
def disable_command(email: str) -> None:
    """Close an account: its owner is signed out everywhere, and cannot sign in again.

    Ends with 2 if nobody has the address.
    """
    try:
        accounts.disable(office(), email, now=clock.now())
    except UnknownAccount:
        _end(UNUSABLE, f"{email}: nobody who works here has this address.")
    show({"email": email, "disabled": True})


@staff.command("reset-mfa")
@click.argument("email")
@as_json
def reset_mfa_command(email: str) -> None:
    """Take away the second factors and recovery codes of who has lost them; she is signed out, and told by mail.

    Make sure that it is she who asks. Ends with 2 if nobody has the address.
    """
    try:
        accounts.reset_mfa(office(), email, now=clock.now(), at=clock.machine_now())
    except UnknownAccount:
        _end(UNUSABLE, f"{email}: nobody who works here has this address.")
    show({"email": email, "reset": True})


def _refuse(email: str, roles: tuple[str, ...], clinics: tuple[str, ...], clinician: str | None, language: str) -> None:
    faults = Faults()
    if "@" not in email:
        faults.add(f"{email}: this should be an e-mail address.")
    for role in roles:
        faults.one_of("--role", role, ROLES)
    for clinic in clinics:
        faults.one_of("--clinic", clinic, [each.slug for each in all_clinics(db.session())])
    if clinician is not None:
        faults.one_of("--clinician", clinician, [each.slug for each in all_clinicians(db.session())])
    faults.one_of("--language", language, LANGUAGES)
    if RECEPTIONIST in roles and not clinics:
        faults.add("--clinic: a receptionist needs one.")
    if (CLINICIAN in roles) != (clinician is not None):
        faults.add("--clinician: a clinician needs it, and nobody else.")
    faults.tell()


def _end(code: int, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
