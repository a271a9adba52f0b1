"""A real HTTP server on loopback that serves calendars, and does what servers of strangers do."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from tests.servers.smtp import Certificate


@dataclass
class Answer:
    """What a path is answered: `head` lines and `body` as they are; `drip`: a byte at a time, with so many seconds
    between, until the asker is gone; `endless`: the body again and again."""

    status: str = "200 OK"
    head: tuple[str, ...] = ()
    body: bytes = b""
    drip: float = 0
    endless: bool = False


@dataclass
class Calendars:
    """`pages`: what each path is answered. `asked`: the heads of all requests, in order."""

    listener: socket.socket
    context: ssl.SSLContext | None = None
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def serve(self, body: bytes, *head: str, path: str = "/her.ics") -> str:
        """The address at which this body is from now on."""
        self.pages[path] = Answer(head=head, body=body)
        return self.url + path

    def answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            talk = self.context.wrap_socket(connection, server_side=True) if self.context else connection
            with talk:
                request = talk.recv(65536).decode()
                self.asked.append(request)
                answer = self.pages.get(request.split(" ")[1], Answer("404 Not Found"))
                self._send(talk, self._conditional(request, answer))

    def _conditional(self, request: str, answer: Answer) -> Answer:
        tags = [line.partition(": ")[2] for line in answer.head if line.startswith(("ETag", "Last-Modified"))]
        known = any(f": {tag}\r\n" in request for tag in tags)
        return Answer("304 Not Modified") if known else answer

    def _send(self, talk: socket.socket, answer: Answer) -> None:
        head = "\r\n".join([f"HTTP/1.1 {answer.status}", *answer.head, "Connection: close", "", ""]).encode()
        if not answer.drip:
            talk.sendall(head + answer.body)
        while answer.endless and not self.ended.is_set():
            talk.sendall(answer.body)
        for byte in head + answer.body if answer.drip else b"":
            if self.ended.is_set():
                return
            talk.sendall(bytes([byte]))
            time.sleep(answer.drip)


@contextmanager
def answering(context: ssl.SSLContext | None = None) -> Iterator[Calendars]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Calendars(listener, context)
        accepting = Thread(target=_accept, args=(server,), daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            server.ended.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            accepting.join(10)


def _accept(server: Calendars) -> None:
    while not server.ended.is_set():
        try:
            connection, _ = server.listener.accept()
        except OSError:
            return
        Thread(target=server.answer, args=(connection,), daemon=True).start()


@pytest.fixture
def calendars() -> Iterator[Calendars]:
    """A plain HTTP server: `.url`, `.serve(body)`, `.pages`, `.asked`."""
    with answering() as server:
        yield server


@pytest.fixture
def tls_calendars(certificate: Certificate) -> Iterator[Calendars]:
    """The same behind TLS."""
    with answering(certificate.context()) as server:
        yield server
