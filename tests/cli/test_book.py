"""`courses book`, `show`, `confirm` and `release`: what is booked, what is shown, and how they end."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.period import STEP_SECONDS, seconds_of
from booking.services.tasks import ask_for_call
from booking.store.appointments import Appointment, Claim, Resource, claim
from booking.store.courses import Course
from booking.store.database import db
from booking.store.holds import HeldTime
from booking.store.outbox import Message
from booking.store.people import clinician_by_slug
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, UNSURE, booked, held, office
from tests.cli.commands import KARI, THURSDAYS, book, propose, said
from tests.servers.databases import only_sqlite
from tests.servers.web import command_environ, flask

PLAN_1 = (*THURSDAYS, "--plan", "1")


def rows(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_plan_that_was_shown_is_the_course_that_is_booked(demo_app: Flask) -> None:
    plan = propose(demo_app, *THURSDAYS).answer["plans"][0]

    made = book(demo_app, *PLAN_1, *KARI)

    assert made.exit_code == 0
    assert [each["start"] for each in made.answer["appointments"]] == [each["start"] for each in plan["appointments"]]
    assert [each["deviation"] for each in made.answer["appointments"]] == [
        each["deviation"] for each in plan["appointments"]
    ]


@only_sqlite
def test_a_booking_answers_with_its_reference_links_and_appointments(demo_app: Flask) -> None:
    answer = book(demo_app, *PLAN_1, *KARI, "--channel", "subscription").answer

    assert len(answer["reference"]) == 9
    assert answer["url"].startswith("http://127.0.0.1:5000/en/")
    assert answer["feed_url"].endswith(".ics")
    assert (answer["status"], answer["channel"], answer["price"]) == ("running", "subscription", 6900)
    assert {(each["status"], each["sequence"]) for each in answer["appointments"]} == {("booked", 0)}
    assert len({each["uid"] for each in answer["appointments"]}) == 10


@only_sqlite
def test_who_gives_an_email_address_gets_invitations_unless_she_chooses(demo_app: Flask) -> None:
    book(demo_app, *PLAN_1, *KARI)

    assert rows(demo_app, Message) == 1 + 10


@only_sqlite
def test_who_gives_no_email_address_gets_no_mail(demo_app: Flask) -> None:
    made = book(demo_app, *PLAN_1, "--name", "Kari Prøve", "--birth-date", "1979-05-17")

    assert made.answer["channel"] == "none"
    assert rows(demo_app, Message) == 0


def test_a_time_taken_meanwhile_books_nothing_and_ends_with_4(demo_app: Flask) -> None:
    """Somebody has the step of session 5, and committed after the plan was read."""
    fifth = propose(demo_app, *THURSDAYS).answer["plans"][0]["appointments"][4]
    take(demo_app, fifth["clinician"], datetime.fromisoformat(fifth["start"]))

    made = book(demo_app, *PLAN_1, *KARI)

    assert made.exit_code == 4
    assert made.answer == {"appointments": [], "because": "taken"}
    assert "taken meanwhile" in made.stderr
    assert (rows(demo_app, Course), rows(demo_app, Appointment), rows(demo_app, HeldTime)) == (0, 0, 0)
    assert (rows(demo_app, Claim), rows(demo_app, Message)) == (1, 0)


def take(app: Flask, clinician: str, start: datetime) -> None:
    with app.app_context():
        found = clinician_by_slug(db.session(), clinician)
        assert found is not None
        row = (Resource.CLINICIAN, found.id, seconds_of(start) // STEP_SECONDS, None, None, None)
        unit_of_work(lambda session: claim(session, [row], now=NOW))


@only_sqlite
def test_booking_without_a_plan_ends_with_3(demo_app: Flask) -> None:
    made = book(demo_app, "--clinic", "raholt", "--days", "thu", "--plan", "1", *KARI)

    assert made.exit_code == 3
    assert made.answer["because"]["relax"]["wish"] == "days"


@only_sqlite
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((*THURSDAYS, *KARI), "--plan: this is missing."),
        ((*THURSDAYS, "--plan", "9", *KARI), "--plan 9: there are 3 plans."),
        ((*PLAN_1, "--birth-date", "1979-05-17"), "--name: this is missing."),
        ((*PLAN_1, "--name", "Kari"), "--birth-date: this is missing."),
        ((*PLAN_1, *KARI[:2], "--birth-date", "17.5.79"), "--birth-date 17.5.79: this should be a date"),
        ((*PLAN_1, *KARI[:2], "--birth-date", "2015-05-17"), "--birth-date: under 16"),
        ((*PLAN_1, *KARI[:2], "--birth-date", "2031-05-17"), "--birth-date 2031-05-17: this lies in the future."),
        ((*PLAN_1, *KARI, "--email", "kari(at)example"), "--email kari(at)example: this should be an address"),
        ((*PLAN_1, *KARI, "--channel", "pigeon"), "--channel pigeon: not known; there are invitations,"),
        ((*PLAN_1, *KARI[:2], *KARI[4:], "--channel", "file"), "--channel file: this needs --email."),
    ],
)
def test_details_that_cannot_be_used_are_named(demo_app: Flask, arguments: tuple[str, ...], named: str) -> None:
    made = book(demo_app, *arguments)

    assert made.exit_code == 2
    assert made.stdout == ""
    assert named in made.stderr
    assert (rows(demo_app, Course), rows(demo_app, HeldTime)) == (0, 0)


@only_sqlite
def test_a_course_is_shown_as_it_was_booked_however_its_reference_is_typed(demo_app: Flask) -> None:
    made = book(demo_app, *PLAN_1, *KARI).answer

    shown = said(demo_app, "courses", "show", made["reference"].replace("-", "").lower(), "--json")

    assert shown.exit_code == 0
    assert shown.answer == made


@only_sqlite
@pytest.mark.parametrize("command", ["show", "confirm", "release"])
def test_an_unknown_reference_is_named(demo_app: Flask, command: str) -> None:
    answer = said(demo_app, "courses", command, "XXXX-XXXX")

    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert "XXXX-XXXX: no course has this reference." in answer.stderr


@only_sqlite
def test_confirming_books_the_times_that_were_kept(demo_app: Flask) -> None:
    reference = waiting(demo_app)

    settled = said(demo_app, "courses", "confirm", reference)

    assert settled.exit_code == 0
    assert settled.answer["status"] == "running"
    assert {each["status"] for each in settled.answer["appointments"]} == {"booked"}


@only_sqlite
def test_releasing_gives_the_times_back(demo_app: Flask) -> None:
    reference = waiting(demo_app)

    settled = said(demo_app, "courses", "release", reference)

    assert settled.exit_code == 0
    assert settled.answer["status"] == "released"
    assert {each["status"] for each in settled.answer["appointments"]} == {"cancelled"}
    assert rows(demo_app, Claim) == 0


@only_sqlite
def test_a_course_that_waits_for_nothing_cannot_be_settled(demo_app: Flask) -> None:
    reference = book(demo_app, *PLAN_1, *KARI).answer["reference"]

    settled = said(demo_app, "courses", "confirm", reference)

    assert settled.exit_code == 2
    assert "waits for no decision" in settled.stderr


@only_sqlite
def test_tasks_list_whom_to_ring_and_by_when(demo_app: Flask) -> None:
    """Tuesday and Wednesday are the two working days after Monday 1 March."""
    reference = waiting(demo_app)

    answer = said(demo_app, "tasks").answer

    assert [(task["kind"], task["reference"], task["due"]) for task in answer["tasks"]] == [
        ("call_first", reference, "2027-03-04T00:00:00+01:00")
    ]


@only_sqlite
def test_tasks_show_what_was_written_with_the_wish_to_be_called(demo_app: Flask) -> None:
    with demo_app.app_context():
        wish = {"name": "Kari", "phone": "+4722222222", "language": "nb", "note": "any"}
        ask_for_call(office(), **wish, message="Ring på døra", now=NOW)

    (task,) = said(demo_app, "tasks").answer["tasks"]

    assert (task["kind"], task["message"]) == ("call_me", "Ring på døra")


@only_sqlite
def test_keys_rotate_encrypts_the_health_answers_anew(demo_app: Flask) -> None:
    book(demo_app, *PLAN_1, *KARI)

    answer = said(demo_app, "keys", "rotate")

    assert answer.exit_code == 0
    assert answer.answer == {"encrypted": 2}, "and the second factor of an account"


@only_sqlite
def test_the_command_itself_books(demonstration_url: str) -> None:
    process = flask(command_environ(demonstration_url), "courses", "book", *PLAN_1, *KARI)

    assert process.returncode == 0, process.stderr
    assert process.stderr == ""


def waiting(app: Flask) -> str:
    """The reference of a course whose patient was not sure about her health."""
    with app.app_context():
        return booked(held(), check=UNSURE).reference
