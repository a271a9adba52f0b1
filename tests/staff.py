"""Those who work at the clinics, in the tests: Ask treats, Rita answers the phone at his clinic, Frida at another, Ada
administers."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.services.accounts import ADMINISTRATOR, CLINICIAN, RECEPTIONIST, Reach, open_session, reach_of
from booking.services.demonstration import demonstration_facts
from booking.store.accounts import Account, Role, account_by_email
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.people import Clinician
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW

PASSWORD: str = demonstration_facts()["accounts"]["password"]
"""Everybody's in the demonstration data."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: str
    clinic: str | None = None
    clinician: str | None = None

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@klinikk.example"


ASK = Person("Ask Eksempel", CLINICIAN, clinician="ask-eksempel")
EMBLA = Person("Embla Mønstervik", CLINICIAN, clinician="embla-monstervik")
RITA = Person("Rita Resepsjon", RECEPTIONIST, clinic="lambertseter")
FRIDA = Person("Frida Fremst", RECEPTIONIST, clinic="eidsvoll-sundet")
ADA = Person("Ada Administrator", ADMINISTRATOR)


def account(person: Person) -> int:
    """The id of the person's account, made if there is none; needs an application context and demonstration data."""

    def work(session: Session) -> int:
        found = account_by_email(session, person.email)
        return found.id if found is not None else _add(session, person)

    return unit_of_work(work)


def reach(person: Person) -> Reach:
    """What the person may see; as `account`."""
    session = db.session()
    return reach_of(session, session.get_one(Account, account(person)), now=NOW)


def signed_in(app: Flask, person: Person) -> FlaskClient:
    """A browser in which this person is signed in, past all factors."""
    with app.app_context():
        key = open_session(account(person), "test", now=NOW)
    client = app.test_client()
    with client.session_transaction() as session:
        session["staff"] = key
    return client


def _add(session: Session, person: Person) -> int:
    row = Account(
        email=person.email,
        name=person.name,
        language="nb",
        fs_uniquifier=token_hex(16),
        created_at=NOW,
        roles=list(session.scalars(select(Role).where(Role.name == person.role))),
        clinics=list(session.scalars(select(Clinic).where(Clinic.slug == person.clinic))),
        clinician_id=session.scalar(select(Clinician.id).where(Clinician.slug == person.clinician)),
    )
    session.add(row)
    session.flush()
    return row.id
