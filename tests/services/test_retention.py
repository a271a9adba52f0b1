"""Retention: a year after her last visit nobody can tell from any table that somebody was here, or who she was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import MetaData, Table, func, select, text, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from booking.app import chores_of
from booking.domain.errors import UnknownCourse
from booking.domain.outcome import Answers, Moment, closes_at
from booking.services import outcomes, retention
from booking.services.courses import read_reference
from booking.services.helpers import Invited, add_helper
from booking.services.links import PAGE, Stoppable, open_course, page_url, stop_url
from booking.services.privacy import seal
from booking.services.reminders import choose, wishes_of
from booking.services.retention import Skipped, forget_checks, forget_fees, forget_patients
from booking.services.sign_ins import ask_for_link, open_times
from booking.services.tasks import add_task
from booking.store.accounts import Account
from booking.store.appointments import LIVE, Appointment
from booking.store.changes import Change, Fee
from booking.store.courses import Course, Screening, course_by_reference, links_of
from booking.store.database import Base, db
from booking.store.disruptions import Disruption, Touched
from booking.store.logbook import LogEntry, PatientKey
from booking.store.notes import Note
from booking.store.outbox import Message
from booking.store.outcomes import Outcome
from booking.store.patients import Patient, PatientContact
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, course, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.answers import UID, answered_course, received
from tests.services.changers import AT, cancel, cancel_rest, hold_rest, move, session_of, settle
from tests.services.waiters import elsewhere_that_week, give_back, round_of_the_worker, waits_for_visit

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
SECOND = timedelta(seconds=1)

OLA = Invited(name="Ola Hjelper", email="ola@example.com", language="en", reminded=True)

ABOUT_PEOPLE = {"patients", "holds", "waiters", "messages", "sign_ins", "attempts", "tasks"}
"""Tables about who comes to the house; so is every table that refers to one of them."""


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def rows_of(table: type[Base]) -> list[Base]:
    db.session.rollback()
    return list(db.session.scalars(select(table)))


def last_visit(course_id: int) -> datetime:
    db.session.rollback()
    live = select(func.max(Appointment.ends_at)).where(Appointment.course_id == course_id, Appointment.status.in_(LIVE))
    return db.session.scalars(live).one()


def all_is_sent() -> None:
    unit_of_work(lambda session: session.execute(update(Message).values(due_at=None)))
    db.session.rollback()


def forgotten(now: datetime) -> int:
    count = forget_patients(office(), Skipped(), now=now)
    db.session.rollback()
    return count


def busy_life() -> Course:
    """Kari's course with something in every table that can hold something of hers."""
    kari = answered_course()
    received("outlook-declined")
    received("bounce-postfix")
    add_helper(office(), kari.id, OLA, now=NOW, at=AT)
    choose(office(), kari.id, wishes_of(db.session(), office(), kari))
    waits_for_visit(kari, session_of(kari.id, 5))
    give_back([elsewhere_that_week(kari, session_of(kari.id, 5))])
    assert round_of_the_worker() == 1
    move(session_of(kari.id, 4))
    settle(now=NOW + DAY)
    late = session_of(kari.id, 3)
    cancel(late, now=late.starts_at - timedelta(hours=2))
    settle(now=late.starts_at)
    for chore in chores_of(office()):
        chore(session_of(kari.id, 5).starts_at - timedelta(hours=47))
    hold_rest(kari.id, now=session_of(kari.id, 5).starts_at)
    first = session_of(kari.id, 1).starts_at
    outcomes.answer(office(), kari.id, Moment.BASELINE, Answers(7), now=first - DAY)
    ask_for_link(office(), KARI.email or "", "nb", "192.0.2.1", now=NOW, at=AT)
    open_times(office(), kari.reference, KARI.birth_date, "192.0.2.1", now=NOW)
    unit_of_work(lambda s: add_task(s, "call_first", KARI.name, KARI.mobile, course=kari, due=NOW, now=NOW))
    unit_of_work(lambda session: note_at_the_clinic(session, kari))
    return course(kari.id)


