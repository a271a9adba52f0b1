"""Notes for the front desk about a patient: how she likes to be met. Nothing about her health: this is no journal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.database import utc
from booking.store.notes import Note
from booking.store.unit_of_work import unit_of_work

LONGEST = 500
"""Characters."""


def add_note(office: Office, patient_id: int, text: str, *, who: Who, now: datetime) -> None:
    """Keeps what somebody with an account writes, encrypted. Raises ValueError for a command, which writes none."""
    if who.account_id is None:
        raise ValueError("A note has somebody who wrote it.")
    row = Note(patient_id=patient_id, account_id=who.account_id, text=seal(office, {"text": text}), made_at=utc(now))

    def work(session: Session) -> None:
        session.add(row)
        note(session, office, who, "note", About(patient_id=patient_id), detail={"written": text}, now=now)

    unit_of_work(work)


def remove_note(office: Office, patient_id: int, note_id: int, *, who: Who, now: datetime) -> None:
    """Shows a note of this patient no longer. Nothing happens if there is none, or it is gone already."""

    def work(session: Session) -> None:
        row = session.get(Note, note_id, with_for_update=True)
        if row is None or row.patient_id != patient_id or row.removed_at is not None:
            return
        row.removed_at = utc(now)
        about = About(patient_id=patient_id)
        note(session, office, who, "note", about, detail={"removed": text_of(office, row)}, now=now)

    unit_of_work(work)


def text_of(office: Office, row: Note) -> str:
    """What was written. Raises InvalidToken if its key is gone."""
    return str(unseal(office, row.text)["text"])
