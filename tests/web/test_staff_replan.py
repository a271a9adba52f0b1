"""Re-planning: whom an absence touches is shown before, planned together, told once, and stands till answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from booking.domain.period import Period, at_wall, oslo
from booking.services.disruptions import Cause, CauseKind, disrupt, enter_absence, remove_absence
from booking.services.letters import compose
from booking.services.links import new_time_token
from booking.services.logbook import COMMAND
from booking.store.appointments import Appointment
from booking.store.clinics import Clinic
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import Disruption, Touched
from booking.store.outbox import Message
from booking.store.people import Clinician
from booking.store.schedules import Hours
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, TUESDAYS, booked_course, course, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.changers import cancel, session_of
from tests.staff import ADA, ASK, FRIDA, RITA, Person, signed_in
from tests.web.walker import Walker

pytestmark = only_sqlite


@pytest.fixture
def kari(demo_app: Flask) -> Course:
    with demo_app.app_context():
        slug = db.session.scalar(select(Clinician.slug).where(Clinician.slug == "ask-eksempel"))
        asked = replace(TUESDAYS, clinician=slug, only_her=True)
        booked_course(SIV, asked, email=None)
        return booked_course(KARI, asked, language="en")


def statements(client: FlaskClient, page: str) -> int:
    """How many the page takes."""
    client.get(page)
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with client.application.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            client.get(page)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def at_the_desk(app: Flask, page: str = "/en/staff/replan", person: Person = RITA) -> Walker:
    walker = Walker(app)
    walker.client = signed_in(app, person)
    return walker.open(page)


def third(app: Flask, kari: Course) -> Appointment:
    with app.app_context():
        return session_of(kari.id, 3)


def entered(app: Flask, kari: Course, person: Person = RITA) -> Walker:
    """Ask is away on the day of Kari's third session; at the page that proposes new times."""
    session = third(app, kari)
    desk = at_the_desk(app, f"/en/staff/clinicians/{session.clinician_id}/absences", person)
    day = oslo(session.starts_at).date().isoformat()
    desk.send("/absences", first=day, kind="illness")
    assert "This touches 2 appointments" in desk.text
    return desk.send("/absences")


def row_of(app: Flask, kari: Course) -> Touched:
    with app.app_context():
        db.session.rollback()
        return db.session.scalars(select(Touched).where(Touched.appointment_id == third(app, kari).id)).one()


def link(app: Flask, row: Touched) -> str:
    with app.app_context():
        assert row.told_at is not None
        return f"/en/new-time/{new_time_token(office(), row.id, row.told_at)}"


def test_whom_an_absence_touches_is_shown_before_it_is_entered(demo_app: Flask, kari: Course) -> None:
    session = third(demo_app, kari)
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{session.clinician_id}/absences")
    desk.send("/absences", first=oslo(session.starts_at).date().isoformat(), kind="illness")
    for words in (KARI.name, SIV.name, "Session 3", "Nothing moves yet"):
        assert words in desk.text
    with demo_app.app_context():
        assert db.session.scalars(select(Disruption)).all() == []


def test_who_comes_in_between_is_shown_before_an_absence_is_entered(demo_app: Flask, kari: Course) -> None:
    session = third(demo_app, kari)
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{session.clinician_id}/absences")
    desk.send("/absences", first=oslo(session.starts_at).date().isoformat(), kind="illness")
    with demo_app.app_context():
        siv = db.session.scalars(select(Course).where(Course.name == SIV.name)).one()
        cancel(session_of(siv.id, 3))
    desk.send("/absences")
    assert "Somebody has booked or changed something meanwhile." in desk.text
    assert "This touches 1 appointment" in desk.text
    assert "Ask Eksempel is away" in desk.send("/absences").text


