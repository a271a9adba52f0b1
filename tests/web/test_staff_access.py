"""Who may open what at the clinics: every endpoint, by each who may want to, from the patient to the administrator.

Kari comes to Ask at Lambertseter. Ask treats her, Rita answers the phone there, Frida at another clinic, Ada
administers; Kari herself has her links and no account, and nobody has nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, session
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter
from werkzeug.routing import Rule as Route

from booking.domain.period import Period
from booking.services.accounts import open_session
from booking.services.disruptions import enter_absence
from booking.services.logbook import COMMAND
from booking.services.staff import disable
from booking.services.tasks import owe_call
from booking.store.changes import Fee
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.disruptions import Disruption
from booking.store.logbook import newest_entries
from booking.store.people import Clinician
from booking.store.tasks import Task
from booking.store.waiting import Waiter
from booking.web.access import Rule, rule_of
from tests.builders import NOW, booked_course, course, office
from tests.servers.databases import only_sqlite
from tests.services.waiters import waits_for_visit
from tests.staff import ADA, ASK, EMBLA, FRIDA, RITA, Person, account, signed_in
from tests.web.pages import links_now

pytestmark = only_sqlite

EVERYBODY_HERE = {ASK, EMBLA, RITA, FRIDA, ADA}

MAY = {
    Rule.STAFF_AT_DOOR: EVERYBODY_HERE,
    Rule.STAFF: EVERYBODY_HERE,
    Rule.FRONT_DESK: {RITA, FRIDA, ADA},
    Rule.ADMINISTRATOR: {ADA},
    Rule.OF_PATIENT: {ASK, RITA, ADA},
    Rule.OF_COURSE: {ASK, RITA, ADA},
    Rule.OF_APPOINTMENT: {ASK, RITA, ADA},
    Rule.OF_CLINICIAN: {ASK, RITA, ADA},
    Rule.OF_CLINIC: {ASK, RITA, ADA},
}
"""Who passes which rule, where it is about Kari, Ask or Lambertseter."""

ABOUT_A_PATIENT = {Rule.OF_PATIENT, Rule.OF_COURSE, Rule.OF_APPOINTMENT}

AT_THE_DOOR = {
    "staff.sign_in": Rule.EVERYBODY,
    "staff.ask_passkey": Rule.EVERYBODY,
    "staff.show_passkey": Rule.EVERYBODY,
    "staff.forgotten": Rule.EVERYBODY,
    "staff.reset_sent": Rule.EVERYBODY,
    "staff.reset": Rule.RESET_LINK,
    "staff.second": Rule.HALF_SIGNED_IN,
}
"""All that is open to who is not signed in."""


BY_THE_VIEW = {
    "staff.answer_replan",
    "staff.accept",
    "staff.disruption",
    "staff.end_wait",
    "staff.other_place",
    "staff.owe_again",
    "staff.propose",
    "staff.reopen",
    "staff.settle",
    "staff.waive_fee",
}
"""Pages that are named by a number of which no rule asks: who may is asked by the view, and below."""


@dataclass(frozen=True)
class Ids:
    """What the addresses are about."""

    of: dict[Rule, int]
    token: str

    @classmethod
    def made(cls) -> Ids:
        kari = booked_course()
        clinic = db.session.scalars(select(Clinic.id).where(Clinic.slug == "lambertseter")).one()
        clinician = db.session.scalars(select(Clinician.id).where(Clinician.slug == ASK.clinician)).one()
        assert {each.clinician_id for each in course(kari.id).appointments} == {clinician}
        about = {
            Rule.OF_PATIENT: kari.patient_id,
            Rule.OF_COURSE: kari.id,
            Rule.OF_APPOINTMENT: course(kari.id).appointments[0].id,
            Rule.OF_CLINICIAN: clinician,
            Rule.OF_CLINIC: clinic,
        }
        return cls(about, links_now(kari.id).token)


def staff_routes(app: Flask) -> Iterator[Route]:
    return (route for route in app.url_map.iter_rules() if route.endpoint.startswith("staff."))


def address(app: Flask, route: Route, ids: Ids) -> tuple[str, str]:
    """The method and address of a route, about Kari, Ask or Lambertseter."""
    rule = rule_of(app, route.endpoint)
    assert rule is not None
    known: dict[str, Any] = {"language": "en", "id": ids.of.get(rule, 1), "token": "a" * 32}
    values = {name: known.get(name, 1) for name in route.arguments}
    method = "GET" if "GET" in (route.methods or ()) else "POST"
    return method, app.url_map.bind("localhost").build(route.endpoint, values, method=method)


def passes(app: Flask, method: str, url: str, key: str | None) -> bool:
    """Whether everything that runs before the view lets the request through."""
    with app.test_request_context(url, method=method):
        if key is not None:
            session["staff"] = key
        try:
            return app.preprocess_request() is None
        except NotFound:
            return False


@pytest.fixture
def ids(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Ids:
    monkeypatch.setitem(demo_app.config, "WTF_CSRF_ENABLED", False)  # what is asked is who may, not from where
    with demo_app.app_context():
        return Ids.made()


def key_of(app: Flask, person: Person) -> str:
    with app.app_context():
        return open_session(account(person), "test", now=NOW)


def test_only_the_doors_stand_open_at_the_clinics(demo_app: Flask) -> None:
    rules = {route.endpoint: rule_of(demo_app, route.endpoint) for route in staff_routes(demo_app)}
    assert {endpoint: rule for endpoint, rule in rules.items() if rule not in MAY} == AT_THE_DOOR


def test_every_rule_of_the_clinics_is_met_by_some_page(demo_app: Flask) -> None:
    assert {rule_of(demo_app, route.endpoint) for route in staff_routes(demo_app)} >= set(MAY)


@pytest.mark.parametrize("person", [ASK, EMBLA, RITA, FRIDA, ADA], ids=lambda person: person.name.split()[0])
def test_each_opens_what_is_hers_and_nothing_else(demo_app: Flask, ids: Ids, person: Person) -> None:
    key, wrong = key_of(demo_app, person), []
    for route in staff_routes(demo_app):
        rule = rule_of(demo_app, route.endpoint)
        assert rule is not None
        if rule in MAY and passes(demo_app, *address(demo_app, route, ids), key) != (person in MAY[rule]):
            wrong.append(route.endpoint)
    assert wrong == []


def test_kari_and_nobody_are_led_to_the_door(demo_app: Flask, ids: Ids) -> None:
    kari = demo_app.test_client()
    assert kari.get(f"/en/course/{ids.token}").status_code == 200
    for route in staff_routes(demo_app):
        if rule_of(demo_app, route.endpoint) in MAY:
            method, url = address(demo_app, route, ids)
            answer = kari.open(url, method=method)
            assert answer.status_code == 303, url
            assert answer.headers["Location"].startswith("/en/staff/sign-in"), url
            assert not passes(demo_app, method, url, None), url


def test_what_somebody_must_not_see_names_nobody(demo_app: Flask, ids: Ids) -> None:
    client = signed_in(demo_app, FRIDA)
    for route in staff_routes(demo_app):
        rule = rule_of(demo_app, route.endpoint)
        if rule in ids.of and "GET" in (route.methods or ()):
            answer = client.get(address(demo_app, route, ids)[1])
            assert (answer.status_code, "Kari" in answer.text) == (404, False), route.endpoint


def test_each_page_about_a_patient_is_noted_with_who_opens_it(demo_app: Flask, ids: Ids) -> None:
    with demo_app.app_context():
        about = numbers_of_karis(ids)
    pages = {
        address(demo_app, route, ids)[1]: ASK
        for route in staff_routes(demo_app)
        if rule_of(demo_app, route.endpoint) in ABOUT_A_PATIENT and "GET" in (route.methods or ())
    }
    pages[f"/en/staff/fees/{about['staff.waive_fee id']}/waive"] = RITA
    pages[f"/en/staff/replan/{about['staff.other_place id']}/{about['staff.other_place row']}/place"] = ASK
    for url, person in pages.items():
        before = looks_at_kari(demo_app, ids)
        answer = signed_in(demo_app, person).get(url, follow_redirects=True)
        assert (answer.status_code, looks_at_kari(demo_app, ids)) == (200, before + 1), url


def looks_at_kari(app: Flask, ids: Ids) -> int:
    with app.app_context():
        return len(newest_entries(db.session(), patient_id=ids.of[Rule.OF_PATIENT]))


def named_by_a_number(app: Flask) -> Iterator[Route]:
    """Routes whose rule does not ask about what their number names."""
    for route in staff_routes(app):
        numbers = [name for name, converter in route._converters.items() if isinstance(converter, IntegerConverter)]
        if numbers and rule_of(app, route.endpoint) in (Rule.STAFF, Rule.FRONT_DESK):
            yield route


def test_what_no_rule_asks_about_is_asked_by_the_view(demo_app: Flask) -> None:
    assert {route.endpoint for route in named_by_a_number(demo_app)} == BY_THE_VIEW


def test_nobody_at_another_clinic_changes_what_a_view_asks_about(demo_app: Flask, ids: Ids) -> None:
    with demo_app.app_context():
        about = numbers_of_karis(ids)
    opened = {person: opened_by(demo_app, person, about) for person in (EMBLA, FRIDA, RITA)}
    assert (opened[EMBLA], opened[FRIDA], opened[RITA]) == (set(), set(), BY_THE_VIEW)


def opened_by(app: Flask, person: Person, about: dict[str, int]) -> set[str]:
    """Which of these pages are there for somebody, however they are asked for."""
    client, found = signed_in(app, person), set()
    for route in named_by_a_number(app):
        values = {"language": "en", **{name: about[f"{route.endpoint} {name}"] for name in asked_of(route)}}
        for method in {"GET", "POST"} & (route.methods or set()):
            url = app.url_map.bind("localhost").build(route.endpoint, values, method=method)
            if client.open(url, method=method).status_code not in (403, 404):
                found.add(route.endpoint)
    return found


def asked_of(route: Route) -> set[str]:
    return set(route.arguments) - {"language"}


def numbers_of_karis(ids: Ids) -> dict[str, int]:
    """What each such page is about: a task, a fee, a place on the waiting list and a disruption of Kari's."""
    kari = course(ids.of[Rule.OF_COURSE])
    owe_call(office(), kari.id, "ring", who=COMMAND, now=NOW)
    first, second = kari.appointments[:2]
    waits_for_visit(course(kari.id), second)
    fee = Fee(course_id=kari.id, appointment_id=first.id, amount=500, excused=False, made_at=NOW)
    day = Period(first.starts_at, first.starts_at + timedelta(hours=4))
    entered = enter_absence(office(), first.clinician_id, day, "illness", who=COMMAND, now=NOW)
    db.session.rollback()
    db.session.add(fee)
    db.session.commit()
    disruption = db.session.scalars(select(Disruption)).one()
    assert entered is not None
    task, waiter = db.session.scalars(select(Task)).one().id, db.session.scalars(select(Waiter)).one().id
    of_disruption = {"id": disruption.id, "row": disruption.touched[0].id}
    known = {
        **{f"staff.{verb} task": task for verb in ("settle", "reopen")},
        **{f"staff.{verb} {name}": fee.id for verb in ("owe_again", "waive_fee") for name in ("id", "fee")},
        "staff.end_wait waiter": waiter,
    }
    pages = ("answer_replan", "accept", "disruption", "other_place", "propose")
    return known | {f"staff.{page} {name}": number for page in pages for name, number in of_disruption.items()}


