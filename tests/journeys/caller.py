"""A caller: somebody who books over plain HTTP, without a browser; and many who send at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.web.pages import read_strictly
from tests.web.walker import filled

SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back for one request; `place` is where it leads."""

    status: int
    place: str
    cookie: str


class Caller:
    """Opens pages and sends their forms from an address of her own (the server trusts one proxy)."""

    def __init__(self, site: str, address: str = "192.0.2.1") -> None:
        self.site, self.address = site, address
        self._cookies = CookieJar()
        self._tree: Any = None
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))

    def open(self, path: str) -> Caller:
        return self._show(Request(urljoin(self.site, path)))

    def send(self, ending: str = "", **values: Any) -> Caller:
        return self._show(self.prepared(ending, **values))

    def prepared(self, ending: str = "", **values: Any) -> Request:
        """The request that sends the first form whose action ends so, with what stands in it and these values."""
        forms = [(form.get("action", ""), form) for form in next(self.tree.iter("main")).iter("form")]
        form = next(form for to, form in forms if to.endswith(ending) and "/book/extend" not in to)
        data = urlencode(filled(form, values), doseq=True).encode()
        return Request(urljoin(self.url, form.get("action")), data)

    def headers(self, **more: str) -> dict[str, str]:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)
        return {"X-Forwarded-For": self.address, **({"Cookie": cookies} if cookies else {}), **more}

    @property
    def tree(self) -> Any:
        """The page, read strictly at the first question about it."""
        if self._tree is None:
            self._tree = read_strictly(self.body)
        return self._tree

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def text(self) -> str:
        return " ".join(" ".join(next(self.tree.iter("main")).itertext()).split())

    @property
    def starts(self) -> list[str]:
        """The starts in the list of dates."""
        lists = [each for each in self.tree.iter("ol") if "dates" in each.get("class", "")]
        return [time.get("datetime") for each in lists for time in each.iter("time")]

    def _show(self, request: Request) -> Caller:
        request.add_header("X-Forwarded-For", self.address)
        try:
            answer = self._opener.open(request, timeout=SECONDS)
        except HTTPError as error:
            answer = error
        with answer:
            self.status, self.url, self.body = answer.status, urldefrag(answer.url).url, answer.read()
            self.answer = answer.headers
        self._tree = None
        return self


def all_at_once(requests: Sequence[tuple[Request, dict[str, str]]]) -> list[Answer]:
    """Sends every request, with its headers, at the same moment, each over a connection that is already open."""
    barrier = Barrier(len(requests))

    def send(each: tuple[Request, dict[str, str]]) -> Answer:
        request, headers = each
        connection = HTTPConnection(request.host, timeout=SECONDS)
        connection.connect()
        barrier.wait()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", request.selector, request.data, {**headers, **form})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
        return Answer(answer.status, answer.getheader("Location", ""), cookie)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))