def test_an_absence_by_mistake_is_taken_away_with_nothing_lost(demo_app: Flask, kari: Course) -> None:
    desk = entered(demo_app, kari)
    assert "Nobody has been written to." in desk.text
    second = at_the_desk(demo_app, desk.path)
    row = row_of(demo_app, kari)
    desk.send("/accept", row=str(row.id), which="some")
    assert "1 appointment that was moved stays at its new time" in desk.text
    assert "Nobody is written to again." in desk.text
    second.send("/absences/remove")
    assert "Somebody else has changed this" in second.text
    early = at_the_desk(demo_app, desk.path)
    second.send("/absences/remove")
    assert "1 appointment stays where it is. 1 that was moved already stays at its new time." in second.text
    assert "Entered by mistake?" not in desk.open(desk.path).text
    assert row_of(demo_app, kari).state == "offered"
    desk.open(second.path).send("/absences", first="2027-12-06", last="2027-12-06", kind="holiday")
    early.send("/absences/remove")
    assert "Monday 6 December, Holiday" in early.text
    assert "entered or removed an absence Ask Eksempel" in at_the_desk(demo_app, "/en/staff/log", ADA).text


def test_new_times_are_proposed_for_all_and_two_others_for_each(demo_app: Flask, kari: Course) -> None:
    desk = entered(demo_app, kari)
    assert "Ask Eksempel is away" in desk.text
    assert desk.text.count("Another place") >= 2
    assert row_of(demo_app, kari).state == "open"


def test_accepting_all_moves_them_and_the_board_says_whom_to_ring(demo_app: Flask, kari: Course) -> None:
    desk = entered(demo_app, kari).send("/accept", which="all")
    assert "2 appointments are moved." in desk.text
    board = desk.open("/en/staff/replan").text
    assert "Has no e-mail: ring and tell." in board
    assert "The patient is to answer" in board


def test_nobody_sees_what_touches_only_others(demo_app: Flask, kari: Course) -> None:
    desk = entered(demo_app, kari)
    stranger = signed_in(demo_app, FRIDA)
    assert stranger.get(desk.path).status_code == 404
    assert "Ask Eksempel is away" not in stranger.get("/en/staff/replan").text
    assert signed_in(demo_app, ASK).get(desk.path).status_code == 200


def test_what_is_nobodys_alone_is_seen_by_those_of_the_clinic_only(demo_app: Flask, kari: Course) -> None:
    session = third(demo_app, kari)
    day = Period(at_wall(oslo(session.starts_at).date(), 0), at_wall(oslo(session.ends_at).date(), 24 * 60))
    cause = Cause(kind=CauseKind.CLOSED, period=day, clinic_id=session.clinic_id)
    with demo_app.app_context():
        unit_of_work(lambda session: disrupt(session, office(), cause, COMMAND, now=NOW))
        id = db.session.scalars(select(Disruption.id)).one()
    codes = [signed_in(demo_app, who).get(f"/en/staff/replan/{id}").status_code for who in (FRIDA, RITA, ASK)]
    assert codes == [404, 200, 200]
    assert KARI.name not in signed_in(demo_app, FRIDA).get("/en/staff/replan").text


def test_nobody_is_named_who_comes_to_another_clinic_alone(demo_app: Flask, kari: Course) -> None:
    session = third(demo_app, kari)
    with demo_app.app_context():
        elsewhere = db.session.scalars(select(Clinic.id).where(Clinic.slug == "eidsvoll-sundet")).one()
        day = date(2027, 3, 1)
        hours = Hours(clinic_id=elsewhere, clinician_id=session.clinician_id, valid_from=day)
        unit_of_work(lambda session: session.add(hours))
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{session.clinician_id}/absences", FRIDA)
    desk.send("/absences", first=oslo(session.starts_at).date().isoformat(), kind="illness")
    assert "This touches 2 appointments" in desk.text
    assert KARI.name not in desk.text
    assert "Noted." in desk.send("/absences").text


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_is_a_slip_is_asked_again(demo_app: Flask, kari: Course, day: str) -> None:
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{third(demo_app, kari).clinician_id}/absences")
    desk.send("/absences", first=day, last=day, kind="illness")
    assert "Write the date as year, month and day" in desk.text


def test_an_absence_that_has_passed_is_not_entered(demo_app: Flask, kari: Course) -> None:
    clinician = third(demo_app, kari).clinician_id
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{clinician}/absences")
    desk.send("/absences", first="2027-02-26", last="2027-02-26", kind="illness")
    assert "This date has passed." in desk.text


