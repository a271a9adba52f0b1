"""Disruptions: what is taken out of a schedule touches appointments, which are planned anew together and told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.errors import AnswerOver, ChangedMeanwhile, SettledAlready
from booking.domain.period import Period, at_wall, moment_of, seconds_of
from booking.domain.schedule import Name
from booking.services import disruptions, new_times
from booking.services.disruptions import (
    ILLNESS_KEPT,
    Cause,
    CauseKind,
    absence_behind,
    enter_absence,
    follow_up,
    forget_illness,
    ill_today,
    remove_absence,
)
from booking.services.logbook import COMMAND
from booking.services.office import Office
from booking.services.relocation import proposals, propose
from booking.services.settlement import settle_due
from booking.services.tasks import TELL
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import Disruption, Touched, count_to_replan, open_disruptions
from booking.store.holds import Hold
from booking.store.people import Clinician
from booking.store.register import Scope
from booking.store.schedules import Absence, ClosedPeriod, HoursDay, RoomClosure
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import FreedTime
from tests.builders import NOW, TUESDAYS, UNSURE, booked, booked_course, choice, course, held, office
from tests.people import KARI, SIV
from tests.services.changers import AT, cancel, elsewhere, move, place_at, session_of
from tests.services.outbox import messages

LATER = NOW + timedelta(minutes=20)

pytestmark = pytest.mark.usefixtures("claims_kept")


def beside(kari: Course) -> Course:
    """A course of Siv's on Kari's days, with Kari's clinician."""
    slug = db.session.get_one(Clinician, session_of(kari.id, 3).clinician_id).slug
    return booked_course(SIV, replace(TUESDAYS, clinician=slug, only_her=True))


def day_of(appointment: Appointment) -> Period:
    day = appointment.starts_at.date()
    return Period(at_wall(day, 0), at_wall(day + timedelta(days=1), 0))


def away(appointment: Appointment, *, kind: str = "illness") -> int | None:
    """Her clinician is away on the day of the appointment."""
    clinician_id, period = appointment.clinician_id, day_of(appointment)
    return enter_absence(office(), clinician_id, period, kind, who=COMMAND, now=NOW)


def disruption(id: int | None) -> Disruption:
    assert id is not None
    db.session.rollback()
    return db.session.get_one(Disruption, id)


def proposed(id: int | None) -> Disruption:
    assert id is not None
    assert propose(office(), id, version=disruption(id).version, now=NOW)
    return disruption(id)


def accepted(id: int | None) -> Disruption:
    found = proposed(id)
    ids = [row.id for row in found.touched]
    done = new_times.accept(office(), found.id, ids, version=found.version, who=COMMAND, now=NOW, at=AT)
    assert (done.moved, done.refused) == (len(ids), ())
    return disruption(id)


def row_of(found: Disruption, course_id: int) -> Touched:
    appointments = {row.appointment_id: row for row in found.touched}
    return next(appointments[a.id] for a in course(course_id).appointments if a.id in appointments)


def row(id: int) -> Touched:
    db.session.rollback()
    return db.session.get_one(Touched, id)


def kinds(course_id: int) -> list[str]:
    """Of the messages since the booking."""
    return [message.kind for message in messages() if message.course_id == course_id][11:]


# -- what is touched --------------------------------------------------------------------------------------------------


def test_an_absence_touches_what_lies_in_it(kari: Course) -> None:
    third = session_of(kari.id, 3)
    found = disruption(away(third))
    assert [row.appointment_id for row in found.touched] == [third.id]
    assert (found.kind, found.clinician_id, found.closed_at) == ("absence", third.clinician_id, None)


def test_nothing_has_moved_yet(kari: Course) -> None:
    third = session_of(kari.id, 3)
    before = place_at(third)
    proposed(away(third))
    assert place_at(session_of(kari.id, 3)) == before
    assert kinds(kari.id) == []


def test_an_absence_that_touches_nobody_is_entered_all_the_same(kari: Course) -> None:
    third = session_of(kari.id, 3)
    next_day = Period(day_of(third).end, day_of(third).end + timedelta(days=1))
    entered = enter_absence(office(), third.clinician_id, next_day, "holiday", who=COMMAND, now=NOW)
    assert entered is None
    assert db.session.scalar(select(Absence.kind).where(Absence.starts_at == next_day.start)) == "holiday"


