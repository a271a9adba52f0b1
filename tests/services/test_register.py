"""Register: a patient is found by whatever she tells of herself, by those who may see her and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking.services.register import MOST, find, read
from booking.store.courses import Course
from booking.store.database import db
from booking.store.patients import Patient
from booking.store.people import Clinician
from booking.store.register import Sought
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course
from tests.people import KARI, SIV
from tests.servers.databases import on_each, only_sqlite
from tests.staff import ADA, ASK, EMBLA, FRIDA, RITA, Person, reach

TODAY = date(2027, 3, 1)
BORN = date(1979, 5, 17)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Sought()),
        ("  Kari   Prøve ", Sought(words=("kari", "prøve"))),
        ("Prøve, K.", Sought(words=("prøve", "k"))),
        ("17.05.1979", Sought(days=(BORN,), phones=("17051979",))),
        ("17/5/79", Sought(days=(BORN,), phones=("17579",))),
        ("17/5-79", Sought(days=(BORN,), phones=("17579",))),
        ("17 5 1979", Sought(days=(BORN,), phones=("1751979",))),
        ("17. 5. 79", Sought(days=(BORN,), phones=("17579",))),
        ("170579", Sought(days=(BORN,), phones=("170579",))),
        ("17051979", Sought(days=(BORN,), phones=("17051979",))),
        ("1979-05-17", Sought(days=(BORN,), phones=("19790517",))),
        ("19790517", Sought(days=(BORN,), phones=("19790517",))),
        ("01.03.27", Sought(days=(date(2027, 3, 1),), phones=("010327", "10327"))),
        ("02.03.27", Sought(phones=("020327", "20327"))),
        ("31.02.1979", Sought(phones=("31021979",))),
        ("kari 17.05.1979", Sought(words=("kari",), days=(BORN,), phones=("17051979",))),
        ("070-174 06 05", Sought(phones=("0701740605", "701740605"))),
        ("+46 (0)70 174 06 05", Sought(phones=("46701740605",))),
        ("0674", Sought(phones=("0674",))),
        ("+47 22 22 22 22", Sought(phones=("4722222222",))),
        ("123", Sought()),
        ("kari 605", Sought(words=("kari",), phones=("605",))),
        ("ab2c-d3ef", Sought(words=("ab2c-d3ef",), reference="AB2C-D3EF")),
        ("AB2C D3EF", Sought(words=("ab2c", "d3ef"), reference="AB2C-D3EF")),
        ("2345-6789", Sought(phones=("23456789",), reference="2345-6789")),
        ("kari@example.com", Sought(email="kari@example.com")),
        ("x" * 500, Sought(words=("x" * 100,))),
    ],
)
def test_what_is_typed_is_read_in_every_way_it_can_be_meant(typed: str, meant: Sought) -> None:
    assert read(typed, today=TODAY) == meant


class TestFinding:
    @pytest.fixture(autouse=True)
    def kari(self, demo_app: Flask) -> Iterator[Course]:
        with demo_app.app_context():
            booked_course(SIV)
            yield booked_course()

    def found(self, typed: str, person: Person = RITA) -> list[str]:
        db.session.rollback()
        return [one.newest.name for one in find(db.session(), typed, reach(person), now=NOW).patients]

    @on_each
    def test_she_is_found_by_whatever_she_tells_of_herself(self, kari: Course) -> None:
        booked_course(
            replace(
                SIV,
                name="Åse Mønster-Sæther",
                email="ase@example.com",
                mobile="+4790017405",
                birth_date=date(1961, 2, 3),
            )
        )
        reference = kari.reference.lower()
        asked = {
            KARI.name: (
                *("KARI", "kari p", "Prøve, Kari", "K. Prøve", "k p", "prove", "proeve"),
                *("0701740605", "+46 70 174 06 05", "0046701740605", "740605", "0605", "kari 605"),
                *("17.05.79", "17.5.1979", "170579", "17051979", "1979-05-17", "17/5-79", "kari 17.5.1979"),
                *(reference, reference.replace("-", ""), reference.replace("-", " ")),
                "KARI@example.com",
            ),
            "Åse Mønster-Sæther": (
                *("åse", "aase", "Ase", "mønster sæther", "Saether, Åse", "moenster", "MONSTER-SÆTHER", "sather"),
                *("900 17 405", "7405", "aase 7405", "030261", "3/2-61", "1961-02-03"),
            ),
        }
        for name, ways in asked.items():
            for typed in ways:
                assert self.found(typed) == [name], typed

    @only_sqlite
    def test_name_and_birth_date_together_mean_one_person_and_a_letter_is_an_initial(self) -> None:
        assert (self.found("siv 17.05.1979"), self.found("r prøve")) == ([], [])

    @only_sqlite
    def test_signs_that_a_pattern_would_take_for_any_letter_are_letters(self) -> None:
        assert (self.found("%"), self.found("k_ri")) == ([], [])

    @only_sqlite
    def test_who_booked_last_stands_first(self) -> None:
        assert self.found("174 06") == [KARI.name, SIV.name]

    def test_each_finds_those_whom_she_may_see(self, kari: Course) -> None:
        who = {person.name: bool(self.found("kari", person)) for person in (ADA, RITA, FRIDA)}
        assert who == {ADA.name: True, RITA.name: True, FRIDA.name: False}
        treats = {person.clinician for person in (ASK, EMBLA) if self.found("kari", person)}
        there = {"ask-eksempel", "embla-monstervik"}
        assert treats == there & {slug_of(a.clinician_id) for a in kari.appointments}

    @only_sqlite
    def test_her_next_visit_is_told(self, kari: Course) -> None:
        (one,) = find(db.session(), "kari", reach(RITA), now=NOW).patients
        assert one.visit is not None
        assert one.visit.starts_at == min(a.starts_at for a in kari.appointments)

    @only_sqlite
    def test_no_more_are_listed_than_can_be_read_and_it_is_said_that_there_are_others(self, kari: Course) -> None:
        for number in range(MOST):
            of_the_same_name(kari, number)
        answer = find(db.session(), "kari", reach(ADA), now=NOW)
        assert (len(answer.patients), answer.more) == (MOST, True)


def slug_of(clinician_id: int) -> str:
    return db.session.get_one(Clinician, clinician_id).slug


def of_the_same_name(course: Course, number: int) -> None:
    """Another patient, who has no appointment."""

    def work(session: Session) -> None:
        other = Patient(birth_date=date(1980, 1, 1 + number), created_at=NOW)
        session.add(other)
        session.flush()
        facts = {key: getattr(course, key) for key in ("protocol_id", "new_patient", "name", "language", "channel")}
        times = {"created_at": NOW, "changed_at": NOW, "status": "released", "needs": []}
        session.add(Course(reference=f"SAME-{number}", patient_id=other.id, **facts, **times))

    unit_of_work(work)
