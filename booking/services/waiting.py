"""The waiting list: who waits, for what, and until when; how somebody gets on the list, and off it again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, require
from booking.domain.errors import NotAllowed
from booking.domain.period import seconds_of
from booking.domain.protocol import StepKind
from booking.services.attempts import Limit, count_attempt
from booking.services.changes import appointment_of
from booking.services.links import hash_of, waiter_token
from booking.services.logbook import About, Who, note
from booking.services.offers import close_offer, keep_chances
from booking.services.office import Office
from booking.services.tasks import end_offer_call, owe_offer
from booking.store.appointments import CANCELLED, NOSHOW
from booking.store.courses import RUNNING, Course, course_to_change, email_key
from booking.store.database import utc
from booking.store.outbox import Message
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import (
    REFUSED,
    Waiter,
    WaitingOffer,
    drop_mails_to,
    drop_unsent_offer,
    forgettable_waiters,
    joining_one_by_one,
    offer_open_to,
    readdress_offers,
    waiter_for_course,
    waiter_for_visit,
    waiters_with,
)

WAITS_OF_ONE = Limit("waiting address", 5, timedelta(hours=1))
"""How often one address may be put on the list, by whomever: each time brings a mail to it."""

WAITING = "waiting"
"""The kind of the mail that tells somebody that she is on the list."""

SAID_AGAIN = timedelta(minutes=10)
"""Who puts herself on the list for the same again is written to again after this long."""

EXTRA_WAITS = timedelta(weeks=13)
"""How long somebody waits for a session that is missing from her course."""

YES_WITHIN = timedelta(hours=48)
"""How long an address that was typed on the public page is kept without a yes from who reads its mail."""

KEPT = timedelta(days=30)
"""How long after its end a wish is kept, for who opens its link; then it is forgotten, name, address and all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseWish:
    """Somebody's wish for a course. `query`: as in the planner's address; `offer_hours`: how long an offer is kept;
    `until`: how long she waits."""

    query: str
    name: str
    email: str
    language: str
    offer_hours: int
    until: datetime


def ask_to_wait(office: Office, wish: CourseWish, *, now: datetime, at: datetime) -> int:
    """As `wait_for_course`, for who may be anybody and may have typed anybody's address. Raises TooManyAttempts."""
    count_attempt(office, ((WAITS_OF_ONE, email_key(wish.email)),), now=now)
    return wait_for_course(office, wish, now=now, at=at)


def wait_for_course(office: Office, wish: CourseWish, *, now: datetime, at: datetime) -> int:
    """Notes somebody's wish for a course, and mails her the link by which she says yes, or leaves; her number.

    It takes no turn before `confirm`. Who waits for the very same already keeps her place and what she told: whoever
    types her address again brings her the first mail again, and no more.
    """

    def work(session: Session) -> int:
        joining_one_by_one(session)
        waiter = waiter_for_course(session, wish.email, wish.query, now=now)
        fresh = waiter is None
        if waiter is None:
            waiter = _new_waiter(wish.query, now=now)
            waiter.name, waiter.email, waiter.language = wish.name, wish.email, wish.language
            waiter.offer_hours, waiter.until = wish.offer_hours, utc(wish.until)
            session.add(waiter)
            session.flush()
            waiter.token_hash = hash_of(waiter_token(office, waiter.id))
        if fresh or waiter.created_at <= now - SAID_AGAIN:
            facts: dict[str, object] = {"yes_until": seconds_of(waiter.created_at + YES_WITHIN)}
            write_to(session, office, waiter, WAITING, facts, due=now, now=now, at=at)
        return waiter.id

    return unit_of_work(work)


def confirm(waiter_id: int, *, now: datetime) -> None:
    """She has said yes behind the link that was mailed to her: from now on she takes her turn."""

    def work(session: Session) -> None:
        waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
        if waiter.ended_at is None and waiter.confirmed_at is None:
            waiter.confirmed_at = utc(now)

    unit_of_work(work)


def wait_for_visit(
    office: Office, course_id: int, appointment_id: int, query: str, offer_hours: int, *, by: Actor, now: datetime
) -> None:
    """Waits for a better time of this appointment, in its week. `query`: which days and parts of the day would do.

    Raises UnknownAppointment, and NotAllowed if it cannot be moved or there is no address to write to.
    """

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        _require_address(course)
        _wait_for_visit(session, course, appointment_id, query, offer_hours, by=by, now=now)

    unit_of_work(work)


def wait_for_missing(office: Office, course_id: int, query: str, offer_hours: int, *, by: Actor, now: datetime) -> None:
    """Waits for a time at which a session that is missing from the course could be added. Raises NotAllowed."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        _require_address(course)
        _wait_for_missing(session, course, query, offer_hours, now=now)

    unit_of_work(work)


def wait_for_caller(
    office: Office,
    course_id: int,
    appointment_id: int | None,
    query: str,
    offer_hours: int,
    *,
    who: Who,
    now: datetime,
) -> None:
    """The same for who has rung, and logged: for a better time of the appointment, or, without one, for a time of a
    missing session. Who has no address is rung when a time is kept for her. Raises as those."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if appointment_id is None:
            _wait_for_missing(session, course, query, offer_hours, now=now)
        else:
            _wait_for_visit(session, course, appointment_id, query, offer_hours, by=Actor.PATIENT, now=now)
        about = About(patient_id=course.patient_id, course_id=course.id, appointment_id=appointment_id)
        note(session, office, who, "waiting", about, now=now)

    unit_of_work(work)


