"""Proposals: plans for a nine-week course, or the free times for one visit, from what stands in the store now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.course import FreeDay, NoPlan, PartOfDay, Pattern, Plan, Wishes
from booking.domain.errors import BookingError, DoesNotFit
from booking.domain.period import Period, at_wall, oslo
from booking.domain.planner import (
    Limits,
    free_times,
    needed_range,
    plan_course,
    plan_pattern,
    plan_single,
    replace_session,
    widest_range,
)
from booking.domain.protocol import Protocol
from booking.domain.schedule import Schedule
from booking.domain.slot import Availability
from booking.services.office import Office
from booking.store.clinics import all_clinics
from booking.store.people import all_clinicians
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import NOTHING_OWN, Own, schedule_of, taken_rows

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
class Swap:
    """Session `number` put elsewhere by the patient: `start` aware, the rest by slug."""

    number: int
    start: datetime
    clinician: str
    clinic: str


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A plan in the words of a URL: its pattern, and the sessions that were put elsewhere, one after another."""

    weekday: int
    minute: int
    clinician: str
    clinic: str
    swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """One plan, with all that it was found from."""

    protocol: Protocol
    wishes: Wishes
    availability: Availability
    plan: Plan


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


def propose(
    session: Session,
    office: Office,
    asked: Asked,
    *,
    now: datetime,
    but_hold: int | None = None,
    others: tuple[int, ...] | None = None,
) -> Proposal:
    """Plans for what is asked. Raises UnknownWish for names that do not exist. `but_hold`: the visitor's own hold does
    not stand in her way; `others`: the clinics that could be added if nothing fits, all of them if none is named."""

    def free(clinics: tuple[int, ...], days: tuple[date, date]) -> Availability:
        return availability_for(session, office, clinics, days, now=now, but_hold=but_hold)

    protocol, wishes = resolve(session, asked, now=now)
    return proposed(session, office, protocol, wishes, free, now=now, others=others)


def proposed(
    session: Session,
    office: Office,
    protocol: Protocol,
    wishes: Wishes,
    free: Callable[[tuple[int, ...], tuple[date, date]], Availability],
    *,
    now: datetime,
    others: tuple[int, ...] | None = None,
) -> Proposal:
    """Plans for these wishes; `free` gives what is free at some clinics on the days from one date to another."""
    limits = limits_of(office)
    near = free(wishes.clinics, needed_range(protocol, wishes, now, limits))
    answer = plan_course(protocol, wishes, near, now=now, limits=limits)
    if not isinstance(answer, NoPlan):
        return Proposal(protocol, wishes, near, answer)
    everywhere = others or tuple(clinic.id for clinic in all_clinics(session))
    wide = free(everywhere, widest_range(wishes, now, limits))
    answer = plan_course(protocol, wishes, wide, now=now, others=everywhere, limits=limits)
    return Proposal(protocol, wishes, wide, answer)


def plan_chosen(
    session: Session, office: Office, asked: Asked, rhythm: Rhythm, *, now: datetime, but_hold: int | None = None
) -> Chosen | None:
    """The plan of one rhythm as `propose` shows it, with the sessions that were put elsewhere; None if there is none.

    Raises UnknownWish, and DoesNotFit for a session that cannot be put where it was wished.
    """
    protocol, wishes = resolve(session, asked, now=now)
    limits, pattern = limits_of(office), pattern_of(session, rhythm)
    if wishes.start > limits.horizon(now):
        return None
    for days in (needed_range(protocol, wishes, now, limits), widest_range(wishes, now, limits)):
        availability = availability_for(session, office, wishes.clinics, days, now=now, but_hold=but_hold)
        plan = plan_pattern(protocol, wishes, availability, pattern, now=now, limits=limits)
        if plan is not None:
            plan = with_swaps(session, protocol, wishes, availability, plan, rhythm.swaps)
            return Chosen(protocol, wishes, availability, plan)
    return None


def with_swaps(
    session: Session,
    protocol: Protocol,
    wishes: Wishes,
    availability: Availability,
    plan: Plan,
    swaps: tuple[Swap, ...],
) -> Plan:
    """The plan with these sessions elsewhere, one after another. Raises UnknownWish, DoesNotFit."""
    clinics, clinicians = _ids(session)
    for swap in swaps:
        numbers = {each.step.number: each for each in plan.sessions}
        if swap.number not in numbers:
            raise DoesNotFit(swap.number)
        elsewhere = replace(
            numbers[swap.number],
            start=swap.start,
            clinic=_known("clinic", swap.clinic, clinics),
            clinician=_known("clinician", swap.clinician, clinicians),
        )
        plan = replace_session(plan, swap.number, elsewhere, availability, protocol, wishes)
    return plan


