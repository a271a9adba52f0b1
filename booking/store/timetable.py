"""Timetable: the appointments of a week or day with what is shown of each, and whether anything of it has changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.domain.period import Period
from booking.store.appointments import LIVE, Appointment
from booking.store.busy import BusyTime
from booking.store.courses import Course, Screening
from booking.store.database import remembered
from booking.store.holds import HeldTime, Hold
from booking.store.protocols import Protocol, ProtocolStep
from booking.store.replies import Reply
from booking.store.schedules import Absence, RoomClosure


class Entry(NamedTuple):
    """An appointment as the schedule shows it. `outcome`: of the health check, null where there was none."""

    id: int
    course_id: int
    kind: str
    number: int
    treatment_id: int
    clinic_id: int
    clinician_id: int
    room_id: int
    starts_at: datetime
    ends_at: datetime
    status: str
    sequence: int
    name: str
    needs: list[str]
    protocol_id: int
    outcome: str | None

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


class Whose(NamedTuple):
    """Of whom or what a schedule is: a clinician's, a clinic's, or a room's at its clinic."""

    clinician_id: int | None = None
    clinic_id: int | None = None
    room_id: int | None = None

    def conditions(self, table: type[Appointment] | type[HeldTime]) -> list[ColumnElement[bool]]:
        asked = (
            (table.clinician_id, self.clinician_id),
            (table.clinic_id, self.clinic_id),
            (table.room_id, self.room_id),
        )
        return [column == id for column, id in asked if id is not None]


def entries(session: Session, whose: Whose, period: Period) -> list[Entry]:
    """The live appointments that begin in `period`, in order of time; one statement."""
    own = Entry._fields[:12]
    columns = [getattr(Appointment, name) for name in own]
    rows = (
        select(*columns, Course.name, Course.needs, Course.protocol_id, Screening.outcome)
        .join(Course, Course.id == Appointment.course_id)
        .outerjoin(Screening, Screening.course_id == Course.id)
        .where(*whose.conditions(Appointment), *_begins(Appointment.starts_at, period))
        .where(Appointment.status.in_(LIVE))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [Entry._make(row) for row in session.execute(rows)]


class Kept(NamedTuple):
    """A time that is held for somebody."""

    clinician_id: int
    starts_at: datetime
    ends_at: datetime


def held_times(session: Session, whose: Whose, period: Period, *, now: datetime) -> list[Kept]:
    """The times that are kept for somebody who has not booked them yet, or who can still take a change back."""
    rows = (
        select(HeldTime.clinician_id, HeldTime.starts_at, HeldTime.ends_at)
        .join(Hold)
        .where(*whose.conditions(HeldTime), *_begins(HeldTime.starts_at, period), Hold.expires_at > now)
    )
    return [Kept(*row) for row in session.execute(rows.order_by(HeldTime.starts_at))]


def absences_in(session: Session, clinician_ids: Collection[int], period: Period) -> list[Absence]:
    """When these clinicians are away in `period`, with the kinds."""
    met = Absence.ends_at > period.start, Absence.starts_at < period.end
    return list(session.scalars(select(Absence).where(Absence.clinician_id.in_(clinician_ids), *met)))


def busy_in(session: Session, clinician_ids: Collection[int], period: Period) -> list[Kept]:
    """When these clinicians' own calendars have something in `period`."""
    met = BusyTime.ends_at > period.start, BusyTime.starts_at < period.end
    rows = select(BusyTime.clinician_id, BusyTime.starts_at, BusyTime.ends_at).where(
        BusyTime.clinician_id.in_(clinician_ids), *met
    )
    return [Kept(*row) for row in session.execute(rows)]


def room_closures_in(session: Session, room_ids: Collection[int], period: Period) -> list[RoomClosure]:
    """When these rooms are out of use in `period`."""
    met = RoomClosure.ends_at > period.start, RoomClosure.starts_at < period.end
    return list(session.scalars(select(RoomClosure).where(RoomClosure.room_id.in_(room_ids), *met)))


@remembered(Protocol, ProtocolStep)
def session_counts(session: Session) -> dict[int, int]:
    """How many sessions each protocol has, by its id."""
    rows = select(ProtocolStep.protocol_id, func.count()).where(ProtocolStep.kind == "session")
    return {row[0]: row[1] for row in session.execute(rows.group_by(ProtocolStep.protocol_id))}


def state_of(session: Session, whose: Whose, clinician_ids: Collection[int], period: Period) -> str:
    """A word that is another one as soon as an appointment, answer, absence or busy time of the schedule is; one
    statement."""
    shown = (*whose.conditions(Appointment), *_begins(Appointment.starts_at, period))
    counted = (func.count(), func.sum(Appointment.version), func.sum(Appointment.id))
    answers = select(func.max(Reply.id)).join(Appointment, Appointment.id == Reply.appointment_id)
    asked = [select(each).select_from(Appointment).where(*shown) for each in counted] + [answers.where(*shown)]
    for table in (Absence, BusyTime):
        met = table.clinician_id.in_(clinician_ids), table.ends_at > period.start, table.starts_at < period.end
        ends = func.sum(type_coerce(table.ends_at, BigInteger))
        asked += [select(each).select_from(table).where(*met) for each in (func.count(), func.max(table.id), ends)]
    facts = session.execute(select(*(each.scalar_subquery() for each in asked))).one()
    return "-".join(str(int(fact or 0)) for fact in facts)


def _begins(column: InstrumentedAttribute[datetime], period: Period) -> tuple[ColumnElement[bool], ...]:
    return column >= period.start, column < period.end
