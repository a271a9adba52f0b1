"""The web: one blueprint per audience, a file per noun inside. A view parses, calls one service, renders."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from booking.web import calendars, errors, filters, findable, frame, limits, logging, ops, packing
from booking.web.access import check_access
from booking.web.book import book
from booking.web.headers import register_headers
from booking.web.language import register_language
from booking.web.me import me
from booking.web.site import site
from booking.web.staff import staff


def register_web(app: Flask, *, secure_cookies: bool, trusted_proxies: int) -> None:
    """Adds everything a browser or a calendar program can ask for."""
    app.config.update(
        SESSION_COOKIE_NAME="booking",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if trusted_proxies:
        proxies = {"x_for": trusted_proxies, "x_proto": trusted_proxies, "x_host": trusted_proxies}
        app.wsgi_app = ProxyFix(app.wsgi_app, **proxies)  # type: ignore[method-assign]
    # A form behind a secret link needs no token: nobody can send it who does not have the link. So no cookie either.
    CSRFProtect(app).exempt(me)
    packing.register(app)
    logging.register(app)
    register_language(app)
    register_headers(app)
    app.before_request(check_access)
    limits.register(app)
    filters.register(app)
    frame.register(app)
    findable.register(app)
    errors.register(app)
    for blueprint in (site, book, me, staff, calendars.calendars, ops.ops):
        app.register_blueprint(blueprint)
