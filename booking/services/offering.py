"""Offering: a time that was given back is offered to one who waits, then to the next; never to two at once.

What is offered is held like any chosen time, so the claims see to it that nobody else gets it, whatever happens to the
worker in between. Offers are made in transactions of their own, a few a round; who was not asked yet is asked in the
next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, may
from booking.domain.course import Planned, Wishes
from booking.domain.errors import SlotTaken
from booking.domain.period import Period, moment_of, monday_of, oslo, seconds_of
from booking.domain.waiting import Chance, Terms, suits, terms_of
from booking.services.changes import appointment_of, weeks_for, weeks_for_extra
from booking.services.delivery import what_happened
from booking.services.holds import Choice, keep_apart, times_left
from booking.services.offers import chance_of, close_offer, keep_chances
from booking.services.office import Office
from booking.services.proposals import UnknownWish, propose, resolve
from booking.services.tasks import owe_offer
from booking.services.waiting import has_a_hole, write_to
from booking.services.wishes import Slugs, Unreadable, asked_of, parsed, query_of
from booking.store.appointments import Appointment, appointments_of
from booking.store.clinics import all_clinics
from booking.store.courses import RUNNING, Course
from booking.store.database import db, utc
from booking.store.people import all_clinicians
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import (
    LAPSED,
    FreedTime,
    Stretch,
    Waiter,
    WaitingOffer,
    courses_of_waiters,
    freed_times,
    lapsed_holds,
    lapsed_offers,
    note_freed,
    offer_open_to,
    offers_to,
    starts_of_waiters,
    waiters_to_tell,
    woken_waiters,
)

OFFER = "offer"
"""The kind of the mail that tells somebody what is kept for her."""

FREED_A_ROUND = 300
"""How many freed times the waiters are told of in one round; the rest stays for the next."""

ASKED_A_ROUND = 15
"""For how many waiters times are looked for in one round, which takes about as many tenths of a second."""

PLANS_TRIED = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Possible:
    """Times that could be offered; the one that was looked for comes before those that must go with it."""

    choice: Choice
    times: tuple[Stretch, ...]


def offer_freed(office: Office, *, now: datetime, at: datetime) -> int:
    """Ends offers that ran out, and offers what was given back to who waits; how many offers it made.

    Needs an application context. Looks for times in transactions that only read; each offer is written in a short one.
    """
    unit_of_work(lambda session: _end_lapsed(session, now=now))
    unit_of_work(lambda session: _tell_waiters(session, office, now=now))
    with Session(db.engine) as session:
        turns = [waiter.id for waiter in _in_turn(session, now=now)][:ASKED_A_ROUND]
    return sum(_asked(office, waiter_id, now=now, at=at) for waiter_id in turns)


def _end_lapsed(session: Session, *, now: datetime) -> None:
    for offer in lapsed_offers(session, now=now):
        close_offer(session, offer, LAPSED, now=now)
    for hold in lapsed_holds(session, now=now):
        hold.lapse_noted = utc(now)
        note_freed(session, times_left(session, hold, now=now), now=now)


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
        mine = [chance for chance in chances if could_serve(chance_of(chance))]
        if mine:
            known = set(map(chance_of, waiter.chances))
            fresh = [chance for chance in mine if chance_of(chance) not in known]
            keep_chances(waiter, [*waiter.chances, *fresh], now=now)
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
    """Keeps the times for her, and writes the mail or has her rung. Not if she left, has an offer, or it is somebody
    else's turn."""
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
    offered = [chance_of(time) for time in possible.times]
    keep_chances(waiter, [c for c in waiter.chances if not _any_meets(chance_of(c), offered)], now=now)
    kinds = [planned.step.kind.value for planned in possible.choice.appointments]
    facts = {"offer_id": offer.id, "times": offer.times, "kinds": kinds, "until": seconds_of(offer.expires_at)}
    if waiter.email:
        write_to(session, office, waiter, OFFER, facts, due=terms.mailed_at, now=now, at=at)
    else:
        owe_offer(session, session.get_one(Course, waiter.course_id), waiter, offer.expires_at, now=now)
    return True


def _nothing_for(session: Session, waiter_id: int, *, now: datetime, seen: Sequence[Stretch] | None = None) -> None:
    """Forgets the chances that were looked at in vain; those that came meanwhile stay. Without `seen`, all go."""
    waiter = session.get(Waiter, waiter_id, with_for_update=True)
    if waiter is not None:
        left = [chance for chance in waiter.chances if chance not in seen] if seen is not None else []
        keep_chances(waiter, left, now=now)


def _somebody_comes_first(session: Session, waiter: Waiter, times: Iterable[Stretch], *, now: datetime) -> bool:
    """Whether somebody before her, whom another worker asks just now, could have one of these times."""
    wanted = [chance_of(time) for time in times]
    for other in _in_turn(session, now=now):
        if other.id == waiter.id:
            return False
        if any(_any_meets(chance_of(chance), wanted) for chance in other.chances):
            return True
    return False


def _filter_of(session: Session, waiter: Waiter, start: datetime | None, *, now: datetime) -> Callable[[Chance], bool]:
    """What tells from a chance alone, before anything is planned, whether it could serve her; `start`: of the
    appointment for which she waits for a better time, if she does."""
    try:
        asked = asked_of(parsed(waiter.query))
        wishes = resolve(session, asked, now=now)[1]
    except (Unreadable, UnknownWish):
        return lambda chance_of: False
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
    before = [chance_of(time) for offer in offers_to(session, waiter.id) for time in offer.times]
    chances = [chance for chance in map(chance_of, waiter.chances) if not _any_meets(chance, before)]
    if not chances:
        return
    found = _courses(session, office, waiter, now=now) if waiter.course_id is None else ()
    if waiter.course_id is not None:
        found = _visits(session, office, waiter, waiter.course_id, now=now)
    for possible in found:
        # A course is served by any of its times; a visit by its own, not by a review that must go with it.
        counting = possible.times if waiter.course_id is None else possible.times[:1]
        if not any(_any_meets(chance_of(time), chances) for time in counting):
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
        if not _movable(appointment, Actor.PATIENT, now=now):
            return
        weeks = weeks_for(session, office, course, appointment, now=now)[:1]
    asked = asked_of(parsed(waiter.query))
    for option in (option for week in weeks for option in week.options):
        if suits(Period(option.at.start, option.at.end), asked.days, asked.parts):
            planned = (option.at, *(moved for _id, moved in option.along))
            yield _possible_of(course.protocol_id, course.new_patient, planned, "")


def _movable(appointment: Appointment, by: Actor, *, now: datetime) -> bool:
    period = appointment.period
    return may(by, Action.MOVE, Status(appointment.status), period, now=now)


def _possible_of(protocol_id: int, new_patient: bool, planned: tuple[Planned, ...], query: str) -> Possible:
    choice = Choice(protocol_id=protocol_id, new_patient=new_patient, appointments=planned, query=query)
    return Possible(choice, tuple((p.clinic, p.clinician, seconds_of(p.start), seconds_of(p.end)) for p in planned))


def _terms(office: Office, waiter: Waiter, times: Iterable[Stretch], *, now: datetime) -> Terms | None:
    first = moment_of(min(start for _clinic, _clinician, start, _end in times))
    return terms_of(waiter.offer_hours, first, notice=office.notice, now=now)


def _stretch(row: FreedTime) -> Stretch:
    return row.clinic_id, row.clinician_id, seconds_of(row.starts_at), seconds_of(row.ends_at)


def _any_meets(chance: Chance, others: Iterable[Chance]) -> bool:
    return any(chance.meets(other) for other in others)
