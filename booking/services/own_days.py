"""Own days: a clinician is told by mail when her day changes on the day itself, for calendars look only a few times.

Facts name appointments and courses by their ids alone; who they are about is looked up when the mail is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.period import moment_of, oslo
from booking.services.office import Office
from booking.store.accounts import Account, account_of_clinician
from booking.store.appointments import CANCELLED
from booking.store.courses import Course
from booking.store.database import utc
from booking.store.outbox import Message

OWN_DAY = "own_day"

Snapshot = Mapping[str, Any]
"""An appointment as `services/invitations.py` keeps it."""


@dataclass(frozen=True, slots=True)
class DayChange:
    """An appointment before and after; without the one it is new, without the other it was cancelled. `by`: the
    accounts (None: nobody's) that changed it."""

    before: Snapshot | None
    after: Snapshot | None
    by: Collection[int | None] = ()


def tell_of_own_days(
    session: Session, office: Office, course: Course, changes: Sequence[DayChange], *, now: datetime, at: datetime
) -> None:
    """Writes to each clinician whose day of today is another because of these, inside the caller's unit of work; in
    the mail that waits for her already, if one does. Nobody is told what she did herself."""
    for clinician_id in sorted({each for change in changes for each in _whose(change)}):
        seen = [(change, _seen_by(clinician_id, change, now=now)) for change in changes]
        touched = [(change, facts) for change, facts in seen if facts is not None]
        account = account_of_clinician(session, clinician_id) if touched else None
        if account is None or not account.active:
            continue
        told = [{"course_id": course.id} | facts for change, facts in touched if set(change.by) != {account.id}]
        if told:
            _write(session, office, account, told, now=now, at=at)


def _whose(change: DayChange) -> Iterator[int]:
    yield from (int(each["clinician_id"]) for each in (change.before, change.after) if each is not None)


def _seen_by(clinician_id: int, change: DayChange, *, now: datetime) -> dict[str, Any] | None:
    """What she had today and has today: [start, end, clinic] each; None if that is the same, or none of hers."""
    old, new = (_place(clinician_id, each, now=now) for each in (change.before, change.after))
    return None if old == new else {"old": old, "new": new}


def _place(clinician_id: int, kept: Snapshot | None, *, now: datetime) -> list[int] | None:
    if kept is None or kept["status"] == CANCELLED or kept["clinician_id"] != clinician_id:
        return None
    if oslo(moment_of(kept["start"])).date() != oslo(now).date() or moment_of(kept["end"]) <= now:
        return None
    return [kept["start"], kept["end"], kept["clinic_id"]]


def _write(
    session: Session, office: Office, account: Account, changes: list[dict[str, Any]], *, now: datetime, at: datetime
) -> None:
    waiting = _waiting(session, account, now=now)
    if waiting is not None:
        waiting.facts = waiting.facts | {"changes": [*waiting.facts["changes"], *changes]}
        return
    session.add(
        Message(
            kind=OWN_DAY,
            recipient=account.email,
            language=account.language,
            facts={"account_id": account.id, "changes": changes},
            message_id=f"<{uuid4()}@{office.uid_host}>",
            made_at=utc(now),
            written_at=utc(at),
            due_at=utc(at),
        )
    )
    session.flush()


def _waiting(session: Session, account: Account, *, now: datetime) -> Message | None:
    """A mail of today to her that no worker has taken up yet."""
    rows = select(Message).where(
        Message.kind == OWN_DAY,
        Message.recipient == account.email,
        Message.due_at.is_not(None),
        Message.attempts == 0,
        Message.leased_until.is_(None),
        Message.body.is_(None),
    )
    found = session.scalars(rows.order_by(Message.id.desc()).with_for_update(skip_locked=True)).first()
    return found if found is not None and oslo(found.made_at).date() == oslo(now).date() else None
