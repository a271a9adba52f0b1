"""Sign-ins of patients who have lost their link, and the attempts that are counted for all processes together."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.courses import Course, email_key
from booking.store.database import Base
from booking.store.patients import Patient


class SignIn(Base):
    """One way in. With `email` (in lower case): a mailed link, used once, to all courses of that address.

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


def sign_in_by_hash(session: Session, token_hash: str, *, to_use: bool = False) -> SignIn | None:
    """The sign-in by mail behind a token; `to_use`: nobody else changes it until the transaction ends."""
    found = select(SignIn).where(SignIn.token_hash == token_hash, SignIn.email.is_not(None))
    return session.scalar(found.with_for_update() if to_use else found)


def sign_in_by_key(session: Session, token_hash: str) -> SignIn | None:
    """A sign-in of either kind. By its hash and not its id, for ids of rows that are deleted are given out again."""
    return session.scalar(select(SignIn).where(SignIn.token_hash == token_hash))


def course_of(session: Session, reference: str, birth_date: date) -> Course | None:
    """The course with this reference, if its patient was born then."""
    found = select(Course).join(Patient, Patient.id == Course.patient_id)
    return session.scalar(found.where(Course.reference == reference, Patient.birth_date == birth_date))


def courses_at(session: Session, email: str) -> list[Course]:
    """All courses that were booked with this address, however it is written, and still have it, newest first."""
    rows = select(Course).where(Course.email_key == email_key(email))
    return list(session.scalars(rows.order_by(Course.id.desc())))