def test_a_long_board_asks_as_often_as_a_short_one(demo_app: Flask, kari: Course) -> None:
    session = third(demo_app, kari)
    clinician, until = session.clinician_id, session.ends_at

    def away(days: int) -> int:
        with demo_app.app_context():
            period = Period(session.starts_at, until + timedelta(days=days))
            enter_absence(office(), clinician, period, "training", who=COMMAND, now=NOW)
        return statements(signed_in(demo_app, RITA), "/en/staff/replan")

    with demo_app.app_context():
        short = away(0)
        remove_absence(office(), clinician, Period(session.starts_at, until), who=COMMAND, now=NOW)
    assert away(30) == short


def test_who_is_second_sees_what_the_first_did(demo_app: Flask, kari: Course) -> None:
    first = entered(demo_app, kari)
    second = at_the_desk(demo_app, first.path)
    first.send("/accept", which="all")
    second.send("/accept", which="all")
    assert "Somebody else has changed this" in second.text
    assert "moved, not answered" in second.text
    with demo_app.app_context():
        told = db.session.scalars(select(Message).where(Message.kind == "replanned")).all()
        assert len(told) == 1


def test_the_message_names_the_new_time_and_two_others(demo_app: Flask, kari: Course) -> None:
    entered(demo_app, kari).send("/accept", which="all")
    with demo_app.app_context():
        message = db.session.scalars(select(Message).where(Message.kind == "replanned")).one()
        letter = message_from_bytes(compose(db.session(), office(), message), policy=policy.default)
    plain = letter.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert letter["subject"].startswith("New time for your appointment: ")
    assert "/en/new-time/" in text
    assert "2 other times are kept for you" in text
    assert "If you say nothing, the new time stands." in text


def test_the_patient_says_by_her_link_that_it_suits_her(demo_app: Flask, kari: Course) -> None:
    entered(demo_app, kari).send("/accept", which="all")
    row = row_of(demo_app, kari)
    page = Walker(demo_app).open(link(demo_app, row))
    assert "Does your new time suit you?" in page.text
    page.client.post(page.path, data={"row": row.id, "answer": "keep"})
    assert "The time stands." in page.open(page.path).text
    assert row_of(demo_app, kari).state == "kept"


def test_the_patient_chooses_another_time_by_her_link(demo_app: Flask, kari: Course) -> None:
    entered(demo_app, kari).send("/accept", which="all")
    row = row_of(demo_app, kari)
    start = row.others[0]["start"]
    client = demo_app.test_client()
    assert client.post(link(demo_app, row), data={"row": row.id, "answer": start}).status_code == 303
    with demo_app.app_context():
        db.session.rollback()
        assert start in {int(each.starts_at.timestamp()) for each in course(kari.id).appointments}
    late = client.post(link(demo_app, row), data={"row": row.id, "answer": "keep"})
    assert late.status_code == 409


def test_a_link_answers_for_nobody_else(demo_app: Flask, kari: Course) -> None:
    entered(demo_app, kari).send("/accept", which="all")
    row = row_of(demo_app, kari)
    with demo_app.app_context():
        other = db.session.scalars(select(Touched.id).where(Touched.id != row.id)).one()
    demo_app.test_client().post(link(demo_app, row), data={"row": other, "answer": "keep"})
    with demo_app.app_context():
        db.session.rollback()
        assert db.session.get_one(Touched, other).state == "offered"


def test_ill_today_is_one_button(demo_app: Flask, kari: Course) -> None:
    desk = at_the_desk(demo_app, f"/en/staff/clinicians/{third(demo_app, kari).clinician_id}/absences")
    assert "It touches no appointment" in desk.send("/ill-today").text


def test_a_proposal_is_made_anew_and_a_single_place_is_chosen_by_hand(demo_app: Flask, kari: Course) -> None:
    desk = entered(demo_app, kari).send("/propose")
    assert "New times are proposed for all that are open." in desk.text
    row = row_of(demo_app, kari)
    choice = desk.open(f"{desk.path}/{row.id}/place")
    days = ["".join(each.itertext()) for each in choice.main.iter("h2")]
    assert len(days) == len(set(days)) > 1
    (first, *_) = [each.get("value") for each in choice.main.iter("input") if each.get("name") == "place"]
    choice.send("", place=first)
    assert "The proposal is changed." in choice.text
    proposal = row_of(demo_app, kari).proposal
    assert proposal is not None
    assert first == f"{proposal['start']}-{proposal['clinician']}-{proposal['clinic']}"
