"""Holds: times kept for a visitor while she decides, and what she has answered so far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.domain.course import Deviation
from booking.store.database import Base


class Hold(Base):
    """One visitor's unfinished booking. `visitor` and `address` are keyed hashes; `answers` is encrypted.

    `query`: her wishes as they stood in the URL; `revision` counts her choices, so that an older tab is noticed;
    `course_id`: the course it became, so that a second click does no harm. `change_id`: it keeps the times that this
    change left, as long as the change can be undone; then nobody visits. `lapse_noted`: when the waiting list was last
    told that its times can be had again; it is told once each time the hold runs out.
    """

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(index=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocols.id"))
    new_patient: Mapped[bool]
    query: Mapped[str]
    answers: Mapped[bytes | None]
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    extended: Mapped[bool] = mapped_column(default=False)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("changes.id"), index=True)
    lapse_noted: Mapped[datetime | None]

    times: Mapped[list[HeldTime]] = relationship(
        order_by="HeldTime.starts_at", lazy="selectin", cascade="all, delete-orphan"
    )


class HeldTime(Base):
    """One appointment to be; the columns mean what they mean in `appointments`."""

    __tablename__ = "held_times"

    id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("holds.id"), index=True)
    kind: Mapped[str]
    number: Mapped[int]
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"))
    clinician_id: Mapped[int] = mapped_column(ForeignKey("clinicians.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    price: Mapped[int]
    deviation: Mapped[Deviation | None]


def hold_of(session: Session, visitor: str) -> Hold | None:
    return session.scalar(select(Hold).where(Hold.visitor == visitor))


def hold_to_change(session: Session, visitor: str) -> Hold | None:
    """The same, for who changes it: nobody else does until the transaction ends."""
    return session.scalar(select(Hold).where(Hold.visitor == visitor).with_for_update())


def holds_of_changes(session: Session, change_ids: Collection[int]) -> list[Hold]:
    """What is kept so that these changes can be undone, in order of the changes."""
    if not change_ids:
        return []
    return list(session.scalars(select(Hold).where(Hold.change_id.in_(change_ids)).order_by(Hold.change_id)))


def live_holds_from(session: Session, address: str, *, now: datetime) -> int:
    """How many holds of this address keep times at this moment, for who is about to keep more.

    Where there are any, lapsed ones too, the next who asks waits until the transaction ends. They are locked in order,
    so that two who ask never wait in a ring.
    """
    unfinished = Hold.address == address, Hold.course_id.is_(None)
    session.execute(select(Hold.id).where(*unfinished).order_by(Hold.id).with_for_update())
    # Counted afterwards: a statement that has waited for others does not see the rows that they added.
    return session.scalar(select(func.count()).select_from(Hold).where(*unfinished, Hold.expires_at > now)) or 0
