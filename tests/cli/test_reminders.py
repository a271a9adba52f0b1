"""Reminders on the command line: what is due, without writing it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from booking.domain.period import oslo
from booking.services.reminders import write_due
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import NOW, booked_course, office
from tests.cli.commands import said
from tests.people import SIV
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite


def test_what_is_due_at_a_time_is_listed_and_not_written(demo_app: Flask) -> None:
    with demo_app.app_context():
        made = booked_course(SIV)
        start = oslo(min(each.starts_at for each in made.appointments))
    at = start - timedelta(days=2)
    answer = said(demo_app, "reminders", "due", "--at", f"{at:%Y-%m-%dT%H:%M}", "--json").answer
    assert answer["at"] == at.isoformat()
    assert answer["reminders"] == [
        {
            "reference": made.reference,
            "rung": "two_days",
            "about": start.isoformat(),
            "until": (start - timedelta(days=1)).isoformat(),
        }
    ]
    with demo_app.app_context():
        assert not db.session.scalars(select(Message).where(Message.kind == "reminder")).all()


def test_what_was_written_is_not_due_again(demo_app: Flask) -> None:
    with demo_app.app_context():
        at = min(each.starts_at for each in booked_course(SIV).appointments) - timedelta(days=2)
        assert write_due(office(), now=at, at=NOW) == 1
    assert said(demo_app, "reminders", "due", "--at", at.isoformat()).answer["reminders"] == []


def test_now_is_the_clinics_clock(demo_app: Flask) -> None:
    answer = said(demo_app, "reminders", "due").answer
    assert answer["at"].startswith("2027-03-01T09:")


def test_a_time_that_is_none_is_refused(demo_app: Flask) -> None:
    refused = said(demo_app, "reminders", "due", "--at", "soon")
    assert refused.exit_code == 2
    assert "2027-03-09T18:00" in refused.stderr
