"""Busy times from clinicians' own calendars: they block what is free, change nothing that is booked, and are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.period import OSLO, Period, oslo
from booking.ical.busy import UnreadableCalendar
from booking.ical.fetch import Fetcher, Trouble
from booking.services import busy
from booking.services.busy import (
    ASK_EVERY,
    MOST_SOURCES,
    TooManySources,
    ask_again,
    ask_calendars,
    drop,
    forget_busy_times,
)
from booking.services.clinician_feeds import Names, clinician_feed, open_feed
from booking.services.links import clinician_feed_url
from booking.services.tasks import settle_task
from booking.store.accounts import Account
from booking.store.appointments import Appointment
from booking.store.busy import CLASH, BusySource, BusyTime, feed_of, times_of
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.logbook import LogEntry
from booking.store.people import Clinician
from booking.store.schedules import Hours, schedule_of
from booking.store.tasks import Task
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import FreedTime
from tests.builders import NOW, TUESDAYS, booked, booked_course, course, held, office, proposal
from tests.people import OLA
from tests.servers.calendars import Answer, Calendars
from tests.servers.databases import only_sqlite
from tests.servers.web import command_environ, flask
from tests.services.changers import elsewhere, move, session_of
from tests.staff import ASK, EMBLA, RITA, reach

HERE = Fetcher(loopback=True, seconds=5)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def her() -> int:
    """Kari's clinician."""
    return db.session.scalars(select(Clinician.id).where(Clinician.slug == OLA)).one()


def event(start: datetime, *lines: str, hours: float = 1, uid: str = "private@elsewhere.example") -> str:
    times = [f"DTSTART;TZID=Europe/Oslo:{oslo(start):%Y%m%dT%H%M%S}", f"DURATION:PT{int(hours * 60)}M"]
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *times, "SUMMARY:Dentist, secret", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def upload(*events: str, name: str = "Home") -> Any:
    return busy.upload(office(), her(), name, calendar(*events), who=reach(ASK).who, now=NOW)


def subscribe(url: str, *, name: str = "Home") -> int:
    return busy.subscribe(office(), her(), name, url, who=reach(ASK).who, now=NOW)


def ask(fetcher: Fetcher = HERE, *, now: datetime = NOW) -> int:
    return ask_calendars(office(), fetcher, now=now)


def source(id: int) -> BusySource:
    db.session.rollback()
    return db.session.get_one(BusySource, id)


def busy_starts() -> list[datetime]:
    db.session.rollback()
    return sorted(db.session.scalars(select(BusyTime.starts_at)))


def open_clashes() -> list[Task]:
    db.session.rollback()
    return list(db.session.scalars(select(Task).where(Task.kind == CLASH, Task.done_at.is_(None)).order_by(Task.id)))


TUESDAY = datetime(2027, 4, 13, 8, tzinfo=OSLO)


# -- blocking ---------------------------------------------------------------------------------------------------------


def test_a_busy_time_is_not_offered() -> None:
    first = proposal(TUESDAYS).plans[0].sessions[0]
    clinician = db.session.get_one(Clinician, first.clinician)
    meeting = calendar(event(first.start, hours=0.5))
    busy.upload(office(), clinician.id, "Home", meeting, who=reach(ASK).who, now=NOW)
    times = {(s.start, s.clinician) for plan in proposal(TUESDAYS).plans for s in plan.sessions}
    assert (first.start, first.clinician) not in times


def test_only_start_and_end_are_kept() -> None:
    upload(event(TUESDAY, "LOCATION:Secret", "DESCRIPTION:Secret"))
    (time,) = db.session.scalars(select(BusyTime))
    assert (oslo(time.starts_at), oslo(time.ends_at)) == (TUESDAY, TUESDAY + timedelta(hours=1))
    kept = [repr(vars(row)) for row in (time, source(time.source_id))]
    assert not any("ecret" in each for each in kept)


def test_absences_and_busy_times_are_read_together() -> None:
    upload(event(TUESDAY))
    clinic = session_of(booked_course().id, 1).clinic_id
    schedule = schedule_of(db.session(), [clinic], Period(TUESDAY, TUESDAY + timedelta(days=1)))
    assert any(each.clinician_id == her() and each.period.start == TUESDAY for each in schedule.absences)


def test_what_came_out_of_her_own_feed_blocks_nothing() -> None:
    kari = session_of(booked_course().id, 1)
    upload(event(kari.starts_at, uid=kari.uid))
    assert busy_starts() == []


# -- asking -----------------------------------------------------------------------------------------------------------


