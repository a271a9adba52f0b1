"""Busy times: when a clinician is taken elsewhere, from calendars of her own, and what of ours meets that.

What is busy is never offered again. What is booked already stays booked: somebody at the clinic is told, and decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from booking.domain.errors import BookingError
from booking.domain.period import OSLO, Period, at_wall, monday_of, oslo
from booking.domain.working_days import end_of_working_day_after
from booking.ical.busy import MOST_DAYS, Busy, UnreadableCalendar, busy_periods
from booking.ical.fetch import Fetched, Fetcher, NotFetched
from booking.services.delivery import what_happened
from booking.services.gained import gains_noted
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.privacy import seal, unseal
from booking.store.busy import (
    CLASH,
    BusySource,
    BusyTime,
    Clash,
    any_time,
    clash_tasks,
    clashes_at,
    clashes_of,
    drop_times,
    is_due,
    settled_clashes,
    sources_due,
    times_of,
)
from booking.store.courses import course_to_change
from booking.store.database import ONE_STATEMENT, db, utc
from booking.store.people import Clinician
from booking.store.schedules import workplaces
from booking.store.tasks import Task
from booking.store.unit_of_work import unit_of_work

ASK_EVERY = timedelta(minutes=15)
"""How old what we know may be before the calendar is asked again."""

MOST_A_ROUND = 20
"""How many calendars are asked in one call, one after the other: with servers that hang, less than seven minutes."""

MOST_SOURCES = 8
"""Calendars of one clinician."""

LONGEST_NAME = 60

PARTLY = "partly"
"""The copy is used, but some of it could not be read."""

UNOPENED = "key"
"""The address cannot be read any more: the key it was sealed with is gone."""

TOLD_WITHIN = 1
"""Working days within which somebody decides about a clash, if it is not sooner."""

KEPT = timedelta(days=14)
"""How long after it is over a busy time is kept, so that the schedule of the last weeks shows it."""

log = structlog.get_logger()


class TooManySources(BookingError):
    """She has as many calendars here as anybody may."""


# -- her calendars ----------------------------------------------------------------------------------------------------


def subscribe(office: Office, clinician_id: int, name: str, url: str, *, who: Who, now: datetime) -> int:
    """Notes an address that is asked from now on, within a minute or so; its id. Raises TooManySources."""

    def work(session: Session) -> int:
        row = _add(session, clinician_id, name)
        row.url = seal(office, {"url": url})
        session.flush()
        note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)
        return row.id

    return unit_of_work(work)


def upload(office: Office, clinician_id: int, name: str, data: bytes, *, who: Who, now: datetime) -> Busy:
    """Takes the busy times of a file, instead of those of an older file of this name; how far it could be read.

    Raises UnreadableCalendar, and TooManySources.
    """
    busy = _read(office, data, now=now)

    def work(session: Session) -> None:
        row = _file_named(session, clinician_id, name) or _add(session, clinician_id, name)
        _keep(session, office, row, busy, now=now)
        row.checked_at = utc(now)
        note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)

    unit_of_work(work)
    note_clashes([clinician_id], now=now)
    return busy


def drop(office: Office, clinician_id: int, source_id: int, *, who: Who, now: datetime) -> None:
    """Forgets a calendar of hers and its busy times; nothing if it is not hers, or gone already."""

    def work(session: Session) -> None:
        row = session.get(BusySource, source_id, with_for_update=True)
        if row is None or row.clinician_id != clinician_id:
            return
        known = times_of(session, row.id)
        with _gains_noted(session, office, clinician_id, known, now=now):
            for time in known:
                session.delete(time)
        session.flush()
        session.delete(row)
        note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)

    unit_of_work(work)
    note_clashes([clinician_id], now=now)


def ask_again(clinician_id: int, source_id: int) -> None:
    """Has an address of hers asked at once, whether it has changed or not; nothing if it is not hers."""

    def work(session: Session) -> None:
        row = session.get(BusySource, source_id, with_for_update=True)
        if row is not None and row.clinician_id == clinician_id and row.url is not None:
            row.checked_at = row.etag = row.last_modified = None

    unit_of_work(work)


def _add(session: Session, clinician_id: int, name: str) -> BusySource:
    session.get_one(Clinician, clinician_id, with_for_update=True)  # two forms at once are counted one after the other
    hers = select(BusySource.id).where(BusySource.clinician_id == clinician_id)
    if len(session.scalars(hers).all()) >= MOST_SOURCES:
        raise TooManySources
    row = BusySource(clinician_id=clinician_id, name=name[:LONGEST_NAME])
    session.add(row)
    session.flush()
    return row


def _file_named(session: Session, clinician_id: int, name: str) -> BusySource | None:
    files = select(BusySource).where(BusySource.clinician_id == clinician_id, BusySource.url.is_(None))
    return session.scalar(files.where(BusySource.name == name[:LONGEST_NAME]).limit(1).with_for_update())


# -- asking -----------------------------------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """A source, and what is known of its last good copy. `followed`: it has an address; `url`: as it can be read."""

    id: int
    clinician_id: int
    followed: bool
    url: str | None
    etag: str | None
    last_modified: str | None


def ask_calendars(office: Office, fetcher: Fetcher, *, now: datetime) -> int:
    """Asks the calendars that nobody has asked for `ASK_EVERY`, at most `MOST_A_ROUND`, and notes clashes with these
    and with files; how many.

    No transaction is open while another's server is waited for. One that fails keeps no other from being asked, and
    what was known of it stays.
    """
    with Session(db.engine) as session:
        working = {who for _, who in workplaces(session, today=oslo(now).date())}
        due = sources_due(session, checked_before=now - ASK_EVERY, now=now, working=working, most=MOST_A_ROUND)
    asked = [source for id in due if (source := _take(office, id, working, now=now)) is not None]
    for source in filter(lambda each: each.followed, asked):
        try:
            _ask(office, fetcher, source, now=now)
        except Exception as error:  # whatever is wrong with one calendar, the others' owners must not be booked over
            log.error("a calendar could not be asked", source=source.id, **what_happened(error))
    note_clashes({source.clinician_id for source in asked}, now=now)
    return len(asked)


def _take(office: Office, source_id: int, working: Collection[int], *, now: datetime) -> _Asked | None:
    """Notes that it is being asked; None if another worker does so already, or nobody wants it any more.

    Once a day it is asked for the whole: what repeats in it reaches further every day, also in a calendar that stays
    the same.
    """

    def work(session: Session) -> _Asked | None:
        due = is_due(checked_before=now - ASK_EVERY, now=now, working=working)
        row = session.scalar(select(BusySource).where(BusySource.id == source_id, due).with_for_update())
        if row is None:
            return None
        known = row.checked_at is not None and oslo(row.checked_at).date() == oslo(now).date()
        row.checked_at = utc(now)
        tags = (row.etag, row.last_modified) if known else (None, None)
        return _Asked(row.id, row.clinician_id, row.url is not None, _url_of(office, row), *tags)

    return unit_of_work(work)


def _url_of(office: Office, row: BusySource) -> str | None:
    if row.url is None:
        return None
    try:
        return str(unseal(office, row.url)["url"])
    except InvalidToken:
        return None


def _ask(office: Office, fetcher: Fetcher, source: _Asked, *, now: datetime) -> None:
    if source.url is None:
        return _failed(source.id, UNOPENED)
    try:
        fetched = fetcher.fetch(source.url, etag=source.etag, last_modified=source.last_modified)
        busy = None if fetched is None else _read(office, fetched.body, now=now)
    except NotFetched as error:
        return _failed(source.id, error.trouble.value)
    except UnreadableCalendar as error:
        return _failed(source.id, error.flaw.value)
    return _succeeded(office, source.id, fetched, busy, now=now)


def _failed(source_id: int, failure: str) -> None:
    def work(session: Session) -> None:
        row = session.get(BusySource, source_id, with_for_update=True)
        if row is not None:
            row.failure = failure

    unit_of_work(work)


def _succeeded(office: Office, source_id: int, fetched: Fetched | None, busy: Busy | None, *, now: datetime) -> None:
    def work(session: Session) -> None:
        row = session.get(BusySource, source_id, with_for_update=True)
        if row is None:
            return
        if fetched is None or busy is None:  # the copy we have is still the newest
            row.fetched_at = utc(now)
            row.failure = PARTLY if row.failure == PARTLY else None
            return
        _keep(session, office, row, busy, now=now)
        row.etag, row.last_modified = fetched.etag, fetched.last_modified

    unit_of_work(work)


def forget_busy_times(*, now: datetime) -> int:
    """Deletes busy times that were over `KEPT` ago; how many. Looks first without the write lock."""
    old = now - KEPT
    with Session(db.engine) as session:
        found = any_time(session, ended_by=old)
    return unit_of_work(lambda session: drop_times(session, ended_by=old)) if found else 0


# -- reading and keeping ----------------------------------------------------------------------------------------------


def _read(office: Office, data: bytes, *, now: datetime) -> Busy:
    """From this week's Monday on, so that the page of a week is whole; without what came from our own feed."""
    start = at_wall(monday_of(oslo(now).date()), 0)
    return busy_periods(data, start=start, end=start + timedelta(days=MOST_DAYS), zone=OSLO, ours=office.uid_host)


