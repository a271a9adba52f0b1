#!/usr/bin/env python3
"""Set up what is missing, then serve, test, check or measure. Needs nothing but Python.

python3 run.py [--port N] [--host H]     serve the site and send its mail
python3 run.py test [--all] [ARG …]      run the tests; --all adds the long ones, ARG goes to pytest
python3 run.py check                     format, lint, types, floors, templates, dependencies, texts, tables
python3 run.py bench [--json]            measure
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "This needs Python 3.11 or newer; this is Python %d.%d (%s).\n"
        "Install a newer one and start again with it, for example: python3.11 run.py"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

import argparse
import hashlib
import http.client
import importlib.util
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME_LOCK = ROOT / "requirements.txt"
DEVELOPMENT_LOCK = ROOT / "requirements-dev.txt"
MOST_TESTERS = 4  # processes that share the tests
TRANSLATIONS = ROOT / "booking" / "translations"
MIGRATIONS = ROOT / "migrations" / "versions"

INSTALLED = VENV / "installed.json"  # which lock is installed, by which Python
UNFINISHED = VENV / "unfinished"  # there while something is being installed; says what
COMPILED = VENV / "catalogues.json"  # which catalogues are compiled
BYTECODE = VENV / "bytecode"  # what Python has compiled, where it shall leave nothing beside the sources

DEFAULT_PORT = 5000
SECONDS_TO_START = 60
SECONDS_TO_STOP = 15
QUICKEST_BROWSER = "chromium-headless-shell"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


Process = subprocess.Popen[bytes]


class Refused(Exception):
    """Something is missing that this program cannot bring; the message says what helps."""


class Stopped(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


def main(arguments: Sequence[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    keep_bytecode()
    try:
        return dispatch(arguments)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except Stopped:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return 130


def stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def keep_bytecode() -> None:
    """Where Python is told to write no bytecode, what is started here keeps it in .venv instead: compiling everything
    at each start takes longer than the start itself."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(BYTECODE))


def dispatch(arguments: Sequence[str]) -> int:
    command = arguments[0] if arguments else ""
    if command == "test":
        return test(arguments[1:])
    if command == "bench":
        return bench(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=("serve", "check"), default="serve")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (5000, or a free one)")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check()
    return serve(options.host, options.port)


# Setting up


def set_up(lock: Path) -> None:
    """Bring the virtual environment, the packages of the lock and the compiled catalogues."""
    install(lock)
    compile_catalogues()


def install(lock: Path) -> None:
    if installed(lock):
        return
    make_virtual_environment()
    # An interrupted install may leave a package half there that looks whole: then all are laid anew.
    again = ["--force-reinstall"] if UNFINISHED.exists() else []
    INSTALLED.unlink(missing_ok=True)
    with unfinished("packages"):
        install_packages(lock, again)
    write_json(INSTALLED, install_key(lock))