def test_an_address_is_asked_once_in_a_quarter_of_an_hour(calendars: Calendars) -> None:
    id = subscribe(calendars.serve(calendar(event(TUESDAY))))
    assert [ask(), ask(), ask(now=NOW + ASK_EVERY)] == [1, 0, 1]
    assert (source(id).fetched_at, source(id).failure) == (NOW + ASK_EVERY, None)
    assert busy_starts() == [TUESDAY]


def test_nobodys_address_is_asked_who_has_left_or_whose_account_is_closed(calendars: Calendars) -> None:
    subscribe(calendars.serve(calendar(event(TUESDAY))))
    hers, yesterday = Hours.clinician_id == her(), NOW.date() - timedelta(days=1)
    unit_of_work(lambda session: session.execute(update(Hours).where(hers).values(valid_until=yesterday)))
    assert ask() == 0
    unit_of_work(lambda session: session.execute(update(Hours).where(hers).values(valid_until=None)))
    account = update(Account).where(Account.clinician_id == her())
    unit_of_work(lambda session: session.execute(account.values(active=False)))
    assert ask() == 0
    unit_of_work(lambda session: session.execute(account.values(active=True)))
    assert ask() == 1


def test_the_address_is_encrypted_and_never_logged(calendars: Calendars) -> None:
    url = calendars.serve(b"", path="/secret-key.ics")
    id = subscribe(url)
    assert b"secret-key" not in (source(id).url or b"")
    entries = db.session.scalars(select(LogEntry).where(LogEntry.action == "calendar")).all()
    assert [(entry.actor, entry.detail) for entry in entries] == [("Ask Eksempel", None)]


def test_what_has_not_changed_keeps_its_rows_and_is_confirmed(calendars: Calendars) -> None:
    id = subscribe(calendars.serve(calendar(event(TUESDAY)), 'ETag: "one"'))
    ask()
    rows = [time.id for time in times_of(db.session(), id)]
    later = NOW + ASK_EVERY
    ask(now=later)
    assert "If-None-Match" in calendars.asked[-1]
    assert [time.id for time in times_of(db.session(), id)] == rows
    assert source(id).fetched_at == later


def test_once_a_day_the_whole_is_asked_for(calendars: Calendars) -> None:
    subscribe(calendars.serve(calendar(event(TUESDAY, "RRULE:FREQ=WEEKLY")), 'ETag: "one"'))
    ask()
    last = busy_starts()[-1]
    ask(now=NOW + timedelta(days=14))
    assert "If-None-Match" not in calendars.asked[-1]
    assert busy_starts()[-1] == last + timedelta(days=14)


def test_only_what_differs_is_written(calendars: Calendars) -> None:
    kept, gone, new = TUESDAY, TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=2)
    id = subscribe(calendars.serve(calendar(event(kept, uid="1"), event(gone, uid="2"))))
    ask()
    first = min(times_of(db.session(), id), key=lambda time: time.starts_at).id
    calendars.serve(calendar(event(kept, uid="1"), event(new, uid="3")))
    ask(now=NOW + ASK_EVERY)
    assert busy_starts() == [kept, new]
    assert min(times_of(db.session(), id), key=lambda time: time.starts_at).id == first


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer("404 Not Found"), "answer"),
        (Answer(body=b"<html>Sign in</html>"), "no_calendar"),
        (Answer(body=calendar(event(TUESDAY))[:-20]), "broken"),
        (Answer(head=("Content-Length: 99999999",)), "large"),
        (Answer("302 Found", ("Location: https://10.0.0.1/",)), "private"),
        (Answer("302 Found", ("Location: /her.ics",)), "redirects"),
    ],
)
def test_after_a_failure_the_last_good_copy_stands_with_its_age(
    calendars: Calendars, answer: Answer, failure: str
) -> None:
    id = subscribe(calendars.serve(calendar(event(TUESDAY))))
    ask()
    calendars.pages["/her.ics"] = answer
    ask(now=NOW + ASK_EVERY)
    row = source(id)
    assert (row.failure, row.fetched_at, row.checked_at) == (failure, NOW, NOW + ASK_EVERY)
    assert busy_starts() == [TUESDAY]


def test_one_that_fails_keeps_no_other_from_being_asked(calendars: Calendars) -> None:
    slow = subscribe(f"{calendars.url}/slow")
    calendars.pages["/slow"] = Answer(body=b"X" * 1000, drip=0.05)
    good = subscribe(calendars.serve(calendar(event(TUESDAY))), name="Work")
    ask(Fetcher(loopback=True, seconds=0.4))
    assert source(slow).failure == Trouble.SLOW
    assert (source(good).failure, busy_starts()) == (None, [TUESDAY])


