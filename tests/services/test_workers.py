"""Workers may die anywhere and run side by side: no message is lost, and what comes twice is the same mail."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import update

from booking.mail.post import Post, PostError
from booking.services.delivery import LEASE, WORKER, deliver_next, say_alive
from booking.store.database import db
from booking.store.outbox import Message, last_beat
from booking.store.tasks import open_tasks
from booking.store.unit_of_work import unit_of_work
from tests.builders import booked_course, office
from tests.people import KARI, SIV
from tests.servers.databases import on_each
from tests.servers.forked import Forked
from tests.servers.ports import free_port
from tests.servers.smtp import Mailroom
from tests.servers.web import command_environ
from tests.services.outbox import deliver, deliver_to, messages, post_to, the_message

pytestmark = on_each


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@pytest.fixture
def at() -> datetime:
    """The machine's clock when the message was written."""
    booked_course(SIV)
    return the_message().written_at


# -- dying ------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What a test throws where a process would be gone."""


@dataclass
class DyingPost:
    """A post that dies before or after it has handed a mail over."""

    real: Post
    after: bool

    def send(self, body: bytes, sender: str, recipient: str) -> None:
        if self.after:
            self.real.send(body, sender, recipient)
        raise Killed

    def close(self) -> None:
        self.real.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_who_dies_while_sending_loses_nothing(smtp_server: Mailroom, at: datetime, after: bool) -> None:
    with post_to(smtp_server.port) as post:
        with pytest.raises(Killed):
            deliver(DyingPost(post, after), at)
        assert deliver(post, at + LEASE - timedelta(seconds=1)) == 0
        assert deliver(post, at + LEASE) == 1
    contents = [delivery.content for delivery in smtp_server.deliveries]
    assert contents == [the_message().body] * (2 if after else 1)


def test_a_repeated_mail_is_the_same_even_if_its_template_changed(
    smtp_server: Mailroom, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with post_to(smtp_server.port) as post:
        with pytest.raises(Killed):
            deliver(DyingPost(post, after=True), at)
        monkeypatch.setattr("booking.services.delivery.compose", lambda *_: b"another mail")
        deliver(post, at + LEASE)
    first, second = smtp_server.deliveries
    assert first.content == second.content


@dataclass
class SlowPost:
    """A post that takes longer than the lease: meanwhile another worker sends the same message; then it fails."""

    other: Post
    at: datetime

    def send(self, body: bytes, sender: str, recipient: str) -> None:
        deliver(self.other, self.at + LEASE)
        raise PostError("too slow", permanent=True)

    def close(self) -> None:
        self.other.close()


def test_a_slow_worker_undoes_nothing_of_what_another_did(smtp_server: Mailroom, at: datetime) -> None:
    with post_to(smtp_server.port) as post:
        deliver_next(office(), SlowPost(post, at), at=at)
    assert (the_message().sent_at, the_message().given_up_at) == (at + LEASE, None)
    assert open_tasks(db.session()) == []


# -- several ----------------------------------------------------------------------------------------------------------


def test_workers_side_by_side_send_each_message_once(smtp_server: Mailroom, demo_app: Flask) -> None:
    for number in range(3):
        booked_course(replace(KARI, name=f"Kari {number}", email=f"kari{number}@example.com", mobile=None))
    at = messages()[-1].written_at
    tried: list[int] = []

    def work() -> None:
        with demo_app.app_context():
            tried.append(deliver_to(smtp_server.port, at))

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    sent = Counter(message["Message-ID"] for message in smtp_server.messages)
    assert sent == {message.message_id: 1 for message in messages()}
    assert sum(tried) == 33


def test_workers_say_that_they_are_alive(demo_app: Flask, at: datetime) -> None:
    assert last_beat(db.session(), WORKER) is None

    def say() -> None:
        with demo_app.app_context():
            say_alive(at=at)

    workers = [Thread(target=say) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    db.session.rollback()
    assert last_beat(db.session(), WORKER) == at


# -- kill -9 ----------------------------------------------------------------------------------------------------------


@dataclass
class DeadlyRoom:
    """A mail server that kills the worker in front of it: before it keeps a mail, before it says so, or right after."""

    worker: Forked | None = None
    deadly: str = ""
    contents: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.deadly == "before":
            self._kill()
            return "451 nobody listens"
        self.contents.append(bytes(envelope.original_content or b""))
        if self.deadly == "after":
            self._kill()
        return "250 kept"

    def _kill(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            self.worker = None


@pytest.fixture
def deadly_room() -> Iterator[tuple[DeadlyRoom, int]]:
    room, port = DeadlyRoom(), free_port()
    controller = Controller(room, hostname="127.0.0.1", port=port)
    controller.start()
    yield room, port
    controller.stop()


def start_worker(environ: dict[str, str], *options: str) -> Forked:
    return Forked(environ, "flask", "--app", "wsgi", "worker", *options)


def kill_at_random(worker: Forked, room: DeadlyRoom, chance: random.Random) -> None:
    """Wait for its next mail, then for a moment that no mail decides."""
    before, deadline = len(room.contents), time.monotonic() + 30
    while len(room.contents) == before and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.05))
    worker.kill()


def let_the_leases_end() -> None:
    """As two minutes would: nobody is left who could still be sending."""
    unit_of_work(lambda session: session.execute(update(Message).values(leased_until=None)))


def test_workers_killed_anywhere_lose_no_message(
    demonstration_url: str, deadly_room: tuple[DeadlyRoom, int], all_forms: bool
) -> None:
    room, port = deadly_room
    environ = command_environ(demonstration_url, BOOKING_MAIL=f"smtp://127.0.0.1:{port}")
    for number in range(3 if all_forms else 1):
        booked_course(replace(KARI, name=f"Kari {number}", email=f"kari{number}@example.com", mobile=None))
    chance = random.Random(4711)
    deaths = ["before", "after", *(chance.choice(["before", "after", ""]) for _ in range(10 if all_forms else 0))]
    for room.deadly in deaths:
        worker = room.worker = start_worker(environ)
        if room.deadly:
            assert worker.wait() == -signal.SIGKILL
        else:
            kill_at_random(worker, room, chance)
        worker.end()
        let_the_leases_end()
    room.deadly, room.worker = "", None
    with start_worker(environ, "--once") as worker:
        assert worker.wait() == 0
    arrived = copies(room.contents)
    assert arrived.keys() == {message.message_id for message in messages()}
    assert all(len(set(contents)) == 1 for contents in arrived.values())
    assert len(room.contents) - len(arrived) <= len(deaths)
    assert all(message.sent_at and message.due_at is None for message in messages())


def copies(contents: list[bytes]) -> dict[str, list[bytes]]:
    by_id = defaultdict(list)
    for content in contents:
        message_id = content.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
        by_id[message_id].append(content)
    return by_id
