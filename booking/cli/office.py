"""The office of the application that a command runs in."""

from __future__ import annotations

from flask import current_app

from booking.services.office import Office


def office() -> Office:
    found: Office = current_app.extensions["office"]
    return found
