"""Tables: a command over a database that has none, or older ones, says so in a line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

NO_TABLES = 78
"""EX_CONFIG of sysexits.h: a command whose tables are not there."""

MISSING = ("42P01", "42703")
"""SQLSTATE of PostgreSQL: undefined table, undefined column."""


def tell_of_tables(command: click.Command) -> None:
    """Makes the command, and all below it, end with a line and not a traceback where tables are missing."""
    for each in getattr(command, "commands", {}).values():
        tell_of_tables(each)
    if command.callback is not None:
        command.callback = _told(command.callback)


def _told(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def called(*arguments: Any, **options: Any) -> Any:
        try:
            return callback(*arguments, **options)
        except (OperationalError, ProgrammingError) as error:
            if not _is_missing(error):
                raise
            click.echo("Error: the database has no tables, or old ones. Run: flask --app wsgi db upgrade", err=True)
            sys.exit(NO_TABLES)

    return called


def _is_missing(error: DBAPIError) -> bool:
    words = str(error.orig)
    sqlite = any(each in words for each in ("no such table", "no such column", "has no column named"))
    return sqlite or getattr(error.orig, "sqlstate", None) in MISSING
