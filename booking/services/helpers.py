"""Helpers: partners and carers who see, move and cancel a patient's times with links of their own, as long as she
wants."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from booking.domain.errors import TooManyHelpers
from booking.services.links import hash_of, new_helper_token
from booking.services.office import Office
from booking.store.courses import course_to_change
from booking.store.database import db, utc
from booking.store.helpers import (
    Helper,
    all_helpers_of,
    drop_mails_to,
    drop_unsent_to,
    ended_helpers,
    helpers_of,
)
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work

MOST_HELPERS = 5
"""Of one course at a time."""

MOST_EVER = 20
"""Of one course in all: each of them may bring a mail to somebody who never asked for it."""

NOTE_EVERY = timedelta(hours=1)
"""How exactly it is noted when a link was last opened."""

ENDED_KEPT = timedelta(days=30)
"""How long after the end of a link it is still known whose it was."""

KIND = "helper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Who shall help: her name, and her address if she shall get the link, and reminders, by mail."""

    name: str
    email: str | None
    language: str
    reminded: bool


def add_helper(office: Office, course_id: int, invited: Invited, *, now: datetime, at: datetime) -> int:
    """Gives somebody a link of her own, by mail if her address is known; her id.

    The same helper again, as after a double click, is the same. Raises TooManyHelpers.
    """

    def work(session: Session) -> int:
        course_to_change(session, course_id)
        ever = all_helpers_of(session, course_id)
        present = [helper for helper in ever if helper.revoked_at is None]
        same = next((helper for helper in present if _is(helper, invited)), None)
        if same is not None:
            return same.id
        if len(present) >= MOST_HELPERS or len(ever) >= MOST_EVER:
            raise TooManyHelpers
        helper = _new(office, course_id, invited, now=now)
        session.add(helper)
        if helper.email is not None:
            session.add(_mail(office, helper, helper.email, now=now, at=at))
        return helper.id

    return unit_of_work(work)


def revoke_helper(course_id: int, helper_id: int, *, now: datetime) -> None:
    """Ends a helper's link at once, and lets go of mails to her that no worker has taken up; again changes nothing."""

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        for helper in helpers_of(session, course_id):
            if helper.id == helper_id:
                helper.revoked_at = utc(now)
                drop_unsent_to(session, helper)

    unit_of_work(work)


def forget_helpers(*, now: datetime) -> int:
    """Deletes names and addresses of helpers whose links ended `ENDED_KEPT` ago, with the mails to them; how many."""

    def work(session: Session) -> int:
        ended = ended_helpers(session, before=now - ENDED_KEPT)
        for helper in ended:
            helper.name, helper.email = "", None
            drop_mails_to(session, helper)
        return len(ended)

    with Session(db.engine) as session:
        if not ended_helpers(session, before=now - ENDED_KEPT):
            return 0  # without the write lock, as nearly always
    return unit_of_work(work)


def note_use(helper: Helper, *, now: datetime) -> None:
    """Notes that a helper has opened her link, so that the patient sees that it is used."""
    if helper.used_at is not None and helper.used_at + NOTE_EVERY > now:
        return
    helper_id = helper.id

    def work(session: Session) -> None:
        session.get_one(Helper, helper_id, with_for_update=True).used_at = utc(now)

    unit_of_work(work)


def _is(helper: Helper, invited: Invited) -> bool:
    return (helper.name, helper.email) == (invited.name, invited.email)


def _new(office: Office, course_id: int, invited: Invited, *, now: datetime) -> Helper:
    helper_id = secrets.randbits(62)
    return Helper(
        id=helper_id,
        course_id=course_id,
        name=invited.name,
        email=invited.email,
        language=invited.language,
        token_hash=hash_of(new_helper_token(office, helper_id)),
        reminded=invited.reminded and invited.email is not None,
        created_at=utc(now),
    )


def _mail(office: Office, helper: Helper, email: str, *, now: datetime, at: datetime) -> Message:
    return Message(
        kind=KIND,
        recipient=email,
        language=helper.language,
        facts={"helper_id": helper.id},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )
