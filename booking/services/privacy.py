"""Privacy: what is encrypted, how keys are changed, and what is forgotten when.

Encrypted values are JSON under MultiFernet: written with the newest key, read with any of them.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.services.office import Office
from booking.store.appointments import drop_held_claims
from booking.store.courses import Screening
from booking.store.holds import Hold
from booking.store.unit_of_work import unit_of_work

UNFINISHED_KEPT = timedelta(hours=24)
"""A booking that was never finished is forgotten after this long, answers and all."""


def seal(office: Office, value: Mapping[str, Any]) -> bytes:
    return _fernet(office).encrypt(json.dumps(value, ensure_ascii=False).encode())


def unseal(office: Office, sealed: bytes) -> dict[str, Any]:
    """Raises cryptography's InvalidToken if none of the keys opens it."""
    value: dict[str, Any] = json.loads(_fernet(office).decrypt(sealed))
    return value


def rotate_keys(office: Office) -> int:
    """Encrypts everything sealed anew with the newest key; how many values that were."""

    def work(session: Session) -> int:
        fernet, count = _fernet(office), 0
        for row in session.scalars(select(Screening)):
            row.answers = fernet.rotate(row.answers)
            count += 1
        for hold in session.scalars(select(Hold).where(Hold.answers.is_not(None)).with_for_update()):
            hold.answers = fernet.rotate(hold.answers or b"")
            count += 1
        return count

    return unit_of_work(work)


def fingerprint(office: Office, purpose: str, value: str) -> str:
    """A keyed hash: equal values can be recognised, and nobody can go back from it to the value."""
    key = office.secret_keys[0].encode()
    return hmac.digest(key, f"{purpose} {value}".encode(), "sha256").hex()


def forget_unfinished(*, now: datetime) -> int:
    """Deletes bookings that were begun `UNFINISHED_KEPT` ago and not touched since; how many."""

    def work(session: Session) -> int:
        lapsed = select(Hold).where(Hold.expires_at <= now - UNFINISHED_KEPT)
        old = list(session.scalars(lapsed.with_for_update(skip_locked=True)))
        for hold in old:
            drop_held_claims(session, [time.id for time in hold.times])
            session.delete(hold)
        return len(old)

    return unit_of_work(work)


def _fernet(office: Office) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in office.health_keys])
