"""Disruptions: what has been taken out of a schedule, the appointments it touches, and what is proposed for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.store.database import Base


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

    `proposal` and `others`: places as JSON {start: seconds since 1970-01-01 UTC, clinician, clinic}; the others are
    held by `hold_id` until `answer_by`. `token_hash`: of the link in the message. `sequence`: the appointment's when
    it was proposed for.
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
