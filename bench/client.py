"""Client: asks one running site for pages over one connection that stays open."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.measure import Side
from bench.reference import CPU


class Client:
    """A browser's or calendar program's connection."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=30)

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, status: int = 200) -> tuple[bytes, str]:
        """The body and the entity tag."""
        self._connection.request("GET", path, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == status, f"{path} answered {answer.status}"
        return body, answer.headers.get("ETag", "")

    def side(self, path: str, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Side:
        return Side(lambda _: self.get(path, headers, status=status))

    def signed_in(self, path: str) -> dict[str, str]:
        """The headers of who is signed in by asking for this path."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        answer.read()
        return {"Cookie": answer.headers.get("Set-Cookie", "").partition(";")[0]}

    def cpu(self) -> float:
        """Seconds of processor time that the site's process has used."""
        return float(self.get(CPU)[0])

    def close(self) -> None:
        self._connection.close()
