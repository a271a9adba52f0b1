"""Logbook: each look at a patient and each change, chained, so that nobody can take one out or alter it unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.database import db
from booking.store.logbook import LogEntry, LogHead, PatientKey, all_entries, keys_of
from booking.store.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts at the clinics' end: an account by its id, or (None) a command."""

    account_id: int | None
    name: str


COMMAND = Who(None, "command")

NOTHING_BEFORE = "0" * 64
"""What the first entry is chained to."""


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
    head = _head(session)
    sealed = None if detail is None else _patients_fernet(session, office, about.patient_id).encrypt(_bytes(detail))
    _add(session, head, who, action, about, sealed, now=now)


def note_look(office: Office, who: Who, action: str, about: About, *, now: datetime) -> None:
    """Adds the entry of a look, in a unit of work of its own."""
    unit_of_work(lambda session: note(session, office, who, action, about, now=now))


def note_looks(who: Who, action: str, abouts: Sequence[About], *, now: datetime) -> None:
    """The same for all that one list shows; nothing for none."""

    def work(session: Session) -> None:
        head = _head(session)
        for about in abouts:
            _add(session, head, who, action, about, None, now=now)

    if abouts:
        unit_of_work(work)


def _head(session: Session) -> LogHead:
    """Locked: nobody else adds an entry until the transaction ends."""
    return session.scalars(select(LogHead).with_for_update()).one()


def _add(
    session: Session, head: LogHead, who: Who, action: str, about: About, detail: bytes | None, *, now: datetime
) -> None:
    entry = LogEntry(
        id=head.entry_id + 1,
        made_at=now,
        account_id=who.account_id,
        actor=who.name,
        action=action,
        patient_id=about.patient_id,
        course_id=about.course_id,
        appointment_id=about.appointment_id,
        detail=detail,
    )
    entry.hash = hash_after(head.hash, entry)
    head.entry_id, head.hash = entry.id, entry.hash
    session.add(entry)


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many entries hold, from the first on, and the id of the first that does not, if any does not.

    Where entries were cut off at the end, that is the id of the first that is missing.
    """

    holds: int
    broken_at: int | None


def verify() -> Verdict:
    """Goes through the whole chain, as it is at one moment, and compares its end with what the head remembers."""
    with Session(db.engine) as session:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        last, before = 0, NOTHING_BEFORE
        for entry in all_entries(session):
            if entry.id != last + 1 or entry.hash != hash_after(before, entry):
                return Verdict(last, last + 1)
            last, before = entry.id, entry.hash
        head = session.scalars(select(LogHead)).one()
        whole = (head.entry_id, head.hash) == (last, before)
        return Verdict(last, None if whole else last + 1)


def details_of(session: Session, office: Office, entries: Sequence[LogEntry]) -> dict[int, Mapping[str, Any]]:
    """What the entries tell beside their ids, by their own; nothing for what was erased with the patient."""
    keys = keys_of(session, {entry.patient_id for entry in entries if entry.patient_id is not None and entry.detail})
    read = {entry.id: _read(office, entry, keys) for entry in entries}
    return {id: detail for id, detail in read.items() if detail is not None}


def _read(office: Office, entry: LogEntry, keys: Mapping[int, PatientKey]) -> Mapping[str, Any] | None:
    row = keys.get(entry.patient_id or 0)
    if entry.detail is None or row is None:
        return None
    try:
        key = unseal(office, row.key)["key"]
        detail: Mapping[str, Any] = json.loads(Fernet(key).decrypt(entry.detail))
    except (InvalidToken, ValueError):
        return None
    return detail


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
