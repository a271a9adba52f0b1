"""Status on the pages: one press at the desk, taken back by another, and what somebody else did is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from booking.domain.appointment import Action, Actor
from booking.domain.period import oslo
from booking.services import changes
from booking.services.alteration import UNDO_FOR
from booking.services.desk_cancel import Reason
from booking.services.status import set_status
from booking.store.accounts import StaffSession
from booking.store.appointments import ARRIVED, BOOKED, CANCELLED, NOSHOW, Appointment
from booking.store.changes import Fee
from booking.store.database import db
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.web import clock
from booking.web.staff.words import visit_moment
from tests.builders import NOW, booked_course, course, office
from tests.people import KARI, SIV
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.services.changers import AT, elsewhere, session_of, settle
from tests.services.desk import cancel_at_desk
from tests.staff import ADA, ASK, FRIDA, RITA, Person, reach, signed_in
from tests.web.pages import read_strictly
from tests.web.test_staff_schedule import counted
from tests.web.walker import Walker

pytestmark = only_sqlite


class Visit:
    """Kari's third session, and the desk at which Rita sits on its day."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            kari = booked_course()
            third = next(a for a in kari.appointments if (a.kind, a.number) == ("session", 3))
            self.id, self.course_id, self.clinic_id = third.id, kari.id, third.clinic_id
            self.start, self.end, self.price = third.starts_at, third.ends_at, third.price

    def now(self) -> Appointment:
        with self.app.app_context():
            return next(a for a in course(self.course_id).appointments if a.id == self.id)

    def fee(self) -> Fee:
        with self.app.app_context():
            return db.session.scalars(select(Fee)).one()

    @property
    def today(self) -> str:
        return f"/en/staff/clinics/{self.clinic_id}/today"

    @property
    def url(self) -> str:
        return f"/en/staff/appointments/{self.id}"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What happens inside happens at this moment of the clinic's clock."""
    with time_machine.travel(moment - CLINIC_NOW + datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def visit(demo_app: Flask) -> Visit:
    return Visit(demo_app)


def desk(visit: Visit, person: Person = RITA) -> FlaskClient:
    """Her browser, signed in at the moment at which the clock stands now."""
    client = signed_in(visit.app, person)
    with visit.app.app_context():
        now = clock.now()
        unit_of_work(lambda session: session.execute(update(StaffSession).values(created_at=now, seen_at=now)))
    return client


def press(client: FlaskClient, page: str, ending: str, /, **chosen: str) -> Any:
    """Sends the form of the page whose address ends so, with its hidden fields and what is chosen."""
    forms = (f for f in read_strictly(client.get(page).data).iter("form") if f.get("method") == "post")
    form = next(f for f in forms if (f.get("action") or page).endswith(ending))
    hidden = {f.get("name"): f.get("value") or "" for f in form.iter("input") if f.get("type") == "hidden"}
    return client.post(form.get("action") or page, data=hidden | chosen)


def test_one_press_says_who_has_arrived_and_another_takes_it_back(visit: Visit) -> None:
    with at(visit.start):
        client, ending = desk(visit), f"{visit.id}/status"
        answer = press(client, visit.today, ending, action="arrive")
        assert answer.status_code == 303
        assert answer.location.endswith(f"{visit.today}#a{visit.id}")
        assert visit.now().status == ARRIVED
        press(client, visit.today, ending, action="reopen")
        assert visit.now().status == BOOKED


def test_the_list_of_today_tells_all_that_stands_and_when_something_else_does(visit: Visit) -> None:
    with at(visit.end):
        client = desk(visit)
        watch = next(e for e in read_strictly(client.get(visit.today).data).iter("div") if e.get("data-watch"))
        asked = (watch.get("data-watch"), {"If-None-Match": f'"{watch.get("data-state")}"'})
        assert client.get(asked[0], headers=asked[1]).status_code == 304
        press(client, visit.today, f"{visit.id}/status", action="miss")
        assert client.get(asked[0], headers=asked[1]).status_code == 200
        page = client.get(visit.today).get_data(as_text=True)
        assert KARI.name in page
        assert "1 did not come" in page
        assert "Waive it" in page


def test_a_press_that_comes_too_late_shows_what_somebody_else_did(visit: Visit) -> None:
    with at(visit.end):
        client = desk(visit)
        page = client.get(visit.today)
        with visit.app.app_context():
            ada = reach(ADA)
            seen = visit.now().version
            set_status(office(), visit.id, Action.MISS, version=seen, who=ada.who, now=visit.end, at=AT)
        form = next(f for f in read_strictly(page.data).iter("form") if f.get("action", "").endswith("/status"))
        hidden = {f.get("name"): f.get("value") or "" for f in form.iter("input")}
        answer = client.post(form.get("action"), data=hidden | {"action": "arrive"})
        assert answer.status_code == 409
        text = answer.get_data(as_text=True)
        assert ADA.name in text
        assert "Did not come" in text
        assert visit.now().status == NOSHOW


def test_a_fee_is_waived_from_the_list_and_charged_after_all(visit: Visit) -> None:
    with at(visit.end):
        client = desk(visit)
        press(client, visit.today, f"{visit.id}/status", action="miss")
        page = f"/en/staff/fees/{visit.fee().id}/waive"
        assert press(client, page, "waive", why="nothing").status_code == 422
        assert press(client, page, "waive", why="ill").status_code == 303
        assert visit.fee().waived_at is not None
        press(client, page, "waive", keep="1")
        assert visit.fee().waived_at is None


def test_the_desk_says_why_it_cancels_and_takes_it_back(visit: Visit) -> None:
    with at(visit.start - timedelta(hours=2)):
        client, page = desk(visit), f"{visit.url}/cancel?back=today"
        assert press(client, page, "cancel?back=today").status_code == 422
        assert press(client, page, "cancel?back=today", reason="away").location.endswith(f"#a{visit.id}")
        assert visit.now().status == CANCELLED
        press(client, visit.today, f"{visit.course_id}/undo")
        assert visit.now().status == BOOKED


def test_who_asks_late_for_another_time_is_told_what_it_costs_and_the_desk_can_waive_it(visit: Visit) -> None:
    with visit.app.app_context():
        first = session_of(visit.course_id, 1)
        cancel_at_desk(first, Reason.ASKED, now=first.starts_at - timedelta(hours=2))
        settle(now=first.starts_at)
    with at(visit.start - timedelta(hours=2)):
        client, day = desk(visit), f"{oslo(visit.start):%Y-%m-%d}"
        page = f"{visit.url}/move?back=week&to={day}T19:00~ask-eksempel~lambertseter"
        text = client.get(page).get_data(as_text=True)
        assert "Why is it moved?" in text
        assert "for it was free until" in text
        assert press(client, page, "/move").status_code == 422
        week = client.get(press(client, page, "/move", payer="patient").location).get_data(as_text=True)
        with visit.app.app_context():
            fee = db.session.scalars(select(Fee.id).where(Fee.amount == visit.price)).one()
        assert f"/en/staff/fees/{fee}/waive" in week


def test_a_missed_session_leads_to_another_at_the_end(visit: Visit) -> None:
    with at(visit.end):
        client, page = desk(visit), f"/en/staff/courses/{visit.course_id}/make-up"
        press(client, visit.today, f"{visit.id}/status", action="miss")
        first = next(e for e in read_strictly(client.get(page).data).iter("button") if e.get("name") == "to")
        chosen = f"{page}?to={first.get('value')}"
        assert press(client, chosen, "make-up").status_code == 303
        with visit.app.app_context():
            assert len([a for a in course(visit.course_id).appointments if a.kind == "session"]) == 10


def test_the_rest_of_a_course_goes_to_a_colleague(visit: Visit) -> None:
    client, page = signed_in(visit.app, RITA), f"/en/staff/courses/{visit.course_id}/clinician"
    chosen = f"{page}?to=bjork-provesen"
    form = read_strictly(client.get(chosen).data)
    plan = next(e.get("value") for e in form.iter("button") if e.get("name") == "plan")
    before = visit.now().clinician_id
    assert press(client, chosen, "clinician", plan="another").status_code == 409
    assert visit.now().clinician_id == before
    done = press(client, chosen, "clinician", plan=plan)
    assert visit.now().clinician_id != before
    assert press(client, done.location.partition("#")[0], "undo").location == done.location
    assert visit.now().clinician_id == before


def test_a_clinician_has_her_own_list_and_others_none(visit: Visit) -> None:
    with at(visit.start):
        assert KARI.name in desk(visit, ASK).get(visit.today).get_data(as_text=True)
        stranger = desk(visit, FRIDA)
        pages = (visit.today, f"{visit.url}/cancel", f"/en/staff/courses/{visit.course_id}/clinician")
        assert [stranger.get(page).status_code for page in pages] == [404, 404, 404]


def test_the_course_load_stands_clinician_by_clinician(visit: Visit) -> None:
    page = signed_in(visit.app, RITA).get("/en/staff/load").get_data(as_text=True)
    assert "Ask Eksempel" in page
    assert "1 is to begin" in page


def test_the_list_and_the_load_ask_as_much_of_the_database_however_many_come(visit: Visit) -> None:
    with at(visit.start):
        client, counts = desk(visit), []
        client.get(visit.today)
        for patient in (None, SIV):
            with visit.app.app_context():
                if patient:
                    booked_course(patient)
                db.session.rollback()
                for page in (visit.today, "/en/staff/load"):
                    with counted() as seen:
                        assert client.get(page).status_code == 200
                    counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert max(counts) < 50


def test_who_has_no_e_mail_is_rung_about_what_the_clinic_changes_and_hears_what_was_and_what_is(
    demo_app: Flask,
) -> None:
    with demo_app.app_context():
        kari = booked_course(KARI, email=None)
        third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
        with demo_app.test_request_context("/en/"):
            third_was, fourth_was = visit_moment(third.starts_at), visit_moment(fourth.starts_at)
            there = visit_moment(elsewhere(third).start)
        cancel_at_desk(fourth)
        changes.move(office(), kari.id, third.id, elsewhere(third), by=Actor.CLINIC, now=NOW, at=AT)
        settle(now=NOW + UNDO_FOR)
        assert [task.kind for task in open_tasks_of(db.session(), kari.id)] == ["tell"]
    calls = Walker(demo_app)
    calls.client = signed_in(demo_app, RITA)
    for page in ("/en/staff/calls", f"/en/staff/patients/{kari.patient_id}"):
        text = calls.open(page).text
        assert f"Session 4 on {fourth_was}, Lambertseter, with Ask Eksempel, is cancelled." in text
        assert f"Session 3 on {third_was}, Lambertseter, with Ask Eksempel, is now on {there}, Lamb" in text
    assert f"Cancelled: The clinician cannot. {RITA.name}, 1 March 09:00" in text
