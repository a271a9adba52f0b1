"""The worker reads a mailbox: answers are taken, and what people write to one another is left to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import Flask
from structlog.testing import capture_logs

from booking.app import polls_of
from booking.config import Settings
from booking.mail.imap import LOOKED_AT, ImapMailbox
from booking.services.replies import poll
from booking.store.database import db
from booking.store.tasks import open_tasks
from tests.builders import office
from tests.servers.databases import only_sqlite
from tests.servers.imap import PASSWORD, USER, Postbox
from tests.servers.ports import free_port
from tests.servers.web import command_environ, flask
from tests.services.answers import AT, answered_course, kept_answers, mail, mails_of


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        answered_course()
        yield


def mailbox(port: int) -> ImapMailbox:
    return ImapMailbox(host="127.0.0.1", port=port, tls=False, username=USER, password=PASSWORD, timeout=5)


def address(box: Postbox) -> str:
    return f"imap://{quote(USER)}:{quote(PASSWORD)}@127.0.0.1:{box.port}/INBOX?done=Done"


def test_answers_and_reports_are_taken_and_the_rest_is_left(imap_server: Postbox) -> None:
    imap_server.add(*map(mail, ["vacation", "outlook-declined", "winmail", "bounce-postfix", "forged-attendee"]))
    assert poll(office(), mailbox(imap_server.port), now=AT, at=AT) == 5
    left, read = {LOOKED_AT}, {"\\Seen"}
    assert [kept.flags for kept in imap_server.inbox] == [left, read, left, read, read]
    assert (kept_answers(), len(open_tasks(db.session()))) == (["declined"], 1)


@pytest.mark.parametrize("command", ["SEARCH", "FETCH", "STORE"])
@only_sqlite
def test_an_answer_whose_connection_dropped_is_kept_once(imap_server: Postbox, command: str) -> None:
    imap_server.add(mail("outlook-declined"))
    imap_server.drop_at = command
    box = mailbox(imap_server.port)
    for _ in range(2):
        poll(office(), box, now=AT, at=AT)
    assert (kept_answers(), len(mails_of("declined"))) == (["declined"], 1)
    assert imap_server.inbox[0].flags == {"\\Seen"}


@only_sqlite
def test_nothing_is_marked_if_the_answer_could_not_be_kept(
    imap_server: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap_server.add(mail("outlook-declined"))
    with monkeypatch.context() as patch, suppress(LookupError):
        patch.setattr("booking.services.replies.utc", lambda _: {}["away"])
        poll(office(), mailbox(imap_server.port), now=AT, at=AT)
    assert (kept_answers(), imap_server.inbox[0].flags) == ([], set())


@only_sqlite
def test_a_mailbox_that_is_away_is_noted_and_nothing_more() -> None:
    with capture_logs() as lines:
        assert poll(office(), mailbox(free_port()), now=AT, at=AT) == 0
    assert [(line["event"], line["reason"]) for line in lines] == [("mailbox not read", "ConnectionRefusedError")]


@only_sqlite
def test_the_worker_reads_the_mailbox_of_its_settings(demonstration_url: str, imap_server: Postbox) -> None:
    imap_server.add(mail("google-accepted"), mail("vacation"))
    done = flask(command_environ(demonstration_url, BOOKING_IMAP=address(imap_server)), "worker", "--once")
    assert done.returncode == 0
    assert kept_answers() == ["accepted"]
    assert [kept.raw for kept in imap_server.folders["Done"]] == [mail("google-accepted")]


@only_sqlite
def test_without_a_mailbox_in_the_settings_none_is_read() -> None:
    assert len(polls_of(replace(Settings(), imap=None), office())) == 1  # it asks calendars still
