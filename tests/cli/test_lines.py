"""What commands print for people: a few lines without `--json`, and one where the tables are missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from booking.app import create_app
from booking.cli.lines import lines_of
from booking.config import Settings
from tests.cli.commands import KARI, THURSDAYS, book, printed
from tests.servers.databases import only_sqlite

PLAIN_THURSDAYS = tuple(each for each in THURSDAYS if each != "--json")


@only_sqlite
def test_a_course_is_an_appointment_a_line(demo_app: Flask) -> None:
    made = book(demo_app, *THURSDAYS, "--plan", "1", *KARI).answer
    lines = printed(demo_app, "courses", "show", made["reference"]).stdout.splitlines()
    assert lines[0] == f"{made['reference']}: running, nine-weeks, {made['price']} kr, calendar by invitations"
    assert lines[1] == made["url"]
    assert len(lines) == 2 + len(made["appointments"])
    assert lines[2].startswith("  session 1    Thu 18 Mar 2027 ")
    assert lines[2].endswith("  booked")


@only_sqlite
def test_a_change_says_what_it_costs_and_until_when_it_can_be_undone(demo_app: Flask) -> None:
    reference = book(demo_app, *THURSDAYS, "--plan", "1", *KARI).answer["reference"]
    last = printed(demo_app, "appointments", "cancel", reference, "3").stdout.splitlines()[-1]
    assert last == "Changed (cancel, by the patient), costs nothing; can be undone until Mon 01 Mar 2027 09:10."
    assert "Changed" not in printed(demo_app, "appointments", "undo", reference).stdout
    rest = printed(demo_app, "courses", "cancel-rest", reference).stdout.splitlines()
    assert rest[-2] == "Cancelled now: 10."


@only_sqlite
def test_places_stand_under_their_weeks(demo_app: Flask) -> None:
    reference = book(demo_app, *THURSDAYS, "--plan", "1", *KARI).answer["reference"]
    lines = printed(demo_app, "appointments", "move", reference, "3").stdout.splitlines()
    assert lines[0].startswith("Week of Mon ")
    assert lines[1].startswith("  ")


@only_sqlite
def test_plans_are_a_line_each_with_what_is_moved(demo_app: Flask) -> None:
    lines = printed(demo_app, "courses", "propose", *PLAIN_THURSDAYS).stdout.splitlines()
    assert [line.partition(":")[0] for line in lines if not line.startswith(" ")] == ["Plan 1", "Plan 2", "Plan 3"]
    assert all(line.startswith("  moved: session ") for line in lines if line.startswith(" "))


@only_sqlite
def test_no_plan_says_why_and_what_would_do(demo_app: Flask) -> None:
    wishes = ("--clinic", "raholt", "--days", "thu")
    said = printed(demo_app, "courses", "propose", *wishes)
    assert said.exit_code == 3
    assert said.stdout.startswith("No plan: no time for the session.\n")
    assert "Without the wish for days: " in said.stdout


@only_sqlite
@pytest.mark.parametrize("command", ["tasks", "reminders due", "outcomes", "articles list", "comments list"])
def test_every_list_is_lines_without_json_and_json_with_it(demo_app: Flask, command: str) -> None:
    said = printed(demo_app, *command.split())
    assert said.exit_code == 0
    assert said.stdout
    assert "{" not in said.stdout
    assert json.loads(printed(demo_app, *command.split(), "--json").stdout)


def test_any_other_answer_is_a_fact_a_line() -> None:
    answer = {"saved_by": "Ola", "done": True, "gone": None, "text": "One\nTwo", "all": [{"a": 1, "b": False}, "two"]}
    assert list(lines_of(answer)) == [
        "saved by: Ola",
        "done: yes",
        "gone: none",
        "text:",
        "  One",
        "  Two",
        "all:",
        "  - a 1, b no",
        "  - two",
    ]


@pytest.mark.parametrize("command", ["tasks", "courses show ABCD-EFGH", "reminders due", "demo"])
def test_a_database_without_tables_is_told_in_a_line(tmp_path: Path, command: str) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/empty.db"))
    said = printed(app, *command.split())
    assert said.exit_code == 78
    assert said.stderr == "Error: the database has no tables, or old ones. Run: flask --app wsgi db upgrade\n"
