"""Life after booking on the pages: what it costs stands first, one press does it, and it can be undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from booking.domain.period import monday_of, oslo
from booking.services.changes import weeks_for
from booking.services.courses import Channel
from booking.services.proposals import Asked, plan_visit
from booking.services.wishes import read_place
from booking.store.appointments import CANCELLED, NOSHOW, Appointment
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work
from booking.web.book.house import House
from booking.web.me.places import Places
from tests.builders import NOW, UNSURE, booked, choice, choice_of, course, held, office
from tests.people import KARI, SIV
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, booked_links, fragments, helper_link, links_now, read_strictly
from tests.web.walker import Walker

pytestmark = only_sqlite


class Kari(Walker):
    """The patient, with her booked course."""

    def __init__(self, app: Flask, *arguments: Any, **changes: Any) -> None:
        super().__init__(app)
        self.app, self.links = app, booked_links(app, *arguments, **changes)

    def at_visit(self, number: int = 3) -> Kari:
        self.open(self.visit_url(number))
        return self

    def visit_url(self, number: int) -> str:
        return f"{self.links.page}/visits/{self.session(number).id}"

    def session(self, number: int) -> Appointment:
        """Her session of this number as it is now."""
        return next(a for a in self.appointments() if a.kind == "session" and a.number == number)

    def appointments(self) -> list[Appointment]:
        with self.app.app_context():
            return list(course(self.links.course_id).appointments)

    def mails(self) -> list[str]:
        with self.app.app_context():
            rows = db.session.query(Message).filter_by(course_id=self.links.course_id).order_by(Message.id)
            return [message.kind for message in rows]

    def buttons(self) -> list[str]:
        """What the buttons with times send, in the order of the page."""
        return [each.get("value") for each in self.main.iter("button") if each.get("name") == "to"]

    def choose(self, to: str) -> Kari:
        """Presses the button of this time."""
        self.send("/move", to=to)
        return self


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What happens inside happens at this moment of the clinic's clock."""
    with time_machine.travel(moment - CLINIC_NOW + datetime.now(UTC), tick=False):
        yield


def session_start(kari: Kari, number: int) -> datetime:
    return kari.session(number).starts_at


def take(app: Flask, to: str) -> None:
    """Somebody else keeps this time for herself."""
    start, clinician, clinic = read_place(to)
    place = {"clinician": clinician, "clinic": clinic}
    with app.app_context():
        found = plan_visit(db.session(), office(), Asked(protocol="needle-session"), start, **place, now=NOW)
        held(choice_of(found.protocol.id, found.plan), visitor="siv")


def miss(app: Flask, kari: Kari, number: int) -> None:
    """The clinic notes that she did not come."""

    def work(session: Session) -> None:
        session.get_one(Appointment, kari.session(number).id).status = NOSHOW

    with app.app_context():
        unit_of_work(work)


# -- the page of a visit ----------------------------------------------------------------------------------------------


