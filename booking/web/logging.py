"""Logging: one line a request, without anything that tells who asked or what for.

A line names the endpoint, never the address: addresses hold secret tokens and names of illnesses, queries hold wishes.
"""

from __future__ import annotations

import logging
import sys
import traceback
from time import perf_counter
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, g, request
from structlog.typing import Processor
from werkzeug.wrappers import Response

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def register(app: Flask) -> None:
    """Logs to standard error: JSON in production, plain lines in development."""
    configure(production=app.extensions["settings"].production)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its own request lines hold whole addresses
    app.log_exception = _never_by_flask  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_tell)


def configure(*, production: bool) -> None:
    last: list[Processor] = [structlog.dev.ConsoleRenderer(colors=False)]
    if production:
        last = [structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> Any:
    return structlog.get_logger()


def log_failure(error: BaseException) -> None:
    """What went wrong and where. Not the error's own words: a database quotes in them what a person typed."""
    places = traceback.extract_tb(error.__traceback__)
    log().error(
        "failed",
        endpoint=request.endpoint,
        error=type(error).__qualname__,
        trace=[f"{place.filename}:{place.lineno} {place.name}" for place in places],
    )


def _begin() -> None:
    g.began = perf_counter()


def _tell(response: Response) -> Response:
    log().info(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        ms=round((perf_counter() - g.began) * 1000, 1) if "began" in g else None,
    )
    return response


def _never_by_flask(exc_info: ExcInfo) -> None:
    """Flask's own line names the whole address."""
    if exc_info[1] is not None:
        log_failure(exc_info[1])
