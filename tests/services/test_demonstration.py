"""The demonstration data, and a house filled with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select

from booking.domain.course import PartOfDay
from booking.domain.holidays import holidays_on
from booking.domain.period import at_wall, monday_of, oslo
from booking.domain.places import minutes_taken, places_on
from booking.domain.slot import Availability
from booking.services.demonstration import CONTENT, known_accounts, load_demonstration
from booking.services.everyday import lay_out
from booking.services.factors import is_code, is_password
from booking.services.fill import Filled, fill
from booking.services.logbook import verify
from booking.services.proposals import Asked, availability_for, propose
from booking.store.accounts import Account, account_by_email
from booking.store.appointments import Appointment
from booking.store.changes import Change, Fee
from booking.store.clinics import Clinic, all_clinics, the_group
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.disruptions import open_disruptions
from booking.store.notes import Note
from booking.store.people import all_clinicians
from booking.store.protocols import protocol_by_slug
from booking.store.schedules import ClosedPeriod, Hours
from booking.store.tasks import open_tasks
from booking.store.waiting import Waiter
from tests.builders import NOW, office
from tests.conftest import application
from tests.copies import once
from tests.servers.databases import Content, Databases, only_sqlite

YEARS = range(2026, 2031)


@pytest.fixture
def house(demo_app: Flask) -> Iterator[Flask]:
    with demo_app.app_context():
        yield demo_app


@pytest.fixture
def full_house(filled_url: str) -> Iterator[None]:
    for app in application(filled_url):
        with app.app_context():
            yield


def easter(year: int) -> date:
    days = (date(year, 3, 20) + timedelta(days=number) for number in range(40))
    return next(day for day in days if "Easter Sunday" in [name["en"] for name in holidays_on(day)])


def closings(name: str) -> list[tuple[datetime, datetime, str | None]]:
    """(start, end, clinic) on the wall in Oslo, clinic None for all."""
    slugs = {clinic.id: clinic.slug for clinic in all_clinics(db.session())}
    rows = db.session.scalars(select(ClosedPeriod).order_by(ClosedPeriod.starts_at, ClosedPeriod.clinic_id))
    found = [row for row in rows if row.name["en"] == name]
    return [(row.starts_at, row.ends_at, slugs[row.clinic_id] if row.clinic_id else None) for row in found]


# -- what is loaded ---------------------------------------------------------------------------------------------


def test_the_demonstration_data_is_loaded_once(app: Flask) -> None:
    with app.app_context():
        assert load_demonstration(NOW)
        assert not load_demonstration(NOW)

        assert the_group(db.session()).demonstration
        assert len(all_clinics(db.session())) == 3


@only_sqlite
def test_easter_week_closes_all_clinics_from_wednesday_noon_to_easter_monday(house: Flask) -> None:
    assert closings("Easter week") == [
        (at_wall(easter(year) - timedelta(days=4), 12 * 60), at_wall(easter(year) + timedelta(days=2), 0), None)
        for year in YEARS
    ]


@only_sqlite
def test_weeks_28_to_30_close_two_clinics_and_leave_the_third_two_days_a_week(house: Flask) -> None:
    weeks = [(date.fromisocalendar(year, 28, 1), date.fromisocalendar(year, 31, 1)) for year in YEARS]
    assert closings("Summer closing") == [
        (at_wall(first, 0), at_wall(after, 0), clinic)
        for first, after in weeks
        for clinic in ("eidsvoll-sundet", "raholt")
    ]
    seasons = db.session.scalars(select(Hours).where(Hours.valid_until.is_not(None)).order_by(Hours.valid_from)).all()
    assert [(each.valid_from, each.valid_until) for each in seasons] == [
        (first, after - timedelta(days=1)) for first, after in weeks
    ]
    assert {(day.weekday, day.start_minute, day.end_minute) for each in seasons for day in each.days} == {
        (1, 9 * 60, 15 * 60),
        (3, 9 * 60, 15 * 60),
    }


@only_sqlite
def test_christmas_closes_all_clinics_from_24_december_to_1_january(house: Flask) -> None:
    assert closings("Christmas") == [
        (at_wall(date(year, 12, 24), 0), at_wall(date(year + 1, 1, 2), 0), None) for year in (2025, *YEARS)
    ]


@only_sqlite
def test_a_course_costs_the_sum_of_its_appointments(house: Flask) -> None:
    course = protocol_by_slug(db.session(), "nine-weeks")

    assert course is not None
    assert (course.price_for(new_patient=True), course.price_for(new_patient=False)) == (8090, 6900)


@only_sqlite
def test_everybody_works_within_the_hours_of_the_clinic(house: Flask) -> None:
    rows = db.session.scalars(select(Hours).where(Hours.valid_until.is_(None))).all()
    opening = {row.clinic_id: {day.weekday: day for day in row.days} for row in rows if row.clinician_id is None}

    for row in rows:
        for day in row.days:
            hours = opening[row.clinic_id][day.weekday]
            assert hours.start_minute <= day.start_minute < day.end_minute <= hours.end_minute


@only_sqlite
def test_hours_are_valid_long_enough_to_look_back(house: Flask) -> None:
    rows = db.session.scalars(select(Hours.valid_from).where(Hours.valid_until.is_(None)))

    assert set(rows) == {date(2026, 1, 1)}


@only_sqlite
def test_every_text_of_a_clinic_is_there_in_both_languages(house: Flask) -> None:
    for clinic in all_clinics(db.session()):
        for field in (clinic.intro, clinic.transport, clinic.way_in, clinic.wear, clinic.phone_note):
            texts = dict(field.texts) if field else {}
            assert texts.keys() == {"nb", "en"}
            assert all(texts.values())
            assert texts["nb"] != texts["en"]


def test_every_text_of_the_content_folder_is_there_in_both_languages() -> None:
    texts = Counter(path.name.split(".")[0] for path in CONTENT.rglob("*.md"))

    assert texts
    assert set(texts.values()) == {2}


@only_sqlite
def test_the_acupuncturist_is_not_authorised_and_everybody_else_is(house: Flask) -> None:
    unauthorised = [who.slug for who in all_clinicians(db.session()) if not who.profession.authorised]

    assert unauthorised == ["live-demodatter"]


# -- a filled house ---------------------------------------------------------------------------------------------


def filled(share: float) -> Filled:
    made = fill(office(), share, now=NOW, at=datetime.now(UTC), told=lambda done: None)
    db.session.rollback()
    return made


@pytest.fixture
def a_twentieth(house: Flask) -> Filled:
    """A house of which so much is booked, and what was."""
    return once(lambda: filled(0.05))


def starts() -> list[tuple[datetime, int, int]]:
    rows = db.session.execute(select(Appointment.starts_at, Appointment.clinician_id, Appointment.room_id))
    return sorted((start, clinician, room) for start, clinician, room in rows)


def test_filling_books_the_share_that_was_asked_for(a_twentieth: Filled) -> None:
    made = a_twentieth

    assert made.share == pytest.approx(0.05, abs=0.001)
    assert made.courses > 0
    assert made.visits > 0
    assert db.session.scalar(select(func.count()).select_from(Appointment)) == made.appointments


@only_sqlite
def test_a_filled_house_is_not_filled_again(a_twentieth: Filled) -> None:
    assert filled(0.05).appointments == 0


@only_sqlite
def test_the_same_house_is_filled_with_the_same_times(demonstration_url: str, databases: Databases) -> None:
    found = []
    for url in (demonstration_url, databases.new("sqlite", Content.DEMONSTRATION)):
        for app in application(url):
            with app.app_context():
                filled(0.03)
                found.append(starts())

    assert found[0] == found[1]


@only_sqlite
def test_invented_patients_have_no_email_and_numbers_that_belong_to_nobody(a_twentieth: Filled) -> None:
    courses = db.session.scalars(select(Course)).all()
    numbers = {course.mobile for course in courses if course.mobile}
    assert not [course for course in courses if course.email]
    assert numbers <= {f"+467017406{number:02}" for number in range(5, 100)}
    assert numbers


@only_sqlite
def test_what_lies_in_the_past_has_been(a_twentieth: Filled) -> None:
    past = set(db.session.scalars(select(Appointment.status).where(Appointment.ends_at <= NOW)))
    coming = set(db.session.scalars(select(Appointment.status).where(Appointment.ends_at > NOW)))
    assert past == {"fulfilled", "noshow"}
    assert coming <= {"booked", "pending", "arrived"}


@only_sqlite
def test_a_full_house_has_somebody_to_ring_who_waits_and_answers_to_read(full_house: None) -> None:
    def how_many(*where: ColumnElement[bool]) -> int:
        return db.session.scalar(select(func.count()).where(*where)) or 0

    pending = db.session.scalars(select(Course).where(Course.status == "pending")).all()
    kinds = {task.kind for task in open_tasks(db.session())}
    owed = Fee.charged_at.is_(None), Fee.amount > 0
    unread = Screening.outcome == "flag", Screening.read_at.is_(None)

    assert {course.decide_by is not None and course.decide_by > NOW for course in pending} == {True}
    assert kinds == {"call_first", "call_me", "call"}
    assert all(how_many(*each) for each in (owed, (Fee.charged_at.is_not(None),), unread, (Note.id > 0,)))
    assert how_many(Waiter.confirmed_at.is_not(None)) == 1


@only_sqlite
def test_an_absence_in_a_full_house_touches_patients_and_moves_nobody(full_house: None) -> None:
    (disruption,) = open_disruptions(db.session())

    assert {row.state for row in disruption.touched} == {"open"}
    assert any(row.proposal for row in disruption.touched)
    assert not db.session.scalars(select(Change)).all()
    assert verify(office()).broken_at is None


@only_sqlite
def test_nothing_lies_on_the_desks_where_the_data_are_real(house: Flask) -> None:
    the_group(db.session()).demonstration = False
    db.session.commit()

    lay_out(office(), now=NOW, at=datetime.now(UTC))

    assert not open_tasks(db.session())
    assert not db.session.scalars(select(Waiter)).all()


@only_sqlite
def test_courses_are_in_mid_run_at_the_left_edge(full_house: None) -> None:
    edge = at_wall(monday_of(oslo(NOW).date()) - timedelta(weeks=10), 0)

    running = select(Appointment.course_id).where(Appointment.number > 1, Appointment.starts_at < edge)
    after = select(Appointment.id).where(Appointment.starts_at >= edge, Appointment.course_id.in_(running))
    assert db.session.scalars(after).all()


@only_sqlite
def test_plans_in_a_filled_house_deviate_and_meet_taken_times_and_rooms(full_house: None) -> None:
    everywhere = [
        asked(clinic, weekday, week)
        for clinic in ("lambertseter", "eidsvoll-sundet", "raholt")
        for weekday in range(5)
        for week in (2, 9, 20)
    ]
    # Three clinicians share two rooms at Lambertseter on Thursday afternoons.
    crowded = [
        replace(asked("lambertseter", 3, week), clinician=clinician, parts=frozenset({PartOfDay.AFTERNOON}))
        for clinician in ("ask-eksempel", "bjork-provesen", "live-demodatter")
        for week in (2, 6, 9, 13, 20)
    ]
    requests = everywhere + crowded
    plans = [plan for each in requests for plan in propose(db.session(), office(), each, now=NOW).plans]

    deviating = [plan for plan in plans if plan.cost.deviations]
    deviations = [each.deviation for plan in plans for each in plan.appointments if each.deviation]
    kinds = {reason.kind.value for deviation in deviations for reason in deviation.reasons}
    assert len(deviating) >= len(plans) / 2
    assert {"taken", "no_room"} <= kinds


def asked(clinic: str, weekday: int, week: int) -> Asked:
    return Asked(clinics=(clinic,), days=frozenset({weekday}), start=date(2027, 3, 1) + timedelta(weeks=week))


# -- places -----------------------------------------------------------------------------------------------------


@only_sqlite
def test_a_place_reaches_to_the_next_start_on_the_grid(house: Flask) -> None:
    """30 minutes and 5 of buffer: 45 on a grid of 15, 40 on a grid of 10; a first visit takes 75 and 70."""
    clinics = {clinic.slug: clinic for clinic in empty(date(2027, 3, 1)).schedule.clinics}

    assert [minutes_taken(clinics[slug], 30) for slug in ("lambertseter", "raholt")] == [45, 40]
    assert [minutes_taken(clinics[slug], 60) for slug in ("lambertseter", "raholt")] == [75, 70]


@only_sqlite
@pytest.mark.parametrize(
    ("day", "clinic", "places"),
    [
        # Ask, 9 to 12: four; 12:30 to 17: six. Live, 12:30 to 18: seven.
        (date(2027, 3, 1), "lambertseter", 17),
        # Frøy, 8 to 12: six; 12:30 to 16, the last from 15:10: five. Storm does not needle.
        (date(2027, 3, 2), "raholt", 11),
        # Thursday: closed.
        (date(2027, 3, 4), "raholt", 0),
    ],
)
def test_places_are_counted_as_they_fit_into_hours(house: Flask, day: date, clinic: str, places: int) -> None:
    assert len(places_at(clinic, day)) == places


@only_sqlite
def test_three_clinicians_in_two_rooms_have_no_more_places_than_the_rooms(house: Flask) -> None:
    """Thursday, 14 to 16 at Lambertseter: Ask and Bjørk have the rooms when Live comes."""
    ids = {clinician.slug: clinician.id for clinician in all_clinicians(db.session())}

    late = [who for who, step in places_at("lambertseter", date(2027, 3, 4)) if 14 * 12 <= step < 15 * 12]

    assert Counter(late).keys() == {ids["ask-eksempel"], ids["bjork-provesen"]}


def empty(day: date) -> Availability:
    clinics = tuple(clinic.id for clinic in db.session.scalars(select(Clinic)))
    return availability_for(db.session(), office(), clinics, (day, day), now=NOW - timedelta(days=1))


def places_at(slug: str, day: date) -> list[tuple[int, int]]:
    free, course = empty(day), protocol_by_slug(db.session(), "nine-weeks")
    assert course is not None
    clinic = next(clinic for clinic in free.schedule.clinics if clinic.slug == slug)
    return places_on(free, clinic, course.weekly[0].treatment, day)


# -- who can sign in --------------------------------------------------------------------------------------------------


@only_sqlite
def test_everybody_who_can_sign_in_is_told_with_what_opens_her_account(house: Flask) -> None:
    for known in known_accounts(db.session()):
        account = account_by_email(db.session(), known.email)
        assert is_password(account, known.password)
        assert account is not None
        assert [role.name for role in account.roles] == [known.role]
        assert (account.tf_totp_secret is None) == (known.code is None)
        assert known.code is None or is_code(account, account.tf_totp_secret or "", known.code)


@only_sqlite
def test_a_house_of_before_there_were_accounts_gets_them(house: Flask) -> None:
    for account in db.session.scalars(select(Account)):
        db.session.delete(account)
    db.session.commit()
    assert load_demonstration(NOW)
    assert not load_demonstration(NOW)
    assert db.session.scalar(select(func.count()).select_from(Account)) == len(known_accounts(db.session()))


@only_sqlite
def test_where_the_data_are_real_nobody_gets_an_account(house: Flask) -> None:
    the_group(db.session()).demonstration = False
    for account in db.session.scalars(select(Account)):
        db.session.delete(account)
    db.session.commit()
    assert not load_demonstration(NOW)
    assert known_accounts(db.session()) == []
    assert db.session.scalar(select(Account)) is None
