"""Workers that remind may run side by side and die anywhere: each reminder has one message, sent as one mail."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.reminding import Rung
from booking.services.helpers import Invited, add_helper
from booking.services.reminders import choose, wishes_of, write_due
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.reminders import Reminder
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, course, office
from tests.people import SIV
from tests.servers.databases import first_postgresql
from tests.servers.forked import Forked
from tests.servers.smtp import Mailroom
from tests.servers.web import command_environ

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
COURSES = 4

pytestmark = first_postgresql


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@pytest.fixture
def due() -> datetime:
    """When each of some patients, and a helper of each, is to be reminded of a session of the same day."""
    starts = []
    for number in range(COURSES):
        made = booked_course(replace(SIV, name=f"Siv {number}", email=f"siv{number}@example.com", mobile=None))
        wishes = wishes_of(db.session(), office(), made)
        choose(office(), made.id, replace(wishes, rungs=frozenset({Rung.TWO_DAYS})))
        invited = Invited(name="Hjelper", email=f"helper{number}@example.com", language="nb", reminded=True)
        add_helper(office(), made.id, invited, now=NOW, at=AT)
        starts.append(min(each.starts_at for each in course(made.id).appointments))
    assert max(starts) - min(starts) < timedelta(hours=12)
    return max(starts) - timedelta(hours=47)


def assert_each_once() -> list[Message]:
    """Each reminder has one message of its own, and nobody is reminded twice of the same."""
    db.session.rollback()
    messages = list(db.session.scalars(select(Message).where(Message.kind == "reminder")))
    reminders = list(db.session.scalars(select(Reminder)))
    assert sorted(message.facts["reminder_id"] for message in messages) == sorted(each.id for each in reminders)
    assert len({message.message_id for message in messages}) == len(messages)
    to_whom = Counter((message.course_id, message.recipient, message.facts["about"]) for message in messages)
    assert set(to_whom.values()) <= {1}
    return messages


def test_workers_side_by_side_write_each_reminder_once(demo_app: Flask, due: datetime) -> None:
    ready = Barrier(4)
    counts: list[int] = []

    def work() -> None:
        with demo_app.app_context():
            ready.wait(30)
            counts.append(write_due(office(), now=due, at=AT))

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sum(counts) == 2 * COURSES
    assert len(assert_each_once()) == 2 * COURSES


def test_workers_killed_anywhere_and_run_twice_remind_once(
    demonstration_url: str, smtp_server: Mailroom, due: datetime, all_forms: bool
) -> None:
    offset = (due - datetime.now(UTC)).total_seconds()
    environ = command_environ(demonstration_url, BOOKING_MAIL=smtp_server.url, BOOKING_CLOCK_OFFSET=str(offset))
    unit_of_work(lambda session: session.execute(update(Message).values(due_at=None)))
    chance = random.Random(4711)
    for _ in range(12 if all_forms else 2):
        workers = [start_worker(environ) for _ in range(2)]
        wait_until_at_work()
        time.sleep(chance.uniform(0, 0.1))
        for worker in workers:
            worker.end()
        assert_each_once()
        unit_of_work(lambda session: session.execute(update(Message).values(leased_until=None)))
    for _ in range(2):
        with start_worker(environ, "--once") as one, start_worker(environ, "--once") as other:
            assert (one.wait(), other.wait()) == (0, 0)
    messages = assert_each_once()
    assert len(messages) == 2 * COURSES
    contents = defaultdict(set)
    for delivery in smtp_server.deliveries:
        contents[delivery.message["Message-ID"], delivery.recipients[0]].add(delivery.content)
    assert contents.keys() == {(message.message_id, message.recipient) for message in messages}
    assert all(len(each) == 1 for each in contents.values())


def start_worker(environ: dict[str, str], *options: str) -> Forked:
    return Forked(environ, "flask", "--app", "wsgi", "worker", *options)


def wait_until_at_work() -> None:
    """Until one of them has written another reminder, or has had the time to start."""
    deadline, before = time.monotonic() + 3, how_many()
    while time.monotonic() < deadline and how_many() == before:
        time.sleep(0.005)


def how_many() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Reminder.id)).all())
