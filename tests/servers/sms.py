"""A real HTTP server on loopback that is spoken to as to an SMS gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from booking.mail.sms import DEFAULT_TEMPLATE, HttpSms


@dataclass
class Asked:
    """One request as the gateway got it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """`answers`: the statuses that the next requests get instead of 200, the first one first."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/send"

    @property
    def texts(self) -> list[dict[str, Any]]:
        """The bodies of all requests, read as JSON."""
        return [json.loads(each.body) for each in self.asked]

    def client(self, template: str = DEFAULT_TEMPLATE) -> HttpSms:
        return HttpSms(url=self.url, key="gateway-key", sender="Klinikk", template=template, timeout=5)


@contextmanager
def answering() -> Iterator[Gateway]:
    """A gateway until the block ends."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.asked.append(Asked(self.path, dict(self.headers.items()), body))
            self.send_response(gateway.answers.pop(0) if gateway.answers else 200)
            self.send_header("Location", f"{gateway.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gateway.port = server.server_port
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def sms_gateway() -> Iterator[Gateway]:
    """An SMS gateway: `.client()`, `.texts`, `.asked`, `.answers` (such as 503)."""
    with answering() as gateway:
        yield gateway
