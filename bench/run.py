"""Run: all questions asked of one database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from bench import houses, plans, slots
from bench.lines import Line
from bench.measure import CLOCKS, Effort
from booking.app import create_app
from booking.config import Settings
from booking.store.database import db
from booking.store.unit_of_work import unit_of_work
from tests.servers.clock import CLINIC_NOW, offset_to_clinic_now
from tests.servers.databases import Content, Databases

BACKENDS = ("sqlite", "postgresql")
LARGE_CLINICS, LARGE_WEEKS = 10, 53


def lines(databases: Databases, backend: str, effort: Effort = Effort()) -> Iterator[Line]:
    yield from large_house(databases, backend, effort)


def large_house(databases: Databases, backend: str, effort: Effort) -> Iterator[Line]:
    """Slots and plans: what the rules cost against one SELECT."""
    now = CLINIC_NOW
    app = application(databases.new(backend, Content.DEMONSTRATION))
    with app.app_context():
        clinics = unit_of_work(lambda session: booked_clinics(session, now))
        with Session(db.engine) as session:
            for question in (*slots.questions(session, clinics, now), *plans.questions(session, clinics, now)):
                yield from question.answer(backend, effort, CLOCKS)
        db.engine.dispose()


def booked_clinics(session: Session, now: datetime) -> tuple[int, ...]:
    clinics = houses.add_clinics(session, LARGE_CLINICS)
    houses.book_out(session, clinics, LARGE_WEEKS, now=now, claims=False)
    return clinics


def application(url: str) -> Flask:
    return create_app(Settings(database_url=url, clock_offset=offset_to_clinic_now()))
