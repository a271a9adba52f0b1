"""Delivery: one message of the outbox after the other, each taken with a lease, made once, sent, and marked.

A mail goes by post, a short text by the SMS gateway. A reminder that is no longer true does not go out.

A worker may die anywhere: its lease ends, and the next one sends the kept bytes. So nothing is lost, and what arrives
twice is the same mail with the same Message-ID. Everything here runs on the machine's clock.
"""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.mail.post import Post, PostError
from booking.mail.sms import Sms
from booking.services.invitations import News
from booking.services.letters import compose
from booking.services.office import Office
from booking.services.reminders import SMS, Fate, drop_reminder, fate_of
from booking.services.tasks import add_task
from booking.store.courses import Course
from booking.store.database import db, utc
from booking.store.helpers import Helper
from booking.store.outbox import Message, beat, lease_next, next_due
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work

WORKER = "worker"
"""The name under which workers say that they are alive."""

LEASE = timedelta(minutes=2)
LONGEST_DELAY = timedelta(minutes=60)
GIVE_UP_AFTER = timedelta(days=1)

LEAST_ATTEMPTS = 4
"""So many tries a message has even if no worker ran for a day: many servers turn a stranger away at first."""

MAIL_FAILED, SMS_FAILED = "mail_failed", "sms_failed"

log = structlog.get_logger()


def deliver_next(office: Office, post: Post, *, at: datetime, sms: Sms | None = None) -> bool:
    """Sends the message that is due first; False if none is due. Needs an application context. `sms`: what carries
    short texts, None where none are sent.

    A message that cannot be made or sent is put off, longer each time, and after a day given up with a task for the
    clinic; one that is refused for good is given up at once.
    """
    at = utc(at)
    message = _take(office, at)
    if message is None:
        return False
    try:
        _hand_over(office, post, sms, message)
    except PostError as error:
        _settle_failure(message, error, at=at)
    else:
        _settle_success(message, at=at)
    return True


def say_alive(*, at: datetime) -> None:
    """Notes that a worker runs."""
    try:
        unit_of_work(lambda session: beat(session, WORKER, at=utc(at)))
    except IntegrityError:
        log.debug("another worker said so")


def what_happened(error: Exception) -> dict[str, object]:
    """For the log: which error, and where. Not its own words: a database quotes in them what a person typed."""
    places = traceback.extract_tb(error.__traceback__)
    trace = [f"{place.filename}:{place.lineno} {place.name}" for place in places]
    return {"error": type(error).__qualname__, "trace": trace}


def _hand_over(office: Office, post: Post, sms: Sms | None, message: Message) -> None:
    if message.medium == SMS:
        if sms is None:
            raise PostError("no gateway for SMS is set", permanent=True)
        reference = message.message_id.strip("<>").partition("@")[0]
        sms.send(_body(office, message).decode(), message.recipient, reference)
    else:
        post.send(_body(office, message), office.mail_from, message.recipient)


# -- taking -----------------------------------------------------------------------------------------------------------


def _take(office: Office, at: datetime) -> Message | None:
    """Leases a message. Looks first without the write lock, which bookings need more often than there is mail."""
    with Session(db.engine) as session:
        due = next_due(session)
    if due is None or due > at:
        return None
    while (message := unit_of_work(lambda session: _leased(session, at))) is not None:
        if message.kind != News.REMINDER:
            return message
        found = message
        going = unit_of_work(lambda session: _going_out(session, office, found, at=at))  # noqa: B023
        if going is not None:
            return going
    return None


def _leased(session: Session, at: datetime) -> Message | None:
    message = lease_next(session, at=at, lease=LEASE)
    if message is not None and message.kind != News.REMINDER:
        message.attempts += 1
    return message


def _going_out(session: Session, office: Office, leased: Message, *, at: datetime) -> Message | None:
    """The leased reminder; None for one that is not to be sent now: that is put off, let go of, or given up."""
    course = course_of(session, leased)
    message = session.get(Message, leased.id, with_for_update=True)
    if message is None or message.leased_until != leased.leased_until:
        return None  # the patient has changed her mind meanwhile, or the lease ended
    now = _clinics_clock(message, at)
    try:
        fate, when = fate_of(session, office, message, now=now)
    except (LookupError, TypeError, ValueError):
        fate, when = Fate.SEND, now  # it cannot be made into a mail either, which is what somebody is told of
    if fate is Fate.SEND:
        message.attempts += 1
        return message
    _hold_back(session, course, message, fate, when - now, at=at)
    return None