def test_an_absence_is_entered_only_if_it_touches_those_who_were_shown(kari: Course) -> None:
    third = session_of(kari.id, 3)
    other = session_of(beside(kari).id, 3)
    facts = (office(), third.clinician_id, day_of(third), "holiday")
    with pytest.raises(ChangedMeanwhile):
        enter_absence(*facts, seen=[third.id], who=COMMAND, now=NOW)
    assert db.session.scalars(select(Absence.id).where(Absence.kind == "holiday")).all() == []
    assert enter_absence(*facts, seen=[third.id, other.id], who=COMMAND, now=NOW) is not None


def test_the_same_absence_twice_is_one(kari: Course) -> None:
    third = session_of(kari.id, 3)
    assert away(third) == away(third)
    same = select(Absence).where(Absence.clinician_id == third.clinician_id, Absence.starts_at == day_of(third).start)
    assert len(db.session.scalars(same).all()) == 1


def test_what_has_begun_is_not_touched(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cause = Cause(kind=CauseKind.ABSENCE, period=day_of(third), clinician_id=third.clinician_id)
    begun = third.starts_at + timedelta(minutes=5)
    assert disruptions.touched_by(db.session(), office(), cause, now=begun) == []


def test_a_closed_clinic_and_a_closed_room_touch_what_is_there(kari: Course) -> None:
    third = session_of(kari.id, 3)
    for cause in (
        Cause(kind=CauseKind.CLOSED, period=day_of(third), clinic_id=third.clinic_id),
        Cause(kind=CauseKind.CLOSED, period=day_of(third)),
        Cause(kind=CauseKind.ROOM, period=day_of(third), room_id=third.room_id),
    ):
        found = disruptions.touched_by(db.session(), office(), cause, now=NOW)
        assert [appointment.id for appointment in found] == [third.id]


def test_changed_hours_touch_what_lies_outside_of_them(kari: Course) -> None:
    third = session_of(kari.id, 3)
    cause = Cause(
        kind=CauseKind.HOURS,
        period=Period(NOW, NOW + timedelta(days=4000)),
        clinician_id=third.clinician_id,
        clinic_id=third.clinic_id,
    )
    assert disruptions.touched_by(db.session(), office(), cause, now=NOW) == []

    def no_tuesdays(session):  # type: ignore[no-untyped-def]
        for day in session.scalars(select(HoursDay).where(HoursDay.weekday == third.starts_at.weekday())):
            session.delete(day)
        session.flush()
        return [a.course_id for a in disruptions.touched_by(session, office(), cause, now=NOW)]

    assert unit_of_work(no_tuesdays) == [kari.id] * 10  # the review is on a Tuesday, too


def test_what_is_touched_twice_is_planned_once(kari: Course) -> None:
    third = session_of(kari.id, 3)
    away(third)
    cause = Cause(kind=CauseKind.CLOSED, period=day_of(third), clinic_id=third.clinic_id)
    assert unit_of_work(lambda s: disruptions.disrupt(s, office(), cause, COMMAND, now=NOW)) is None


def test_ill_today_takes_the_rest_of_the_day(kari: Course) -> None:
    first = session_of(kari.id, 1)
    morning = at_wall(first.starts_at.date(), 0) + timedelta(hours=5, minutes=17)
    id = ill_today(office(), first.clinician_id, who=COMMAND, now=morning)
    assert [row.appointment_id for row in disruption(id).touched] == [first.id]
    assert ill_today(office(), first.clinician_id, who=COMMAND, now=morning + timedelta(minutes=2)) == id


def test_who_is_there_after_all_keeps_what_has_not_moved(kari: Course) -> None:
    third = session_of(kari.id, 3)
    id = away(third)
    facts = (office(), third.clinician_id, day_of(third))
    with pytest.raises(ChangedMeanwhile):
        remove_absence(*facts, version=7, who=COMMAND, now=NOW)
    kept = remove_absence(*facts, version=0, who=COMMAND, now=NOW)
    assert (kept.stay, kept.moved) == (1, 0)
    found = disruption(id)
    assert [row.state for row in found.touched] == ["settled"]
    assert found.closed_at == NOW
    again = disruption(away(third))
    assert [absence_behind(db.session(), each) is None for each in (disruption(id), again)] == [True, False]


def test_that_she_was_ill_is_forgotten_and_that_she_was_away_stays(kari: Course) -> None:
    third = session_of(kari.id, 3)
    away(third)
    over = day_of(third).end
    assert forget_illness(now=over + ILLNESS_KEPT - timedelta(seconds=1)) == 0
    assert forget_illness(now=over + ILLNESS_KEPT) == 1
    db.session.rollback()
    assert [absence.kind for absence in db.session.scalars(select(Absence))] == ["other"]


# -- planned together -------------------------------------------------------------------------------------------------


def test_everybody_is_proposed_a_time_and_two_others_and_nobody_the_same(kari: Course) -> None:
    siv = beside(kari)
    third, hers = session_of(kari.id, 3), session_of(siv.id, 3)
    assert third.starts_at.date() == hers.starts_at.date()
    found = proposed(away(third))
    places = [place for row in found.touched for place in (row.proposal, *row.others)]
    assert len(places) == 3 * len(found.touched)
    assert len({(place["start"], place["clinician"]) for place in places if place}) == len(places)


def test_a_proposal_for_more_asks_little_more(kari: Course) -> None:
    """Schedules are read once for all; of each further course what is its own, of each further session nothing."""
    alone = statements_for(enter_absence(*absence(session_of(kari.id, 2), days=1), who=COMMAND, now=NOW))
    weeks = statements_for(enter_absence(*absence(session_of(kari.id, 5), days=15), who=COMMAND, now=NOW))
    third = session_of(beside(kari).id, 3)
    both = statements_for(enter_absence(*absence(third, days=1), who=COMMAND, now=NOW))
    assert [len(each.touched) for each in open_disruptions(db.session())] == [1, 2, 3]
    assert weeks <= alone
    assert alone < both <= alone + 4


def absence(appointment: Appointment, *, days: int) -> tuple[Office, int, Period, str]:
    start = day_of(appointment).start
    return office(), appointment.clinician_id, Period(start, start + timedelta(days=days)), "training"


def statements_for(id: int | None) -> int:
    """How many it takes to propose times for all whom it touches."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with Session(db.engine) as session:
            proposals(session, office(), session.get_one(Disruption, id), now=NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_her_own_week_comes_first(kari: Course) -> None:
    third = session_of(kari.id, 3)
    (row,) = proposed(away(third)).touched
    assert row.proposal is not None
    start = moment_of(row.proposal["start"])
    assert start.isocalendar().week == third.starts_at.isocalendar().week


def test_a_room_out_of_use_moves_nobody_to_another_time(kari: Course) -> None:
    third = session_of(kari.id, 3)
    before, room_id = place_at(third), third.room_id

    def close(session):  # type: ignore[no-untyped-def]
        period = day_of(third)
        closure = RoomClosure(room_id=third.room_id, starts_at=period.start, ends_at=period.end, reason="Leak")
        session.add(closure)
        cause = Cause(kind=CauseKind.ROOM, period=period, room_id=third.room_id)
        return disruptions.disrupt(session, office(), cause, COMMAND, now=NOW)

    found = accepted(unit_of_work(close).id)
    moved = session_of(kari.id, 3)
    assert place_at(moved) == before
    assert moved.room_id != room_id
    assert kinds(kari.id) == []
    assert found.closed_at is not None


def test_two_sessions_of_a_course_keep_its_rules(kari: Course) -> None:
    third, fourth = session_of(kari.id, 3), session_of(kari.id, 4)
    period = Period(day_of(third).start, day_of(fourth).end)
    found = accepted(enter_absence(office(), third.clinician_id, period, "holiday", who=COMMAND, now=NOW))
    sessions = [session_of(kari.id, number).starts_at for number in range(1, 10)]
    assert sessions == sorted(sessions)
    assert len({start.isocalendar().week for start in sessions}) == 9
    assert [row.state for row in found.touched] == ["offered", "offered"]
    assert kinds(kari.id).count("replanned") == 1


# -- accepted and told ------------------------------------------------------------------------------------------------


def test_who_is_moved_gets_one_message_and_her_calendar_the_new_time(kari: Course) -> None:
    third = session_of(kari.id, 3)
    uid, sequence = third.uid, third.sequence
    (row,) = accepted(away(third)).touched
    moved = session_of(kari.id, 3)
    assert row.proposal is not None
    assert seconds_of(moved.starts_at) == row.proposal["start"]
    assert (moved.uid, moved.sequence) == (uid, sequence + 1)
    assert kinds(kari.id) == ["replanned", "request"]
    assert settle_due(office(), now=LATER, at=AT) == 0


def test_two_others_are_kept_for_her(kari: Course) -> None:
    (row,) = accepted(away(session_of(kari.id, 3))).touched
    hold = db.session.get_one(Hold, row.hold_id)
    assert [seconds_of(time.starts_at) for time in hold.times] == [place["start"] for place in row.others]
    assert len(row.others) == 2
    assert row.answer_by == hold.expires_at


def test_she_may_answer_no_later_than_her_new_time_can_be_booked(kari: Course) -> None:
    third = session_of(kari.id, 3)
    early = third.starts_at - timedelta(hours=5)
    id = enter_absence(office(), third.clinician_id, third.period, "illness", who=COMMAND, now=early)
    assert id is not None
    assert propose(office(), id, version=disruption(id).version, now=early)
    (row,) = disruption(id).touched
    new_times.accept(office(), id, [row.id], version=disruption(id).version, who=COMMAND, now=early, at=AT)
    (told,) = disruption(id).touched
    assert told.answer_by is not None
    assert told.answer_by <= session_of(kari.id, 3).starts_at - office().notice


def test_some_can_be_accepted_and_others_later(kari: Course) -> None:
    siv = beside(kari)
    found = proposed(away(session_of(kari.id, 3)))
    hers = row_of(found, siv.id)
    new_times.accept(office(), found.id, [hers.id], version=found.version, who=COMMAND, now=NOW, at=AT)
    assert row(hers.id).state == "offered"
    assert row_of(disruption(found.id), kari.id).state == "open"
    assert [message.course_id for message in messages() if message.kind == "replanned"] == [siv.id]


def test_a_single_proposal_is_changed(kari: Course) -> None:
    found = proposed(away(session_of(kari.id, 3)))
    (row,) = found.touched
    id, version = row.id, found.version
    place = new_times.everywhere(db.session(), office(), row, now=NOW).ways[-1].option.at
    new_times.change_proposal(office(), found.id, id, place, version=version, who=COMMAND, now=NOW)
    new_times.accept(office(), found.id, [id], version=version + 1, who=COMMAND, now=NOW, at=AT)
    assert place.start in {each.starts_at for each in course(kari.id).appointments}


def test_nobody_is_moved_to_a_place_that_was_not_shown(kari: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = proposed(away(session_of(kari.id, 3)))
    (row,) = found.touched
    id, shown, version, read = row.id, row.proposal, found.version, new_times._by_course
    place = new_times.everywhere(db.session(), office(), row, now=NOW).ways[-1].option.at

    def read_before_another_changes_it(*asked):  # type: ignore[no-untyped-def]
        seen = read(*asked)
        new_times.change_proposal(office(), found.id, id, place, version=version, who=COMMAND, now=NOW)
        return seen

    monkeypatch.setattr(new_times, "_by_course", read_before_another_changes_it)
    done = new_times.accept(office(), found.id, [id], version=version, who=COMMAND, now=NOW, at=AT)
    assert (done.moved, done.refused) == (0, (id,))
    (row,) = disruption(found.id).touched
    assert (row.state, row.proposal == shown) == ("open", False)


def test_what_is_taken_meanwhile_is_refused_and_stays_open(kari: Course) -> None:
    siv = beside(kari)
    found = proposed(away(session_of(kari.id, 3)))
    (one, other) = (row_of(found, kari.id), row_of(found, siv.id))
    place = one.proposal
    assert place is not None

    def take(session):  # type: ignore[no-untyped-def]
        session.get_one(Touched, other.id).proposal = place

    unit_of_work(take)
    ids = [one.id, other.id]
    done = new_times.accept(office(), found.id, ids, version=found.version, who=COMMAND, now=NOW, at=AT)
    assert (done.moved, len(done.refused)) == (1, 1)
    assert row(done.refused[0]).state == "open"


def test_times_that_wait_for_a_call_are_moved_too() -> None:
    waiting = booked(held(choice(replace(TUESDAYS, clinician="ask-eksempel", only_her=True))), KARI, UNSURE)
    third = session_of(waiting.course_id, 3)
    before = place_at(third)
    (row,) = accepted(away(third)).touched
    moved = session_of(waiting.course_id, 3)
    assert (row.state, moved.status) == ("offered", "pending")
    assert place_at(moved) != before


def test_who_has_no_email_is_to_be_told_by_phone_and_is_on_the_board(kari: Course) -> None:
    silent = booked_course(SIV, replace(TUESDAYS, clinician="ask-eksempel", only_her=True), email=None)
    found = accepted(away(session_of(silent.id, 3)))
    hers = row_of(found, silent.id)
    assert (hers.state, hers.told_at, hers.token_hash) == ("offered", None, None)
    assert len(hers.others) == 2
    scope = Scope(everybody=True, clinic_ids=frozenset(), clinician_id=None, unplaced=True)
    assert count_to_replan(db.session(), scope, now=NOW) == 1


@pytest.mark.parametrize("answer", ["keeps", "chooses"])
def test_who_was_rung_about_her_new_time_need_not_be_rung_again(kari: Course, answer: str) -> None:
    silent = booked_course(SIV, replace(TUESDAYS, clinician="ask-eksempel", only_her=True), email=None)
    hers = row_of(accepted(away(session_of(silent.id, 3))), silent.id)
    assert [task.kind for task in open_tasks_of(db.session(), silent.id)] == [TELL]
    start = moment_of(hers.others[0]["start"])
    if answer == "keeps":
        new_times.keep(office(), hers.id, who=COMMAND, now=LATER)
    else:
        new_times.choose(office(), hers.id, start, by=Actor.CLINIC, who=COMMAND, now=LATER, at=AT)
    db.session.rollback()
    assert open_tasks_of(db.session(), silent.id) == []


def test_who_was_rung_about_one_new_time_is_still_to_hear_of_the_other(kari: Course) -> None:
    silent = booked_course(SIV, replace(TUESDAYS, clinician="ask-eksempel", only_her=True), email=None)
    hers = row_of(accepted(away(session_of(silent.id, 3))), silent.id)
    accepted(away(session_of(silent.id, 5)))
    new_times.keep(office(), hers.id, who=COMMAND, now=LATER)
    db.session.rollback()
    assert [task.kind for task in open_tasks_of(db.session(), silent.id)] == [TELL]


# -- answered ---------------------------------------------------------------------------------------------------------


def test_who_keeps_her_new_time_is_done_and_the_others_are_free(kari: Course) -> None:
    found = accepted(away(session_of(kari.id, 3)))
    (offered,) = found.touched
    hold_id = offered.hold_id
    for _ in range(2):
        new_times.keep(office(), offered.id, now=LATER)
    assert (row(offered.id).state, row(offered.id).hold_id) == ("kept", None)
    assert disruption(found.id).closed_at == LATER
    assert db.session.get(Hold, hold_id) is None


def test_who_chooses_another_time_has_it(kari: Course) -> None:
    (offered,) = accepted(away(session_of(kari.id, 3))).touched
    start = moment_of(offered.others[1]["start"])
    for _ in range(2):
        new_times.choose(office(), offered.id, start, by=Actor.PATIENT, now=LATER, at=AT)
    assert session_of(kari.id, 3).starts_at == start
    assert row(offered.id).state == "chosen"
    assert kinds(kari.id)[2:] == ["changed", "request"]


def test_what_ran_out_cannot_be_chosen(kari: Course) -> None:
    found = accepted(away(session_of(kari.id, 3)))
    (offered,) = found.touched
    assert offered.answer_by is not None
    follow_up(office(), now=offered.answer_by)
    assert row(offered.id).hold_id is None
    assert row(offered.id).state == "offered"
    start = moment_of(offered.others[0]["start"])
    with pytest.raises(AnswerOver):
        new_times.choose(office(), offered.id, start, by=Actor.PATIENT, now=offered.answer_by, at=AT)


def test_who_wants_neither_stays_on_the_board(kari: Course) -> None:
    found = accepted(away(session_of(kari.id, 3)))
    (offered,) = found.touched
    new_times.decline(office(), offered.id, now=LATER)
    assert row(offered.id).state == "declined"
    assert disruption(found.id).closed_at is None
    with pytest.raises(AnswerOver):
        new_times.keep(office(), offered.id, now=LATER)


# -- what happens by itself -------------------------------------------------------------------------------------------


def test_what_the_patient_moves_or_cancels_herself_is_settled(kari: Course) -> None:
    siv = beside(kari)
    found = disruption(away(session_of(kari.id, 3)))
    move(session_of(kari.id, 3), elsewhere(session_of(kari.id, 3)))
    cancel(session_of(siv.id, 3))
    assert follow_up(office(), now=NOW) == 1
    assert {each.state for each in disruption(found.id).touched} == {"settled"}


def test_what_is_booked_meanwhile_is_touched_too(kari: Course) -> None:
    third = session_of(kari.id, 3)
    id = away(third)

    def forget(session):  # type: ignore[no-untyped-def]
        session.get_one(Disruption, id).touched = []

    unit_of_work(forget)
    follow_up(office(), now=NOW)
    assert [each.appointment_id for each in disruption(id).touched] == [third.id]


# -- two receptionists ------------------------------------------------------------------------------------------------


def test_times_that_were_held_before_the_absence_and_are_booked_after_it_are_touched() -> None:
    first = choice().appointments[0]
    hold_id = held()
    period = Period(at_wall(first.day, 0), at_wall(first.day + timedelta(days=1), 0))
    assert enter_absence(office(), first.clinician, period, "illness", who=COMMAND, now=NOW) is None
    assert enter_absence(office(), first.clinician, period, "illness", who=COMMAND, now=NOW) is None
    made = booked(hold_id)
    assert follow_up(office(), now=NOW) == 1
    (found,) = open_disruptions(db.session())
    assert [row.appointment_id for row in found.touched] == [session_of(made.course_id, 1).id]
    assert follow_up(office(), now=NOW) == 0


def test_what_a_closing_touches_too_stays_open_when_the_absence_is_removed(kari: Course) -> None:
    third = session_of(kari.id, 3)
    first_id = away(third)

    def close(session):  # type: ignore[no-untyped-def]
        period = day_of(third)
        closed = {"clinic_id": third.clinic_id, "starts_at": period.start, "ends_at": period.end}
        session.add(ClosedPeriod(name=Name({"nb": "Stengt", "en": "Closed"}), **closed))
        cause = Cause(kind=CauseKind.CLOSED, period=period, clinic_id=third.clinic_id)
        assert disruptions.disrupt(session, office(), cause, COMMAND, now=NOW) is None

    unit_of_work(close)
    remove_absence(office(), third.clinician_id, day_of(third), who=COMMAND, now=NOW)
    assert disruption(first_id).closed_at is not None
    (found,) = open_disruptions(db.session())
    assert (found.kind, [row.appointment_id for row in found.touched]) == ("closed", [third.id])


def test_who_waits_is_asked_about_the_times_of_who_is_there_after_all(kari: Course) -> None:
    third = session_of(kari.id, 3)
    away(third)
    remove_absence(office(), third.clinician_id, day_of(third), who=COMMAND, now=NOW)
    db.session.rollback()
    freed = db.session.scalars(select(FreedTime)).all()
    assert {(each.clinician_id, each.starts_at.date()) for each in freed} == {
        (third.clinician_id, third.starts_at.date())
    }


def test_who_acts_on_what_another_has_changed_meanwhile_is_told(kari: Course) -> None:
    found = proposed(away(session_of(kari.id, 3)))
    (id, version), (open_,) = (found.id, found.version), [each.id for each in found.touched]
    new_times.accept(office(), id, [open_], version=version, who=COMMAND, now=NOW, at=AT)
    with pytest.raises(ChangedMeanwhile):
        new_times.accept(office(), id, [open_], version=version, who=COMMAND, now=NOW, at=AT)
    with pytest.raises(ChangedMeanwhile):
        new_times.settle_by_hand(office(), id, open_, version=version, who=COMMAND, now=NOW)
    assert kinds(kari.id).count("replanned") == 1


def test_what_the_patient_has_answered_is_not_settled_by_hand(kari: Course) -> None:
    found = accepted(away(session_of(kari.id, 3)))
    id, told = found.id, found.touched[0].id
    new_times.keep(office(), told, now=LATER)
    with pytest.raises(SettledAlready):
        new_times.settle_by_hand(office(), id, told, version=disruption(id).version, who=COMMAND, now=LATER)
    assert row(told).state == "kept"
