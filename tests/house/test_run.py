"""run.py: what it says when something is missing, what it does once, and that it ends what it starts."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from booking.services.demonstration import demonstration_facts
from tests.conftest import ALL

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


def load(folder: Path = ROOT) -> ModuleType:
    """run.py of the folder as a module of its own."""
    spec = importlib.util.spec_from_file_location("run_under_test", folder / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run() -> ModuleType:
    return load()


# What it says


def test_an_old_python_can_read_the_file() -> None:
    ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 7))


def test_an_old_python_is_told_which_one_is_needed() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 7, 3); runpy.run_path('run.py', run_name='__main__')"
    answer = subprocess.run([sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("This needs Python 3.11 or newer; this is Python 3.7")


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_without_venv_it_says_which_command_helps(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(run.Refused, match=r"apt-get install -y python3\.\d+-venv"):
        run.refuse_without_venv()


def test_without_chromium_a_person_who_is_not_root_is_told_the_command(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    monkeypatch.setattr(run.os, "geteuid", lambda: 1000)
    with pytest.raises(run.Refused, match="sudo apt-get install -y chromium"):
        run.bring_browser()


@pytest.mark.parametrize("start", ["soon", "2027-03-01T09:00"])
def test_a_start_without_offset_is_refused(run: ModuleType, start: str) -> None:
    with pytest.raises(run.Refused, match="BOOKING_NOW"):
        run.clock_offset(start)


def test_a_wished_port_that_is_taken_is_refused(run: ModuleType) -> None:
    with taken_port() as port, pytest.raises(run.Refused, match=str(port)):
        run.free_port("127.0.0.1", port)


def test_another_port_is_found_when_the_usual_one_is_taken(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with taken_port() as port:
        monkeypatch.setattr(run, "DEFAULT_PORT", port)
        found = run.free_port("127.0.0.1", None)
    assert found != port
    assert capsys.readouterr().out == f"Port {port} is taken, so this uses {found}.\n"


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("environ", "private"),
    [
        ({}, True),
        ({"BOOKING_ENV": "production"}, False),
        ({"BOOKING_HOST": "0.0.0.0"}, False),
        ({"BOOKING_URL": "https://clinic.example"}, False),
    ],
)
def test_demonstration_data_is_loaded_only_where_nobody_else_comes(
    run: ModuleType, environ: dict[str, str], private: bool
) -> None:
    usual = {"BOOKING_HOST": "127.0.0.1", "BOOKING_URL": "http://127.0.0.1:5000"}
    assert run.private(usual | environ) is private


# What it does once


def test_what_it_starts_is_compiled_once_and_nothing_lies_beside_the_sources(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}
    monkeypatch.setattr(run.os, "environ", environ)
    run.keep_bytecode()
    told = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
    answer = subprocess.run([sys.executable, "-c", told], env=environ, capture_output=True, text=True, check=True)
    assert answer.stdout == f"False {run.BYTECODE}\n"


def test_where_bytecode_may_lie_beside_the_sources_it_stays_there(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"LANG": "nb_NO.UTF-8"}
    monkeypatch.setattr(run.os, "environ", environ)
    run.keep_bytecode()
    assert environ == {"LANG": "nb_NO.UTF-8"}


@pytest.fixture(scope="module")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with run.py and locks without packages, installed by it over a half-made environment."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "run.py").write_text((ROOT / "run.py").read_text())
    for lock in ("requirements.txt", "requirements-dev.txt"):
        (folder / lock).write_text(f"# {lock}\n")
    run = load(folder)
    run.PYTHON.parent.mkdir(parents=True)
    run.PYTHON.write_text("half a file")
    run.UNFINISHED.write_text("environment")
    run.install(run.RUNTIME_LOCK)
    return folder


def test_a_half_made_environment_is_made_anew(empty_project: Path) -> None:
    assert load(empty_project).usable()


def test_a_finished_install_is_not_done_again(empty_project: Path) -> None:
    run = load(empty_project)
    before = run.INSTALLED.stat().st_mtime_ns
    run.install(run.RUNTIME_LOCK)
    assert run.INSTALLED.stat().st_mtime_ns == before


def test_the_development_lock_serves_for_both(empty_project: Path) -> None:
    run = load(empty_project)
    run.install(run.DEVELOPMENT_LOCK)
    assert run.installed(run.RUNTIME_LOCK)


def test_a_changed_lock_is_installed(empty_project: Path) -> None:
    run = load(empty_project)
    run.RUNTIME_LOCK.write_text("# changed\n")
    run.DEVELOPMENT_LOCK.write_text("# changed too\n")
    assert not run.installed(run.RUNTIME_LOCK)
    run.install(run.RUNTIME_LOCK)
    assert run.installed(run.RUNTIME_LOCK)


def test_an_interrupted_install_of_packages_is_picked_up(empty_project: Path) -> None:
    run = load(empty_project)
    run.UNFINISHED.write_text("packages")
    assert not run.installed(run.RUNTIME_LOCK)
    run.install(run.RUNTIME_LOCK)
    assert run.installed(run.RUNTIME_LOCK)


# What it starts and ends


class Site:
    """A run.py of this checkout that serves, over a database of the test."""

    def __init__(self, database: Path, **settings: str) -> None:
        self.port = free_port()
        environ = {**os.environ, "BOOKING_DATABASE_URL": f"sqlite:///{database}", **settings}
        command = [sys.executable, "run.py", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.output = ""

    def wait_until_it_serves(self) -> None:
        for line in self.process.stdout or ():
            self.output += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.output)

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(each) for each in listed.split()]

    def end(self) -> int:
        self.output += self.process.communicate(timeout=SECONDS)[0]
        return self.process.returncode


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving(database: Path, **settings: str) -> Iterator[Site]:
    site = Site(database, **settings)
    try:
        site.wait_until_it_serves()
        yield site
    finally:
        if site.process.poll() is None:
            site.process.terminate()
            site.end()


@dataclass(frozen=True)
class Ended:
    """How a site ended: its exit code, what it had said, how many processes it had started, and which were left."""

    code: int
    said: str
    started: int
    left: list[int]

    @classmethod
    def after(cls, site: Site, what: Callable[[list[int]], object]) -> Ended:
        """Once this was done to it, with the processes that it has started."""
        children = site.children()
        what(children)
        code = site.end()
        return cls(code, site.output, len(children), [child for child in children if Path(f"/proc/{child}").exists()])

    @classmethod
    def by(cls, site: Site, number: signal.Signals) -> Ended:
        return cls.after(site, lambda children: site.process.send_signal(number))

    @classmethod
    def by_the_death_of(cls, site: Site, which: int) -> Ended:
        return cls.after(site, lambda children: os.kill(children[which], signal.SIGKILL))


@dataclass(frozen=True)
class Prepared:
    """A database that a first start has prepared, and how that start ended when it was told to."""

    database: Path
    ended: Ended


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    database = tmp_path_factory.mktemp("run") / "booking.db"
    with serving(database) as site:
        assert "Preparing the database" in site.output
        return Prepared(database, Ended.by(site, signal.SIGTERM))


@dataclass(frozen=True)
class Started:
    """A second start: at which port, how many seconds it took, what its addresses answered, and how it ended when its
    web server died."""

    port: int
    seconds: float
    answers: dict[str, int]
    ended: Ended


@pytest.fixture(scope="module")
def second_start(prepared: Prepared) -> Started:
    began = time.monotonic()
    with serving(prepared.database) as site:
        seconds, addresses = time.monotonic() - began, re.findall(r"http://\S+", site.output)
        answers = {each: urllib.request.urlopen(each, timeout=10).status for each in addresses}
        return Started(site.port, seconds, answers, Ended.by_the_death_of(site, 0))


def test_it_shows_the_addresses_and_they_answer(second_start: Started) -> None:
    assert second_start.answers == {
        f"http://127.0.0.1:{second_start.port}/": 200,
        f"http://127.0.0.1:{second_start.port}/dev/mailbox": 200,
        f"http://localhost:{second_start.port}/nb/staff": 200,
        f"http://127.0.0.1:{second_start.port}/dev/accounts": 200,
    }


def test_it_shows_who_can_sign_in_to_the_demonstration(second_start: Started) -> None:
    lines = [line.split() for line in second_start.ended.said.splitlines() if "@" in line]
    assert [line[2].strip(",") for line in lines] == ["clinician"] * 2 + ["receptionist"] * 2 + ["administrator"]
    assert {line[1] for line in lines} == {demonstration_facts()["accounts"]["password"]}


def test_a_second_start_prepares_nothing_and_is_quick(second_start: Started) -> None:
    assert second_start.seconds < 30  # two seconds on an idle machine
    assert "Preparing" not in second_start.ended.said


def test_being_told_to_end_it_ends_all_of_it_with_exit_0(prepared: Prepared) -> None:
    assert (prepared.ended.code, prepared.ended.started, prepared.ended.left) == (0, 2, [])


def test_if_one_process_dies_the_other_is_ended_and_it_says_which(second_start: Started) -> None:
    assert (second_start.ended.code, second_start.ended.left) == (1, [])
    assert "The web server ended by itself" in second_start.ended.said


if ALL:

    def test_if_the_worker_dies_the_web_server_is_ended(prepared: Prepared) -> None:
        with serving(prepared.database) as site:
            ended = Ended.by_the_death_of(site, 1)
        assert (ended.code, ended.left) == (1, [])
        assert "The mail worker ended by itself" in ended.said

    def test_ctrl_c_ends_all_of_it_with_exit_0(prepared: Prepared) -> None:
        with serving(prepared.database) as site:
            ended = Ended.by(site, signal.SIGINT)
        assert (ended.code, ended.started, ended.left) == (0, 2, [])


def test_a_public_address_with_known_secrets_is_refused(tmp_path: Path) -> None:
    environ = {**os.environ, "BOOKING_DATABASE_URL": f"sqlite:///{tmp_path / 'booking.db'}"}
    command = [sys.executable, "run.py", "--host", "0.0.0.0", "--port", str(free_port())]
    answer = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=SECONDS)
    assert answer.returncode == 1
    assert "BOOKING_SECRET_KEY must be set: 0.0.0.0 can be reached from other machines." in answer.stderr
