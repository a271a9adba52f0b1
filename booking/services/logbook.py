"""Logbook: each look at a patient and each change, chained, so that nobody can take one out or alter it unseen."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes, token_hex
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.database import db, utc
from booking.store.logbook import (
    FORGOTTEN,
    KEYED,
    NEWEST,
    LogEntry,
    LogHead,
    PatientKey,
    all_entries,
    drop_entries,
    head_to_change,
    heads,
    keys_of,
    last_made_by,
)
from booking.store.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts at the clinics' end: an account by its id, or (None) a command."""

    account_id: int | None
    name: str


COMMAND = Who(None, "command")

FORGOTTEN_AT_ONCE = 5000
"""Entries that are deleted in one transaction; the rest in the next minute."""

NOTHING_BEFORE = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom and what an entry is about, by ids. `clinician_id`, `clinic_id`: whose schedule was changed."""

    patient_id: int | None = None
    course_id: int | None = None
    appointment_id: int | None = None
    clinician_id: int | None = None
    clinic_id: int | None = None


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
    chain = _chain(session, office)
    sealed = None if detail is None else _patients_fernet(session, office, about.patient_id).encrypt(_bytes(detail))
    _add(session, chain, who, action, about, sealed, now=now)


def note_look(office: Office, who: Who, action: str, about: About, *, now: datetime) -> None:
    """Adds the entry of a look, in a unit of work of its own."""
    unit_of_work(lambda session: note(session, office, who, action, about, now=now))


def note_looks(office: Office, who: Who, action: str, abouts: Sequence[About], *, now: datetime) -> None:
    """The same for all that one list shows; nothing for none."""

    def work(session: Session) -> None:
        chain = _chain(session, office)
        for about in abouts:
            _add(session, chain, who, action, about, None, now=now)

    if abouts:
        unit_of_work(work)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Its newest end, locked, and the key of what is added to it."""

    head: LogHead
    key: bytes


def _chain(session: Session, office: Office) -> _Chain:
    """With a key made by whoever adds the first entry that has one."""
    head = head_to_change(session)
    row = session.get(LogHead, KEYED)
    if row is None:
        sealed = seal(office, {"key": token_hex(32), "after": head.entry_id})
        row = LogHead(id=KEYED, entry_id=head.entry_id, hash=sealed.decode())
        session.add(row)
    return _Chain(head, _keyed(office, row)[0])


def _keyed(office: Office, row: LogHead) -> tuple[bytes, int]:
    """The key, and the last entry before it, which nobody can alter who has not ours. Raises InvalidToken."""
    kept = unseal(office, row.hash.encode())
    return bytes.fromhex(kept["key"]), int(kept["after"])


def _add(
    session: Session, chain: _Chain, who: Who, action: str, about: About, detail: bytes | None, *, now: datetime
) -> None:
    head = chain.head
    entry = LogEntry(
        id=head.entry_id + 1,
        made_at=now,
        account_id=who.account_id,
        actor=who.name,
        action=action,
        patient_id=about.patient_id,
        course_id=about.course_id,
        appointment_id=about.appointment_id,
        clinician_id=about.clinician_id,
        clinic_id=about.clinic_id,
        detail=detail,
    )
    entry.hash = _hash_after(head.hash, entry, chain.key)
    head.entry_id, head.hash = entry.id, entry.hash
    session.add(entry)


def _hash_after(before: str, entry: LogEntry, key: bytes | None) -> str:
    """HMAC with SHA-256, in hexadecimal, over the hash before and everything in the row; without a key, as entries have
    it that were made before there was one, SHA-256 alone."""
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
    if entry.clinician_id is not None or entry.clinic_id is not None:  # entries from before there were these have none
        facts.append([entry.clinician_id, entry.clinic_id])
    told = json.dumps(facts, ensure_ascii=False).encode()
    return hashlib.sha256(told).hexdigest() if key is None else hmac.digest(key, told, "sha256").hex()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many entries hold, from the oldest on, and the id of the first that does not, if any.

    Where entries were cut off at the end, that is the id of the first that is missing. `unkeyed`: how many of those
    that hold have a hash that can be computed without the key.
    """

    holds: int
    broken_at: int | None
    unkeyed: int = 0


def verify(office: Office) -> Verdict:
    """Goes through the whole chain, as it is at one moment, from what is remembered of the entries that are gone, and
    compares its end with what is remembered of the newest."""
    with Session(db.engine) as session:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        ends = heads(session)
        gone = ends.get(FORGOTTEN)
        first, before = (gone.entry_id, gone.hash) if gone else (0, NOTHING_BEFORE)
        key, unkeyed_to = _key_of(office, ends.get(KEYED))
        last = first
        with closing(all_entries(session)) as entries:
            for entry in entries:
                needs = unkeyed_to is not None and entry.id > unkeyed_to
                if entry.id != last + 1 or entry.hash != _hash_after(before, entry, key if needs else None):
                    return _verdict(first, last, unkeyed_to, whole=False)
                last, before = entry.id, entry.hash
        whole = (ends[NEWEST].entry_id, ends[NEWEST].hash) == (last, before)
        return _verdict(first, last, unkeyed_to, whole=whole)


def _verdict(first: int, last: int, unkeyed_to: int | None, *, whole: bool) -> Verdict:
    unkeyed = last if unkeyed_to is None else min(last, unkeyed_to)
    return Verdict(last - first, None if whole else last + 1, max(unkeyed - first, 0))


def _key_of(office: Office, row: LogHead | None) -> tuple[bytes | None, int | None]:
    """The key and the last entry before it. Where it cannot be opened, one that nobody has: then no entry holds."""
    if row is None:
        return None, None
    try:
        return _keyed(office, row)
    except InvalidToken:
        return token_bytes(32), 0


def forget_entries(office: Office, *, now: datetime) -> int:
    """Deletes entries that are older than they are kept, the oldest first, some in each call; how many. Looks first
    without the write lock."""
    old, most = utc(now - office.log_kept), FORGOTTEN_AT_ONCE
    with Session(db.engine) as session:
        found = last_made_by(session, old, most=most)

    def work(session: Session) -> int:
        head_to_change(session)
        last = last_made_by(session, old, most=most)
        return drop_entries(session, up_to=last) if last is not None else 0

    return unit_of_work(work) if found is not None else 0


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
