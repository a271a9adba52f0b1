"""Run: all questions asked of one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy.orm import Session

from bench import courses, houses, pages, plans, replanning, slots
from bench.client import Client
from bench.clocks import clocks
from bench.lines import Line
from bench.measure import Effort, frozen
from booking.app import create_app
from booking.config import Settings
from booking.services.accounts import open_session
from booking.services.links import FEED, feed_url
from booking.store.clinics import all_clinics
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.schedules import workplaces
from booking.store.unit_of_work import unit_of_work
from tests.servers.clock import CLINIC_NOW, offset_to_clinic_now
from tests.servers.databases import Content, Databases
from tests.servers.web import LiveServer, serving
from tests.staff import ADA, account

BACKENDS = ("sqlite", "postgresql")
DEMONSTRATION_CLINICS = 3
LONGEST_COURSE = 20
"""Weeks that the planner may look at."""
SECONDS_OPEN = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many clinics of five the large house has and for how many days its free times are asked; how many there are
    for the finder; for how many weeks the demonstration's clinics are booked out, and how long the feed is. `tens` and
    `year`: how many clinics of ten there are for the schedule, and for how many weeks they are booked out. `ill`: how
    many appointments of an ill clinician are planned anew."""

    clinics: int = 10
    found: int = 300
    days: int = 365
    weeks: int = 30
    events: int = 300
    tens: int = 5
    year: int = 67
    ill: int = 20


def lines(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    for house in (large_house, demonstration_house, crowded_house, staffed_house, ill_house):
        with frozen():
            yield from house(databases, backend, size, effort)


def large_house(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    """Slots and plans: what the rules cost against one SELECT."""
    now = CLINIC_NOW
    app = application(databases.new(backend, Content.DEMONSTRATION))
    with app.app_context():
        clinics = unit_of_work(lambda session: booked_clinics(session, size, now))
        with Session(db.engine) as session:
            for question in (
                *slots.questions(session, clinics, size.days, now),
                *plans.questions(session, clinics, now),
            ):
                yield from question.answer(backend, effort, lambda: clocks(db.engine))
        db.engine.dispose()


def demonstration_house(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    """Courses, and pages and feeds from a server of its own."""
    now = CLINIC_NOW
    url = databases.new(backend, Content.DEMONSTRATION)
    app = application(url)
    with app.app_context():
        feed, engine = unit_of_work(lambda session: booked_demonstration(session, size, now)), db.engine
        houses.look_ahead_everywhere(app.extensions["office"], now=now)
    for question in courses.questions(app):
        yield from question.answer(backend, effort, lambda: clocks(engine))
    with site(url) as server, closing(Client(server.url)) as client:
        for question in (
            *pages.feeds(client, feed, size.events),
            *pages.pages(client, now),
            pages.finder(4, client, DEMONSTRATION_CLINICS),
        ):
            yield from question.answer(backend, effort, lambda: clocks(engine, client.cpu))
    engine.dispose()


def crowded_house(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    """The finder in a house of many clinics."""
    url = databases.new(backend, Content.DEMONSTRATION)
    with application(url).app_context():
        clinics, engine = unit_of_work(lambda session: crowd(session, size, CLINIC_NOW)), db.engine
    with site(url) as server, closing(Client(server.url)) as client:
        yield from pages.finder(8, client, clinics).answer(backend, effort, lambda: clocks(engine, client.cpu))
    engine.dispose()


def staffed_house(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    """The schedule as an administrator sees it."""
    url = databases.new(backend, Content.DEMONSTRATION)
    with application(url).app_context():
        clinics, booked = unit_of_work(lambda session: booked_tens(session, size, CLINIC_NOW))
        clinic, clinician = next(
            each for each in workplaces(db.session(), today=CLINIC_NOW.date()) if each[0] in clinics
        )
        key, engine = open_session(account(ADA), "bench", now=CLINIC_NOW), db.engine
    with site(url) as server, closing(Client(server.url)) as client:
        for question in pages.schedule(client, key, clinic, clinician, CLINIC_NOW, booked):
            yield from question.answer(backend, effort, lambda: clocks(engine, client.cpu))
    engine.dispose()


def ill_house(databases: Databases, backend: str, size: Size, effort: Effort) -> Iterator[Line]:
    """An ill clinician in a house as large as that of the schedule."""
    app = application(databases.new(backend, Content.DEMONSTRATION))
    with app.app_context():
        office = app.extensions["office"]
        unit_of_work(lambda session: booked_tens(session, size, CLINIC_NOW))
        ill = unit_of_work(lambda session: replanning.ill_week(session, office, size.ill, size.year, now=CLINIC_NOW))
        with Session(db.engine) as session:
            question = replanning.question(session, office, ill, now=CLINIC_NOW)
            yield from question.answer(backend, effort, lambda: clocks(db.engine))
        db.engine.dispose()


def booked_tens(session: Session, size: Size, now: datetime) -> tuple[tuple[int, ...], int]:
    """Clinics of ten, and how many appointments they have."""
    clinics = houses.add_clinics(session, size.tens, clinicians=10, rooms=8)
    return clinics, houses.book_out(session, clinics, size.year, now=now, claims=False)


def booked_clinics(session: Session, size: Size, now: datetime) -> tuple[int, ...]:
    clinics = houses.add_clinics(session, size.clinics)
    houses.book_out(session, clinics, max(size.days // 7 + 1, LONGEST_COURSE), now=now, claims=False)
    return clinics


def crowd(session: Session, size: Size, now: datetime) -> int:
    """So many clinics and the demonstration's, with something free everywhere; how many that is."""
    added = houses.add_clinics(session, size.found)
    houses.find_free_everywhere(session, now=now)
    return len(added) + DEMONSTRATION_CLINICS


def booked_demonstration(session: Session, size: Size, now: datetime) -> str:
    """The three clinics, booked out, and the path of the feed of one very long course."""
    office = current_app.extensions["office"]
    houses.book_out(session, [clinic.id for clinic in all_clinics(session)], size.weeks, now=now, claims=True)
    course = houses.long_course(session, office, size.events, now=now)
    return feed_url(office, links_of(session, course.id)[FEED]).removeprefix(office.url)


def site(url: str) -> AbstractContextManager[LiveServer]:
    """The connection stays open however long a loaded machine takes between two requests."""
    return serving(url, application="bench.reference:site()", keep_alive=SECONDS_OPEN)


def application(url: str) -> Flask:
    return create_app(Settings(database_url=url, clock_offset=offset_to_clinic_now()))
