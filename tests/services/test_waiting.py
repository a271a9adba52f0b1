"""The waiting list: one person at a time, kept as long as was promised, and nothing promised twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.appointment import Actor
from booking.domain.errors import NotAllowed, OfferOver, SlotTaken, UnknownWaiter
from booking.domain.period import at_wall, moment_of, oslo
from booking.mail.mailbox import Mailbox
from booking.services import changes
from booking.services.courses import release, release_lapsed
from booking.services.holds import Choice, Visitor, answers_of, find_hold
from booking.services.letters import compose
from booking.services.links import open_waiter, waiter_token
from booking.services.offering import _end_lapsed
from booking.services.offers import refuse, refuse_for_caller, take_course, take_for_caller, take_visit
from booking.services.preferences import Contact, correct_contact
from booking.services.waiting import (
    KEPT,
    YES_WITHIN,
    CourseWish,
    confirm,
    forget_waiters,
    leave,
    wait_for_caller,
    wait_for_course,
    wait_for_missing,
    wait_for_visit,
)
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.holds import HeldTime, Hold
from booking.store.logbook import newest_entries
from booking.store.outbox import Message
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import LAPSED, REFUSED, TAKEN, FreedTime, Waiter, WaitingOffer
from tests.builders import NOW, UNSURE, booked, booked_course, choice, course, held, office, proposal
from tests.people import KARI, SIV
from tests.services.changers import hold_rest
from tests.services.outbox import deliver, messages
from tests.services.waiters import (
    AT,
    MINUTE,
    asks_for_course,
    elsewhere_that_week,
    forget_freed,
    freed,
    give_back,
    nothing_is_promised_twice,
    offers,
    options_that_week,
    place_of,
    round_of_the_worker,
    someone_holds,
    times_of_the_next_plan,
    waiter_of,
    waits_for_course,
    waits_for_visit,
)
from tests.staff import RITA, reach

HOUR = timedelta(hours=1)
VERA = Visitor("vera", "192.0.2.50")


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def waiter(waiter_id: int) -> Waiter:
    db.session.rollback()
    return db.session.get_one(Waiter, waiter_id)


def offered_mails() -> list[Message]:
    return [message for message in messages() if message.kind == "offer"]


def take(waiter_id: int, visitor: Visitor = VERA, *, now: datetime = NOW) -> None:
    offer = max(db.session.scalars(select(WaitingOffer).where(WaitingOffer.waiter_id == waiter_id)), key=lambda o: o.id)
    take_course(office(), waiter_id, offer.id, visitor, now=now)
    db.session.rollback()


# -- for a course -----------------------------------------------------------------------------------------------------


def test_nobody_is_offered_anything_while_nothing_is_given_back() -> None:
    waits_for_course()
    assert round_of_the_worker() == 0


def test_times_that_are_given_back_are_kept_for_who_waits() -> None:
    waits_for_course(hours=6)
    give_back(times_of_the_next_plan())
    assert round_of_the_worker() == 1
    (offer,) = offers()
    assert offer.expires_at == NOW + 6 * HOUR
    hold = db.session.get_one(Hold, offer.hold_id)
    assert len(hold.times) == len(offer.times) == 10
    assert hold.expires_at == offer.expires_at
    nothing_is_promised_twice()


def test_what_is_offered_is_shown_to_nobody_else() -> None:
    waits_for_course()
    shown = choice().appointments[0]
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    starts = {(p.start, p.clinician) for plan in proposal().plans for p in plan.appointments}
    assert (shown.start, shown.clinician) not in starts
    with pytest.raises(SlotTaken):
        held(Choice(protocol_id=1, new_patient=False, appointments=(shown,), query=""))


def test_times_that_were_free_all_along_are_no_reason_for_an_offer() -> None:
    waits_for_course()
    second = choice().appointments[1]
    give_back([(second.clinic, second.clinician, second.start + 48 * HOUR, second.end + 48 * HOUR)])
    assert round_of_the_worker() == 0
    assert freed() == 0


def test_one_person_is_asked_at_a_time_the_oldest_wish_first() -> None:
    first, second = waits_for_course("first@example.com"), waits_for_course("second@example.com", now=NOW + MINUTE)
    give_back(times_of_the_next_plan()[:1])
    assert round_of_the_worker(now=NOW + 2 * MINUTE) == 1
    assert [offer.waiter_id for offer in offers()] == [first]
    assert round_of_the_worker(now=NOW + 3 * MINUTE) == 0
    refuse(first, offers()[0].id, now=NOW + 4 * MINUTE)
    assert round_of_the_worker(now=NOW + 5 * MINUTE) == 1
    assert [offer.waiter_id for offer in offers()] == [second]
    assert [offer.answer for offer in offers(REFUSED)] == [REFUSED]


def test_an_offer_ends_by_itself_and_goes_to_the_next() -> None:
    first, second = waits_for_course("first@example.com", hours=2), waits_for_course("second@example.com")
    give_back(times_of_the_next_plan()[:1])
    round_of_the_worker()
    later = NOW + 2 * HOUR
    assert round_of_the_worker(now=later - MINUTE) == 0
    assert round_of_the_worker(now=later) == 1
    assert [(offer.waiter_id, offer.answer) for offer in offers(LAPSED)] == [(first, LAPSED)]
    assert [offer.waiter_id for offer in offers()] == [second]
    assert waiter(first).ended_at is None, "she goes on waiting"


def test_nobody_is_offered_the_same_times_twice() -> None:
    alone = waits_for_course(hours=2)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    refuse(alone, offers()[0].id, now=NOW)
    assert round_of_the_worker(now=NOW + MINUTE) == 0
    assert freed() == 0
    assert proposal(now=NOW + MINUTE).plans, "the times are free for all"


def test_an_offer_that_ran_out_cannot_be_taken() -> None:
    waiter_id = waits_for_course(hours=2)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    with pytest.raises(OfferOver):
        take(waiter_id, now=NOW + 2 * HOUR)


def test_an_offer_that_was_refused_cannot_be_taken() -> None:
    waiter_id = waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    refuse(waiter_id, offers()[0].id, now=NOW)
    with pytest.raises(OfferOver):
        take(waiter_id)


def test_nobody_takes_what_was_offered_to_another() -> None:
    waits_for_course("first@example.com")
    stranger = waits_for_course("second@example.com", now=NOW + MINUTE)
    give_back(times_of_the_next_plan())
    round_of_the_worker(now=NOW + MINUTE)
    with pytest.raises(OfferOver):
        take_course(office(), stranger, offers()[0].id, VERA, now=NOW + MINUTE)


def test_taking_gives_the_times_to_the_visitors_session_as_long_as_was_promised() -> None:
    waiter_id = waits_for_course(hours=6)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    take(waiter_id)
    hold = find_hold(db.session(), office(), VERA.secret)
    assert hold is not None
    assert hold.expires_at == NOW + 6 * HOUR
    assert hold.query.startswith("clinic=lambertseter&day=tue&from=2027-04-05&pattern=tue~")
    typed = answers_of(office(), hold)["typed"]
    assert (typed["name"], typed["email"]) == ("Vera Venter", "vera@example.com")
    assert waiter(waiter_id).ended_at == NOW
    nothing_is_promised_twice()


def test_taken_times_are_booked_in_the_ordinary_way() -> None:
    waiter_id = waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    take(waiter_id)
    hold = find_hold(db.session(), office(), VERA.secret)
    assert hold is not None
    made = booked(hold.id, SIV)
    assert len(course(made.course_id).appointments) == 10
    nothing_is_promised_twice()
    with pytest.raises(OfferOver):
        take(waiter_id, Visitor("another", "192.0.2.51"))


def test_who_held_other_times_gives_them_back_when_she_takes_an_offer() -> None:
    waiter_id = waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    old = held(visitor=VERA.secret)
    take(waiter_id)
    assert db.session.get(Hold, old) is None
    assert freed() == 10
    nothing_is_promised_twice()


def test_taking_twice_is_taking_once_and_goes_on_where_she_is_now() -> None:
    waiter_id = waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    take(waiter_id)
    take(waiter_id, Visitor("her phone", "192.0.2.52"))
    assert find_hold(db.session(), office(), VERA.secret) is None
    assert find_hold(db.session(), office(), "her phone") is not None
    assert len(offers(TAKEN)) == 1


def test_leaving_ends_the_offer_and_drops_its_mail() -> None:
    waiter_id = waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    assert len(offered_mails()) == 1
    leave(waiter_id, now=NOW)
    assert offered_mails() == []
    assert offers() == []
    give_back(times_of_the_next_plan())
    assert round_of_the_worker(now=NOW + MINUTE) == 0


def test_who_joins_twice_for_the_same_waits_once_and_keeps_her_place() -> None:
    first = asks_for_course()
    assert asks_for_course(now=NOW + MINUTE) == first
    assert waiter(first).created_at == NOW
    assert [message.kind for message in messages()] == ["waiting"], "a double click is written to once"
    asks_for_course(now=NOW + HOUR)
    assert [message.kind for message in messages()] == ["waiting", "waiting"], "who has lost the link gets it again"


@pytest.mark.parametrize("joins", [asks_for_course, waits_for_course])
def test_who_types_anothers_address_again_changes_nothing_of_what_she_told(joins: Callable[..., int]) -> None:
    first = joins(hours=2, days=30)
    again = CourseWish(
        query=waiter(first).query,
        name="Somebody Else",
        email="vera@example.com",
        language="nb",
        offer_hours=24,
        until=NOW + timedelta(days=90),
    )
    before = told(first)
    assert wait_for_course(office(), again, now=NOW + HOUR, at=AT) == first
    assert told(first) == before
    assert [(mail.kind, mail.recipient, mail.language) for mail in messages()] == [
        ("waiting", "vera@example.com", "en")
    ] * 2


def told(waiter_id: int) -> dict[str, object]:
    """All that is known of who waits."""
    row = waiter(waiter_id)
    return {column.key: getattr(row, column.key) for column in Waiter.__table__.columns}


def test_an_address_to_which_nobody_said_yes_is_offered_nothing() -> None:
    asked = asks_for_course()
    give_back(times_of_the_next_plan())
    assert round_of_the_worker() == 0
    assert (offers(), offered_mails(), waiter(asked).chances) == ([], [], [])


def test_who_says_yes_takes_her_turn_from_then_on() -> None:
    asked = asks_for_course()
    confirm(asked, now=NOW + MINUTE)
    confirm(asked, now=NOW + HOUR)
    assert waiter(asked).confirmed_at == NOW + MINUTE, "a second yes changes nothing"
    give_back(times_of_the_next_plan())
    assert round_of_the_worker(now=NOW + HOUR) == 1


def test_who_left_does_not_come_back_by_a_yes() -> None:
    asked = asks_for_course()
    leave(asked, now=NOW)
    confirm(asked, now=NOW)
    assert waiter(asked).confirmed_at is None
    give_back(times_of_the_next_plan())
    assert round_of_the_worker() == 0


def test_many_addresses_without_a_yes_do_not_delay_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.services.offering.ASKED_A_ROUND", 1)
    for number in range(3):
        asks_for_course(f"invented{number}@example.com", now=NOW - HOUR)
    vera = waits_for_course()
    give_back(times_of_the_next_plan())
    assert round_of_the_worker() == 1
    assert [offer.waiter_id for offer in offers()] == [vera]


def test_an_address_without_a_yes_is_forgotten_after_two_days_with_its_mail() -> None:
    asked, waiting = asks_for_course(), waits_for_course("other@example.com")
    assert forget_waiters(now=NOW + YES_WITHIN - MINUTE) == 0
    assert forget_waiters(now=NOW + YES_WITHIN) == 1
    db.session.rollback()
    assert db.session.get(Waiter, asked) is None
    assert [mail.facts["waiter_id"] for mail in messages()] == [waiting]


def test_who_waits_within_a_course_has_come_by_its_link_and_needs_no_yes() -> None:
    kari = booked_course()
    waits_for_visit(kari, kari.appointments[2])
    assert waiter_of(kari).confirmed_at == NOW
    forget_waiters(now=NOW + YES_WITHIN)
    assert waiter_of(kari).ended_at is None


def test_a_wish_ends_by_itself() -> None:
    waits_for_course(days=1)
    give_back(times_of_the_next_plan(), now=NOW + timedelta(days=1))
    assert round_of_the_worker(now=NOW + timedelta(days=1)) == 0


def test_wishes_are_forgotten_a_month_after_their_end() -> None:
    waiter_id = waits_for_course(days=100)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    leave(waiter_id, now=NOW)
    assert forget_waiters(now=NOW + KEPT - MINUTE) == 0
    assert forget_waiters(now=NOW + KEPT) == 1
    db.session.rollback()
    assert db.session.get(Waiter, waiter_id) is None


def test_the_link_of_who_is_forgotten_opens_nobody_elses_page() -> None:
    gone = waits_for_course("gone@example.com")
    leave(gone, now=NOW)
    forget_waiters(now=NOW + KEPT)
    next_one = waits_for_course("next@example.com", now=NOW + KEPT)
    assert next_one != gone
    with pytest.raises(UnknownWaiter):
        open_waiter(db.session(), waiter_token(office(), gone))


def test_mails_to_who_waited_are_forgotten_with_her_and_those_to_others_stay(tmp_path: Path) -> None:
    waiter_id = waits_for_course(days=100)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    other_id = waits_for_course("other@example.com", days=100)
    assert deliver(Mailbox(tmp_path), AT + HOUR) == 3
    leave(waiter_id, now=NOW)
    forget_waiters(now=NOW + KEPT)
    assert [message.facts["waiter_id"] for message in messages()] == [other_id]


def test_a_wish_that_cannot_be_read_takes_nobodys_turn() -> None:
    broken = waits_for_course("broken@example.com", now=NOW - HOUR)
    waits_for_course("vera@example.com")
    unit_of_work(lambda s: s.execute(update(Waiter).where(Waiter.id == broken).values(offer_hours=10**9)))
    give_back(times_of_the_next_plan())
    assert round_of_the_worker() == 1
    assert [mail.recipient for mail in offered_mails()] == ["vera@example.com"]


# -- an address that was put right ------------------------------------------------------------------------------------

NEWER = Contact(email="kari.newer@example.com", mobile=None, language="nb", needs=())


def test_what_becomes_free_is_told_where_the_patient_is_reached_now() -> None:
    kari = booked_course()
    session = kari.appointments[3]
    waits_for_visit(kari, session)
    correct_contact(office(), kari.id, NEWER, now=NOW, at=AT)
    give_back([elsewhere_that_week(course(kari.id), session)])
    assert round_of_the_worker() == 1
    (mail,) = offered_mails()
    assert (mail.recipient, mail.language) == ("kari.newer@example.com", "nb")


def test_an_offer_that_waits_for_the_morning_goes_to_the_new_address() -> None:
    kari = booked_course()
    session = kari.appointments[3]
    waits_for_visit(kari, session, hours=12)
    give_back([elsewhere_that_week(kari, session)])
    assert round_of_the_worker(now=EVENING) == 1
    correct_contact(office(), kari.id, NEWER, now=EVENING, at=AT)
    (mail,) = offered_mails()
    assert (mail.recipient, mail.language) == ("kari.newer@example.com", "nb")


def test_who_has_no_address_any_more_is_rung_about_what_is_kept_for_her() -> None:
    kari = booked_course()
    session = kari.appointments[3]
    waits_for_visit(kari, session)
    give_back([elsewhere_that_week(kari, session)])
    assert round_of_the_worker() == 1
    nowhere = Contact(email=None, mobile="+46701740605", language="en", needs=())
    correct_contact(office(), kari.id, nowhere, now=NOW, at=AT)
    (offer,), (task,) = offers(), open_tasks_of(db.session(), kari.id)
    assert (task.kind, task.appointment_id, task.due_at) == ("offer", session.id, offer.expires_at)
    assert offered_mails() == []


def caller() -> tuple[Course, Appointment]:
    """Kari without an address, whom the desk has put on the list for a better time of a session; that time is free."""
    kari = booked_course(email=None)
    session = kari.appointments[3]
    wait_for_caller(office(), kari.id, session.id, "", 2, who=reach(RITA).who, now=NOW)
    give_back([elsewhere_that_week(kari, session)])
    assert round_of_the_worker() == 1
    return kari, session


def test_who_has_rung_to_wait_and_has_no_address_is_rung_and_moved_when_she_says_yes() -> None:
    kari, session = caller()
    (offer,), waiter = offers(), waiter_of(kari)
    (task,) = open_tasks_of(db.session(), kari.id)
    assert (task.kind, task.phone, task.due_at) == ("offer", KARI.mobile, offer.expires_at)
    db.session.rollback()
    for _click in range(2):
        take_for_caller(office(), kari.id, waiter.id, offer.id, who=reach(RITA).who, now=NOW, at=AT)
    db.session.rollback()
    assert db.session.get_one(Appointment, session.id).starts_at == moment_of(offer.times[0][2])
    assert open_tasks_of(db.session(), kari.id) == []
    assert [entry.action for entry in newest_entries(db.session(), patient_id=kari.patient_id)] == ["waiting"] * 2


def test_who_says_no_on_the_phone_waits_on_and_a_call_that_is_too_late_is_not_owed() -> None:
    kari, session = caller()
    (offer,), waiter_id = offers(), waiter_of(kari).id
    refuse_for_caller(office(), waiter_id, offer.id, who=reach(RITA).who, now=NOW)
    assert (waiter_of(kari).ended_at, open_tasks_of(db.session(), kari.id)) == (None, [])
    db.session.rollback()
    give_back([options_that_week(kari, session)[-1]])
    assert round_of_the_worker() == 1
    assert [task.kind for task in open_tasks_of(db.session(), kari.id)] == ["offer"]
    db.session.rollback()
    round_of_the_worker(now=NOW + 3 * HOUR)
    assert open_tasks_of(db.session(), kari.id) == []


# -- quiet nights -----------------------------------------------------------------------------------------------------

EVENING = at_wall(date(2027, 3, 1), 22 * 60)
MORNING = at_wall(date(2027, 3, 2), 7 * 60)


def test_in_the_night_times_are_kept_but_nobody_is_written_to() -> None:
    waits_for_course(hours=2)
    give_back(times_of_the_next_plan())
    assert round_of_the_worker(now=EVENING) == 1
    (offer,), (mail,) = offers(), offered_mails()
    assert offer.expires_at == MORNING + 2 * HOUR, "the hours count from the morning"
    assert mail.due_at == AT + (MORNING - EVENING)
    assert mail.made_at == MORNING


def test_by_day_the_mail_goes_at_once() -> None:
    waits_for_course(hours=2)
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    assert offered_mails()[0].due_at == AT


# -- for a visit ------------------------------------------------------------------------------------------------------


def test_a_better_time_of_the_week_is_offered_and_taken_as_a_move() -> None:
    kari = booked_course()
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    waits_for_visit(kari, third)
    give_back([better])
    assert round_of_the_worker() == 1
    (offer,) = offers()
    assert offer.expires_at == NOW + 2 * HOUR
    take_visit(office(), kari.id, waiter_of(kari).id, offer.id, by=Actor.PATIENT, now=NOW, at=AT)
    moved = next(a for a in course(kari.id).appointments if a.id == third.id)
    assert (moved.clinic_id, moved.clinician_id, moved.starts_at, moved.ends_at) == better
    assert offer.hold_id is None
    assert waiter_of(kari).ended_at == NOW
    assert freed() == 0, "what it leaves is kept until it can no longer be undone"
    nothing_is_promised_twice()


def test_only_the_days_and_times_that_suit_her_are_offered() -> None:
    kari = booked_course()
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    other = (oslo(better[2]).weekday() + 1) % 5
    waits_for_visit(kari, third, query=f"day={('mon', 'tue', 'wed', 'thu', 'fri')[other]}")
    give_back([better])
    assert round_of_the_worker() == 0


def test_a_time_of_another_week_is_not_offered() -> None:
    kari = booked_course()
    waits_for_visit(kari, kari.appointments[2])
    give_back([elsewhere_that_week(kari, kari.appointments[5])])
    assert round_of_the_worker() == 0


def test_what_a_visitor_has_taken_is_not_offered() -> None:
    kari = booked_course()
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    waits_for_visit(kari, third)
    give_back([better])
    changes.move(office(), *someone_elses(third), place_of(better), by=Actor.CLINIC, now=NOW, at=AT)
    assert round_of_the_worker() == 0


def someone_elses(appointment: object) -> tuple[int, int]:
    """Siv's course, and her appointment in the same week."""
    siv = booked_course(SIV)
    week = oslo(appointment.starts_at).isocalendar()[:2]  # type: ignore[attr-defined]
    return siv.id, next(a.id for a in siv.appointments if oslo(a.starts_at).isocalendar()[:2] == week)


