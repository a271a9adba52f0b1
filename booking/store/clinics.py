"""Clinics and their rooms."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import ForeignKey, false, select
from sqlalchemy.orm import Mapped, Session, lazyload, mapped_column, relationship

from booking.domain.schedule import Name
from booking.store.database import Base, remembered


class Group(Base):
    """The clinics together, as one house: one row. `demonstration`: everything in it is invented, and says so.

    `leading_article`: the one that every page leads to, by its name in addresses, under the words `leading_words`.
    """

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone_display: Mapped[str]
    phone_note: Mapped[Name | None]
    demonstration: Mapped[bool]
    leading_article: Mapped[str | None]
    leading_words: Mapped[Name | None]


class Clinic(Base):
    """A place with rooms and hours. Appointments start on `grid_minutes` and leave `buffer_minutes` after them.

    `latitude` and `longitude` in degrees (WGS 84), null for a clinic that is on no map. `cover`: the name of one of our
    own drawings, with its alternative text. `facts_on`: when somebody last looked whether what is said of it is true.
    """

    __tablename__ = "clinics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    name: Mapped[str]
    county: Mapped[str]
    municipality: Mapped[str]
    address: Mapped[str]
    postcode: Mapped[str]
    place: Mapped[str]
    phone_display: Mapped[str]
    phone_note: Mapped[Name | None]
    email: Mapped[str]
    transport: Mapped[Name]
    way_in: Mapped[Name]
    wear: Mapped[Name]
    intro: Mapped[Name]
    step_free: Mapped[bool]
    lift: Mapped[bool]
    lie_down: Mapped[bool]
    hearing_loop: Mapped[bool]
    toilet: Mapped[bool] = mapped_column(default=False, server_default=false())
    quiet_room: Mapped[bool] = mapped_column(default=False, server_default=false())
    parking: Mapped[Name | None]
    phone_hours: Mapped[Name | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    cover: Mapped[str | None]
    cover_alt: Mapped[Name | None]
    facts_on: Mapped[date | None]
    grid_minutes: Mapped[int]
    buffer_minutes: Mapped[int]
    cancel_hours: Mapped[int]

    rooms: Mapped[list[Room]] = relationship(order_by="Room.id", lazy="selectin")

    @property
    def full_address(self) -> str:
        return _full_address(self.address, self.postcode, self.place)


class Room(Base):
    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"), index=True)
    name: Mapped[str]


@remembered(Group)
def the_group(session: Session) -> Group:
    """The house; one without a name of its own before any data was entered."""
    unnamed = Group(name="Booking", phone_display="", phone_note=None, demonstration=False)
    return session.scalars(select(Group)).first() or unnamed


@remembered(Clinic, Room)
def all_clinics(session: Session) -> list[Clinic]:
    """Every clinic with its rooms, in display order."""
    return list(session.scalars(select(Clinic).order_by(Clinic.position)))


class ClinicName(NamedTuple):
    """What it takes to lead to a clinic's page."""

    name: str
    slug: str
    full_address: str


def first_clinics(session: Session, most: int) -> list[ClinicName]:
    """The first clinics in display order."""
    columns = select(Clinic.name, Clinic.slug, Clinic.address, Clinic.postcode, Clinic.place)
    rows = session.execute(columns.order_by(Clinic.position).limit(most))
    return [ClinicName(name, slug, _full_address(*where)) for name, slug, *where in rows]


class ClinicFacts(NamedTuple):
    """What is looked at of every clinic to find the few that are shown; `Clinic` says what it means."""

    id: int
    slug: str
    position: int
    name: str
    county: str
    municipality: str
    postcode: str
    place: str
    latitude: float | None
    longitude: float | None
    step_free: bool
    lift: bool
    lie_down: bool
    hearing_loop: bool
    toilet: bool
    quiet_room: bool


@remembered(Clinic)
def clinic_facts(session: Session) -> list[ClinicFacts]:
    """Every clinic in display order, without what takes long to read of hundreds."""
    facts = select(*(getattr(Clinic, name) for name in ClinicFacts._fields)).order_by(Clinic.position)
    return [ClinicFacts(*row) for row in session.execute(facts)]


def clinics_of(session: Session, ids: Collection[int]) -> dict[int, Clinic]:
    """These clinics by their ids; their rooms are read when somebody asks for them."""
    rows = session.scalars(select(Clinic).where(Clinic.id.in_(ids)).options(lazyload(Clinic.rooms)))
    return {clinic.id: clinic for clinic in rows}


class ClinicRules(NamedTuple):
    """Minutes kept free after each appointment, and hours before one until which cancelling is free."""

    buffer_minutes: int
    cancel_hours: int


@remembered(Clinic)
def clinic_rules(session: Session) -> dict[int, ClinicRules]:
    """The rules of every clinic by its id."""
    rows = session.execute(select(Clinic.id, Clinic.buffer_minutes, Clinic.cancel_hours))
    return {clinic_id: ClinicRules(buffer, cancel) for clinic_id, buffer, cancel in rows}


def clinic_by_slug(session: Session, slug: str) -> Clinic | None:
    return session.scalar(select(Clinic).where(Clinic.slug == slug))


def _full_address(address: str, postcode: str, place: str) -> str:
    return f"{address}, {postcode} {place}"
