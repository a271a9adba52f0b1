"""Rivals: two who change the same thing at the same moment, one of them in the middle of the other's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.errors import NotPending, SlotTaken
from booking.services import courses, holds, privacy
from booking.services.courses import confirm, release_lapsed
from booking.services.privacy import forget_unfinished
from booking.store.courses import Course
from booking.store.database import db
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from tests.builders import NOW, UNSURE, booked, choice, course, held, office
from tests.people import KARI
from tests.servers.databases import only_postgresql

pytestmark = only_postgresql  # on SQLite one who writes keeps all others from writing

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DECIDED = datetime(2027, 3, 3, 23, tzinfo=UTC)
"""When the times of a course that was kept for a call on 1 March are given back."""

SIV: Any = {"visitor": "siv", "address": "192.0.2.2"}

SECONDS = 1.0
"""How long the one waits for the other, who has done it long before, if nothing keeps her from it."""


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, rival: Callable[[], object]) -> None:
    """The first time that this function of the module is called, the rival acts before it does."""
    own = getattr(module, name)

    def after_the_rival(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(module, name, own)
        rival()
        return own(*given, **named)

    monkeypatch.setattr(module, name, after_the_rival)


class Beside:
    """Somebody in a thread of her own. `wait` lets her act for a moment, `result` to the end."""

    def __init__(self, app: Flask, act: Callable[[], object]) -> None:
        self._app, self._act, self._result = app, act, None
        self._thread = Thread(target=self._run)

    def wait(self) -> None:
        self._thread.start()
        self._thread.join(SECONDS)

    def result(self) -> object:
        self._thread.join()
        return self._result

    def _run(self) -> None:
        with self._app.app_context():
            try:
                self._result = self._act()
            except Exception as error:
                self._result = error


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_times_that_are_taken_over_while_they_are_booked_are_not_booked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = choice()
    hold_id = held(chosen)
    before(monkeypatch, courses, "_enter", lambda: held(chosen, **SIV, now=NOW + QUARTER))
    with pytest.raises(SlotTaken):
        booked(hold_id, now=NOW + QUARTER)
    assert count(Course) == 0


def test_who_confirms_while_the_times_are_given_back_is_told(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    made = booked(held(), KARI, UNSURE)
    clinic = Beside(demo_app, lambda: confirm(office(), made.reference, now=DECIDED, at=AT))
    before(monkeypatch, courses, "_release", clinic.wait)
    assert release_lapsed(office(), now=DECIDED, at=AT) == 1
    assert isinstance(clinic.result(), NotPending)
    assert course(made.course_id).status == "released"


def test_times_are_given_back_once_however_many_workers_run(monkeypatch: pytest.MonkeyPatch) -> None:
    booked(held(), KARI, UNSURE)
    before(monkeypatch, courses, "_release", lambda: release_lapsed(office(), now=DECIDED, at=AT))
    release_lapsed(office(), now=DECIDED, at=AT)
    db.session.rollback()
    assert list(db.session.scalars(select(Message.kind).order_by(Message.id))) == ["held", "released"]


def test_a_draft_is_forgotten_once_however_many_workers_run(monkeypatch: pytest.MonkeyPatch) -> None:
    held()
    later = NOW + QUARTER + office().unfinished_kept
    before(monkeypatch, privacy, "drop_held_claims", lambda: forget_unfinished(office(), now=later))
    assert forget_unfinished(office(), now=later) == 1
    assert count(Hold) == 0


def test_choosing_twice_at_once_keeps_the_times_once(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = choice()
    first = held(chosen)
    again = Beside(demo_app, lambda: held(chosen))
    before(monkeypatch, holds, "_give_back", again.wait)
    assert held(chosen) == again.result() == first
    assert count(HeldTime) == len(chosen.appointments)


def test_holds_of_one_address_are_counted_one_after_another(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = choice()
    for number in range(office().holds_per_address - 1):
        held(part(chosen, number), visitor=f"visitor {number}")
    another = Beside(demo_app, lambda: held(part(chosen, 7), visitor="another"))
    before(monkeypatch, holds, "_give_back", another.wait)
    held(part(chosen, 8), visitor="the last")
    assert isinstance(another.result(), holds.TooManyHolds)


def part(chosen: holds.Choice, number: int) -> holds.Choice:
    """A choice of one of the times."""
    return holds.Choice(
        protocol_id=chosen.protocol_id,
        new_patient=False,
        appointments=chosen.appointments[number : number + 1],
        query="",
    )
