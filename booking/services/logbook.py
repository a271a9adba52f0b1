"""Logbook: each look at a patient and each change, chained, so that nobody can take one out or alter it unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.logbook import LogEntry, LogHead, PatientKey
from booking.store.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts at the clinics' end: an account by its id, or (None) a command."""

    account_id: int | None
    name: str


COMMAND = Who(None, "command")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom and what an entry is about, by ids."""

    patient_id: int | None = None
    course_id: int | None = None
    appointment_id: int | None = None


def note(
    session: Session,
    office: Office,
    who: Who,
    action: str,
    about: About,
    *,
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Adds an entry inside a unit of work, with the change that it tells of. `detail` is encrypted, if there is one,
    with the patient's key. Call it last: until the transaction ends nobody else can add one."""
    head = session.scalars(select(LogHead).with_for_update()).one()
    sealed = None if detail is None else _patients_fernet(session, office, about.patient_id).encrypt(_bytes(detail))
    entry = LogEntry(
        id=head.entry_id + 1,
        made_at=now,
        account_id=who.account_id,
        actor=who.name,
        action=action,
        patient_id=about.patient_id,
        course_id=about.course_id,
        appointment_id=about.appointment_id,
        detail=sealed,
    )
    entry.hash = hash_after(head.hash, entry)
    head.entry_id, head.hash = entry.id, entry.hash
    session.add(entry)


def note_look(office: Office, who: Who, action: str, about: About, *, now: datetime) -> None:
    """Adds the entry of a look, in a unit of work of its own."""
    unit_of_work(lambda session: note(session, office, who, action, about, now=now))


def note_looks(office: Office, who: Who, action: str, abouts: Sequence[About], *, now: datetime) -> None:
    """The same for all that one list shows; nothing for none."""

    def work(session: Session) -> None:
        for about in abouts:
            note(session, office, who, action, about, now=now)

    if abouts:
        unit_of_work(work)


def hash_after(before: str, entry: LogEntry) -> str:
    """SHA-256, in hexadecimal, over the hash before and everything in the row."""
    facts = [
        before,
        entry.id,
        seconds_of(entry.made_at),
        entry.account_id,
        entry.actor,
        entry.action,
        entry.patient_id,
        entry.course_id,
        entry.appointment_id,
        None if entry.detail is None else entry.detail.decode(),
    ]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _bytes(detail: Mapping[str, Any]) -> bytes:
    return json.dumps(detail, ensure_ascii=False).encode()


def _patients_fernet(session: Session, office: Office, patient_id: int | None) -> Fernet:
    """With the patient's own key, made the first time; raises ValueError for a detail about nobody."""
    if patient_id is None:
        raise ValueError("A detail belongs to a patient, or it cannot be erased with her.")
    row = session.get(PatientKey, patient_id)
    if row is None:
        key = Fernet.generate_key()
        session.add(PatientKey(patient_id=patient_id, key=seal(office, {"key": key.decode()})))
        return Fernet(key)
    return Fernet(unseal(office, row.key)["key"])
