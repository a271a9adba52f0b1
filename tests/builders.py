"""Builders: short ways to a plan, a hold and a booked course in tests of services and pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from flask import current_app
from sqlalchemy import delete

from booking.domain.course import Plan
from booking.domain.screening import Gate, HealthCheck
from booking.services.courses import Booked, Details, book
from booking.services.holds import Choice, Visitor, hold
from booking.services.office import Office
from booking.services.proposals import Asked, Proposal, propose
from booking.store.courses import Course
from booking.store.database import db
from booking.store.soonest import Soonest
from booking.store.unit_of_work import unit_of_work
from tests.copies import once
from tests.people import KARI
from tests.servers.clock import CLINIC_NOW

NOW = CLINIC_NOW
WELL = HealthCheck(Gate.NO)
UNSURE = HealthCheck(Gate.UNSURE)
TUESDAYS = Asked(clinics=("lambertseter",), days=frozenset({1}), start=date(2027, 4, 5))


_visitors = count()


def office() -> Office:
    return current_app.extensions["office"]  # type: ignore[no-any-return]


def proposal(asked: Asked = TUESDAYS, *, now: datetime = NOW) -> Proposal:
    db.session.rollback()
    found = propose(db.session(), office(), asked, now=now)
    assert found.plans, found.answer
    return found


def choice(asked: Asked = TUESDAYS, *, now: datetime = NOW) -> Choice:
    found = proposal(asked, now=now)
    return choice_of(found.protocol.id, found.plans[0], new_patient=asked.new_patient)


def choice_of(protocol_id: int, plan: Plan, *, new_patient: bool = False) -> Choice:
    return Choice(protocol_id=protocol_id, new_patient=new_patient, appointments=plan.appointments, query="")


def held(
    chosen: Choice | None = None, *, visitor: str = "kari", address: str = "192.0.2.1", now: datetime = NOW
) -> int:
    hold_id = hold(office(), Visitor(visitor, address), chosen or choice(now=now), now=now)
    db.session.rollback()
    return hold_id


def booked(hold_id: int, details: Details = KARI, check: HealthCheck = WELL, *, now: datetime = NOW) -> Booked:
    made = book(office(), hold_id, details, check, now=now, at=datetime.now(UTC))
    db.session.rollback()
    return made


def booked_course(details: Details = KARI, asked: Asked = TUESDAYS, **changes: Any) -> Course:
    """A course, booked whole, as the store has it."""
    who = replace(details, **changes)

    def book_it() -> int:
        return booked(held(choice(asked), visitor=f"visitor {next(_visitors)}"), who).course_id

    return course(once(book_it, who, asked, office()))


def forget_looks() -> None:
    """As where no worker has looked who could begin a course when."""
    unit_of_work(lambda session: session.execute(delete(Soonest)))


def course(course_id: int) -> Course:
    db.session.rollback()
    return db.session.get_one(Course, course_id)
