"""Commands, run inside the test's process, with what they said taken apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Flask

THURSDAYS = ("--clinic", "lambertseter", "--days", "thu", "--from", "2027-03-18", "--json")
KARI = ("--name", "Kari Prøve", "--email", "kari@example.com", "--birth-date", "1979-05-17")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it wrote: JSON alone on standard output, everything else on standard error."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> Any:
        return json.loads(self.stdout)


SPEAKING_JSON = {
    "appointments",
    "articles",
    "comments",
    "courses",
    "demo",
    "keys",
    "log",
    "outcomes",
    "patients",
    "reminders",
    "tasks",
}


def said(app: Flask, *arguments: str) -> Said:
    """What a command answers in JSON, if it can."""
    asked = arguments[0] in SPEAKING_JSON and len(arguments) > (arguments[0] not in {"demo", "outcomes", "tasks"})
    return printed(app, *arguments, *(["--json"] if asked and "--json" not in arguments else []))


def printed(app: Flask, *arguments: str) -> Said:
    """What a command prints just so."""
    result = app.test_cli_runner().invoke(args=list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def propose(app: Flask, *arguments: str) -> Said:
    return said(app, "courses", "propose", *arguments)


def book(app: Flask, *arguments: str) -> Said:
    return said(app, "courses", "book", *arguments)
