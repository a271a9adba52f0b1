"""A mailbox that people may read too: what was for us is marked after it was taken, the rest is left to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking.mail.imap import LOOKED_AT, MOST_A_ROUND, ImapMailbox, MailboxError
from booking.mail.inbound import MOST_BYTES
from tests.servers.imap import PASSWORD, USER, Postbox, keeping
from tests.servers.ports import free_port
from tests.servers.smtp import Certificate

OURS, PERSONAL = b"Subject: ours\r\n\r\nyes\r\n", b"Subject: hello\r\n\r\nHow are you?\r\n"


def mailbox(box: Postbox, **changes: Any) -> ImapMailbox:
    given = {"host": "127.0.0.1", "port": box.port, "tls": False, "username": USER, "password": PASSWORD, "timeout": 5}
    return ImapMailbox(**(given | changes))


def taking(into: list[bytes]) -> Callable[[bytes], bool]:
    def take(raw: bytes) -> bool:
        into.append(raw)
        return raw == OURS

    return take


def test_every_new_mail_is_handed_over_as_it_is(imap_server: Postbox) -> None:
    imap_server.add(OURS, PERSONAL, b"\0\xff) OK\r\n{5}\r\n")
    seen: list[bytes] = []
    assert mailbox(imap_server).read_new(taking(seen)) == 3
    assert seen == [OURS, PERSONAL, b"\0\xff) OK\r\n{5}\r\n"]


def test_what_was_for_us_is_read_and_the_rest_stays_unread(imap_server: Postbox) -> None:
    imap_server.add(OURS, PERSONAL)
    mailbox(imap_server).read_new(taking([]))
    assert [kept.flags for kept in imap_server.inbox] == [{"\\Seen"}, {LOOKED_AT}]


def test_no_mail_is_handed_over_twice_even_by_another_worker(imap_server: Postbox) -> None:
    imap_server.add(OURS, PERSONAL)
    for _ in range(2):
        mailbox(imap_server).read_new(taking([]))
    assert imap_server.heard.count("FETCH") == 2


def test_a_server_that_keeps_no_keywords_is_remembered_for() -> None:
    with keeping(without=("KEYWORDS",)) as server:
        server.add(PERSONAL)
        box, seen = mailbox(server), list[bytes]()
        box.read_new(taking(seen))
        box.read_new(taking(seen))
        assert (seen, server.inbox[0].flags) == ([PERSONAL], set())
        server.validity += 1  # the server counts its mails anew
        box.read_new(taking(seen))
        assert seen == [PERSONAL] * 2


@pytest.mark.parametrize("without", [(), ("MOVE",)])
def test_what_was_for_us_may_go_into_a_folder(without: tuple[str, ...]) -> None:
    with keeping(without=without) as server:
        server.add(OURS, PERSONAL)
        mailbox(server, done="Done").read_new(taking([]))
        assert [kept.raw for kept in server.inbox] == [PERSONAL]
        assert [(kept.raw, "\\Seen" in kept.flags) for kept in server.folders["Done"]] == [(OURS, True)]


def test_without_means_to_take_out_one_mail_none_of_others_goes() -> None:
    with keeping(without=("MOVE", "UIDPLUS")) as server:
        server.add(OURS)
        mailbox(server, done="Done").read_new(taking([]))
        assert "EXPUNGE" not in server.heard
        assert server.inbox[0].flags == {"\\Seen", "\\Deleted"}


def test_nothing_is_marked_before_it_was_taken(imap_server: Postbox) -> None:
    imap_server.add(OURS)
    flags: list[set[str]] = []

    def take(raw: bytes) -> bool:
        flags.append(set(imap_server.inbox[0].flags))
        return True

    mailbox(imap_server).read_new(take)
    assert flags == [set()]


def test_what_could_not_be_taken_comes_again_after_the_others(imap_server: Postbox) -> None:
    imap_server.add(PERSONAL, OURS, OURS)
    box, seen = mailbox(imap_server), list[bytes]()

    def take(raw: bytes) -> bool:
        seen.append(raw)
        if raw == PERSONAL:
            raise LookupError("the database is away")
        return True

    for _ in range(2):
        with pytest.raises(LookupError):
            box.read_new(take)
    assert seen == [PERSONAL, OURS, OURS, PERSONAL]
    assert [kept.flags for kept in imap_server.inbox] == [set(), {"\\Seen"}, {"\\Seen"}]
    assert box.read_new(taking(seen)) == 1


@pytest.mark.parametrize("command", ["CAPABILITY", "AUTHENTICATE", "SELECT", "SEARCH", "FETCH", "STORE"])
def test_a_connection_that_drops_anywhere_loses_nothing(imap_server: Postbox, command: str) -> None:
    imap_server.add(OURS, OURS)
    imap_server.drop_at = command
    box, seen = mailbox(imap_server), list[bytes]()
    with pytest.raises(MailboxError):
        box.read_new(taking(seen))
    box.read_new(taking(seen))
    assert set(seen) == {OURS}
    assert [kept.flags for kept in imap_server.inbox] == [{"\\Seen"}] * 2


@pytest.mark.parametrize("command", ["AUTHENTICATE", "SELECT", "SEARCH", "FETCH", "STORE", "MOVE"])
def test_what_the_server_refuses_ends_the_round_without_its_words(imap_server: Postbox, command: str) -> None:
    imap_server.add(OURS)
    imap_server.refused = {command}
    with pytest.raises(MailboxError) as raised:
        mailbox(imap_server, done="Done").read_new(taking([]))
    assert USER not in raised.value.reason
    assert "not now" not in raised.value.reason


def test_a_wrong_password_is_refused_without_being_named(imap_server: Postbox) -> None:
    with pytest.raises(MailboxError) as raised:
        mailbox(imap_server, password="wrong").read_new(taking([]))
    assert str(raised.value) == "error"


def test_a_server_without_sasl_is_logged_in_to() -> None:
    with keeping(without=("AUTH=PLAIN",)) as server:
        server.add(OURS)
        assert mailbox(server, password="plain").read_new(taking([])) == 1


def test_a_server_that_is_down_is_an_error_of_the_mailbox(imap_server: Postbox) -> None:
    with pytest.raises(MailboxError):
        mailbox(imap_server, port=free_port()).read_new(taking([]))


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailboxError):
        ImapMailbox(
            host="127.0.0.1", port=silent.getsockname()[1], tls=False, username="u", password="p", timeout=0.2
        ).read_new(taking([]))


def test_a_round_has_its_limit(imap_server: Postbox) -> None:
    imap_server.add(*[PERSONAL] * (MOST_A_ROUND + 1))
    box = mailbox(imap_server)
    assert [box.read_new(taking([])) for _ in range(3)] == [MOST_A_ROUND, 1, 0]


def test_of_a_mail_that_is_too_large_no_more_is_fetched_than_shows_it(imap_server: Postbox) -> None:
    imap_server.add(b"x" * 3 * MOST_BYTES)
    seen: list[bytes] = []
    mailbox(imap_server).read_new(taking(seen))
    assert [len(raw) for raw in seen] == [MOST_BYTES + 1]
    assert imap_server.inbox[0].flags == {LOOKED_AT}


def test_an_encrypted_mailbox_is_read(
    imaps_server: Postbox, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    imaps_server.add(OURS)
    assert mailbox(imaps_server, tls=True).read_new(taking([])) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(imaps_server: Postbox) -> None:
    imaps_server.add(OURS)
    with pytest.raises(MailboxError, match="SSLCertVerificationError"):
        mailbox(imaps_server, tls=True).read_new(taking([]))
    assert imaps_server.heard == []
