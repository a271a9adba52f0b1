"""Unit of work: everything that one use case changes, committed whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from booking.store.database import db

T = TypeVar("T")

# https://www.postgresql.org/docs/current/errcodes-appendix.html: serialization_failure, deadlock_detected,
# unique_violation (somebody else has just made the row that this unit did not find)
_WORTH_ANOTHER_TRY = {"40001", "40P01", "23505"}


def unit_of_work(work: Callable[[Session], T]) -> T:
    """Runs `work` in a transaction of its own, commits, and gives back its result; any error rolls all of it back.

    Needs an application context. On PostgreSQL a unit that meets a deadlock, a serialisation failure or a row that
    another has just made is run once more, so `work` must do nothing outside of its session.
    """
    try:
        return _once(work)
    except (OperationalError, IntegrityError) as error:
        if getattr(error.orig, "sqlstate", None) not in _WORTH_ANOTHER_TRY:
            raise
    return _once(work)


def _once(work: Callable[[Session], T]) -> T:
    with Session(db.engine, expire_on_commit=False) as session:
        session.connection(execution_options={"writing": True})
        result = work(session)
        session.commit()
    db.session.rollback()  # what was read before is read afresh, and SQLite's snapshot of it ends
    return result
