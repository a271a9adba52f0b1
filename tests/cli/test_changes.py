"""`appointments move`, `cancel` and `undo`, `courses cancel-rest`, `extend` and `replan`: what they change and how they
end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.appointment import Actor
from booking.domain.period import STEP_SECONDS, seconds_of
from booking.services.changes import send_now
from booking.services.proposals import Asked, plan_visit
from booking.store.appointments import Resource, claim
from booking.store.changes import Change
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.people import clinician_by_slug
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, UNSURE, booked, choice_of, held, office
from tests.cli.commands import KARI, THURSDAYS, Said, book, said
from tests.copies import once
from tests.domain.builders import oslo
from tests.servers.databases import only_sqlite
from tests.servers.web import command_environ, flask

COMMANDS = [
    ("appointments", "move"),
    ("appointments", "cancel"),
    ("appointments", "undo"),
    ("courses", "cancel-rest"),
    ("courses", "extend"),
    ("courses", "replan"),
]


@pytest.fixture
def course(demo_app: Flask) -> Any:
    """Nine Thursdays with a first visit, from the 18th of March 2027 on."""

    def book_it() -> Any:
        made = book(demo_app, *THURSDAYS, "--new-patient", "--plan", "1", *KARI)
        assert made.exit_code == 0, made.stderr
        return made.answer

    with demo_app.app_context():
        return once(book_it)


def session(answer: Any, number: int) -> Any:
    """The session of this number that stands."""
    named = (a for a in answer["appointments"] if (a["step"], a["number"]) == ("session", number))
    return next(each for each in named if each["status"] == "booked")


def review(answer: Any) -> Any:
    return next(each for each in answer["appointments"] if each["step"] == "review")


def move(app: Flask, course: Any, *arguments: str) -> Said:
    return said(app, "appointments", "move", course["reference"], *arguments, "--json")


def places(app: Flask, course: Any, which: str) -> list[Any]:
    """Where an appointment can be in its own week."""
    found: list[Any] = move(app, course, which).answer["weeks"][0]["places"]
    return found


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


# -- moving -----------------------------------------------------------------------------------------------------------


def test_a_session_moves_to_the_best_place_that_is_shown(demo_app: Flask, course: Any) -> None:
    best = places(demo_app, course, "3")[0]

    made = move(demo_app, course, "3", "--to", best["start"])

    assert made.exit_code == 0
    moved = session(made.answer, 3)
    assert (moved["start"], moved["clinician"], moved["sequence"]) == (best["start"], best["clinician"], 1)
    assert made.answer["change"]["kind"] == "move"


@only_sqlite
def test_without_a_time_a_move_shows_places_and_changes_nothing(demo_app: Flask, course: Any) -> None:
    answer = move(demo_app, course, "3").answer

    assert [week["week"] for week in answer["weeks"]] == ["2027-W15", "2027-W22", "2027-W23", "2027-W24"]
    assert {len(week["places"]) for week in answer["weeks"]} == {10}
    assert said(demo_app, "courses", "show", course["reference"]).answer == course


@only_sqlite
def test_a_time_without_an_offset_is_one_in_oslo(demo_app: Flask, course: Any) -> None:
    best = places(demo_app, course, "3")[0]["start"]

    assert session(move(demo_app, course, "3", "--to", best[:16]).answer, 3)["start"] == best


@only_sqlite
def test_a_session_moves_to_a_sister_clinic(demo_app: Flask, course: Any) -> None:
    """Embla works at Eidsvoll on Wednesdays from eight to four."""
    to = ("--to", "2027-04-14T10:00", "--clinic", "eidsvoll-sundet", "--clinician", "embla-monstervik")

    moved = session(move(demo_app, course, "3", *to).answer, 3)

    assert (moved["clinic"], moved["clinician"]) == ("eidsvoll-sundet", "embla-monstervik")


@only_sqlite
def test_a_session_that_moves_to_the_end_takes_the_review_along_and_the_numbers_follow(
    demo_app: Flask, course: Any
) -> None:
    last = move(demo_app, course, "3").answer["weeks"][-1]["places"][0]
    assert [each["step"] for each in last["along"]] == ["review"]

    answer = move(demo_app, course, "3", "--to", last["start"]).answer

    assert session(answer, 9)["start"] == last["start"]
    assert session(answer, 3)["start"] == session(course, 4)["start"]
    assert review(answer)["start"] == last["along"][0]["start"]


@only_sqlite
def test_a_first_visit_and_a_review_move_by_their_names(demo_app: Flask, course: Any) -> None:
    for which, step in (("first-visit", "first_visit"), ("review", "review")):
        best = places(demo_app, course, which)[0]
        answer = move(demo_app, course, which, "--to", best["start"], "--clinician", best["clinician"]).answer
        assert next(each["start"] for each in answer["appointments"] if each["step"] == step) == best["start"]


@only_sqlite
def test_the_same_move_twice_is_one(demo_app: Flask, course: Any) -> None:
    best = places(demo_app, course, "3")[0]["start"]
    once = move(demo_app, course, "3", "--to", best)

    twice = move(demo_app, course, "3", "--to", best)

    assert (twice.exit_code, twice.answer) == (0, once.answer)
    assert count(demo_app, Change) == 1


@only_sqlite
def test_nobody_is_told_at_once(demo_app: Flask, course: Any) -> None:
    before = count(demo_app, Message)

    move(demo_app, course, "3", "--to", places(demo_app, course, "3")[0]["start"])

    assert count(demo_app, Message) == before


@only_sqlite
def test_a_time_in_another_sessions_week_ends_with_3(demo_app: Flask, course: Any) -> None:
    made = move(demo_app, course, "3", "--to", session(course, 5)["start"][:11] + "16:00")

    assert (made.exit_code, made.stdout) == (3, "")
    assert "this time is not free, or too near to or far from another. Nothing was changed." in made.stderr


@only_sqlite
def test_a_time_that_somebody_took_meanwhile_ends_with_4(demo_app: Flask, course: Any) -> None:
    lost = places(demo_app, course, "3")[-1]
    take(demo_app, lost["clinician"], datetime.fromisoformat(lost["start"]))

    made = move(demo_app, course, "3", "--to", lost["start"])

    assert (made.exit_code, made.stdout) == (4, "")
    assert "the time was taken meanwhile" in made.stderr
    assert said(demo_app, "courses", "show", course["reference"]).answer == course


def take(app: Flask, clinician: str, start: datetime) -> None:
    with app.app_context():
        found = clinician_by_slug(db.session(), clinician)
        assert found is not None
        row = (Resource.CLINICIAN, found.id, seconds_of(start) // STEP_SECONDS, None, None, None)
        unit_of_work(lambda session: claim(session, [row], now=NOW))


@only_sqlite
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("10", "--to", "2027-03-31T10:00"), "10: the course has no such appointment; say a number, first-visit"),
        (("third", "--to", "2027-03-31T10:00"), "third: the course has no such appointment"),
        (("3", "--to", "tomorrow"), "--to tomorrow: this should be a time like 2027-03-18T10:00"),
        (("3", "--to", "2027-03-31T10:00", "--clinic", "moon"), "--clinic moon: not known; there are lambertseter"),
        (("3", "--to", "2027-03-31T10:00", "--clinician", "dr-who"), "--clinician dr-who: not known; there are"),
    ],
)
def test_what_cannot_be_used_is_named(demo_app: Flask, course: Any, arguments: tuple[str, ...], named: str) -> None:
    made = move(demo_app, course, *arguments)

    assert (made.exit_code, made.stdout) == (2, "")
    assert named in made.stderr
    assert count(demo_app, Change) == 0


@only_sqlite
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unknown_reference_is_named(demo_app: Flask, command: tuple[str, str]) -> None:
    which = ("3",) if command[1] in ("move", "cancel") else ()
    wishes = ("--clinic", "lambertseter") if command[1] == "replan" else ()

    answer = said(demo_app, *command, "XXXX-XXXX", *which, *wishes)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "XXXX-XXXX: no course has this reference." in answer.stderr


@only_sqlite
def test_a_course_that_waits_for_a_call_is_changed_by_the_clinic_alone(demo_app: Flask) -> None:
    with demo_app.app_context():
        reference = booked(held(), check=UNSURE).reference

    refused = said(demo_app, "appointments", "cancel", reference, "3")
    done = said(demo_app, "appointments", "cancel", reference, "3", "--by", "clinic")

    assert (refused.exit_code, done.exit_code) == (2, 0)
    assert "cancel is not possible" in refused.stderr


# -- cancelling -------------------------------------------------------------------------------------------------------


@only_sqlite
def test_a_session_is_cancelled_once_and_its_price_falls_away(demo_app: Flask, course: Any) -> None:
    for _ in range(2):
        made = said(demo_app, "appointments", "cancel", course["reference"], "4")
        assert made.exit_code == 0

    assert [each["number"] for each in made.answer["appointments"] if each["status"] == "cancelled"] == [4]
    assert made.answer["price"] == course["price"] - 690
    assert count(demo_app, Change) == 1


@only_sqlite
def test_a_change_in_time_costs_nothing(demo_app: Flask, course: Any) -> None:
    change = said(demo_app, "appointments", "cancel", course["reference"], "4").answer["change"]

    assert (change["kind"], change["by"], change["fee"], change["excused"]) == ("cancel", "patient", 0, False)


@only_sqlite
def test_a_late_change_is_excused_once_and_then_costs_the_price(demo_app: Flask) -> None:
    """It is Monday the 1st of March, nine o'clock, and session 1 is on that day."""
    course = book(demo_app, "--clinic", "lambertseter", "--days", "mon", "--plan", "1", *KARI).answer
    assert session(course, 1)["start"].startswith("2027-03-01")

    first = move(demo_app, course, "1", "--to", places(demo_app, course, "1")[0]["start"]).answer["change"]
    with demo_app.app_context():
        changed = db.session.scalars(select(Change.course_id)).one()
        send_now(office(), changed, by=Actor.PATIENT, now=NOW, at=NOW)
    second = said(demo_app, "appointments", "cancel", course["reference"], "1").answer["change"]

    assert (first["fee"], first["excused"]) == (0, True)
    assert (second["fee"], second["excused"]) == (690, False)


