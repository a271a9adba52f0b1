"""Health answers: the clinician who treats the patient reads them; everybody else sees that there is a note."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.errors import NotAllowed
from booking.domain.screening import Gate, HealthCheck
from booking.services.screenings import acknowledge, open_answers
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.logbook import newest_entries
from booking.store.people import Clinician
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked, course, held, office
from tests.people import KARI
from tests.staff import ADA, ASK, EMBLA, RITA, Person, reach, signed_in
from tests.web.walker import Walker

ANSWERED = HealthCheck(Gate.YES, frozenset({"fear", "allergy"}))


@pytest.fixture(scope="module")
def kari(site_app: Flask) -> Course:
    with site_app.app_context():
        return course(booked(held(), KARI, ANSWERED).course_id)


@pytest.fixture(scope="module")
def hers(site_app: Flask, kari: Course) -> Person:
    """The clinician who treats Kari."""
    with site_app.app_context():
        slug = db.session.get_one(Clinician, kari.appointments[0].clinician_id).slug
    return next(
        (each for each in (ASK, EMBLA) if each.clinician == slug), Person("Treats Kari", "clinician", None, slug)
    )


@pytest.fixture(scope="module")
def other(hers: Person) -> Person:
    return EMBLA if hers is ASK else ASK


def at_the_desk(app: Flask, person: Person) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker


def actions(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        db.session.rollback()
        return [(entry.actor, entry.action) for entry in newest_entries(db.session())]


def test_the_clinician_who_treats_reads_the_answers_and_that_is_noted(
    site_app: Flask, kari: Course, hers: Person
) -> None:
    page = at_the_desk(site_app, hers).open(f"/en/staff/patients/{kari.patient_id}")
    page.open(page.link("Health check"))
    assert "Needles frighten me" in page.text
    assert "I am allergic to metal" in page.text
    assert "bleed" not in page.text
    assert actions(site_app)[0] == (hers.name, "answers")


def test_what_is_not_read_yet_stands_among_the_calls_of_who_treats_alone(
    site_app: Flask, kari: Course, hers: Person, other: Person
) -> None:
    calls = at_the_desk(site_app, hers).open("/en/staff/calls")
    assert calls.link(KARI.name) == f"/en/staff/courses/{kari.id}/answers"
    calls.open(calls.link(KARI.name)).send("/read")
    assert calls.path == f"/en/staff/patients/{kari.patient_id}"
    assert "Health checks to read" not in calls.open("/en/staff/calls").text
    for person in (other, RITA, ADA):
        assert "Health checks to read" not in at_the_desk(site_app, person).open("/en/staff/calls").text


def test_who_has_read_them_says_so_once(site_app: Flask, kari: Course, hers: Person) -> None:
    page = at_the_desk(site_app, hers).open(f"/en/staff/patients/{kari.patient_id}")
    assert "not read yet" not in page.text
    assert "Read on 1 March 2027" in page.open(f"/en/staff/courses/{kari.id}/answers").text
    with site_app.app_context():
        acknowledge(office(), kari.id, reach=reach(hers), now=NOW)
        assert db.session.get_one(Screening, kari.id).read_by == reach(hers).account_id
    assert [action for _, action in actions(site_app)].count("acknowledge") == 1


@pytest.mark.parametrize("person", [RITA, ADA])
def test_everybody_else_sees_that_there_is_a_note_and_never_the_answer(
    site_app: Flask, kari: Course, person: Person
) -> None:
    page = at_the_desk(site_app, person).open(f"/en/staff/patients/{kari.patient_id}")
    assert "Note for the clinician" in page.text
    assert "Needles frighten" not in page.text
    assert page.open(f"/en/staff/courses/{kari.id}/answers").status == 404


def test_another_clinician_is_refused_by_the_page_and_by_what_stands_behind_it(
    site_app: Flask, kari: Course, other: Person
) -> None:
    assert at_the_desk(site_app, other).open(f"/en/staff/courses/{kari.id}/answers").status == 404
    with site_app.app_context():
        for person in (other, RITA, ADA):
            with pytest.raises(NotAllowed):
                open_answers(office(), kari.id, reach=reach(person), now=NOW)


def test_forgotten_answers_are_said_to_be_gone(site_app: Flask, kari: Course, hers: Person) -> None:
    with site_app.app_context():
        unit_of_work(lambda session: session.delete(session.get_one(Screening, kari.id)))
    assert "no longer kept" in at_the_desk(site_app, hers).open(f"/en/staff/courses/{kari.id}/answers").text
