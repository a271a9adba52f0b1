"""Clinicians' feeds: her appointments in the calendar she uses anyway, and beside them when she can be had.

Whoever sees her calendar sees the feed, so patients stand in it by their initials, or not at all, unless she has chosen
otherwise.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from booking.domain.errors import BookingError
from booking.domain.period import Period, at_wall, oslo
from booking.ical.event import Entry, Status, vevent
from booking.ical.feed import feed, window
from booking.ical.freebusy import BusyKind, BusySpan, freebusy
from booking.services.feeds import KEPT_FEEDS, NOTE_EVERY, FeedAnswer, Kept, answer_of
from booking.services.links import hash_of, new_clinician_token
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.wording import initials
from booking.store.appointments import PENDING
from booking.store.busy import ClinicianFeed, FeedRow, feed_by_hash, feed_of, feed_rows
from booking.store.clinics import Clinic, all_clinics, the_group
from booking.store.database import utc
from booking.store.people import Clinician
from booking.store.timetable import absences_in
from booking.store.unit_of_work import unit_of_work

KEPT_EVENTS = 20_000
"""How many events of clinicians' feeds are kept in one process."""


class Names(StrEnum):
    """How patients stand in a clinician's feed: `INITIALS`, only that she is `BUSY`, or by their `FULL` names."""

    INITIALS = "initials"
    BUSY = "busy"
    FULL = "full"


class UnknownFeed(BookingError):
    """No feed has this token (any more)."""


# -- having one -------------------------------------------------------------------------------------------------------


def open_feed(office: Office, clinician_id: int, names: Names, language: str, *, who: Who, now: datetime) -> None:
    """Gives her a feed, or has hers show other names, in this language; its address stays."""

    def work(session: Session) -> None:
        session.get_one(Clinician, clinician_id, with_for_update=True)
        row = feed_of(session, clinician_id)
        if row is None:
            row = ClinicianFeed(id=secrets.randbits(62), clinician_id=clinician_id, generation=0)
            row.token_hash = hash_of(new_clinician_token(office, row))
            session.add(row)
        row.names, row.language = names.value, language
        note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)

    unit_of_work(work)


def renew_feed(office: Office, clinician_id: int, *, who: Who, now: datetime) -> None:
    """Ends the old address of her feed and makes a new one; nothing if she has none."""

    def work(session: Session) -> None:
        row = feed_of(session, clinician_id)
        if row is None:
            return
        row.generation += 1
        row.token_hash, row.used_at = hash_of(new_clinician_token(office, row)), None
        note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)

    unit_of_work(work)


def close_feed(office: Office, clinician_id: int, *, who: Who, now: datetime) -> None:
    """Ends her feed; nothing if she has none."""

    def work(session: Session) -> None:
        row = feed_of(session, clinician_id)
        if row is not None:
            session.delete(row)
            note(session, office, who, "calendar", About(clinician_id=clinician_id), now=now)

    unit_of_work(work)


# -- reading it -------------------------------------------------------------------------------------------------------


def clinician_feed(session: Session, office: Office, token: str, *, now: datetime) -> FeedAnswer:
    """Her appointments behind a token. Raises UnknownFeed for one that was never given out, or was renewed since."""
    row = _opened(session, token, now=now)
    rows = feed_rows(session, row.clinician_id, window(now))
    clinics = {clinic.id: clinic for clinic in all_clinics(session)}
    with force_locale(row.language):
        name = gettext("Appointments, %(group)s", group=the_group(session).name)
    events = [_event(office, row, each, clinics[each.clinic_id]) for each in rows]
    return _answer(("feed", row.id), feed(name, events), now=now)


def clinician_busy(session: Session, office: Office, token: str, *, now: datetime) -> FeedAnswer:
    """When she is booked, kept for somebody, or away, from today on, behind the same token. Raises UnknownFeed."""
    row = _opened(session, token, now=now)
    within = Period(at_wall(oslo(now).date(), 0), at_wall(oslo(window(now).end).date(), 0))
    rows = feed_rows(session, row.clinician_id, within)
    away = [Period(each.starts_at, each.ends_at) for each in absences_in(session, [row.clinician_id], within)]
    stamp = max((each.updated_at for each in rows), default=within.start)
    uid = f"{UUID(int=row.id)}@{office.uid_host}"
    return _answer(
        ("busy", row.id), freebusy([*_spans(rows), *_unavailable(away)], within, uid=uid, stamp=stamp), now=now
    )


def _opened(session: Session, token: str, *, now: datetime) -> ClinicianFeed:
    row = feed_by_hash(session, hash_of(token))
    if row is None:
        raise UnknownFeed
    if row.used_at is None or now - row.used_at >= NOTE_EVERY:
        _note_use(row.id, now=now)
    return row


def _note_use(feed_id: int, *, now: datetime) -> None:
    def work(session: Session) -> None:
        row = session.get(ClinicianFeed, feed_id)
        if row is not None:
            row.used_at = utc(now)

    unit_of_work(work)


def _answer(key: tuple[str, int], body: bytes, *, now: datetime) -> FeedAnswer:
    """Last changed when this process first saw these bytes: what was moved to a colleague leaves no trace in them."""
    before = _answers.get(key)
    if before is not None and before.body == body:
        return before
    answer = answer_of(body, now.replace(microsecond=0))
    _answers.put(key, answer)
    return answer


def _event(office: Office, own: ClinicianFeed, row: FeedRow, clinic: Clinic) -> bytes:
    summary = _summary(own, row)
    key = (row.id, row.sequence, row.updated_at, row.status, summary, own.names, own.language, clinic.name, office.url)
    event = _kept_events.get(key)
    if event is None:
        event = vevent(_entry(office, own, row, clinic, summary))
        _kept_events.put(key, event)
    return event


def _entry(office: Office, own: ClinicianFeed, row: FeedRow, clinic: Clinic, summary: str) -> Entry:
    """Without an alarm: she has her day before her anyway."""
    page = f"{office.url}/{own.language}/staff/appointments/{row.id}"
    return Entry(
        uid=row.uid,
        sequence=row.sequence,
        period=Period(row.starts_at, row.ends_at),
        summary=summary,
        location=f"{clinic.name}, {clinic.full_address}",
        description="" if own.names == Names.BUSY else page,
        stamp=row.updated_at,
        status=Status.TENTATIVE if row.status == PENDING else Status.CONFIRMED,
    )


def _summary(own: ClinicianFeed, row: FeedRow) -> str:
    with force_locale(own.language):
        busy = gettext("Busy")
    shown = {Names.INITIALS: initials(row.name), Names.FULL: row.name}
    return shown.get(Names(own.names), "") or busy


def _spans(rows: Iterable[FeedRow]) -> list[BusySpan]:
    return [
        BusySpan(Period(row.starts_at, row.ends_at), BusyKind.TENTATIVE if row.status == PENDING else BusyKind.BUSY)
        for row in rows
    ]


def _unavailable(away: Sequence[Period]) -> list[BusySpan]:
    return [BusySpan(period, BusyKind.UNAVAILABLE) for period in away]


_kept_events: Kept[bytes] = Kept(KEPT_EVENTS)
_answers: Kept[FeedAnswer] = Kept(KEPT_FEEDS)