def installed(lock: Path) -> bool:
    """True if this lock is installed, or the development lock, which holds all of the other."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    return read_json(INSTALLED) in (install_key(lock), install_key(DEVELOPMENT_LOCK))


def install_key(lock: Path) -> object:
    return {"lock": digest([lock]), "python": "%d.%d.%d" % sys.version_info[:3]}


def make_virtual_environment() -> None:
    if UNFINISHED.exists() and UNFINISHED.read_text() == "environment":
        shutil.rmtree(VENV)
    if usable():
        return
    refuse_without_venv()
    print("Making the virtual environment in .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    with unfinished("environment"):
        run([sys.executable, "-m", "venv", str(VENV)], "The virtual environment could not be made.")


def usable() -> bool:
    """True if .venv has a Python that is new enough and can install packages."""
    if not PYTHON.exists():
        return False
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", question], capture_output=True).returncode == 0


def refuse_without_venv() -> None:
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = "python%d.%d-venv" % sys.version_info[:2]
    raise Refused(
        f"Python's venv module is missing. This installs it on Debian and Ubuntu:\n\n    {apt_command(package)}\n"
    )


def install_packages(lock: Path, extra: Sequence[str]) -> None:
    total = sum("==" in line for line in lock.read_text().splitlines())
    print(f"Installing {total} packages from {lock.name}", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "--no-deps", "--no-compile", "--require-hashes", *extra, "-r", str(lock)]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in process.stdout or ():
                lines.append(line)
                show_progress(line, lines, total)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise Refused("".join(lines[-20:]) + "\nThe packages could not be installed; see above. Start again to go on.")


def show_progress(line: str, lines: Sequence[str], total: int) -> None:
    if line.startswith("Collecting "):
        seen = sum(each.startswith("Collecting ") for each in lines)
        print(f"  {seen:3} of {total}  {line.split()[1]}", flush=True)
    if line.startswith("Installing collected packages"):
        print("  unpacking", flush=True)


@contextmanager
def unfinished(what: str) -> Iterator[None]:
    """Leave a mark while something is being made, so that an interruption is seen the next time."""
    UNFINISHED.write_text(what)
    yield
    UNFINISHED.unlink(missing_ok=True)


def compile_catalogues() -> None:
    catalogues = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    key = {"catalogues": digest(catalogues)}
    if read_json(COMPILED) == key and all(each.with_suffix(".mo").exists() for each in catalogues):
        return
    if catalogues:
        command = [str(PYTHON), "-m", "babel.messages.frontend", "compile", "-d", str(TRANSLATIONS)]
        run(command, "The translations could not be compiled.", quiet=True)
    write_json(COMPILED, key)


# Serving


def serve(host: str, port: int | None) -> int:
    environ = serving_environ(host, free_port(host, port))
    set_up(RUNTIME_LOCK)
    prepare_database(environ)
    commands = {"The web server": web_server(environ), "The mail worker": flask("worker")}
    try:
        with running(commands, environ) as processes:
            wait_until_answered(processes, environ)
            show_addresses(environ)
            watch(processes)
    except Stopped:
        print("\nStopped.", flush=True)
    return 0


def serving_environ(host: str, port: int) -> dict[str, str]:
    """What every process that is started here gets: the same address and the same clock."""
    environ = dict(os.environ, BOOKING_HOST=host, BOOKING_PORT=str(port), PYTHONUNBUFFERED="1")
    if not environ.get("BOOKING_URL") and environ.get("BOOKING_ENV") != "production":
        environ["BOOKING_URL"] = f"http://{visible_host(host)}:{port}"
    if environ.get("BOOKING_NOW"):
        environ["BOOKING_CLOCK_OFFSET"] = clock_offset(environ["BOOKING_NOW"])
    return environ


def visible_host(host: str) -> str:
    """What stands in an address for the host: a name where it listens on all, IPv6 in brackets."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return bracketed(host)


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def clock_offset(start: str) -> str:
    """Seconds from the machine's clock to the moment BOOKING_NOW, reckoned once for all processes."""
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(start)
    if moment is None or moment.tzinfo is None:
        raise Refused(f"BOOKING_NOW must be a time with its offset, like 2027-03-01T09:00+01:00, not {start!r}.")
    return str((moment - datetime.now(timezone.utc)).total_seconds())


def free_port(host: str, wished: int | None) -> int:
    if bindable(host, wished or DEFAULT_PORT):
        return wished or DEFAULT_PORT
    if wished:
        raise Refused(f"Port {wished} on {host} cannot be used: choose another with --port.")
    with listening_socket(host) as listener:
        listener.bind((host, 0))
        port = int(listener.getsockname()[1])
    print(f"Port {DEFAULT_PORT} is taken, so this uses {port}.", flush=True)
    return port


def bindable(host: str, port: int) -> bool:
    try:
        with listening_socket(host) as listener:
            listener.bind((host, port))
    except socket.gaierror:
        raise Refused(f"{host} is no address of this machine.") from None
    except (OSError, OverflowError):
        return False
    return True


