"""Staff on the command line: accounts are opened, closed and helped without anybody seeing a password."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.services.factors import has_second_factor
from booking.store.accounts import account_by_email
from booking.store.database import db
from booking.store.outbox import Message
from tests.cli.commands import Said, printed
from tests.servers.databases import only_sqlite
from tests.staff import ADA, RITA

pytestmark = only_sqlite

NORA = ("nora@klinikk.example", "--name", "Nora Ny")


def add(app: Flask, *more: str) -> Said:
    return printed(app, "staff", "add", *NORA, *more, "--json")


def mailed(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = select(Message.kind, Message.recipient).where(Message.kind.startswith("staff_"))
        return [(kind, recipient) for kind, recipient in db.session.execute(rows.order_by(Message.id))]


def test_an_account_is_opened_without_a_password_and_its_owner_gets_a_link(demo_app: Flask) -> None:
    said = add(demo_app, "--role", "receptionist", "--clinic", "raholt", "--language", "en")
    assert said.exit_code == 0
    assert mailed(demo_app) == [("staff_reset", "nora@klinikk.example")]
    with demo_app.app_context():
        account = account_by_email(db.session(), "NORA@klinikk.example")
        assert account is not None
        assert (account.password, account.language) == (None, "en")
        assert [role.name for role in account.roles] == ["receptionist"]
        assert [clinic.slug for clinic in account.clinics] == ["raholt"]


def test_an_address_and_a_clinician_have_one_account(demo_app: Flask) -> None:
    assert add(demo_app, "--role", "clinician", "--clinician", "ask-eksempel").exit_code == 3
    assert add(demo_app, "--role", "administrator").exit_code == 0
    assert add(demo_app, "--role", "administrator").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--role", "boss"), "--role boss: not known; there are clinician, receptionist, administrator."),
        (("--role", "receptionist"), "--clinic: a receptionist needs one."),
        (("--role", "receptionist", "--clinic", "oslo"), "--clinic oslo: not known"),
        (("--role", "clinician"), "--clinician: a clinician needs it, and nobody else."),
        (("--role", "administrator", "--language", "sv"), "--language sv: not known; there are nb, en."),
    ],
)
def test_what_cannot_be_is_told_at_once(demo_app: Flask, arguments: tuple[str, ...], fault: str) -> None:
    said = add(demo_app, *arguments)
    assert said.exit_code == 2
    assert fault in said.stderr
    assert mailed(demo_app) == []


def test_a_closed_account_stays_and_is_closed(demo_app: Flask) -> None:
    assert printed(demo_app, "staff", "disable", RITA.email).exit_code == 0
    with demo_app.app_context():
        account = account_by_email(db.session(), RITA.email)
        assert account is not None
        assert not account.active


def test_second_factors_are_taken_away_and_their_owner_is_told(demo_app: Flask) -> None:
    assert printed(demo_app, "staff", "reset-mfa", ADA.email).exit_code == 0
    assert mailed(demo_app) == [("staff_changed", ADA.email)]
    with demo_app.app_context():
        account = account_by_email(db.session(), ADA.email)
        assert account is not None
        assert not has_second_factor(account)


@pytest.mark.parametrize("command", ["disable", "reset-mfa"])
def test_who_is_unknown_is_told(demo_app: Flask, command: str) -> None:
    said = printed(demo_app, "staff", command, "nobody@klinikk.example")
    assert said.exit_code == 2
    assert "nobody who works here has this address" in said.stderr