def test_a_course_with_a_hole_comes_before_older_wishes() -> None:
    whole, holed = booked_course(), booked_course(SIV)
    changes.cancel(office(), holed.id, holed.appointments[7].id, by=Actor.PATIENT, now=NOW, at=AT)
    holed = course(holed.id)
    hers = next(a for a in holed.appointments if week(a) == week(whole.appointments[2]))
    other = options_that_week(holed, hers)
    better = next(option for option in options_that_week(whole, whole.appointments[2]) if option in other)
    waits_for_visit(whole, whole.appointments[2])
    waits_for_visit(holed, hers)
    give_back([better])
    assert round_of_the_worker() == 1
    assert offers()[0].waiter_id == waiter_of(holed).id


def week(appointment: object) -> tuple[int, int]:
    return oslo(appointment.starts_at).isocalendar()[:2]  # type: ignore[attr-defined, no-any-return]


def test_a_time_right_behind_her_own_can_be_offered() -> None:
    """What is buffer of the one appointment is kept by her already."""
    kari = booked_course()
    third = kari.appointments[2]
    at_first = third.starts_at
    behind = (third.clinic_id, third.clinician_id, third.ends_at, third.ends_at + (third.ends_at - third.starts_at))
    waits_for_visit(kari, third)
    give_back([behind])
    assert round_of_the_worker() == 1
    take_visit(office(), kari.id, waiter_of(kari).id, offers()[0].id, by=Actor.PATIENT, now=NOW, at=AT)
    moved = next(a for a in course(kari.id).appointments if a.id == third.id)
    assert moved.starts_at > at_first
    nothing_is_promised_twice()


