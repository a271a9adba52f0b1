"""Language: the URL alone carries it, as its first part; `/` asks the browser once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, current_app, g, redirect, request, url_for
from flask_babel import Babel
from werkzeug.wrappers import Response

from booking.web.access import Rule, open_to

LANGUAGES = ("nb", "en")
PREFIX = f"/<any({', '.join(LANGUAGES)}):language>"

_NORWEGIAN = ("nb", "no", "nn", "da", "sv")
"""Who reads one of these reads bokmål more easily than English."""


def register_language(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Oslo"
    Babel(app, locale_selector=current_language)
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)
    app.add_url_rule("/", "front", front)
    app.add_url_rule("/staff", "staff_front", staff_front)


def current_language() -> str:
    language: str = g.get("language", "en")
    return language


@open_to(Rule.EVERYBODY)
def front() -> Response:
    """Sends the browser to the start page in a language that its owner reads."""
    return _in_her_language("site.start")


@open_to(Rule.EVERYBODY)
def staff_front() -> Response:
    """The address that somebody who works here types by heart."""
    return _in_her_language("staff.start")


def _in_her_language(endpoint: str) -> Response:
    best = request.accept_languages.best_match(["en", *_NORWEGIAN], default="nb")
    response = redirect(url_for(endpoint, language="en" if best == "en" else "nb"))
    response.vary.add("Accept-Language")
    return response


def other_language_url() -> str:
    """The same page in the other language, the query kept."""
    language = "en" if current_language() == "nb" else "nb"
    endpoint = request.endpoint
    if endpoint is None or request.view_args is None or request.method not in ("GET", "HEAD") or not _has_language():
        return url_for("site.start", language=language)
    path = url_for(endpoint, **(request.view_args | {"language": language}))
    # Not through url_for, to which some names mean something of their own.
    query = urlencode(list(request.args.items(multi=True)))
    return f"{path}?{query}" if query else path


def blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint whose pages live below the language."""
    return Blueprint(name, import_name, url_prefix=PREFIX)


def _has_language() -> bool:
    return request.url_rule is not None and "language" in request.url_rule.arguments


def _take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    first = request.path.strip("/").partition("/")[0]
    g.language = (values or {}).pop("language", first if first in LANGUAGES else "en")


def _give_language(endpoint: str, values: dict[str, Any]) -> None:
    if "language" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "language"):
        values["language"] = current_language()
