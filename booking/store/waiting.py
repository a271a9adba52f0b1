"""The waiting list: who would take a time that becomes free, and to whom one is offered just now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, and_, delete, exists, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.appointments import Appointment
from booking.store.clinics import Group
from booking.store.courses import Course
from booking.store.database import Base, utc
from booking.store.holds import Hold
from booking.store.outbox import Message

TAKEN, REFUSED, LAPSED = "taken", "refused", "lapsed"
"""How an offer ended."""

Stretch = tuple[int, int, int, int]
"""(clinic, clinician, start, end), start and end in seconds since 1970-01-01 UTC."""


class Waiter(Base):
    """Somebody who waits: for a course (`query`: her wishes, as in a URL), or, with a course, for a better time of
    `appointment_id`, or for one of a session that is missing from it.

    Name and contact as given; `email` is empty where the clinic rings her. `offer_hours`: how long an offer to her is
    kept. `until`: when the wish ends by itself.
    `confirmed_at`: when she said yes behind a secret link; until then the address may be anybody's, and gets no turn.
    `chances`: what was given back since she was last asked, and could serve her; `woken_at`: since when there is some.
    No number is given out twice, for her secret link is made of it.
    """

    __tablename__ = "waiters"
    __table_args__ = (Index(None, "ended_at", "created_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    query: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    offer_hours: Mapped[int]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    until: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    chances: Mapped[list[Stretch]] = mapped_column(JSON)
    woken_at: Mapped[datetime | None]


class WaitingOffer(Base):
    """Times that are kept for one waiter until `expires_at`; `answer`: taken, refused or lapsed, null while open.

    `times`: which ones, the one that was chosen for her first; they are never offered to her again.
    """

    __tablename__ = "waiting_offers"
    __table_args__ = (Index(None, "answer", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    waiter_id: Mapped[int] = mapped_column(ForeignKey("waiters.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id", ondelete="SET NULL"), index=True)
    times: Mapped[list[Stretch]] = mapped_column(JSON)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class FreedTime(Base):
    """A stretch of a clinician's and a room's time that somebody gave back, until the waiting list was asked."""

    __tablename__ = "freed_times"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"))
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    freed_at: Mapped[datetime] = mapped_column(index=True)


def note_freed(session: Session, times: Iterable[tuple[int, int, datetime, datetime]], *, now: datetime) -> None:
    """Notes that (clinic, clinician, start, end) can be had again, so that the waiting list is asked."""
    for clinic_id, clinician_id, start, end in times:
        session.add(
            FreedTime(clinic_id=clinic_id, clinician_id=clinician_id, starts_at=start, ends_at=end, freed_at=utc(now))
        )


def joining_one_by_one(session: Session) -> None:
    """Makes the next who joins wait until the transaction ends, so that a double click is one wish."""
    session.execute(select(Group.id).with_for_update(key_share=True))


def freed_times(session: Session, most: int) -> list[FreedTime]:
    """The oldest of what was given back, for who tells the waiters; what another worker is at is left out."""
    rows = select(FreedTime).order_by(FreedTime.id).limit(most)
    return list(session.scalars(rows.with_for_update(skip_locked=True)))


def waiters_to_tell(session: Session, *, now: datetime) -> list[Waiter]:
    """All who wait and said yes, by their ids; nobody else changes them until the transaction ends."""
    rows = select(Waiter).where(Waiter.confirmed_at.is_not(None), *_waits(now))
    return list(session.scalars(rows.order_by(Waiter.id).with_for_update()))


def woken_waiters(session: Session, *, now: datetime) -> list[Waiter]:
    """Who waits, said yes, has chances and no open offer, the oldest wish first."""
    offered = exists().where(WaitingOffer.waiter_id == Waiter.id, WaitingOffer.answer.is_(None))
    asked = Waiter.confirmed_at.is_not(None), Waiter.woken_at.is_not(None), ~offered
    rows = select(Waiter).where(*_waits(now), *asked)
    return list(session.scalars(rows.order_by(Waiter.created_at, Waiter.id)))


def all_waiters(session: Session, *, now: datetime) -> list[Waiter]:
    """Everybody who waits, whether she has said yes or not, the oldest wish first."""
    rows = select(Waiter).where(*_waits(now))
    return list(session.scalars(rows.order_by(Waiter.created_at, Waiter.id)))


def open_offers(session: Session) -> dict[int, WaitingOffer]:
    """What is offered just now, by the waiter's id."""
    rows = session.scalars(select(WaitingOffer).where(WaitingOffer.answer.is_(None)))
    return {offer.waiter_id: offer for offer in rows}


def offers_within(session: Session, course_ids: Collection[int]) -> list[tuple[Waiter, WaitingOffer]]:
    """What is offered just now to who waits in these courses."""
    rows = select(Waiter, WaitingOffer).join(WaitingOffer, WaitingOffer.waiter_id == Waiter.id)
    found = rows.where(Waiter.course_id.in_(course_ids), WaitingOffer.answer.is_(None))
    return [(waiter, offer) for waiter, offer in session.execute(found)]


def courses_of_waiters(session: Session, waiters: Iterable[Waiter]) -> list[Course]:
    """The courses in which these wait for another time, with their appointments."""
    ids = {waiter.course_id for waiter in waiters} - {None}
    return list(session.scalars(select(Course).where(Course.id.in_(ids)))) if ids else []