def leave(waiter_id: int, *, now: datetime) -> None:
    """Ends the wish. What is offered to her goes to the next; a mail that tells of it, if unsent, is dropped."""

    def work(session: Session) -> None:
        waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
        if waiter.ended_at is None:
            _end(session, waiter, now=now)

    unit_of_work(work)


def take_off(office: Office, waiter_id: int, *, who: Who, now: datetime) -> bool:
    """As `leave`, done at the clinic for who has rung, and logged; whether she waited still."""

    def work(session: Session) -> bool:
        waiter = session.get(Waiter, waiter_id, with_for_update=True)
        if waiter is None or waiter.ended_at is not None or waiter.until <= now:
            return False
        _end(session, waiter, now=now)
        course = None if waiter.course_id is None else session.get_one(Course, waiter.course_id)
        about = About(patient_id=course.patient_id if course else None, course_id=waiter.course_id)
        note(session, office, who, "waiting", about, now=now)
        return True

    return unit_of_work(work)


def follow_contact(session: Session, course: Course, *, now: datetime) -> None:
    """Writes to who waits with this course where the course is reached now; without an address, she is rung.

    Inside the caller's unit of work, which has locked the course.
    """
    for waiter in waiters_with(session, course.id):
        waiter.email, waiter.language = course.email or "", course.language
        offer = offer_open_to(session, waiter.id)
        if waiter.email:
            readdress_offers(session, waiter)
        elif offer is not None:
            drop_unsent_offer(session, offer.id)
            end_offer_call(session, waiter, now=now)
            owe_offer(session, course, waiter, offer.expires_at, now=now)


def forget_waiters(*, now: datetime) -> int:
    """Deletes wishes that ended `KEPT` ago, with the offers to them and the mails about both, and those to which nobody
    said yes within `YES_WITHIN`; how many."""

    def work(session: Session) -> int:
        old = forgettable_waiters(session, ended=utc(now - KEPT), unconfirmed=utc(now - YES_WITHIN))
        for waiter in old:
            session.execute(delete(WaitingOffer).where(WaitingOffer.waiter_id == waiter.id))
            session.delete(waiter)
        drop_mails_to(session, [waiter.id for waiter in old])
        return len(old)

    return unit_of_work(work)


def has_a_hole(session: Session, course: Course) -> bool:
    """Whether a session of the course was missed or cancelled, and not made up for."""
    protocol = protocol_by_id(session, course.protocol_id)
    there = [a for a in course.appointments if a.kind == StepKind.SESSION and a.status not in (CANCELLED, NOSHOW)]
    return len(there) < len(protocol.sessions)


def _new_waiter(query: str, *, now: datetime) -> Waiter:
    return Waiter(query=query, token_hash=secrets.token_hex(), created_at=utc(now), chances=[])


def _wait_within(
    session: Session,
    course: Course,
    appointment_id: int | None,
    query: str,
    offer_hours: int,
    *,
    until: datetime,
    now: datetime,
) -> None:
    waiter = waiter_for_visit(session, course.id, appointment_id, now=now)
    if waiter is None:
        waiter = _new_waiter(query, now=now)
        waiter.course_id, waiter.appointment_id, waiter.confirmed_at = course.id, appointment_id, utc(now)
        session.add(waiter)
    waiter.query, waiter.offer_hours, waiter.until = query, offer_hours, utc(until)
    waiter.name, waiter.email, waiter.language = course.name, course.email or "", course.language


def _wait_for_visit(
    session: Session, course: Course, appointment_id: int, query: str, offer_hours: int, *, by: Actor, now: datetime
) -> None:
    appointment = appointment_of(session, course.id, appointment_id)
    require(by, Action.MOVE, Status(appointment.status), appointment.period, now=now)
    _require_running(course)
    _wait_within(session, course, appointment.id, query, offer_hours, until=appointment.starts_at, now=now)


def _wait_for_missing(session: Session, course: Course, query: str, offer_hours: int, *, now: datetime) -> None:
    _require_running(course)
    if not has_a_hole(session, course):
        raise NotAllowed(Action.MOVE.value, course.status)
    _wait_within(session, course, None, query, offer_hours, until=now + EXTRA_WAITS, now=now)


def _require_address(course: Course) -> None:
    if course.email is None:
        raise NotAllowed(Action.MOVE.value, course.status)


def _require_running(course: Course) -> None:
    if course.status != RUNNING:
        raise NotAllowed(Action.MOVE.value, course.status)


def _end(session: Session, waiter: Waiter, *, now: datetime) -> None:
    offer = offer_open_to(session, waiter.id)
    if offer is not None:
        close_offer(session, offer, REFUSED, now=now)
    waiter.ended_at = utc(now)
    keep_chances(waiter, [], now=now)


def write_to(
    session: Session,
    office: Office,
    waiter: Waiter,
    kind: str,
    facts: dict[str, object],
    *,
    due: datetime,
    now: datetime,
    at: datetime,
) -> None:
    """A mail to who waits, sent when the clinic's clock shows `due`."""
    sent_at = utc(at + (due - now))
    session.add(
        Message(
            kind=kind,
            recipient=waiter.email,
            language=waiter.language,
            facts={"waiter_id": waiter.id, **facts},
            message_id=f"<{uuid4()}@{office.uid_host}>",
            made_at=utc(due),
            written_at=sent_at,
            due_at=sent_at,
        )
    )
