"""Logbook: who has looked at or changed what of which patient; rows are only added, each chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from booking.store.database import Base


class LogEntry(Base):
    """One look or change. `id` counts from 1 without a gap; `account_id` null: a command or the patient herself did it.

    `action`: a word of the logbook's; `detail`: encrypted with the patient's own key, so that erasing the key erases
    the detail while the chain still holds. `hash`: SHA-256 over the row and the hash before it, in hexadecimal.
    """

    __tablename__ = "log_entries"
    __table_args__ = (Index(None, "patient_id", "id"), Index(None, "account_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[str]
    action: Mapped[str]
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))
    detail: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[str]


class LogHead(Base):
    """The newest entry: one row, which whoever adds an entry locks first, so that the chain never forks."""

    __tablename__ = "log_heads"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]
    hash: Mapped[str]


class PatientKey(Base):
    """The key that a patient's details in the logbook are encrypted with, itself encrypted; gone when she is erased."""

    __tablename__ = "patient_keys"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
