"""The worker's command: until nothing is due, or until somebody asks it to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from booking.services.delivery import WORKER
from booking.store.database import db
from booking.store.outbox import Message, last_beat
from tests.builders import NOW, booked_course
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.servers.forked import Forked
from tests.servers.ports import free_port
from tests.servers.smtp import Mailroom
from tests.servers.web import command_environ, flask

pytestmark = only_sqlite

SECONDS = 120  # a loaded machine may take long; who waits looks often


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def sent() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Message.sent_at.is_not(None))) or 0


def once(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["worker", "--once"])


def running_worker(database_url: str, **settings: str) -> Forked:
    return Forked(command_environ(database_url, **settings), "flask", "--app", "wsgi", "worker")


def wait_for(sign: object) -> None:
    deadline = time.monotonic() + SECONDS
    while not sign():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


# -- once -------------------------------------------------------------------------------------------------------------


def test_once_sends_what_is_due_and_ends(demonstration_url: str, smtp_server: Mailroom) -> None:
    booked_course(KARI)
    done = flask(command_environ(demonstration_url, BOOKING_MAIL=smtp_server.url), "worker", "--once")
    assert (done.returncode, done.stdout) == (0, "")
    assert len(smtp_server.deliveries) == sent() == 11


def test_its_log_names_nobody(demonstration_url: str, smtp_server: Mailroom) -> None:
    booked_course(SIV)
    smtp_server.answers = [f"451 <{SIV.email}> later"]
    done = flask(command_environ(demonstration_url, BOOKING_MAIL=smtp_server.url), "worker", "--once")
    assert "mail not sent" in done.stderr
    assert "@" not in done.stderr
    assert SIV.name not in done.stderr


def test_without_a_mail_server_the_mailbox_has_the_mails(demo_app: Flask) -> None:
    booked_course(KARI)
    assert once(demo_app).exit_code == 0
    assert len(demo_app.extensions["mailbox"].all()) == 11
    assert once(demo_app).exit_code == 0
    assert len(demo_app.extensions["mailbox"].all()) == 11


def test_it_says_that_it_is_alive_on_the_machines_clock(demo_app: Flask) -> None:
    once(demo_app)
    seen = last_beat(db.session(), WORKER)
    assert seen is not None
    assert abs(datetime.now(UTC) - seen) < timedelta(minutes=1)


def test_chores_are_done_at_the_clinics_time(demo_app: Flask) -> None:
    seen: list[datetime] = []
    demo_app.extensions["chores"] = [seen.append]
    once(demo_app)
    assert [abs(moment - NOW) < timedelta(minutes=10) for moment in seen] == [True]


def test_a_chore_that_fails_keeps_nothing_else_from_being_done(demo_app: Flask) -> None:
    seen: list[datetime] = []

    def broken(now: datetime) -> None:
        raise LookupError(now)

    demo_app.extensions["chores"] = [broken, seen.append]
    booked_course(SIV)
    assert once(demo_app).exit_code == 0
    assert (len(seen), sent()) == (1, 1)


# -- until it is told to stop -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_worker_sends_what_comes_and_stops_when_asked(
    demonstration_url: str, smtp_server: Mailroom, number: signal.Signals
) -> None:
    with running_worker(demonstration_url, BOOKING_MAIL=smtp_server.url) as worker:
        wait_for(lambda: last_beat(db.session(), WORKER) or db.session.rollback())
        booked_course(SIV)
        wait_for(sent)
        worker.send_signal(number)
        asked = time.monotonic()
        assert worker.wait(SECONDS) == 0
        assert time.monotonic() - asked < 20
    assert len(smtp_server.deliveries) == 1


def test_a_mailbox_that_does_not_answer_keeps_no_mail_waiting(demonstration_url: str, smtp_server: Mailroom) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mailbox = f"imap://reader:secret@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        with running_worker(demonstration_url, BOOKING_MAIL=smtp_server.url, BOOKING_IMAP=mailbox) as worker:
            connection, _ = silent.accept()
            booked_course(SIV)
            wait_for(sent)
            connection.setblocking(False)
            with connection, pytest.raises(BlockingIOError):
                connection.recv(1)  # the worker is still waiting for a word
            worker.terminate()
            assert worker.wait(SECONDS) == 0


@dataclass
class StoppingRoom:
    """A mail server that asks the worker to stop in the middle of a message, and is slow with it."""

    worker: Forked | None = None
    taken: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        while self.worker is None:
            await asyncio.sleep(0.01)
        self.worker.terminate()
        await asyncio.sleep(0.3)
        self.taken += 1
        return "250 kept"


def test_who_is_asked_to_stop_finishes_the_message_at_hand(demonstration_url: str) -> None:
    booked_course(KARI)
    room, port = StoppingRoom(), free_port()
    controller = Controller(room, hostname="127.0.0.1", port=port)
    controller.start()
    with running_worker(demonstration_url, BOOKING_MAIL=f"smtp://127.0.0.1:{port}") as room.worker:
        assert room.worker.wait(SECONDS) == 0
    controller.stop()
    assert room.taken == sent() == 1
