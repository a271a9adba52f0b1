"""`courses propose`: the dates of five requests, worked out by hand from the calendar of 2027, and every way to end."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from tests.cli.commands import THURSDAYS, Said, propose
from tests.servers.databases import only_sqlite
from tests.servers.web import command_environ, flask

pytestmark = only_sqlite

EASTER_WEEK = {"kind": "closed_period", "detail": "Easter week"}
SUMMER_CLOSING = {"kind": "closed_period", "detail": "Summer closing"}


def holiday(name: str) -> dict[str, str]:
    return {"kind": "holiday", "detail": name}


def starts(said: Said, plan: int = 1) -> list[str]:
    """The starts of the plan's appointments, to the minute and with the offset's hours: `2027-03-18T12:30+01`."""
    return [each["start"].replace(":00+", "+").replace("+01:00", "+01").replace("+02:00", "+02") for each in
            said.answer["plans"][plan - 1]["appointments"]]  # fmt: skip


def deviations(said: Said, plan: int = 1) -> dict[int, Any]:
    """The deviations of the plan's sessions, by number."""
    appointments = said.answer["plans"][plan - 1]["appointments"]
    return {each["number"]: each["deviation"] for each in appointments if each["deviation"]}


def patterns(said: Said) -> list[tuple[str, str, str]]:
    found = [plan["pattern"] for plan in said.answer["plans"]]
    return [(pattern["weekday"], pattern["time"], pattern["clinician"]) for pattern in found]


# -- five requests ----------------------------------------------------------------------------------------------


def test_thursdays_at_lambertseter_give_way_to_maundy_thursday_and_ascension_day(demo_app: Flask) -> None:
    """On 24 March the clinic closes at 12:00; half past eleven is the last start, an hour from half past twelve."""
    said = propose(demo_app, *THURSDAYS)

    assert said.exit_code == 0
    assert patterns(said) == [("thu", time, "ask-eksempel") for time in ("12:30", "14:30", "16:30")]
    assert starts(said) == [
        "2027-03-18T12:30+01",
        "2027-03-24T11:30+01",
        "2027-04-01T12:30+02",
        "2027-04-08T12:30+02",
        "2027-04-15T12:30+02",
        "2027-04-22T12:30+02",
        "2027-04-29T12:30+02",
        "2027-05-05T12:30+02",
        "2027-05-13T12:30+02",
        "2027-05-27T12:30+02",
    ]
    assert deviations(said) == {
        2: {"instead_of": "2027-03-25T12:30:00+01:00", "reasons": [holiday("Maundy Thursday"), EASTER_WEEK]},
        8: {"instead_of": "2027-05-06T12:30:00+02:00", "reasons": [holiday("Ascension Day")]},
    }


def test_mondays_at_lambertseter_give_way_to_easter_monday_and_to_two_holidays_on_17_may(demo_app: Flask) -> None:
    said = propose(demo_app, "--clinic", "lambertseter", "--days", "mon", "--from", "2027-03-22")

    assert said.exit_code == 0
    assert patterns(said) == [("mon", time, "ask-eksempel") for time in ("09:00", "11:00", "13:00")]
    assert starts(said) == [
        "2027-03-22T09:00+01",
        "2027-03-30T09:00+02",
        "2027-04-05T09:00+02",
        "2027-04-12T09:00+02",
        "2027-04-19T09:00+02",
        "2027-04-26T09:00+02",
        "2027-05-03T09:00+02",
        "2027-05-10T09:00+02",
        "2027-05-18T09:00+02",
        "2027-05-31T09:00+02",
    ]
    assert deviations(said) == {
        2: {"instead_of": "2027-03-29T09:00:00+02:00", "reasons": [holiday("Easter Monday"), EASTER_WEEK]},
        9: {
            "instead_of": "2027-05-17T09:00:00+02:00",
            "reasons": [holiday("Whit Monday"), holiday("Constitution Day")],
        },
    }


def test_mondays_at_raholt_keep_their_hour_when_the_clocks_change(demo_app: Flask) -> None:
    """It is Monday 1 March, nine o'clock: eleven is the first start with two hours' notice."""
    said = propose(demo_app, "--clinic", "raholt", "--days", "mon", "--from", "2027-03-01")

    assert said.exit_code == 0
    assert patterns(said) == [("mon", time, "bjork-provesen") for time in ("11:00", "13:00", "15:00")]
    assert starts(said) == [
        "2027-03-01T11:00+01",
        "2027-03-08T11:00+01",
        "2027-03-15T11:00+01",
        "2027-03-22T11:00+01",
        "2027-03-31T11:00+02",
        "2027-04-05T11:00+02",
        "2027-04-12T11:00+02",
        "2027-04-19T11:00+02",
        "2027-04-26T11:00+02",
        "2027-05-10T11:00+02",
    ]
    assert deviations(said) == {
        5: {"instead_of": "2027-03-29T11:00:00+02:00", "reasons": [holiday("Easter Monday"), EASTER_WEEK]}
    }