def test_a_missing_session_is_waited_for_and_added() -> None:
    kari = booked_course()
    changes.cancel(office(), kari.id, kari.appointments[3].id, by=Actor.PATIENT, now=NOW, at=AT)
    wait_for_missing(office(), kari.id, "", 2, by=Actor.PATIENT, now=NOW)
    db.session.rollback()
    weeks = changes.weeks_for_extra(db.session(), office(), course(kari.id), now=NOW)
    at = weeks[0].options[0].at
    give_back([(at.clinic, at.clinician, at.start, at.end)])
    assert round_of_the_worker() == 1
    take_visit(office(), kari.id, waiter_of(kari).id, offers()[0].id, by=Actor.PATIENT, now=NOW, at=AT)
    assert at.start in {a.starts_at for a in course(kari.id).appointments if a.status == "booked"}
    nothing_is_promised_twice()


def test_nobody_waits_for_a_missing_session_of_a_whole_course() -> None:
    kari = booked_course()
    with pytest.raises(NotAllowed):
        wait_for_missing(office(), kari.id, "", 2, by=Actor.PATIENT, now=NOW)


def test_nobody_waits_for_a_better_time_of_what_is_over_or_pending() -> None:
    kari, siv = booked_course(), course(booked(held(visitor="siv"), SIV, UNSURE).course_id)
    first = kari.appointments[0]
    for whose, which, when in ((kari, first, first.starts_at), (siv, siv.appointments[0], NOW)):
        with pytest.raises(NotAllowed):
            wait_for_visit(office(), whose.id, which.id, "", 2, by=Actor.PATIENT, now=when)


