"""The real web server and the real commands, as processes over a database of the test."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.clock import offset_to_clinic_now
from tests.servers.databases import Content, Databases
from tests.servers.forked import Forked
from tests.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 120  # a loaded machine may take long; who waits looks often
SECONDS_TO_STOP = 60


@dataclass(frozen=True)
class LiveServer:
    """A gunicorn that answers at `url`, over `database_url`; `environ` is what its processes are given."""

    url: str
    database_url: str
    environ: dict[str, str]

    def flask(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command over the same database and clock, such as `flask("worker", "--once")`."""
        return flask(self.environ, *arguments, stdin=stdin)


def command_environ(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a process over the database, at the tests' clock; settings such as BOOKING_MAIL='…'."""
    return {
        **os.environ,
        "BOOKING_DATABASE_URL": database_url,
        "BOOKING_CLOCK_OFFSET": str(offset_to_clinic_now().total_seconds()),
        **settings,
    }


def flask(environ: dict[str, str], *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    with Forked(environ, "flask", "--app", "wsgi", *arguments) as command:
        out = command.tell((stdin or "").encode()).decode()
        return subprocess.CompletedProcess(arguments, command.wait(), out, command.errors.decode())


@contextmanager
def serving(
    database_url: str, *, workers: int = 1, application: str = "wsgi:app", keep_alive: int = 2, **settings: str
) -> Iterator[LiveServer]:
    """Run gunicorn on a free port with as many processes, until the block ends; it closes a connection over which
    nothing was asked for `keep_alive` seconds."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environ = command_environ(database_url, **{"BOOKING_URL": url, **settings})
    command = ["--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", "8", "--workers", str(workers)]
    command += ["--keep-alive", str(keep_alive), "--graceful-timeout", "2", "--log-level", "warning", application]
    with Forked(environ, "gunicorn", *command) as process:
        wait_until_answered(url, process)
        yield LiveServer(url, database_url, environ)
        process.terminate()
        process.wait(SECONDS_TO_STOP)


def wait_until_answered(url: str, process: Forked) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, process.errors.decode()
        if answers(url):
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer")


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def live_server(databases: Databases) -> Iterator[LiveServer]:
    """One real server for all tests of the session, on SQLite with the demonstration data: tests share its rows."""
    url = databases.new("sqlite", Content.DEMONSTRATION)
    with serving(url) as server:
        yield server
    databases.drop(url)


@pytest.fixture(scope="session")
def filled_server(databases: Databases) -> Iterator[LiveServer]:
    """As `live_server`, with 60 % of the needle time booked."""
    url = databases.new("sqlite", Content.FILLED)
    with serving(url) as server:
        yield server
    databases.drop(url)


@pytest.fixture
def start_server() -> Iterator[Callable[..., LiveServer]]:
    """Starts servers for one test: `start_server(demonstration_url, workers=4, BOOKING_MAIL=smtp_server.url)`."""
    with ExitStack() as stack:
        yield lambda database_url, **options: stack.enter_context(serving(database_url, **options))
