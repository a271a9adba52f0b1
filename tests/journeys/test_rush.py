"""A rush: many people want the same times in the same moment, and one person sends the same form many times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import create_engine, func, select

from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.holds import HeldTime, Hold
from booking.store.outbox import Message
from tests.conftest import ALL
from tests.journeys.caller import Caller, all_at_once
from tests.servers.databases import BACKENDS, Content, Databases
from tests.servers.web import LiveServer, serving

PLAN = "/en/book/plan?clinic=lambertseter&day=tue&from=2027-04-05"
PEOPLE = 50
DETAILS = {
    "name": "Kari Prøve",
    "month": "5",
    "year": "1979",
    "by_email": "y",
    "email": "kari@example.com",
}


@pytest.fixture(scope="module", params=BACKENDS if ALL else BACKENDS[1:])
def server(request: pytest.FixtureRequest, databases: Databases) -> Iterator[LiveServer]:
    """Four processes behind one proxy, on PostgreSQL and in the long form on SQLite too.

    The tests share its rows, each with weekdays of its own.
    """
    url = databases.new(request.param, Content.DEMONSTRATION)
    with serving(url, workers=4, BOOKING_TRUSTED_PROXIES="1") as server:
        yield server
    databases.drop(url)


def counted(server: LiveServer, *tables: type) -> list[int]:
    engine = create_engine(server.database_url)
    with engine.connect() as connection:
        found = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    engine.dispose()
    return found


@contextmanager
def more(server: LiveServer, rows: dict[type, int]) -> Iterator[None]:
    """What is done inside adds exactly so many rows."""
    before = counted(server, *rows)
    yield
    after = counted(server, *rows)
    assert [new - old for old, new in zip(before, after, strict=True)] == list(rows.values())


def at_check(server: LiveServer, number: int, day: str) -> Caller:
    caller = Caller(server.url, f"203.0.113.{number}").open(PLAN.replace("tue", day)).send("/choose")
    caller.send(gate="no").send(**{**DETAILS, "day": str(number), "email": f"kari{number}@example.com"})
    assert caller.path == "/en/book/check", caller.text
    return caller


def test_of_fifty_who_choose_the_same_times_one_gets_them(server: LiveServer) -> None:
    page = Caller(server.url).open(PLAN)
    numbers = range(1, PEOPLE + 1)
    # Each has a page of her own, which brings the secret of a session to be; all else in the form is the same.
    choices = [page.prepared("/choose", visitor=f"{number:032}") for number in numbers]
    people = [Caller(server.url, f"198.51.100.{number}") for number in numbers]
    with more(server, {Hold: 1, HeldTime: 10}):
        answers = all_at_once([(choice, each.headers()) for choice, each in zip(choices, people, strict=True)])
    assert {answer.status for answer in answers} == {303}
    lost = [answer for answer in answers if not answer.place.endswith("/en/book/health")]
    assert len(lost) == PEOPLE - 1
    for answer in lost[:3]:
        back = Request(urljoin(server.url, answer.place), headers={"Cookie": answer.cookie})
        with urlopen(back, timeout=60) as told:
            words = told.read().decode()
        assert "Some of these times were taken just now" in words or "These times are no longer free" in words
        assert "/en/book/choose" in words


def test_ten_clicks_at_once_on_the_same_choice_keep_it_for_one_visitor(server: LiveServer) -> None:
    caller = Caller(server.url, "203.0.113.9")
    clicks = [(caller.open(PLAN.replace("tue", "fri")).prepared("/choose"), caller.headers())] * 10
    with more(server, {Hold: 1, HeldTime: 10}):
        answers = all_at_once(clicks)
    assert {answer.status for answer in answers} == {303}
    assert {answer.place.endswith("/en/book/health") for answer in answers} == {True}


def test_a_form_that_is_sent_ten_times_at_once_books_one_course(server: LiveServer) -> None:
    caller = at_check(server, 1, "wed")
    with more(server, {Course: 1, Appointment: 10, Message: 11}):
        answers = all_at_once([(caller.prepared("/check"), caller.headers())] * 10)
    assert {answer.status for answer in answers} == {303}
    assert len({answer.place for answer in answers}) == 1
    assert answers[0].place.endswith("/booked")


def test_two_people_who_book_their_times_at_once_both_have_them(server: LiveServer) -> None:
    kari, siv = at_check(server, 2, "thu"), at_check(server, 3, "thu")
    with more(server, {Course: 2, Appointment: 20}):
        answers = all_at_once([(each.prepared("/check"), each.headers()) for each in (kari, siv)])
    assert all(answer.place.endswith("/booked") for answer in answers)


def test_two_tabs_with_different_choices_book_the_later_one_alone(server: LiveServer) -> None:
    caller = at_check(server, 4, "mon")
    old = caller.prepared("/check")
    caller.open(PLAN.replace("tue", "fri")).send("/choose")
    assert caller.path == "/en/book/check"
    fridays, new = caller.starts, caller.prepared("/check")
    with more(server, {Course: 1, Appointment: 10}):
        answers = all_at_once([(old, caller.headers()), (new, caller.headers())])
    assert {answer.status for answer in answers} == {303}
    assert caller.open(answers[1].place).starts == fridays