def test_an_offer_leaves_time_to_answer() -> None:
    """What begins too soon is not offered at all."""
    kari = booked_course()
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    waits_for_visit(kari, third, hours=24)
    give_back([better])
    late = better[2] - office().notice - timedelta(minutes=20)
    assert round_of_the_worker(now=late) == 0


def test_an_offer_ends_before_its_time_can_no_longer_be_booked() -> None:
    kari = booked_course()
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    waits_for_visit(kari, third, hours=24)
    give_back([better])
    soon = max(better[2] - 5 * HOUR, at_wall(oslo(better[2]).date(), 7 * 60))
    if soon < third.starts_at and round_of_the_worker(now=soon):
        assert offers()[0].expires_at == better[2] - office().notice


# -- what wakes the list ----------------------------------------------------------------------------------------------


def test_held_times_that_run_out_wake_the_list() -> None:
    waits_for_course()
    someone_holds()
    forget_freed()
    assert round_of_the_worker(now=NOW + 14 * MINUTE) == 0
    assert round_of_the_worker(now=NOW + 15 * MINUTE) == 1
    assert round_of_the_worker(now=NOW + 16 * MINUTE) == 0
    assert freed() == 0


def test_a_course_that_is_released_wakes_the_list() -> None:
    made = booked(held(), KARI, UNSURE)
    waits_for_course()
    forget_freed()
    release(office(), made.reference, now=NOW, at=AT)
    assert freed() == 10
    assert round_of_the_worker() == 1


