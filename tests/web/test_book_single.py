"""A single appointment: ten dates a page, the times of a day by part of day, and booked like a course."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.store.appointments import Appointment, Claim
from booking.store.database import db
from booking.store.holds import Hold
from tests.builders import NOW
from tests.servers.databases import only_sqlite
from tests.web.test_book_course import KARI
from tests.web.walker import Walker

SINGLE = "/en/book/single?kind=needle-session&clinic=lambertseter"


def days(walker: Walker) -> list[str]:
    return [a.get("href")[-10:] for a in walker.main.iter("a") if "&on=" in (a.get("href") or "")]


def times(walker: Walker) -> list[str]:
    return [e.get("value") for e in walker.main.iter("button") if e.get("name") == "time"]


@pytest.mark.parametrize("kind", ["first-visit", "needle-session"])
def test_ten_dates_with_free_times_are_shown(site_app: Flask, kind: str) -> None:
    walker = Walker(site_app).open(f"/en/book/single?kind={kind}")
    assert len(days(walker)) == 10
    assert "Morning" in walker.text


def test_later_and_earlier_dates_join_without_a_gap(site_app: Flask) -> None:
    walker = Walker(site_app).open(SINGLE)
    first = days(walker)
    assert "Earlier dates" not in walker.text
    walker.open(walker.link("Later dates"))
    second = days(walker)
    assert first[-1] < second[0]
    walker.open(walker.link("Later dates"))
    walker.open(walker.link("Earlier dates"))
    assert days(walker) == second
    walker.open(walker.link("Earlier dates"))
    assert days(walker) == first


def test_the_last_page_has_no_later_dates(site_app: Flask) -> None:
    walker = Walker(site_app).open(SINGLE + "&from=2028-08-28")
    assert "Later dates" not in walker.text
    assert "Earlier dates" in walker.text


def test_the_times_of_a_day_show_who_gives_them(site_app: Flask) -> None:
    walker = Walker(site_app).open(SINGLE + "&on=2027-04-06")
    assert "Tuesday 6 April" in walker.text
    assert "Morning, before 11 with Ask Eksempel, chiropractor" in walker.text
    assert times(walker)[0] == "2027-04-06T08:00~ask-eksempel~lambertseter"


def test_a_wished_clinician_is_the_only_one_shown(site_app: Flask) -> None:
    walker = Walker(site_app).open(SINGLE + "&clinician=bjork-provesen&on=2027-04-06")
    assert {value.split("~")[1] for value in times(walker)} == {"bjork-provesen"}


def test_who_does_not_needle_gives_first_visits_only(site_app: Flask) -> None:
    url = "/en/book/single?kind={}&clinic=raholt&clinician=storm-fiktivsen"
    assert days(Walker(site_app).open(url.format("first-visit")))
    assert "There is no clinician" in Walker(site_app).open(url.format("needle-session")).text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("&from=x", "Write the date like this"),
        ("&from=9999-12-31", "We plan until"),
        ("&clinician=nobody", "There is no clinician"),
        ("&clinic=nowhere", "There is no clinic"),
        ("&on=x", "Choose a day"),
        ("&on=2027-05-17", "no free time any more"),
        ("&on=1999-01-01", "no free time any more"),
    ],
)
def test_strange_wishes_are_told(site_app: Flask, query: str, words: str) -> None:
    walker = Walker(site_app).open(SINGLE + query)
    assert walker.status == 200
    assert words in walker.text


@pytest.mark.parametrize("query", ["", "?kind=nine-weeks", "?kind=x"])
def test_without_a_kind_the_first_question_is_asked(site_app: Flask, query: str) -> None:
    assert Walker(site_app).open(f"/en/book/single{query}").path == "/en/book"


def booked_until_check(app: Flask) -> Walker:
    walker = Walker(app).open(SINGLE + "&on=2027-04-06")
    walker.send("/choose", time=times(walker)[0])
    assert walker.path == "/en/book/health", walker.text
    return walker.send(gate="no").send(**KARI)


def test_a_single_appointment_is_booked_the_same_way(demo_app: Flask) -> None:
    walker = booked_until_check(demo_app)
    assert "Tuesday 6 April at 08:00" in walker.text
    assert "690 , paid at the visit" in walker.text
    assert "first appointment" not in walker.text
    assert "Book this time" in walker.text
    assert walker.send().path.endswith("/booked")
    with demo_app.app_context():
        assert db.session.scalars(select(Appointment)).one().deviation is None


def test_a_lost_single_time_has_three_near_ones(demo_app: Flask) -> None:
    walker = booked_until_check(demo_app)
    with demo_app.app_context():
        db.session.execute(update(Hold).values(expires_at=NOW - timedelta(minutes=1)))
        db.session.execute(update(Claim).values(expires_at=1))
        db.session.commit()
    other = Walker(demo_app, address="192.0.2.9").open(SINGLE + "&on=2027-04-06")
    other.send("/choose", time=times(other)[0])
    walker.send()
    assert walker.path == "/en/book/lost"
    offered = [e.get("value") for e in walker.main.iter("input") if e.get("type") == "radio"]
    assert len(offered) == 3
    walker.send(instead_0=offered[0])
    assert walker.path == "/en/book/check", walker.text
    assert walker.send().path.endswith("/booked")


@only_sqlite
def test_a_time_that_is_gone_leads_back_to_the_dates(demo_app: Flask) -> None:
    kari, siv = (Walker(demo_app, address=f"192.0.2.{n}").open(SINGLE + "&on=2027-04-06") for n in (1, 2))
    value = times(kari)[0]
    assert siv.send("/choose", time=value).path == "/en/book/health"
    kari.send("/choose", time=value)
    assert kari.path == "/en/book/single"
    assert "no longer free" in kari.text


@only_sqlite
def test_the_way_back_from_a_single_time_leads_to_its_dates(demo_app: Flask) -> None:
    walker = booked_until_check(demo_app)
    walker.open(walker.link("Change"))
    assert walker.path == "/en/book/single"
    assert days(walker)
