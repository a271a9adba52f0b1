"""Notes for the front desk about a patient: practical, never a journal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class Note(Base):
    """One note, encrypted; `removed_at`: no longer shown."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    text: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


def notes_of(session: Session, patient_id: int) -> list[Note]:
    """What is shown, newest first."""
    rows = select(Note).where(Note.patient_id == patient_id, Note.removed_at.is_(None))
    return list(session.scalars(rows.order_by(Note.id.desc())))
