"""Tasks on the command line: who wants to be called, and what she left to be read."""

from __future__ import annotations

from dataclasses import replace

from cryptography.fernet import Fernet
from flask import Flask

from booking.services.tasks import ask_for_call
from tests.builders import NOW, office
from tests.cli.commands import said
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite


def wish(app: Flask, name: str, message: str) -> None:
    with app.app_context():
        ask_for_call(office(), name=name, phone="+46701740605", language="nb", note="any", message=message, now=NOW)


def test_a_message_is_shown_to_who_must_ring(demo_app: Flask) -> None:
    wish(demo_app, "Kari", "Ring på døra")
    (task,) = said(demo_app, "tasks").answer["tasks"]
    assert (task["name"], task["message"]) == ("Kari", "Ring på døra")


def test_a_message_that_nobody_can_open_hides_no_other(demo_app: Flask) -> None:
    wish(demo_app, "Kari", "Ring på døra")
    demo_app.extensions["office"] = replace(
        demo_app.extensions["office"], health_keys=(Fernet.generate_key().decode(),)
    )
    wish(demo_app, "Siv", "")
    tasks = said(demo_app, "tasks").answer["tasks"]
    assert {task["name"]: task.get("message_unreadable", False) for task in tasks} == {"Kari": True, "Siv": False}
