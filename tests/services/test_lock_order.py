"""Lock order: a course before its messages, everywhere, so that nobody waits in a ring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from booking.services.reminders import write_due
from booking.store.database import db
from tests.builders import booked_course, office
from tests.mail.talker import talking
from tests.servers.databases import only_postgresql
from tests.services.answers import answered_course, received
from tests.services.changers import AT
from tests.services.outbox import deliver_to, messages, the_message

pytestmark = only_postgresql


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@contextmanager
def locks() -> Iterator[list[list[str]]]:
    """The tables whose rows each transaction locks, in order."""
    found: list[list[str]] = []

    def begin(_connection: object) -> None:
        found.append([])

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FOR UPDATE" in statement:
            found[-1].append(statement.partition("FROM ")[2].split()[0])

    event.listen(db.engine, "begin", begin)
    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)
    event.remove(db.engine, "begin", begin)


def test_who_gives_up_a_mail_locks_its_course_before_it() -> None:
    booked_course()
    at = the_message().written_at
    with talking(RCPT="550 5.1.1 unknown") as server, locks() as locked:
        deliver_to(server.port, at)
    assert the_message().given_up_at == at
    assert ["courses", "messages"] in locked
    assert not [tables for tables in locked if "courses" in tables[1:]]


def test_who_looks_at_a_reminder_before_it_goes_out_locks_its_course_before_it() -> None:
    first = booked_course().appointments[0]
    write_due(office(), now=first.starts_at - timedelta(hours=47), at=AT)
    (reminder,) = (message for message in messages() if message.kind == "reminder")
    with talking() as server, locks() as locked:
        deliver_to(server.port, reminder.written_at)
    assert ["courses", "messages"] in locked
    assert not [tables for tables in locked if "courses" in tables[1:]]


def test_who_takes_a_report_of_a_failed_mail_locks_its_course_before_it() -> None:
    answered_course()
    with locks() as locked:
        received("bounce-postfix")
    assert ["courses", "messages"] in locked