def test_the_treating_clinician_alone_opens_what_a_patient_said_of_her_health(demo_app: Flask, ids: Ids) -> None:
    url = f"/en/staff/courses/{ids.of[Rule.OF_COURSE]}/answers"
    opened = {person: signed_in(demo_app, person).get(url).status_code for person in EVERYBODY_HERE}
    assert opened == dict.fromkeys(EVERYBODY_HERE, 404) | {ASK: 200}


def test_who_works_here_opens_no_page_of_a_patients_own(demo_app: Flask, ids: Ids) -> None:
    """Without her link there is none, for an administrator neither."""
    own = {Rule.PAGE_LINK, Rule.COURSE_LINK, Rule.WAITER_LINK, Rule.COMMENT_LINK, Rule.STOP_LINK, Rule.SIGN_IN_LINK}
    key = key_of(demo_app, ADA)
    for route in demo_app.url_map.iter_rules():
        if rule_of(demo_app, route.endpoint) in own:
            assert not passes(demo_app, *address(demo_app, route, ids), key), route.endpoint


def test_a_closed_account_opens_nothing_more(demo_app: Flask, ids: Ids) -> None:
    key = key_of(demo_app, ADA)
    with demo_app.app_context():
        disable(office(), ADA.email, now=NOW)
    for route in staff_routes(demo_app):
        if rule_of(demo_app, route.endpoint) in MAY:
            assert not passes(demo_app, *address(demo_app, route, ids), key)
