"""Privacy: what is encrypted, how keys are changed, and what is forgotten when.

Encrypted values are JSON under MultiFernet: written with the newest key, read with any of them.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from booking.domain.outcome import Moment, all_over_since, closes_at
from booking.services.factors import sealed_anew
from booking.services.office import Office
from booking.store.accounts import Account
from booking.store.appointments import drop_held_claims
from booking.store.articles import REFUSED, REMOVED, Comment
from booking.store.busy import BusySource
from booking.store.courses import Screening
from booking.store.database import db, utc
from booking.store.holds import Hold
from booking.store.logbook import KEYED, LogHead, PatientKey
from booking.store.notes import Note
from booking.store.outbox import Message, drop_bodies
from booking.store.outcomes import Outcome, outcomes_over
from booking.store.tasks import Task
from booking.store.unit_of_work import unit_of_work

BODIES_KEPT = timedelta(days=7)
"""How long the bytes of a mail are kept after it was written: secret links stand in them as they are."""


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
        for comment in session.scalars(select(Comment).where(Comment.email.is_not(None)).with_for_update()):
            comment.email = fernet.rotate(comment.email or b"")
            count += 1
        for task in session.scalars(select(Task).where(Task.message.is_not(None)).with_for_update()):
            task.message = fernet.rotate(task.message or b"")
            count += 1
        for outcome in session.scalars(select(Outcome).with_for_update()):
            outcome.answers = fernet.rotate(outcome.answers)
            count += 1
        for note in session.scalars(select(Note).with_for_update()):
            note.text = fernet.rotate(note.text)
            count += 1
        for source in session.scalars(select(BusySource).where(BusySource.url.is_not(None)).with_for_update()):
            source.url = fernet.rotate(source.url or b"")
            count += 1
        for key in session.scalars(select(PatientKey).with_for_update()):
            key.key = fernet.rotate(key.key)
            count += 1
        for head in session.scalars(select(LogHead).where(LogHead.id == KEYED).with_for_update()):
            head.hash = fernet.rotate(head.hash.encode()).decode()
            count += 1
        for account in session.scalars(select(Account).with_for_update()):
            count += _rotate_factors(account, fernet)
        return count

    return unit_of_work(work)


def _rotate_factors(account: Account, fernet: MultiFernet) -> int:
    """What stands sealed in an account; how many values that were."""
    codes = account.mf_recovery_codes or []
    account.mf_recovery_codes = [fernet.rotate(code).decode() for code in codes] or account.mf_recovery_codes
    if account.tf_totp_secret is not None:
        account.tf_totp_secret = sealed_anew(account.tf_totp_secret)
    return len(codes) + (account.tf_totp_secret is not None)


def fingerprint(office: Office, purpose: str, value: str) -> str:
    """A keyed hash: equal values can be recognised, and nobody can go back from it to the value."""
    return fingerprints(office, purpose, value)[0]


def fingerprints(office: Office, purpose: str, value: str) -> tuple[str, ...]:
    """The value's fingerprint under each of the installation's keys, newest first: for what outlives a key."""
    text = f"{purpose} {value}".encode()
    return tuple(hmac.digest(key.encode(), text, "sha256").hex() for key in office.secret_keys)


def forget_unfinished(office: Office, *, now: datetime) -> int:
    """Deletes bookings that were begun so long ago as they are kept, and not touched since; how many."""

    def work(session: Session) -> int:
        lapsed = select(Hold).where(Hold.expires_at <= now - office.unfinished_kept)
        old = list(session.scalars(lapsed.with_for_update(skip_locked=True)))
        for hold in old:
            drop_held_claims(session, [time.id for time in hold.times])
            session.delete(hold)
        return len(old)

    return unit_of_work(work)


def outcomes_kept_until(office: Office, start: datetime) -> datetime:
    """When the answers of a course are forgotten whose session 1 was at `start`: the clinic sees a year's courses
    together, whether or not somebody came to the end of hers."""
    return closes_at(Moment.YEAR, start) + office.outcomes_kept


def forget_outcomes(office: Office, *, now: datetime) -> int:
    """Deletes answers about how it goes that are no longer kept; of courses that never began, so long after
    they were given; how many. Looks first without the write lock, for nearly always there is nothing to delete."""
    old = now - office.outcomes_kept
    with Session(db.engine) as session:
        over = outcomes_over(session, given_by=old, begun_before=all_over_since(old))
    return unit_of_work(lambda session: _drop_outcomes(session, over)) if over else 0


def _drop_outcomes(session: Session, keys: Sequence[tuple[int, str]]) -> int:
    rows = [row for key in keys if (row := session.get(Outcome, key)) is not None]
    for row in rows:
        session.delete(row)
    return len(rows)


def forget_bodies(*, at: datetime) -> int:
    """Deletes the bytes of mails that were written `BODIES_KEPT` ago and are sent or given up (the machine's clock);
    of how many. What they told stays, without a secret link."""
    return unit_of_work(lambda session: drop_bodies(session, written_before=utc(at - BODIES_KEPT)))


def forget_comment_addresses(office: Office, *, now: datetime) -> int:
    """Deletes the addresses of who wrote comments when they are that old; how many. Mails to them go once they are sent
    or given up, for an address stands in a mail as it is.

    Of a comment that is gone, the code of the address goes a day later, for until then it limits our mails to it.
    """

    def work(session: Session) -> int:
        old = select(Comment).where(
            Comment.posted_at <= now - office.comment_addresses_kept, Comment.email.is_not(None)
        )
        comments = list(session.scalars(old.with_for_update(skip_locked=True)))
        for comment in comments:
            comment.email = None
        done = delete(Message).where(
            Message.kind == "comment", Message.due_at.is_(None), Message.leased_until.is_(None)
        )
        session.execute(done, execution_options={"synchronize_session": False})
        gone = update(Comment).where(
            Comment.status.in_((REFUSED, REMOVED)),
            Comment.decided_at <= now - timedelta(days=1),
            Comment.email_hash != "",
        )
        session.execute(gone.values(email_hash=""), execution_options={"synchronize_session": False})
        return len(comments)

    return unit_of_work(work)


def _fernet(office: Office) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in office.health_keys])
