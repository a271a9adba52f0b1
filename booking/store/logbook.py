"""Logbook: who has looked at or changed what of which patient; rows are only added, each chained to the one before.

After years the oldest go. What stays of them is the hash that the first of the others is chained to.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base


class LogEntry(Base):
    """One look or change. `id` counts from 1 without a gap; `account_id` null: a command or the patient herself did it.

    `clinician_id`, `clinic_id`: whose schedule was changed. `action`: a word of the logbook's; `detail`: encrypted with
    the patient's own key, so that erasing the key erases the detail while the chain still holds. `hash`: over the row
    and the hash before it, in hexadecimal.
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
    clinician_id: Mapped[int | None] = mapped_column(ForeignKey("clinicians.id"))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"))
    detail: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[str]


@event.listens_for(LogEntry, "before_update")
@event.listens_for(LogEntry, "before_delete")
def _refuse(mapper: object, connection: object, entry: LogEntry) -> None:
    raise TypeError("Entries of the logbook are only added.")


class LogHead(Base):
    """Where the chain ends: the row `NEWEST` tells of the newest entry, and whoever adds one locks it first, so that
    the chain never forks. The row `FORGOTTEN`, of which there is none before years have passed, tells of the newest of
    those that are gone: the first that is kept is chained to it. The row `KEYED` tells of the last entry whose hash
    needs no key, and has for a hash the key of all later ones, encrypted."""

    __tablename__ = "log_heads"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]
    hash: Mapped[str]


NEWEST, FORGOTTEN, KEYED = 1, 2, 3


class PatientKey(Base):
    """The key that a patient's details in the logbook are encrypted with, itself encrypted; gone when she is erased."""

    __tablename__ = "patient_keys"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)


_A_TIME = 1000
"""Entries that are held in memory at a time."""


def all_entries(session: Session) -> Generator[LogEntry, None, None]:
    """The whole logbook, oldest first."""
    rows = session.scalars(select(LogEntry).order_by(LogEntry.id).execution_options(yield_per=_A_TIME))
    try:
        yield from rows
    finally:
        rows.close()  # who stops on the way leaves a cursor open on the server


def head_to_change(session: Session) -> LogHead:
    """Locked: nobody else adds an entry until the transaction ends."""
    return session.scalars(select(LogHead).where(LogHead.id == NEWEST).with_for_update()).one()


def heads(session: Session) -> dict[int, LogHead]:
    """Where the chain ends, and where its key begins, by `NEWEST`, `FORGOTTEN` and `KEYED`."""
    return {head.id: head for head in session.scalars(select(LogHead))}


def last_made_by(session: Session, moment: datetime, *, most: int) -> int | None:
    """The last of the entries (by its id) that were all made by then, counted from the oldest, of which at most so many
    are meant; None if the oldest is younger."""
    first, last = session.scalar(select(func.min(LogEntry.id))), session.scalar(select(func.max(LogEntry.id)))
    if first is None or last is None:
        return None
    younger = session.scalar(select(LogEntry.id).where(LogEntry.made_at > moment).order_by(LogEntry.id).limit(1))
    end = min(last + 1 if younger is None else younger, first + most)
    return end - 1 if end > first else None


def drop_entries(session: Session, *, up_to: int) -> int:
    """Deletes the oldest entries up to this one, whose hash is remembered; how many."""
    head = session.get(LogHead, FORGOTTEN) or LogHead(id=FORGOTTEN)
    head.entry_id, head.hash = up_to, session.get_one(LogEntry, up_to).hash
    session.add(head)
    session.flush()
    gone = delete(LogEntry).where(LogEntry.id <= up_to)
    return int(session.execute(gone, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def newest_entries(
    session: Session,
    *,
    account_id: int | None = None,
    patient_id: int | None = None,
    before: int | None = None,
    most: int | None = None,
) -> list[LogEntry]:
    """What this account did, or what is about this patient, newest first; `before`: only entries older than this."""
    rows = select(LogEntry).order_by(LogEntry.id.desc()).limit(most)
    if account_id is not None:
        rows = rows.where(LogEntry.account_id == account_id)
    if patient_id is not None:
        rows = rows.where(LogEntry.patient_id == patient_id)
    if before is not None:
        rows = rows.where(LogEntry.id < before)
    return list(session.scalars(rows))


def entries_of(session: Session, patient_ids: Collection[int], *, actions: Collection[str]) -> list[LogEntry]:
    """What is about these patients' appointments and is one of these actions, oldest first."""
    about = LogEntry.patient_id.in_(patient_ids), LogEntry.appointment_id.is_not(None)
    rows = select(LogEntry).where(*about, LogEntry.action.in_(actions)).order_by(LogEntry.id)
    return list(session.scalars(rows)) if patient_ids else []


def keys_of(session: Session, patient_ids: Collection[int]) -> dict[int, PatientKey]:
    """The keys to what the logbook tells of these patients; none for who is erased."""
    rows = select(PatientKey).where(PatientKey.patient_id.in_(patient_ids))
    return {key.patient_id: key for key in session.scalars(rows)} if patient_ids else {}
