"""Busy times from clinicians' own calendars: where they come from, and when she is taken there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, LargeBinary, delete, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.domain.period import Period
from booking.store.accounts import Account
from booking.store.appointments import BOOKED, CANCELLED, PENDING, Appointment
from booking.store.courses import Course
from booking.store.database import Base
from booking.store.tasks import Task

CLASH = "clash"
"""A kind of task: something booked meets a busy time."""


class BusySource(Base):
    """A calendar of a clinician's own: an address that is asked again and again, or (`url` null) an uploaded file.

    `url`: encrypted, for it is a secret. `etag`, `last_modified`: what the server said with the last good copy.
    `fetched_at`: when that copy was last what the server had; `checked_at`: when it was last asked (null: it is to be
    asked at once), or a file last compared with what is booked; `failure`: a word for why the last try failed, or
    `partly` if some of the copy could not be read, null if all is well. `flagged`: how many of its entries have an
    unknown time zone, and were read in ours.
    """

    __tablename__ = "busy_sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"), index=True)
    name: Mapped[str]
    url: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None] = mapped_column(index=True)
    failure: Mapped[str | None]
    flagged: Mapped[int] = mapped_column(default=0)


class BusyTime(Base):
    """When a clinician is taken elsewhere. Start and end only: nothing of what it is about is kept."""

    __tablename__ = "busy_times"
    __table_args__ = (Index(None, "clinician_id", "ends_at"), Index(None, "ends_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("busy_sources.id"), index=True)
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class ClinicianFeed(Base):
    """The secret feed of a clinician's appointments. `names`: initials, busy or full. As `links`, by a random id."""

    __tablename__ = "clinician_feeds"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"), unique=True)
    names: Mapped[str]
    language: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)
    token_hash: Mapped[str] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]


# -- what is asked of them --------------------------------------------------------------------------------------------


class Source(NamedTuple):
    """A calendar of hers, and how many busy times it has told that are not over."""

    row: BusySource
    to_come: int


def sources_of(session: Session, clinician_id: int, *, now: datetime) -> list[Source]:
    """Her calendars, the oldest first; one statement."""
    to_come = select(func.count()).where(BusyTime.source_id == BusySource.id, BusyTime.ends_at > now)
    rows = select(BusySource, to_come.scalar_subquery()).where(BusySource.clinician_id == clinician_id)
    return [Source(row, count) for row, count in session.execute(rows.order_by(BusySource.id))]


def sources_due(
    session: Session, *, checked_before: datetime, now: datetime, working: Collection[int], most: int
) -> list[int]:
    """The sources (by their ids) that nobody has looked after since, those never looked after first."""
    due = is_due(checked_before=checked_before, now=now, working=working)
    rows = select(BusySource.id).where(due).order_by(BusySource.checked_at.nulls_first(), BusySource.id)
    return list(session.scalars(rows.limit(most)))


def is_due(*, checked_before: datetime, now: datetime, working: Collection[int]) -> ColumnElement[bool]:
    """Whether a source is to be looked after; so is one whose clock was ahead of ours. An address is asked only as long
    as its clinician has an account, and is one of those who are `working` here."""
    old = or_(BusySource.checked_at.is_(None), BusySource.checked_at <= checked_before, BusySource.checked_at > now)
    signs_in = exists().where(Account.clinician_id == BusySource.clinician_id, Account.active)
    return old & or_(BusySource.url.is_(None), signs_in & BusySource.clinician_id.in_(working))


def times_of(session: Session, source_id: int) -> list[BusyTime]:
    return list(session.scalars(select(BusyTime).where(BusyTime.source_id == source_id)))


def drop_times(session: Session, *, ended_by: datetime) -> int:
    """Deletes the busy times that were over then; how many."""
    gone = delete(BusyTime).where(BusyTime.ends_at <= ended_by).returning(BusyTime.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())


def any_time(session: Session, *, ended_by: datetime) -> bool:
    """Whether a busy time was over then."""
    return session.scalar(select(BusyTime.id).where(BusyTime.ends_at <= ended_by).limit(1)) is not None


def feed_of(session: Session, clinician_id: int) -> ClinicianFeed | None:
    return session.scalar(select(ClinicianFeed).where(ClinicianFeed.clinician_id == clinician_id))


def feed_by_hash(session: Session, token_hash: str) -> ClinicianFeed | None:
    """None for a clinician, too, whose account is closed."""
    works_here = exists().where(Account.clinician_id == ClinicianFeed.clinician_id, Account.active)
    return session.scalar(select(ClinicianFeed).where(ClinicianFeed.token_hash == token_hash, works_here))


