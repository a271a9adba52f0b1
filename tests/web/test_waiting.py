"""The pages of the waiting list: joining, what is offered, taking it, saying no, and leaving."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.course import PartOfDay
from booking.services.links import waiter_token
from booking.services.proposals import Asked, propose
from booking.services.waiting import WAITS_OF_ONE
from booking.services.wishes import query_of
from booking.store.appointments import Appointment
from booking.store.database import db
from booking.store.waiting import Waiter
from tests.builders import NOW, booked_course, course, office
from tests.copies import once
from tests.people import KARI
from tests.servers.databases import only_sqlite
from tests.services.outbox import messages
from tests.services.waiters import (
    asks_for_course,
    elsewhere_that_week,
    give_back,
    offers,
    place_of,
    round_of_the_worker,
    times_of_the_next_plan,
    waits_for_course,
    waits_for_visit,
)
from tests.web.pages import LANGUAGES, Links, booked_links, fragments, read_strictly
from tests.web.walker import Walker

pytestmark = only_sqlite

WISHES = "clinic=lambertseter&day=tue&part=morning&from=2027-04-05&new=1"
NEVER = "/en/book/plan?clinic=eidsvoll-sundet&day=sat&part=evening"
FEW = Asked(clinics=("raholt",), days=frozenset({2}), parts=frozenset({PartOfDay.AFTERNOON}), start=date(2027, 4, 5))
PERSON = {"name": "Vera Venter", "email": "vera@example.com"}


def waiter() -> Waiter:
    db.session.rollback()
    return db.session.scalars(select(Waiter)).one()


def waiting_for_a_course(app: Flask, *, offered: bool) -> str:
    """The address of who waits, in English, without the language."""

    def made() -> int:
        waiter_id = waits_for_course()
        if offered:
            give_back(times_of_the_next_plan())
            assert round_of_the_worker() == 1
        return waiter_id

    with app.app_context():
        return f"/waiting/{waiter_token(office(), once(made, 'waits for a course', offered))}"


def waiting_for_a_visit(app: Flask, *, offered: bool) -> tuple[Links, str, tuple[Any, ...]]:
    """Kari's links, her page of waiting without the language, and the better time."""
    links = booked_links(app, language="en")

    def made() -> tuple[int, tuple[Any, ...]]:
        kari = course(links.course_id)
        third = kari.appointments[2]
        better = elsewhere_that_week(kari, third)
        waits_for_visit(kari, third)
        if offered:
            give_back([better])
            assert round_of_the_worker() == 1
        return third.id, better

    with app.app_context():
        third, better = once(made, "waits for a visit", offered)
    return links, f"/course/{links.token}/visits/{third}/wait", better


# -- joining ----------------------------------------------------------------------------------------------------------


def test_the_planner_leads_to_the_list_with_the_wishes(demo_app: Flask) -> None:
    walker = Walker(demo_app).open(f"/en/book/plan?{WISHES}")
    link = walker.link("Tell me when times become free")
    assert link == f"/en/book/wait?{WISHES}"
    text = walker.open(link).text
    for words in (
        "Lambertseter",
        "Tue",
        "Morning, before 11",
        "Monday 5 April 2027",
        "yes, I have not been here before",
    ):
        assert words in text


def test_where_all_is_taken_there_is_a_way_to_the_list(demo_app: Flask) -> None:
    with demo_app.app_context():
        taken = take_all(FEW)
    walker = Walker(demo_app).open(f"/en/book/plan?{query_of(FEW)}")
    assert "No nine weeks fit these wishes" in walker.text, taken
    assert walker.link("Tell me when times become free") == f"/en/book/wait?{query_of(FEW)}"


def take_all(asked: Asked) -> int:
    """Books courses until none fits any more; how many."""
    for number in range(40):
        db.session.rollback()
        if not propose(db.session(), office(), asked, now=NOW).plans:
            return number
        booked_course(KARI, asked, email=f"kari{number}@example.com", mobile=None)
    raise AssertionError("something is always free")


