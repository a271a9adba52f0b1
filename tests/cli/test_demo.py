"""`demo`: loads once, fills on request, and refuses where strangers could come."""

from __future__ import annotations

from flask import Flask

from booking.app import create_app
from booking.config import Settings
from tests.cli.commands import said
from tests.servers.databases import only_sqlite
from tests.servers.web import command_environ, flask

pytestmark = only_sqlite


def test_the_demonstration_data_is_loaded_once_and_without_appointments(app: Flask) -> None:
    first, second = said(app, "demo"), said(app, "demo")

    assert (first.exit_code, first.answer) == (0, {"loaded": True})
    assert (second.exit_code, second.answer) == (0, {"loaded": False})
    assert said(app, "tasks").answer == {"tasks": []}


def test_filling_tells_its_progress_on_standard_error_alone(demonstration_url: str) -> None:
    process = flask(command_environ(demonstration_url), "demo", "--fill", "0.02", "--json")

    assert process.returncode == 0, process.stderr
    assert '"share": 0.02' in process.stdout
    assert process.stderr.splitlines() == [f"Booking: {done} %" for done in (25, 50, 75, 100)]


def test_a_share_beyond_one_is_refused(app: Flask) -> None:
    answer = said(app, "demo", "--fill", "1.5")

    assert answer.exit_code == 2
    assert "--fill" in answer.stderr


def test_demonstration_data_is_refused_where_others_can_reach_the_service(database_url: str) -> None:
    keys = {"secret_keys": ("x" * 32,), "health_keys": ("A" * 43 + "=",)}
    app = create_app(Settings(database_url=database_url, url="https://clinic.example", **keys))

    answer = said(app, "demo")

    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert "Demonstration data is refused here" in answer.stderr