def pattern_of(session: Session, rhythm: Rhythm) -> Pattern:
    """Raises UnknownWish."""
    clinics, clinicians = _ids(session)
    clinician = _known("clinician", rhythm.clinician, clinicians)
    return Pattern(rhythm.weekday, rhythm.minute, clinician, _known("clinic", rhythm.clinic, clinics))


def plan_visit(
    session: Session,
    office: Office,
    asked: Asked,
    start: datetime,
    *,
    clinician: str,
    clinic: str,
    now: datetime,
    but_hold: int | None = None,
) -> Chosen:
    """The plan of a single appointment at a chosen time. Raises UnknownWish, and DoesNotFit if the time is not free."""
    asked = replace(asked, clinics=(clinic,), clinician=clinician, only_her=True)
    protocol, wishes = resolve(session, asked, now=now)
    day = oslo(start).date()
    if not oslo(now).date() <= day <= limits_of(office).horizon(now) or wishes.clinician is None:
        raise DoesNotFit(1)
    availability = availability_for(session, office, wishes.clinics, (day, day), now=now, but_hold=but_hold)
    place = {"clinician": wishes.clinician, "clinic": wishes.clinics[0]}
    plan = plan_single(protocol, replace(wishes, start=day), availability, start, **place)
    return Chosen(protocol, wishes, availability, plan)


def free_days(
    session: Session,
    office: Office,
    asked: Asked,
    first: date,
    last: date,
    *,
    now: datetime,
    but_hold: int | None = None,
) -> Iterator[FreeDay]:
    """The dates from `first` to `last` with free times for the single appointment that is asked for."""
    protocol, wishes = resolve(session, asked, now=now)
    first, last = max(first, oslo(now).date()), min(last, limits_of(office).horizon(now))
    if first > last:
        return iter(())
    availability = availability_for(session, office, wishes.clinics, (first, last), now=now, but_hold=but_hold)
    return free_times(availability, protocol.weekly[0].treatment, wishes.clinics, wishes.clinician)


def availability_for(
    session: Session,
    office: Office,
    clinics: tuple[int, ...],
    days: tuple[date, date],
    *,
    now: datetime,
    but_hold: int | None = None,
    own: Own = NOTHING_OWN,
    earliest: datetime | None = None,
    schedule: Schedule | None = None,
) -> Availability:
    """What is free at these clinics on these days, both included; from `earliest` on, or with the usual notice.
    `schedule`: of these clinics, if it has been read already, for these days or more."""
    first, last = days
    period = Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
    schedule = schedule or schedule_of(session, clinics, period)
    taken = taken_rows(session, schedule, period, now=now, but_hold=but_hold, own=own)
    return Availability(schedule, first, last, taken, earliest=earliest or now + office.notice)


def limits_of(office: Office) -> Limits:
    """How far ahead and how soon this installation lets anything be booked."""
    return Limits(horizon_days=office.horizon.days, notice=office.notice)


def resolve(session: Session, asked: Asked, *, now: datetime) -> tuple[Protocol, Wishes]:
    """Names turned into what they stand for. Raises UnknownWish."""
    protocol = protocol_by_slug(session, asked.protocol)
    if protocol is None:
        raise UnknownWish("protocol", asked.protocol, ())
    clinics, clinicians = _ids(session)
    return protocol, Wishes(
        clinics=tuple(_known("clinic", slug, clinics) for slug in asked.clinics) or tuple(clinics.values()),
        clinician=None if asked.clinician is None else _known("clinician", asked.clinician, clinicians),
        only_her=asked.only_her and asked.clinician is not None,
        days=asked.days,
        parts=asked.parts,
        start=asked.start or oslo(now).date(),
        away=asked.away,
        busy=asked.busy,
        new_patient=asked.new_patient,
    )


def _ids(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """The ids of clinics and of clinicians, by slug."""
    clinics = {clinic.slug: clinic.id for clinic in all_clinics(session)}
    return clinics, {clinician.slug: clinician.id for clinician in all_clinicians(session)}


def _known(field: str, slug: str, known: dict[str, int]) -> int:
    if slug not in known:
        raise UnknownWish(field, slug, tuple(known))
    return known[slug]
