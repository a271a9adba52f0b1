"""Who may open what at the clinics: every endpoint, by each who may want to, from the patient to the administrator.

Kari comes to Ask at Lambertseter. Ask treats her, Rita answers the phone there, Frida at another clinic, Ada
administers; Kari herself has her links and no account, and nobody has nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, session
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule as Route

from booking.services.accounts import open_session
from booking.services.staff import disable
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.people import Clinician
from booking.web.access import Rule, rule_of
from tests.builders import NOW, booked_course, course, office
from tests.servers.databases import only_sqlite
from tests.staff import ADA, ASK, EMBLA, FRIDA, RITA, Person, account
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
            for client in (kari, demo_app.test_client()):
                answer = client.open(url, method=method)
                assert answer.status_code == 303, url
                assert answer.headers["Location"].startswith("/en/staff/sign-in"), url


def test_what_somebody_must_not_see_names_nobody(demo_app: Flask, ids: Ids) -> None:
    for person in (EMBLA, FRIDA):
        client = demo_app.test_client()
        with client.session_transaction() as cookie:
            cookie["staff"] = key_of(demo_app, person)
        for route in staff_routes(demo_app):
            rule = rule_of(demo_app, route.endpoint)
            if rule in ids.of and "GET" in (route.methods or ()):
                answer = client.get(address(demo_app, route, ids)[1])
                assert (answer.status_code, "Kari" in answer.text) == (404, False), route.endpoint


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
