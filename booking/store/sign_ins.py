"""Sign-ins of patients who have lost their link, and the attempts that are counted for all processes together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.store.database import Base


class SignIn(Base):
    """One way in. With `email` (casefolded): a mailed link, used once, to all courses of that address.

    With `course_id`: opened by reference and birth date, to that course's bare times.

    `expires_at`: until when the link can be used, then until when its session lasts. `used_at`: when it was used.
    """

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """One try of a `kind`, by the keyed hash of what was tried or of where it came from."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "kind", "key", "made_at"), Index(None, "made_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    made_at: Mapped[datetime]
