"""A small real IMAP server on loopback: one mailbox, as much of RFC 9051 as a reader of new mail needs."""

from __future__ import annotations

import re
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

import pytest

from tests.servers.smtp import Certificate

USER, PASSWORD = "post@klinikk.example", 'p "æ\\w'


@dataclass
class Kept:
    """One mail in the mailbox."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Postbox:
    """`folders`: the mails by folder. `heard`: the commands, in order, without their arguments.

    `drop_at`: the connection ends, once, when this command comes. `refused`: commands that are answered with NO.
    `without`: what the server cannot do, of AUTH=PLAIN, MOVE, UIDPLUS and KEYWORDS.
    """

    listener: socket.socket
    context: ssl.SSLContext | None = None
    without: frozenset[str] = frozenset()
    folders: dict[str, list[Kept]] = field(default_factory=lambda: {"INBOX": [], "Done": []})
    heard: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    drop_at: str | None = None
    next_uid: int = 1
    validity: int = 1

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def inbox(self) -> list[Kept]:
        return self.folders["INBOX"]

    def add(self, *mails: bytes) -> None:
        for raw in mails:
            self.inbox.append(Kept(self.next_uid, raw))
            self.next_uid += 1

    @property
    def capabilities(self) -> str:
        able = {"AUTH=PLAIN", "MOVE", "UIDPLUS"} - self.without
        return " ".join(["IMAP4rev1", *sorted(able)])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with suppress(OSError), self._encrypted(connection) as safe:
                    _Conversation(self, safe).hold()

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        connection.settimeout(10)
        return self.context.wrap_socket(connection, server_side=True) if self.context else connection


class _Gone(OSError):
    """The server closes the connection without a word."""


class _Conversation:
    def __init__(self, box: Postbox, connection: socket.socket) -> None:
        self._box = box
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._authenticated = False
        self._folder: list[Kept] = []

    def hold(self) -> None:
        self._say("* OK here")
        while line := self._lines.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            command, _, arguments = rest.partition(" ")
            if command.upper() == "UID":
                command, _, arguments = arguments.partition(" ")
            command = command.upper()
            self._box.heard.append(command)
            if self._box.drop_at == command:
                self._box.drop_at = None
                raise _Gone
            self._say(f"{tag} {self._answer(command, arguments)}")
            if command == "LOGOUT":
                return

    def _answer(self, command: str, arguments: str) -> str:
        if command in self._box.refused:
            return "NO not now"
        if command not in ("CAPABILITY", "AUTHENTICATE", "LOGIN", "LOGOUT") and not self._authenticated:
            return "BAD who are you"
        found = getattr(self, f"_{command.lower()}", None)
        return found(arguments) if found else "BAD unknown command"

    def _capability(self, arguments: str) -> str:
        self._say(f"* CAPABILITY {self._box.capabilities}")
        return "OK done"

    def _authenticate(self, arguments: str) -> str:
        assert arguments == "PLAIN"
        self._say("+ ")
        _, user, password = b64decode(self._lines.readline()).decode().split("\0")
        return self._let_in(user, password)

    def _login(self, arguments: str) -> str:
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
        user, password = (re.sub(r"\\(.)", r"\1", each) for each in strings)
        return self._let_in(user, password)

    def _let_in(self, user: str, password: str) -> str:
        self._authenticated = user == USER and password in (PASSWORD, "plain")
        return "OK welcome" if self._authenticated else f"NO {user} is not let in"

    def _select(self, arguments: str) -> str:
        folder = arguments.strip('"')
        if folder not in self._box.folders:
            return "NO no such folder"
        self._folder = self._box.folders[folder]
        self._say(f"* {len(self._folder)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self._box.validity}] valid")
        return "OK [READ-WRITE] selected"

    def _search(self, arguments: str) -> str:
        assert arguments == "UNSEEN UNDELETED UNKEYWORD $BookingLookedAt"
        hidden = {"\\Seen", "\\Deleted", "$BookingLookedAt"}
        uids = [str(kept.uid) for kept in self._folder if not kept.flags & hidden]
        self._say(" ".join(["* SEARCH", *uids]))
        return "OK found"

    def _fetch(self, arguments: str) -> str:
        uid, first, size = map(int, re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<(\d+)\.(\d+)>\)", arguments).groups())
        for number, kept in enumerate(self._folder, 1):
            if kept.uid == uid:
                part = kept.raw[first : first + size]
                self._connection.sendall(f"* {number} FETCH (UID {uid} BODY[]<{first}> {{{len(part)}}}\r\n".encode())
                self._connection.sendall(part)
                self._say(")")
        return "OK fetched"

    def _store(self, arguments: str) -> str:
        uid, flags = re.fullmatch(r"(\d+) \+FLAGS\.SILENT \(([^)]*)\)", arguments).groups()
        if flags.startswith("$") and "KEYWORDS" in self._box.without:
            return "BAD no keywords"
        for kept in self._folder:
            if kept.uid == int(uid):
                kept.flags.add(flags)
        return "OK stored"

    def _copy(self, arguments: str) -> str:
        uid, folder = arguments.split(" ", 1)
        if folder.strip('"') not in self._box.folders:
            return "NO [TRYCREATE] no such folder"
        copies = [Kept(kept.uid, kept.raw, set(kept.flags)) for kept in self._folder if kept.uid == int(uid)]
        self._box.folders[folder.strip('"')] += copies
        return "OK copied"

    def _move(self, arguments: str) -> str:
        answer = self._copy(arguments)
        if answer.startswith("OK"):
            self._drop(int(arguments.split(" ", 1)[0]))
        return answer

    def _expunge(self, arguments: str) -> str:
        self._drop(int(arguments))
        return "OK expunged"

    def _drop(self, uid: int) -> None:
        self._folder[:] = [kept for kept in self._folder if kept.uid != uid]

    def _logout(self, arguments: str) -> str:
        self._say("* BYE")
        return "OK done"

    def _say(self, line: str) -> None:
        self._connection.sendall(f"{line}\r\n".encode())


@contextmanager
def keeping(context: ssl.SSLContext | None = None, *, without: tuple[str, ...] = ()) -> Iterator[Postbox]:
    """A server on loopback, one connection after the other, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        box = Postbox(listener, context, frozenset(without))
        thread = Thread(target=box.serve, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@pytest.fixture
def imap_server() -> Iterator[Postbox]:
    """A plain IMAP server."""
    with keeping() as box:
        yield box


@pytest.fixture
def imaps_server(certificate: Certificate) -> Iterator[Postbox]:
    """An IMAP server that is encrypted from the first byte."""
    with keeping(certificate.context()) as box:
        yield box
