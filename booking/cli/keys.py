"""Keys: what is encrypted under an old one is encrypted anew under the newest."""

from __future__ import annotations

from flask.cli import AppGroup

from booking.cli.answers import as_json, show
from booking.cli.office import office
from booking.services.privacy import rotate_keys

keys = AppGroup("keys", help="The keys of what is encrypted.")


@keys.command("rotate")
@as_json
def rotate() -> None:
    """Encrypt everything anew with the first of BOOKING_HEALTH_KEYS; then older ones can be dropped."""
    show({"encrypted": rotate_keys(office())})
