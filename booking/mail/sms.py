"""SMS: short texts through the HTTP gateway that an installation has chosen; without one, none are sent."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl, urlencode

from booking.mail.post import PostError

TIMEOUT_SECONDS = 20

DEFAULT_TEMPLATE = '{"to": "{to}", "from": "{sender}", "text": "{text}", "reference": "{id}"}'

_PLACE = re.compile(r"\{(to|sender|text|id|key)\}")

PERMANENT = (400, 404, 405, 410, 413, 415, 422)
"""Answers after which sending the same again is no use. Others are about our account (401, 402, 403), or pass (429, and
from 500)."""


class Sms(Protocol):
    """Carries short texts."""

    def send(self, text: str, recipient: str, reference: str) -> None:
        """Hands `text` over for `recipient` (E.164). Raises PostError if it was not, or not surely, taken.

        `reference` is the same whenever the same message is sent again, so that a gateway can tell.
        """


class HttpSms:
    """A gateway that takes one POST for each text.

    `template`: the body, as a JSON object, or as a form (`to={to}&message={text}`). In its values `{to}`, `{sender}`,
    `{text}`, `{id}` and `{key}` stand for what is sent; each is encoded as the body's kind needs it. The key goes in
    the header `Authorization: Bearer` unless the template has a place for it. `timeout` in seconds.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        sender: str,
        template: str = DEFAULT_TEMPLATE,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url = url
        self._key = key
        self._sender = sender
        self._template = template
        self._timeout = timeout
        # Straight to the gateway: a text names a patient's clinic, and a redirect could lead it anywhere.
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))

    def send(self, text: str, recipient: str, reference: str) -> None:
        values = {"to": recipient, "sender": self._sender, "text": text, "id": reference, "key": self._key}
        body, kind = filled(self._template, values)
        headers = self._headers(kind, reference)
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 (a setting, checked)
        try:
            self._opener.open(request, timeout=self._timeout).close()
        except urllib.error.HTTPError as error:
            error.close()
            raise PostError(f"sms refused: {error.code}", permanent=error.code in PERMANENT) from error
        except (OSError, HTTPException) as error:
            raise PostError(f"sms: {type(error).__name__}") from error

    def _headers(self, kind: str, reference: str) -> dict[str, str]:
        headers = {"Content-Type": kind, "Accept": "*/*", "Idempotency-Key": reference, "User-Agent": "booking"}
        if "{key}" not in self._template:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers


def filled(template: str, values: dict[str, str]) -> tuple[bytes, str]:
    """The body of a request and its type, each place in the template filled. Raises ValueError for a template that is
    neither a JSON object nor a form."""
    if template.lstrip().startswith("{"):
        return json.dumps(_filled(json.loads(template), values), ensure_ascii=False).encode(), "application/json"
    pairs = parse_qsl(template, keep_blank_values=True, strict_parsing=True)
    form = [(name, _filled(value, values)) for name, value in pairs]
    return urlencode(form).encode("ascii"), "application/x-www-form-urlencoded"


def _filled(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(each, values) for name, each in part.items()}
    if isinstance(part, list):
        return [_filled(each, values) for each in part]
    if isinstance(part, str):
        return _PLACE.sub(lambda place: values[place[1]], part)  # in one pass: what a text brings stays as it is
    return part


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Nowhere else: the answer itself is the fault."""
