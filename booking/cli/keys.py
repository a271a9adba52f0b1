"""Keys: what is encrypted under an old one is encrypted anew under the newest."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from booking.cli.answers import show
from booking.cli.office import office
from booking.services.privacy import rotate_keys

keys = AppGroup("keys", help="The keys of what is encrypted.")


@keys.command("rotate")
@click.option("--json", is_flag=True, expose_value=False, help="JSON is what is printed, with or without this.")
def rotate() -> None:
    """Encrypt everything anew with the first of BOOKING_HEALTH_KEYS; then older ones can be dropped."""
    show({"encrypted": rotate_keys(office())})
