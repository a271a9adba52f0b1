"""A clinician's feed: her appointments for her own calendar program, and of patients no more than she has chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from booking.domain.period import at_wall, oslo
from booking.services.clinician_feeds import (
    Names,
    UnknownFeed,
    clinician_busy,
    clinician_feed,
    close_feed,
    open_feed,
    renew_feed,
)
from booking.services.links import clinician_feed_url
from booking.services.staff import disable
from booking.store.appointments import CANCELLED, Appointment
from booking.store.busy import ClinicianFeed, feed_of
from booking.store.database import db
from booking.store.people import Clinician
from booking.store.schedules import Absence
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked_course, office
from tests.calendars import rules
from tests.people import OLA
from tests.servers.databases import only_sqlite
from tests.services.changers import cancel, elsewhere, move
from tests.staff import ASK, reach

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def her() -> int:
    return db.session.scalars(select(Clinician.id).where(Clinician.slug == OLA)).one()


def opened(names: Names = Names.INITIALS, language: str = "nb") -> str:
    """The token of her feed."""
    open_feed(office(), her(), names, language, who=reach(ASK).who, now=NOW)
    row = feed_of(db.session(), her())
    assert row is not None
    return clinician_feed_url(office(), row).rpartition("/")[2].removesuffix(".ics")


def body(token: str, *, now: datetime = NOW) -> bytes:
    db.session.rollback()
    return clinician_feed(db.session(), office(), token, now=now).body


def hers() -> list[Appointment]:
    """Kari's appointments with her, as they stand."""
    db.session.rollback()
    rows = select(Appointment).where(Appointment.clinician_id == her(), Appointment.status != CANCELLED)
    return list(db.session.scalars(rows.order_by(Appointment.starts_at)))


def texts(token: str) -> set[str]:
    return {event.text("SUMMARY") for event in rules.check_feed(body(token))}


def test_the_feed_keeps_the_rules_of_feeds_and_holds_her_appointments() -> None:
    booked_course()
    token = opened()
    rules.check_feed(body(token))
    read = rules.second_reader(body(token))
    assert [event[:3] for event in read] == [(a.uid, oslo(a.starts_at), oslo(a.ends_at)) for a in hers()]


@pytest.mark.parametrize(
    ("names", "language", "words"),
    [
        (Names.INITIALS, "nb", "K. P."),
        (Names.FULL, "nb", "Kari Prøve"),
        (Names.BUSY, "en", "Busy"),
    ],
)
def test_patients_stand_in_it_as_she_has_chosen(names: Names, language: str, words: str) -> None:
    booked_course()
    token = opened(names, language)
    assert texts(token) == {words}
    if names is not Names.FULL:
        assert "Kari" not in body(token).decode()
    if names is Names.BUSY:
        assert "/staff/" not in body(token).decode().replace("\r\n ", "")


def test_choosing_other_names_keeps_the_address() -> None:
    booked_course()
    assert opened(Names.INITIALS) == opened(Names.FULL)


def test_nobody_is_reminded_by_it() -> None:
    booked_course()
    assert b"VALARM" not in body(opened())


def test_two_fetches_give_the_same_bytes_and_a_change_gives_others() -> None:
    booked_course()
    token = opened()
    first = clinician_feed(db.session(), office(), token, now=NOW)
    later = clinician_feed(db.session(), office(), token, now=NOW + timedelta(seconds=1))
    assert (later.body, later.etag, later.last_modified) == (first.body, first.etag, first.last_modified)
    visit = hers()[0]
    move(visit, elsewhere(visit))
    moved = clinician_feed(db.session(), office(), token, now=NOW + timedelta(minutes=1))
    assert moved.etag != first.etag
    assert moved.last_modified > first.last_modified


def test_what_is_cancelled_or_given_to_a_colleague_is_gone() -> None:
    booked_course()
    token, (first, second, *_) = opened(), hers()
    cancel(first)
    colleague = db.session.scalars(select(Clinician.id).where(Clinician.slug != OLA).limit(1)).one()

    def give(session) -> None:  # type: ignore[no-untyped-def]
        session.get_one(Appointment, second.id).clinician_id = colleague

    before = clinician_feed(db.session(), office(), token, now=NOW)
    unit_of_work(give)
    db.session.rollback()
    after = clinician_feed(db.session(), office(), token, now=NOW + timedelta(minutes=1))
    uids = {event[0] for event in rules.second_reader(after.body)}
    assert not {first.uid, second.uid} & uids
    assert after.last_modified > before.last_modified


def test_a_renewed_or_closed_feed_is_gone() -> None:
    token = opened()
    renew_feed(office(), her(), who=reach(ASK).who, now=NOW)
    with pytest.raises(UnknownFeed):
        body(token)
    token = opened()
    close_feed(office(), her(), who=reach(ASK).who, now=NOW)
    with pytest.raises(UnknownFeed):
        body(token)


def test_who_works_here_no_more_has_no_feed() -> None:
    token = opened()
    disable(office(), ASK.email, now=NOW)
    with pytest.raises(UnknownFeed):
        body(token)


def test_only_a_hash_of_the_token_is_kept_and_the_last_fetch_is_noted_to_the_hour() -> None:
    token = opened()
    row = db.session.scalars(select(ClinicianFeed)).one()
    assert (token in repr(vars(row)), row.used_at) == (False, None)
    for minutes in (0, 30, 61):
        body(token, now=NOW + timedelta(minutes=minutes))
    db.session.rollback()
    assert db.session.scalars(select(ClinicianFeed.used_at)).one() == NOW + timedelta(minutes=61)


# -- when she can be had ----------------------------------------------------------------------------------------------


def freebusy(token: str, *, now: datetime = NOW) -> list[str]:
    """The lines of the VFREEBUSY, after what every calendar must keep was checked."""
    db.session.rollback()
    data = clinician_busy(db.session(), office(), token, now=now).body
    lines = rules.lines_of(data)
    (component,) = Calendar.from_ical(data).walk("VFREEBUSY")
    assert component["UID"].endswith(f"@{office().uid_host}")
    return [f"{line.parameters['FBTYPE']} {line.value}" for line in lines if line.name == "FREEBUSY"]


def utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def test_free_busy_says_when_and_nothing_else() -> None:
    booked_course()
    token = opened(Names.FULL)
    assert freebusy(token) == [f"BUSY {utc(a.starts_at)}/{utc(a.ends_at)}" for a in hers()]
    assert b"Kari" not in clinician_busy(db.session(), office(), token, now=NOW).body


def test_free_busy_tells_away_from_booked_and_cuts_at_today() -> None:
    start, end = NOW - timedelta(days=3), NOW + timedelta(days=2)
    away = Absence(clinician_id=her(), starts_at=start, ends_at=end, kind="holiday")
    unit_of_work(lambda session: session.add(away))
    assert freebusy(opened()) == [
        f"BUSY-UNAVAILABLE {utc(at_wall(oslo(NOW).date(), 0).astimezone(NOW.tzinfo))}/{utc(end)}"
    ]


def test_free_busy_is_the_same_bytes_until_something_changes() -> None:
    booked_course()
    token = opened()
    first = clinician_busy(db.session(), office(), token, now=NOW).etag
    assert clinician_busy(db.session(), office(), token, now=NOW + timedelta(seconds=1)).etag == first
    cancel(hers()[0])
    db.session.rollback()
    assert clinician_busy(db.session(), office(), token, now=NOW + timedelta(seconds=2)).etag != first