def starts_of_waiters(session: Session, waiters: Iterable[Waiter]) -> dict[int, datetime]:
    """When the appointments begin (by id) for which these wait for a better time."""
    ids = {waiter.appointment_id for waiter in waiters} - {None}
    rows = select(Appointment.id, Appointment.starts_at).where(Appointment.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(rows)} if ids else {}


def waiter_by_hash(session: Session, token_hash: str) -> Waiter | None:
    return session.scalar(select(Waiter).where(Waiter.token_hash == token_hash))


def waiter_for_course(session: Session, email: str, query: str, *, now: datetime) -> Waiter | None:
    """Who waits for a course with this address and these wishes."""
    same = Waiter.course_id.is_(None), Waiter.email == email, Waiter.query == query
    return session.scalar(select(Waiter).where(*same, *_waits(now)).with_for_update())


def waiter_for_visit(session: Session, course_id: int, appointment_id: int | None, *, now: datetime) -> Waiter | None:
    """Who waits for a better time of this appointment, or, without one, for a session missing from the course."""
    same = Waiter.course_id == course_id, Waiter.appointment_id == appointment_id
    return session.scalar(select(Waiter).where(*same, *_waits(now)).order_by(Waiter.id).limit(1))


def waiters_with(session: Session, course_id: int) -> list[Waiter]:
    """Who waits for another time in this course; nobody else changes them until the transaction ends."""
    rows = select(Waiter).where(Waiter.course_id == course_id, Waiter.ended_at.is_(None))
    return list(session.scalars(rows.order_by(Waiter.id).with_for_update()))


def offer_open_to(session: Session, waiter_id: int) -> WaitingOffer | None:
    return session.scalar(
        select(WaitingOffer).where(WaitingOffer.waiter_id == waiter_id, WaitingOffer.answer.is_(None))
    )


def offers_to(session: Session, waiter_id: int) -> list[WaitingOffer]:
    """All offers that were ever made to her, oldest first."""
    return list(
        session.scalars(select(WaitingOffer).where(WaitingOffer.waiter_id == waiter_id).order_by(WaitingOffer.id))
    )


def lapsed_offers(session: Session, *, now: datetime) -> list[WaitingOffer]:
    """Offers that nobody answered in time, but for those that somebody answers just now."""
    rows = select(WaitingOffer).where(WaitingOffer.answer.is_(None), WaitingOffer.expires_at <= now)
    return list(session.scalars(rows.order_by(WaitingOffer.id).with_for_update(skip_locked=True)))


def lapsed_holds(session: Session, *, now: datetime) -> list[Hold]:
    """Holds of visitors that ran out since this was last asked; what another worker is at is left out."""
    offered = exists().where(WaitingOffer.hold_id == Hold.id, WaitingOffer.answer.is_(None))
    unnoted = or_(Hold.lapse_noted.is_(None), Hold.lapse_noted < Hold.expires_at)
    whose = Hold.course_id.is_(None), Hold.change_id.is_(None), ~offered
    rows = select(Hold).where(Hold.expires_at <= now, unnoted, *whose)
    return list(session.scalars(rows.order_by(Hold.id).with_for_update(skip_locked=True)))


def forgettable_waiters(session: Session, *, ended: datetime, unconfirmed: datetime) -> list[Waiter]:
    """Whose wish ended, in whatever way, before `ended`; or was made before `unconfirmed` without a yes since."""
    never = and_(Waiter.confirmed_at.is_(None), Waiter.created_at <= unconfirmed)
    rows = select(Waiter).where(or_(Waiter.ended_at <= ended, Waiter.until <= ended, never))
    return list(session.scalars(rows.order_by(Waiter.id).with_for_update(skip_locked=True)))


def drop_mails_to(session: Session, waiter_ids: Collection[int]) -> None:
    """Deletes the mails to these waiters, for an address stands in a mail as it is; not one that is being sent."""
    if not waiter_ids:
        return
    done = delete(Message).where(
        Message.kind.in_(("offer", "waiting")),
        Message.facts["waiter_id"].as_integer().in_(waiter_ids),
        Message.leased_until.is_(None),
    )
    session.execute(done, execution_options={"synchronize_session": False})


def drop_unsent_offer(session: Session, offer_id: int) -> None:
    """Lets go of the mail that tells of an offer, if no worker has taken it up."""
    for message in _unsent_offers(session, "offer_id", offer_id):
        session.delete(message)


def readdress_offers(session: Session, waiter: Waiter) -> None:
    """Sends the mails that tell her of offers, and that no worker has taken up, to where she is reached now."""
    for message in _unsent_offers(session, "waiter_id", waiter.id):
        message.recipient, message.language = waiter.email, waiter.language


def _unsent_offers(session: Session, name: str, id: int) -> list[Message]:
    """Mails of offers that no worker has taken up, with this fact; for who changes them."""
    unsent = select(Message).where(
        Message.kind == "offer", Message.due_at.is_not(None), Message.attempts == 0, Message.body.is_(None)
    )
    mails = session.scalars(unsent.with_for_update(skip_locked=True))
    return [message for message in mails if message.facts[name] == id]


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Waiter.ended_at.is_(None), Waiter.until > now
