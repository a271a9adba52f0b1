"""Offers: what somebody who waits does with the time that is kept for her; only one is ever made to her at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.errors import OfferOver, SlotTaken
from booking.domain.period import Period, moment_of
from booking.domain.waiting import Chance
from booking.services import changes
from booking.services.changes import Place
from booking.services.holds import Visitor, drop_hold, hand_over, let_go
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.privacy import seal
from booking.services.tasks import end_offer_call
from booking.store.changes import open_changes
from booking.store.courses import Course, course_to_change
from booking.store.database import utc
from booking.store.holds import Hold
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import (
    REFUSED,
    TAKEN,
    Stretch,
    Waiter,
    WaitingOffer,
    drop_unsent_offer,
    offer_open_to,
)

MOST_CHANCES = 100
"""How many of the freed times that could serve somebody are remembered for her, the newest."""


def refuse(waiter_id: int, offer_id: int, *, now: datetime) -> None:
    """The offer goes to the next; she goes on waiting. Nothing happens if it is over."""

    unit_of_work(lambda session: _refuse(session, waiter_id, offer_id, now=now))


def _refuse(session: Session, waiter_id: int, offer_id: int, *, now: datetime) -> bool:
    session.get_one(Waiter, waiter_id, with_for_update=True)
    offer = session.get(WaitingOffer, offer_id, with_for_update=True)
    if offer is None or offer.waiter_id != waiter_id or offer.answer is not None:
        return False
    close_offer(session, offer, REFUSED, now=now)
    return True


def take_course(office: Office, waiter_id: int, offer_id: int, visitor: Visitor, *, now: datetime) -> None:
    """Gives the offered times to the visitor's session, who goes on to the ordinary booking. Raises OfferOver.

    As long as they are not booked, she may come back by the link from anywhere; what she has answered meanwhile is
    asked again, because a link may have been passed on. Her name and address are filled in.
    """

    def work(session: Session) -> None:
        waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
        offer = _offer_to_take(session, waiter, offer_id)
        hold = session.get(Hold, offer.hold_id, with_for_update=True) if offer.hold_id else None
        if hold is None or hold.course_id is not None or _over(offer, hold, now=now):
            raise OfferOver
        hold.answers = seal(office, {"typed": _typed(waiter)})
        try:
            hand_over(session, office, hold, visitor, now=now)
        except SlotTaken:
            raise OfferOver from None
        _taken(session, waiter, offer, now=now)

    unit_of_work(work)


def take_visit(
    office: Office, course_id: int, waiter_id: int, offer_id: int, *, by: Actor, now: datetime, at: datetime
) -> None:
    """Moves the appointment to the time that was kept for it, or adds the missing session there; with undo and mails as
    for any other change; once, however often called. Raises OfferOver, and what `changes.move` raises."""

    unit_of_work(lambda session: _take_visit(session, office, course_id, waiter_id, offer_id, by=by, now=now, at=at))


def take_for_caller(
    office: Office, course_id: int, waiter_id: int, offer_id: int, *, who: Who, now: datetime, at: datetime
) -> None:
    """The same, as the patient has told somebody at the clinic, and logged. Raises as `take_visit`."""

    def work(session: Session) -> None:
        if _take_visit(session, office, course_id, waiter_id, offer_id, by=Actor.PATIENT, now=now, at=at):
            open_changes(session, course_id)[-1].account_id = who.account_id
            _note(session, office, waiter_id, "taken", who, now=now)

    unit_of_work(work)


def refuse_for_caller(office: Office, waiter_id: int, offer_id: int, *, who: Who, now: datetime) -> None:
    """As `refuse`, as the patient has told somebody at the clinic, and logged. Raises OfferOver."""

    def work(session: Session) -> None:
        if not _refuse(session, waiter_id, offer_id, now=now):
            raise OfferOver
        _note(session, office, waiter_id, "refused", who, now=now)

    unit_of_work(work)


def _take_visit(
    session: Session,
    office: Office,
    course_id: int,
    waiter_id: int,
    offer_id: int,
    *,
    by: Actor,
    now: datetime,
    at: datetime,
) -> bool:
    """Whether it was still to be done."""
    course_to_change(session, course_id)
    waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
    offer = _offer_to_take(session, waiter, offer_id)
    if waiter.course_id == course_id and offer.answer == TAKEN:
        return False
    hold = session.get(Hold, offer.hold_id, with_for_update=True) if offer.hold_id else None
    if hold is None or waiter.course_id != course_id or _over(offer, None, now=now):
        raise OfferOver
    drop_hold(session, hold)
    place = _place(offer.times[0])
    if waiter.appointment_id is None:
        changes.extend_within(session, office, course_id, place, by=by, now=now, at=at)
    else:
        changes.move_within(session, office, course_id, waiter.appointment_id, place, by=by, now=now, at=at)
    _taken(session, waiter, offer, now=now)
    return True


def _note(session: Session, office: Office, waiter_id: int, done: str, who: Who, *, now: datetime) -> None:
    waiter = session.get_one(Waiter, waiter_id)
    course = session.get_one(Course, waiter.course_id)
    about = About(patient_id=course.patient_id, course_id=course.id, appointment_id=waiter.appointment_id)
    note(session, office, who, "waiting", about, detail={"done": done}, now=now)


def offer_open(session: Session, waiter: Waiter, *, now: datetime) -> WaitingOffer | None:
    """What is offered to her at `now`, if anything is."""
    offer = offer_open_to(session, waiter.id)
    return offer if offer is not None and offer.expires_at > now else None


def close_offer(session: Session, offer: WaitingOffer, answer: str, *, now: datetime) -> None:
    """Ends an open offer without its being taken: its times go to the next."""
    offer.answer, offer.answered_at = answer, utc(now)
    hold = session.get(Hold, offer.hold_id, with_for_update=True) if offer.hold_id else None
    if hold is not None:
        let_go(session, hold, now=now)
    drop_unsent_offer(session, offer.id)
    end_offer_call(session, session.get_one(Waiter, offer.waiter_id), now=now)


def keep_chances(waiter: Waiter, chances: Sequence[Stretch], *, now: datetime) -> None:
    """Notes what could serve her when it is her turn, instead of what was noted before."""
    waiter.chances = list(chances[-MOST_CHANCES:])
    waiter.woken_at = utc(now) if chances else None


def chance_of(stretch: Sequence[int]) -> Chance:
    """A stretch as the rules of waiting know it."""
    clinic, clinician, start, end = stretch
    return Chance(clinic, clinician, Period(moment_of(start), moment_of(end)))


def _offer_to_take(session: Session, waiter: Waiter, offer_id: int) -> WaitingOffer:
    offer = session.get(WaitingOffer, offer_id, with_for_update=True)
    if offer is None or offer.waiter_id != waiter.id:
        raise OfferOver
    return offer


def _over(offer: WaitingOffer, hold: Hold | None, *, now: datetime) -> bool:
    """Whether it can be taken no more. What was taken with this hold, and is not booked, may be taken up again."""
    if offer.answer is None:
        return offer.expires_at <= now
    return offer.answer != TAKEN or hold is None


def _typed(waiter: Waiter) -> dict[str, object]:
    """What she has told already, as the form of her details has it."""
    return {"name": waiter.name, "by_email": True, "email": waiter.email, "language": waiter.language}


def _taken(session: Session, waiter: Waiter, offer: WaitingOffer, *, now: datetime) -> None:
    offer.answer, offer.answered_at = TAKEN, utc(now)
    waiter.ended_at = waiter.ended_at or utc(now)
    end_offer_call(session, waiter, now=now)
    keep_chances(waiter, [], now=now)


def _place(stretch: Sequence[int]) -> Place:
    clinic, clinician, start, _end_of_it = stretch
    return Place(moment_of(start), clinician, clinic)
