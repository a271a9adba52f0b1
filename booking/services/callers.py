"""Callers: who rings, or stands at the desk, is found among the patients or added, and gets times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from sqlalchemy.orm import Session

from booking.domain.course import Planned
from booking.domain.errors import DoesNotFit, NotAllowed
from booking.domain.period import oslo
from booking.domain.screening import HealthCheck, Outcome
from booking.domain.walk_in import free_now, next_start
from booking.services.accounts import Reach
from booking.services.courses import Details, FrontDesk, enter_arrived
from booking.services.holds import Visitor
from booking.services.office import Office
from booking.services.proposals import availability_for
from booking.services.register import Found, scope_of, visit_of
from booking.store.protocols import protocol_by_slug
from booking.store.register import Sought, courses_of_patients, patients_found
from booking.store.unit_of_work import unit_of_work

MOST_SUGGESTED = 6
"""Patients who may be the caller; more would take longer to read than to type her in."""

WALK_INS = ("needle-session", "first-visit")
"""Protocols (by slug) of one appointment that can begin at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a caller has told of herself so far; `mobile` in E.164."""

    name: str = ""
    birth_date: date | None = None
    mobile: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIn:
    """Who treats somebody who stands at the desk, where and what. `spoken`: the clinician has talked with her."""

    protocol: str
    clinician_id: int
    clinic_id: int
    spoken: bool


def caller_at(account_id: int, call: str) -> Visitor:
    """Who keeps the times of one call: two callers of the same desk do not mix, and no other desk opens this one's."""
    secret = f"desk {account_id} {call}"
    return Visitor(secret, secret)


def suggest_duplicates(session: Session, said: Said, reach: Reach, *, now: datetime) -> tuple[Found, ...]:
    """Patients whom the caller may be, among those whom the desk sees: who has her number, her address, her birth date
    and a part of her name, or her whole name. First who agrees in most of these, then in this order."""
    scope = scope_of(reach)
    found = [patients_found(session, sought, scope, most=MOST_SUGGESTED) for sought in _ways(said)]
    agreeing = Counter(chain.from_iterable(found))
    listed = [id for id, _times in agreeing.most_common(MOST_SUGGESTED)]
    courses = courses_of_patients(session, listed)
    theirs = [tuple(course for course in courses if course.patient_id == id) for id in listed]
    return tuple(Found(each[0].patient, each, visit_of(each, now=now)) for each in theirs)


def free_for_walk_in(
    session: Session, office: Office, clinics: tuple[int, ...], *, now: datetime
) -> Iterator[tuple[str, Planned]]:
    """(protocol, appointment) that can begin now at these clinics, by protocol and in display order."""
    start = next_start(now)
    day = oslo(start).date()
    availability = availability_for(session, office, clinics, (day, day), now=now, earliest=start)
    for slug in WALK_INS:
        protocol = protocol_by_slug(session, slug)
        if protocol is not None:
            yield from ((slug, planned) for planned in free_now(protocol, availability, clinics, start))


def walk_in(
    office: Office, walk: WalkIn, details: Details, check: HealthCheck, desk: FrontDesk, *, now: datetime, at: datetime
) -> int:
    """Books an appointment that begins now; its id. Raises DoesNotFit if the clinician is not free, SlotTaken,
    NotAllowed while a clinician must talk with her first, and TooYoung."""
    if check.outcome is Outcome.CALL and not walk.spoken:
        raise NotAllowed("walk in", "call first")

    def work(session: Session) -> int:
        place = (walk.protocol, walk.clinician_id, walk.clinic_id)
        found = free_for_walk_in(session, office, (walk.clinic_id,), now=now)
        planned = next((each for slug, each in found if (slug, each.clinician, each.clinic) == place), None)
        protocol = protocol_by_slug(session, walk.protocol)
        if planned is None or protocol is None:
            raise DoesNotFit(1)
        return enter_arrived(session, office, protocol.id, details, check, planned, desk, now=now, at=at).id

    return unit_of_work(work)


def _ways(said: Said) -> Iterator[Sought]:
    words = tuple(said.name.casefold().split())
    if said.mobile:
        yield Sought(phones=(said.mobile.removeprefix("+"),))
    if said.email:
        yield Sought(email=said.email)
    if said.birth_date:
        yield from (Sought(words=(word,), days=(said.birth_date,)) for word in words)
    if len(words) > 1:
        yield Sought(words=words)
