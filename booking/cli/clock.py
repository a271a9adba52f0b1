"""Clock of the commands: the machine's, and the clinic's, which may be ahead of it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app


def machine_now() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """The clinic's time, aware, in UTC."""
    moment: datetime = machine_now() + current_app.extensions["settings"].clock_offset
    return moment
