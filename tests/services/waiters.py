"""People who wait, what they are offered, and the worker's round over them, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update

from booking.domain.appointment import Actor
from booking.domain.period import oslo
from booking.services.changes import Place, weeks_for
from booking.services.offering import offer_freed
from booking.services.waiting import CourseWish, confirm, wait_for_course, wait_for_visit
from booking.services.wishes import query_of
from booking.store.appointments import Appointment, Claim
from booking.store.courses import Course
from booking.store.database import db, utc
from booking.store.holds import HeldTime, Hold
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import FreedTime, Waiter, WaitingOffer, note_freed
from tests.builders import NOW, TUESDAYS, choice, held, office

MINUTE = timedelta(minutes=1)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

Stretch = tuple[int, int, datetime, datetime]


def asks_for_course(email: str = "vera@example.com", *, hours: int = 6, now: datetime = NOW, days: int = 60) -> int:
    """Somebody has typed this address on the public page, to wait for a course on Tuesdays."""
    wish = CourseWish(
        query=query_of(TUESDAYS),
        name="Vera Venter",
        email=email,
        language="en",
        offer_hours=hours,
        until=now + timedelta(days=days),
    )
    waiter_id = wait_for_course(office(), wish, now=now, at=AT)
    db.session.rollback()
    return waiter_id


def waits_for_course(email: str = "vera@example.com", *, hours: int = 6, now: datetime = NOW, days: int = 60) -> int:
    """Somebody who waits for a course on Tuesdays, and has said yes behind her link."""
    waiter_id = asks_for_course(email, hours=hours, now=now, days=days)
    confirm(waiter_id, now=now)
    db.session.rollback()
    return waiter_id


def waits_for_visit(course: Course, appointment: Appointment, *, hours: int = 2, query: str = "") -> None:
    wait_for_visit(office(), course.id, appointment.id, query, hours, by=Actor.PATIENT, now=NOW)
    db.session.rollback()


def waiter_of(course: Course) -> Waiter:
    db.session.rollback()
    return db.session.scalars(select(Waiter).where(Waiter.course_id == course.id)).one()


def give_back(times: Iterable[Stretch], *, now: datetime = NOW) -> None:
    """As if somebody had just given these back."""
    unit_of_work(lambda session: note_freed(session, times, now=now))


def times_of_the_next_plan() -> list[Stretch]:
    """What the planner would propose now, as stretches that can have been given back."""
    return [(p.clinic, p.clinician, p.start, p.end) for p in choice().appointments]


def elsewhere_that_week(course: Course, appointment: Appointment) -> Stretch:
    """The best time on another day of its week at which the appointment could be instead."""
    return options_that_week(course, appointment)[0]


def options_that_week(course: Course, appointment: Appointment) -> list[Stretch]:
    """All of them, best first."""
    db.session.rollback()
    week = weeks_for(db.session(), office(), course, appointment, now=NOW)[0]
    found = [option.at for option in week.options if option.at.day != oslo(appointment.starts_at).date()]
    return [(at.clinic, at.clinician, at.start, at.end) for at in found]


def place_of(stretch: Stretch) -> Place:
    clinic, clinician, start, _end = stretch
    return Place(start, clinician, clinic)


def round_of_the_worker(*, now: datetime = NOW) -> int:
    made = offer_freed(office(), now=now, at=AT)
    db.session.rollback()
    return made


def offers(answer: str | None = None) -> list[WaitingOffer]:
    """The offers with this answer, or those that are open, in order."""
    db.session.rollback()
    same = WaitingOffer.answer.is_(None) if answer is None else WaitingOffer.answer == answer
    return list(db.session.scalars(select(WaitingOffer).where(same).order_by(WaitingOffer.id)))


def freed() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(FreedTime)) or 0


def nothing_is_promised_twice() -> None:
    """Every step of a hold that still lasts has its claim, every appointment too, and none has two owners."""
    db.session.rollback()
    held_times = db.session.scalars(
        select(HeldTime).join(Hold).where(Hold.expires_at > NOW, Hold.change_id.is_(None))
    ).all()
    booked = db.session.scalars(select(Appointment).where(Appointment.status == "booked")).all()
    claims = {(c.resource, c.resource_id, c.step): c for c in db.session.scalars(select(Claim))}
    for time in (*held_times, *booked):
        for step in range(int(time.starts_at.timestamp()) // 300, int(time.ends_at.timestamp()) // 300):
            for key in ((1, time.clinician_id, step), (2, time.room_id, step)):
                owner = claims[key].held_time_id if isinstance(time, HeldTime) else claims[key].appointment_id
                assert owner == time.id


def someone_holds(now: datetime = NOW) -> int:
    """A visitor keeps what the planner proposes first."""
    return held(visitor="siv", address="192.0.2.9", now=now)


def end_all_wishes() -> None:
    """As if everybody who waits had her time, and nobody were offered any."""
    rows = update(Waiter).where(Waiter.ended_at.is_(None)).values(ended_at=utc(NOW))
    unit_of_work(lambda session: session.execute(rows))


def forget_freed() -> None:
    """As if the list had been asked of all that was given back so far."""
    unit_of_work(lambda session: session.execute(delete(FreedTime)))
