"""What is asked once in a transaction, and when it is asked again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from booking.store.clinics import Room, all_clinics
from booking.store.database import db
from booking.store.outbox import Heartbeat
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite


@pytest.fixture
def session(demo_app: Flask) -> Iterator[Session]:
    with demo_app.app_context(), Session(db.engine) as session:
        yield session


@pytest.fixture
def statements(session: Session) -> list[str]:
    """The SELECTs from now on."""
    seen: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *_: seen.append(statement))
    return seen


def test_a_transaction_asks_for_the_clinics_once(session: Session, statements: list[str]) -> None:
    all_clinics(session)
    asked = len(statements)
    all_clinics(session)
    assert len(statements) == asked


def test_the_next_transaction_asks_again(session: Session, statements: list[str]) -> None:
    all_clinics(session)
    session.rollback()
    statements.clear()
    all_clinics(session)
    assert any("FROM clinics" in statement for statement in statements)


def test_a_room_that_is_added_is_there(session: Session) -> None:
    clinic = all_clinics(session)[0]
    rooms = len(clinic.rooms)
    clinic.rooms.append(Room(name="new"))
    session.flush()
    assert len(all_clinics(session)[0].rooms) == rooms + 1


def test_rows_of_other_tables_make_nobody_ask_again(session: Session, statements: list[str]) -> None:
    all_clinics(session)
    session.add(Heartbeat(name="worker", seen_at=CLINIC_NOW))
    session.flush()
    asked = len(statements)
    all_clinics(session)
    assert len(statements) == asked


def test_a_clinic_that_is_written_is_asked_for_again(session: Session, statements: list[str]) -> None:
    all_clinics(session)[0].position = 9
    session.flush()
    assert [clinic.position for clinic in all_clinics(session)] == [2, 3, 9]


def test_what_a_savepoint_took_back_is_not_there(session: Session) -> None:
    clinics = all_clinics(session)
    with suppress(ZeroDivisionError), session.begin_nested():
        clinics[0].position = 9
        session.flush()
        assert all_clinics(session)[-1] is clinics[0]
        raise ZeroDivisionError
    assert [clinic.position for clinic in all_clinics(session)] == [1, 2, 3]
