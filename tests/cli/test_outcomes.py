"""Outcomes on the command line: figures of groups, by clinic, with the sentence that belongs to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import time_machine
from cryptography.fernet import Fernet
from flask import Flask

from tests.cli.commands import said
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.services.started import AFTER_A_YEAR, started

pytestmark = only_sqlite


def test_clinics_are_told_of_in_groups(demo_app: Flask) -> None:
    with demo_app.app_context():
        started([((8, 5, 8), 10), ((8, None, 4), 2)], [((8, 4, None), 9)])
    with time_machine.travel(AFTER_A_YEAR - CLINIC_NOW + datetime.now(UTC) + timedelta(seconds=5), tick=False):
        answer = said(demo_app, "outcomes", "--json").answer
    assert [clinic["clinic"] for clinic in answer["clinics"]] == ["lambertseter", "eidsvoll-sundet", "raholt"]
    large, small, empty = answer["clinics"]
    assert large["week_10"] == {
        "started": 12,
        "with_baseline": 12,
        "answered": 10,
        "answered_percent": 83.3,
        "mean_percent": -37.5,
        "median_percent": -37.5,
        "mean_points": -3.0,
        "responder_30": 100.0,
        "responder_50": 0.0,
        "better_2": 100.0,
    }
    assert (large["year"]["answered"], large["year"]["mean_percent"]) == (12, -8.3)
    for hidden in (small, empty):
        assert set(hidden["week_10"].values()) | set(hidden["year"].values()) == {None}
    assert set(answer["all"]["week_10"].values()) == {None}, "the small clinic could be had by subtraction"
    assert "people who did not answer are missing" in answer["note"]


def test_with_nobody_everything_is_null(demo_app: Flask) -> None:
    answer = said(demo_app, "outcomes").answer
    assert {value for group in answer["clinics"] for value in group["week_10"].values()} == {None}


def test_answers_that_cannot_be_opened_are_no_silence(demo_app: Flask) -> None:
    with demo_app.app_context():
        started([((8, 5, 8), 10)])
    office = demo_app.extensions["office"]
    demo_app.extensions["office"] = replace(office, health_keys=(Fernet.generate_key().decode(),))
    with time_machine.travel(AFTER_A_YEAR - CLINIC_NOW + datetime.now(UTC) + timedelta(seconds=5), tick=False):
        told = said(demo_app, "outcomes")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "BOOKING_HEALTH_KEYS" in told.stderr