@only_sqlite
def test_what_the_clinic_changes_late_costs_the_patient_nothing(demo_app: Flask) -> None:
    course = book(demo_app, "--clinic", "lambertseter", "--days", "mon", "--plan", "1", *KARI).answer

    change = said(demo_app, "appointments", "cancel", course["reference"], "1", "--by", "clinic").answer["change"]

    assert (change["by"], change["fee"], change["excused"]) == ("clinic", 0, False)


@only_sqlite
def test_the_rest_is_cancelled_as_one_change(demo_app: Flask, course: Any) -> None:
    made = said(demo_app, "courses", "cancel-rest", course["reference"])

    assert (made.exit_code, made.answer["cancelled"]) == (0, 11)
    assert {each["status"] for each in made.answer["appointments"]} == {"cancelled"}
    assert count(demo_app, Change) == 1


# -- undoing ----------------------------------------------------------------------------------------------------------


def test_changes_are_undone_one_after_the_other_until_there_is_nothing_left(demo_app: Flask, course: Any) -> None:
    reference = course["reference"]
    said(demo_app, "appointments", "cancel", reference, "4")
    said(demo_app, "courses", "cancel-rest", reference)

    first = said(demo_app, "appointments", "undo", reference).answer
    second = said(demo_app, "appointments", "undo", reference).answer
    third = said(demo_app, "appointments", "undo", reference)

    assert [each["number"] for each in first["appointments"] if each["status"] == "cancelled"] == [4]
    assert (first["change"]["kind"], second["change"]) == ("cancel", None)
    assert [each["start"] for each in second["appointments"]] == [each["start"] for each in course["appointments"]]
    assert {each["status"] for each in second["appointments"]} == {"booked"}
    assert third.exit_code == 2
    assert "nothing can be undone any more" in third.stderr


