"""The waiting list: a time that was given back is offered to one who waits, then to the next; never to two at once.

What is offered is held like any chosen time, so the claims see to it that nobody else gets it, whatever happens to the
worker in between. Offers are made in transactions of their own, a few a round; who was not asked yet is asked in the
next.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, may, require
from booking.domain.course import Planned, Wishes
from booking.domain.errors import NotAllowed, OfferOver, SlotTaken
from booking.domain.period import Period, moment_of, monday_of, oslo, seconds_of
from booking.domain.protocol import StepKind
from booking.domain.waiting import Chance, Terms, suits, terms_of
from booking.services import changes
from booking.services.attempts import Limit, count_attempt
from booking.services.changes import Place, appointment_of, weeks_for, weeks_for_extra
from booking.services.delivery import what_happened
from booking.services.holds import Choice, Visitor, drop_hold, hand_over, keep_apart, let_go, times_freed
from booking.services.links import hash_of, waiter_token
from booking.services.office import Office
from booking.services.privacy import seal
from booking.services.proposals import UnknownWish, propose, resolve
from booking.services.wishes import Slugs, Unreadable, asked_of, parsed, query_of
from booking.store.appointments import CANCELLED, NOSHOW, Appointment, appointments_of
from booking.store.clinics import all_clinics
from booking.store.courses import RUNNING, Course, course_to_change, email_key
from booking.store.database import db, utc
from booking.store.holds import Hold
from booking.store.outbox import Message
from booking.store.people import all_clinicians
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import (
    LAPSED,
    REFUSED,
    TAKEN,
    FreedTime,
    Stretch,
    Waiter,
    WaitingOffer,
    courses_of_waiters,
    drop_mails_to,
    drop_unsent_offer,
    forgettable_waiters,
    freed_times,
    joining_one_by_one,
    lapsed_holds,
    lapsed_offers,
    note_freed,
    offer_open_to,
    offers_to,
    readdress_offers,
    starts_of_waiters,
    waiter_for_course,
    waiter_for_visit,
    waiters_to_tell,
    waiters_with,
    woken_waiters,
)

WAITS_OF_ONE = Limit("waiting address", 5, timedelta(hours=1))
"""How often one address may be put on the list, by whomever: each time brings a mail to it."""

OFFER, WAITING = "offer", "waiting"
"""Kinds of mails: what is offered; and that somebody is on the list."""

FREED_A_ROUND = 300
"""How many freed times the waiters are told of in one round; the rest stays for the next."""

ASKED_A_ROUND = 15
"""For how many waiters times are looked for in one round, which takes about as many tenths of a second."""

MOST_CHANCES = 100
"""How many of the freed times that could serve somebody are remembered for her, the newest."""

PLANS_TRIED = 3

SAID_AGAIN = timedelta(minutes=10)
"""Who puts herself on the list for the same again is written to again after this long."""

EXTRA_WAITS = timedelta(weeks=13)
"""How long somebody waits for a session that is missing from her course."""

YES_WITHIN = timedelta(hours=48)
"""How long an address that was typed on the public page is kept without a yes from who reads its mail."""

KEPT = timedelta(days=30)
"""How long after its end a wish is kept, for who opens its link; then it is forgotten, name, address and all."""

log = structlog.get_logger()


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


@dataclass(frozen=True, slots=True)
class Possible:
    """Times that could be offered; `first`: the one that was looked for, before those that must go with it."""

    choice: Choice
    times: tuple[Stretch, ...]


# -- joining and leaving ----------------------------------------------------------------------------------------------


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
            _write(session, office, waiter, WAITING, facts, due=now, now=now, at=at)
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
        appointment = appointment_of(session, course_id, appointment_id)
        _require_movable(course, appointment, by, now=now)
        _wait_within(session, course, appointment.id, query, offer_hours, until=appointment.starts_at, now=now)

    unit_of_work(work)


def wait_for_missing(office: Office, course_id: int, query: str, offer_hours: int, *, by: Actor, now: datetime) -> None:
    """Waits for a time at which a session that is missing from the course could be added. Raises NotAllowed."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if course.status != RUNNING or course.email is None or not has_a_hole(session, course):
            raise NotAllowed(Action.MOVE.value, course.status)
        _wait_within(session, course, None, query, offer_hours, until=now + EXTRA_WAITS, now=now)

    unit_of_work(work)