def _hold_back(
    session: Session, course: Course | None, message: Message, fate: Fate, wait: timedelta, *, at: datetime
) -> None:
    if fate is Fate.WAIT:
        message.due_at, message.leased_until = at + wait, None
    elif fate is Fate.TOO_LATE and message.attempts:
        message.leased_until = None
        give_up(session, course, message, at=at)
    else:
        drop_reminder(session, message)
        log.info("reminder dropped", message=message.id, fate=fate.value)


def _clinics_clock(message: Message, at: datetime) -> datetime:
    """What the clinic's clock shows when the machine's shows `at`; they differ as when the message was written."""
    return message.made_at + (at - message.written_at)


# -- making -----------------------------------------------------------------------------------------------------------


def _body(office: Office, message: Message) -> bytes:
    """The mail's bytes, made and kept before they are sent for the first time. Raises PostError if they cannot be."""
    if message.body is not None:
        return message.body
    try:
        with Session(db.engine) as session:
            body = compose(session, office, message)
    except Exception as error:  # whatever is wrong with one message, the others must go out
        log.error("mail cannot be made", message=message.id, kind=message.kind, **what_happened(error))
        raise PostError(f"cannot be made: {type(error).__name__}") from error
    return unit_of_work(lambda session: _kept(session, message.id, body))


def _kept(session: Session, message_id: int, body: bytes) -> bytes:
    """The bytes that count: those of whoever kept them first."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if message.body is None:
        message.body = body
    return message.body


# -- marking ----------------------------------------------------------------------------------------------------------


def _settle_success(message: Message, *, at: datetime) -> None:
    def work(session: Session) -> None:
        current = session.get(Message, message.id, with_for_update=True)
        if current is None:
            return  # the lease ended meanwhile, and another worker found that nobody needs the message
        current.sent_at, current.error = at, None
        current.due_at = current.leased_until = current.given_up_at = None

    unit_of_work(work)
    log.info("mail sent", message=message.id, kind=message.kind, medium=message.medium)


def _settle_failure(message: Message, error: PostError, *, at: datetime) -> None:
    def work(session: Session) -> None:
        course = course_of(session, message)
        current = session.get(Message, message.id, with_for_update=True)
        if current is None or current.leased_until != message.leased_until:
            return  # the lease ended meanwhile, and another worker has the message, or had it
        current.error, current.leased_until = error.reason, None
        if error.permanent or _had_its_day(current, at):
            give_up(session, course, current, at=at)
        else:
            current.due_at = _next_try(current, at)

    unit_of_work(work)
    log.warning("mail not sent", message=message.id, kind=message.kind, medium=message.medium, reason=error.reason)


def _had_its_day(message: Message, at: datetime) -> bool:
    return at >= message.written_at + GIVE_UP_AFTER and message.attempts >= LEAST_ATTEMPTS


def _next_try(message: Message, at: datetime) -> datetime:
    """One minute later, then two, four and so on; the last try is when the day is over."""
    delay = min(timedelta(minutes=2 ** min(message.attempts - 1, 10)), LONGEST_DELAY)
    last = message.written_at + GIVE_UP_AFTER
    return min(at + delay, last) if at < last else at + delay


def course_of(session: Session, message: Message) -> Course | None:
    """The course of the patient or helper to whom the message goes, for who changes it; None for who has none.

    Whoever locks a message, too, does so afterwards: all lock a course before its messages, so nobody waits in a ring.
    """
    course_id = message.course_id or _course_of_helper(session, message)
    return session.get(Course, course_id, with_for_update=True) if course_id is not None else None


def give_up(session: Session, course: Course | None, message: Message, *, at: datetime) -> None:
    """Inside the caller's unit of work, which has locked the message and, before it, its course. Somebody must ring:
    one task a course, however many of its mails fail, to the patient or a helper, and one for its short texts; nobody
    for a mail about no course."""
    message.given_up_at, message.due_at = at, None
    if course is None:
        return
    kind = SMS_FAILED if message.medium == SMS else MAIL_FAILED
    if any(task.kind == kind for task in open_tasks_of(session, course.id)):
        return
    now = _clinics_clock(message, at)  # on which tasks are due
    add_task(session, kind, course.name, course.mobile, course=course, due=now, now=now)


def _course_of_helper(session: Session, message: Message) -> int | None:
    helper = session.get(Helper, message.facts.get("helper_id", 0))
    return helper.course_id if helper else None
