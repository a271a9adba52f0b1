"""Mailings: mails that nobody needs, and the one click that ends each kind of them for one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.errors import UnknownCourse
from booking.services.links import Stoppable, open_stop
from booking.services.office import Office
from booking.services.reminders import end_questions, end_reminders
from booking.services.waiting import leave
from booking.store.courses import Link
from booking.store.database import db
from booking.store.helpers import Helper
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import Waiter

_READERS: dict[Stoppable, type[Link] | type[Helper] | type[Waiter]] = {
    Stoppable.REMINDERS: Link,
    Stoppable.QUESTIONS: Link,
    Stoppable.HELPER: Helper,
    Stoppable.WAITING: Waiter,
}


def what_stops(session: Session, office: Office, token: str) -> Stoppable:
    """Which mails this token ends. Raises UnknownCourse for one that was never given out, or whose reader is gone."""
    mails, id = open_stop(office, token)
    if session.get(_READERS[mails], id) is None:
        raise UnknownCourse
    return mails


def stop(office: Office, token: str, *, now: datetime) -> None:
    """Ends the mails that this token stands for; again changes nothing. Raises UnknownCourse."""
    with Session(db.engine) as session:
        what_stops(session, office, token)
    mails, id = open_stop(office, token)
    if mails is Stoppable.WAITING:
        leave(id, now=now)
    elif mails is Stoppable.HELPER:
        _stop_reminding(id)
    elif mails is Stoppable.QUESTIONS:
        end_questions(office, _course_behind(id))
    else:
        end_reminders(office, _course_behind(id))


def _stop_reminding(helper_id: int) -> None:
    def work(session: Session) -> None:
        session.get_one(Helper, helper_id, with_for_update=True).reminded = False

    unit_of_work(work)


def _course_behind(link_id: int) -> int:
    with Session(db.engine) as session:
        return session.get_one(Link, link_id).course_id