def test_nobody_waits_for_a_clinic_to_open_when_it_is_closed(demo_app: Flask) -> None:
    text = Walker(demo_app).open(NEVER).text
    assert "No nine weeks fit these wishes" in text
    assert "Tell me when times become free" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_joining_keeps_the_wish_and_leads_to_a_page_that_says_so(demo_app: Flask, language: str) -> None:
    walker = Walker(demo_app).open(f"/{language}/book/wait?{WISHES}").send("wait", **PERSON, hours="24", weeks="4")
    assert walker.path == f"/{language}/book/wait/noted"
    assert walker.title.startswith({"en": "Look in your e-mail", "nb": "Se i e-posten din"}[language])
    with demo_app.app_context():
        found = waiter()
        assert (found.query, found.name, found.email, found.language) == (WISHES, *PERSON.values(), language)
        assert found.offer_hours == 24
        assert found.confirmed_at is None, "the address may be anybody's"
        assert 27 <= (found.until - NOW).days <= 28
        assert [(m.kind, m.recipient) for m in messages()] == [("waiting", "vera@example.com")]


def test_one_address_is_not_written_to_again_and_again(demo_app: Flask) -> None:
    """By whomever: each time another network asks, for another wish."""
    answers = []
    for day in ("mon", "tue", "wed", "thu", "fri", "sat"):
        sent = {"query": f"{WISHES}&day={day}&away=2027-05-03..2027-05-0{len(answers) + 3}", **PERSON}
        network = {"REMOTE_ADDR": f"192.0.2.{len(answers) + 1}"}
        client = demo_app.test_client()
        answers.append(
            client.post("/en/book/wait", data=sent | {"hours": "2", "weeks": "4"}, environ_overrides=network)
        )
    assert [answer.status_code for answer in answers] == [303] * WAITS_OF_ONE.most + [429]
    assert "We have sent several e-mails lately." in answers[-1].text
    assert read_strictly(answers[-1].data).find(".//section[@id='error-summary']") is not None
    with demo_app.app_context():
        assert len(messages()) == WAITS_OF_ONE.most


def test_joining_needs_no_cookie(demo_app: Flask) -> None:
    client = demo_app.test_client()
    form = {"query": WISHES, **PERSON, "hours": "2", "weeks": "13"}
    assert client.get(f"/en/book/wait?{WISHES}").headers.get("Set-Cookie") is None
    answer = client.post("/en/book/wait", data=form)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Write your name."),
        ({"email": "vera"}, "Write the e-mail address like this"),
        ({"hours": "100"}, "Choose from the list."),
        ({"weeks": "x"}, "Choose from the list."),
    ],
)
def test_what_is_mistyped_is_said_and_kept(demo_app: Flask, wrong: dict[str, str], words: str) -> None:
    walker = Walker(demo_app).open(f"/en/book/wait?{WISHES}").send("wait", **{**PERSON, **wrong})
    assert walker.status == 422
    assert words in walker.text
    assert walker.title.startswith("Error:")
    with demo_app.app_context():
        assert db.session.scalars(select(Waiter)).all() == []


@pytest.mark.parametrize("query", ["day=someday", "clinic=nowhere", "from=tomorrow", "part=night"])
def test_wishes_that_mean_nothing_lead_back_to_the_planner(demo_app: Flask, query: str) -> None:
    assert Walker(demo_app).open(f"/en/book/wait?{query}").path == "/en/book/plan"
    answer = demo_app.test_client().post("/en/book/wait", data={"query": query, **PERSON})
    assert answer.headers["Location"] == "/en/book/plan"


# -- for a course -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("offered", [False, True])
def test_the_page_of_who_waits_is_whole_and_nobody_elses(demo_app: Flask, language: str, offered: bool) -> None:
    url = f"/{language}{waiting_for_a_course(demo_app, offered=offered)}"
    answer = demo_app.test_client().get(url)
    tree = read_strictly(answer.data)
    assert len(tree.findall(".//h1")) == 1
    assert fragments(answer.text) <= {element.get("id") for element in tree.iter()}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in answer.headers


def asked_for_a_yes(app: Flask) -> str:
    """The address of who has not said yes yet, in English, without the language."""
    with app.app_context():
        return f"/waiting/{waiter_token(office(), asks_for_course())}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_that_asks_for_a_yes_is_whole(demo_app: Flask, language: str) -> None:
    tree = read_strictly(demo_app.test_client().get(f"/{language}{asked_for_a_yes(demo_app)}").data)
    assert len(tree.findall(".//h1")) == 1
    assert len(tree.findall(".//main//form")) == 2