@only_sqlite
def test_what_the_clinic_changed_only_the_clinic_takes_back(demo_app: Flask, course: Any) -> None:
    said(demo_app, "appointments", "cancel", course["reference"], "4", "--by", "clinic")

    assert said(demo_app, "appointments", "undo", course["reference"]).exit_code == 2
    assert said(demo_app, "appointments", "undo", course["reference"], "--by", "clinic").exit_code == 0


# -- making up for a missed one ---------------------------------------------------------------------------------------


def test_a_cancelled_session_is_made_up_for_at_the_end(demo_app: Flask, course: Any) -> None:
    said(demo_app, "appointments", "cancel", course["reference"], "4")
    weeks = said(demo_app, "courses", "extend", course["reference"]).answer["weeks"]

    made = said(demo_app, "courses", "extend", course["reference"], "--to", weeks[0]["places"][0]["start"])

    assert made.exit_code == 0
    assert session(made.answer, 9)["start"] == weeks[0]["places"][0]["start"]
    assert len([each for each in made.answer["appointments"] if each["status"] == "booked"]) == 11


@only_sqlite
def test_nothing_is_added_to_a_course_that_lacks_nothing(demo_app: Flask, course: Any) -> None:
    shown = said(demo_app, "courses", "extend", course["reference"])
    made = said(demo_app, "courses", "extend", course["reference"], "--to", "2027-05-20T14:00")

    assert shown.answer == {"weeks": []}
    assert made.exit_code == 3