def listening_socket(host: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return listener


def prepare_database(environ: dict[str, str]) -> None:
    """Bring the tables up to date and load the demonstration data, unless both was done before."""
    database = database_file(environ)
    demonstration = private(environ)
    if database and read_json(ready_file(database)) == ready_key(database, demonstration):
        return
    if database:
        database.parent.mkdir(parents=True, exist_ok=True)
    print("Preparing the database", flush=True)
    run(flask("db", "upgrade"), "The database could not be brought up to date.", environ, quiet=True)
    if demonstration:
        run(flask("demo"), "The demonstration data could not be loaded.", environ, quiet=True)
    if database:
        write_json(ready_file(database), ready_key(database, demonstration))


def database_file(environ: dict[str, str]) -> Path | None:
    """The file of an SQLite database; None for a server, which is asked at every start."""
    url = environ.get("BOOKING_DATABASE_URL") or f"sqlite:///{ROOT / 'var' / 'booking.db'}"
    return Path(url[len("sqlite:///") :]) if url.startswith("sqlite:///") else None


def ready_file(database: Path) -> Path:
    return database.with_name(database.name + ".ready")


def ready_key(database: Path, demonstration: bool) -> object:
    """Says which file was prepared (another one has another inode), to which tables, with what in it."""
    if not database.exists():
        return {"file": None}
    return {
        "file": database.stat().st_ino,
        "tables": digest(sorted(MIGRATIONS.glob("*.py"))),
        "demonstration": demonstration,
    }


def private(environ: dict[str, str]) -> bool:
    """True where only this machine reaches the service; elsewhere there is no demonstration data."""
    url_host = urllib.parse.urlsplit(environ.get("BOOKING_URL", "")).hostname or ""
    if environ.get("BOOKING_ENV") == "production":
        return False
    return on_loopback(environ["BOOKING_HOST"]) and on_loopback(url_host)


def on_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_server(environ: dict[str, str]) -> list[str]:
    bind = f"{bracketed(environ['BOOKING_HOST'])}:{environ['BOOKING_PORT']}"
    command = [
        str(PYTHON),
        "-m",
        "gunicorn",
        "--no-control-socket",
        "--bind",
        bind,
        "--worker-class",
        "gthread",
    ]
    return [*command, "--threads", "8", "--graceful-timeout", "5", "--log-level", "warning", "wsgi:app"]


@contextmanager
def running(commands: dict[str, list[str]], environ: dict[str, str]) -> Iterator[dict[str, Process]]:
    """Run the named commands together and end them all, whatever happens."""
    processes: dict[str, Process] = {}
    try:
        for name, command in commands.items():
            # A session of its own: Ctrl-C reaches this process alone, which ends the others once.
            processes[name] = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
        yield processes
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        end(processes)


def end(processes: dict[str, Process]) -> None:
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
        else:
            kill_rest(process)
    deadline = time.monotonic() + SECONDS_TO_STOP
    late = [name for name, process in processes.items() if not ended(process, deadline)]
    if late:
        raise Refused(f"{' and '.join(late)} did not end within {SECONDS_TO_STOP} seconds and had to be killed.")


def ended(process: Process, deadline: float) -> bool:
    """Wait for the process until the deadline; after it, kill the process and all it started."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        kill_rest(process)
        process.wait()
        return False
    return True


def kill_rest(process: Process) -> None:
    """Kill what is left of the process and of all it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until_answered(processes: dict[str, Process], environ: dict[str, str]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not answers(environ):
        refuse_if_one_ended(processes)
        if time.monotonic() > deadline:
            raise Refused(f"The web server did not answer within {SECONDS_TO_START} seconds.")
        time.sleep(0.05)


def answers(environ: dict[str, str]) -> bool:
    return ask(environ, "HEAD", "/")[0] != 0


def ask(environ: dict[str, str], method: str, path: str) -> tuple[int, str]:
    """Status and text of what the web server answers; (0, "") if it does not."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environ["BOOKING_HOST"], environ["BOOKING_HOST"])
    connection = http.client.HTTPConnection(host, int(environ["BOOKING_PORT"]), timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def refuse_if_one_ended(processes: dict[str, Process]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise Refused(f"{name} ended by itself with exit code {process.returncode}; the reason stands above.")


def watch(processes: dict[str, Process]) -> None:
    """Stay until a signal comes; refuse to go on with half of the processes."""
    while True:
        refuse_if_one_ended(processes)
        time.sleep(0.2)


def show_addresses(environ: dict[str, str]) -> None:
    url = environ.get("BOOKING_URL", "").rstrip("/")
    print(f"\n  Site:     {url}/", flush=True)
    if environ.get("BOOKING_MAIL", "mailbox") == "mailbox" and private(environ):
        print(f"  Mailbox:  {url}/dev/mailbox", flush=True)
    show_accounts(environ, url)
    print("\n  Ctrl-C stops it.\n", flush=True)


def show_accounts(environ: dict[str, str], url: str) -> None:
    """Who can sign in, where what is served is the demonstration data: then the server itself tells."""
    status, text = ask(environ, "GET", "/dev/accounts")
    if status != 200:
        return
    named = url.replace("//127.0.0.1", "//localhost")  # passkeys are for a name
    print(f"  Staff:    {named}/nb/staff", flush=True)
    print(f"  Codes:    {url}/dev/accounts\n", flush=True)
    for line in text.splitlines():
        email, password, role, *codes = line.split("\t")
        key = f", codes from the key {codes[0]}" if codes else ""
        print(f"            {email:22}{password:21}{role}{key}", flush=True)


# Testing, checking, measuring


def test(arguments: Sequence[str]) -> int:
    set_up(DEVELOPMENT_LOCK)
    bring_browser()
    environ = dict(os.environ)
    if "--all" in arguments:
        environ["BOOKING_TEST_ALL"] = "1"
    # A file's tests stay together: they share servers and databases. `-n0` brings all into one process again. One
    # tester more than processors, because the tests of browsers and servers wait a good part of their time.
    shared = ["-n", str(min((os.cpu_count() or 1) + 1, MOST_TESTERS)), "--dist", "loadfile"]
    become([str(PYTHON), "-m", "pytest", *shared, *(each for each in arguments if each != "--all")], environ)


def bench(arguments: Sequence[str]) -> int:
    set_up(DEVELOPMENT_LOCK)
    become([str(PYTHON), "-m", "bench", *arguments], dict(os.environ))


def become(command: Sequence[str], environ: dict[str, str]) -> NoReturn:
    """Go on as this command: it gets the signals itself, and its exit code is ours."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(command[0], list(command), environ)


def bring_browser() -> None:
    """Chromium for the tests: the system's, or installed where that is allowed.

    A machine that only tests (`CI` is set) is given the one that draws no window, if its packages have it: it shows the
    same pages in half of the time.
    """
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if may_install and "CI" in os.environ and not shutil.which(QUICKEST_BROWSER):
        with suppress(Refused):
            install_browser(QUICKEST_BROWSER)
    if any(map(shutil.which, (QUICKEST_BROWSER, *BROWSERS))):
        return
    if not may_install:
        raise Refused(
            "The tests need Chromium. This installs it on Debian and Ubuntu:\n\n"
            f"    {apt_command('chromium')}\n\n"
            f"Elsewhere, any of these on the PATH will do: {', '.join(BROWSERS)}."
        )
    install_browser("chromium")


def install_browser(package: str) -> None:
    print(f"Installing {package}", flush=True)
    environ = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run(["apt-get", "update"], "The list of packages could not be brought up to date.", environ, quiet=True)
    run(["apt-get", "install", "-y", package], f"{package} could not be installed.", environ, quiet=True)


def apt_command(package: str) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y {package}"


def check() -> int:
    set_up(DEVELOPMENT_LOCK)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        answers = pool.map(faults, checks().values())
        failed = [name for name, found in zip(checks(), answers, strict=True) if not passes(name, found)]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return 1 if failed else 0


def checks() -> dict[str, list[list[str]]]:
    """Each check by its name: the commands that must all end well. Several run at once, so the longest come first."""
    return {
        "types": [tool("mypy", "--no-error-summary")],
        "tables": [flask("db", "upgrade"), flask("db", "check")],
        "templates": [tool("djlint", "--check", "templates"), tool("djlint", "--lint", "templates")],
        "format": [tool("ruff", "format", "--check", "--quiet", ".")],
        "lint": [tool("ruff", "check", "--quiet", ".")],
        "floors": [tool("lint-imports", "--no-cache")],
        "dependencies": [tool("deptry", ".")],
        "texts": [[str(PYTHON), "-m", "pytest", "-q", "tests/house/test_catalogues.py"]],
    }


def tool(name: str, *arguments: str) -> list[str]:
    return [str(VENV / "bin" / name), *arguments]


def passes(name: str, found: str) -> bool:
    print(f"{name:14}{'FAILED' if found else 'ok'}", flush=True)
    print(found, end="")
    return not found


def faults(commands: Iterable[list[str]]) -> str:
    """What the commands find that is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        environ = own_settings(BOOKING_DATABASE_URL=f"sqlite:///{folder}/check.db")
        return "".join(complaint(command, environ) for command in commands)


def complaint(command: list[str], environ: dict[str, str]) -> str:
    """What the command says if it fails, else nothing."""
    answer = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"{answer.stdout}\n{command[0]} ended with {answer.returncode}\n" if answer.returncode else ""


def own_settings(**settings: str) -> dict[str, str]:
    """The environment without this person's BOOKING_ settings, with the given ones."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")} | settings


# Small things


def flask(*arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "flask", "--app", "wsgi", *arguments]


def run(command: Sequence[str], sorry: str, environ: dict[str, str] | None = None, *, quiet: bool = False) -> None:
    """Run the command to its end; if it fails, refuse with `sorry`. A quiet one is heard only then."""
    output = subprocess.PIPE if quiet else None
    stderr = subprocess.STDOUT if quiet else None
    answer = subprocess.run(command, cwd=ROOT, env=environ, stdout=output, stderr=stderr, text=True)
    if answer.returncode:
        raise Refused(f"{answer.stdout or ''}\n{sorry}")


def digest(files: Iterable[Path]) -> str:
    """A hash of the files' names and contents."""
    seen = hashlib.sha256()
    for file in files:
        seen.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return seen.hexdigest()


def read_json(file: Path) -> object:
    try:
        found: object = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found


def write_json(file: Path, value: object) -> None:
    """Write the whole file or nothing, so that an interruption leaves no half of one."""
    new = file.with_name(file.name + ".new")
    new.write_text(json.dumps(value))
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
