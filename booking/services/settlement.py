"""Settlement: what all open changes of a course come to is told once, and can be undone no longer.

Nothing is told of a change that was undone, or that another took back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.period import moment_of
from booking.services.alteration import give_up
from booking.services.delivery import what_happened
from booking.services.invitations import INVITATIONS, News, invite, snapshot, take_back_invitations, tell
from booking.services.office import Office
from booking.services.own_days import DayChange, tell_of_own_days
from booking.services.tasks import TELL, owe_news
from booking.store.appointments import BOOKED, CANCELLED, PENDING, Appointment
from booking.store.changes import Change, Fee, changes_settled, courses_to_settle, fees_of, open_changes
from booking.store.courses import WAITING, Course, course_to_change
from booking.store.database import db, utc
from booking.store.holds import holds_of_changes
from booking.store.tasks import Task
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import note_freed

_IN_CALENDARS = ("start", "end", "clinic_id")
_PLACE = (*_IN_CALENDARS, "clinician_id")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """One appointment that is another than before the open changes. `before`: as `snapshot` keeps it; None for a new
    one. `by`: who changed it last."""

    appointment: Appointment
    before: dict[str, Any] | None
    by: Actor

    @property
    def cancelled(self) -> bool:
        return self.appointment.status == CANCELLED

    @property
    def in_calendars(self) -> bool:
        """Whether a calendar shows something else now: who treats does not stand there."""
        if self.before is None or self.cancelled:
            return True
        now = snapshot(self.appointment)
        return any(now[name] != self.before[name] for name in _IN_CALENDARS)


def differences(session: Session, course: Course) -> list[Difference]:
    """What the open changes of the course come to, in order of the present times."""
    return _come_to(course, open_changes(session, course.id))


def news_owed(
    session: Session, tasks: Sequence[Task], courses: Mapping[int, Course]
) -> dict[int, tuple[Difference, ...]]:
    """What is to be told to whom somebody must ring because there is no address to write to, by the task: what the
    clinic has changed since the first of it was to be told, as it stands now. `courses`: those of the tasks, by id."""
    telling = [task for task in tasks if task.kind == TELL and task.course_id in courses]
    since = min((task.created_at for task in telling), default=None)
    changes = [] if since is None else changes_settled(session, {task.course_id or 0 for task in telling}, since=since)
    return {task.id: _owed(task, courses[task.course_id or 0], changes) for task in telling}


def _owed(task: Task, course: Course, changes: Sequence[Change]) -> tuple[Difference, ...]:
    hers = (each for each in changes if each.course_id == course.id)
    told = [each for each in hers if each.settled_at and each.settled_at >= task.created_at]
    return tuple(each for each in _come_to(course, told) if each.by is Actor.CLINIC)


def _come_to(course: Course, changes: Sequence[Change]) -> list[Difference]:
    before: dict[int, dict[str, Any] | None] = {}
    actors: dict[int, Actor] = {}
    for change in changes:
        for id, kept in change.before.items():
            before.setdefault(int(id), kept)
            if change.undone_at is None:
                actors[int(id)] = Actor(change.actor)
    touched = [a for a in _in_order(course.appointments) if a.id in actors]
    found = (Difference(a, before[a.id], actors[a.id]) for a in touched)
    return [difference for difference in found if _differs(difference)]


def settle(session: Session, office: Office, course: Course, *, now: datetime, at: datetime) -> None:
    """Writes the messages of all open changes, if there is something to tell, inside the caller's unit of work, in
    which the course is locked."""
    settle_telling(session, office, course, News.CHANGED, {}, now=now, at=at)


def settle_telling(
    session: Session,
    office: Office,
    course: Course,
    news: News,
    more: Mapping[str, Any],
    *,
    now: datetime,
    at: datetime,
) -> None:
    """The same in a mail of another kind, with `more` facts (JSON)."""
    found = differences(session, course)
    _forgive(session, course, found)
    calendars = [d.appointment for d in found if d.in_calendars] if _invited(course) else []
    _tell(session, office, course, found, len(calendars), now=now, at=at, news=news, more=more)
    times = {"now": now, "at": at}
    invite(session, office, course, [a for a in calendars if a.status != CANCELLED], **times)
    take_back_invitations(session, office, course, [a for a in calendars if a.status == CANCELLED], **times)
    _close(session, course, found, now=now)


def settle_in_words(session: Session, office: Office, course: Course, *, now: datetime, at: datetime) -> None:
    """The same without a word to calendars: for an address whose calendar was told of nothing yet."""
    found = differences(session, course)
    _forgive(session, course, found)
    _tell(session, office, course, found, None, now=now, at=at)
    _close(session, course, found, now=now)


def settle_due(office: Office, *, now: datetime, at: datetime) -> int:
    """Settles every course of which nothing more can be undone; how many. One that fails keeps no other waiting."""
    with Session(db.engine) as session:
        due = courses_to_settle(session, now=now)
    return sum(_settled(office, course_id, now=now, at=at) for course_id in due)


def _settled(office: Office, course_id: int, *, now: datetime, at: datetime) -> bool:
    def work(session: Session) -> bool:
        course = course_to_change(session, course_id)
        changes = open_changes(session, course_id)
        if not changes or any(change.due_at > now for change in changes):
            return False  # somebody has settled or changed it meanwhile
        settle(session, office, course, now=now, at=at)
        return True

    try:
        return unit_of_work(work)
    except Exception as error:  # whatever is wrong with one course, the others' patients must be told
        log.error("changes cannot be settled", course=course_id, **what_happened(error))
        return False


def _tell(
    session: Session,
    office: Office,
    course: Course,
    found: Sequence[Difference],
    calendars: int | None,
    *,
    now: datetime,
    at: datetime,
    news: News = News.CHANGED,
    more: Mapping[str, Any] | None = None,
) -> None:
    """One mail to read, with what was and what is, and all that stands: the file of the channel *file* holds that.

    `calendars`: how many messages to calendars follow; None if calendars have no part in it.
    """
    if not found:
        return
    told = {d.appointment.id for d in found}
    shown = [a for a in _in_order(course.appointments) if a.id in told or _comes(a, now=now)]
    facts = dict(more or {}) | {
        "changes": [_fact(difference) for difference in found],
        "calendars": calendars,
        "fees": [
            {"amount": fee.amount, "excused": fee.excused}
            for fee in _open_fees(session, course)
            if fee.waived_at is None
        ],
    }
    tell(session, office, course, news, shown, now=now, at=at, more=facts)
    _tell_clinicians(session, office, course, found, now=now, at=at)
    if any(difference.by is Actor.CLINIC for difference in found):
        owe_news(session, course, soonest=min(map(_first_time, found)), now=now)


def _tell_clinicians(
    session: Session, office: Office, course: Course, found: Sequence[Difference], *, now: datetime, at: datetime
) -> None:
    """Those whose own day of today is another now, but for who has changed it herself."""
    by: dict[int, set[int | None]] = {}
    for change in open_changes(session, course.id):
        for id in change.before if change.undone_at is None else ():
            by.setdefault(int(id), set()).add(change.account_id)
    days = [
        DayChange(d.before, None if d.cancelled else snapshot(d.appointment), by.get(d.appointment.id, set()))
        for d in found
    ]
    tell_of_own_days(session, office, course, days, now=now, at=at)


def _forgive(session: Session, course: Course, found: Sequence[Difference]) -> None:
    """What came to nothing costs nothing; if it was the one late change that is free, the next one is."""
    changed = {difference.appointment.id for difference in found}
    fees = _open_fees(session, course)
    vain, left = ([fee for fee in fees if (fee.appointment_id in changed) is each] for each in (False, True))
    for fee in vain:
        session.delete(fee)
    if left and any(fee.excused for fee in vain):
        left[0].amount, left[0].excused = 0, True
    session.flush()


def _open_fees(session: Session, course: Course) -> list[Fee]:
    """What the open changes cost, oldest first."""
    changes = {change.id for change in open_changes(session, course.id)}
    return [fee for fee in fees_of(session, course.id) if fee.change_id in changes]


def _close(session: Session, course: Course, found: Sequence[Difference], *, now: datetime) -> None:
    """Gives back what was kept; what she had before, others can have now."""
    note_freed(session, [left for d in found if (left := _left(d)) and left[2] > now], now=now)
    changes = open_changes(session, course.id)
    give_up(session, course, holds_of_changes(session, [change.id for change in changes]), now=now)
    for change in changes:
        change.settled_at = utc(now)
    session.flush()


def _left(difference: Difference) -> tuple[int, int, datetime, datetime] | None:
    """(clinic, clinician, start, end) where the appointment was; None for a new one."""
    before = difference.before
    if before is None or before["status"] == CANCELLED:
        return None
    return before["clinic_id"], before["clinician_id"], moment_of(before["start"]), moment_of(before["end"])


def _fact(difference: Difference) -> dict[str, Any]:
    after = None if difference.cancelled else snapshot(difference.appointment)
    return {"before": difference.before, "after": after, "by": difference.by.value}


def _differs(difference: Difference) -> bool:
    before = difference.before
    if before is None or before["status"] == CANCELLED:
        return not difference.cancelled
    now = snapshot(difference.appointment)
    return difference.cancelled or any(now[name] != before[name] for name in _PLACE)


def _first_time(difference: Difference) -> datetime:
    """The time of the appointment that comes first: the one it has, or the one it had."""
    now = difference.appointment.starts_at
    return now if difference.before is None else min(now, moment_of(difference.before["start"]))


def _comes(appointment: Appointment, *, now: datetime) -> bool:
    return appointment.status in (PENDING, BOOKED) and appointment.ends_at > now


def _invited(course: Course) -> bool:
    """Whether calendars have requests: while the clinic has not rung, nothing is sent to them."""
    return course.channel == INVITATIONS and course.status != WAITING


def _in_order(appointments: Sequence[Appointment]) -> list[Appointment]:
    return sorted(appointments, key=lambda a: (a.starts_at, a.id))