def test_tuesdays_at_eidsvoll_slip_over_the_three_weeks_of_july(demo_app: Flask) -> None:
    """Weeks 28 to 30 are closed. Session 3 stands for 13 July, on the first Tuesday after the closing; the review
    moves by the same three weeks."""
    said = propose(demo_app, "--clinic", "eidsvoll-sundet", "--days", "tue", "--from", "2027-06-28")

    assert said.exit_code == 0
    assert patterns(said) == [("tue", time, "embla-monstervik") for time in ("10:00", "12:30", "14:30")]
    assert starts(said) == [
        "2027-06-29T10:00+02",
        "2027-07-06T10:00+02",
        "2027-08-03T10:00+02",
        "2027-08-10T10:00+02",
        "2027-08-17T10:00+02",
        "2027-08-24T10:00+02",
        "2027-08-31T10:00+02",
        "2027-09-07T10:00+02",
        "2027-09-14T10:00+02",
        "2027-09-28T10:00+02",
    ]
    assert deviations(said) == {3: {"instead_of": "2027-07-13T10:00:00+02:00", "reasons": [SUMMER_CLOSING]}}


def test_thursdays_at_raholt_have_no_plan_and_another_day_would_help_most(demo_app: Flask) -> None:
    """Two weeks to begin in, nine sessions and three slips: weeks 9 to 22. Tuesdays from 2 March meet no holiday."""
    said = propose(demo_app, "--clinic", "raholt", "--days", "thu")

    assert said.exit_code == 3
    assert said.answer["plans"] == []
    because = said.answer["because"]
    assert [week["week"] for week in because["weeks"]] == [f"2027-W{week:02}" for week in range(9, 23)]
    assert {reason["kind"] for week in because["weeks"] for reason in week["reasons"]} == {"outside_hours"}
    assert because["relax"]["wish"] == "days"
    assert because["relax"]["plan"]["pattern"] == {
        "weekday": "tue",
        "time": "08:00",
        "clinician": "froy-testad",
        "clinic": "raholt",
    }


# -- what an answer says ----------------------------------------------------------------------------------------


def test_a_returning_patient_pays_for_nine_sessions_and_a_review(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS)

    assert {plan["price"] for plan in said.answer["plans"]} == {6900}


def test_a_new_patient_has_a_first_visit_too(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS, "--new-patient")

    plan = said.answer["plans"][0]
    assert plan["price"] == 8090
    assert [each["step"] for each in plan["appointments"]] == ["first_visit", *["session"] * 9, "review"]


def test_an_appointment_is_told_with_all_that_one_must_know(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS)

    assert said.answer["plans"][0]["appointments"][0] == {
        "step": "session",
        "number": 1,
        "start": "2027-03-18T12:30:00+01:00",
        "end": "2027-03-18T13:00:00+01:00",
        "clinic": "lambertseter",
        "clinician": "ask-eksempel",
        "room": "1",
        "deviation": None,
    }


def test_reasons_are_told_in_the_language_that_is_asked_for(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS, "--language", "nb")

    assert deviations(said)[8]["reasons"] == [holiday("Kristi himmelfartsdag")]


def test_days_away_are_kept_free(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS, "--away", "2027-04-12..2027-04-16")

    assert said.exit_code == 0
    for plan in said.answer["plans"]:
        days = [each["start"][:10] for each in plan["appointments"]]
        assert not [day for day in days if "2027-04-12" <= day <= "2027-04-16"]


def test_only_her_means_every_appointment(demo_app: Flask) -> None:
    wishes = ("--clinic", "raholt", "--clinic", "lambertseter", "--clinician", "bjork-provesen", "--only")

    said = propose(demo_app, *wishes, "--from", "2027-04-05", "--new-patient")

    clinicians = {each["clinician"] for plan in said.answer["plans"] for each in plan["appointments"]}
    assert clinicians == {"bjork-provesen"}


