"""Clock: the only place of the web where time is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import current_app


def machine_now() -> datetime:
    """The machine's clock, aware: for due times, leases, retries and limits."""
    return datetime.now(UTC)


def now() -> datetime:
    """The clinic's clock, aware: for planning, deadlines and everything a person reads."""
    offset: timedelta = current_app.extensions["settings"].clock_offset
    return machine_now() + offset
