"""Attempts: how often something was tried, counted in one table for all processes, under keyed hashes alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from booking.domain.errors import TooManyAttempts
from booking.services.office import Office
from booking.services.privacy import fingerprint
from booking.store.database import db, utc
from booking.store.sign_ins import Attempt
from booking.store.unit_of_work import unit_of_work

LONGEST = timedelta(days=1)
"""The longest time within which anything is counted."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` attempts of a kind with the same key `within` some time, which is `LONGEST` at most."""

    kind: str
    most: int
    within: timedelta


def count_attempt(office: Office, tried: Sequence[tuple[Limit, str]], *, now: datetime) -> tuple[int, ...]:
    """Counts one attempt under each limit, by the plain key; gives their ids, for who takes it back.

    Written and committed before it is counted: whoever commits as the tenth finds ten, so several processes together
    let through no more than one would. Raises TooManyAttempts; what is refused is not counted, so nobody locks herself
    out for longer by trying again.
    """
    rows = [(limit, fingerprint(office, f"attempt {limit.kind}", key)) for limit, key in tried]
    noted = unit_of_work(lambda session: _note(session, rows, now=now))
    if any(_count(limit, key, now=now) > limit.most for limit, key in rows):
        take_back(noted)
        raise TooManyAttempts
    return noted


def take_back(attempts: Collection[int]) -> None:
    """What was found right counts for nothing."""
    unit_of_work(lambda session: _drop(session, attempts))


def forget_attempts(*, now: datetime) -> int:
    """Deletes the attempts that nothing counts any more; how many."""

    def work(session: Session) -> int:
        old = select(Attempt).where(Attempt.made_at <= utc(now - LONGEST))
        attempts = list(session.scalars(old.with_for_update(skip_locked=True)))
        for attempt in attempts:
            session.delete(attempt)
        return len(attempts)

    return unit_of_work(work)


def _note(session: Session, rows: Sequence[tuple[Limit, str]], *, now: datetime) -> tuple[int, ...]:
    attempts = [Attempt(kind=limit.kind, key=key, made_at=utc(now)) for limit, key in rows]
    session.add_all(attempts)
    session.flush()
    return tuple(attempt.id for attempt in attempts)


def _count(limit: Limit, key: str, *, now: datetime) -> int:
    since = utc(now - limit.within)
    lately = select(func.count()).where(Attempt.kind == limit.kind, Attempt.key == key, Attempt.made_at > since)
    return db.session().scalar(lately) or 0


def _drop(session: Session, attempts: Collection[int]) -> None:
    gone = delete(Attempt).where(Attempt.id.in_(attempts))
    session.execute(gone, execution_options={"synchronize_session": False})