def test_on_loopback_nothing_is_asked_where_strangers_book(calendars: Calendars) -> None:
    id = subscribe(calendars.serve(calendar(event(TUESDAY))))
    ask(Fetcher())
    assert source(id).failure == Trouble.ADDRESS
    assert calendars.asked == []


def test_two_workers_ask_once(calendars: Calendars) -> None:
    subscribe(calendars.serve(calendar(event(TUESDAY))))
    asked: list[int] = []

    class Greedy(Fetcher):
        def fetch(self, url: str, **known: Any) -> Any:
            asked.append(ask(now=NOW))  # another worker comes by while this one waits
            return HERE.fetch(url, **known)

    ask(Greedy())
    assert (asked, len(calendars.asked)) == ([0], 1)


def test_who_asks_again_is_answered_at_once_and_whole(calendars: Calendars) -> None:
    id = subscribe(calendars.serve(calendar(event(TUESDAY)), 'ETag: "one"'))
    ask()
    ask_again(her() + 1, id)
    assert ask() == 0
    ask_again(her(), id)
    assert ask() == 1
    assert "If-None-Match" not in calendars.asked[-1]


def test_zones_that_nobody_knows_are_read_in_ours_and_counted(calendars: Calendars) -> None:
    odd = event(TUESDAY).replace("Europe/Oslo", "Somewhere/Else")
    id = subscribe(calendars.serve(calendar(odd, event(TUESDAY + timedelta(days=1), uid="2"))))
    ask()
    assert (source(id).flagged, source(id).failure) == (1, None)
    assert busy_starts()[0] == TUESDAY


def test_what_can_be_read_in_part_only_is_used_and_said() -> None:
    upload(event(TUESDAY), event(TUESDAY, "RRULE:FREQ=SECONDLY", uid="2"))
    assert db.session.scalars(select(BusySource.failure)).one() == busy.PARTLY
    assert busy_starts() == [TUESDAY]


@only_sqlite
def test_the_worker_asks(calendars: Calendars, demonstration_url: str) -> None:
    subscribe(calendars.serve(calendar(event(TUESDAY))))
    done = flask(command_environ(demonstration_url), "worker", "--once")
    assert (done.returncode, busy_starts()) == (0, [TUESDAY])


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_newer_file_of_the_same_name_takes_the_place_of_the_older() -> None:
    upload(event(TUESDAY))
    upload(event(TUESDAY + timedelta(days=1)))
    assert busy_starts() == [TUESDAY + timedelta(days=1)]
    upload(event(TUESDAY), name="Work")
    assert len(busy_starts()) == 2


def test_a_file_that_is_no_calendar_changes_nothing() -> None:
    upload(event(TUESDAY))
    with pytest.raises(UnreadableCalendar):
        busy.upload(office(), her(), "Home", b"<html>", who=reach(ASK).who, now=NOW)
    assert busy_starts() == [TUESDAY]


def test_a_clinician_has_so_many_calendars_and_no_more() -> None:
    for number in range(MOST_SOURCES):
        upload(name=str(number))
    upload(name="0")
    with pytest.raises(TooManySources):
        upload(name="one more")


def test_nobody_else_can_drop_her_calendar() -> None:
    upload(event(TUESDAY))
    id = db.session.scalars(select(BusySource.id)).one()
    drop(office(), her() + 1, id, who=reach(EMBLA).who, now=NOW)
    assert busy_starts() == [TUESDAY]
    drop(office(), her(), id, who=reach(ASK).who, now=NOW)
    assert busy_starts() == []
    assert db.session.scalars(select(BusySource)).all() == []


def test_busy_times_are_forgotten_two_weeks_after_they_are_over() -> None:
    upload(event(TUESDAY), event(TUESDAY + timedelta(days=1), uid="2"))
    over = TUESDAY + timedelta(hours=1, days=14)
    assert [forget_busy_times(now=at) for at in (over - timedelta(seconds=1), over, over)] == [0, 1, 0]
    assert busy_starts() == [TUESDAY + timedelta(days=1)]


