"""A mail server that misbehaves where it is told to, spoken by hand; a real one never hangs when it should."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

HANG, DROP = "hang", "drop"
GREETING, CONTENT = "GREETING", "CONTENT"

POLITE = {GREETING: "220 here", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass
class Talker:
    """`answers`: what each command (MAIL, RCPT, …, or GREETING, CONTENT) is told instead of 250; or HANG or DROP.

    `heard`: the commands, in order; `contents`: the mails that were answered with 250.
    """

    answers: Mapping[str, str]
    listener: socket.socket
    heard: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                self._talk(self.listener.accept()[0])

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            if not self._answer(connection, GREETING):
                return
            while line := lines.readline():
                command = line.decode("latin-1").partition(" ")[0].strip().upper()
                self.heard.append(command)
                if not self._answer(connection, command) or command == "QUIT":
                    return
                if command == "DATA" and not self._take(connection, lines):
                    return

    def _take(self, connection: socket.socket, lines: Iterator[bytes]) -> bool:
        content = b""
        for line in lines:
            if line == b".\r\n":
                break
            content += line
        if self.answers.get(CONTENT, "250").startswith("250"):
            self.contents.append(content)  # before the answer, after which the sender may look at once
        return self._answer(connection, CONTENT)

    def _answer(self, connection: socket.socket, command: str) -> bool:
        answer = self.answers.get(command) or POLITE.get(command, "250 fine")
        if answer == HANG:
            self.over.wait(10)
        if answer in (HANG, DROP):
            return False
        connection.sendall(f"{answer}\r\n".encode())
        return True


@contextmanager
def talking(**answers: str) -> Iterator[Talker]:
    """A server on loopback, one connection after the other, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        talker = Talker(answers, listener)
        thread = Thread(target=talker.serve, daemon=True)
        thread.start()
        try:
            yield talker
        finally:
            talker.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
