"""The clinic's clock in tests: it starts on Monday 1 March 2027 at 09:00 in Oslo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

CLINIC_NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)


def offset_to_clinic_now() -> timedelta:
    """How far the clinic's clock must be ahead of the machine's to show CLINIC_NOW now."""
    return CLINIC_NOW - datetime.now(UTC)
