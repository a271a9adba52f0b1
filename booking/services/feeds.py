"""Feeds: the patient's appointments as a calendar to subscribe to, or as a file to keep.

A feed is asked for every hour by programs that mostly have it already, so the way to an unchanged one is short: one
SELECT, and the bytes that were made when something last changed.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from flask_babel import force_locale, gettext
from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.domain.errors import UnknownCourse
from booking.domain.period import at_wall, oslo
from booking.ical.event import vevent
from booking.ical.feed import etag, feed, window
from booking.ical.itip import published
from booking.services.entries import entry_of
from booking.services.links import FEED, PAGE, hash_of, page_url
from booking.services.office import Office
from booking.store.appointments import CANCELLED, Appointment
from booking.store.clinics import all_clinics, the_group
from booking.store.courses import Course, FeedState, Link, feed_state, links_of
from booking.store.database import utc
from booking.store.outbox import invited_anywhere
from booking.store.unit_of_work import unit_of_work

Value = TypeVar("Value")

KEPT_FEEDS, KEPT_EVENTS = 2_000, 20_000
"""How many are kept in one process; the one not asked for longest goes first."""

NOTE_EVERY = timedelta(hours=1)
"""How exactly the last fetch is noted: a write an hour, not one a fetch."""


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """`etag` without quotation marks; `last_modified` aware, to the second."""

    body: bytes
    gzipped: bytes
    etag: str
    last_modified: datetime


def feed_for(session: Session, office: Office, token: str, *, now: datetime) -> FeedAnswer:
    """The feed behind a token. Raises UnknownCourse for one that was never given out, or was renewed since."""
    state = feed_state(session, hash_of(token), FEED)
    if state is None:
        raise UnknownCourse
    _note_use(state, now=now)
    day = oslo(now).date()
    key = (state.link_id, state.revision, state.language, state.silent, day, office.url)
    kept = _feeds.get(key)
    if kept is None:
        kept = _made(session, office, state, now=now)
        _feeds.put(key, kept)
    return kept


def file_for(session: Session, office: Office, course: Course) -> bytes:
    """The course's appointments as one file without a method; it follows no change."""
    clinics = {clinic.id: clinic for clinic in all_clinics(session)}
    group, page = the_group(session), _page(session, office, course)
    return published(
        entry_of(a, clinics[a.clinic_id], group, language=course.language, stamp=a.updated_at, page_url=page)
        for a in course.appointments
        if a.status != CANCELLED
    )


def _made(session: Session, office: Office, state: FeedState, *, now: datetime) -> FeedAnswer:
    course = session.get_one(Course, state.course_id)
    kept = [] if state.silent else _events(session, office, course, _shown(session, course, now=now))
    with force_locale(course.language):
        name = gettext("Appointments, %(group)s", group=the_group(session).name)
    body = feed(name, kept)
    shown_since = max(course.changed_at, at_wall(oslo(now).date(), 0))  # the window moves on every day
    return answer_of(body, shown_since)


def answer_of(body: bytes, last_modified: datetime) -> FeedAnswer:
    return FeedAnswer(body, gzip.compress(body, mtime=0), etag(body), last_modified)


def _shown(session: Session, course: Course, *, now: datetime) -> list[Appointment]:
    """What a feed holds. What is over and was sent by invitation stays in the calendar that it stands in, and would
    stand there twice."""
    period, elsewhere = window(now), invited_anywhere(session, course.id)
    return [
        a
        for a in course.appointments
        if a.status != CANCELLED
        and a.ends_at > period.start
        and a.starts_at < period.end
        and not (a.id in elsewhere and a.ends_at <= now)
    ]


def _events(session: Session, office: Office, course: Course, appointments: list[Appointment]) -> list[bytes]:
    clinics = {clinic.id: clinic for clinic in all_clinics(session)}
    group, page = the_group(session), _page(session, office, course)
    events = []
    for a in appointments:
        key = (a.id, a.sequence, a.updated_at, a.status, course.language, page)
        event = _kept_events.get(key)
        if event is None:
            entry = entry_of(
                a, clinics[a.clinic_id], group, language=course.language, stamp=a.updated_at, page_url=page
            )
            event = vevent(entry)
            _kept_events.put(key, event)
        events.append(event)
    return events


def _page(session: Session, office: Office, course: Course) -> str:
    return page_url(office, links_of(session, course.id)[PAGE], course.language)


def _note_use(state: FeedState, *, now: datetime) -> None:
    if state.used_at is not None and now - state.used_at < NOTE_EVERY:
        return

    def work(session: Session) -> None:
        session.execute(update(Link).where(Link.id == state.link_id).values(used_at=utc(now)))

    unit_of_work(work)


class Kept(Generic[Value]):
    """The newest so many values by key, for all threads of a process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)


_feeds: Kept[FeedAnswer] = Kept(KEPT_FEEDS)
_kept_events: Kept[bytes] = Kept(KEPT_EVENTS)
