"""Soonest: what is looked up ahead is what the planner proposes, is shown while it holds, and is written by nobody who
only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from booking.domain.period import at_wall, oslo
from booking.domain.schedule import Name
from booking.services import soonest
from booking.services.proposals import Asked, free_days, plan_visit, propose
from booking.services.soonest import AGAIN, FRESH, NextCourse, Prospect, look_ahead, prospects
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import Clinician, all_clinicians, clinician_by_slug
from booking.store.protocols import Protocol
from booking.store.schedules import Absence, ClosedPeriod, Hours, HoursDay
from booking.store.soonest import Soonest
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, choice_of, forget_looks, held, office
from tests.conftest import application
from tests.servers.databases import only_sqlite
from tests.web.walker import Walker

MINUTE = timedelta(minutes=1)
PAIRS = 8
"""Of the demonstration: six clinicians, two of whom work at two clinics."""

BJORK, STORM = "bjork-provesen", "storm-fiktivsen"


@pytest.fixture
def house(demo_app: Flask) -> Iterator[Flask]:
    """Nothing was looked up yet."""
    with demo_app.app_context():
        forget_looks()
        yield demo_app


@pytest.fixture
def full_house(filled_url: str) -> Iterator[Flask]:
    for app in application(filled_url):
        with app.app_context():
            yield app


@pytest.fixture
def statements(house: Flask) -> Iterator[list[str]]:
    """What the database is asked from now on."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def shown(now: datetime = NOW, clinic: str | None = None) -> list[Prospect]:
    db.session.rollback()
    clinics = None if clinic is None else [ids(Clinic)[clinic]]
    return prospects(db.session(), office(), now=now, clinics=clinics)


def of(clinician: str, clinic: str, now: datetime = NOW) -> Prospect:
    found = shown(now, clinic)
    return next(each for each in found if each.clinician_id == ids(Clinician)[clinician])


def ids(table: type[Clinic] | type[Clinician]) -> dict[str, int]:
    return {row.slug: row.id for row in db.session.scalars(select(table))}


def names() -> tuple[dict[int, str], dict[int, str]]:
    clinics, clinicians = all_clinics(db.session()), all_clinicians(db.session())
    return {each.id: each.slug for each in clinics}, {each.id: each.slug for each in clinicians}


def rows() -> dict[tuple[int, int], Soonest]:
    db.session.rollback()
    return {(row.clinic_id, row.clinician_id): row for row in db.session.scalars(select(Soonest))}


def asked(prospect: Prospect) -> Asked:
    """The wishes of a new patient for this clinician alone at this clinic."""
    clinics, clinicians = names()
    return Asked(
        clinics=(clinics[prospect.clinic_id],),
        clinician=clinicians[prospect.clinician_id],
        only_her=True,
        new_patient=True,
    )


def proposed(prospect: Prospect) -> NextCourse | None:
    plans = propose(db.session(), office(), asked(prospect), now=NOW).plans
    if not plans:
        return None
    first, sessions = plans[0].first_visit, plans[0].sessions
    moved = [each for each in sessions if each.deviation]
    return NextCourse(first and first.start, sessions[0].start, sessions[-1].start, len(moved))


def first_free_visit(prospect: Prospect) -> datetime | None:
    wishes = replace(asked(prospect), protocol="first-visit")
    days = free_days(db.session(), office(), wishes, oslo(NOW).date(), date(2028, 9, 1), now=NOW)
    return next((day.times[0].start for day in days), None)


# -- as the planner says --------------------------------------------------------------------------------------


@only_sqlite
def test_what_was_looked_up_is_what_the_planner_proposes_first(full_house: Flask) -> None:
    look_ahead(office(), now=NOW)
    found = shown()
    assert len(found) == len(rows()) == PAIRS
    assert [each.course for each in found] == [proposed(each) for each in found]
    assert [each.visit_at for each in found] == [first_free_visit(each) for each in found]
    assert sum(each.course is not None for each in found) == PAIRS - 1


@only_sqlite
def test_the_planner_page_shows_this_very_course_on_its_first_card(full_house: Flask) -> None:
    away_all(NOW + timedelta(hours=3))  # the site's clock goes on meanwhile, and passes nothing by
    look_ahead(office(), now=NOW)
    clinics, clinicians = names()
    for each in shown():
        if each.course is None:
            continue
        wishes = f"clinic={clinics[each.clinic_id]}&clinician={clinicians[each.clinician_id]}&only=1&new=1"
        page = Walker(full_house).open(f"/en/book/plan?{wishes}")
        dates = [datetime.fromisoformat(time.get("datetime")) for time in page.main.iter("time")]
        assert [dates[at] for at in (0, 1, 9)] == [
            each.course.first_visit_at,
            each.course.starts_at,
            each.course.ends_at,
        ]


def test_who_does_not_needle_has_first_visits_and_no_course(house: Flask) -> None:
    look_ahead(office(), now=NOW)
    storm = of(STORM, "raholt")
    assert storm.course is None
    assert storm.visit_at == at_wall(date(2027, 3, 1), 11 * 60)