def _keep(session: Session, office: Office, row: BusySource, busy: Busy, *, now: datetime) -> None:
    """Writes what differs from what is known already: who looks at the schedule is told of changes only, and who waits
    is asked about what is busy no more."""
    wanted = {(utc(period.start), utc(period.end)) for period in busy.periods}
    known = {time: (time.starts_at, time.ends_at) for time in times_of(session, row.id)}
    gone = [time for time, period in known.items() if period not in wanted]
    every = {"source_id": row.id, "clinician_id": row.clinician_id}
    new = [every | {"starts_at": start, "ends_at": end} for start, end in sorted(wanted - set(known.values()))]
    with _gains_noted(session, office, row.clinician_id, gone, now=now):
        for time in gone:
            session.delete(time)
        session.flush()
        if new:
            session.execute(insert(BusyTime), new, execution_options=ONE_STATEMENT)
    row.fetched_at, row.flagged = utc(now), busy.assumed_zone
    row.failure = PARTLY if busy.unreadable or not busy.complete else None


def _gains_noted(
    session: Session, office: Office, clinician_id: int, gone: Iterable[BusyTime], *, now: datetime
) -> AbstractContextManager[None]:
    """As `gained.gains_noted`, where she works; nothing is read if none of what is gone is still to come."""
    if not any(time.ends_at > now for time in gone):
        return nullcontext()
    pairs = workplaces(session, today=oslo(now).date())
    return gains_noted(session, office, [clinic for clinic, who in pairs if who == clinician_id], now=now)


