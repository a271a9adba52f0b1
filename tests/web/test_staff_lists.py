"""Lists of the front desk: fees to charge, who waits, and how pain has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from booking.services.waiting import CourseWish, confirm, wait_for_course
from booking.services.waivers import Why, waive
from booking.store.changes import Fee
from booking.store.database import db
from booking.store.logbook import newest_entries
from booking.store.waiting import Waiter
from tests.builders import NOW, booked_course, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.changers import AT, cancel, session_of, settle
from tests.services.waiters import waits_for_visit
from tests.staff import ADA, ASK, FRIDA, RITA, Person, reach, signed_in
from tests.web.walker import Walker

pytestmark = only_sqlite


def at_the_desk(app: Flask, path: str, person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker.open(path)


FEES = "/en/staff/fees"


@pytest.fixture
def owed(demo_app: Flask) -> int:
    """What Kari owes for a visit that she cancelled too late, settled; the first one was free. The fee's number."""
    with demo_app.app_context():
        kari = booked_course()
        for number in (1, 2):
            late = session_of(kari.id, number)
            cancel(late, now=late.starts_at - timedelta(hours=2))
            settle(now=late.starts_at)
        db.session.rollback()
        (fee,) = db.session.query(Fee).filter(Fee.amount > 0)
        return fee.id


def test_what_is_owed_stands_there_with_its_sum(demo_app: Flask, owed: int) -> None:
    text = at_the_desk(demo_app, FEES).text
    assert KARI.name in text
    assert "1 fee, together" in text


def test_a_fee_that_can_still_be_undone_is_not_asked_for(demo_app: Flask) -> None:
    with demo_app.app_context():
        kari = booked_course()
        for number in (1, 2):
            late = session_of(kari.id, number)
            cancel(late, now=late.starts_at - timedelta(hours=2))
    assert "Nothing is to be charged" in at_the_desk(demo_app, FEES).text


def test_ticked_fees_are_charged_once_and_it_says_by_whom(demo_app: Flask, owed: int) -> None:
    first, second = at_the_desk(demo_app, FEES), at_the_desk(demo_app, FEES, ADA)
    first.send("/charged", fee=str(owed))
    assert "1 fee is noted as charged." in first.text
    assert RITA.name in first.text
    assert "Somebody else was faster" in second.send("/charged", fee=str(owed)).text
    first.send("/owe")
    assert "to be charged again" in first.text
    assert "together" in first.text


def test_a_waived_fee_is_not_charged_and_it_says_by_whom_and_why(demo_app: Flask, owed: int) -> None:
    desk = at_the_desk(demo_app, FEES)
    with demo_app.app_context():
        waive(office(), owed, Why.KIND, who=reach(ADA).who, now=NOW)
    desk.send("/charged", fee=str(owed))
    assert "Nothing is to be charged" in desk.text
    assert f"{ADA.name}: Out of kindness" in desk.text
    assert f"waived: Out of kindness. {ADA.name}, 1 March" in desk.open(desk.link(KARI.name)).text
    assert "Out of kindness" not in at_the_desk(demo_app, desk.path, ASK).text


def test_nothing_ticked_is_said_and_another_clinic_s_fees_are_not_there(demo_app: Flask, owed: int) -> None:
    assert "Tick the fees" in at_the_desk(demo_app, FEES).send("/charged").text
    assert at_the_desk(demo_app, FEES, ASK).status == 404
    frida = at_the_desk(demo_app, FEES, FRIDA)
    assert "Nothing is to be charged" in frida.text
    token = frida.open("/en/staff/patients").forms()[0].find(".//input[@name='csrf_token']").get("value")
    assert "Tick the fees" in frida.post(f"{FEES}/charged", {"csrf_token": token, "fee": str(owed)}).text


def wish(clinic: str, person: str = SIV.name) -> int:
    """Somebody's place on the list for a course at this clinic."""
    asked = CourseWish(
        query=f"clinic={clinic}",
        name=person,
        email="siv@example.com",
        language="en",
        offer_hours=24,
        until=NOW + timedelta(weeks=8),
    )
    return wait_for_course(office(), asked, now=NOW, at=AT)


def test_who_waits_for_what_stands_there(demo_app: Flask) -> None:
    with demo_app.app_context():
        kari = booked_course()
        waits_for_visit(kari, session_of(kari.id, 5))
        wish("lambertseter")
    text = at_the_desk(demo_app, "/en/staff/waiting").text
    assert f"{KARI.name} A better time than" in text
    assert f"{SIV.name} A course" in text
    assert "has not said yes by e-mail" in text


def test_each_sees_who_waits_for_her_clinics(demo_app: Flask) -> None:
    with demo_app.app_context():
        confirm(wish("lambertseter"), now=NOW)
        confirm(wish("eidsvoll-sundet", "Ola Annen"), now=NOW)
    seen = {
        person.name: [
            name for name in (SIV.name, "Ola Annen") if name in at_the_desk(demo_app, "/en/staff/waiting", person).text
        ]
        for person in (RITA, FRIDA, ADA)
    }
    assert seen == {RITA.name: [SIV.name], FRIDA.name: ["Ola Annen"], ADA.name: [SIV.name, "Ola Annen"]}


def test_who_has_rung_is_taken_off_the_list(demo_app: Flask) -> None:
    with demo_app.app_context():
        waiter = wish("lambertseter")
    desk = at_the_desk(demo_app, "/en/staff/waiting")
    assert "taken off the list" in desk.send("/end").text
    assert "Nobody waits" in desk.text
    with demo_app.app_context():
        db.session.rollback()
        assert db.session.get_one(Waiter, waiter).ended_at is not None
        assert "waiting" in {entry.action for entry in newest_entries(db.session())}


def test_outcomes_are_for_everybody_and_tell_of_groups_alone(demo_app: Flask) -> None:
    page = at_the_desk(demo_app, "/en/staff/outcomes", ASK)
    assert page.status == 200
    assert "Median change, %" in page.text
    assert "%%" not in page.text
    assert {cell.text for cell in page.main.iter("td")} == {"–"}


def test_more_leads_to_what_each_may_open(demo_app: Flask) -> None:
    for person in (ASK, RITA, ADA):
        page = at_the_desk(demo_app, "/en/staff/more", person)
        links = [a.get("href") for a in page.main.iter("a")]
        assert links
        assert len(links) == len(set(links)), person.name
        assert {page.open(link).status for link in links} == {200}, person.name
