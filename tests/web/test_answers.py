"""What her calendar answered stands on the patient's page, with a way on; a helper sees none of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from booking.domain.appointment import Actor
from booking.domain.period import oslo
from booking.services import changes
from booking.services.changes import Place, weeks_for
from booking.services.preferences import choose_channel
from booking.services.replies import receive
from booking.store.appointments import Appointment
from booking.store.database import db
from tests.builders import NOW, course, office
from tests.servers.databases import only_sqlite
from tests.services.answers import AT, answered_course, mail, received
from tests.web.pages import LANGUAGES, Links, helper_link, links_now, read_strictly
from tests.web.walker import Walker

pytestmark = only_sqlite


@pytest.fixture
def links(demo_app: Flask) -> Links:
    with demo_app.app_context():
        return links_now(answered_course().id)


def get(app: Flask, *names: str) -> None:
    """Lets these mails come in."""
    with app.app_context():
        assert all(received(name).taken for name in names)


def page(app: Flask, path: str) -> Any:
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    return read_strictly(answer.data).find(".//main")


def words(app: Flask, path: str) -> str:
    return " ".join(" ".join(page(app, path).itertext()).split())


def first(app: Flask, links: Links) -> Appointment:
    with app.app_context():
        return course(links.course_id).appointments[0]


def moment(start: datetime) -> str:
    return f"{oslo(start):%A} {oslo(start).day} {oslo(start):%B} at {oslo(start):%H:%M}"


def a_free_start(app: Flask, links: Links) -> datetime:
    """The best other time of the first visit."""
    with app.app_context():
        found = course(links.course_id)
        weeks = weeks_for(db.session(), office(), found, found.appointments[0], now=NOW)
        return weeks[0].options[0].at.start


def propose(app: Flask, start: datetime) -> None:
    """Her calendar proposes to begin then."""
    with app.app_context():
        raw = mail("google-counter").replace(b"DTSTART:20270408T080000Z", f"DTSTART:{start:%Y%m%dT%H%M%SZ}".encode())
        assert receive(office(), raw, now=AT, at=AT).taken == "counter"


def test_without_an_answer_nothing_is_said_of_one(demo_app: Flask, links: Links) -> None:
    assert "Your calendar has" not in words(demo_app, links.page)


def test_a_no_stands_on_the_page_with_the_way_to_move_or_cancel(demo_app: Flask, links: Links) -> None:
    get(demo_app, "outlook-declined")
    visit = first(demo_app, links)
    said = f"Your calendar has said no to {moment(visit.starts_at)}. The visit is still booked. Move or cancel"
    assert said in words(demo_app, links.page)
    walker = Walker(demo_app)
    walker.open(f"{links.page}/visits/{visit.id}")
    assert walker.status == 200


def test_a_later_yes_takes_the_no_from_the_page(demo_app: Flask, links: Links) -> None:
    get(demo_app, "outlook-declined", "google-accepted-later")
    said = words(demo_app, links.page)
    assert "said no" not in said
    assert f"Your calendar has said yes to {moment(first(demo_app, links).starts_at)}." in said


def test_a_maybe_stands_on_the_page(demo_app: Flask, links: Links) -> None:
    get(demo_app, "apple-tentative")
    assert "Your calendar has said maybe to Tuesday 6 April" in words(demo_app, links.page)


def test_a_proposed_time_that_is_free_is_offered_as_a_move(demo_app: Flask, links: Links) -> None:
    start = a_free_start(demo_app, links)
    propose(demo_app, start)
    assert f"Your calendar has proposed {moment(start)} instead of " in words(demo_app, links.page)
    (link,) = [each for each in page(demo_app, links.page).iter("a") if "/move?to=" in each.get("href", "")]
    assert link.text == f"Move it to {moment(start)}"
    offered = demo_app.test_client().get(link.get("href"))
    assert offered.status_code == 200
    assert moment(start).partition(" at ")[0] in offered.text


def test_a_proposed_time_that_is_not_free_is_not_offered(demo_app: Flask, links: Links) -> None:
    propose(demo_app, datetime(2027, 4, 11, 1, tzinfo=UTC))
    said = words(demo_app, links.page)
    assert "Your calendar has proposed Sunday 11 April at 03:00 instead of " in said
    assert "The proposed time is not free. Move or cancel" in said


def test_after_a_move_an_answer_to_the_old_time_is_gone(demo_app: Flask, links: Links) -> None:
    get(demo_app, "outlook-declined")
    with demo_app.app_context():
        found = course(links.course_id)
        best = weeks_for(db.session(), office(), found, found.appointments[0], now=NOW)[0].options[0].at
        place = Place(best.start, best.clinician, best.clinic)
        changes.move(office(), found.id, found.appointments[0].id, place, by=Actor.PATIENT, now=NOW, at=NOW)
    assert "said no" not in words(demo_app, links.page)


def test_an_answer_to_an_invitation_that_was_taken_back_is_gone(demo_app: Flask, links: Links) -> None:
    get(demo_app, "outlook-declined")
    with demo_app.app_context():
        choose_channel(office(), links.course_id, "subscription", now=NOW, at=NOW)
    assert "said no" not in words(demo_app, links.page)


def test_a_helper_sees_no_answers(demo_app: Flask, links: Links) -> None:
    get(demo_app, "outlook-declined")
    assert "Your calendar has" not in words(demo_app, helper_link(demo_app, links).page)


def test_the_page_with_answers_is_whole_in_both_languages(demo_app: Flask, links: Links) -> None:
    propose(demo_app, a_free_start(demo_app, links))
    for language in LANGUAGES:
        main = page(demo_app, f"/{language}/course/{links.token}")
        assert len(main.findall(".//h1")) == 1