def test_a_clinician_is_busy_at_both_of_her_clinics(house: Flask) -> None:
    tuesday = at_wall(date(2027, 3, 2), 8 * 60)
    work_only(BJORK, "raholt", weekday=1)
    assert of(BJORK, "raholt").visit_at == tuesday

    visit = {"clinician": BJORK, "clinic": "lambertseter", "now": NOW}
    chosen = plan_visit(db.session(), office(), Asked(protocol="first-visit"), tuesday, **visit)
    held(choice_of(chosen.protocol.id, chosen.plan))

    assert of(BJORK, "raholt").visit_at == tuesday + timedelta(minutes=70)
    look_ahead(office(), now=NOW)
    assert of(BJORK, "raholt").visit_at == tuesday + timedelta(minutes=70)


def test_a_course_that_begins_after_the_planners_first_weeks_is_found(house: Flask) -> None:
    away(BJORK, NOW, NOW + timedelta(days=200))
    back = at_wall(date(2027, 9, 17), 0)
    bjork = of(BJORK, "lambertseter")
    assert bjork.visit_at is not None
    assert bjork.course is not None
    assert bjork.visit_at > back
    assert bjork.course.starts_at > back
    assert bjork.course == proposed(bjork)


# -- what there is not ----------------------------------------------------------------------------------------


def test_a_house_without_clinics_has_nothing_to_look_at(app: Flask) -> None:
    with app.app_context():
        assert look_ahead(office(), now=NOW) == 0
        assert shown() == []


def test_without_the_nine_weeks_there_are_first_visits(house: Flask) -> None:
    unit_of_work(lambda s: s.execute(update(Protocol).where(Protocol.slug == "nine-weeks").values(slug="ten-weeks")))
    assert all(each.visit_at is not None and each.course is None for each in shown())


def test_without_first_visits_there_are_courses(house: Flask) -> None:
    before = [each.course for each in shown()]
    unit_of_work(lambda s: s.execute(update(Protocol).where(Protocol.slug == "first-visit").values(slug="visit")))
    found = shown()
    assert all(each.visit_at is None for each in found)
    assert [each.course for each in found] == before


def test_a_clinic_that_is_closed_as_far_as_one_can_see_has_neither(house: Flask) -> None:
    close("raholt", NOW - MINUTE, NOW + timedelta(days=600))
    look_ahead(office(), now=NOW)
    assert {(each.visit_at, each.course) for each in shown(clinic="raholt")} == {(None, None)}
    assert all(each.visit_at for each in shown(clinic="lambertseter"))


def test_nothing_lies_after_the_horizon(house: Flask) -> None:
    near = replace(office(), horizon=timedelta(days=30))
    found = prospects(db.session(), near, now=NOW)
    assert all(each.visit_at is not None and each.course is None for each in found)


def test_who_has_left_is_dropped(house: Flask) -> None:
    look_ahead(office(), now=NOW)
    bjork, raholt = ids(Clinician)[BJORK], ids(Clinic)["raholt"]
    leave(BJORK, "raholt")
    assert (raholt, bjork) not in {(each.clinic_id, each.clinician_id) for each in shown()}
    look_ahead(office(), now=NOW)
    assert (raholt, bjork) not in rows()
    assert len(rows()) == PAIRS - 1


# -- how long it is shown -------------------------------------------------------------------------------------


def test_what_is_fresh_is_read_with_one_statement(house: Flask, statements: list[str]) -> None:
    away_all(NOW + timedelta(hours=8))
    look_ahead(office(), now=NOW)
    db.session.rollback()
    statements.clear()
    found = prospects(db.session(), office(), now=NOW + FRESH - timedelta(seconds=1))
    assert len(found) == PAIRS
    assert {each.looked_at for each in found} == {NOW}
    assert len(statements) == 1


def test_what_is_old_is_looked_up_on_the_spot(house: Flask) -> None:
    away_all(NOW + timedelta(hours=8))
    look_ahead(office(), now=NOW)
    assert [each.looked_at for each in shown(NOW + FRESH)] == [NOW + FRESH] * PAIRS


def test_what_has_passed_by_is_looked_up_on_the_spot(house: Flask) -> None:
    look_ahead(office(), now=NOW)
    now = NOW + MINUTE
    before, after = of(STORM, "raholt", NOW), of(STORM, "raholt", now)
    assert before.visit_at == NOW + office().notice
    assert after.visit_at == at_wall(date(2027, 3, 1), 12 * 60 + 30), "after lunch"
    assert after.looked_at == now


def test_what_was_looked_up_before_the_clock_was_put_back_is_looked_up_again(house: Flask) -> None:
    look_ahead(office(), now=NOW + timedelta(hours=3))
    assert {each.looked_at for each in shown()} == {NOW}
    look_ahead(office(), now=NOW)
    assert {row.looked_at for row in rows().values()} == {NOW}


def test_without_a_worker_three_clinics_are_looked_at_on_the_spot(house: Flask) -> None:
    assert len(shown()) == PAIRS
    assert rows() == {}


