"""The people of the clinics: professions and clinicians."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import JSON, ForeignKey, Text, cast, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.domain.schedule import Name
from booking.store.database import Base, remembered


class Profession(Base):
    """`authorised`: health personnel by the Health Personnel Act, section 48."""

    __tablename__ = "professions"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Name]
    authorised: Mapped[bool]


class Clinician(Base):
    """Someone who treats. `languages`: codes in order. Where and when she works stands in her hours.

    `hpr_number`: under which the public register of health personnel has her; null where it has not been entered.
    """

    __tablename__ = "clinicians"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    profession_id: Mapped[int] = mapped_column(ForeignKey("professions.id"))
    languages: Mapped[list[str]] = mapped_column(JSON)
    needles: Mapped[bool]
    electro: Mapped[bool]
    hpr_number: Mapped[str | None]

    profession: Mapped[Profession] = relationship(lazy="joined", innerjoin=True)


@remembered(Clinician, Profession)
def all_clinicians(session: Session) -> list[Clinician]:
    """Every clinician with her profession, in display order."""
    return list(session.scalars(select(Clinician).order_by(Clinician.id)))


class ClinicianFacts(NamedTuple):
    """What is looked at of every clinician to find the few that are shown; `languages`: codes in order."""

    id: int
    name: str
    profession_id: int
    languages: tuple[str, ...]


@remembered(Clinician)
def clinician_facts(session: Session) -> list[ClinicianFacts]:
    """Every clinician in display order, without what takes long to read of thousands."""
    columns = select(Clinician.id, Clinician.name, Clinician.profession_id, cast(Clinician.languages, Text))
    rows = session.execute(columns.order_by(Clinician.id)).all()
    spoken = {text: tuple(json.loads(text)) for text in {row[3] for row in rows}}  # few, however many people
    return [ClinicianFacts(*row[:3], spoken[row[3]]) for row in rows]


def clinicians_of(session: Session, ids: Collection[int]) -> dict[int, Clinician]:
    """These clinicians with their professions, by their ids, in display order."""
    rows = session.scalars(select(Clinician).where(Clinician.id.in_(ids)).order_by(Clinician.id))
    return {each.id: each for each in rows}


def authorised_ids(session: Session) -> set[int]:
    """Whose profession is authorised health personnel."""
    return set(session.scalars(select(Clinician.id).join(Profession).where(Profession.authorised)))


@remembered(Profession)
def all_professions(session: Session) -> dict[int, Profession]:
    """Every profession by its id."""
    return {each.id: each for each in session.scalars(select(Profession))}


def clinician_by_slug(session: Session, slug: str) -> Clinician | None:
    return session.scalar(select(Clinician).where(Clinician.slug == slug))
