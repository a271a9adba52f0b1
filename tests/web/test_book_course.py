"""A course, booked by pages, from the first question to the patient's own page; and what can happen between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.services.holds import Visitor, hold
from booking.services.privacy import unseal
from booking.services.tasks import message_of
from booking.store.appointments import Appointment, Claim
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from booking.store.tasks import Task
from tests.builders import NOW, choice_of, office, proposal
from tests.conftest import application
from tests.servers.databases import Content, Databases, only_sqlite
from tests.web.walker import Walker, filled

PLAN = "/en/book/plan?clinic=lambertseter&day=tue&from=2027-04-05"
KARI = {
    "name": "Kari Prøve",
    "day": "17",
    "month": "5",
    "year": "1979",
    "by_email": "y",
    "email": "kari@example.com",
    "by_mobile": "y",
    "mobile": "+46 70 174 06 05",
}


def chosen(app: Flask, url: str = PLAN, **more: Any) -> Walker:
    """A visitor who has chosen the first plan."""
    return Walker(app, **more).after(lambda walker: walker.open(url).send("/choose"), url)


def at_details(app: Flask, gate: str = "no") -> Walker:
    return Walker(app).after(lambda walker: walker.open(PLAN).send("/choose").send(gate=gate), PLAN, gate)


def at_check(app: Flask, **changes: Any) -> Walker:
    """A visitor who has answered everything."""
    said = {**KARI, **changes}
    walker = Walker(app).after(
        lambda walker: walker.open(PLAN).send("/choose").send(gate="no").send(**said), repr(said)
    )
    assert walker.path == "/en/book/check", walker.text
    return walker


def count(app: Flask, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def lapse(app: Flask) -> None:
    """Lets the times of every hold run out."""
    with app.app_context():
        db.session.execute(update(Hold).values(expires_at=NOW - timedelta(minutes=1)))
        db.session.execute(update(Claim).values(expires_at=1))
        db.session.commit()


def taken_by_siv(app: Flask, *numbers: int) -> None:
    """Siv holds the times of these sessions of the only hold there is."""
    with app.app_context():
        row = db.session.scalars(select(Hold)).one()
        found = proposal()
        same = [p for p in found.plans[0].appointments if p.step.number in numbers and p.step.kind == "session"]
        assert [p.start for p in same] == [
            t.starts_at for t in row.times if t.kind == "session" and t.number in numbers
        ]
        picked = choice_of(found.protocol.id, found.plans[0])
        hold(office(), Visitor("siv", "192.0.2.9"), replace(picked, appointments=tuple(same)), now=NOW)


def taken_by_a_stranger(app: Flask, *kinds: str) -> None:
    """A stranger holds the times of these kinds of the only hold there is."""
    with app.app_context():
        kept = [time for time in db.session.scalars(select(Hold)).one().times if time.kind in kinds]
        stranger = Hold(visitor="x", address="x", protocol_id=1, new_patient=False, query="", created_at=NOW)
        stranger.expires_at = NOW + timedelta(days=1)
        names = [column.name for column in HeldTime.__table__.columns if column.name not in ("id", "hold_id")]
        stranger.times = [HeldTime(**{name: getattr(time, name) for name in names}) for time in kept]
        db.session.add(stranger)
        db.session.flush()
        for old, new in zip(kept, stranger.times, strict=True):
            claims = update(Claim).where(Claim.held_time_id == old.id)
            db.session.execute(claims.values(held_time_id=new.id, expires_at=None))
        db.session.commit()


def test_a_course_is_booked_step_by_step(demo_app: Flask) -> None:
    walker = Walker(demo_app).open("/en/book").send("/book", what="course-new", asked="1")
    assert walker.path == "/en/book/plan"
    walker.open(PLAN + "&new=1").send("/choose")
    assert walker.path == "/en/book/health"
    assert "Tuesdays at" in walker.text
    assert "kept for you until 09:15" in walker.text
    walker.send(gate="no")
    assert walker.path == "/en/book/details"
    walker.send(**KARI)
    assert walker.path == "/en/book/check"
    assert "Nothing is booked yet" in walker.text
    assert "NOK 8,090 in all" in walker.text
    walker.send()
    assert walker.path.startswith("/en/course/")
    assert walker.path.endswith("/booked")
    assert (count(demo_app, Course), count(demo_app, Appointment)) == (1, 11)


@only_sqlite
def test_the_way_is_the_same_in_norwegian(demo_app: Flask) -> None:
    walker = chosen(demo_app, PLAN.replace("/en/", "/nb/") + "&new=1")
    assert walker.path == "/nb/book/health"
    walker.send(gate="yes").send(conditions=["anticoag"])
    assert walker.path == "/nb/book/details"
    assert walker.checked("language") == ["nb"]
    walker.send(**KARI)
    assert walker.path == "/nb/book/check"
    assert "tirsdag 6. april" in walker.text.lower()
    walker.send()
    assert walker.path.startswith("/nb/course/")


def test_the_check_page_says_everything_before_it_is_booked(demo_app: Flask) -> None:
    text = at_check(demo_app).text
    for words in (
        "NOK 6,900 in all",
        "Free to cancel until Monday 5 April",
        "The first appointment is free to cancel until Monday 5 April",
        "You get one e-mail with everything, and 10 more",
        "Kari Prøve",
        "17 May 1979",
        "kari@example.com",
        "+46 70 174 06 05",
        "None of these apply",
        "Eksempelveien 9",
    ):
        assert words in text
    assert count(demo_app, Course) == 0


@only_sqlite
def test_no_page_sets_a_cookie_before_times_are_chosen(demo_app: Flask) -> None:
    client = demo_app.test_client()
    for path in (
        "book",
        "book/plan?new=1",
        "book/plan?from=x",
        "book/single?kind=first-visit",
        "call-me",
        "book/by-phone",
    ):
        assert "Set-Cookie" not in client.get(f"/en/{path}").headers, path
    call = client.post("/en/call-me", data={"phone": "22222222"})
    assert "Set-Cookie" not in call.headers
    assert Walker(demo_app).open(PLAN).send("/choose").client.get_cookie("booking") is not None


@only_sqlite
def test_pages_of_the_way_lead_back_to_the_start_without_a_choice(demo_app: Flask) -> None:
    for path in ("health", "health/more", "details", "check", "lost"):
        assert Walker(demo_app).open(f"/en/book/{path}").path == "/en/book"


@only_sqlite
def test_a_step_that_is_not_answered_is_asked_first(demo_app: Flask) -> None:
    walker = chosen(demo_app)
    assert walker.open("/en/book/check").path == "/en/book/health"
    walker.send(gate="yes")
    assert walker.path == "/en/book/health/more"
    assert walker.open("/en/book/details").path == "/en/book/health/more"


def test_clicking_twice_books_one_course(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    form = walker.forms()[0]
    first = walker.send().path
    token = next(e.get("value") for e in form.iter("input") if e.get("name") == "csrf_token")
    again = walker.post("/en/book/check", {"csrf_token": token, "revision": "1"}).path
    assert again == first
    assert count(demo_app, Course) == 1


@only_sqlite
def test_going_back_after_booking_leads_to_the_course(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    course = walker.send().path
    for path in ("health", "health/more", "details", "check", "lost"):
        assert walker.open(f"/en/book/{path}").path == course


@only_sqlite
def test_who_has_booked_can_book_again(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    walker.send()
    walker.open(PLAN.replace("tue", "wed")).send("/choose")
    assert walker.path == "/en/book/health"


def test_a_choice_in_another_window_is_noticed_before_booking(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    form = walker.forms()[0]
    token = next(e.get("value") for e in form.iter("input") if e.get("name") == "csrf_token")
    walker.open(PLAN.replace("tue", "wed")).send("/choose")
    assert walker.path == "/en/book/check"
    walker.post("/en/book/check", {"csrf_token": token, "revision": "1"})
    assert walker.path == "/en/book/check"
    assert "You chose other times in another window" in walker.text
    assert "Wednesdays at" in walker.text
    assert count(demo_app, Course) == 0


def test_choosing_again_replaces_the_hold_and_keeps_every_answer(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    walker.open(PLAN.replace("tue", "thu")).send("/choose")
    assert walker.path == "/en/book/check"
    assert "Kari Prøve" in walker.text
    assert count(demo_app, Hold) == 1


def test_times_that_ran_out_but_are_free_are_kept_again(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    lapse(demo_app)
    walker.open("/en/book/check")
    assert walker.path == "/en/book/check"
    assert "still free. We keep them again until 09:15" in walker.text
    assert walker.send().path.endswith("/booked")


def test_lost_times_are_chosen_anew_and_the_rest_stays(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    lapse(demo_app)
    taken_by_siv(demo_app, 3, 4)
    walker.send()
    assert walker.path == "/en/book/lost"
    assert "2 times were taken meanwhile" in walker.text
    assert "The other 8 times stay" in walker.text
    names = {e.get("name") for e in walker.main.iter("input") if e.get("type") == "radio"}
    assert len(names) == 2
    offered = {name: [e.get("value") for e in walker.main.iter("input") if e.get("name") == name] for name in names}
    assert {len(values) for values in offered.values()} == {3}
    walker.send()
    assert walker.status == 422
    assert "Choose one of these times" in walker.text
    walker.send(**{name: values[0] for name, values in offered.items()})
    assert walker.path == "/en/book/check"
    assert "Kari Prøve" in walker.text
    assert walker.send().path.endswith("/booked")
    assert count(demo_app, Appointment) == 10


@only_sqlite
def test_the_nearest_times_lie_in_the_week_of_the_lost_one(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    lapse(demo_app)
    taken_by_siv(demo_app, 3)
    walker.open("/en/book/check")
    values = [e.get("value") for e in walker.main.iter("input") if e.get("type") == "radio"]
    assert {value[:10] for value in values} == {"2027-04-20"}


@only_sqlite
def test_a_lost_first_visit_and_review_have_other_times(demo_app: Flask) -> None:
    walker = chosen(demo_app, PLAN + "&new=1").send(gate="no").send(**KARI)
    lapse(demo_app)
    taken_by_a_stranger(demo_app, "first_visit", "review")
    walker.open("/en/book/check")
    assert "2 times were taken meanwhile" in walker.text
    names = sorted({e.get("name") for e in walker.main.iter("input") if e.get("type") == "radio"})
    first = {n: next(e.get("value") for e in walker.main.iter("input") if e.get("name") == n) for n in names}
    walker.send(**first)
    assert walker.path == "/en/book/check", walker.text
    assert walker.send().path.endswith("/booked")


@only_sqlite
@pytest.mark.parametrize("path", ["/en/book", "/en/my-appointments"])
def test_who_wandered_off_finds_the_way_back_to_her_times(demo_app: Flask, path: str) -> None:
    walker = chosen(demo_app).open(path)
    assert "kept for you until" in walker.text
    assert walker.open(walker.link("Continue")).path == "/en/book/health"
    lapse(demo_app)
    assert "kept for you" not in walker.open(path).text


def test_times_can_be_kept_longer_once(demo_app: Flask) -> None:
    walker = at_details(demo_app)
    extend = next(form for form in walker.main.iter("form") if "/extend" in form.get("action"))
    token = next(e.get("value") for e in extend.iter("input") if e.get("name") == "csrf_token")
    walker.post(extend.get("action"), {"csrf_token": token})
    assert walker.path == "/en/book/details"
    assert "kept for you until 09:30" in walker.text
    assert not [form for form in walker.main.iter("form") if "/extend" in (form.get("action") or "")]
    walker.post("/en/book/extend?step=nowhere", {"csrf_token": token})
    assert "kept as long as they can be" in walker.text


def test_a_double_click_before_there_is_a_cookie_is_one_visitor(demo_app: Flask) -> None:
    walker = Walker(demo_app).open(PLAN)
    form = filled(walker.forms("/choose")[0], {})
    for _ in range(2):
        assert Walker(demo_app).post("/en/book/choose", form).path == "/en/book/health"
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Hold)) == 1


def test_a_choice_that_is_gone_leads_back_with_a_calm_word(demo_app: Flask) -> None:
    siv, kari = Walker(demo_app, address="192.0.2.9").open(PLAN), Walker(demo_app).open(PLAN)
    assert siv.send("/choose").path == "/en/book/health"
    kari.send("/choose")
    assert kari.path == "/en/book/plan"
    assert "taken just now" in kari.text
    assert kari.forms("/choose")


@only_sqlite
def test_what_was_not_shown_is_not_kept(demo_app: Flask) -> None:
    walker = Walker(demo_app).open(PLAN)
    assert walker.send("/choose", shown="0" * 20).path == "/en/book/plan"
    for query in ("", "pattern=x", "pattern=tue~09:00~nobody~nowhere", "kind=nine-weeks", "kind=first-visit&clinic=x"):
        walker.post("/en/book/choose", {"query": query, "shown": "", "time": "2027-04-06T09:00~x~y"})
        assert walker.response.status_code == 200, query
    assert count(demo_app, Hold) == 0


@only_sqlite
def test_one_address_cannot_empty_the_clinics(demo_app: Flask) -> None:
    with demo_app.app_context():
        most = office().holds_per_address
    for number in range(most):
        assert Walker(demo_app).open(PLAN).send("/choose").path == "/en/book/health", number
    walker = Walker(demo_app).open(PLAN).send("/choose")
    assert walker.status == 429
    assert "call us" in walker.text


@only_sqlite
def test_one_ipv6_network_is_one_address(demo_app: Flask) -> None:
    with demo_app.app_context():
        most = office().holds_per_address
    for number in range(most):
        chosen(demo_app, address=f"2001:db8::{number:x}:1")
    assert Walker(demo_app, address="2001:db8::ffff:ffff:ffff:ffff").open(PLAN).send("/choose").status == 429
    assert chosen(demo_app, address="2001:db8:0:1::1").path == "/en/book/health"


@only_sqlite
def test_holds_that_ran_out_are_kept_again_only_as_far_as_one_address_may(demo_app: Flask) -> None:
    with demo_app.app_context():
        most = office().holds_per_address
    early = [chosen(demo_app) for _ in range(2)]
    lapse(demo_app)
    for _ in range(most - 1):
        assert chosen(demo_app, PLAN.replace("tue", "thu")).path == "/en/book/health"
    assert early[0].open("/en/book/health").status == 200
    assert early[1].open("/en/book/health").status == 429


# -- the health check -----------------------------------------------------------------------------------------


@only_sqlite
@pytest.mark.parametrize(
    ("gate", "conditions", "words"),
    [
        ("yes", ["anticoag"], "Keep taking your medicine"),
        ("yes", ["fear", "allergy"], "coated needles"),
        ("yes", ["acute"], "116 117"),
        ("yes", [], "We will ring you"),
        ("unsure", None, "We will ring you"),
    ],
)
def test_what_follows_from_an_answer_is_told_before_the_details(
    demo_app: Flask, gate: str, conditions: list[str] | None, words: str
) -> None:
    walker = chosen(demo_app).send(gate=gate)
    if conditions is not None:
        walker.send(conditions=conditions)
    assert walker.path == "/en/book/details"
    assert words in walker.text


def test_a_call_keeps_the_times_and_books_nothing(demo_app: Flask) -> None:
    walker = at_details(demo_app, gate="unsure").send(**KARI)
    assert "will ring you by the end of Wednesday 3 March" in walker.text
    assert "Keep these times and ring me" in walker.text
    walker.send()
    assert walker.path.endswith("/booked")
    assert "is booked" not in walker.text
    with demo_app.app_context():
        assert {a.status for a in db.session.scalars(select(Appointment))} == {"pending"}
        assert [task.kind for task in db.session.scalars(select(Task))] == ["call_first"]
        assert [message.kind for message in db.session.scalars(select(Message))] == ["held"]


@only_sqlite
def test_health_answers_are_encrypted_and_in_no_address(demo_app: Flask) -> None:
    walker = chosen(demo_app).send(gate="yes").send(conditions=["bleeding"])
    assert "bleeding" not in walker.path + walker.query
    with demo_app.app_context():
        kept = db.session.scalars(select(Hold)).one().answers
        assert kept is not None
        assert b"bleeding" not in kept
    walker.send(**KARI).send()
    with demo_app.app_context():
        screening = db.session.scalars(select(Screening)).one()
        assert unseal(office(), screening.answers) == {"gate": "yes", "conditions": ["bleeding"]}


@only_sqlite
def test_no_answer_is_an_error_with_a_way_on(demo_app: Flask) -> None:
    walker = chosen(demo_app).send()
    assert walker.status == 422
    assert walker.title.startswith("Error:")
    assert "Choose one of the three answers" in walker.text


@only_sqlite
def test_an_answer_can_be_changed_and_stands_in_its_page(demo_app: Flask) -> None:
    walker = chosen(demo_app).send(gate="yes").send(conditions=["fear", "lymph"])
    assert walker.open("/en/book/health").checked("gate") == ["yes"]
    assert walker.open("/en/book/health/more").checked("conditions") == ["lymph", "fear"]
    assert walker.open("/en/book/health").send(gate="no").path == "/en/book/details"


# -- details --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undecided(databases: Databases) -> Iterator[Walker]:
    """A visitor on the page of details, for many attempts."""
    url = databases.new("sqlite", Content.DEMONSTRATION)
    for app in application(url):
        yield at_details(app)
    databases.drop(url)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "  "}, "Write the name of the person who comes"),
        ({"name": "x" * 101}, "100 letters at most"),
        ({"day": "", "month": "", "year": ""}, "Write the birth date"),
        ({"day": "31", "month": "2"}, "This date does not exist"),
        ({"day": "32"}, "a number from 1 to 31"),
        ({"day": "seventeen"}, "a number from 1 to 31"),
        ({"month": "13"}, "a number from 1 to 12"),
        ({"month": "²"}, "a number from 1 to 12"),
        ({"year": "79"}, "four digits"),
        ({"year": "2030"}, "in the future"),
        ({"year": "2027"}, "in the future"),
        ({"by_email": None, "by_mobile": None}, "Tick how we can reach you"),
        ({"email": "kari"}, "Write the e-mail address like this"),
        ({"email": ""}, "Write the e-mail address like this"),
        ({"mobile": "123"}, "Write a phone number of 8 digits"),
        ({"mobile": "call me"}, "Write a phone number of 8 digits"),
        ({"language": "xx"}, "Choose a language"),
        ({"channel": "pigeon"}, "Choose how the dates reach your calendar"),
        ({"for_other": "y"}, "Write your own name"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    undecided: Walker, changes: dict[str, str | None], words: str
) -> None:
    typed = {**KARI, "for_other": None, **changes}
    walker = undecided.open("/en/book/details").send(**typed)
    assert walker.status == 422
    assert words in walker.text
    assert walker.title.startswith("Error:")
    texts = ("name", "day", "month", "year", "email", "mobile")
    assert [walker.value(id) for id in texts] == [typed[id] for id in texts]
    assert walker.open("/en/book/details").value("name") == typed["name"]


@only_sqlite
def test_the_summary_links_to_the_first_wrong_part_of_a_date(demo_app: Flask) -> None:
    walker = at_details(demo_app).send(**{**KARI, "month": "13"})
    assert walker.link("a number from 1 to 12") == "#month"


@only_sqlite
def test_under_sixteen_is_told_to_phone(demo_app: Flask) -> None:
    walker = at_details(demo_app).send(**{**KARI, "day": "2", "month": "3", "year": "2011"})
    assert walker.path == "/en/book/by-phone"
    assert "parent or guardian" in walker.text
    assert walker.open("/en/book/check").path == "/en/book/by-phone"
    assert walker.open("/en/book/details").value("year") == "2011"
    assert walker.send(day="1").path == "/en/book/check"


@only_sqlite
def test_who_has_neither_mail_nor_mobile_can_book(demo_app: Flask) -> None:
    walker = at_check(demo_app, by_email=None, by_mobile=None, neither="y", phone="22 22 22 22")
    assert "We send no e-mail" in walker.text
    assert "22 22 22 22" in walker.text
    assert walker.send().path.endswith("/booked")
    with demo_app.app_context():
        course = db.session.scalars(select(Course)).one()
        assert (course.email, course.mobile, course.channel) == (None, "+4722222222", "none")
    assert count(demo_app, Message) == 0


@only_sqlite
def test_booking_for_somebody_else_shows_her_name_on_later_pages(demo_app: Flask) -> None:
    walker = at_check(demo_app, for_other="y", booked_by="Siv Fremmed")
    assert "for Kari Prøve" in walker.text
    assert "Siv Fremmed" in walker.text
    walker.send()
    with demo_app.app_context():
        assert db.session.scalars(select(Course)).one().booked_by == "Siv Fremmed"


@only_sqlite
def test_a_name_cannot_break_a_line(demo_app: Flask) -> None:
    walker = at_check(demo_app, name="Kari\r\nBcc: siv@example.com \u202e")
    walker.send()
    with demo_app.app_context():
        assert db.session.scalars(select(Course)).one().name == "Kari Bcc: siv@example.com"


@only_sqlite
def test_all_that_was_chosen_reaches_the_course(demo_app: Flask) -> None:
    walker = at_check(demo_app, channel="file", language="nb", needs=["dim_light", "companion"])
    assert "Dim light, Somebody comes with me" in walker.text
    assert "You get one e-mail with everything." in walker.text
    walker.send()
    with demo_app.app_context():
        course = db.session.scalars(select(Course)).one()
        assert (course.channel, course.language, course.needs) == ("file", "nb", ["dim_light", "companion"])


@only_sqlite
def test_a_form_without_its_token_changes_nothing(demo_app: Flask) -> None:
    walker = at_check(demo_app)
    walker.post("/en/book/check", {"revision": "1"})
    assert walker.status == 400
    assert count(demo_app, Course) == 0


# -- call me instead ------------------------------------------------------------------------------------------


def test_a_call_is_promised_with_a_day(demo_app: Flask) -> None:
    walker = Walker(demo_app).open("/en/call-me").send(phone="22 22 22 22", when="midday")
    assert walker.path == "/en/call-me/noted"
    assert "By the end of Tuesday 2 March" in walker.text
    with demo_app.app_context():
        task = db.session.scalars(select(Task)).one()
        assert (task.kind, task.phone, task.note, task.language) == ("call_me", "+4722222222", "midday", "en")


def test_a_message_may_be_left_with_the_wish_to_be_called(demo_app: Flask) -> None:
    walker = (
        Walker(demo_app).open("/nb/call-me").send(phone="22 22 22 22", message=" Jeg bruker rullestol.\r\n Ring sent. ")
    )
    assert walker.path == "/nb/call-me/noted"
    with demo_app.app_context():
        task = db.session.scalars(select(Task)).one()
        assert message_of(office(), task) == "Jeg bruker rullestol.\nRing sent."
        assert b"rullestol" not in (task.message or b"")


@only_sqlite
def test_a_message_that_is_too_long_is_kept_in_the_form(demo_app: Flask) -> None:
    walker = Walker(demo_app).open("/en/call-me").send(phone="22 22 22 22", message="å" * 501)
    assert walker.status == 422
    assert "å" * 501 in walker.response.text
    assert "500 letters at most" in walker.text
    assert count(demo_app, Task) == 0


@only_sqlite
@pytest.mark.parametrize("phone", ["", "12", "my number", "+" + "9" * 40])
def test_a_call_needs_a_number_that_can_be_rung(demo_app: Flask, phone: str) -> None:
    walker = Walker(demo_app).open("/en/call-me").send(phone=phone, name="Kari")
    assert walker.status == 422
    assert walker.value("name") == "Kari"
    assert count(demo_app, Task) == 0


@only_sqlite
@pytest.mark.parametrize("by", ["", "x", "1999-01-01", "9999-12-31"])
def test_a_promise_is_not_read_from_just_any_address(demo_app: Flask, by: str) -> None:
    assert "Within one working day" in Walker(demo_app).open(f"/en/call-me/noted?by={by}").text