def test_opening_the_mailed_link_says_no_yes_yet(demo_app: Flask) -> None:
    """A program that looks at links in mails puts nobody on the list."""
    walker = Walker(demo_app).open(f"/en{asked_for_a_yes(demo_app)}")
    assert "Until then we keep nothing for you." in walker.text
    assert "You are on the waiting list" not in walker.text
    with demo_app.app_context():
        assert waiter().confirmed_at is None


def test_a_yes_puts_her_on_the_list(demo_app: Flask) -> None:
    walker = Walker(demo_app).open(f"/en{asked_for_a_yes(demo_app)}").send("answer", answer="yes")
    assert "You are on the waiting list" in walker.text
    assert len(walker.forms("answer")) == 1, "only leaving is left to do"
    with demo_app.app_context():
        assert waiter().confirmed_at is not None
        give_back(times_of_the_next_plan())
        assert round_of_the_worker() == 1


def test_whose_address_was_typed_by_another_leaves_without_a_yes(demo_app: Flask) -> None:
    walker = Walker(demo_app).open(f"/en{asked_for_a_yes(demo_app)}").send("answer", nth=1, answer="leave")
    assert "You are no longer on the waiting list" in walker.text
    with demo_app.app_context():
        assert waiter().confirmed_at is None


def test_without_her_link_nobody_sees_who_waits(demo_app: Flask) -> None:
    waiting_for_a_course(demo_app, offered=True)
    client = demo_app.test_client()
    assert client.get("/en/waiting/" + "a" * 32).status_code == 404
    assert client.post("/en/waiting/" + "a" * 32 + "/answer").status_code == 404


def test_looking_at_an_offer_takes_nothing(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=True)
    walker = Walker(demo_app).open(f"/en{url}")
    assert "They are kept for you until 15:00" in walker.text
    with demo_app.app_context():
        assert len(offers()) == 1


def test_a_taken_offer_leads_through_the_booking_to_a_course(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=True)
    walker = Walker(demo_app).open(f"/en{url}").send("answer", answer="take")
    assert walker.path == "/en/book/health"
    assert "15:00" in walker.text
    walker.send("health", gate="no")
    assert walker.path == "/en/book/details"
    assert walker.value("name") == "Vera Venter"
    assert walker.value("email") == "vera@example.com"
    walker.send("details", day="17", month="5", year="1979", by_email="y", channel="file")
    assert walker.path == "/en/book/check"
    walker.send("check")
    assert walker.path.endswith("/booked")
    assert "Your times are booked" in walker.open(f"/en{url}").text


def test_who_has_taken_times_goes_on_from_another_browser(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=True)
    Walker(demo_app).open(f"/en{url}").send("answer", answer="take")
    other = Walker(demo_app, address="192.0.2.7").open(f"/en{url}")
    assert "You have taken these times" in other.text
    assert other.send("answer", answer="take").path == "/en/book/health"


def test_saying_no_keeps_her_on_the_list(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=True)
    walker = Walker(demo_app).open(f"/en{url}").send("answer", nth=1, answer="refuse")
    assert "You said no to the last offer" in walker.text
    assert "You are on the waiting list" in walker.text


def test_an_old_page_cannot_take_what_was_refused(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=True)
    old = Walker(demo_app).open(f"/en{url}")
    Walker(demo_app).open(f"/en{url}").send("answer", nth=1, answer="refuse")
    old.send("answer", answer="take")
    assert old.status == 409
    assert "This offer is over" in old.text


@pytest.mark.parametrize("offer", ["", "x", "-1", "99999999999999999999", "7"])
def test_an_offer_that_there_is_not_is_over(demo_app: Flask, offer: str) -> None:
    url = waiting_for_a_course(demo_app, offered=False)
    answer = demo_app.test_client().post(f"/en{url}/answer", data={"answer": "take", "offer": offer})
    assert answer.status_code == 409


def test_leaving_the_list_is_one_click(demo_app: Flask) -> None:
    url = waiting_for_a_course(demo_app, offered=False)
    walker = Walker(demo_app).open(f"/en{url}").send("answer", answer="leave")
    assert "You are no longer on the waiting list" in walker.text
    assert walker.forms("answer") == []


# -- for a visit ------------------------------------------------------------------------------------------------------