def test_a_course_that_nobody_decided_about_wakes_the_list() -> None:
    booked(held(), KARI, UNSURE)
    waits_for_course()
    decided = datetime(2027, 3, 3, 23, tzinfo=UTC)
    release_lapsed(office(), now=decided, at=AT)
    assert round_of_the_worker(now=decided) == 1


def test_choosing_other_times_wakes_the_list() -> None:
    held()
    forget_freed()
    held(choice(), visitor="kari")
    assert freed() == 10


def test_only_what_a_plan_for_the_rest_kept_besides_the_course_is_free_when_it_lapses() -> None:
    kari = booked_course()
    hold_rest(kari.id, days=frozenset({1}))
    own = {(a.starts_at, a.clinician_id) for a in kari.appointments}
    kept = {(time.starts_at, time.clinician_id) for time in db.session.scalars(select(HeldTime))}
    assert kept & own
    unit_of_work(lambda session: _end_lapsed(session, now=NOW + HOUR))
    freed = {(time.starts_at, time.clinician_id) for time in db.session.scalars(select(FreedTime))}
    assert freed == kept - own


def test_a_change_wakes_the_list_when_it_can_no_longer_be_undone() -> None:
    kari = booked_course()
    waits_for_course()
    changes.cancel_rest(office(), kari.id, by=Actor.PATIENT, now=NOW, at=AT)
    assert round_of_the_worker() == 0
    changes.send_now(office(), kari.id, by=Actor.PATIENT, now=NOW, at=AT)
    assert freed() == 10
    assert round_of_the_worker() == 1


