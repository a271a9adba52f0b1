"""Logbook: whatever is taken out of it, altered or put in is found; what it tells of a patient goes with her."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from booking.services.logbook import (
    COMMAND,
    NOTHING_BEFORE,
    About,
    Verdict,
    Who,
    _hash_after,
    details_of,
    forget_entries,
    note,
    note_look,
    note_looks,
    verify,
)
from booking.services.privacy import rotate_keys
from booking.services.retention import Skipped, forget_patients
from booking.store.database import db
from booking.store.logbook import KEYED, NEWEST, LogEntry, LogHead, PatientKey, newest_entries
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, office
from tests.servers.databases import on_each, only_sqlite


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def written(count: int = 3) -> int:
    """So many entries about Kari, each with a detail; her id."""
    kari = booked_course().patient_id

    def work(session: Session) -> None:
        for number in range(count):
            at = NOW + timedelta(minutes=number)
            note(session, office(), COMMAND, "note", About(patient_id=kari), detail={"text": f"word {number}"}, now=at)

    unit_of_work(work)
    return kari


def tampered(statement: str) -> Verdict:
    unit_of_work(lambda session: session.execute(text(statement)))
    return verify(office())


@on_each
def test_what_is_only_added_holds() -> None:
    assert verify(office()) == Verdict(0, None)
    written()
    assert verify(office()) == Verdict(3, None)


@only_sqlite
@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ("UPDATE log_entries SET action = 'find' WHERE id = 2", Verdict(1, 2)),
        ("UPDATE log_entries SET made_at = made_at + 1 WHERE id = 1", Verdict(0, 1)),
        ("UPDATE log_entries SET actor = 'Rita' WHERE id = 3", Verdict(2, 3)),
        ("UPDATE log_entries SET clinic_id = 1 WHERE id = 3", Verdict(2, 3)),
        ("UPDATE log_entries SET detail = (SELECT detail FROM log_entries WHERE id = 1) WHERE id = 3", Verdict(2, 3)),
        ("DELETE FROM log_entries WHERE id = 2", Verdict(1, 2)),
        ("DELETE FROM log_entries WHERE id = 3", Verdict(2, 3)),
        ("DELETE FROM log_entries", Verdict(0, 1)),
        ("INSERT INTO log_entries (id, made_at, actor, action, hash) VALUES (4, 1, 'x', 'y', 'z')", Verdict(3, 4)),
        ("UPDATE log_heads SET hash = 'other' WHERE id = 1", Verdict(3, 4)),
        ("UPDATE log_heads SET hash = 'other' WHERE id = 3", Verdict(0, 1)),
        ("UPDATE log_heads SET entry_id = 3 WHERE id = 3", Verdict(3, None)),
        ("DELETE FROM log_heads WHERE id = 3", Verdict(0, 1)),
    ],
)
def test_whatever_is_altered_taken_out_or_put_in_is_found(statement: str, verdict: Verdict) -> None:
    written()
    assert tampered(statement) == verdict


@only_sqlite
def test_who_can_write_in_the_database_and_knows_how_makes_no_entry_that_holds() -> None:
    written()
    (entry,) = newest_entries(db.session(), most=1)
    entry_before = db.session.get_one(LogEntry, 2).hash
    made_anew = _hash_after(entry_before, entry, None)
    assert tampered(f"UPDATE log_entries SET hash = '{made_anew}' WHERE id = 3") == Verdict(2, 3)


@on_each
def test_entries_older_than_the_key_hold_as_they_were_made_and_a_new_sealing_changes_nothing() -> None:
    written(2)
    with Session(db.engine) as session:
        before = NOTHING_BEFORE
        for entry in reversed(newest_entries(session)):
            before = _hash_after(before, entry, None)
            session.execute(update(LogEntry).where(LogEntry.id == entry.id).values(hash=before))
        session.execute(update(LogHead).where(LogHead.id == NEWEST).values(hash=before))
        session.execute(delete(LogHead).where(LogHead.id == KEYED))
        session.commit()
    assert verify(office()) == Verdict(2, None, unkeyed=2)
    written(1)
    new = Fernet.generate_key().decode()
    rotate_keys(replace(office(), health_keys=(new, *office().health_keys)))
    assert verify(replace(office(), health_keys=(new,))) == Verdict(3, None, unkeyed=2)


@only_sqlite
def test_nothing_in_the_house_alters_an_entry() -> None:
    written()

    def work(session: Session) -> None:
        session.get_one(LogEntry, 2).action = "find"

    with pytest.raises(TypeError):
        unit_of_work(work)
    with pytest.raises(TypeError):
        unit_of_work(lambda session: session.delete(session.get_one(LogEntry, 2)))
    assert verify(office()) == Verdict(3, None)


def test_without_her_key_nobody_reads_what_is_told_of_her_and_the_chain_holds() -> None:
    kari = written()
    entries = newest_entries(db.session(), patient_id=kari)
    assert [detail["text"] for detail in details_of(db.session(), office(), entries).values()] == [
        "word 2",
        "word 1",
        "word 0",
    ]
    unit_of_work(lambda session: session.delete(session.get_one(PatientKey, kari)))
    assert details_of(db.session(), office(), entries) == {}
    assert verify(office()) == Verdict(3, None)


@only_sqlite
def test_what_a_detail_tells_stands_in_the_table_as_nobody_can_read_it() -> None:
    written(1)
    (entry,) = newest_entries(db.session())
    assert b"word" not in (entry.detail or b"")


@only_sqlite
def test_a_detail_about_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="belongs to a patient"):
        unit_of_work(lambda s: note(s, office(), COMMAND, "find", About(), detail={"text": "Kari"}, now=NOW))
    assert verify(office()) == Verdict(0, None)


@only_sqlite
def test_all_that_one_list_shows_is_noted_and_an_empty_one_is_not() -> None:
    kari = written(0)
    note_looks(office(), Who(None, "Rita"), "find", [About(patient_id=kari), About()], now=NOW)
    note_looks(office(), Who(None, "Rita"), "find", [], now=NOW)
    assert [(entry.actor, entry.patient_id) for entry in newest_entries(db.session())] == [
        ("Rita", None),
        ("Rita", kari),
    ]


@only_sqlite
def test_a_reader_goes_back_from_entry_to_entry() -> None:
    kari = written(5)
    ids = [entry.id for entry in newest_entries(db.session(), patient_id=kari, most=2)]
    older = [entry.id for entry in newest_entries(db.session(), patient_id=kari, before=ids[-1], most=2)]
    assert (ids, older) == ([5, 4], [3, 2])


@on_each
def test_those_who_write_at_once_never_fork_the_chain(demo_app: Flask) -> None:
    kari, together = written(0), Barrier(4)

    def write() -> None:
        with demo_app.app_context():
            together.wait()
            for _ in range(5):
                note_look(office(), COMMAND, "look_patient", About(patient_id=kari), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        for writer in [pool.submit(write) for _ in range(4)]:
            writer.result()
    assert verify(office()) == Verdict(20, None)


@only_sqlite
def test_when_a_patient_is_forgotten_her_details_are_gone_and_the_chain_holds() -> None:
    written()
    unit_of_work(lambda session: session.execute(update(Message).values(due_at=None)))
    assert forget_patients(office(), Skipped(), now=NOW + timedelta(days=3 * 365)) == 1
    db.session.rollback()
    entries = newest_entries(db.session())
    assert len(entries) == 3
    assert details_of(db.session(), office(), entries) == {}
    assert verify(office()) == Verdict(3, None)


@on_each
def test_what_is_older_than_it_is_kept_goes_and_the_rest_still_holds() -> None:
    written(4)
    just_then = NOW + office().log_kept + timedelta(minutes=1)
    assert (forget_entries(office(), now=just_then), forget_entries(office(), now=just_then)) == (2, 0)
    assert [entry.id for entry in newest_entries(db.session())] == [4, 3]
    note_look(office(), COMMAND, "look_log", About(), now=just_then)
    assert verify(office()) == Verdict(3, None)
    assert tampered("DELETE FROM log_entries WHERE id = 3") == Verdict(0, 3)


@on_each
def test_a_logbook_all_of_which_is_forgotten_goes_on_where_it_was() -> None:
    written(2)
    late = NOW + office().log_kept + timedelta(days=1)
    assert forget_entries(office(), now=late) == 2
    assert verify(office()) == Verdict(0, None)
    note_look(office(), COMMAND, "look_log", About(), now=late)
    assert verify(office()) == Verdict(1, None)
    assert [entry.id for entry in newest_entries(db.session())] == [3]