def test_joining_for_a_visit_asks_for_days_and_times_only(demo_app: Flask) -> None:
    links = booked_links(demo_app, language="en")
    with demo_app.app_context():
        third = course(links.course_id).appointments[2].id
    walker = Walker(demo_app).open(f"/en/course/{links.token}/visits/{third}/wait")
    walker.send("wait", day=["mon", "thu"], part=["midday"], hours="6")
    assert "You are on the waiting list" in walker.text
    assert "Mon, Thu" in walker.text
    with demo_app.app_context():
        found = waiter()
        assert (found.query, found.offer_hours, found.email) == ("day=mon&day=thu&part=midday", 6, KARI.email)
        assert found.appointment_id == third


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("offered", [False, True])
def test_the_page_of_a_visits_offer_is_whole(demo_app: Flask, language: str, offered: bool) -> None:
    _links, url, _better = waiting_for_a_visit(demo_app, offered=offered)
    answer = demo_app.test_client().get(f"/{language}{url}")
    tree = read_strictly(answer.data)
    assert len(tree.findall(".//h1")) == 1
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_the_offer_says_what_it_costs_and_what_is_sent_before_the_button(demo_app: Flask) -> None:
    _links, url, _better = waiting_for_a_visit(demo_app, offered=True)
    text = Walker(demo_app).open(f"/en{url}").text
    button = text.index("Take the new time")
    for words in ("It costs nothing", "You can undo it for 10 minutes", "Then we send one e-mail to kari@example.com"):
        assert 0 <= text.index(words) < button


def test_taking_moves_the_visit_and_shows_the_course(demo_app: Flask) -> None:
    links, url, better = waiting_for_a_visit(demo_app, offered=True)
    walker = Walker(demo_app).open(f"/en{url}").send("answer", answer="take")
    assert walker.path == links.page
    with demo_app.app_context():
        places = [(a.starts_at, a.clinician_id, a.clinic_id) for a in course(links.course_id).appointments]
        place = place_of(better)  # type: ignore[arg-type]
        assert (place.start, place.clinician_id, place.clinic_id) in places


def test_saying_no_to_a_better_time_changes_nothing(demo_app: Flask) -> None:
    links, url, _better = waiting_for_a_visit(demo_app, offered=True)
    with demo_app.app_context():
        before = [a.starts_at for a in course(links.course_id).appointments]
    walker = Walker(demo_app).open(f"/en{url}").send("answer", nth=1, answer="refuse")
    assert "You are on the waiting list" in walker.text
    with demo_app.app_context():
        assert [a.starts_at for a in course(links.course_id).appointments] == before


def test_leaving_a_visits_list_shows_the_form_again(demo_app: Flask) -> None:
    _links, url, _better = waiting_for_a_visit(demo_app, offered=True)
    walker = Walker(demo_app).open(f"/en{url}").send("answer", nth=2, answer="leave")
    assert [form.get("action") for form in walker.forms("wait")] == [f"/en{url}"]
    with demo_app.app_context():
        assert offers() == []


def test_nobody_waits_for_a_visit_of_another_course(demo_app: Flask) -> None:
    kari, siv = booked_links(demo_app), booked_links(demo_app, email="siv@example.com", mobile=None)
    with demo_app.app_context():
        hers = course(siv.course_id).appointments[0].id
    assert demo_app.test_client().get(f"/en/course/{kari.token}/visits/{hers}/wait").status_code == 404


def test_a_whole_course_has_nothing_to_wait_for(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    assert "There is nothing to wait for here." in Walker(demo_app).open(f"/en/course/{links.token}/wait").text


def test_who_gave_no_address_is_asked_for_one_first(demo_app: Flask) -> None:
    links = booked_links(demo_app, email=None)
    with demo_app.app_context():
        third = course(links.course_id).appointments[2].id
    walker = Walker(demo_app).open(f"/en/course/{links.token}/visits/{third}/wait")
    assert walker.link("How we reach you") == f"/en/course/{links.token}/contact"


def test_a_mistyped_wish_for_a_visit_is_refused(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    with demo_app.app_context():
        third = course(links.course_id).appointments[2].id
    url = f"/en/course/{links.token}/visits/{third}/wait"
    walker = Walker(demo_app).post(url, {"day": ["someday"], "part": [PartOfDay.MIDDAY.value], "hours": "3"})
    assert walker.status == 422
    with demo_app.app_context():
        assert db.session.scalars(select(Waiter)).all() == []
        assert db.session.get(Appointment, third) is not None