# -- clashes ----------------------------------------------------------------------------------------------------------


def note_clashes(clinician_ids: Iterable[int], *, now: datetime) -> int:
    """Gives the clinic a task for each appointment with one of these clinicians that meets a busy time of hers, and
    takes back the tasks about what meets none any more; how many were given.

    One task an appointment, until somebody has settled it; after that another one only if the appointment was changed
    since, or meets other times.
    """
    hers = set(clinician_ids)
    with Session(db.engine) as session:
        found = _by_appointment(clashes_of(session, hers, now=now)) if hers else {}
        tasks = clash_tasks(session, found) if found else []
        settled = settled_clashes(session, now=now)
    for course_id, task_id in settled:
        _take_back(course_id, task_id, now=now)
    missing = [clashes[0] for clashes in found.values() if not _is_told(clashes, tasks)]
    return sum(_tell(each.course_id, each.appointment_id, now=now) for each in missing)


def words(clashes: Sequence[Clash]) -> str:
    """“16.03.2027 08:00–09:30, 11:00–12:00”: when she is busy, on the clock in Oslo."""
    days = groupby((Period(each.starts_at, each.ends_at) for each in clashes), key=lambda period: _day(period.start))
    return "; ".join(f"{day} {', '.join(map(_hours, periods))}" for day, periods in days)


def _day(moment: datetime) -> str:
    return f"{oslo(moment):%d.%m.%Y}"


def _hours(period: Period) -> str:
    end = f"{oslo(period.end):%H:%M}"
    return (
        f"{oslo(period.start):%H:%M}–{end if _day(period.end) == _day(period.start) else f'{_day(period.end)} {end}'}"
    )


def _by_appointment(clashes: Iterable[Clash]) -> Mapping[int, list[Clash]]:
    return {id: list(each) for id, each in groupby(clashes, key=lambda clash: clash.appointment_id)}


def _is_told(clashes: Sequence[Clash], tasks: Iterable[Task]) -> bool:
    """Whether there is a task about it that is open, or that somebody has settled as things stand."""
    about = [task for task in tasks if task.appointment_id == clashes[0].appointment_id]
    return any(task.done_at is None or _stands(task, clashes) for task in about)


def _stands(task: Task, clashes: Sequence[Clash]) -> bool:
    settled = task.done_at is not None and task.done_by is not None and task.done_at >= clashes[0].changed_at
    return settled and task.note == words(clashes)


def _tell(course_id: int, appointment_id: int, *, now: datetime) -> bool:
    """With the course locked, for two workers may have found it at once."""

    def work(session: Session) -> bool:
        course = course_to_change(session, course_id)
        clashes = clashes_at(session, appointment_id, now=now)
        if not clashes or _is_told(clashes, clash_tasks(session, [appointment_id])):
            return False
        appointment = next(each for each in course.appointments if each.id == appointment_id)
        session.add(
            Task(
                kind=CLASH,
                course_id=course.id,
                appointment_id=appointment.id,
                clinic_id=appointment.clinic_id,
                name=course.name,
                phone=course.mobile,
                note=words(clashes),
                language=course.language,
                created_at=utc(now),
                due_at=min(utc(end_of_working_day_after(now, TOLD_WITHIN)), appointment.starts_at),
            )
        )
        return True

    return unit_of_work(work)


def _take_back(course_id: int | None, task_id: int, *, now: datetime) -> None:
    """Nobody has settled it: it was over before anybody did, so that it comes back if the clash does."""

    def work(session: Session) -> None:
        if course_id is not None:
            course_to_change(session, course_id)
        task = session.get(Task, task_id, with_for_update=True)
        if task is not None and task.done_at is None:
            task.done_at = utc(now)

    unit_of_work(work)