def leave(waiter_id: int, *, now: datetime) -> None:
    """Ends the wish. What is offered to her goes to the next; a mail that tells of it, if unsent, is dropped."""

    def work(session: Session) -> None:
        waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
        if waiter.ended_at is None:
            _end(session, waiter, now=now)

    unit_of_work(work)


def follow_contact(session: Session, course: Course, *, now: datetime) -> None:
    """Writes to who waits with this course where the course is reached now; without an address, she waits no more.

    Inside the caller's unit of work, which has locked the course.
    """
    for waiter in waiters_with(session, course.id):
        if course.email is None:
            _end(session, waiter, now=now)
        else:
            waiter.email, waiter.language = course.email, course.language
            readdress_offers(session, waiter)


def has_a_hole(session: Session, course: Course) -> bool:
    """Whether a session of the course was missed or cancelled, and not made up for."""
    protocol = protocol_by_id(session, course.protocol_id)
    there = [a for a in course.appointments if a.kind == StepKind.SESSION and a.status not in (CANCELLED, NOSHOW)]
    return len(there) < len(protocol.sessions)


# -- answering an offer -----------------------------------------------------------------------------------------------


def refuse(waiter_id: int, offer_id: int, *, now: datetime) -> None:
    """The offer goes to the next; she goes on waiting. Nothing happens if it is over."""

    def work(session: Session) -> None:
        session.get_one(Waiter, waiter_id, with_for_update=True)
        offer = session.get(WaitingOffer, offer_id, with_for_update=True)
        if offer is not None and offer.waiter_id == waiter_id and offer.answer is None:
            _close(session, offer, REFUSED, now=now)

    unit_of_work(work)


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
        _taken(waiter, offer, now=now)

    unit_of_work(work)


def take_visit(
    office: Office, course_id: int, waiter_id: int, offer_id: int, *, by: Actor, now: datetime, at: datetime
) -> None:
    """Moves the appointment to the time that was kept for it, or adds the missing session there; with undo and mails as
    for any other change. Raises OfferOver, and what `changes.move` raises."""

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        waiter = session.get_one(Waiter, waiter_id, with_for_update=True)
        offer = _offer_to_take(session, waiter, offer_id)
        hold = session.get(Hold, offer.hold_id, with_for_update=True) if offer.hold_id else None
        if hold is None or waiter.course_id != course_id or _over(offer, None, now=now):
            raise OfferOver
        drop_hold(session, hold)
        place = _place(offer.times[0])
        if waiter.appointment_id is None:
            changes.extend_within(session, office, course_id, place, by=by, now=now, at=at)
        else:
            changes.move_within(session, office, course_id, waiter.appointment_id, place, by=by, now=now, at=at)
        _taken(waiter, offer, now=now)

    unit_of_work(work)


def offer_open(session: Session, waiter: Waiter, *, now: datetime) -> WaitingOffer | None:
    """What is offered to her at `now`, if anything is."""
    offer = offer_open_to(session, waiter.id)
    return offer if offer is not None and offer.expires_at > now else None


# -- the worker's round -----------------------------------------------------------------------------------------------


def offer_freed(office: Office, *, now: datetime, at: datetime) -> int:
    """Ends offers that ran out, and offers what was given back to who waits; how many offers it made.

    Needs an application context. Looks for times in transactions that only read; each offer is written in a short one.
    """
    unit_of_work(lambda session: _end_lapsed(session, now=now))
    unit_of_work(lambda session: _tell_waiters(session, office, now=now))
    with Session(db.engine) as session:
        turns = [waiter.id for waiter in _in_turn(session, now=now)][:ASKED_A_ROUND]
    return sum(_asked(office, waiter_id, now=now, at=at) for waiter_id in turns)


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


