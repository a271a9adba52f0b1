"""A rush: many people want the same times in the same moment, and one person sends the same form many times."""

from __future__ import annotations

from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import create_engine, func, select

from booking.store.appointments import Appointment, Claim
from booking.store.courses import Course
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from tests.journeys.caller import Caller, all_at_once
from tests.servers.web import LiveServer

PLAN = "/en/book/plan?clinic=lambertseter&day=tue&from=2027-04-05"
PEOPLE = 50
DETAILS = {
    "name": "Kari Prøve",
    "day": "17",
    "month": "5",
    "year": "1979",
    "by_email": "y",
    "email": "kari@example.com",
}


@pytest.fixture
def server(start_server: Callable[..., LiveServer], demonstration_url: str) -> LiveServer:
    """Four processes behind one proxy, on each database."""
    return start_server(demonstration_url, workers=4, BOOKING_TRUSTED_PROXIES="1")


def counted(server: LiveServer, *tables: type) -> list[int]:
    engine = create_engine(server.database_url)
    with engine.connect() as connection:
        found = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    engine.dispose()
    return found


def at_check(server: LiveServer) -> Caller:
    caller = Caller(server.url).open(PLAN).send("/choose").send(gate="no").send(**DETAILS)
    assert caller.path == "/en/book/check", caller.text
    return caller


def test_of_fifty_who_choose_the_same_times_one_gets_them(server: LiveServer) -> None:
    choice = Caller(server.url).open(PLAN).prepared("/choose")
    people = [Caller(server.url, f"198.51.100.{number}") for number in range(1, PEOPLE + 1)]
    answers = all_at_once([(choice, each.headers()) for each in people])
    assert {answer.status for answer in answers} == {303}
    won = [answer for answer in answers if answer.place.endswith("/en/book/health")]
    lost = [answer for answer in answers if answer not in won]
    assert (len(won), len(lost)) == (1, PEOPLE - 1)
    assert counted(server, Hold, HeldTime) == [1, 10]
    for answer in lost[:3]:
        page = Request(server.url + answer.place, headers={"Cookie": answer.cookie})
        with urlopen(page, timeout=60) as told:
            words = told.read().decode()
        assert told.status == 200
        assert "These are the times that are free" in words or "These are the times that are." in words
        assert "/en/book/choose" in words


def test_a_form_that_is_sent_ten_times_at_once_books_one_course(server: LiveServer) -> None:
    caller = at_check(server)
    answers = all_at_once([(caller.prepared("/check"), caller.headers())] * 10)
    assert {answer.status for answer in answers} == {303}
    assert len({answer.place for answer in answers}) == 1
    assert answers[0].place.endswith("/booked")
    assert counted(server, Course, Appointment, Message) == [1, 10, 11]


def test_two_people_with_one_hold_each_book_at_once_and_lose_nothing(server: LiveServer) -> None:
    kari = at_check(server)
    siv = Caller(server.url, "198.51.100.1").open(PLAN).send("/choose").send(gate="no")
    siv.send(**{**DETAILS, "name": "Siv Fremmed", "email": "siv@example.com", "year": "1985"})
    answers = all_at_once([(each.prepared("/check"), each.headers()) for each in (kari, siv)])
    assert all(answer.place.endswith("/booked") for answer in answers)
    assert counted(server, Course, Appointment) == [2, 20]
    assert counted(server, Claim)[0] == 2 * claims_of_one(server)


def claims_of_one(server: LiveServer) -> int:
    """The steps of one course without a first visit: nine sessions and a review, for patient, clinician and room; the
    latter two with a buffer of one step."""
    return 9 * (6 + 7 + 7) + (4 + 5 + 5)


def test_two_tabs_with_different_choices_book_the_later_one_only(server: LiveServer) -> None:
    first = at_check(server)
    old = first.prepared("/check")
    first.open(PLAN.replace("tue", "thu")).send("/choose")
    assert first.path == "/en/book/check"
    new = first.prepared("/check")
    answers = all_at_once([(old, first.headers()), (new, first.headers())])
    assert {answer.status for answer in answers} == {303}
    assert [answer.place.endswith("/booked") for answer in answers][1]
    assert counted(server, Course, Appointment) == [1, 10]
    first.open(answers[1].place)
    assert len(first.starts) == 10