def note_at_the_clinic(session: Session, kari: Course) -> None:
    """What those who work there have written about her and her visits."""
    account = Account(email="desk@clinic.example", name="Desk", language="en", fs_uniquifier="desk", created_at=NOW)
    disruption = Disruption(kind="absence", clinician_id=1, starts_at=NOW, ends_at=NOW + DAY, made_at=NOW)
    visit = kari.appointments[0].id
    disruption.touched = [Touched(appointment_id=visit, state="open", sequence=0, others=[])]
    session.add_all((account, disruption))
    session.flush()
    text = seal(office(), {"text": KARI.name})
    session.add(Note(patient_id=kari.patient_id, account_id=account.id, text=text, made_at=NOW))
    session.add(PatientKey(patient_id=kari.patient_id, key=seal(office(), {"key": "hers"})))
    entry = LogEntry(id=1, made_at=NOW, account_id=account.id, actor="Desk", action="look", hash="none")
    entry.patient_id, entry.course_id, entry.appointment_id, entry.detail = kari.patient_id, kari.id, visit, text
    session.add(entry)


def about_people() -> set[str]:
    """As the tables are in the database, so that none is missed."""
    refers = {name: {key.column.table.name for key in table.foreign_keys} for name, table in tables().items()}
    found: set[str] = set()
    more = set(ABOUT_PEOPLE)
    while more:
        found |= more
        more = {name for name, others in refers.items() if others & found} - found
    return found


def tables() -> dict[str, Table]:
    found = MetaData()
    found.reflect(db.engine)
    return dict(found.tables)


def rows(session: Session) -> dict[str, list[str]]:
    """All that stands in each table, as text."""
    return {
        name: [repr(tuple(row)).lower() for row in session.execute(text(f'SELECT * FROM "{name}"'))]
        for name in tables()
    }


def test_nothing_tells_who_a_forgotten_patient_was() -> None:
    kari = busy_life()
    reference = kari.reference
    traces = ["kari pr", "kari@", "701740605", "1979-05-17", "date(1979", reference.lower(), UID, "ola hj", "ola@"]
    before = rows(db.session())
    assert not {name for name in about_people() if not before[name]}, "tables that this test does not fill"
    all_is_sent()
    for chore in chores_of(office()):
        chore(last_visit(kari.id) + YEAR)
    db.session.rollback()
    after = rows(db.session())
    assert not [(name, row) for name, found in after.items() for row in found for trace in traces if trace in row]


def test_the_times_and_the_numbers_stay_and_are_nobodys() -> None:
    kari = busy_life()
    times = [(a.starts_at, a.clinic_id, a.status) for a in kari.appointments]
    all_is_sent()
    assert forgotten(last_visit(kari.id) + YEAR) == 1
    left = course(kari.id)
    assert [(a.starts_at, a.clinic_id, a.status) for a in left.appointments] == times
    assert (left.name, left.email, left.mobile, left.needs, left.running_for) == ("", None, None, [], None)
    assert len(rows_of(Outcome)) == 1
    assert [fee.change_id for fee in rows_of(Fee)] == [None]
    assert [rows_of(table) for table in (Change, PatientContact, PatientKey, Note, Touched)] == [[]] * 5


@only_sqlite
def test_the_links_of_a_forgotten_patient_open_nothing(demo_app: Flask) -> None:
    kari = booked_course()
    link = links_of(db.session(), kari.id)[PAGE]
    page = page_url(office(), link, "en").removeprefix(office().url)
    stop = stop_url(office(), Stoppable.REMINDERS, link.id, "en").removeprefix(office().url)
    reference = kari.reference
    all_is_sent()
    forgotten(last_visit(kari.id) + YEAR)
    client = demo_app.test_client()
    assert [client.get(address).status_code for address in (page, stop)] == [404, 404]
    with pytest.raises(UnknownCourse):
        open_course(db.session(), page.rpartition("/")[2])
    assert course_by_reference(db.session(), read_reference(reference)) is None


@only_sqlite
def test_she_is_kept_until_a_year_after_her_last_visit() -> None:
    kari = booked_course()
    all_is_sent()
    over = last_visit(kari.id) + YEAR
    assert (forgotten(over - SECOND), forgotten(over), forgotten(over)) == (0, 1, 0)


