"""Changes by several processes at once, and by processes that die: one winner, nothing doubled, nothing half."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from sqlalchemy import select

from booking.domain.appointment import Actor
from booking.domain.period import seconds_of
from booking.services.changes import UNDO_FOR, Place
from booking.store.appointments import Appointment
from booking.store.changes import Change
from booking.store.courses import Course
from booking.store.database import db
from booking.store.holds import Hold
from tests.builders import NOW, booked_course, course
from tests.claims import assert_claims_match
from tests.journeys.client import CalendarProgram
from tests.people import KARI, SIV
from tests.servers.databases import first_postgresql
from tests.servers.forked import Forked
from tests.servers.web import command_environ
from tests.services.changers import cancel, move, place_at, place_of, session_of, settle, undoable, weeks
from tests.services.outbox import messages
from tests.services.test_changed_letters import program_after, starts

pytestmark = [first_postgresql, pytest.mark.usefixtures("claims_kept")]


@contextmanager
def movers(database_url: str, *tasks: str) -> Iterator[Forked]:
    """One process for each task, all ready to begin; killed at the end, wherever they are."""
    db.session.rollback()
    with Forked(command_environ(database_url), "tests.services.movers", *tasks) as parent:
        assert parent.stdout.readline() == b"ready\n", parent.errors.decode()
        yield parent


def race(database_url: str, *tasks: str) -> Counter[str]:
    """Lets the tasks run against one another; how they ended."""
    with movers(database_url, *tasks) as parent:
        ended = parent.tell(b"\n").decode()
        assert parent.poll() == 0, parent.errors.decode()
    return Counter(ended.splitlines())


def to_move(appointment: Appointment, place: Place) -> str:
    where = f"{seconds_of(place.start)}:{place.clinician_id}:{place.clinic_id}"
    return f"move:{appointment.course_id}:{appointment.id}:{where}"


def a_place_for(*appointments: Appointment) -> Place:
    """A place that each of them could have."""
    offered = [{place_of(o): None for w in weeks(each) for o in w.options} for each in appointments]
    return next(place for place in offered[0] if all(place in others for others in offered[1:]))


def kinds(course_id: int) -> list[str]:
    """The kinds of messages since the booking."""
    return [message.kind for message in messages() if message.course_id == course_id][11:]


def test_of_two_who_move_into_the_same_time_one_has_it(demonstration_url: str) -> None:
    kari, siv = booked_course(KARI), booked_course(SIV, channel=KARI.channel)
    hers, others = session_of(kari.id, 3), session_of(siv.id, 3)
    place = a_place_for(hers, others)
    ended = race(demonstration_url, to_move(hers, place), to_move(others, place))
    assert ended == {"move done": 1, "move SlotTaken": 1}
    there = [each for each in (session_of(kari.id, 3), session_of(siv.id, 3)) if place_at(each) == place]
    assert len(there) == 1


def test_a_button_pressed_several_times_moves_once(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    place = a_place_for(third)
    assert race(demonstration_url, *[to_move(third, place)] * 4) == {"move done": 4}
    assert session_of(third.course_id, 3).sequence == 1
    assert len(undoable(third.course_id)) == 1


def test_a_button_pressed_several_times_cancels_and_undoes_once(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    assert race(demonstration_url, *[f"cancel:{third.course_id}:{third.id}"] * 4) == {"cancel done": 4}
    (change,) = undoable(third.course_id)
    assert race(demonstration_url, *[f"undo:{third.course_id}:{change.id}"] * 4) == {"undo done": 4}
    assert (session_of(third.course_id, 3).status, session_of(third.course_id, 3).sequence) == ("booked", 2)


def test_several_workers_tell_of_a_change_once(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    move(third)
    assert race(demonstration_url, *["settle:0"] * 4) == {"settle done": 4}
    assert kinds(third.course_id) == ["changed", "request"]


def test_what_is_undone_while_others_tell_of_it_is_told_or_undone(demonstration_url: str) -> None:
    third = session_of(booked_course().id, 3)
    usual = place_at(third)
    place = move(third)
    (change,) = undoable(third.course_id)
    ended = race(demonstration_url, f"undo:{third.course_id}:{change.id}", f"send:{third.course_id}", "settle:0")
    stands = place_at(session_of(third.course_id, 3))
    if ended["undo done"]:
        assert (stands, kinds(third.course_id)) == (usual, [])
    else:
        assert (stands, kinds(third.course_id)) == (place, ["changed", "request"])
    assert db.session.scalars(select(Hold).where(Hold.change_id.is_not(None))).all() == []


def test_two_changes_of_one_course_at_once_both_stand(demonstration_url: str) -> None:
    kari = booked_course()
    third, fifth, sixth = (session_of(kari.id, number) for number in (3, 5, 6))
    place = a_place_for(third)
    tasks = [to_move(third, place), f"cancel:{kari.id}:{fifth.id}", f"cancel:{kari.id}:{sixth.id}"]
    assert race(demonstration_url, *tasks) == {"move done": 1, "cancel done": 2}
    assert len(undoable(kari.id)) == 3
    assert [a.status for a in course(kari.id).appointments].count("cancelled") == 2
    settle(now=NOW + UNDO_FOR)
    assert Counter(kinds(kari.id)) == {"changed": 1, "request": 1, "cancel": 2}


def test_who_is_killed_in_the_middle_of_changes_leaves_whole_ones_only(demonstration_url: str, all_forms: bool) -> None:
    kari, siv = booked_course(KARI), booked_course(SIV, channel=KARI.channel)
    random = Random(1)
    for _ in range(10 if all_forms else 3):
        with movers(demonstration_url, f"churn:{kari.id}", f"churn:{siv.id}") as parent:
            parent.stdin.write(b"\n")
            for _ in range(random.randint(2, 8)):
                parent.stdout.readline()
            time.sleep(random.uniform(0, 0.1))
        assert_claims_match(db.session(), NOW)
    late = max(change.due_at for change in db.session.scalars(select(Change)))
    settle(now=late)
    for who, address in ((kari, "kari@example.com"), (siv, "siv@example.com")):
        assert shown(who, address) == starts(who.id)
    assert db.session.scalars(select(Hold).where(Hold.change_id.is_not(None))).all() == []


def shown(of: Course, address: str) -> list[object]:
    program: CalendarProgram = program_after(of, address)
    return list(program.shown)


def test_a_freed_time_goes_to_one_of_those_who_wait_for_it(demonstration_url: str) -> None:
    kari, siv = booked_course(KARI), booked_course(SIV, channel=KARI.channel)
    left = place_at(session_of(kari.id, 3))
    cancel(session_of(kari.id, 3), by=Actor.PATIENT)
    settle(now=NOW + UNDO_FOR)
    hers = session_of(siv.id, 3)
    third = booked_course(KARI, name="Liv", email="liv@example.com", mobile=None)
    others = session_of(third.id, 3)
    ended = race(demonstration_url, to_move(hers, left), to_move(others, left))
    assert ended["move done"] == 1
