"""A course from POST to commit, against a bare transaction that writes the same rows.

The application runs in this process, called as a web server calls it; nothing travels over the network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, Executable, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from bench.lines import Question
from bench.measure import Side
from booking.domain.course import Plan
from booking.services.holds import Choice, Visitor, answer, hold
from booking.services.office import Office
from booking.services.proposals import Asked, propose
from booking.store.appointments import Appointment, Claim, Resource
from booking.store.courses import Course, Link, Screening
from booking.store.database import Base, db
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from booking.store.patients import Patient, PatientContact
from booking.web.clock import now

CHECK = "/en/book/check"
REFERENCE = "the bare transaction of as many rows"

_NUMBERS = count(1)
_FIELD = re.compile(r'<input[^>]*name="(csrf_token|revision)"[^>]*value="([^"]*)"')

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """Somebody before the last button: her browser, what the button sends, and her hold."""

    browser: FlaskClient
    form: Mapping[str, str]
    hold_id: int


def questions(app: Flask) -> Iterator[Question]:
    """To be asked outside of an application context: each request has one of its own."""
    with app.app_context():
        engine = db.engine
    with Path(os.devnull).open("w") as log:
        booker = Booker(app, log)
        bare = Bare(engine, booker.books(booker.ready()))
        yield Question(
            name="a course, POST to commit",
            aim=1.5,
            reference=REFERENCE,
            data=bare.size,
            measured=Side(booker.books, booker.ready),
            against=Side(bare.writes, lambda: bare.rows(booker.held())),
            seconds=0,
        )


class Booker:
    """Brings new patients up to the last button."""

    def __init__(self, app: Flask, log: TextIO) -> None:
        self._app, self._log = app, log
        self._office: Office = app.extensions["office"]

    def ready(self) -> Ready:
        secret, hold_id = self._hold()
        browser = self._app.test_client()
        with browser.session_transaction() as session:
            session["visitor"] = secret
        with redirect_stderr(self._log):
            page = browser.get(CHECK)
        assert page.status_code == 200, page.status_code
        return Ready(browser, dict(_FIELD.findall(page.text)), hold_id)

    def held(self) -> int:
        return self._hold()[1]

    def books(self, ready: Ready) -> int:
        """Sends the form; the hold, which now knows its course."""
        with redirect_stderr(self._log):
            answered = ready.browser.post(CHECK, data=ready.form)
        assert answered.status_code == 303, answered.status_code
        return ready.hold_id

    def _hold(self) -> tuple[str, int]:
        number = next(_NUMBERS)
        visitor = Visitor(f"visitor {number}", f"address {number}")
        with self._app.app_context():
            hold_id = hold(self._office, visitor, self._choice(), now=now())
            answer(self._office, hold_id, health={"gate": "no", "conditions": None}, typed=_typed(number))
        return visitor.secret, hold_id

    def _choice(self) -> Choice:
        found = propose(db.session(), self._office, Asked(new_patient=True), now=now())
        plan: Plan = found.plans[0]
        return Choice(protocol_id=found.protocol.id, new_patient=True, appointments=plan.appointments, query="new=1")


def _typed(number: int) -> dict[str, Any]:
    """The details of a patient as they are kept, with calendar invitations."""
    return {
        "name": "Kari Prøve",
        "day": "17",
        "month": "5",
        "year": "1979",
        "by_email": True,
        "email": f"kari{number}@example.com",
        "channel": "invitations",
        "by_mobile": False,
        "mobile": "",
        "neither": False,
        "phone": "",
        "language": "nb",
        "needs": [],
        "for_other": False,
        "booked_by": "",
    }


class Bare:
    """The rows of a course that was booked, written again for another hold without any rule: an executemany a table."""

    def __init__(self, engine: Engine, hold_id: int) -> None:
        self._engine = engine
        with Session(engine) as session:
            course = session.get_one(Course, session.get_one(Hold, hold_id).course_id)
            own = {"course_id": course.id}
            self._rows = {
                Patient: _rows(session, Patient, id=course.patient_id),
                PatientContact: _rows(session, PatientContact, patient_id=course.patient_id),
                Course: _rows(session, Course, id=course.id),
                Link: _rows(session, Link, **own),
                Screening: _rows(session, Screening, **own),
                Appointment: _rows(session, Appointment, **own),
                Message: _rows(session, Message, **own),
                Claim: _rows(session, Claim, resource=int(Resource.PATIENT), resource_id=course.patient_id),
            }
            kept = {"resource": [1, 2], "appointment_id": [row["id"] for row in self._rows[Appointment]]}
            self._kept = len(_rows(session, Claim, **kept))

    @property
    def size(self) -> str:
        inserted = sum(map(len, self._rows.values()))
        times = len(self._rows[Appointment])
        return f"{inserted} rows inserted, {self._kept + 1} updated, {times} deleted"

    def rows(self, hold_id: int) -> list[Written]:
        """The statements of the transaction with their rows, all keys new."""
        with Session(self._engine) as session:
            held = _rows(session, HeldTime, hold_id=hold_id)
        new = _NewKeys()
        rows = {each: new.rows(each, rows) for each, rows in self._rows.items()}
        # Where the hold's times are: its claims stay, so nothing else may be offered them.
        rows[Appointment] = [row | _place(time) for row, time in zip(rows[Appointment], held, strict=True)]
        kept = [{"held": time["id"], "kept": row["id"]} for row, time in zip(rows[Appointment], held, strict=True)]
        return [
            *((insert(table), rows[table]) for table in rows),
            (KEEP, kept),
            (CLOSE, [{"hold": hold_id, "course": rows[Course][0]["id"]}]),
            (LET_GO, [{"held": time["id"]} for time in held]),
        ]

    def writes(self, written: list[Written]) -> None:
        with self._engine.connect().execution_options(writing=True) as connection:
            for statement, rows in written:
                connection.execute(statement, rows)
            connection.commit()


Written = tuple[Executable, list[Row]]

KEEP = (
    update(Claim)
    .where(Claim.held_time_id == bindparam("held"))
    .values(appointment_id=bindparam("kept"), held_time_id=None, expires_at=None)
)
CLOSE = update(Hold).where(Hold.id == bindparam("hold")).values(course_id=bindparam("course"), answers=None)
LET_GO = delete(HeldTime).where(HeldTime.id == bindparam("held"))


class _NewKeys:
    """New keys for copied rows, the same wherever a row is named."""

    _numbers = count(1_000_000_000)

    def __init__(self) -> None:
        self._keys: dict[tuple[type[Base], Any], int] = {}

    def key(self, table: type[Base], old: Any) -> int:
        return self._keys.setdefault((table, old), next(self._numbers))

    def rows(self, table: type[Base], rows: Sequence[Row]) -> list[Row]:
        return [self._row(table, row) for row in rows]

    def _row(self, table: type[Base], row: Row) -> Row:
        owners = {"patient_id": Patient, "running_for": Patient, "course_id": Course, "appointment_id": Appointment}
        owners |= {"id": table} | ({"resource_id": Patient} if table is Claim else {})
        unique = ("reference", "uid", "message_id", "token_hash", "value")
        new = {name: self.key(owner, row[name]) for name, owner in owners.items() if row.get(name) is not None}
        return row | new | {name: f"{row[name]} {next(self._numbers)}" for name in unique if name in row}


def _place(time: Row) -> Row:
    return {name: time[name] for name in ("clinic_id", "clinician_id", "room_id", "starts_at", "ends_at")}


def _rows(session: Session, table: type[Base], **having: Any) -> list[Row]:
    """The rows whose columns have these values, as they can be inserted again."""
    columns = table.__table__.c
    wanted = (columns[n].in_(v) if isinstance(v, list) else columns[n] == v for n, v in having.items())
    return [dict(row) for row in session.execute(select(*columns).where(*wanted)).mappings()]