def test_with_nobody_waiting_what_was_given_back_is_forgotten() -> None:
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    assert freed() == 0


def test_much_that_is_given_back_is_told_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.services.offering.FREED_A_ROUND", 4)
    waits_for_course()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    assert freed() == 6


def test_many_who_wait_are_asked_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.services.offering.ASKED_A_ROUND", 1)
    for number in range(3):
        waits_for_course(f"waiter{number}@example.com", now=NOW + number * MINUTE)
    give_back(times_of_the_next_plan())
    assert [round_of_the_worker(now=NOW + turn * HOUR / 2) for turn in range(1, 4)] == [1, 0, 0]


# -- mails ------------------------------------------------------------------------------------------------------------

HEALTH = ("needle", "acupunct", "akupunkt", "fibromyalg", "nål", "treatment", "behandling")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_mails_say_what_when_and_where_to_answer(language: str) -> None:
    waiter_id = waits_for_course()
    row = db.session.get_one(Waiter, waiter_id)
    row.language = language
    db.session.commit()
    for message in messages():
        message.language = language
    db.session.commit()
    give_back(times_of_the_next_plan())
    round_of_the_worker()
    joined, offer = (compose(db.session(), office(), message).decode() for message in messages())
    row = db.session.get_one(Waiter, waiter_id)
    row.confirmed_at = None
    db.session.commit()
    asked = compose(db.session(), office(), messages()[0]).decode()
    for mail in (asked, joined, offer):
        assert f"/{language}/waiting/" in mail.replace("=\r\n", "").replace("=\n", "")
        assert not [word for word in HEALTH if word in mail.casefold()]
        assert "Vera" not in mail, "somebody may have given another's address"


