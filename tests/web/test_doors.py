"""Getting in: a factor at a time, back to the page that was asked for, and out again from anywhere."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.domain.period import seconds_of
from booking.services import factors
from booking.services.accounts import IDLE_FOR
from booking.services.attempts import count_attempt
from booking.services.credentials import take_codes
from booking.services.doors import FRESH_FOR, PASSWORDS_FROM_ONE
from booking.store.accounts import Account
from booking.store.database import db
from booking.store.outbox import Message
from booking.web.staff.doors import ASKED_FOR
from tests.builders import NOW, office
from tests.devices import Device
from tests.servers.databases import only_sqlite
from tests.staff import ADA, PASSWORD, RITA, Person, account, signed_in
from tests.web.walker import Walker

pytestmark = only_sqlite

ACCOUNT = "/en/staff/account"
FACTORS = f"{ACCOUNT}/factors"


class Someone(Walker):
    """Somebody who works here, at her browser."""

    def sign_in(self, person: Person = RITA, password: str = PASSWORD, *, to: str = ACCOUNT) -> Someone:
        self.open(f"/en/staff/sign-in?next={to}")
        self.send("/staff/sign-in", email=person.email, password=password)
        return self

    def enter(self, person: Person = RITA) -> Someone:
        """Is signed in since just now, without the work of a password."""
        self.client = signed_in(self.client.application, person)
        with self.client.session_transaction() as session:
            session["staff_fresh"] = seconds_of(NOW)
        return self

    def token(self) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.response.text)
        assert found
        return found[1]

    def asked(self, url: str) -> dict[str, object]:
        """What the module asks for."""
        answer = self.client.post(url, headers={"X-CSRFToken": self.token()})
        assert answer.mimetype == "application/json"
        options: dict[str, object] = json.loads(answer.data)
        return options

    def add_passkey(self, device: Device) -> Someone:
        self.open(FACTORS)
        answer = device.make(self.asked(f"{FACTORS}/passkey/ask"))
        self.send("/factors/passkey", answer=answer, name="laptop")
        return self

    def show_passkey(self, device: Device) -> Someone:
        answer = device.show(self.asked("/en/staff/sign-in/passkey/ask"))
        self.send("/sign-in/passkey", answer=answer)
        return self


def with_codes(app: Flask, person: Person = RITA) -> str:
    with app.app_context():
        secret = factors.new_secret()
        take_codes(office(), account(person), secret, factors.code_now(secret), now=NOW, at=NOW)
        return secret


def next_code(app: Flask, secret: str) -> str:
    """A code that was not used when the secret was taken."""
    with app.app_context(), time_machine.travel(timedelta(seconds=29)):
        return factors.code_now(secret)


# -- a password -------------------------------------------------------------------------------------------------------


def test_a_password_alone_opens_the_page_that_was_asked_for_and_asks_for_a_second_factor(demo_app: Flask) -> None:
    rita = Someone(demo_app).open(ACCOUNT)
    assert rita.path == "/en/staff/sign-in"
    rita.send("/staff/sign-in", email=RITA.email, password=PASSWORD)
    assert rita.path == FACTORS
    assert rita.open(rita.link("Not now")).path == ACCOUNT


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example/en/staff", "/en/staff/../../x", "/en/stafff", "/\\evil.example", "/en"],
)
def test_nobody_is_sent_on_to_another_site(demo_app: Flask, elsewhere: str) -> None:
    rita = Someone(demo_app).sign_in(to=elsewhere)
    if rita.path == FACTORS:
        assert "evil" not in rita.link("Not now")
        assert rita.link("Not now").startswith("/en/staff")


def test_unknown_and_wrong_are_answered_alike(demo_app: Flask) -> None:
    pages = []
    for email in (RITA.email, "nobody@klinikk.example"):
        someone = Someone(demo_app).open("/en/staff/sign-in")
        someone.send("/staff/sign-in", email=email, password="wrong")
        assert someone.status == 422
        pages.append(someone.text)
    assert pages[0] == pages[1]
    assert "do not belong together" in pages[0]


def test_who_tries_too_often_is_told_when_to_try_again(demo_app: Flask) -> None:
    with demo_app.app_context():
        for _ in range(PASSWORDS_FROM_ONE.most):
            count_attempt(office(), ((PASSWORDS_FROM_ONE, "192.0.2.1"),), now=NOW)
    someone = Someone(demo_app).sign_in()
    assert someone.status == 429
    assert someone.response.headers["Retry-After"] == "900"


def test_who_is_signed_in_is_not_asked_again(demo_app: Flask) -> None:
    rita = Someone(demo_app).enter()
    assert rita.open(f"/en/staff/sign-in?next={ACCOUNT}").path == ACCOUNT


def test_a_password_stands_in_no_page_again(demo_app: Flask) -> None:
    someone = Someone(demo_app).sign_in(password="wrong-and-secret")
    assert "wrong-and-secret" not in someone.response.text
    assert someone.value("email") == RITA.email
    assert someone.response.headers["Cache-Control"] == "no-store"


def test_signing_in_from_another_site_does_nothing(demo_app: Flask) -> None:
    client = demo_app.test_client()
    sent = {"email": RITA.email, "password": PASSWORD}
    assert client.post("/en/staff/sign-in", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert client.get(ACCOUNT).status_code == 303


# -- the second factor ------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing_where_there_is_a_second_factor(demo_app: Flask) -> None:
    secret, rita = with_codes(demo_app), Someone(demo_app).sign_in()
    assert rita.path == "/en/staff/sign-in/second"
    assert rita.client.get(ACCOUNT).status_code == 303
    rita.send("/second", code="000 000")
    assert rita.status == 422
    rita.send("/second", code=next_code(demo_app, secret))
    assert rita.path == ACCOUNT


def test_the_second_step_does_not_wait_for_ever(demo_app: Flask) -> None:
    with_codes(demo_app)
    rita = Someone(demo_app).sign_in()
    with time_machine.travel(timedelta(minutes=11)):
        assert rita.open("/en/staff/sign-in/second").path == "/en/staff/sign-in"


def test_an_administrator_sees_nothing_before_she_has_a_second_factor(demo_app: Flask) -> None:
    with demo_app.app_context():
        ada = db.session.get_one(Account, account(ADA))
        ada.tf_totp_secret = None
        db.session.commit()
    ada_there = Someone(demo_app).sign_in(ADA)
    assert ada_there.path == FACTORS
    assert "Administrators need a second factor" in ada_there.text
    assert "Not now" not in ada_there.text
    assert ada_there.open(ACCOUNT).path == FACTORS
    ada_there.open(f"{FACTORS}/codes")
    key = next(ada_there.main.iter("code")).text
    with demo_app.app_context():
        code = factors.code_now(factors.secret_of(key.replace("-", "")))
    ada_there.send("/codes", code=code)
    assert len(list(ada_there.main.iter("code"))) == factors.RECOVERY_CODES
    assert ada_there.open(ACCOUNT).path == ACCOUNT


def test_a_passkey_is_added_and_signs_in_without_a_password(demo_app: Flask) -> None:
    device, rita = Device(), Someone(demo_app).enter()
    rita.add_passkey(device)
    assert "Your recovery codes" in rita.text
    other = Someone(demo_app).open(f"/en/staff/sign-in?next={ACCOUNT}").show_passkey(device)  # type: ignore[attr-defined]
    assert other.path == ACCOUNT
    assert "Rita Resepsjon" in other.text


def test_a_passkey_is_a_second_step_too(demo_app: Flask) -> None:
    device = Device(sure=False)
    Someone(demo_app).enter().add_passkey(device)
    rita = Someone(demo_app).sign_in()
    assert rita.path == "/en/staff/sign-in/second"
    assert rita.show_passkey(device).path == ACCOUNT


def test_an_answer_of_a_passkey_is_taken_once(demo_app: Flask) -> None:
    device = Device()
    Someone(demo_app).enter().add_passkey(device)
    rita = Someone(demo_app)
    rita.open("/en/staff/sign-in")
    answer = device.show(rita.asked("/en/staff/sign-in/passkey/ask"))
    sent = {"answer": answer, "csrf_token": rita.token()}
    url = "/en/staff/sign-in/passkey"
    assert rita.client.post(url, data=sent | {"answer": "{}"}).status_code == 422
    assert rita.client.post(url, data=sent).status_code == 422


def test_a_browser_signs_soon_or_is_asked_again(demo_app: Flask) -> None:
    device = Device()
    Someone(demo_app).enter().add_passkey(device)
    rita = Someone(demo_app)
    rita.open("/en/staff/sign-in")
    answer = device.show(rita.asked("/en/staff/sign-in/passkey/ask"))
    sent = {"answer": answer, "csrf_token": rita.token()}
    with time_machine.travel(ASKED_FOR + timedelta(seconds=1)):
        assert rita.client.post("/en/staff/sign-in/passkey", data=sent).status_code == 422


# -- out again --------------------------------------------------------------------------------------------------------


def test_who_does_nothing_for_an_hour_is_signed_out_and_told(demo_app: Flask) -> None:
    rita = Someone(demo_app).enter()
    with time_machine.travel(IDLE_FOR + timedelta(minutes=1)):
        rita.open(ACCOUNT)
        assert rita.path == "/en/staff/sign-in"
        assert "You were signed out here" in rita.text


def test_one_signs_out_elsewhere(demo_app: Flask) -> None:
    here, there = Someone(demo_app).enter(), Someone(demo_app).enter()
    here.open(ACCOUNT)
    assert here.text.count("Signed in") == 2
    here.send("/account/sign-out")
    assert there.open(ACCOUNT).path == "/en/staff/sign-in"
    assert here.open(ACCOUNT).path == ACCOUNT


def test_nobody_signs_another_one_out(demo_app: Flask) -> None:
    rita, ada = Someone(demo_app).enter(), signed_in(demo_app, ADA)
    rita.open(ACCOUNT)
    rita.post(f"{ACCOUNT}/sign-out", {"id": "2", "csrf_token": rita.token()})
    assert ada.get(ACCOUNT).status_code == 200


def test_a_copied_cookie_is_signed_out_with_its_owner(demo_app: Flask) -> None:
    rita = Someone(demo_app).enter()
    rita.open(ACCOUNT)
    copied = rita.client.get_cookie("booking")
    assert copied is not None
    rita.send("/staff/sign-out")
    thief = demo_app.test_client()
    thief.set_cookie("booking", copied.value)
    assert thief.get(ACCOUNT).status_code == 303


# -- her account ------------------------------------------------------------------------------------------------------


def test_who_signed_in_long_ago_shows_her_password_before_she_changes_how(demo_app: Flask) -> None:
    rita = Someone(demo_app).enter()
    with time_machine.travel(FRESH_FOR + timedelta(minutes=1)):
        rita.open(f"{ACCOUNT}/password")
        assert rita.path == f"{ACCOUNT}/confirm"
        rita.send("/confirm", password="wrong")
        assert rita.status == 422
        rita.send("/confirm", password=PASSWORD)
        assert rita.path == f"{ACCOUNT}/password"


def test_a_refused_password_says_what_is_wrong_with_it(demo_app: Flask) -> None:
    rita = Someone(demo_app).enter()
    for password, words in (("short", "12 characters"), ("lambertseter-våren", "at a clinic"), ("", "12 characters")):
        rita.open(f"{ACCOUNT}/password").send(password=password)
        assert rita.status == 422
        assert words in rita.text


def test_a_mailed_link_changes_the_password_and_signs_nobody_in(demo_app: Flask) -> None:
    rita = Someone(demo_app)
    rita.open("/en/staff/password").send(email=RITA.email)
    assert rita.path == "/en/staff/password/sent"
    with demo_app.app_context():
        message = db.session.scalars(select(Message)).one()
        token = factors.reset_token(db.session.get_one(Account, message.facts["account_id"]))
    rita.open(f"/en/staff/password/{token}")
    assert rita.response.headers["Cache-Control"] == "no-store"
    rita.send(password="tre små gode ord")
    assert rita.path == "/en/staff/sign-in"
    assert rita.client.get(ACCOUNT).status_code == 303
    assert rita.open(f"/en/staff/password/{token}").status == 410


def test_who_can_sign_in_to_the_demonstration_is_told_at_ones_own_machine(demo_app: Flask) -> None:
    lines = demo_app.test_client().get("/dev/accounts").text.splitlines()
    ada = next(line.split("\t") for line in lines if line.startswith(ADA.email))
    assert ada[:3] == [ADA.email, PASSWORD, ADA.role]
    assert re.fullmatch(r"\d{6}", ada[4])


def test_where_the_data_are_real_nobody_is_told(app: Flask) -> None:
    assert app.test_client().get("/dev/accounts").status_code == 404
