"""Soonest: who could begin a whole nine-week course when, and the next free first visit, by clinic and clinician.

The worker looks it up ahead, clinic by clinic, with the rules that the planner page uses, and keeps it in a table that
pages read. It is what the planner proposes first to a new patient who wishes for this clinician alone, at this clinic,
from today on.

What is booked meanwhile is noticed at the next look: a minute later in a house of up to `CLINICS_A_ROUND` clinics, in a
larger one when its turn comes round. Nothing is promised by it: whoever follows it comes to the planner, which plans
afresh.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain, groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking.domain.course import FreeTime, Plan, Planned, Wishes
from booking.domain.period import moment_of, oslo, seconds_of
from booking.domain.planner import best_course, free_times, needed_range, widest_range
from booking.domain.protocol import Protocol
from booking.domain.slot import Availability
from booking.services.office import Office
from booking.services.proposals import NINE_WEEKS, availability_for, limits_of
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.store.soonest import Look, drop_looks, keep_looks, looks
from booking.store.unit_of_work import unit_of_work

FIRST_VISIT = "first-visit"

FRESH = timedelta(minutes=15)
"""How long what was looked up is shown."""

AGAIN = timedelta(seconds=50)
"""What is younger is not looked up again; a little less than the minute between two rounds of the worker."""

CLINICS_A_ROUND = 60
"""How many clinics the worker looks at in one call, which takes about a second; 300 of them come round in five
minutes."""

CLINICS_A_PAGE = 5
"""How many clinics are looked at while somebody waits for a page."""


class NextCourse(NamedTuple):
    """A whole course: its first visit, session 1 and the last session (UTC), and how many sessions are not at the
    course's day and time. No first visit where the protocol has none."""

    first_visit_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    moved: int


class Prospect(NamedTuple):
    """What a new patient could have with one clinician at one clinic, as it was `looked_at` (UTC).

    `visit_at`: the next single first visit. None, here and of `course`: there is none up to the horizon, or it has
    passed by since. Not to be told as "none".
    """

    clinic_id: int
    clinician_id: int
    visit_at: datetime | None
    course: NextCourse | None
    looked_at: datetime


def look_ahead(office: Office, *, now: datetime) -> int:
    """Looks up what is oldest or missing, at most `CLINICS_A_ROUND` clinics, and forgets clinicians who have left; how
    many clinics.

    Needs an application context. Plans in a transaction that only reads; what was found is written in another, a short
    one. Two workers at once do no harm: the later one writes over what the earlier one wrote.
    """
    with Session(db.engine) as session:
        due = _due(looks(session, today=oslo(now).date()), now)
        found = _look_at(session, office, due, now=now)

    def work(session: Session) -> int:
        drop_looks(session, today=oslo(now).date())
        keep_looks(session, found)
        return len(due)

    return unit_of_work(work)


def prospects(
    session: Session, office: Office, *, now: datetime, clinics: Collection[int] | None = None
) -> list[Prospect]:
    """What is known of each clinician at each clinic (of these, or of all) where she works, by their ids.

    Read with one statement. Where something was never looked up, `FRESH` ago, or has passed by, the clinic is looked at
    on the spot, and nothing of that is kept; but not if there are more than `CLINICS_A_PAGE` such clinics: then what
    still holds is given, and a clinician of whom nothing was looked up lately is left out.
    """
    known = looks(session, clinics, today=oslo(now).date())
    earliest = seconds_of(now + office.notice)
    fresh = range(seconds_of(now - FRESH) + 1, seconds_of(now) + 1)
    stale = _by_clinic(look for look in known if look.looked_at not in fresh or _passed(look, earliest))
    if stale and len(stale) <= CLINICS_A_PAGE:
        found = {look[:2]: look for look in _look_at(session, office, stale, now=now)}
        known = [found.get(look[:2], look) for look in known]
    return [_prospect(look, earliest) for look in known if look.looked_at in fresh]


# -- whose turn it is -----------------------------------------------------------------------------------------

Turn = tuple[int, tuple[int, ...]]
"""(clinic, its clinicians)"""


def _by_clinic(rows: Iterable[Look]) -> list[Turn]:
    grouped = groupby(rows, key=lambda look: look.clinic_id)
    return [(clinic, tuple(look.clinician_id for look in each)) for clinic, each in grouped]


def _due(rows: Sequence[Look], now: datetime) -> list[Turn]:
    """The clinics to look at in this round: those of which something is missing, then those looked at longest ago."""
    ages: dict[int, timedelta] = {}
    for look in rows:
        ages[look.clinic_id] = max(_age(look, now), ages.get(look.clinic_id, timedelta()))
    due = [turn for turn in _by_clinic(rows) if ages[turn[0]] >= AGAIN]
    return sorted(due, key=lambda turn: ages[turn[0]], reverse=True)[:CLINICS_A_ROUND]


