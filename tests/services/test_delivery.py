"""Each message is sent and marked, tried again later, or given up where people can see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.services.privacy import BODIES_KEPT, forget_bodies
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.tasks import Task, open_tasks
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, office
from tests.mail.talker import talking
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.servers.ports import free_port
from tests.servers.smtp import Mailroom
from tests.services.outbox import deliver_to, messages, the_message

pytestmark = only_sqlite

MINUTE = timedelta(minutes=1)
HOURS = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@pytest.fixture
def at() -> datetime:
    """The machine's clock when the message was written."""
    booked_course(SIV)
    return the_message().written_at


# -- sending ----------------------------------------------------------------------------------------------------------


def test_a_due_message_is_sent_and_marked(smtp_server: Mailroom, at: datetime) -> None:
    assert deliver_to(smtp_server.port, at) == 1
    message = the_message()
    assert (message.sent_at, message.due_at, message.leased_until, message.attempts) == (at, None, None, 1)
    (delivery,) = smtp_server.deliveries
    assert delivery.content == message.body
    assert (delivery.sender, delivery.recipients) == (office().mail_from, [SIV.email])


def test_nothing_due_is_nothing_to_do(smtp_server: Mailroom, at: datetime) -> None:
    assert deliver_to(smtp_server.port, at - MINUTE) == 0
    assert deliver_to(smtp_server.port, at) == 1
    assert deliver_to(smtp_server.port, at + 48 * HOURS) == 0


def test_the_confirmation_goes_out_before_the_invitations(smtp_server: Mailroom) -> None:
    booked_course(KARI)
    assert deliver_to(smtp_server.port, the_message().written_at) == 11
    assert [m["Message-ID"] for m in smtp_server.messages] == [message.message_id for message in messages()]


def test_the_bytes_of_a_sent_mail_with_its_secret_link_are_forgotten_after_a_week(
    smtp_server: Mailroom, at: datetime
) -> None:
    deliver_to(smtp_server.port, at)
    assert forget_bodies(at=at + BODIES_KEPT - MINUTE) == 0
    assert forget_bodies(at=at + BODIES_KEPT) == 1
    assert (the_message().body, the_message().sent_at) == (None, at)
    assert forget_bodies(at=at + BODIES_KEPT) == 0


def test_the_bytes_of_a_mail_that_is_still_to_be_sent_are_kept(at: datetime) -> None:
    deliver_to(free_port(), at)
    assert forget_bodies(at=at + BODIES_KEPT) == 0
    assert the_message().body is not None


# -- failing ----------------------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_down_is_tried_again_later_and_later(at: datetime) -> None:
    port, now, delays = free_port(), at, []
    for _ in range(9):
        assert deliver_to(port, now) == 1
        due = the_message().due_at
        assert due is not None
        delays.append((due - now) / MINUTE)
        now = due
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_mail_waits_for_a_server_that_comes_back(smtp_server: Mailroom, at: datetime) -> None:
    deliver_to(free_port(), at)
    assert deliver_to(smtp_server.port, at) == 0
    assert deliver_to(smtp_server.port, at + MINUTE) == 1
    assert (the_message().sent_at, the_message().error) == (at + MINUTE, None)


def test_a_refused_message_does_not_hold_up_the_others(smtp_server: Mailroom) -> None:
    booked_course(KARI)
    smtp_server.answers = ["451 4.3.0 <kari@example.com> later"]
    at = the_message().written_at
    assert deliver_to(smtp_server.port, at) == 11
    assert len(smtp_server.deliveries) == 10
    assert deliver_to(smtp_server.port, at + MINUTE) == 1


def test_what_went_wrong_is_kept_without_addresses(smtp_server: Mailroom, at: datetime) -> None:
    smtp_server.answers = [f"451 4.3.0 <{SIV.email}> later"]
    deliver_to(smtp_server.port, at)
    assert the_message().error == "mail refused: 451 4.3.0"


def test_after_a_day_a_message_is_given_up_and_somebody_must_ring(at: datetime) -> None:
    port, now = free_port(), at
    while (due := the_message().due_at) is not None:
        now = due
        deliver_to(port, now)
    assert now == at + 24 * HOURS
    assert (the_message().given_up_at, the_message().sent_at) == (now, None)
    (task,) = open_tasks(db.session())
    assert (task.kind, task.name, task.phone) == ("mail_failed", SIV.name, SIV.mobile)
    assert task.due_at == NOW + 24 * HOURS


def test_mail_that_waited_for_a_worker_has_several_tries(at: datetime) -> None:
    port, now = free_port(), at + 72 * HOURS
    for _ in range(4):
        assert the_message().given_up_at is None
        deliver_to(port, now)
        now += 10 * MINUTE
    assert the_message().given_up_at is not None


def test_a_recipient_that_does_not_exist_is_given_up_at_once(at: datetime) -> None:
    with talking(RCPT="550 5.1.1 unknown") as server:
        deliver_to(server.port, at)
    assert (the_message().given_up_at, the_message().due_at) == (at, None)
    assert [task.kind for task in open_tasks(db.session())] == ["mail_failed"]


def test_however_many_mails_fail_somebody_must_ring_once() -> None:
    booked_course(KARI)
    with talking(RCPT="550 5.1.1 unknown") as server:
        assert deliver_to(server.port, the_message().written_at) == 11
    assert all(message.given_up_at for message in messages())
    assert db.session.scalar(select(func.count()).select_from(Task)) == 1


def test_a_message_that_cannot_be_made_does_not_hold_up_the_others(smtp_server: Mailroom) -> None:
    booked_course(KARI)
    first = the_message().id
    unit_of_work(lambda session: session.execute(update(Message).where(Message.id == first).values(facts={})))
    assert deliver_to(smtp_server.port, the_message().written_at) == 11
    assert len(smtp_server.deliveries) == 10
    broken = the_message()
    assert (broken.body, broken.error) == (None, "cannot be made: KeyError")
    assert broken.due_at == broken.written_at + MINUTE
