"""Norwegian: what others may see of a patient's mail and calendar is neutral, and dates and sums are as in print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, render_template
from flask_babel import force_locale, gettext, ngettext

from booking.domain.schedule import Name
from booking.domain.slot import Reason, ReasonKind
from booking.services import wording
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite

ROW = {"moment": "tirsdag 9. mars kl. 14.30"}
ONE = {"rows": [ROW], "first_day": "tirsdag 9. mars"}
NINE = {"rows": [ROW] * 9, "first_day": "tirsdag 9. mars"}
HEALTH = re.compile(r"behandling|nål|akupunktur|helse|smerte|fibromyalgi|diagnos|pasient|terapeut", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _in_norwegian(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("nb"):
        yield


def subject(kind: str, facts: dict[str, Any], *, stands: bool = False) -> str:
    return render_template(f"mail/{kind}.subject.txt", stands=stands, **facts).strip()


def test_one_appointment_is_a_time_in_a_subject() -> None:
    assert subject("request", ONE) == "Time tirsdag 9. mars kl. 14.30"
    assert subject("confirmation", ONE) == "Time tirsdag 9. mars kl. 14.30"


def test_nine_appointments_are_told_by_the_first_day() -> None:
    assert subject("confirmation", NINE) == "Timene dine fra tirsdag 9. mars"
    assert subject("held", NINE) == "Timer holdt av til deg fra tirsdag 9. mars"


def test_a_cancelled_appointment_is_told_from_one_that_only_leaves_the_calendar() -> None:
    assert subject("cancel", ONE) == "Avbestilt: time tirsdag 9. mars kl. 14.30"
    assert subject("cancel", ONE, stands=True) == "Fjernet fra kalenderen: tirsdag 9. mars kl. 14.30"


@pytest.mark.parametrize("kind", ["request", "confirmation", "cancel", "channel", "held", "released"])
@pytest.mark.parametrize("facts", [ONE, NINE], ids=["one", "nine"])
def test_no_subject_says_a_word_about_health(kind: str, facts: dict[str, Any]) -> None:
    for stands in (True, False):
        assert not HEALTH.search(subject(kind, facts, stands=stands))


def test_an_entry_in_a_calendar_is_called_by_the_clinics_alone() -> None:
    assert gettext("Appointment at %(group)s", group="Demoklinikkene") == "Avtale hos Demoklinikkene"


def test_one_is_not_many() -> None:
    assert wording.minutes(1, "nb") == "1 minutt"
    assert wording.minutes(30, "nb") == "30 minutter"
    one, many = "Your appointment is booked.", "Your %(num)s appointments are booked."
    assert ngettext(one, many, 1) == "Timen din er bestilt."
    assert ngettext(one, many, 9) == "De 9 timene dine er bestilt."


def test_reasons_are_one_clause() -> None:
    holiday = Reason(ReasonKind.HOLIDAY, Name.of(nb="Andre påskedag", en="Easter Monday"))
    assert wording.reasons_text([holiday, Reason(ReasonKind.NO_ROOM)], "nb") == (
        "Andre påskedag er helligdag og det er ikke noe ledig rom"
    )
