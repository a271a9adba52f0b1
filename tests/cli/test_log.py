"""The logbook on the command line: whether it holds, and who has seen a patient."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from booking.services.logbook import About, Who, note_look
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, office
from tests.cli.commands import printed, said
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite


def looked(app: Flask, *names: str) -> str:
    with app.app_context():
        kari = booked_course()
        for name in names:
            note_look(office(), Who(None, name), "look_patient", About(patient_id=kari.patient_id), now=NOW)
        return kari.reference


def test_a_logbook_that_holds_says_how_long_it_is(demo_app: Flask) -> None:
    looked(demo_app, "Rita", "Ask")
    found = printed(demo_app, "log", "verify")
    assert (found.exit_code, found.stdout) == (0, "The logbook holds: 2 entries.\n")


def test_a_tampered_row_is_named_and_the_command_fails(demo_app: Flask) -> None:
    looked(demo_app, "Rita", "Ask")
    with demo_app.app_context():
        unit_of_work(lambda s: s.execute(text("UPDATE log_entries SET actor = 'Nobody' WHERE id = 2")))
    found = said(demo_app, "log", "verify")
    assert (found.exit_code, found.answer) == (1, {"entries": 1, "unkeyed": 0, "broken_at": 2})


def test_a_patient_is_told_who_has_seen_her_and_that_this_was_asked(demo_app: Flask) -> None:
    reference = looked(demo_app, "Rita", "Ask")
    entries = said(demo_app, "log", "patient", reference.lower()).answer["entries"]
    assert [(each["who"], each["did"]) for each in entries] == [
        ("command", "look_log"),
        ("Ask", "look_patient"),
        ("Rita", "look_patient"),
    ]


def test_nobody_s_logbook_is_none(demo_app: Flask) -> None:
    assert said(demo_app, "log", "patient", "AAAA-BBBB").exit_code == 2