def _end_lapsed(session: Session, *, now: datetime) -> None:
    for offer in lapsed_offers(session, now=now):
        _close(session, offer, LAPSED, now=now)
    for hold in lapsed_holds(session, now=now):
        hold.lapse_noted = utc(now)
        note_freed(session, times_freed(hold, now=now), now=now)


def _tell_waiters(session: Session, office: Office, *, now: datetime) -> None:
    """Gives each waiter the chances that could serve her; they are looked at when it is her turn."""
    freed = freed_times(session, FREED_A_ROUND)
    if not freed:
        return
    chances = [_stretch(row) for row in freed if row.starts_at > now + office.notice]
    waiters = waiters_to_tell(session, now=now) if chances else []
    starts = starts_of_waiters(session, waiters)
    for waiter in waiters:
        could_serve = _filter_of(session, waiter, starts.get(waiter.appointment_id or 0), now=now)
        mine = [chance for chance in chances if could_serve(_chance(chance))]
        if mine:
            known = set(map(_chance, waiter.chances))
            fresh = [chance for chance in mine if _chance(chance) not in known]
            _keep_chances(waiter, [*waiter.chances, *fresh], now=now)
    for row in freed:
        session.delete(row)


def _in_turn(session: Session, *, now: datetime) -> list[Waiter]:
    """Whose turn it is: courses with a hole first, then the oldest wish."""
    waiting = woken_waiters(session, now=now)
    courses = courses_of_waiters(session, waiting)
    with_a_hole = {course.id for course in courses if has_a_hole(session, course)}
    return sorted(waiting, key=lambda waiter: waiter.course_id not in with_a_hole)


def _asked(office: Office, waiter_id: int, *, now: datetime, at: datetime) -> bool:
    try:
        return _ask(office, waiter_id, now=now, at=at)
    except Exception as error:  # whatever is wrong with one wish, the others must have their turn
        log.error("nothing can be offered", waiter=waiter_id, **what_happened(error))
        unit_of_work(lambda session: _nothing_for(session, waiter_id, now=now))
        return False


def _ask(office: Office, waiter_id: int, *, now: datetime, at: datetime) -> bool:
    """Whether something was offered to her. What served her nothing is forgotten."""
    with Session(db.engine) as session:
        waiter = session.get(Waiter, waiter_id)
        if waiter is None or waiter.ended_at is not None:
            return False
        seen = list(waiter.chances)
        found = list(_possible(session, office, waiter, now=now))[:PLANS_TRIED]
    for possible in found:
        try:
            return unit_of_work(lambda session: _offer(session, office, waiter_id, possible, now=now, at=at))  # noqa: B023
        except SlotTaken:
            continue
    unit_of_work(lambda session: _nothing_for(session, waiter_id, now=now, seen=seen))
    return False


def _offer(
    session: Session, office: Office, waiter_id: int, possible: Possible, *, now: datetime, at: datetime
) -> bool:
    """Keeps the times for her and writes the mail. Not if she left, has an offer, or it is somebody else's turn."""
    waiter = session.get(Waiter, waiter_id, with_for_update=True)
    if waiter is None or waiter.ended_at is not None or offer_open_to(session, waiter_id) is not None:
        return False
    if _somebody_comes_first(session, waiter, possible.times, now=now):
        return False
    terms = _terms(office, waiter, possible.times, now=now)
    if terms is None:
        raise SlotTaken
    beside = [a.id for a in appointments_of(session, waiter.course_id)] if waiter.course_id else []
    hold = keep_apart(session, possible.choice, until=terms.kept_until, now=now, beside=beside)
    offer = WaitingOffer(
        waiter_id=waiter.id,
        hold_id=hold.id,
        times=list(possible.times),
        made_at=utc(now),
        expires_at=utc(terms.kept_until),
    )
    session.add(offer)
    session.flush()
    offered = [_chance(time) for time in possible.times]
    _keep_chances(waiter, [c for c in waiter.chances if not _any_meets(_chance(c), offered)], now=now)
    kinds = [planned.step.kind.value for planned in possible.choice.appointments]
    facts = {"offer_id": offer.id, "times": offer.times, "kinds": kinds, "until": seconds_of(offer.expires_at)}
    _write(session, office, waiter, OFFER, facts, due=terms.mailed_at, now=now, at=at)
    return True


