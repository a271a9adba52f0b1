"""Proposals: plans for a nine-week course, or the free times for one visit, from what stands in the store now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.course import NoPlan, PartOfDay, Plan, Wishes
from booking.domain.errors import BookingError
from booking.domain.period import Period, at_wall, oslo
from booking.domain.planner import Limits, needed_range, plan_course, widest_range
from booking.domain.protocol import Protocol
from booking.domain.schedule import Schedule
from booking.domain.slot import Availability
from booking.services.office import Office
from booking.store.clinics import all_clinics
from booking.store.people import all_clinicians
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import schedule_of, taken_rows

NINE_WEEKS = "nine-weeks"


class UnknownWish(BookingError):
    """Something was wished for that does not exist: which `field`, the `value`, and what there is."""

    def __init__(self, field: str, value: str, known: tuple[str, ...]) -> None:
        super().__init__(field, value, known)
        self.field, self.value, self.known = field, value, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for, in the words of URLs and the command line. No clinics: any; no start: today."""

    protocol: str = NINE_WEEKS
    clinics: tuple[str, ...] = ()
    clinician: str | None = None
    only_her: bool = False
    days: frozenset[int] = frozenset()
    parts: frozenset[PartOfDay] = frozenset()
    start: date | None = None
    away: tuple[tuple[date, date], ...] = ()
    busy: tuple[Period, ...] = ()
    new_patient: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer, with all that it was found from."""

    protocol: Protocol
    wishes: Wishes
    availability: Availability
    answer: tuple[Plan, ...] | NoPlan

    @property
    def schedule(self) -> Schedule:
        return self.availability.schedule

    @property
    def plans(self) -> tuple[Plan, ...]:
        return () if isinstance(self.answer, NoPlan) else self.answer


def propose(session: Session, office: Office, asked: Asked, *, now: datetime, but_hold: int | None = None) -> Proposal:
    """Plans for what is asked. Raises UnknownWish for names that do not exist. `but_hold`: the visitor's own hold does
    not stand in her way."""
    protocol, wishes = resolve(session, asked, now=now)
    limits = limits_of(office)
    days = needed_range(protocol, wishes, now, limits)
    near = availability_for(session, office, wishes.clinics, days, now=now, but_hold=but_hold)
    answer = plan_course(protocol, wishes, near, now=now, limits=limits)
    if not isinstance(answer, NoPlan):
        return Proposal(protocol, wishes, near, answer)
    everywhere = tuple(clinic.id for clinic in all_clinics(session))
    days = widest_range(wishes, now, limits)
    wide = availability_for(session, office, everywhere, days, now=now, but_hold=but_hold)
    answer = plan_course(protocol, wishes, wide, now=now, others=everywhere, limits=limits)
    return Proposal(protocol, wishes, wide, answer)


def availability_for(
    session: Session,
    office: Office,
    clinics: tuple[int, ...],
    days: tuple[date, date],
    *,
    now: datetime,
    but_hold: int | None = None,
) -> Availability:
    """What is free at these clinics on these days, both included."""
    first, last = days
    period = Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
    schedule = schedule_of(session, clinics, period)
    taken = taken_rows(session, schedule, period, now=now, but_hold=but_hold)
    return Availability(schedule, first, last, taken, earliest=now + office.notice)


def limits_of(office: Office) -> Limits:
    """How far ahead and how soon this installation lets anything be booked."""
    return Limits(horizon_days=office.horizon.days, notice=office.notice)


def resolve(session: Session, asked: Asked, *, now: datetime) -> tuple[Protocol, Wishes]:
    """Names turned into what they stand for. Raises UnknownWish."""
    protocol = protocol_by_slug(session, asked.protocol)
    if protocol is None:
        raise UnknownWish("protocol", asked.protocol, ())
    clinics = {clinic.slug: clinic.id for clinic in all_clinics(session)}
    clinicians = {clinician.slug: clinician.id for clinician in all_clinicians(session)}
    for slug in asked.clinics:
        _known("clinic", slug, clinics)
    if asked.clinician is not None:
        _known("clinician", asked.clinician, clinicians)
    return protocol, Wishes(
        clinics=tuple(clinics[slug] for slug in asked.clinics) or tuple(clinics.values()),
        clinician=None if asked.clinician is None else clinicians[asked.clinician],
        only_her=asked.only_her and asked.clinician is not None,
        days=asked.days,
        parts=asked.parts,
        start=asked.start or oslo(now).date(),
        away=asked.away,
        busy=asked.busy,
        new_patient=asked.new_patient,
    )


def _known(field: str, slug: str, known: dict[str, int]) -> None:
    if slug not in known:
        raise UnknownWish(field, slug, tuple(known))