class FeedRow(NamedTuple):
    """An appointment as a clinician's feed needs it; `name`: the patient's."""

    id: int
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    status: str
    updated_at: datetime
    clinic_id: int
    name: str


def feed_rows(session: Session, clinician_id: int, period: Period) -> list[FeedRow]:
    """Her appointments that touch `period` and are not cancelled, in order of time; one statement."""
    rows = (
        select(
            Appointment.id,
            Appointment.uid,
            Appointment.sequence,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.status,
            Appointment.updated_at,
            Appointment.clinic_id,
            Course.name,
        )
        .join(Course, Course.id == Appointment.course_id)
        .where(Appointment.clinician_id == clinician_id, Appointment.status != CANCELLED)
        .where(Appointment.ends_at > period.start, Appointment.starts_at < period.end)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [FeedRow(*row) for row in session.execute(rows)]


# -- clashes ----------------------------------------------------------------------------------------------------------


class Clash(NamedTuple):
    """Something booked that meets a busy time of its clinician; an appointment may meet several."""

    course_id: int
    appointment_id: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime


def clashes_of(session: Session, clinician_ids: Collection[int], *, now: datetime) -> list[Clash]:
    """What is booked with these clinicians, is to come, and meets a busy time; by clinician, in order of time.

    Two statements, and one sweep over both: a join would compare each visit with every later busy time.
    """
    hers = Appointment.clinician_id.in_(clinician_ids), BusyTime.clinician_id.in_(clinician_ids)
    return list(_swept(_visits(session, now, hers[0]), _busy(session, hers[1], BusyTime.ends_at > now)))


def clashes_at(session: Session, appointment_id: int, *, now: datetime) -> list[Clash]:
    """The same for one appointment."""
    visits = _visits(session, now, Appointment.id == appointment_id)
    if not visits:
        return []
    (visit,) = visits
    met = BusyTime.ends_at > visit.starts_at, BusyTime.starts_at < visit.ends_at
    return list(_swept(visits, _busy(session, BusyTime.clinician_id == visit.clinician_id, *met)))


def clash_tasks(session: Session, appointment_ids: Collection[int]) -> list[Task]:
    """What the clinic was told about clashes of these appointments, done or not; one statement."""
    rows = select(Task).where(Task.kind == CLASH, Task.appointment_id.in_(appointment_ids))
    return list(session.scalars(rows.order_by(Task.id)))


def settled_clashes(session: Session, *, now: datetime) -> list[tuple[int | None, int]]:
    """(course, task), by their ids, of the open tasks about something that meets no busy time any more; one
    statement."""
    still = exists().where(Appointment.id == Task.appointment_id, *_to_come(now), exists().where(*_MEETS))
    rows = select(Task.course_id, Task.id).where(Task.kind == CLASH, Task.done_at.is_(None), ~still)
    return [(course_id, id) for course_id, id in session.execute(rows.order_by(Task.id))]


_MEETS = (
    BusyTime.clinician_id == Appointment.clinician_id,
    BusyTime.ends_at > Appointment.starts_at,
    BusyTime.starts_at < Appointment.ends_at,
)


def _to_come(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Appointment.status.in_((PENDING, BOOKED)), Appointment.starts_at > now


class _Visit(NamedTuple):
    clinician_id: int
    starts_at: datetime
    ends_at: datetime
    id: int
    course_id: int
    updated_at: datetime


class _Busy(NamedTuple):
    clinician_id: int
    starts_at: datetime
    ends_at: datetime


def _visits(session: Session, now: datetime, which: ColumnElement[bool]) -> list[_Visit]:
    rows = select(
        Appointment.clinician_id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.id,
        Appointment.course_id,
        Appointment.updated_at,
    ).where(which, *_to_come(now))
    return sorted(_Visit(*row) for row in session.execute(rows))


def _busy(session: Session, *which: ColumnElement[bool]) -> list[_Busy]:
    rows = select(BusyTime.clinician_id, BusyTime.starts_at, BusyTime.ends_at).where(*which)
    return sorted(_Busy(*row) for row in session.execute(rows))


def _swept(visits: Sequence[_Visit], busy: Sequence[_Busy]) -> Iterator[Clash]:
    """Both in order; one clinician's visits never overlap."""
    coming, met = deque(busy), list[_Busy]()
    for visit in visits:
        while coming and coming[0][:2] < (visit.clinician_id, visit.ends_at):
            met.append(coming.popleft())
        met = [each for each in met if each.clinician_id == visit.clinician_id and each.ends_at > visit.starts_at]
        for each in met:
            yield Clash(visit.course_id, visit.id, visit.updated_at, each.starts_at, each.ends_at)