def test_one_visit_to_come_keeps_all_her_courses() -> None:
    kari = booked_course()
    later = booked_course(SIV)
    unit_of_work(lambda s: s.execute(update(Course).where(Course.id == later.id).values(patient_id=kari.patient_id)))
    all_is_sent()
    far = last_visit(kari.id) + YEAR + timedelta(days=100)
    ends = {"starts_at": far + DAY, "ends_at": far + DAY + timedelta(minutes=30)}
    one = later.appointments[0].id
    unit_of_work(lambda s: s.execute(update(Appointment).where(Appointment.id == one).values(**ends)))
    forgotten(far)
    assert (course(kari.id).name, course(later.id).name) == (KARI.name, SIV.name)


@only_sqlite
def test_who_broke_off_is_kept_until_she_cannot_be_asked_any_more() -> None:
    kari = booked_course()
    first = session_of(kari.id, 1)
    now = first.ends_at + timedelta(hours=1)
    cancel_rest(kari.id, now=now)
    settle(now=now + DAY)
    all_is_sent()
    over = closes_at(Moment.YEAR, first.starts_at)
    assert over > first.ends_at + YEAR
    assert (forgotten(over - SECOND), forgotten(over + DAY)) == (0, 1)


@only_sqlite
def test_who_never_came_is_forgotten_a_year_after_she_cancelled() -> None:
    kari = booked_course()
    cancel_rest(kari.id)
    settle(now=NOW + DAY)
    all_is_sent()
    changed = course(kari.id).changed_at
    assert (forgotten(changed + YEAR - SECOND), forgotten(changed + YEAR)) == (0, 1)


@only_sqlite
def test_nobody_is_forgotten_to_whom_a_mail_is_on_its_way() -> None:
    kari = booked_course()
    assert forgotten(last_visit(kari.id) + YEAR) == 0
    all_is_sent()
    assert forgotten(last_visit(kari.id) + YEAR) == 1


@only_sqlite
def test_who_cannot_be_forgotten_takes_nobodys_turn_and_is_tried_again_the_next_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "PATIENTS_A_ROUND", 1)
    kari, siv, skipped = booked_course(), booked_course(SIV), Skipped()
    all_is_sent()
    over = last_visit(siv.id) + 2 * YEAR
    fails = f"CREATE TRIGGER fails BEFORE UPDATE ON patients WHEN OLD.id = {kari.patient_id} "
    fails += "BEGIN SELECT RAISE(ABORT, 'no'); END"
    unit_of_work(lambda session: session.execute(text(fails)))
    with capture_logs() as lines:
        rounds = [forget_patients(office(), skipped, now=over) for _ in range(3)]
    assert (rounds, course(siv.id).name, course(kari.id).name) == ([0, 1, 0], "", KARI.name)
    assert [line["event"] for line in lines] == ["a patient cannot be forgotten", "patients are skipped until tomorrow"]
    unit_of_work(lambda session: session.execute(text("DROP TRIGGER fails")))
    assert [forget_patients(office(), skipped, now=over + late) for late in (SECOND, DAY)] == [0, 1]


def test_who_comes_back_after_that_is_a_new_patient() -> None:
    kari = booked_course()
    all_is_sent()
    forgotten(last_visit(kari.id) + YEAR)
    again = booked_course()
    assert again.patient_id != kari.patient_id
    assert (again.patient.birth_date, len(rows_of(Patient))) == (KARI.birth_date, 2)


@only_sqlite
def test_the_health_check_goes_30_days_after_the_last_visit() -> None:
    kari = booked_course()
    over = last_visit(kari.id) + timedelta(days=30)
    assert (forget_checks(office(), now=over - SECOND), len(rows_of(Screening))) == (0, 1)
    assert (forget_checks(office(), now=over), len(rows_of(Screening))) == (1, 0)


@only_sqlite
def test_fees_are_kept_five_years() -> None:
    kari = booked_course()
    late = session_of(kari.id, 1)
    cancel(late, now=late.starts_at - timedelta(hours=2))
    (fee,) = rows_of(Fee)
    five_years = timedelta(days=1826)
    assert forget_fees(office(), now=fee.made_at + five_years - SECOND) == 0
    assert (forget_fees(office(), now=fee.made_at + five_years), rows_of(Fee)) == (1, [])
