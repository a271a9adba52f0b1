"""The command for a mail server's pipe: it ends well whatever a stranger sends, and asks for another try without us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from booking.mail.inbound import MOST_BYTES
from tests.servers.databases import only_sqlite
from tests.servers.forked import Forked
from tests.servers.web import command_environ
from tests.services.answers import answered_course, kept_answers, mail, mails_of

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        answered_course()
        yield


def early(name: str) -> bytes:
    """The mail, stamped before the clock of a process that has just begun."""
    return mail(name).replace(b"DTSTAMP:202703", b"DTSTAMP:202702")


def handed(app: Flask, raw: bytes, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["receive", *arguments], input=raw)


def piped(url: str, raw: bytes) -> tuple[int, bytes, bytes]:
    """Its exit code, and what it wrote to its standard output and error."""
    with Forked(command_environ(url), "flask", "--app", "wsgi", "receive") as command:
        written = command.tell(raw)
        return command.wait(), written, command.errors


def test_a_piped_answer_is_taken_without_a_word_and_its_log_names_nobody(demonstration_url: str) -> None:
    code, written, errors = piped(demonstration_url, early("google-declined-with-a-comment"))
    assert (code, written) == (0, b"")
    assert (kept_answers(), len(mails_of("declined"))) == (["declined"], 1)
    said = errors.decode().lower()
    assert "mail taken" in said
    for word in ("kari", "siv", "@", "fibro", "google"):
        assert word not in said


def test_it_says_what_became_of_the_mail_when_asked(demo_app: Flask) -> None:
    taken = handed(demo_app, early("google-accepted"), "--json")
    assert json.loads(taken.stdout) == {"taken": "accepted", "refused": None}
    refused = handed(demo_app, mail("foreign-uid"), "--json")
    assert json.loads(refused.stdout) == {"taken": None, "refused": "unknown uid"}


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\0" * 100, b"x" * 5 * MOST_BYTES], ids=["nothing", "no mail", "ten megabytes"]
)
def test_what_is_refused_ends_well_so_that_nobody_is_sent_anything(demo_app: Flask, raw: bytes) -> None:
    done = handed(demo_app, raw)
    assert (done.exit_code, done.stdout) == (0, "")


def test_without_a_database_the_mail_server_is_asked_to_try_again(tmp_path: Path) -> None:
    code, written, errors = piped(f"sqlite:///{tmp_path}/nothing.db", mail("outlook-declined"))
    assert (code, written) == (75, b"")
    assert b"kari" not in errors.lower()