def _age(look: Look, now: datetime) -> timedelta:
    """How long ago it was looked up; longest where nobody has, or where the clinic's clock has been put back since."""
    if look.looked_at is None or look.looked_at > seconds_of(now):
        return timedelta.max
    return now - moment_of(look.looked_at)


# -- looking --------------------------------------------------------------------------------------------------


def _look_at(session: Session, office: Office, turns: Iterable[Turn], *, now: datetime) -> list[Look]:
    found = []
    for clinic, clinicians in turns:
        days = _Days(session, office, clinic, now)
        found += [days.look(clinician) for clinician in clinicians]
    return found


class _Days:
    """What is free at one clinic, loaded once for all who work there."""

    def __init__(self, session: Session, office: Office, clinic: int, now: datetime) -> None:
        self._session, self._office, self._clinic, self._now = session, office, clinic, now
        self._courses = protocol_by_slug(session, NINE_WEEKS)
        self._visits = protocol_by_slug(session, FIRST_VISIT)
        self._limits = limits_of(office)
        self._wishes = Wishes((clinic,), oslo(now).date(), only_her=True, new_patient=True)

    def look(self, clinician: int) -> Look:
        visit, plan = self._visit(clinician), self._plan(clinician)
        first = plan.first_visit if plan else None
        return Look(
            clinic_id=self._clinic,
            clinician_id=clinician,
            visit_at=_seconds(visit),
            first_visit_at=_seconds(first),
            starts_at=_seconds(plan.sessions[0] if plan else None),
            ends_at=_seconds(plan.sessions[-1] if plan else None),
            moved=sum(each.deviation is not None for each in plan.sessions) if plan else 0,
            looked_at=seconds_of(self._now),
        )

    def _visit(self, clinician: int) -> FreeTime | None:
        if self._visits is None:
            return None
        treatment = self._visits.weekly[0].treatment
        days = (free_times(each, treatment, (self._clinic,), clinician) for each in self._ranges())
        return next((day.times[0] for day in chain.from_iterable(days)), None)

    def _plan(self, clinician: int) -> Plan | None:
        protocol = self._courses
        if protocol is None or not self._may_give(clinician, protocol):
            return None
        wishes = replace(self._wishes, clinician=clinician)
        plans = (best_course(protocol, wishes, each, now=self._now, limits=self._limits) for each in self._ranges())
        return next(filter(None, plans), None)

    def _may_give(self, clinician: int, protocol: Protocol) -> bool:
        """Whether she may give all of the course, which is asked before looking as far as the horizon in vain."""
        return self._near.needles(clinician) or not any(step.treatment.needles for step in protocol.steps)

    def _ranges(self) -> Iterator[Availability]:
        """As far as a course from now on can reach, then, if that was not enough, to the horizon."""
        yield self._near
        yield self._wide

    @cached_property
    def _near(self) -> Availability:
        if self._courses is None:
            return self._wide
        return self._of(needed_range(self._courses, self._wishes, self._now, self._limits))

    @cached_property
    def _wide(self) -> Availability:
        return self._of(widest_range(self._wishes, self._now, self._limits))

    def _of(self, days: tuple[date, date]) -> Availability:
        return availability_for(self._session, self._office, (self._clinic,), days, now=self._now)


def _seconds(time: Planned | FreeTime | None) -> int | None:
    return seconds_of(time.start) if time else None


# -- what is shown --------------------------------------------------------------------------------------------


def _passed(look: Look, earliest: int) -> bool:
    """Whether one of its times can no longer be booked; `earliest` in seconds since 1970-01-01 UTC."""
    return _before(look.visit_at, earliest) or _before(_begins(look), earliest)


def _prospect(look: Look, earliest: int) -> Prospect:
    visit = None if look.visit_at is None or look.visit_at < earliest else moment_of(look.visit_at)
    return Prospect(look.clinic_id, look.clinician_id, visit, _course(look, earliest), moment_of(look.looked_at or 0))


def _course(look: Look, earliest: int) -> NextCourse | None:
    if look.starts_at is None or look.ends_at is None or _before(_begins(look), earliest):
        return None
    first_visit_at = None if look.first_visit_at is None else moment_of(look.first_visit_at)
    return NextCourse(first_visit_at, moment_of(look.starts_at), moment_of(look.ends_at), look.moved)


def _begins(look: Look) -> int | None:
    """When the first appointment of the course is."""
    return look.first_visit_at or look.starts_at


def _before(at: int | None, earliest: int) -> bool:
    return at is not None and at < earliest
