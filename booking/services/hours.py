"""Hours: when people work and clinics are open, breaks, closings, rooms out of use; each change is looked at first.

A change is entered, what it touches and what patients will be offered is read, and all is taken back: that is the
preview. Saving enters it in the same way, if what it touches is still what was shown, and hands whom it touches on to
those who re-plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain import schedule as domain
from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import Period, at_wall, oslo
from booking.domain.schedule import DayHours, Name, hours_on
from booking.services.disruptions import Cause, CauseKind, disrupt, touch_no_more, touched_by
from booking.services.gained import gains_noted
from booking.services.logbook import About, Who, note
from booking.services.offered import At, Days, OfferedDay
from booking.services.office import Office
from booking.store.clinics import Room, all_clinics
from booking.store.database import db
from booking.store.disruptions import OPEN, Disruption
from booking.store.hours import clinics_to_change, disruptions_by, facts_at
from booking.store.schedules import Break, ClosedPeriod, Hours, HoursDay, RoomClosure, template_of
from booking.store.unit_of_work import unit_of_work

T = TypeVar("T", Hours, Break, ClosedPeriod, RoomClosure)


class Change(Protocol):
    """Something that is entered or taken back."""

    takes_away: ClassVar[bool]
    """Whether somebody who is booked can be touched by it."""

    def at(self, session: Session) -> At: ...

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        """Does it, inside a unit of work; what that is to those who are booked."""


# -- changes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewHours:
    """A week template; valid one day alone it is an exception, such as an extra evening or a day off."""

    hours: domain.Hours
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        return At(self.hours.clinic_id, self.hours.clinician_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        """Raises ValueError where it would change the past."""
        own = self.hours
        if own.valid_from < oslo(now).date() or (own.valid_until or own.valid_from) < own.valid_from:
            raise ValueError("hours begin today or later, and end after they begin")
        days = [HoursDay(weekday=each.weekday, start_minute=each.start, end_minute=each.end) for each in own.days]
        row = Hours(
            clinic_id=own.clinic_id,
            clinician_id=own.clinician_id,
            valid_from=own.valid_from,
            valid_until=own.valid_until,
            weeks=own.weeks.value if own.weeks else None,
        )
        _instead(session, row, days=days)
        return _of_hours(self.at(session), _valid(office, own.valid_from, own.valid_until, now=now))


@dataclass(frozen=True, slots=True)
class DropHours:
    """A week template is taken back: what stood before it stands again, from today on if it has begun."""

    hours_id: int
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        row = _standing(session, Hours, self.hours_id)
        return At(row.clinic_id, row.clinician_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        row, today = _standing(session, Hours, self.hours_id), oslo(now).date()
        if row.valid_until is not None and row.valid_until < today:
            raise ChangedMeanwhile
        cause = _of_hours(self.at(session), _valid(office, max(row.valid_from, today), row.valid_until, now=now))
        _end(session, row, today - timedelta(days=1))
        return cause


@dataclass(frozen=True, slots=True)
class EndHours:
    """Somebody stops working at a clinic; `last` is her last day there."""

    clinic_id: int
    clinician_id: int
    last: date
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        return At(self.clinic_id, self.clinician_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        hers = Hours.clinic_id == self.clinic_id, Hours.clinician_id == self.clinician_id
        for row in session.scalars(select(Hours).where(*hers)):
            if row.valid_until is None or row.valid_until > self.last:
                _end(session, row, self.last)
        return _of_hours(self.at(session), _valid(office, self.last + timedelta(days=1), None, now=now))


@dataclass(frozen=True, slots=True)
class NewBreak:
    """A daily pause from now on; minutes past midnight on the wall in Oslo."""

    clinic_id: int
    clinician_id: int | None
    start: int
    end: int
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        return At(self.clinic_id, self.clinician_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        whose = {"clinic_id": self.clinic_id, "clinician_id": self.clinician_id}
        _instead(session, Break(**whose, start_minute=self.start, end_minute=self.end))
        return _of_hours(self.at(session), _valid(office, oslo(now).date(), None, now=now))


@dataclass(frozen=True, slots=True)
class DropBreak:
    break_id: int
    takes_away: ClassVar[bool] = False

    def at(self, session: Session) -> At:
        row = _standing(session, Break, self.break_id)
        return At(row.clinic_id, row.clinician_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        cause = _of_hours(self.at(session), _valid(office, oslo(now).date(), None, now=now))
        session.delete(_standing(session, Break, self.break_id))
        return cause


@dataclass(frozen=True, slots=True)
class Close:
    """A clinic, or (None) all of them, is closed for this period, and says so by this name."""

    clinic_id: int | None
    period: Period
    name: Name
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        return At(self.clinic_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        times = {"starts_at": self.period.start, "ends_at": self.period.end}
        _instead(session, ClosedPeriod(clinic_id=self.clinic_id, **times), name=self.name)
        return Cause(kind=CauseKind.CLOSED, period=self.period, clinic_id=self.clinic_id)


@dataclass(frozen=True, slots=True)
class Reopen:
    """A closed period is taken back."""

    closed_id: int
    takes_away: ClassVar[bool] = False

    def at(self, session: Session) -> At:
        return At(_standing(session, ClosedPeriod, self.closed_id).clinic_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        row = _standing(session, ClosedPeriod, self.closed_id)
        session.delete(row)
        return Cause(kind=CauseKind.CLOSED, period=Period(row.starts_at, row.ends_at), clinic_id=row.clinic_id)


@dataclass(frozen=True, slots=True)
class TakeOut:
    """A room is out of use. `reason`: in the clinic's own words, for its own use."""

    room_id: int
    period: Period
    reason: str
    takes_away: ClassVar[bool] = True

    def at(self, session: Session) -> At:
        return At(session.get_one(Room, self.room_id).clinic_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        times = {"starts_at": self.period.start, "ends_at": self.period.end}
        _instead(session, RoomClosure(room_id=self.room_id, **times), reason=self.reason)
        return Cause(kind=CauseKind.ROOM, period=self.period, room_id=self.room_id)


@dataclass(frozen=True, slots=True)
class PutBack:
    """A room can be used again."""

    closure_id: int
    takes_away: ClassVar[bool] = False

    def at(self, session: Session) -> At:
        return At(session.get_one(Room, _standing(session, RoomClosure, self.closure_id).room_id).clinic_id)

    def enter(self, session: Session, office: Office, *, now: datetime) -> Cause:
        row = _standing(session, RoomClosure, self.closure_id)
        session.delete(row)
        return Cause(kind=CauseKind.ROOM, period=Period(row.starts_at, row.ends_at), room_id=row.room_id)


# -- looking and saving -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do. `touched`: appointments by id, in order of time; `days`: none for all clinics at once;
    `minutes`: of the short visit; `seen`: stands for all this, so that saving knows whether it is still so."""

    touched: tuple[int, ...]
    days: tuple[OfferedDay, ...]
    minutes: int
    seen: str


def preview(office: Office, change: Change, *, now: datetime) -> Preview:
    """Enters the change, looks, and takes it back. Raises ChangedMeanwhile if what it is about is gone."""
    with Session(db.engine) as session:
        session.connection(execution_options={"writing": True})
        at = change.at(session)
        facts = facts_at(session, at.clinic_id)
        before = Days(session, office, at, now=now)
        cause = change.enter(session, office, now=now)
        session.flush()
        touched = _touched(session, office, change, cause, now=now)
        days, minutes = before.compared(cause.period)
        return Preview(touched, days, minutes, _seen(facts, touched))


def save(office: Office, change: Change, *, seen: str, who: Who, now: datetime) -> int | None:
    """Saves what was previewed; the id of the disruption that it is, None if it touches nobody. Who waits is
    asked about the times that it gives.

    Raises ChangedMeanwhile if somebody has changed hours there since, or booked what it touches.
    """

    def work(session: Session) -> int | None:
        at = change.at(session)
        clinics_to_change(session, at.clinic_id)
        facts = facts_at(session, at.clinic_id)
        with gains_noted(session, office, _clinics_of(session, at), now=now):
            cause = change.enter(session, office, now=now)
        if seen != _seen(facts, _touched(session, office, change, cause, now=now)):
            raise ChangedMeanwhile
        _settle(session, office, change, cause, now=now)
        disruption = disrupt(session, office, cause, who, now=now) if change.takes_away else None
        about = About(clinician_id=at.clinician_id, clinic_id=at.clinic_id)
        note(session, office, who, "hours", about, now=now)
        return disruption.id if disruption else None

    return unit_of_work(work)


def copied(session: Session, at: At, monday: date) -> tuple[DayHours, ...]:
    """The hours of the week that begins on `monday`, single days that are otherwise included, to be entered anew."""
    rows = select(Hours).where(
        Hours.clinic_id == at.clinic_id, Hours.clinician_id.is_not_distinct_from(at.clinician_id)
    )
    templates = [template_of(row) for row in session.scalars(rows)]
    days = (monday + timedelta(days=number) for number in range(7))
    return tuple(each for day in days for each in hours_on(templates, day))


def _clinics_of(session: Session, at: At) -> list[int]:
    return [clinic.id for clinic in all_clinics(session)] if at.clinic_id is None else [at.clinic_id]


def _touched(session: Session, office: Office, change: Change, cause: Cause, *, now: datetime) -> tuple[int, ...]:
    if not change.takes_away:
        return ()
    return tuple(appointment.id for appointment in touched_by(session, office, cause, now=now))


def _seen(facts: object, touched: Sequence[int]) -> str:
    return hashlib.sha256(json.dumps([facts, touched], default=str).encode()).hexdigest()


# -- what it is to those who are booked -------------------------------------------------------------------------------


def _settle(session: Session, office: Office, change: Change, cause: Cause, *, now: datetime) -> None:
    """What earlier changes touched, and what can stay now that this one is made, is touched no more."""
    for disruption in disruptions_by(session, cause.kind, cause.clinic_id, cause.clinician_id, cause.room_id):
        still = _still_touched(session, office, change, cause, disruption, now=now)
        gone = [row for row in disruption.touched if row.state == OPEN and row.appointment_id not in still]
        if gone:
            touch_no_more(session, office, disruption, gone, now=now)


def _still_touched(
    session: Session, office: Office, change: Change, cause: Cause, disruption: Disruption, *, now: datetime
) -> Collection[int]:
    """By id. Hours are read as they are now; a closing is not read at all, so that one taken back touches nobody."""
    own = Cause.of(disruption)
    if own == cause and not change.takes_away and cause.kind is not CauseKind.HOURS:
        return ()
    return {appointment.id for appointment in touched_by(session, office, own, now=now)}


def _of_hours(at: At, period: Period) -> Cause:
    return Cause(kind=CauseKind.HOURS, period=period, clinic_id=at.clinic_id, clinician_id=at.clinician_id)


def _valid(office: Office, first: date, last: date | None, *, now: datetime) -> Period:
    """From the first to the last day, but not beyond what can be booked today: later bookings go by the new hours."""
    booked = oslo(now).date() + office.horizon
    last = max(first, booked if last is None else min(last, booked))
    return Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))


def _instead(session: Session, row: T, **more: object) -> None:
    """Adds the row with all that it says; what was entered for the very same times before is gone: this is meant."""
    table, facts = type(row), {name: value for name, value in vars(row).items() if not name.startswith("_")}
    same = (getattr(table, name).is_not_distinct_from(value) for name, value in facts.items())
    for before in session.scalars(select(table).where(*same)):
        session.delete(before)
    for name, value in more.items():
        setattr(row, name, value)
    session.add(row)


def _end(session: Session, row: Hours, last: date) -> None:
    if row.valid_from > last:
        session.delete(row)
    else:
        row.valid_until = last


def _standing(session: Session, table: type[T], id: int) -> T:
    """What is to be taken back, if nobody has done so before."""
    row = session.get(table, id)
    if row is None:
        raise ChangedMeanwhile
    return row
