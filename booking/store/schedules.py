"""Schedules: week templates, breaks, closed periods and absences, and what is taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    Select,
    and_,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.domain import schedule as domain
from booking.domain.period import Period
from booking.domain.schedule import Name
from booking.domain.slot import TakenRow
from booking.store.appointments import LIVE, Appointment
from booking.store.busy import BusyTime
from booking.store.clinics import Clinic, Room, all_clinics
from booking.store.database import Base
from booking.store.holds import HeldTime, Hold
from booking.store.people import Clinician, all_clinicians


class Hours(Base):
    """A week template of a clinic (`clinician_id` null) or of a clinician there, valid on dates both included.

    `weeks`: odd or even (`domain.Weeks`); null: every week.
    """

    __tablename__ = "hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"), index=True)
    clinician_id: Mapped[int | None] = mapped_column(ForeignKey("clinicians.id"), index=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    weeks: Mapped[str | None]

    days: Mapped[list[HoursDay]] = relationship(
        order_by="HoursDay.weekday", lazy="selectin", cascade="all, delete-orphan"
    )


class HoursDay(Base):
    """Minutes past midnight on the wall in Oslo; Monday is 0."""

    __tablename__ = "hours_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("hours.id"), index=True)
    weekday: Mapped[int]
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class Break(Base):
    __tablename__ = "breaks"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"), index=True)
    clinician_id: Mapped[int | None] = mapped_column(ForeignKey("clinicians.id"))
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class ClosedPeriod(Base):
    """Closed by a name, at one clinic or (`clinic_id` null) at all."""

    __tablename__ = "closed_periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[Name]


class Absence(Base):
    """`kind` is for the clinic's own use; no patient is told."""

    __tablename__ = "absences"
    __table_args__ = (Index(None, "clinician_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str]


class RoomClosure(Base):
    """A room is out of use. `reason`: in the clinic's own words, for its own use."""

    __tablename__ = "room_closures"
    __table_args__ = (Index(None, "room_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]


def schedule_of(session: Session, clinic_ids: Collection[int], period: Period) -> domain.Schedule:
    """The planning facts of these clinics, and of the other clinics where their clinicians work, for `period`.

    Eight statements, however many clinics and clinicians; fewer where the transaction has asked for all of them before.
    """
    staff = select(Hours.clinician_id).where(Hours.clinic_id.in_(clinic_ids), Hours.clinician_id.is_not(None))
    places = select(Hours.clinic_id).where(Hours.clinician_id.in_(staff))
    opening = and_(Hours.clinician_id.is_(None), or_(Hours.clinic_id.in_(clinic_ids), Hours.clinic_id.in_(places)))
    rows = session.scalars(select(Hours).where(or_(Hours.clinician_id.in_(staff), opening)).order_by(Hours.id)).all()
    clinician_ids = {row.clinician_id for row in rows if row.clinician_id is not None}
    reached = {row.clinic_id for row in rows if row.clinician_id is not None} | set(clinic_ids)
    return domain.Schedule(
        clinics=tuple(_clinic(row, row.rooms) for row in all_clinics(session) if row.id in reached),
        clinicians=tuple(_clinician(row) for row in all_clinicians(session) if row.id in clinician_ids),
        hours=tuple(template_of(row) for row in rows),
        breaks=tuple(_break(row) for row in session.scalars(select(Break).where(Break.clinic_id.in_(reached)))),
        closed=tuple(_closed(row) for row in session.scalars(_closings(reached, period))),
        absences=tuple(_away(session, clinician_ids, period)),
        room_closures=tuple(_room_closures(session, reached, period)),
    )


def opening_hours(session: Session, clinics: Collection[Clinic], period: Period) -> domain.Schedule:
    """When these clinics are open and what closes them in `period`, without their rooms and who works there."""
    clinic_ids = {clinic.id for clinic in clinics}
    own = select(Hours).where(Hours.clinician_id.is_(None), Hours.clinic_id.in_(clinic_ids)).order_by(Hours.id)
    return domain.Schedule(
        clinics=tuple(_clinic(row, ()) for row in clinics),
        clinicians=(),
        hours=tuple(template_of(row) for row in session.scalars(own)),
        breaks=(),
        closed=tuple(_closed(row) for row in session.scalars(_closings(clinic_ids, period))),
        absences=(),
    )


@dataclass(frozen=True, slots=True)
class Own:
    """What is the asker's own, by id, so that it does not stand in her way."""

    holds: Collection[int] = ()
    appointments: Collection[int] = ()


NOTHING_OWN = Own()


def taken_rows(
    session: Session,
    schedule: domain.Schedule,
    period: Period,
    *,
    now: datetime,
    but_hold: int | None = None,
    own: Own = NOTHING_OWN,
) -> Sequence[TakenRow]:
    """(clinician, room, start, end) of every live appointment and held time of the schedule's clinics that begins in
    `period`; start and end in seconds since 1970-01-01 UTC. `but_hold`: the visitor's own hold does not count."""
    return session.execute(taken_query(schedule, period, now=now, but_hold=but_hold, own=own)).all()


def taken_query(
    schedule: domain.Schedule,
    period: Period,
    *,
    now: datetime,
    but_hold: int | None = None,
    own: Own = NOTHING_OWN,
) -> CompoundSelect[int, int, int, int]:
    """The statement behind `taken_rows`."""
    clinic_ids = [clinic.id for clinic in schedule.clinics]
    kept = _busy(Appointment, clinic_ids, period).where(Appointment.status.in_(LIVE))
    held = _busy(HeldTime, clinic_ids, period).join(Hold).where(Hold.expires_at > now)
    if but_hold is not None:
        held = held.where(Hold.id != but_hold)
    if own.holds:
        held = held.where(Hold.id.not_in(own.holds))
    if own.appointments:
        kept = kept.where(Appointment.id.not_in(own.appointments))
    return union_all(kept, held)


def at_work(today: date) -> tuple[ColumnElement[bool], ...]:
    """Which hours are those of a clinician, today or later."""
    return Hours.clinician_id.is_not(None), or_(Hours.valid_until.is_(None), Hours.valid_until >= today)


def workplaces(session: Session, clinic_ids: Collection[int] | None = None, *, today: date) -> list[tuple[int, int]]:
    """(clinic, clinician) of everybody who has hours there (at one of these, or anywhere) today or later, by their ids.

    One statement.
    """
    pairs = select(Hours.clinic_id, Hours.clinician_id).where(*at_work(today)).distinct()
    if clinic_ids is not None:
        pairs = pairs.where(Hours.clinic_id.in_(clinic_ids))
    rows = session.execute(pairs.order_by(Hours.clinic_id, Hours.clinician_id))
    return [(clinic_id, clinician_id) for clinic_id, clinician_id in rows if clinician_id is not None]


def _busy(
    table: type[Appointment] | type[HeldTime], clinic_ids: list[int], period: Period
) -> Select[int, int, int, int]:
    return select(
        table.clinician_id,
        table.room_id,
        type_coerce(table.starts_at, BigInteger),
        type_coerce(table.ends_at, BigInteger),
    ).where(
        table.clinic_id.in_(clinic_ids),
        table.starts_at >= period.start,
        table.starts_at < period.end,
    )


def _closings(clinic_ids: Collection[int], period: Period) -> Select[ClosedPeriod]:
    ours = or_(ClosedPeriod.clinic_id.is_(None), ClosedPeriod.clinic_id.in_(clinic_ids))
    met = ClosedPeriod.ends_at > period.start, ClosedPeriod.starts_at < period.end
    return select(ClosedPeriod).where(ours, *met).order_by(ClosedPeriod.starts_at, ClosedPeriod.id)


def _away(session: Session, clinician_ids: Collection[int], period: Period) -> Iterable[domain.Absence]:
    """When they are not there: absent, or busy by a calendar of their own. One statement."""
    rows = session.execute(union_all(*(_away_by(table, clinician_ids, period) for table in (Absence, BusyTime))))
    return (domain.Absence(clinician_id, Period(start, end)) for clinician_id, start, end in rows)


def _away_by(
    table: type[Absence] | type[BusyTime], clinician_ids: Collection[int], period: Period
) -> Select[int, datetime, datetime]:
    met = table.clinician_id.in_(clinician_ids), table.ends_at > period.start, table.starts_at < period.end
    return select(table.clinician_id, table.starts_at, table.ends_at).where(*met)


def _room_closures(session: Session, clinic_ids: Collection[int], period: Period) -> Iterable[domain.RoomClosure]:
    met = RoomClosure.ends_at > period.start, RoomClosure.starts_at < period.end
    columns = select(RoomClosure.room_id, RoomClosure.starts_at, RoomClosure.ends_at)
    rows = session.execute(columns.join(Room).where(Room.clinic_id.in_(clinic_ids), *met))
    return (domain.RoomClosure(room_id, Period(start, end)) for room_id, start, end in rows)


def _clinic(row: Clinic, rooms: Iterable[Room]) -> domain.Clinic:
    numbers = tuple(room.id for room in rooms)
    return domain.Clinic(row.id, row.slug, row.name, row.grid_minutes, row.buffer_minutes, numbers)


def _clinician(row: Clinician) -> domain.Clinician:
    return domain.Clinician(row.id, row.slug, row.name, row.needles)


def template_of(row: Hours) -> domain.Hours:
    """The row as planning reads it."""
    days = tuple(domain.DayHours(day.weekday, day.start_minute, day.end_minute) for day in row.days)
    weeks = domain.Weeks(row.weeks) if row.weeks else None
    return domain.Hours(row.clinic_id, row.clinician_id, row.valid_from, row.valid_until, days, weeks)


def _break(row: Break) -> domain.Break:
    return domain.Break(row.clinic_id, row.clinician_id, row.start_minute, row.end_minute)


def _closed(row: ClosedPeriod) -> domain.ClosedPeriod:
    return domain.ClosedPeriod(row.clinic_id, Period(row.starts_at, row.ends_at), row.name)
