"""Appointments, and the claims that keep two people from having the same time.

A claim is one resource (clinician, room, patient) at one five-minute step, under one primary key. Whoever inserts it
has it; an expired one (a hold that ran out) is taken over by the very statement that inserts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    SmallInteger,
    delete,
    event,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.domain.appointment import Status
from booking.domain.course import Deviation
from booking.domain.errors import SlotTaken
from booking.domain.period import Period, seconds_of
from booking.store.database import Base

PENDING, BOOKED, ARRIVED, FULFILLED, CANCELLED, NOSHOW = (status.value for status in Status)
LIVE = (PENDING, BOOKED, ARRIVED, FULFILLED, NOSHOW)
"""Appointments in one of these statuses take up their time."""


class Appointment(Base):
    """One visit. `number` counts steps of a kind from 1; `price` in whole kroner; `uid` and `sequence` as RFC 5545.

    `version` goes up with each change of the row, its status included, so that two people see each other's work.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        Index(None, "clinic_id", "starts_at", "status", "clinician_id", "room_id", "ends_at"),
        Index(None, "course_id", "starts_at"),
        Index(None, "clinician_id", "starts_at"),
        Index(None, "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    kind: Mapped[str]
    number: Mapped[int]
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"))
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    price: Mapped[int]
    deviation: Mapped[Deviation | None]
    status: Mapped[str]
    uid: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    updated_at: Mapped[datetime]

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


@event.listens_for(Appointment, "before_update")
def _count_version(mapper: object, connection: object, appointment: Appointment) -> None:
    appointment.version += 1


class Resource(IntEnum):
    CLINICIAN = 1
    ROOM = 2
    PATIENT = 3


class Claim(Base):
    """One resource at one step (five minutes, counted since 1970-01-01 UTC), for an appointment or a held time.

    `expires_at`: seconds since 1970-01-01 UTC; null for an appointment's claim, which stays.
    """

    __tablename__ = "claims"
    __table_args__ = (Index(None, "held_time_id"), Index(None, "appointment_id"))

    resource: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    resource_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))
    held_time_id: Mapped[int | None] = mapped_column(ForeignKey("held_times.id"))
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


_KEY = tuple_(Claim.resource, Claim.resource_id, Claim.step)

ClaimRow = tuple[int, int, int, int | None, int | None, int | None]
"""(resource, resource id, step, appointment id, held time id, expires at): as the table's columns."""


def claim(session: Session, rows: Iterable[ClaimRow], *, now: datetime) -> None:
    """Takes all of these claims or raises `SlotTaken`; expired claims of others are taken over.

    One statement, sorted by key, so that two bookers of overlapping courses wait for one another and never in a ring.
    """
    wanted = sorted(rows, key=lambda row: row[:3])
    if not wanted:
        return
    values = ",".join("(" + ",".join("NULL" if v is None else str(int(v)) for v in row) + ")" for row in wanted)
    result = session.connection().exec_driver_sql(
        "INSERT INTO claims (resource, resource_id, step, appointment_id, held_time_id, expires_at)"
        f" VALUES {values}"
        " ON CONFLICT (resource, resource_id, step) DO UPDATE SET appointment_id = excluded.appointment_id,"
        " held_time_id = excluded.held_time_id, expires_at = excluded.expires_at"
        f" WHERE claims.expires_at IS NOT NULL AND claims.expires_at <= {seconds_of(now)}"
    )
    if result.rowcount != len(wanted):
        raise SlotTaken


def keep_claims(session: Session, appointment_of: Mapping[int, int]) -> int:
    """Turns the claims of held times into those of appointments ({held time id: appointment id}); how many there were.

    A hold that has expired still has the claims that nobody took over meanwhile.
    """
    cases = " ".join(f"WHEN {int(held)} THEN {int(kept)}" for held, kept in appointment_of.items())
    ids = ",".join(str(int(held)) for held in appointment_of)
    result = session.connection().exec_driver_sql(
        f"UPDATE claims SET appointment_id = CASE held_time_id {cases} END, held_time_id = NULL, expires_at = NULL"
        f" WHERE held_time_id IN ({ids})"
    )
    return int(result.rowcount)


def held_claims(session: Session, held_time_ids: Sequence[int]) -> dict[int, int]:
    """How many claims each held time still has, expired ones included."""
    rows = select(Claim.held_time_id, func.count()).where(Claim.held_time_id.in_(held_time_ids))
    return {held: count for held, count in session.execute(rows.group_by(Claim.held_time_id)) if held is not None}


def drop_held_claims(session: Session, held_time_ids: Sequence[int]) -> None:
    session.execute(delete(Claim).where(Claim.held_time_id.in_(held_time_ids)))


def drop_appointment_claims(session: Session, appointment_ids: Sequence[int]) -> None:
    session.execute(delete(Claim).where(Claim.appointment_id.in_(appointment_ids)))


def claims_of(session: Session, appointment_ids: Collection[int], held_time_ids: Collection[int]) -> list[ClaimRow]:
    """The claims that these appointments and held times have."""
    claims = Claim.__table__.c
    columns = (claims.resource, claims.resource_id, claims.step, claims.appointment_id, claims.held_time_id)
    rows = session.execute(select(*columns, claims.expires_at).where(_owned(appointment_ids, held_time_ids)))
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def pass_on(
    session: Session, rows: Iterable[ClaimRow], appointment_ids: Collection[int], held_time_ids: Collection[int]
) -> None:
    """Gives claims that these appointments and held times have to the owners that `rows` name.

    Raises SlotTaken if one of them had expired and somebody has taken it over.
    """
    keys: defaultdict[tuple[int | None, int | None, int | None], list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows:
        keys[row[3:]].append(row[:3])
    for (appointment_id, held_time_id, expires_at), found in keys.items():
        values = {"appointment_id": appointment_id, "held_time_id": held_time_id, "expires_at": expires_at}
        given = update(Claim).where(_KEY.in_(found), _owned(appointment_ids, held_time_ids)).values(values)
        if session.connection().execute(given).rowcount != len(found):
            raise SlotTaken


def drop_claims(
    session: Session, rows: Iterable[ClaimRow], appointment_ids: Collection[int], held_time_ids: Collection[int]
) -> None:
    """Gives up those of the claims that are still these appointments' and held times'."""
    keys = [row[:3] for row in rows]
    if keys:
        gone = delete(Claim).where(_KEY.in_(keys), _owned(appointment_ids, held_time_ids))
        session.connection().execute(gone)


def _owned(appointment_ids: Collection[int], held_time_ids: Collection[int]) -> ColumnElement[bool]:
    return or_(Claim.appointment_id.in_(appointment_ids), Claim.held_time_id.in_(held_time_ids))


def appointments_by_id(session: Session, appointment_ids: Collection[int]) -> dict[int, Appointment]:
    """These appointments by their ids; one statement."""
    rows = session.scalars(select(Appointment).where(Appointment.id.in_(appointment_ids))) if appointment_ids else ()
    return {appointment.id: appointment for appointment in rows}


def appointments_of(session: Session, course_id: int) -> list[Appointment]:
    """All appointments of a course in order of time, cancelled ones included."""
    rows = select(Appointment).where(Appointment.course_id == course_id)
    return list(session.scalars(rows.order_by(Appointment.starts_at, Appointment.id)))
