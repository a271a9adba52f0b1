"""Courses: all or nothing, once, and for one patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from booking.domain.errors import AnotherCourseRuns, HoldExpired, NotPending, SlotTaken, TooYoung, UnknownCourse
from booking.domain.screening import Gate, HealthCheck
from booking.services.courses import (
    OtherChoice,
    age_on,
    book,
    confirm,
    kept_until,
    read_reference,
    release,
    release_lapsed,
)
from booking.services.privacy import rotate_keys, unseal
from booking.services.proposals import Asked
from booking.store.appointments import Appointment, Claim, Resource
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.outbox import Message
from booking.store.patients import Patient
from booking.store.tasks import Task, open_tasks
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, UNSURE, WELL, booked, booked_course, choice, course, held, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> object:
    with demo_app.app_context():
        yield


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def kinds() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.kind).order_by(Message.id)))


def test_a_booked_course_has_its_appointments_claims_and_messages() -> None:
    made = booked_course()
    assert [a.status for a in made.appointments] == ["booked"] * 10
    assert [a.kind for a in made.appointments] == ["session"] * 9 + ["review"]
    assert kinds() == ["confirmation"] + ["request"] * 10
    resources = dict(db.session.execute(select(Claim.resource, func.count()).group_by(Claim.resource)).all())
    assert resources == {Resource.CLINICIAN: 70, Resource.ROOM: 70, Resource.PATIENT: 60}


def test_no_claim_of_a_booked_course_expires() -> None:
    booked_course()
    assert db.session.scalar(select(func.count()).where(Claim.expires_at.is_not(None))) == 0


def test_a_new_patients_course_costs_8_090_and_a_returning_ones_6_900() -> None:
    assert sum(a.price for a in booked_course().appointments) == 6_900
    new = booked_course(SIV, replace(TUESDAYS, new_patient=True))
    assert sum(a.price for a in new.appointments) == 8_090


def test_booking_twice_gives_the_same_course() -> None:
    hold_id = held()
    assert booked(hold_id) == booked(hold_id)
    assert count(Course) == 1
    assert kinds().count("confirmation") == 1


def test_a_choice_made_in_another_window_is_noticed() -> None:
    hold_id = held()
    held(choice(Asked(clinics=("raholt",), start=TUESDAYS.start)))
    with pytest.raises(OtherChoice):
        book(office(), hold_id, KARI, WELL, revision=1, now=NOW, at=AT)
    assert count(Course) == 0


def test_a_lapsed_hold_that_nobody_took_still_books() -> None:
    hold_id = held()
    assert not booked(hold_id, now=NOW + timedelta(hours=2)).pending


def test_a_lapsed_hold_whose_times_are_gone_books_nothing_and_says_which() -> None:
    chosen = choice()
    hold_id = held(chosen)
    one = replace(chosen, appointments=chosen.appointments[2:4])
    held(one, visitor="siv", now=NOW + timedelta(minutes=15))
    with pytest.raises(SlotTaken) as refused:
        booked(hold_id, now=NOW + timedelta(minutes=15))
    assert refused.value.positions == (2, 3)
    assert (count(Course), count(Appointment), count(Message), count(Patient)) == (0, 0, 0, 0)


def test_an_unknown_hold_is_a_lapsed_one() -> None:
    with pytest.raises(HoldExpired):
        booked(99)


def test_who_is_known_by_mail_and_birth_date_is_the_same_patient() -> None:
    first = booked_course().patient_id
    again = replace(KARI, name="Kari P.", email="KARI@example.com", mobile=None)
    assert booked_course(again, _needle_session()).patient_id == first
    assert count(Patient) == 1


def test_who_is_known_by_mobile_and_birth_date_is_the_same_patient() -> None:
    first = booked_course().patient_id
    assert booked_course(replace(KARI, email=None), _needle_session()).patient_id == first


def test_the_same_mail_with_another_birth_date_is_another_patient() -> None:
    first = booked_course().patient_id
    assert booked_course(replace(KARI, birth_date=date(2001, 1, 1), mobile=None)).patient_id != first


def test_contact_given_with_a_later_booking_changes_nothing_of_an_earlier_one() -> None:
    first = booked_course()
    booked_course(replace(KARI, email="somebody.else@example.com"), _needle_session())
    assert course(first.id).email == "kari@example.com"


def test_who_has_a_running_course_gets_a_call_and_no_second_course() -> None:
    booked_course()
    second = booked(held(choice(Asked(clinics=("raholt",), start=date(2027, 8, 2))), visitor="again"))
    assert second.pending
    assert [task.kind for task in open_tasks(db.session())] == ["second_course"]


def test_a_second_course_is_confirmed_only_when_the_first_is_over() -> None:
    booked_course()
    second = booked(held(choice(Asked(clinics=("raholt",), start=date(2027, 8, 2))), visitor="again"))
    with pytest.raises(AnotherCourseRuns):
        confirm(office(), second.reference, now=NOW, at=AT)
    over = datetime(2027, 7, 1, tzinfo=UTC)
    assert not confirm(office(), second.reference, now=over, at=AT).pending


def test_a_course_that_is_over_makes_way_for_the_next() -> None:
    first = booked_course().id
    later = datetime(2027, 7, 1, tzinfo=UTC)
    again = choice(Asked(clinics=("raholt",), start=date(2027, 8, 2)), now=later)
    assert not booked(held(again, visitor="again", now=later), now=later).pending
    assert course(first).status == "completed"


def test_two_appointments_of_a_patient_at_one_time_become_a_call() -> None:
    session = _needle_session()
    booked_course(KARI, session)
    other = replace(session, clinics=("eidsvoll-sundet",))
    db.session.rollback()
    start = course(1).appointments[0].starts_at
    chosen = choice(other)
    at_once = replace(chosen.appointments[0], start=start, end=start + timedelta(minutes=30))
    assert booked(held(replace(chosen, appointments=(at_once,)), visitor="again")).pending


def test_the_answer_call_keeps_the_times_without_invitations() -> None:
    made = booked_course(KARI)
    waiting = course(booked(held(choice(replace(TUESDAYS, days=frozenset({0}))), visitor="siv"), SIV, UNSURE).course_id)
    assert made.status == "running"
    assert waiting.status == "pending"
    assert {a.status for a in waiting.appointments} == {"pending"}
    assert [m.kind for m in db.session.scalars(select(Message).where(Message.course_id == waiting.id))] == ["held"]


def test_pending_times_are_kept_until_the_end_of_the_second_working_day() -> None:
    waiting = course(booked(held(), KARI, UNSURE).course_id)
    assert waiting.decide_by == datetime(2027, 3, 3, 23, tzinfo=UTC)  # Wednesday 3 March, midnight in Oslo


def test_times_are_not_kept_for_a_call_beyond_the_first_of_them() -> None:
    first = NOW + timedelta(hours=30)
    assert kept_until(first, now=NOW) == first


def test_confirming_books_and_invites() -> None:
    made = booked(held(), KARI, UNSURE)
    confirm(office(), made.reference, now=NOW, at=AT)
    settled = course(made.course_id)
    assert settled.status == "running"
    assert {a.status for a in settled.appointments} == {"booked"}
    assert kinds() == ["held", "confirmation"] + ["request"] * 10
    assert open_tasks(db.session()) == []


def test_releasing_gives_the_times_back_and_tells() -> None:
    chosen = choice()
    made = booked(held(chosen), KARI, UNSURE)
    release(office(), made.reference.replace("-", "").lower(), now=NOW, at=AT)
    assert kinds() == ["held", "released"]
    assert count(Claim) == 0
    held(chosen, visitor="siv")


def test_what_nobody_decided_about_is_given_back_after_the_second_working_day() -> None:
    made = booked(held(), KARI, UNSURE)
    assert release_lapsed(office(), now=datetime(2027, 3, 3, 22, 59, tzinfo=UTC), at=AT) == 0
    assert release_lapsed(office(), now=datetime(2027, 3, 3, 23, 0, tzinfo=UTC), at=AT) == 1
    assert course(made.course_id).status == "released"


@only_sqlite
def test_times_that_cannot_be_given_back_keep_no_others() -> None:
    kari = booked(held(), KARI, UNSURE)
    siv = booked(held(choice(), visitor="siv"), SIV, UNSURE)
    fails = f"CREATE TRIGGER fails BEFORE UPDATE ON courses WHEN OLD.id = {kari.course_id} "
    unit_of_work(lambda session: session.execute(text(fails + "BEGIN SELECT RAISE(ABORT, 'no'); END")))
    assert release_lapsed(office(), now=datetime(2027, 3, 3, 23, 0, tzinfo=UTC), at=AT) == 1
    assert [course(made.course_id).status for made in (kari, siv)] == ["pending", "released"]


def test_a_settled_course_is_not_settled_again() -> None:
    made = booked(held())
    with pytest.raises(NotPending):
        confirm(office(), made.reference, now=NOW, at=AT)
    with pytest.raises(NotPending):
        release(office(), made.reference, now=NOW, at=AT)


def test_an_unknown_reference_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownCourse):
        confirm(office(), "XXXX-XXXX", now=NOW, at=AT)


def test_under_16_is_booked_by_telephone() -> None:
    with pytest.raises(TooYoung):
        booked(held(), replace(KARI, birth_date=date(2011, 3, 2)))
    assert not booked(held(), replace(KARI, birth_date=date(2011, 3, 1))).pending


def test_who_is_born_on_29_february_has_her_birthday_on_1_march() -> None:
    assert age_on(date(2012, 2, 29), date(2028, 2, 28)) == 15
    assert age_on(date(2012, 2, 29), date(2028, 2, 29)) == 16
    assert age_on(date(2008, 2, 29), date(2023, 2, 28)) == 14
    assert age_on(date(2008, 2, 29), date(2023, 3, 1)) == 15


def test_without_an_address_no_mail_is_written() -> None:
    booked_course(replace(KARI, email=None))
    assert kinds() == []


def test_health_answers_are_kept_encrypted_and_leave_the_hold() -> None:
    hold_id = held()
    booked(hold_id, KARI, HealthCheck(Gate.YES, frozenset({"fear"})))
    db.session.rollback()
    screening = db.session.scalars(select(Screening)).one()
    assert (screening.outcome, screening.rules) == ("flag", 1)
    assert b"fear" not in screening.answers
    assert unseal(office(), screening.answers) == {"gate": "yes", "conditions": ["fear"]}
    assert db.session.get_one(Hold, hold_id).answers is None


def test_keys_can_be_changed_without_losing_answers(demo_app: Flask) -> None:
    booked(held(), KARI, HealthCheck(Gate.YES, frozenset({"fear"})))
    newer = replace(office(), health_keys=("bmV3ZXItaGVhbHRoLWtleS1vZi0zMi1ieXRlcy0uLi4=", *office().health_keys))
    assert rotate_keys(newer) == 2  # and the second factor of an account of the demonstration
    db.session.rollback()
    screening = db.session.scalars(select(Screening)).one()
    only_newer = replace(newer, health_keys=newer.health_keys[:1])
    assert unseal(only_newer, screening.answers)["conditions"] == ["fear"]


def test_a_reference_is_read_however_it_is_typed() -> None:
    assert read_reference(" abcd efgh ") == read_reference("ABCD-EFGH") == "ABCD-EFGH"


def test_no_task_is_left_when_nothing_is_to_be_done() -> None:
    booked_course()
    assert count(Task) == 0


def _needle_session() -> Asked:
    return Asked(protocol="needle-session", clinics=("lambertseter",), start=date(2027, 4, 5))
