"""The waiting list under rivals: two workers, a visitor at the same moment, and workers that are killed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.errors import SlotTaken
from booking.services import offering
from booking.services.offers import refuse
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.waiting import Waiter, WaitingOffer
from tests.builders import NOW, choice, held
from tests.servers.databases import first_postgresql
from tests.servers.forked import Forked
from tests.servers.web import command_environ
from tests.services.waiters import (
    MINUTE,
    freed,
    give_back,
    nothing_is_promised_twice,
    offers,
    round_of_the_worker,
    times_of_the_next_plan,
    waits_for_course,
)

WAITERS = 6

pytestmark = first_postgresql


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def at_once(app: Flask, *acts: Callable[[], object]) -> None:
    """All of these in threads of their own, begun together."""
    together = Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            together.wait()
            act()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def mails() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Message.kind == "offer")) or 0


def test_two_workers_at_once_make_one_offer(demo_app: Flask) -> None:
    first = waits_for_course("first@example.com")
    for number in range(1, WAITERS):
        waits_for_course(f"waiter{number}@example.com", now=NOW + number * MINUTE)
    give_back(times_of_the_next_plan()[:1])
    at_once(demo_app, *[lambda: round_of_the_worker(now=NOW + 9 * MINUTE)] * 3)
    round_of_the_worker(now=NOW + 10 * MINUTE)
    assert [offer.waiter_id for offer in offers()] == [first]
    assert mails() == 1
    nothing_is_promised_twice()


def test_a_visitor_who_takes_the_times_while_they_are_offered_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    waits_for_course()
    chosen = choice()
    give_back(times_of_the_next_plan())
    own = offering._offer

    def after_the_visitor(*given: object, **named: object) -> bool:
        monkeypatch.setattr(offering, "_offer", own)
        return own(*given, **named)  # type: ignore[arg-type]

    find = offering._possible

    def then_the_visitor(*given: object, **named: object) -> object:
        found = list(find(*given, **named))  # type: ignore[arg-type]
        held(chosen, visitor="siv", address="192.0.2.9")
        return found

    monkeypatch.setattr(offering, "_offer", after_the_visitor)
    monkeypatch.setattr(offering, "_possible", then_the_visitor)
    round_of_the_worker()
    shared = [offer for offer in offers() if offer.times[0] == first_of(chosen)]
    assert shared == []
    nothing_is_promised_twice()


def first_of(chosen: object) -> list[int]:
    first = chosen.appointments[0]  # type: ignore[attr-defined]
    return [first.clinic, first.clinician, int(first.start.timestamp()), int(first.end.timestamp())]


def test_a_visitor_cannot_take_what_was_offered_a_moment_before(demo_app: Flask) -> None:
    waits_for_course()
    chosen = choice()
    give_back(times_of_the_next_plan())
    results: list[str] = []

    def visit() -> None:
        try:
            held(chosen, visitor="siv", address="192.0.2.9")
            results.append("visitor")
        except SlotTaken:
            results.append("refused")

    at_once(demo_app, visit, round_of_the_worker)
    assert results in (["visitor"], ["refused"])
    nothing_is_promised_twice()


def test_answering_while_it_lapses_ends_the_offer_once(demo_app: Flask) -> None:
    waiter_id = waits_for_course(hours=2)
    give_back(times_of_the_next_plan()[:1])
    round_of_the_worker()
    (offer,) = offers()
    offer_id, later = offer.id, offer.expires_at
    db.session.rollback()
    at_once(
        demo_app, lambda: refuse(waiter_id, offer_id, now=later), lambda: round_of_the_worker(now=later + 5 * MINUTE)
    )
    round_of_the_worker(now=later + 6 * MINUTE)
    db.session.rollback()
    assert db.session.get_one(WaitingOffer, offer_id).answer in ("refused", "lapsed")
    assert offers() == []
    assert freed() == 0


def test_workers_that_are_killed_leave_whole_offers_only(
    demo_app: Flask, demonstration_url: str, all_forms: bool
) -> None:
    random, environ = Random(4), command_environ(demonstration_url)
    for turn in range(12 if all_forms else 3):
        for number in range(2):
            waits_for_course(f"waiter{turn}.{number}@example.com", now=NOW + turn * MINUTE)
        with Forked(environ, "tests.services.rounds") as one, Forked(environ, "tests.services.rounds") as other:
            assert [each.stdout.readline() for each in (one, other)] == [b"ready\n"] * 2
            give_back(times_of_the_next_plan())
            time.sleep(random.uniform(0, 0.6))
        nothing_is_promised_twice()
    round_of_the_worker()
    round_of_the_worker()
    assert offers()
    assert mails() == len(offers()), "each offer with its one mail"
    asked = Counter(offer.waiter_id for offer in offers())
    assert set(asked.values()) == {1}
    nothing_is_promised_twice()
    assert db.session.scalar(select(func.count()).where(Waiter.woken_at.is_not(None), Waiter.id.not_in(asked))) == 0
