"""Headers: what every answer says to the browser, and where a form may come from."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, request
from werkzeug.wrappers import Response

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

LIMITS_LAST = 3600
"""Seconds after which most of what was too often may be tried again."""


def register_headers(app: Flask) -> None:
    app.before_request(refuse_foreign_forms)
    app.after_request(add_headers)


def refuse_foreign_forms() -> None:
    """A form that changes something must come from a page of ours: the browser says where it was sent from.

    This holds for forms that are sent before there is a session, too, where no token could.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if not _is_from_here():
        abort(403)


def _is_from_here() -> bool:
    """By what no page can forge: Sec-Fetch-Site, or the Origin of browsers that do not send it.

    Pages behind secret links send no referrer, and so `Origin: null` (Fetch standard, "append a request Origin
    header"); no other site can know their address.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin == "null":
        return "token" in (request.view_args or {})
    return origin is None or urlsplit(origin).netloc == request.host


def add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("Referrer-Policy", "no-referrer" if _is_behind_a_link() else "same-origin")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if is_personal():
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("X-Robots-Tag", "noindex")
    elif response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "private, no-cache")  # two readers must not share the forms of one page
    if response.status_code == 429:
        headers.setdefault("Retry-After", str(LIMITS_LAST))
    if current_app.extensions["settings"].production:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def is_personal() -> bool:
    """Whether the page is one person's: behind a secret link or a sign-in, or beside the times she has kept."""
    return _is_behind_a_link() or "hold" in g or any(own in g for own in ("sign_in", "account", "half", "reset"))


def _is_behind_a_link() -> bool:
    """Whether the address of the page is a secret."""
    return any(secret in g for secret in ("link", "opened", "sign_in_link", "comment", "waiter", "stops", "touched"))