def test_the_first_mail_asks_for_a_yes_and_says_until_when() -> None:
    asked = asks_for_course()
    words = whole(compose(db.session(), office(), messages()[0]))
    assert "Subject: Do you want to be on our waiting list?" in words
    for text in (
        "Open this link and say yes; until then we keep nothing for you:",
        "You can say yes until Wednesday 3 March 09:00.",
    ):
        assert words.count(text) == 2, "in the text and in the page"
    confirm(asked, now=NOW)
    db.session.rollback()
    words = whole(compose(db.session(), office(), messages()[0]))
    assert "Subject: You are on our waiting list" in words
    assert "say yes" not in words


def whole(mail: bytes) -> str:
    return mail.decode().replace("=\r\n", "").replace("=\n", "")


def test_a_visits_offer_says_the_new_time_and_the_old_one_behind_the_courses_link() -> None:
    kari = booked_course(language="en")
    third = kari.appointments[2]
    better = elsewhere_that_week(kari, third)
    waits_for_visit(kari, third)
    give_back([better])
    round_of_the_worker()
    mail = offered_mails()[0]
    assert mail.recipient == KARI.email
    text = compose(db.session(), office(), mail).decode().replace("=\n", "").replace("=\r\n", "")
    assert "A time has become free" in text
    assert f"/visits/{third.id}/wait" in text
    assert "Your appointment is now " in text


def test_freed_times_are_plain_rows() -> None:
    give_back(times_of_the_next_plan()[:1])
    db.session.rollback()
    row = db.session.scalars(select(FreedTime)).one()
    assert row.freed_at == NOW


def test_joining_writes_one_mail_to_who_joins() -> None:
    waits_for_course("vera@example.com")
    (mail,) = messages()
    assert (mail.kind, mail.recipient, mail.course_id) == ("waiting", "vera@example.com", None)
