"""What all tests share: settings that are no person's own, the app over a database of the test, and the browser."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from tests.servers.clock import offset_to_clinic_now

if TYPE_CHECKING:
    from tests.servers.databases import Databases

for name in [name for name in os.environ if name.startswith("BOOKING_") and name != "BOOKING_TEST_ALL"]:
    del os.environ[name]

ALL = bool(os.environ.get("BOOKING_TEST_ALL"))

hypothesis_settings.register_profile("short", max_examples=50, deadline=None, derandomize=True, database=None)
hypothesis_settings.register_profile("all", max_examples=1000, deadline=None, database=None)
hypothesis_settings.load_profile("all" if ALL else "short")

pytest_plugins = [
    "tests.servers.databases",
    "tests.servers.isolation",
    "tests.servers.sms",
    "tests.servers.smtp",
    "tests.servers.calendars",  # after the one whose certificate it shows, as the next
    "tests.servers.imap",
    "tests.servers.web",
]

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The first that is there. The first of them shows the same pages in half of the time: it has no window to draw."""


def pytest_configure() -> None:
    """A run that is told to end (SIGTERM) ends its servers too, as after Ctrl-C. And Python looks for lost objects less
    often: usually that takes an eighth of the time of the tests."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gc.set_threshold(10_000, 50, 20)


@pytest.fixture(scope="session")
def all_forms() -> bool:
    """True where the long forms run too (`python3 run.py test --all`)."""
    return ALL


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application over a migrated database without rows, of each backend, at the tests' clock."""
    yield from application(database_url)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def demo_app(demonstration_url: str) -> Iterator[Flask]:
    """The application over the demonstration data, of each backend, at the tests' clock."""
    yield from application(demonstration_url)


@pytest.fixture
def demo_client(demo_app: Flask) -> FlaskClient:
    return demo_app.test_client()


@pytest.fixture(scope="module")
def site_app(databases: Databases) -> Iterator[Flask]:
    """One application over the demonstration data for the tests of a file that only read."""
    from tests.servers.databases import Content

    url = databases.new("sqlite", Content.DEMONSTRATION, f"site_{os.getpid()}")
    yield from application(url)
    databases.drop(url)


def application(database_url: str) -> Iterator[Flask]:
    """The application over this database, at the tests' clock. Tests whose databases have one URL share what it has
    compiled of templates and statements, which takes longer than most of them, and nothing else."""
    if database_url not in _applications:
        app = new_application(database_url)
        _applications[database_url] = (app, dict(app.extensions))
    app, extensions = _applications[database_url]
    forget_senders()
    forget_feeds()
    app.extensions.clear()
    app.extensions.update(extensions)
    app.extensions["settings"] = replace(extensions["settings"], clock_offset=offset_to_clinic_now())
    yield app
    end_connections(app)


def new_application(database_url: str) -> Flask:
    """The application over this database, at the tests' clock. It keeps passwords by argon2id as ever, at no cost."""
    from booking.app import create_app
    from booking.config import Settings

    app = create_app(Settings(database_url=database_url, clock_offset=offset_to_clinic_now()))
    app.extensions["security"].pwd_context.update(argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1)
    app.jinja_env.bytecode_cache = _templates
    return app


class Templates(BytecodeCache):
    """What was compiled of templates, for all applications of the process."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_templates = Templates()


def forget_senders() -> None:
    """Each test may send as many forms as a household in an hour."""
    from booking.web.limits import limiter

    limiter.reset()


def forget_feeds() -> None:
    """Each test may have courses of the same numbers and secrets as one before it."""
    from booking.services import clinician_feeds, feeds

    for kept in (feeds._feeds, feeds._kept_events, clinician_feeds._answers, clinician_feeds._kept_events):
        kept._values.clear()


def end_connections(app: Flask) -> None:
    from booking.store.database import db

    with app.app_context():
        db.engine.dispose()


_applications: dict[str, tuple[Flask, dict[str, Any]]] = {}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which asks no other machine for anything."""
    quiet = ("background-networking", "component-update", "sync", "gpu", "quic")
    arguments = ["--no-first-run", *(f"--disable-{feature}" for feature in quiet)]
    arguments.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    return {**browser_type_launch_args, "executable_path": executable, "args": arguments}
