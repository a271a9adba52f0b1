"""Fetching a calendar that somebody names by its address: from public addresses alone, and never more or longer than is
said.

The address is a stranger's, and so is every server on the way. Its name is resolved once and the connection goes to the
very address that was looked at, so that a name cannot lead elsewhere between the look and the visit; each redirect is
looked at anew.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import BinaryIO
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from booking.domain.errors import BookingError
from booking.ical.busy import MOST_BYTES

MOST_SECONDS = 20.0
MOST_REDIRECTS = 3
LONGEST_URL = 2_000
_LONGEST_TAG = 300
_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"https": 443, "http": 80}

# Of IPv6 only what is given out as public, without the ways to wrap an IPv4 address in one (RFC 3056, RFC 4380).
_PUBLIC_V6 = IPv6Network("2000::/3")
_WRAPPED_V4 = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


class Trouble(StrEnum):
    """Why a calendar was not fetched. `ADDRESS`: not one that can be asked, such as one without https. `PRIVATE`: it
    leads into somebody's own network. `ANSWER`: the server gave something else than a file."""

    ADDRESS = "address"
    PRIVATE = "private"
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    LARGE = "large"
    REDIRECTS = "redirects"
    ANSWER = "answer"


class NotFetched(BookingError):
    """The calendar could not be had; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer. `etag` and `last_modified` as the server said them, for asking again."""

    body: bytes
    etag: str | None
    last_modified: str | None


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The network addresses of a host, as this machine resolves its name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches calendars. `loopback`: this machine may be asked too, even without TLS: never where strangers book.

    `seconds`: how long one calendar may take in all, redirects included. `context`: whom to trust; None: whom this
    machine trusts.
    """

    loopback: bool = False
    seconds: float = MOST_SECONDS
    resolve: Callable[[str, int], Sequence[str]] = addresses_of
    context: ssl.SSLContext | None = None

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched | None:
        """The calendar behind `url`; None if it is still as it was when it had this `etag` or `last_modified`.

        Raises NotFetched.
        """
        deadline = monotonic() + self.seconds
        asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {
            "Accept": "text/calendar, */*;q=0.1",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "booking",
            **{name: value for name, value in asked.items() if value},
        }
        try:
            for _ in range(1 + MOST_REDIRECTS):
                answer = self._ask(self.read_url(url), headers, deadline)
                if not isinstance(answer, str):
                    return answer
                url = urljoin(url, answer)
        except TimeoutError:
            raise NotFetched(Trouble.SLOW) from None
        except (OSError, HTTPException):
            raise NotFetched(Trouble.UNREACHABLE) from None
        raise NotFetched(Trouble.REDIRECTS)

    def read_url(self, url: str) -> SplitResult:
        """The parts of an address that may be asked; webcal, which only says what it leads to, as https.

        Raises NotFetched.
        """
        try:
            parts = urlsplit(url.strip())
            host, _ = _host(parts), parts.port
        except ValueError:
            raise NotFetched(Trouble.ADDRESS) from None
        scheme = "https" if parts.scheme in ("webcal", "webcals") else parts.scheme
        known = scheme == "https" or (scheme == "http" and self.loopback)
        if not known or not host or parts.username is not None or len(url) > LONGEST_URL:
            raise NotFetched(Trouble.ADDRESS)
        return parts._replace(scheme=scheme)

    def _ask(self, parts: SplitResult, headers: dict[str, str], deadline: float) -> Fetched | str | None:
        """The answer of one server: the calendar, None for the same as before, or where it sends us."""
        connection = self._connected(parts, deadline)
        try:
            target = quote(parts.path or "/", safe="/%:=~+!$,;'@()*&")
            query = quote(parts.query, safe="/?%:=~+!$,;'@()*&")
            connection.request("GET", f"{target}?{query}" if query else target, headers=headers)
            with connection.getresponse() as response:
                return _read(response)
        finally:
            connection.close()

    def _connected(self, parts: SplitResult, deadline: float) -> HTTPConnection:
        """A connection to the first of the host's addresses that answers; none is tried if one of them is unfit."""
        host, port = _host(parts), parts.port or _PORTS[parts.scheme]
        addresses = self.resolve(host, port)
        if not all(self._may_be_asked(each, parts.scheme) for each in addresses):
            raise NotFetched(Trouble.PRIVATE)
        context = self.context or ssl.create_default_context() if parts.scheme == "https" else None
        for place, address in enumerate(addresses):
            patience = _left(deadline) / (len(addresses) - place)
            connection = _Pinned(host, port, address, context, patience=patience, deadline=deadline)
            try:
                connection.connect()
            except OSError:
                if address == addresses[-1]:
                    raise
            else:
                return connection
        raise OSError("a name without an address")

    def _may_be_asked(self, text: str, scheme: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if self.loopback and address.is_loopback:
            return True
        return scheme == "https" and is_public(address)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether everybody on the internet may reach it, and not only who is in some network of one's own."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    return address in _PUBLIC_V6 and address.is_global and not any(address in each for each in _WRAPPED_V4)


def _host(parts: SplitResult) -> str:
    """As it is asked for; raises ValueError for a name that cannot be one."""
    return (parts.hostname or "").encode("idna").decode()


def _read(response: HTTPResponse) -> Fetched | str | None:
    if response.status == 304:
        return None
    target = response.getheader("Location")
    if response.status in _REDIRECTS and target:
        return target
    if response.status != 200:
        raise NotFetched(Trouble.ANSWER)
    if response.length is not None and response.length > MOST_BYTES:
        raise NotFetched(Trouble.LARGE)
    return Fetched(_body(response), _kept(response.getheader("ETag")), _kept(response.getheader("Last-Modified")))


def _body(response: HTTPResponse) -> bytes:
    body = bytearray()
    while chunk := response.read(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise NotFetched(Trouble.LARGE)
    if response.length:
        raise IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _kept(header: str | None) -> str | None:
    """What can be said again as it is."""
    if header is None or len(header) > _LONGEST_TAG or not header.isascii() or not header.isprintable():
        return None
    return header


class _Pinned(HTTPConnection):
    """Speaks to `host` at this one address, if it answers with some patience (seconds), and not after the deadline."""

    def __init__(
        self,
        host: str,
        port: int,
        address: str,
        context: ssl.SSLContext | None,
        *,
        patience: float,
        deadline: float,
    ) -> None:
        super().__init__(host, port)
        self._address = address
        self._context = context
        self._patience = patience
        self._deadline = deadline

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), timeout=self._patience)
        try:
            self.sock = _Timed.around(raw, self._context, self.host, self._deadline)
        except BaseException:
            raw.close()
            raise


class _Timed:
    """As much of a socket as an HTTPConnection uses; nothing it does goes on after the deadline.

    A socket's own timeout begins anew with every byte, so that a server that sends one a minute would never be done.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    @classmethod
    def around(cls, raw: socket.socket, context: ssl.SSLContext | None, host: str, deadline: float) -> socket.socket:
        raw.settimeout(_left(deadline))
        sock = raw if context is None else context.wrap_socket(raw, server_hostname=host)
        return cls(sock, deadline)  # type: ignore[return-value]

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> BinaryIO:
        return io.BufferedReader(_Reader(self._sock, self._deadline))

    def close(self) -> None:
        self._sock.close()


class _Reader(io.RawIOBase):
    """What the socket brings; it stays open for this after the socket itself is closed, as a file of it does."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        self._sock.settimeout(_left(self._deadline))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _left(deadline: float) -> float:
    """How many seconds are left; raises TimeoutError if none."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
