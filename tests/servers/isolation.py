"""A trap: a test that reaches for another machine fails, also where the code under test swallows the error."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

_reached: list[object] = []


def leaves_this_machine(family: int, address: Any) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    host = address[0]
    try:
        return host not in ("", "localhost") and not ip_address(host).is_loopback
    except ValueError:
        return True


def guarded(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The socket's method, refusing an address (its last argument) on another machine."""

    def method(self: socket.socket, *arguments: Any) -> Any:
        if leaves_this_machine(self.family, arguments[-1]):
            _reached.append(arguments[-1])
            raise OSError(f"a test reached for another machine: {arguments[-1]}")
        return plain(self, *arguments)

    return method


@pytest.fixture(autouse=True)
def no_other_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Fails a test that opens a connection to anything but this machine; gives the addresses it asked for."""
    _reached.clear()
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    yield _reached
    if _reached:
        pytest.fail(f"the test reached for another machine: {_reached}")
