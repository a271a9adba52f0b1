"""Disruptions: what has been taken out of a schedule, the appointments it touches, and what is proposed for each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.domain.period import Period
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import Base
from booking.store.register import Scope, courses_within
from booking.store.schedules import Absence


class Disruption(Base):
    """Something that makes booked times impossible. `kind`: absence, hours, closed or room.

    Exactly one of `clinician_id`, `clinic_id` and `room_id` says of whom or what, but hours name a clinician and a
    clinic. `made_at` to `closed_at`: as long as somebody it touches is to be re-planned.
    `version` goes up with everything that is done about it, so that two receptionists see each other's work.
    """

    __tablename__ = "disruptions"
    __table_args__ = (Index(None, "closed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    clinician_id: Mapped[int | None] = mapped_column(ForeignKey("clinicians.id"))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)

    touched: Mapped[list[Touched]] = relationship(
        order_by="Touched.id", lazy="selectin", cascade="all, delete-orphan", back_populates="disruption"
    )


class Touched(Base):
    """An appointment that a disruption touches. `state`: open (undecided), offered (moved, and she was told), kept (she
    took the new time), chosen (she took another), declined (she wants neither), settled (by hand, or not touched any
    more).

    `proposal` and `others`: places as JSON {start: seconds since 1970-01-01 UTC, clinician, clinic, room}; the others
    are held by `hold_id` until `answer_by`. `token_hash`: of the link in the message. `sequence`: the appointment's
    when it was touched.
    """

    __tablename__ = "touched"
    __table_args__ = (Index(None, "state", "answer_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    disruption_id: Mapped[int] = mapped_column(ForeignKey("disruptions.id"), index=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), index=True)
    state: Mapped[str]
    sequence: Mapped[int]
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    others: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id"), index=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    answer_by: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    disruption: Mapped[Disruption] = relationship(back_populates="touched")


OPEN, OFFERED, KEPT, CHOSEN, DECLINED, SETTLED = "open", "offered", "kept", "chosen", "declined", "settled"
"""The states of what is touched."""


def disruption_to_change(session: Session, disruption_id: int) -> Disruption | None:
    """For who changes it or what it touches: nobody else does until the transaction ends."""
    return session.get(Disruption, disruption_id, with_for_update=True)


def disruption_of(
    session: Session, kind: str, clinician_id: int, starts_at: datetime, ends_at: datetime
) -> Disruption | None:
    """The newest that came of this absence."""
    same = Disruption.kind == kind, Disruption.clinician_id == clinician_id
    rows = select(Disruption).where(*same, Disruption.starts_at == starts_at, Disruption.ends_at == ends_at)
    return session.scalar(rows.order_by(Disruption.id.desc()).limit(1).with_for_update())


def has_newer(session: Session, disruption: Disruption) -> bool:
    """Whether the same was taken away once more since."""
    same = Disruption.kind == disruption.kind, Disruption.clinician_id == disruption.clinician_id
    times = Disruption.starts_at == disruption.starts_at, Disruption.ends_at == disruption.ends_at
    newer = select(Disruption.id).where(*same, *times, Disruption.id > disruption.id)
    return session.scalar(newer.limit(1)) is not None


def open_disruptions(session: Session) -> list[Disruption]:
    """Those about which something is still to be done, the most urgent first."""
    rows = select(Disruption).where(Disruption.closed_at.is_(None))
    return list(session.scalars(rows.order_by(Disruption.starts_at, Disruption.id)))


def disruptions_to_watch(session: Session, *, made_after: datetime, now: datetime) -> list[int]:
    """The ids of those about which something is to be done, or that may touch what is booked meanwhile."""
    young = and_(Disruption.ends_at > now, Disruption.made_at > made_after)
    rows = select(Disruption.id).where(or_(Disruption.closed_at.is_(None), young))
    return list(session.scalars(rows.order_by(Disruption.id)))


def disruptions_at(session: Session, period: Period) -> list[int]:
    """The ids of those that take something away then, whether anything is to be done about them or not."""
    rows = select(Disruption.id).where(Disruption.ends_at > period.start, Disruption.starts_at < period.end)
    return list(session.scalars(rows.order_by(Disruption.id)))


def open_rows_of(session: Session, appointment_ids: Collection[int]) -> list[Touched]:
    """What is undecided of these appointments, whatever touched them."""
    undecided = Touched.state.in_((OPEN, OFFERED, DECLINED))
    return list(session.scalars(select(Touched).where(Touched.appointment_id.in_(appointment_ids), undecided)))


def count_to_replan(session: Session, scope: Scope, *, now: datetime) -> int:
    """How many of the touched appointments somebody has before her: undecided, declined, not told, or not answered."""
    unheard = or_(Touched.answer_by.is_(None), Touched.answer_by <= now, Course.email.is_(None))
    asks = or_(Touched.state.in_((OPEN, DECLINED)), and_(Touched.state == OFFERED, unheard))
    rows = select(func.count()).select_from(Touched).join(Appointment, Appointment.id == Touched.appointment_id)
    mine = rows.join(Course, Course.id == Appointment.course_id).where(asks, courses_within(scope))
    return session.scalar(mine) or 0


def touched_by_hash(session: Session, token_hash: str) -> Touched | None:
    return session.scalar(select(Touched).where(Touched.token_hash == token_hash))


def absences_of(session: Session, clinician_id: int, *, now: datetime) -> list[Absence]:
    """Those of a clinician that are not over, in order of time."""
    rows = select(Absence).where(Absence.clinician_id == clinician_id, Absence.ends_at > now)
    return list(session.scalars(rows.order_by(Absence.starts_at, Absence.id)))