def test_who_waits_is_asked_about_what_is_busy_no_more() -> None:
    upload(event(TUESDAY), event(TUESDAY + timedelta(days=7), uid="2"))
    upload(event(TUESDAY, hours=0.5), event(TUESDAY + timedelta(days=7), uid="2"))
    (freed,) = db.session.scalars(select(FreedTime)).all()
    assert freed.clinician_id == her()
    assert Period(freed.starts_at, freed.ends_at).overlaps(Period(TUESDAY, TUESDAY + timedelta(hours=1)))
    drop(office(), her(), db.session.scalars(select(BusySource.id)).one(), who=reach(ASK).who, now=NOW)
    db.session.rollback()
    days = [oslo(each.starts_at).date() for each in db.session.scalars(select(FreedTime).order_by(FreedTime.id))]
    assert set(days[1:]) == {TUESDAY.date(), TUESDAY.date() + timedelta(days=7)}


# -- clashes ----------------------------------------------------------------------------------------------------------


def of_hers() -> Appointment:
    """A booked appointment with Kari's clinician."""
    return next(a for a in booked_course().appointments if a.clinician_id == her() and a.kind == "session")


def state(course_id: int) -> list[tuple[Any, ...]]:
    return [
        (a.starts_at, a.status, a.clinician_id, a.sequence, a.version, a.updated_at)
        for a in course(course_id).appointments
    ]


def test_a_clash_becomes_one_task_and_changes_nothing() -> None:
    visit = of_hers()
    before = state(visit.course_id)
    upload(event(visit.starts_at, hours=0.5))
    upload(event(visit.starts_at, hours=0.5), name="Work")
    (task,) = open_clashes()
    assert (task.appointment_id, task.clinic_id, task.name) == (visit.id, visit.clinic_id, "Kari Prøve")
    half = visit.starts_at + timedelta(minutes=30)
    hours = f"{oslo(visit.starts_at):%H:%M}–{oslo(half):%H:%M}"
    assert task.note == f"{oslo(visit.starts_at):%d.%m.%Y} {hours}"
    assert "secret" not in (task.note or "")
    assert state(visit.course_id) == before


def test_what_only_touches_or_is_a_colleague_s_is_no_clash() -> None:
    visit = of_hers()
    upload(event(visit.ends_at), event(visit.starts_at - timedelta(hours=1), uid="2"))
    colleague = db.session.scalars(select(Clinician.id).where(Clinician.slug == EMBLA.clinician)).one()
    meeting = calendar(event(visit.starts_at))
    busy.upload(office(), colleague, "Home", meeting, who=reach(EMBLA).who, now=NOW)
    assert open_clashes() == []


def test_a_clash_that_is_over_is_no_task_any_more_and_comes_back_if_it_does() -> None:
    visit = of_hers()
    upload(event(visit.starts_at))
    upload()
    assert open_clashes() == []
    upload(event(visit.starts_at))
    assert len(open_clashes()) == 1


def test_what_somebody_has_settled_is_not_asked_again_as_long_as_nothing_changes(calendars: Calendars) -> None:
    visit = of_hers()
    subscribe(calendars.serve(calendar(event(visit.starts_at))))
    ask()
    (task,) = open_clashes()
    settle_task(office(), task.id, who=reach(RITA).who, now=NOW + timedelta(minutes=5))
    ask(now=NOW + ASK_EVERY)
    assert open_clashes() == []
    calendars.serve(calendar(event(visit.starts_at, hours=2)))
    ask(now=NOW + 2 * ASK_EVERY)
    assert len(open_clashes()) == 1


def test_when_the_visit_is_moved_the_task_is_done(calendars: Calendars) -> None:
    visit = of_hers()
    subscribe(calendars.serve(calendar(event(visit.starts_at))))
    ask()
    move(visit, elsewhere(visit))
    ask(now=NOW + ASK_EVERY)
    assert open_clashes() == []


def test_what_was_held_before_and_is_booked_after_is_noticed_the_next_time() -> None:
    hold = held()
    times = db.session.get_one(Hold, hold).times
    upload(*(event(time.starts_at, uid=str(time.id)) for time in times[:1]))
    assert open_clashes() == []
    made = booked(hold)
    ask(now=NOW + ASK_EVERY)
    (task,) = open_clashes()
    assert (task.course_id, task.appointment_id) == (made.course_id, course(made.course_id).appointments[0].id)


def test_the_feed_does_not_come_back_as_a_clash(calendars: Calendars) -> None:
    visit = of_hers()
    open_feed(office(), her(), Names.FULL, "nb", who=reach(ASK).who, now=NOW)
    row = feed_of(db.session(), her())
    assert row is not None
    token = clinician_feed_url(office(), row).rpartition("/")[2].removesuffix(".ics")
    subscribe(calendars.serve(clinician_feed(db.session(), office(), token, now=NOW).body))
    ask()
    assert visit.id
    assert (busy_starts(), open_clashes()) == ([], [])