@only_sqlite
def test_nothing_is_added_where_no_session_stands(demo_app: Flask, course: Any) -> None:
    said(demo_app, "courses", "cancel-rest", course["reference"])

    made = said(demo_app, "courses", "extend", course["reference"], "--to", "2027-05-20T14:00")

    assert made.exit_code == 3
    assert "no session stands that another could come after" in made.stderr


# -- planning anew ----------------------------------------------------------------------------------------------------

WEDNESDAYS = ("--clinic", "lambertseter", "--days", "wed", "--from", "2027-03-18")


def test_the_rest_is_planned_anew_and_the_plan_that_was_shown_is_what_comes_of_it(demo_app: Flask, course: Any) -> None:
    shown = said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS).answer["plans"][0]

    made = said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS, "--plan", "1")

    assert made.exit_code == 0
    assert [each["start"] for each in made.answer["appointments"]] == [each["start"] for each in shown["appointments"]]
    assert [each["uid"] for each in made.answer["appointments"]] == [each["uid"] for each in course["appointments"]]


@only_sqlite
def test_without_a_plan_replanning_changes_and_keeps_nothing(demo_app: Flask, course: Any) -> None:
    said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS)

    assert said(demo_app, "courses", "show", course["reference"]).answer == course


@only_sqlite
def test_replanning_is_undone_as_one(demo_app: Flask, course: Any) -> None:
    said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS, "--plan", "1")

    undone = said(demo_app, "appointments", "undo", course["reference"]).answer

    assert [each["start"] for each in undone["appointments"]] == [each["start"] for each in course["appointments"]]


@only_sqlite
def test_a_rest_that_cannot_be_planned_ends_with_3_and_says_why(demo_app: Flask, course: Any) -> None:
    made = said(demo_app, "courses", "replan", course["reference"], "--clinic", "raholt", "--days", "thu")

    assert made.exit_code == 3
    assert made.answer["plans"] == []


@only_sqlite
def test_a_plan_that_is_not_there_is_named(demo_app: Flask, course: Any) -> None:
    made = said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS, "--plan", "9")

    assert made.exit_code == 2
    assert "--plan 9: there are" in made.stderr


@only_sqlite
def test_there_is_nothing_to_plan_anew_where_everything_is_cancelled(demo_app: Flask, course: Any) -> None:
    said(demo_app, "courses", "cancel-rest", course["reference"])

    assert said(demo_app, "courses", "replan", course["reference"], *WEDNESDAYS).exit_code == 2


# -- single appointments, and the command itself ----------------------------------------------------------------------


@only_sqlite
def test_a_single_appointment_is_number_1_whatever_it_is(demo_app: Flask) -> None:
    with demo_app.app_context():
        place = {"clinician": "ask-eksempel", "clinic": "lambertseter"}
        asked, start = Asked(protocol="first-visit", new_patient=True), oslo(2027, 3, 9, 10)
        chosen = plan_visit(db.session(), office(), asked, start, **place, now=NOW)
        reference = booked(held(choice_of(chosen.protocol.id, chosen.plan, new_patient=True))).reference

    made = said(demo_app, "appointments", "move", reference, "1", "--to", "2027-03-10T11:00")

    assert [each["start"] for each in made.answer["appointments"]] == ["2027-03-10T11:00:00+01:00"]


@only_sqlite
def test_the_command_itself_cancels(demonstration_url: str) -> None:
    environ = command_environ(demonstration_url)
    made = flask(environ, "courses", "book", *THURSDAYS, "--plan", "1", *KARI)
    reference = made.stdout.split('"reference": "')[1][:9]

    process = flask(environ, "appointments", "cancel", reference, "3", "--json")

    assert (process.returncode, process.stderr) == (0, "")
    assert '"status": "cancelled"' in process.stdout