def _nothing_for(session: Session, waiter_id: int, *, now: datetime, seen: Sequence[Stretch] | None = None) -> None:
    """Forgets the chances that were looked at in vain; those that came meanwhile stay. Without `seen`, all go."""
    waiter = session.get(Waiter, waiter_id, with_for_update=True)
    if waiter is not None:
        left = [chance for chance in waiter.chances if chance not in seen] if seen is not None else []
        _keep_chances(waiter, left, now=now)


def _somebody_comes_first(session: Session, waiter: Waiter, times: Iterable[Stretch], *, now: datetime) -> bool:
    """Whether somebody before her, whom another worker asks just now, could have one of these times."""
    wanted = [_chance(time) for time in times]
    for other in _in_turn(session, now=now):
        if other.id == waiter.id:
            return False
        if any(_any_meets(_chance(chance), wanted) for chance in other.chances):
            return True
    return False


# -- what could serve whom --------------------------------------------------------------------------------------------


def _filter_of(session: Session, waiter: Waiter, start: datetime | None, *, now: datetime) -> Callable[[Chance], bool]:
    """What tells from a chance alone, before anything is planned, whether it could serve her; `start`: of the
    appointment for which she waits for a better time, if she does."""
    try:
        asked = asked_of(parsed(waiter.query))
        wishes = resolve(session, asked, now=now)[1]
    except (Unreadable, UnknownWish):
        return lambda _chance: False
    if waiter.course_id is None:
        return lambda chance: _could_serve_course(wishes, chance)
    if start is None:
        return lambda chance: suits(chance.period, asked.days, asked.parts)
    week = _week_of(start)
    return lambda c: _week_of(c.period.start) == week and suits(c.period, asked.days, asked.parts)


def _week_of(moment: datetime) -> date:
    return monday_of(oslo(moment).date())


def _could_serve_course(wishes: Wishes, chance: Chance) -> bool:
    """Days and parts of the day are not looked at: first visits and reviews may lie elsewhere."""
    if chance.clinic not in wishes.clinics or oslo(chance.period.start).date() < wishes.start:
        return False
    return wishes.bound_to in (None, chance.clinician)


def _possible(session: Session, office: Office, waiter: Waiter, *, now: datetime) -> Iterator[Possible]:
    """What could be offered to her because of her chances, best first. What was offered to her once never is again."""
    before = [_chance(time) for offer in offers_to(session, waiter.id) for time in offer.times]
    chances = [chance for chance in map(_chance, waiter.chances) if not _any_meets(chance, before)]
    if not chances:
        return
    found = _courses(session, office, waiter, now=now) if waiter.course_id is None else ()
    if waiter.course_id is not None:
        found = _visits(session, office, waiter, waiter.course_id, now=now)
    for possible in found:
        # A course is served by any of its times; a visit by its own, not by a review that must go with it.
        counting = possible.times if waiter.course_id is None else possible.times[:1]
        if not any(_any_meets(_chance(time), chances) for time in counting):
            continue
        if _terms(office, waiter, possible.times, now=now) is not None:
            yield possible


def _courses(session: Session, office: Office, waiter: Waiter, *, now: datetime) -> Iterator[Possible]:
    """The plans that the planner would show her now."""
    try:
        asked = asked_of(parsed(waiter.query))
        found = propose(session, office, asked, now=now)
    except (Unreadable, UnknownWish):
        return
    clinics = ((clinic.id, clinic.slug) for clinic in all_clinics(session))
    slugs = Slugs(clinics, ((clinician.id, clinician.slug) for clinician in all_clinicians(session)))
    for plan in found.plans:
        query = query_of(asked, slugs.rhythm(plan.pattern))
        yield _possible_of(found.protocol.id, asked.new_patient, plan.appointments, query)