def test_parts_of_the_day_bind_the_pattern(demo_app: Flask) -> None:
    said = propose(demo_app, "--clinic", "lambertseter", "--part", "evening", "--from", "2027-04-05")

    assert said.exit_code == 0
    assert all(time >= "17:00" for _, time, _ in patterns(said))


def test_the_other_times_of_a_week_are_shown_for_one_session_of_one_plan(demo_app: Flask) -> None:
    said = propose(demo_app, *THURSDAYS, "--plan", "1", "--alternatives", "3")

    found = said.answer["alternatives"]
    assert found
    assert {each["number"] for each in found} == {3}
    assert all("2027-03-29" <= each["start"][:10] <= "2027-04-04" for each in found)
    assert ("2027-04-01T12:30:00+02:00", "ask-eksempel") not in [(each["start"], each["clinician"]) for each in found]
    assert (found[0]["start"], found[0]["clinician"]) == ("2027-04-01T12:45:00+02:00", "ask-eksempel")


def test_a_start_in_the_past_counts_as_today_and_is_warned_of(demo_app: Flask) -> None:
    said = propose(demo_app, "--clinic", "raholt", "--days", "mon", "--from", "2027-02-01")

    assert said.exit_code == 0
    assert starts(said)[0] == "2027-03-01T11:00+01"
    assert said.stderr == "Warning: --from 2027-02-01 has passed; today, 2027-03-01, is taken instead.\n"


def test_the_command_itself_prints_json_alone(demonstration_url: str) -> None:
    process = flask(command_environ(demonstration_url), "courses", "propose", *THURSDAYS)

    assert process.returncode == 0, process.stderr
    assert len(json.loads(process.stdout)["plans"]) == 3
    assert process.stderr == ""


def test_the_command_itself_ends_with_3_when_there_is_no_plan(demonstration_url: str) -> None:
    wishes = ("--clinic", "raholt", "--days", "thu", "--json")

    process = flask(command_environ(demonstration_url), "courses", "propose", *wishes)

    assert process.returncode == 3, process.stderr
    assert json.loads(process.stdout)["because"]["relax"]["wish"] == "days"


# -- what cannot be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--clinic", "oslo"), "--clinic oslo: not known; there are lambertseter, eidsvoll-sundet, raholt."),
        ((), "--clinic: this is missing; there are lambertseter, eidsvoll-sundet, raholt."),
        (("--clinic", "raholt", "--clinician", "ola"), "--clinician ola: not known; there are ask-eksempel,"),
        (("--clinic", "raholt", "--only"), "--only: this needs --clinician."),
        (("--clinic", "raholt", "--days", "tue,man"), "--days man: not known; there are mon,"),
        (("--clinic", "raholt", "--part", "night"), "--part night: not known; there are morning,"),
        (("--clinic", "raholt", "--from", "18.3.2027"), "--from 18.3.2027: this should be a date like 2027-03-18."),
        (("--clinic", "raholt", "--from", "2029-01-01"), "--from 2029-01-01: times are offered until 2028-"),
        (("--clinic", "raholt", "--away", "2027-04-16..2027-04-12"), "--away 2027-04-16..2027-04-12: this should be"),
        (("--clinic", "raholt", "--away", "0001-01-01..2027-04-12"), "--away 0001-01-01..2027-04-12: this should be"),
        (("--clinic", "raholt", "--away", "2027-04-12..9999-12-31"), "--away 2027-04-12..9999-12-31: this should be"),
        (("--clinic", "raholt", "--language", "sv"), "--language sv: not known; there are en, nb."),
        (("--clinic", "raholt", "--plan", "1"), "--plan and --alternatives: one needs the other."),
        (("--clinic", "raholt", "--plan", "4", "--alternatives", "1"), "--plan 4: there are 3 plans."),
        (("--clinic", "raholt", "--plan", "1", "--alternatives", "10"), "--alternatives 10: the course has 9"),
        (("--clinic", "raholt", "--plan", "0", "--alternatives", "1"), "--plan 0: this should be a whole number"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(demo_app: Flask, arguments: tuple[str, ...], named: str) -> None:
    said = propose(demo_app, *arguments)

    assert said.exit_code == 2
    assert said.stdout == ""
    assert named in said.stderr


def test_all_that_is_wrong_is_named_at_once(demo_app: Flask) -> None:
    said = propose(demo_app, "--clinic", "oslo", "--days", "man", "--from", "soon")

    assert said.exit_code == 2
    assert re.findall(r"--\w+ \w+:", said.stderr) == ["--clinic oslo:", "--days man:", "--from soon:"]
