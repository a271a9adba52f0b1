"""Busy times from clinicians' own calendars: where they come from, and when she is taken there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from booking.store.database import Base


class BusySource(Base):
    """A calendar of a clinician's own: an address that is asked again and again, or (`url` null) an uploaded file.

    `url`: encrypted, for it is a secret. `etag`, `last_modified`: what the server said with the last good copy.
    `fetched_at`: when that copy came; `checked_at`: when it was last asked; `failure`: a word for why the last try
    failed, null if it did not. `flagged`: how many of its entries have an unknown time zone, and were read in ours.
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
    __table_args__ = (Index(None, "clinician_id", "ends_at"),)

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
