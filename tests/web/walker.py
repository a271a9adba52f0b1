"""A walker: goes through pages as a browser without scripts does, sending forms with what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import urldefrag, urlencode, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests.copies import once
from tests.web.pages import read_strictly

Values = dict[str, Any]


class Walker:
    """One visitor with her cookies; `path` and `text` are of the page she is on, `status` of its answer."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.1") -> None:
        self.client = app.test_client()
        self._environ = {"REMOTE_ADDR": address}

    def after(self, walk: Callable[[Walker], Walker], *facts: Hashable) -> Walker:
        """This visitor on the last page of a walk that follows from her address and these facts, walked once for all
        tests that begin with it."""

        def work() -> tuple[str, dict[Any, Any]]:
            walk(self)
            return f"{self.path}?{self.query}", dict(self.client._cookies or {})

        with self.client.application.app_context():
            url, cookies = once(work, self._environ["REMOTE_ADDR"], *facts)
        self.client._cookies = dict(cookies)
        return self.open(url)

    def open(self, url: str) -> Walker:
        """Opens an address and follows where it leads."""
        return self._show(self.client.get(urldefrag(url).url, environ_overrides=self._environ))

    def send(self, ending: str = "", *, nth: int = 0, **values: Any) -> Walker:
        """Sends the form whose action ends so, with what stands in it and these values; None leaves a field out."""
        form = self.forms(ending)[nth]
        return self.post(form.get("action") or self.path, filled(form, values), method=form.get("method", "get"))

    def post(self, url: str, data: Values, *, method: str = "post") -> Walker:
        if method == "get":
            return self.open(f"{urldefrag(url).url}?{urlencode(data, doseq=True)}")
        response = self.client.post(url, data=data, environ_overrides=self._environ)
        response.request.environ["wsgi.input"].close()
        return self._show(response)

    def forms(self, ending: str = "") -> list[Any]:
        """The forms of the main part of the page, in order, without the one that keeps times longer."""
        found = [form for form in self.main.iter("form") if (form.get("action") or "").endswith(ending)]
        return [form for form in found if "/extend" not in (form.get("action") or "")]

    def link(self, words: str) -> str:
        """Where the first link of the main part with these words leads."""
        return next(a.get("href") for a in self.main.iter("a") if words in " ".join(a.itertext()))

    @property
    def main(self) -> Any:
        return next(self.tree.iter("main"))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.main.itertext()).split())

    @property
    def title(self) -> str:
        return next(self.tree.iter("title")).text or ""

    def value(self, id: str) -> str | None:
        """What stands in the field of this id."""
        return next(e.get("value") for e in self.main.iter("input") if e.get("id") == id)

    def checked(self, name: str) -> list[str]:
        return [e.get("value") for e in self.main.iter("input") if e.get("name") == name and "checked" in e.attrib]

    def _show(self, response: TestResponse) -> Walker:
        while response.status_code in (302, 303):
            parts = urlsplit(urldefrag(response.headers["Location"]).url)
            self.status = response.status_code
            response = self.client.get(parts._replace(scheme="", netloc="").geturl(), environ_overrides=self._environ)
        self.response, self.status = response, response.status_code
        self.path, self.query = response.request.path, response.request.query_string.decode()
        self.tree = read_strictly(response.data)
        return self


def filled(form: Any, values: Values) -> Values:
    """What a browser sends for the form: what stands in it, and instead of that `values`."""
    sent: Values = {}
    for element in form.iter():
        if element.tag not in ("input", "select", "textarea"):
            continue
        name = element.get("name")
        if name and element.get("form") is None:
            sent.setdefault(name, []).extend(_standing(element))
    sent |= {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return {name: each for name, each in sent.items() if each and each != [None]}


def _standing(element: Any) -> list[str]:
    if element.tag == "select":
        chosen = [o.get("value") for o in element.iter("option") if "selected" in o.attrib]
        return chosen or [next(element.iter("option")).get("value")]
    if element.get("type") in ("checkbox", "radio"):
        return [element.get("value")] if "checked" in element.attrib else []
    return [] if element.get("type") == "file" else [element.get("value") or ""]