def test_reading_writes_nothing(house: Flask) -> None:
    look_ahead(office(), now=NOW)
    before = {pair: row.looked_at for pair, row in rows().items()}
    shown(NOW + FRESH)
    assert {pair: row.looked_at for pair, row in rows().items()} == before


def test_more_clinics_than_a_page_has_time_for_are_left_out(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soonest, "CLINICS_A_PAGE", 2)
    assert shown() == []
    assert len(shown(clinic="raholt")) == 3


def test_what_still_holds_is_given_where_the_rest_has_passed_by(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    look_ahead(office(), now=NOW)
    monkeypatch.setattr(soonest, "CLINICS_A_PAGE", 0)
    ask = of("ask-eksempel", "lambertseter")
    assert ask.visit_at == NOW + office().notice
    later = of("ask-eksempel", "lambertseter", NOW + MINUTE)
    assert later.visit_at is None
    begins = ask.course and ask.course.first_visit_at
    assert later.course == (None if begins == ask.visit_at else ask.course)
    assert of(BJORK, "lambertseter", NOW + MINUTE) == of(BJORK, "lambertseter", NOW)


# -- the worker -----------------------------------------------------------------------------------------------


def test_the_worker_looks_ahead_once_a_minute(house: Flask) -> None:
    for chore in house.extensions["chores"]:
        chore(NOW)
    assert len(rows()) == PAIRS


def test_a_round_takes_the_oldest_first(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soonest, "CLINICS_A_ROUND", 1)
    for minute in range(4):
        assert look_ahead(office(), now=NOW + minute * MINUTE) == 1
    looked_at = {clinic: row.looked_at for (clinic, _), row in rows().items()}
    assert sorted(looked_at.values()) == [NOW + MINUTE, NOW + 2 * MINUTE, NOW + 3 * MINUTE]
    assert looked_at[min(looked_at)] == NOW + 3 * MINUTE


def test_a_clinic_with_somebody_new_comes_first(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    look_ahead(office(), now=NOW)
    work_only(STORM, "eidsvoll-sundet", weekday=3)
    monkeypatch.setattr(soonest, "CLINICS_A_ROUND", 1)
    look_ahead(office(), now=NOW + MINUTE)
    assert len(rows()) == PAIRS + 1


def test_what_was_just_looked_up_is_left_alone(house: Flask) -> None:
    assert look_ahead(office(), now=NOW) == 3
    assert look_ahead(office(), now=NOW + AGAIN - timedelta(seconds=1)) == 0
    assert look_ahead(office(), now=NOW + AGAIN) == 3


def test_workers_side_by_side_do_no_harm(house: Flask) -> None:
    begin, failed = Barrier(4), list[Exception]()

    def work(number: int) -> None:
        with house.app_context():
            for minute in range(3):
                begin.wait(30)
                try:
                    look_ahead(office(), now=NOW + minute * MINUTE + timedelta(seconds=number))
                except Exception as error:
                    failed.append(error)

    workers = [Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failed == []
    assert len(rows()) == PAIRS


def test_others_can_write_while_it_plans(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    look = soonest._look_at

    def look_while_another_writes(*args: object, **kwargs: object) -> object:
        found = look(*args, **kwargs)  # type: ignore[arg-type]
        close("raholt", NOW, NOW + MINUTE)
        return found

    monkeypatch.setattr(soonest, "_look_at", look_while_another_writes)
    look_ahead(office(), now=NOW)
    assert len(rows()) == PAIRS
    assert db.session.scalar(select(func.count()).where(ClosedPeriod.ends_at == NOW + MINUTE)) == 1


# -- changing the house ---------------------------------------------------------------------------------------


def work_only(clinician: str, clinic: str, *, weekday: int) -> None:
    """She works there from 08:00 to 16:00 on one weekday and no other."""
    clinician_id, clinic_id = ids(Clinician)[clinician], ids(Clinic)[clinic]
    day = HoursDay(weekday=weekday, start_minute=8 * 60, end_minute=16 * 60)
    hours = Hours(clinic_id=clinic_id, clinician_id=clinician_id, valid_from=date(2027, 1, 1), days=[day])
    unit_of_work(lambda session: session.add(hours))


def leave(clinician: str, clinic: str) -> None:
    hers = Hours.clinician_id == ids(Clinician)[clinician], Hours.clinic_id == ids(Clinic)[clinic]
    unit_of_work(lambda session: session.execute(update(Hours).where(*hers).values(valid_until=date(2027, 2, 28))))


def close(clinic: str, start: datetime, end: datetime) -> None:
    row = ClosedPeriod(clinic_id=ids(Clinic)[clinic], starts_at=start, ends_at=end, name=Name.of(en="closed"))
    unit_of_work(lambda session: session.add(row))


def away(clinician: str, start: datetime, end: datetime) -> None:
    who = clinician_by_slug(db.session(), clinician)
    assert who is not None
    row = Absence(clinician_id=who.id, starts_at=start, ends_at=end, kind="leave")
    unit_of_work(lambda session: session.add(row))


def away_all(until: datetime) -> None:
    for clinician in ids(Clinician):
        away(clinician, NOW - MINUTE, until)