def _visits(session: Session, office: Office, waiter: Waiter, course_id: int, *, now: datetime) -> Iterator[Possible]:
    """The times that the visit's page would show, as far as they suit her."""
    course = session.get_one(Course, course_id)
    if course.status != RUNNING:
        return
    weeks = weeks_for_extra(session, office, course, now=now) if waiter.appointment_id is None else ()
    if waiter.appointment_id is not None:
        appointment = appointment_of(session, course_id, waiter.appointment_id)
        if not _movable(course, appointment, Actor.PATIENT, now=now):
            return
        weeks = weeks_for(session, office, course, appointment, now=now)[:1]
    asked = asked_of(parsed(waiter.query))
    for option in (option for week in weeks for option in week.options):
        if suits(Period(option.at.start, option.at.end), asked.days, asked.parts):
            planned = (option.at, *(moved for _id, moved in option.along))
            yield _possible_of(course.protocol_id, course.new_patient, planned, "")


def _possible_of(protocol_id: int, new_patient: bool, planned: tuple[Planned, ...], query: str) -> Possible:
    choice = Choice(protocol_id=protocol_id, new_patient=new_patient, appointments=planned, query=query)
    return Possible(choice, tuple((p.clinic, p.clinician, seconds_of(p.start), seconds_of(p.end)) for p in planned))


def _terms(office: Office, waiter: Waiter, times: Iterable[Stretch], *, now: datetime) -> Terms | None:
    first = moment_of(min(start for _clinic, _clinician, start, _end in times))
    return terms_of(waiter.offer_hours, first, notice=office.notice, now=now)


# -- pieces -----------------------------------------------------------------------------------------------------------


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


def _require_movable(course: Course, appointment: Appointment, by: Actor, *, now: datetime) -> None:
    period = appointment.period
    require(by, Action.MOVE, Status(appointment.status), period, now=now)
    if course.status != RUNNING or course.email is None:
        raise NotAllowed(Action.MOVE.value, course.status)


def _movable(course: Course, appointment: Appointment, by: Actor, *, now: datetime) -> bool:
    period = appointment.period
    return course.email is not None and may(by, Action.MOVE, Status(appointment.status), period, now=now)


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


def _taken(waiter: Waiter, offer: WaitingOffer, *, now: datetime) -> None:
    offer.answer, offer.answered_at = TAKEN, utc(now)
    waiter.ended_at = waiter.ended_at or utc(now)
    _keep_chances(waiter, [], now=now)


def _close(session: Session, offer: WaitingOffer, answer: str, *, now: datetime) -> None:
    """Ends an open offer without its being taken: its times go to the next."""
    offer.answer, offer.answered_at = answer, utc(now)
    hold = session.get(Hold, offer.hold_id, with_for_update=True) if offer.hold_id else None
    if hold is not None:
        let_go(session, hold, now=now)
    drop_unsent_offer(session, offer.id)


def _end(session: Session, waiter: Waiter, *, now: datetime) -> None:
    offer = offer_open_to(session, waiter.id)
    if offer is not None:
        _close(session, offer, REFUSED, now=now)
    waiter.ended_at = utc(now)
    _keep_chances(waiter, [], now=now)


def _keep_chances(waiter: Waiter, chances: Sequence[Stretch], *, now: datetime) -> None:
    waiter.chances = list(chances[-MOST_CHANCES:])
    waiter.woken_at = utc(now) if chances else None


def _stretch(row: FreedTime) -> Stretch:
    return row.clinic_id, row.clinician_id, seconds_of(row.starts_at), seconds_of(row.ends_at)


def _chance(stretch: Sequence[int]) -> Chance:
    clinic, clinician, start, end = stretch
    return Chance(clinic, clinician, Period(moment_of(start), moment_of(end)))


def _any_meets(chance: Chance, others: Iterable[Chance]) -> bool:
    return any(chance.meets(other) for other in others)


def _place(stretch: Sequence[int]) -> Place:
    clinic, clinician, start, _end_of_it = stretch
    return Place(moment_of(start), clinician, clinic)


def _write(
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
