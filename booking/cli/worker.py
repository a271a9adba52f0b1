"""The worker: sends what waits in the outbox, and does the chores that belong to nobody's visit."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Thread

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext

from booking.cli import clock
from booking.cli.office import office
from booking.mail.post import Post
from booking.mail.sms import Sms
from booking.services.delivery import deliver_next, say_alive, what_happened
from booking.services.office import Office

Chore = Callable[[datetime], object]
"""Called with the clinic's clock, aware; commits by itself."""

PAUSE_SECONDS = 1.0
AFTER_TROUBLE_SECONDS = 5.0
BEAT_EVERY = timedelta(seconds=30)
CHORES_EVERY = timedelta(minutes=1)
POLLS_EVERY_SECONDS = 60.0
LAST_POLL_SECONDS = 5.0
"""So long a poll may go on when the worker ends; a mail whose round is cut off is read again in the next."""

log = structlog.get_logger()


@click.command("worker")
@click.option("--once", is_flag=True, help="Send what is due, do the chores once, and end.")
@with_appcontext
def worker(once: bool) -> None:
    """Send mails as they become due, until told to stop (SIGTERM or Ctrl-C)."""
    rounds = _Rounds(
        office=office(),
        post=current_app.extensions["post"],
        sms=current_app.extensions["sms"],
        chores=current_app.extensions.get("chores", ()),
    )
    polls = current_app.extensions.get("polls", ())
    if once:
        rounds.do(_Stop())
        _do_each(polls)
        return
    with _polling(current_app._get_current_object(), polls):  # type: ignore[attr-defined]
        _run(rounds, _Stop.on_signals())


class _Stop:
    """Whether somebody asked the worker to end. A queue, because its `put` alone is safe inside a signal handler."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[int] = SimpleQueue()

    @classmethod
    def on_signals(cls) -> _Stop:
        stop = cls()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: stop._asked.put(number))
        return stop

    @property
    def asked(self) -> bool:
        return not self._asked.empty()

    def wait(self, seconds: float) -> None:
        """Waits so long, or until asked to stop; being asked is remembered."""
        with suppress(Empty):
            self._asked.put(self._asked.get(timeout=seconds))


class _Rounds:
    """What a worker does over and over: says that it is alive, does the chores, empties the outbox."""

    def __init__(self, *, office: Office, post: Post, sms: Sms | None, chores: Sequence[Chore]) -> None:
        self._office = office
        self._post = post
        self._sms = sms
        self._chores = chores
        self._beat_due = self._chores_due = clock.machine_now()

    def do(self, stop: _Stop) -> None:
        """One round: until nothing is due, or somebody asks to stop, which waits for the message at hand."""
        self._do_chores()
        try:
            while not stop.asked and self._deliver():
                pass
        finally:
            self._post.close()

    def _deliver(self) -> bool:
        at = clock.machine_now()
        if at >= self._beat_due:
            say_alive(at=at)
            self._beat_due = at + BEAT_EVERY
        return deliver_next(self._office, self._post, at=at, sms=self._sms)

    def _do_chores(self) -> None:
        at = clock.machine_now()
        if at < self._chores_due:
            return
        self._chores_due = at + CHORES_EVERY
        _do_each(self._chores)


def _do_each(chores: Sequence[Chore]) -> None:
    for chore in chores:
        try:
            chore(clock.now())
        except Exception as error:  # one chore that fails keeps neither the others nor the mail from being done
            log.error("a chore failed", **what_happened(error))


@contextmanager
def _polling(app: Flask, polls: Sequence[Chore]) -> Iterator[None]:
    """Does each poll in a thread of its own: another's server may be slow, and no mail of ours waits for it, and no
    other poll."""
    ended = Event()

    def run(poll: Chore) -> None:
        while not ended.is_set():
            with app.app_context():
                _do_each((poll,))
            ended.wait(POLLS_EVERY_SECONDS)

    threads = [Thread(target=run, args=(poll,), name="poll", daemon=True) for poll in polls]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(LAST_POLL_SECONDS)


def _run(rounds: _Rounds, stop: _Stop) -> None:
    """Rounds with pauses between. Trouble, such as a database that restarts, is noted, and the worker goes on."""
    while not stop.asked:
        try:
            rounds.do(stop)
            stop.wait(PAUSE_SECONDS)
        except Exception as error:  # a worker that ends leaves patients without mail; what is wrong is in the log
            log.error("a round failed", **what_happened(error))
            stop.wait(AFTER_TROUBLE_SECONDS)
