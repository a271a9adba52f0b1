"""Replanning: what is still to come of a course, planned anew, kept while she looks at it, and only then changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Charge, Status, require
from booking.domain.changing import rest_protocol, rest_wishes
from booking.domain.course import Plan, Planned
from booking.domain.errors import HoldExpired, NotAllowed
from booking.domain.slot import Availability
from booking.services.alteration import Alteration, give_up
from booking.services.changes import charge_all, charges, require_running, settle_older
from booking.services.claims import reclaim
from booking.services.holds import held_time
from booking.services.office import Office
from booking.services.proposals import Asked, Proposal, proposed, resolve
from booking.services.standing import busy_elsewhere, coming_of, free_for, rest_key, standing_of
from booking.store.appointments import Appointment
from booking.store.changes import Change
from booking.store.courses import Course, course_to_change
from booking.store.database import utc
from booking.store.holds import HeldTime, Hold, hold_of
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work

REPLAN = "replan"


def rest_proposal(session: Session, office: Office, course: Course, asked: Asked, *, now: datetime) -> Proposal:
    """Plans for all that is still to come of the course, whose own appointments do not stand in the way.

    Raises UnknownWish, and NotAllowed if no session is to come.
    """
    standing, whole = standing_of(session, course, now=now), protocol_by_id(session, course.protocol_id)
    protocol = rest_protocol(whole, standing)
    if not protocol.steps:
        raise NotAllowed(REPLAN, course.status)
    wished = resolve(session, asked, now=now)[1]
    busy = (*wished.busy, *busy_elsewhere(session, course, now=now))

    def free(clinics: tuple[int, ...], days: tuple[date, date]) -> Availability:
        return free_for(session, office, course, clinics, days, now=now)

    wishes = rest_wishes(whole, standing, replace(wished, busy=busy))
    return proposed(session, office, protocol, wishes, free, now=now)


def hold_rest(office: Office, course_id: int, plan: Plan, *, now: datetime) -> int:
    """Keeps the times of the plan for a while, instead of another plan for the same course; the hold's id.

    Nothing is changed yet. Raises NotAllowed, SlotTaken.
    """

    def work(session: Session) -> int:
        course = course_to_change(session, course_id)
        require_running(course, REPLAN)
        older = hold_of(session, rest_key(course_id))
        if older is not None:
            give_up(session, course, [older], now=now)
        hold = rest_hold(office, course, plan, now=now)
        session.add(hold)
        reclaim(session, course, (), now=now)
        return hold.id

    return unit_of_work(work)


def held_rest(session: Session, office: Office, course_id: int, *, now: datetime) -> Hold | None:
    """What `hold_rest` keeps for the course; None if nothing, or no longer, or if the course is another since."""
    hold = hold_of(session, rest_key(course_id))
    if hold is None or hold.expires_at <= now:
        return None
    course = session.get_one(Course, course_id)
    return hold if hold.revision == course.revision and _is_whole(course, hold, now=now) else None


def charges_of_replan(
    session: Session, course: Course, hold: Hold, *, now: datetime
) -> list[tuple[Appointment, Charge]]:
    """What it costs to put the coming appointments where the hold keeps times, for each that goes elsewhere."""
    going = [a for a, time in _pairs(course, hold, now=now) if _place(a) != _place(time)]
    return list(charges(session, course, going, now=now))


def replan(office: Office, course_id: int, *, by: Actor, now: datetime, at: datetime) -> None:
    """Puts what is still to come of the course where `hold_rest` keeps times, as one change.

    Raises HoldExpired if nothing is kept (any more), SlotTaken, NotAllowed.
    """
    unit_of_work(lambda s: replan_within(s, office, course_id, by=by, now=now, at=at))


def replan_within(
    session: Session, office: Office, course_id: int, *, by: Actor, now: datetime, at: datetime
) -> Change:
    """The same inside the caller's unit of work."""
    course = course_to_change(session, course_id)
    hold = held_rest(session, office, course_id, now=now)
    if hold is None:
        raise HoldExpired
    settle_older(session, office, course, now=now, at=at)
    alteration = Alteration(session, course, now=now)
    pairs = list(_pairs(course, hold, now=now))
    going = [appointment for appointment, time in pairs if _place(appointment) != _place(time)]
    for appointment in going:
        period = appointment.period
        require(by, Action.MOVE, Status(appointment.status), period, now=now)
    charge_all(session, course, alteration, going, by=by, now=now)
    steps = {each.id: each.planned for each in standing_of(session, course, now=now)}
    for appointment, time in pairs:
        alteration.put(appointment, _planned(steps[appointment.id], time))
    change = alteration.keep(REPLAN, by, leaving=hold)
    session.delete(hold)
    return change


def rest_hold(office: Office, course: Course, plan: Plan, *, now: datetime) -> Hold:
    """What keeps the times of a plan for the rest of the course."""
    key = rest_key(course.id)
    return Hold(
        visitor=key,
        address=key,
        protocol_id=course.protocol_id,
        new_patient=course.new_patient,
        query="",
        revision=course.revision,
        created_at=utc(now),
        expires_at=utc(now) + office.hold,
        times=[held_time(planned) for planned in plan.appointments],
    )


def _is_whole(course: Course, hold: Hold, *, now: datetime) -> bool:
    """Whether the hold has a time for each appointment to come; one may have begun since."""
    kinds = {time.kind for time in hold.times}
    coming = [a.kind for a in coming_of(course, now=now) if a.kind in kinds]
    return sorted(coming) == sorted(time.kind for time in hold.times)


def _pairs(course: Course, hold: Hold, *, now: datetime) -> Iterator[tuple[Appointment, HeldTime]]:
    """Each coming appointment with its new time: as many as can stay where they are, the others in order of time."""
    coming, times = coming_of(course, now=now), list(hold.times)
    for appointment in list(coming):
        same = next((t for t in times if t.kind == appointment.kind and _place(t) == _place(appointment)), None)
        if same is not None:
            coming.remove(appointment)
            times.remove(same)
            yield appointment, same
    for appointment in coming:
        time = next((t for t in times if t.kind == appointment.kind), None)
        if time is not None:
            times.remove(time)
            yield appointment, time


def _place(each: Appointment | HeldTime) -> tuple[datetime, int, int]:
    return each.starts_at, each.clinician_id, each.clinic_id


def _planned(now: Planned, time: HeldTime) -> Planned:
    return replace(
        now,
        start=time.starts_at,
        end=time.ends_at,
        clinic=time.clinic_id,
        clinician=time.clinician_id,
        room=time.room_id,
        deviation=time.deviation,
    )