def test_each_visit_to_come_has_a_way_to_its_page(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(kari.links.page)
    links = [a.get("href") for a in kari.main.iter("a") if "Move or cancel" in "".join(a.itertext())]
    assert links == [f"{kari.links.page}/visits/{a.id}" for a in kari.appointments()]


def test_the_next_visit_has_its_way_on_top(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(kari.links.page)
    assert kari.link("I cannot come then") == kari.visit_url(1)


def test_the_other_times_are_of_the_same_week(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    here = session_start(kari, 3)
    weeks = {monday_of(datetime.fromisoformat(to.split("~")[0]).date()) for to in kari.buttons()}
    assert weeks == {monday_of(oslo(here).date())}
    assert "Other times that week" in kari.text


def test_the_time_that_she_has_is_not_offered(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    session = kari.session(3)
    own = f"{oslo(session.starts_at):%Y-%m-%dT%H:%M}"
    assert not [to for to in kari.buttons() if to.startswith(own) and "lambertseter" in to and "~ask-" in to]


def test_what_it_costs_and_what_is_sent_stands_before_the_first_button(demo_app: Flask) -> None:
    kari = Kari(demo_app, channel=Channel.INVITATIONS).at_visit()
    before = kari.text.split("Other times that week")[0]
    until = session_start(kari, 3) - timedelta(hours=24)
    assert f"It costs nothing until Monday {oslo(until).day} April at {oslo(until):%H:%M}." in before
    assert "You can undo it for 10 minutes." in before
    assert "Then we send one e-mail to kari@example.com, and one for the calendar" in before


def test_other_weeks_are_offered_by_links(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit(9)
    kari.open(kari.link("Week of"))
    assert "Other times that week" not in kari.text
    assert kari.buttons()


@pytest.mark.parametrize("week", ["2027-04-13", "nonsense", "9999-99-99", "2001-01-01"])
def test_a_week_that_cannot_be_shown_is_as_if_none_was_named(demo_app: Flask, week: str) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.visit_url(3)}?week={week}")
    assert "Other times that week" in kari.text


# -- moving -----------------------------------------------------------------------------------------------------------


def test_one_press_moves_the_visit(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    to = kari.buttons()[0]
    kari.choose(to)
    assert kari.path == kari.links.page
    assert f"{oslo(session_start(kari, 3)):%Y-%m-%dT%H:%M}" == to.split("~")[0]
    assert "Session 3 is moved from Tuesday" in kari.text


def test_nothing_is_mailed_while_it_can_be_undone(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    before = kari.mails()
    kari.choose(kari.buttons()[0])
    assert kari.mails() == before
    kari.send("/send-now")
    assert kari.mails()[len(before) :] == ["changed", "request"]
    assert "You can undo" not in kari.text


def test_a_move_is_undone_by_one_press(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    start, mails = session_start(kari, 3), kari.mails()
    kari.choose(kari.buttons()[0]).send("/undo")
    assert session_start(kari, 3) == start
    assert "everything is as it was" in kari.text
    assert "You can undo" not in kari.text
    assert kari.mails() == mails


def test_the_second_click_of_a_double_click_moves_nothing_more(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    to, seen = kari.buttons()[0], kari.forms("/move")[0].find("input[@name='seen']").get("value")
    for _click in range(2):
        kari.post(f"{kari.visit_url(3)}/move", {"to": to, "seen": seen})
        assert kari.path == kari.links.page
    assert kari.text.count("is moved from") == 1


def test_a_page_that_has_grown_old_asks_again(demo_app: Flask) -> None:
    kari, other = Kari(demo_app).at_visit(), Walker(demo_app)
    first, second = kari.buttons()[:2]
    other.open(kari.visit_url(3)).send("/move", to=second)
    kari.choose(first)
    assert kari.status == 409
    assert "Something has changed since you opened the page" in kari.text
    assert f"{oslo(session_start(kari, 3)):%Y-%m-%dT%H:%M}" == second.split("~")[0]
    kari.send("/move")
    assert f"{oslo(session_start(kari, 3)):%Y-%m-%dT%H:%M}" == first.split("~")[0]


def test_a_time_that_somebody_has_just_taken_is_said_and_others_are_offered(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    to = kari.buttons()[1]
    take(demo_app, to)
    kari.choose(to)
    assert kari.status == 409
    assert "is no longer free. Nothing was changed." in kari.text
    assert kari.buttons()
    assert to not in kari.buttons()


@pytest.mark.parametrize("to", ["", "x", "2027-04-20T09:00~nobody~lambertseter", "2027-04-20T09:00~ask-eksempel~mars"])
def test_a_place_that_there_is_not_moves_nothing_and_offers_others(demo_app: Flask, to: str) -> None:
    kari = Kari(demo_app).at_visit()
    start = session_start(kari, 3)
    kari.choose(to)
    assert kari.status == 422
    assert "We could not read which time you chose." in kari.text
    assert kari.buttons()
    assert session_start(kari, 3) == start


def test_the_check_page_shows_old_and_new_before_anything_is_moved(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    start, to = session_start(kari, 3), kari.buttons()[1]
    kari.open(f"{kari.visit_url(3)}/move?to={to}")
    assert "Nothing is moved yet." in kari.text
    assert kari.text.index("From") < kari.text.index("To ") < kari.text.index("It costs nothing")
    assert session_start(kari, 3) == start
    kari.send("/move")
    assert f"{oslo(session_start(kari, 3)):%Y-%m-%dT%H:%M}" == to.split("~")[0]


def test_the_check_page_without_a_time_leads_to_those_that_are_free(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.visit_url(3)}/move")
    assert kari.path == kari.visit_url(3)


def test_a_review_that_must_go_along_is_named_beside_the_time(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit(9)
    later = [a.get("href") for a in kari.main.iter("a") if "?week=" in (a.get("href") or "")]
    kari.open(later[-1])
    assert "The review goes along:" in kari.text


def test_a_change_of_two_visits_is_undone_by_a_button_that_names_both(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit(9)
    later = [a.get("href") for a in kari.main.iter("a") if "?week=" in (a.get("href") or "")]
    kari.open(later[-1]).send("/move", to=kari.buttons()[-1])
    assert "Undo: Session 9, Review" in kari.text
    kari.at_visit(3).choose(kari.buttons()[0])
    assert "Undo the last change: Session 3" in kari.text


def test_only_of_several_free_times_one_is_called_the_best(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with demo_app.test_request_context("/en/"):
        visit = kari.session(3)
        weeks = weeks_for(db.session(), office(), course(kari.links.course_id), visit, now=NOW)
        single = replace(weeks[1], options=weeks[1].options[:1])
        places = Places(House(db.session()), visit.clinic_id, {})
        notes = [week.note for week in places.offer([weeks[0], single, weeks[2]], "/").others]
    assert notes[0].startswith("1 free time, ")
    assert " best " not in notes[0]
    assert " free times, best " in notes[1]


# -- late -------------------------------------------------------------------------------------------------------------


def test_the_first_late_change_is_free_and_says_so(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 3) - timedelta(hours=3)):
        kari.at_visit()
        assert "This once it costs nothing all the same; another late change in this course costs" in kari.text


def test_the_one_free_late_change_is_used_only_after_asking_once_more(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    start = session_start(kari, 3)
    with at(start - timedelta(hours=3)):
        kari.at_visit().choose(kari.buttons()[0])
        assert session_start(kari, 3) == start
        assert "Move it, and use the one free late change" in kari.text
        kari.open(f"{kari.visit_url(3)}/cancel")
        assert "Cancel it, and use the one free late change" in kari.text
        kari.open(f"{kari.links.page}/cancel-rest")
        assert "It uses up the one late change in this course that is free." in kari.text


def test_a_page_that_was_open_past_the_limit_does_not_use_the_free_late_change(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    start = session_start(kari, 3)
    with at(start - timedelta(hours=24, minutes=1)):
        kari.at_visit()
    with at(start - timedelta(hours=23, minutes=59)):
        kari.choose(kari.buttons()[0])
        assert kari.status == 409
        assert session_start(kari, 3) == start


def test_a_late_change_with_a_price_asks_once_more_before_anything_is_moved(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 2) - timedelta(hours=3)):
        kari.at_visit(2).choose(kari.buttons()[-1]).send("/move").send("/send-now")
    with at(session_start(kari, 3) - timedelta(hours=3)):
        kari.at_visit(3)
        start, to = session_start(kari, 3), kari.buttons()[0]
        assert "It costs NOK" in kari.text.split("Other times that week")[0]
        kari.choose(to)
        assert session_start(kari, 3) == start
        assert "Move this visit?" in kari.text
        assert "It costs NOK" in kari.text
        kari.send("/move")
        assert session_start(kari, 3) != start


def test_nothing_is_moved_at_a_price_that_was_not_shown(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 2) - timedelta(hours=3)):
        kari.at_visit(2).choose(kari.buttons()[-1]).send("/move").send("/send-now")
    start = session_start(kari, 3)
    with at(start - timedelta(hours=24, minutes=1)):
        kari.at_visit(3)
        assert "It costs nothing" in kari.text
    with at(start - timedelta(hours=23, minutes=59)):
        kari.choose(kari.buttons()[0])
        assert kari.status == 409
        assert "It costs NOK" in kari.text
        assert session_start(kari, 3) == start


def test_a_visit_that_is_over_cannot_be_moved(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 3) + timedelta(days=1)):
        kari.at_visit()
        assert "This visit is over." in kari.text
        assert not kari.buttons()
        assert not kari.forms()


def test_a_page_that_was_open_until_the_visit_began_moves_nothing(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    start = session_start(kari, 3)
    with at(start + timedelta(minutes=1)):
        kari.choose(kari.buttons()[0])
        assert kari.status == 409
        assert "This visit has begun." in kari.text
    assert session_start(kari, 3) == start


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_moving_is_offered_before_cancelling(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    kari.open(kari.link("Cancel this visit"))
    assert kari.text.index("You can also move it") < kari.text.index("It costs nothing")


def test_a_visit_is_cancelled_by_one_more_press(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    session, mails = kari.session(3), kari.mails()
    kari.open(f"{kari.visit_url(3)}/cancel").send("/cancel")
    assert "is cancelled: Tuesday" in kari.text
    kari.send("/send-now")
    assert kari.mails()[len(mails) :] == ["changed", "cancel"]
    assert [a.status for a in kari.appointments() if a.id == session.id] == [CANCELLED]


def test_a_second_click_cancels_nothing_more(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    url = f"{kari.visit_url(3)}/cancel"
    seen = kari.open(url).forms("/cancel")[0].find("input[@name='seen']").get("value")
    for _click in range(2):
        kari.post(url, {"seen": seen})
        assert kari.path == kari.links.page
    assert sum(a.status == CANCELLED for a in kari.appointments()) == 1


def test_a_cancelled_visit_says_so_and_offers_nothing(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    url = kari.visit_url(3)
    kari.open(f"{url}/cancel").send("/cancel")
    for page in (url, f"{url}/cancel"):
        assert "This visit is cancelled." in kari.open(page).text
        assert not kari.forms()


def test_cancelling_is_undone(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    before = [(a.id, a.number, a.starts_at, a.status) for a in kari.appointments()]
    kari.open(f"{kari.visit_url(3)}/cancel").send("/cancel").send("/undo")
    assert [(a.id, a.number, a.starts_at, a.status) for a in kari.appointments()] == before


def test_the_rest_is_cancelled_at_once_with_all_dates_and_the_sum_before_the_button(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 4) - timedelta(days=3)):
        kari.open(kari.links.page)
        kari.open(kari.link("Cancel all that is to come"))
        assert len(kari.main.findall(".//ol[@class='dates']/li")) == 7
        assert "Tuesday 15 June Review. Free." in kari.text
        assert "You can also change the days" in kari.text
        assert kari.text.index("It costs nothing.") < kari.text.index("Cancel these 7 visits")
        kari.send("/cancel-rest")
        assert "7 visits are cancelled." in kari.text
    assert [a.status for a in kari.appointments()].count(CANCELLED) == 7


def test_a_second_click_on_all_is_no_error(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    url = f"{kari.links.page}/cancel-rest"
    seen = kari.open(url).forms("/cancel-rest")[0].find("input[@name='seen']").get("value")
    for _click in range(2):
        kari.post(url, {"seen": seen})
        assert (kari.status, kari.path) == (200, kari.links.page)


def test_where_nothing_is_to_come_nothing_can_be_cancelled(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.links.page}/cancel-rest").send("/cancel-rest").send("/send-now")
    assert "There is no visit that could be cancelled." in kari.open(f"{kari.links.page}/cancel-rest").text


# -- adding -----------------------------------------------------------------------------------------------------------


def test_a_session_that_is_missing_is_offered_at_the_end(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    miss(demo_app, kari, 3)
    kari.open(kari.links.page)
    kari.open(kari.link("Add a session at the end"))
    assert re.search("It costs NOK.[0-9]+, paid at the visit.", kari.text)
    last = max(a.starts_at for a in kari.appointments() if a.kind == "session")
    kari.post(f"{kari.links.page}/extend", {"to": kari.buttons()[0]})
    assert "is added:" in kari.text
    assert max(a.starts_at for a in kari.appointments() if a.kind == "session") > last


def test_where_no_session_is_missing_none_can_be_added(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    assert "Add a session at the end" not in kari.open(kari.links.page).text
    assert "No session is missing." in kari.open(f"{kari.links.page}/extend").text


def test_a_second_click_adds_nothing_more(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    miss(demo_app, kari, 3)
    url = f"{kari.links.page}/extend"
    to = kari.open(url).buttons()[0]
    for _click in range(2):
        kari.post(url, {"to": to})
        assert (kari.status, kari.path) == (200, kari.links.page)
    assert len(kari.appointments()) == 11


@pytest.mark.parametrize(("to", "status"), [("x", 422), ("2027-04-20T09:00~ask-eksempel~lambertseter", 409)])
def test_a_session_is_added_only_where_it_was_offered(demo_app: Flask, to: str, status: int) -> None:
    kari = Kari(demo_app)
    miss(demo_app, kari, 3)
    kari.open(f"{kari.links.page}/extend").post(f"{kari.links.page}/extend", {"to": to})
    assert kari.status == status
    assert kari.buttons()
    assert len(kari.appointments()) == 10


# -- from here on -----------------------------------------------------------------------------------------------------


def test_the_rest_gets_other_days_after_all_of_them_were_shown(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    with at(session_start(kari, 4) - timedelta(days=3)):
        before = [a.starts_at for a in kari.appointments()]
        kari.open(kari.links.page)
        kari.open(kari.link("Other days or times from here on"))
        assert "for the 6 sessions that are to come" in kari.text
        kari.send("/replan#proposals", day="thu")
        kari.send("/replan", nth=1)
        assert "Nothing is changed yet." in kari.text
        assert [a.starts_at for a in kari.appointments()] == before
        kari.send("/check")
        assert "visits have new times." in kari.text
    days = [oslo(a.starts_at).strftime("%a") for a in kari.appointments() if a.kind == "session"]
    assert days[:3] == ["Tue"] * 3
    assert set(days[3:]) <= {"Wed", "Thu"}, "Thursdays, and the day before for Ascension Day"


def test_other_days_are_undone_as_one(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    before = [(a.id, a.starts_at) for a in kari.appointments()]
    kari.open(f"{kari.links.page}/replan?day=thu").send("/replan", nth=1)
    kari.send("/check").send("/undo")
    assert [(a.id, a.starts_at) for a in kari.appointments()] == before


def test_kept_times_that_were_given_back_are_looked_for_again(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.links.page}/replan?day=thu").send("/replan", nth=1)
    with at(NOW + timedelta(hours=1)):
        kari.send("/check")
        assert "These times are no longer kept, and nothing was changed." in kari.text


def test_a_second_click_on_the_last_look_is_no_error(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.links.page}/replan?day=thu").send("/replan", nth=1)
    url, seen = kari.path, kari.forms("/check")[0].find("input[@name='seen']").get("value")
    for _click in range(2):
        kari.post(url, {"seen": seen})
        assert (kari.status, kari.path) == (200, kari.links.page)
    assert kari.text.count("visits have new times.") == 1


@pytest.mark.parametrize("query", ["day=x", "clinic=mars", "from=yesterday", "away=1", "day=thu&part=night"])
def test_wishes_that_cannot_be_read_are_marked_and_kept(demo_app: Flask, query: str) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.links.page}/replan?{query}")
    assert kari.status == 200
    assert kari.title.strip().startswith("Error:")
    assert "We cannot look for times yet" in kari.text


@pytest.mark.parametrize("query", ["", "pattern=x", "day=thu&pattern=thu~09:00~nobody~mars", "day=x&pattern=y"])
def test_a_plan_that_there_is_not_is_not_kept(demo_app: Flask, query: str) -> None:
    kari = Kari(demo_app)
    kari.post(f"{kari.links.page}/replan", {"query": query, "shown": "x"})
    assert kari.status in (409, 422)
    assert "Other days or times from here on" in kari.text


def test_a_single_visit_has_no_rest(demo_app: Flask) -> None:
    kari = Kari(demo_app, asked=Asked(protocol="needle-session", clinics=("raholt",), start=NOW.date()))
    kari.open(kari.links.page)
    assert "from here on" not in kari.text
    assert kari.open(f"{kari.links.page}/replan").path == kari.links.page
    kari.open(f"{kari.links.page}/visits/{kari.appointments()[0].id}")
    assert kari.buttons()


# -- all pages --------------------------------------------------------------------------------------------------------


def change_pages(kari: Kari) -> list[str]:
    visit = f"visits/{kari.session(3).id}"
    to = kari.at_visit().buttons()[0]
    return [visit, f"{visit}/move?to={to}", f"{visit}/cancel", "cancel-rest", "extend", "replan", "replan?day=thu"]


def test_every_page_of_a_change_is_whole(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    for page in change_pages(kari):
        for language in LANGUAGES:
            answer = kari.client.get(f"/{language}/course/{kari.links.token}/{page}")
            tree = read_strictly(answer.data)
            assert answer.status_code == 200
            assert len(tree.findall(".//h1")) == 1
            assert fragments(answer.text) <= {element.get("id") for element in tree.iter()}
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_strangers_visit_is_found_by_nobody_else(demo_app: Flask) -> None:
    kari, siv = Kari(demo_app), booked_links(demo_app, SIV)
    visit = f"{siv.page}/visits/{kari.session(3).id}"
    for page in (visit, f"{visit}/cancel", f"{visit}/move?to=x"):
        answer = demo_app.test_client().get(page)
        assert answer.status_code == 404
        assert siv.page in answer.text


def test_a_visit_that_waits_for_a_call_is_not_changed_here(demo_app: Flask) -> None:
    with demo_app.app_context():
        made = booked(held(choice(Asked(start=NOW.date(), new_patient=True))), KARI, UNSURE)
        links, first = links_now(made.course_id), course(made.course_id).appointments[0].id
    walker = Walker(demo_app).open(f"{links.page}/visits/{first}")
    assert "until we have talked" in walker.text
    assert not walker.forms()
    for page in ("cancel-rest", "extend", "replan"):
        assert walker.open(f"{links.page}/{page}").path == links.page


def test_a_late_change_that_costs_stands_on_the_page_of_the_course(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    for number in (2, 3):
        with at(session_start(kari, number) - timedelta(hours=3)):
            kari.open(f"{kari.visit_url(number)}/cancel").send("/cancel")
            late = "It costs NOK" if number == 3 else "It was late, but costs nothing this once."
            assert late in kari.text.split("You can undo this")[0]
    assert "For late changes and missed visits you pay NOK" in kari.open(kari.links.page).text


def test_who_finds_no_better_time_can_wait_for_one(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    assert kari.link("Tell me if a better time becomes free") == f"{kari.visit_url(3)}/wait"


def test_a_change_from_another_site_is_refused(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    for page in (f"visits/{kari.session(3).id}/cancel", "cancel-rest", "undo", "send-now"):
        answer = kari.client.post(f"{kari.links.page}/{page}", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403


@pytest.mark.parametrize("change", ["", "x", "1", "999999999", "-1"])
def test_what_cannot_be_undone_is_said(demo_app: Flask, change: str) -> None:
    kari = Kari(demo_app)
    kari.post(f"{kari.links.page}/undo", {"change": change})
    assert "can no longer be undone" in kari.text


def test_a_helper_moves_and_sees_no_address(demo_app: Flask) -> None:
    kari = Kari(demo_app, channel=Channel.INVITATIONS)
    page = helper_link(demo_app, kari.links).page
    kari.open(f"{page}/visits/{kari.session(3).id}")
    assert "kari@example.com" not in kari.response.text
    kari.choose(kari.buttons()[0])
    assert "Session 3 is moved from" in kari.text
    assert "kari@example.com" not in kari.response.text


def test_who_did_not_make_a_change_reads_who_did(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    page = helper_link(demo_app, kari.links).page
    kari.open(f"{page}/visits/{kari.session(3).id}").choose(kari.buttons()[0])
    assert "did this" not in kari.text
    assert "Your helper did this." in kari.open(kari.links.page).text
    kari.at_visit(5).choose(kari.buttons()[0])
    assert "Not all of this was done by you." in kari.text
    assert "Send now" in kari.text
    assert "Send now" not in kari.open(page).text


def test_a_visit_that_was_missed_is_called_so_though_it_was_moved(demo_app: Flask) -> None:
    kari = Kari(demo_app).at_visit()
    kari.choose(kari.buttons()[0])
    miss(demo_app, kari, 3)
    kari.open(kari.links.page)
    assert "missed" in kari.text
    assert "You chose this time yourself." not in kari.text
    assert "One session is missing." in kari.text


def test_the_last_look_says_with_whom_the_new_times_are(demo_app: Flask) -> None:
    kari = Kari(demo_app)
    kari.open(f"{kari.links.page}/replan?day=thu").send("/replan")
    assert kari.path.endswith("/replan/check")
    assert re.search("Your new times.+With [^.]+ at [^.]+[.]", kari.text)
