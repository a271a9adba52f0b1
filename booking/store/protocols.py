"""Treatments, and the protocols that courses follow."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.domain import protocol as domain
from booking.domain.schedule import Name
from booking.store.database import Base, remembered


class Treatment(Base):
    """`price` in whole kroner with VAT; `vat_rate` in per cent; `minutes` of clinician and room."""

    __tablename__ = "treatments"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Name]
    minutes: Mapped[int]
    price: Mapped[int]
    vat_rate: Mapped[int]
    needles: Mapped[bool]

    def value(self) -> domain.Treatment:
        return domain.Treatment(self.id, self.slug, self.name, self.minutes, self.price, self.needles)


class Protocol(Base):
    """A course as offered by one clinic, or by all (`clinic_id` null). Gaps in days, slips and start in weeks."""

    __tablename__ = "protocols"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"))
    name: Mapped[Name]
    min_gap: Mapped[int]
    max_gap: Mapped[int]
    max_slips: Mapped[int]
    start_weeks: Mapped[int]
    review_gap: Mapped[int]
    exclusive: Mapped[bool]

    steps: Mapped[list[ProtocolStep]] = relationship(order_by="ProtocolStep.position", lazy="selectin")


class ProtocolStep(Base):
    """One appointment of a protocol; the window in days after session 1, null for sessions."""

    __tablename__ = "protocol_steps"
    __table_args__ = (UniqueConstraint("protocol_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocols.id"))
    position: Mapped[int]
    kind: Mapped[str]
    number: Mapped[int]
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    earliest_day: Mapped[int | None]
    latest_day: Mapped[int | None]
    target_day: Mapped[int | None]

    treatment: Mapped[Treatment] = relationship(lazy="joined", innerjoin=True)

    def value(self) -> domain.Step:
        window = None
        if self.earliest_day is not None and self.latest_day is not None and self.target_day is not None:
            window = domain.Window(self.earliest_day, self.latest_day, self.target_day)
        return domain.Step(domain.StepKind(self.kind), self.number, self.treatment.value(), window)


@remembered(Protocol, ProtocolStep, Treatment)
def protocol_by_slug(session: Session, slug: str) -> domain.Protocol | None:
    row = session.scalar(select(Protocol).where(Protocol.slug == slug))
    return _value(row) if row else None


@remembered(Protocol, ProtocolStep, Treatment)
def protocol_by_id(session: Session, protocol_id: int) -> domain.Protocol:
    return _value(session.get_one(Protocol, protocol_id))


@remembered(Treatment)
def treatment_by_id(session: Session, treatment_id: int) -> domain.Treatment:
    return session.get_one(Treatment, treatment_id).value()


class ProtocolHead(NamedTuple):
    """What booking must know of a protocol, without its steps."""

    slug: str
    exclusive: bool


@remembered(Protocol)
def protocol_head(session: Session, protocol_id: int) -> ProtocolHead:
    row = select(Protocol.slug, Protocol.exclusive).where(Protocol.id == protocol_id)
    return ProtocolHead(*session.execute(row).one())


def all_treatments(session: Session) -> list[Treatment]:
    return list(session.scalars(select(Treatment).order_by(Treatment.id)))


def _value(row: Protocol) -> domain.Protocol:
    return domain.Protocol(
        id=row.id,
        slug=row.slug,
        name=row.name,
        steps=tuple(step.value() for step in row.steps),
        min_gap=row.min_gap,
        max_gap=row.max_gap,
        max_slips=row.max_slips,
        start_weeks=row.start_weeks,
        review_gap=row.review_gap,
        exclusive=row.exclusive,
    )
