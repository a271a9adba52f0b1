"""Packing: text travels gzipped to whoever can unpack it.

Static files, and pages as everybody gets them. Never a page of one person: from the lengths of packed pages that hold a
secret, and beside it something that a stranger can choose, the secret can be guessed (the BREACH attack).
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, request, session
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from booking.web.headers import is_personal

SMALLEST = 1024
"""Bytes; what is shorter travels in one packet anyway."""

TEXTS = {
    "application/atom+xml",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/vtt",
    "text/xml",
}


def register(app: Flask) -> None:
    """To be called before all that changes answers: what is registered first is run last."""
    app.after_request(pack)


def pack(response: Response) -> Response:
    """The answer, gzipped if that is allowed and pays."""
    if not _can_be_packed(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        _pack(response)
    return response


def _can_be_packed(response: Response) -> bool:
    """A text of some length, the same for everybody, and whole: no part of a file (206), no “unchanged” (304)."""
    text = response.mimetype in TEXTS and "Content-Encoding" not in response.headers
    whole = request.method in ("GET", "HEAD") and response.status_code in (200, 404)
    return text and whole and (response.content_length or 0) >= SMALLEST and _is_everybodys(response)


def _is_everybodys(response: Response) -> bool:
    if request.endpoint == "static":
        return True
    return not (is_personal() or session or session.modified or "Set-Cookie" in response.headers)


def _pack(response: Response) -> None:
    packed = _packed_file() if response.direct_passthrough else gzip.compress(response.get_data(), mtime=0)
    if packed is None or len(packed) >= (response.content_length or 0):
        return
    if response.direct_passthrough:
        response.response.close()  # type: ignore[union-attr]
        response.direct_passthrough = False
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)  # ranges count the bytes of the plain file
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-gzip")  # a strong one names bytes, and these are others (RFC 9110, 8.8.3.3)
        response.make_conditional(request.environ)


def _packed_file() -> bytes | None:
    """The static file that was asked for; packed once, for as long as it stays as it is."""
    path = safe_join(str(current_app.static_folder), (request.view_args or {}).get("filename", ""))
    if request.endpoint != "static" or path is None:
        return None
    return _packed_at(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _packed_at(path: str, _changed: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)
