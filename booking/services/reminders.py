"""Reminders: what each patient wants to be reminded of, and writing each reminder once.

A reminder and its message are written in one transaction, under a key that lets nobody write it twice. Its message is
looked at once more when it is to go out: what was moved, cancelled or is over is not reminded of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from booking.domain.period import at_wall, moment_of, seconds_of
from booking.domain.reminding import USUAL_QUIET, USUAL_RUNGS, Due, Quiet, Rung, ladder, week_of
from booking.services.invitations import News, message_to
from booking.services.office import Office
from booking.store.appointments import BOOKED, Appointment
from booking.store.courses import Course, course_to_change
from booking.store.database import db, utc
from booking.store.helpers import Helper, helpers_of
from booking.store.outbox import Message
from booking.store.reminders import (
    Coming,
    Reminder,
    ReminderWish,
    coming_to_remind_of,
    courses_of,
    waiting_reminders,
    wish_of,
)
from booking.store.unit_of_work import unit_of_work

MAIL, SMS = "mail", "sms"
PATIENT = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which rungs of the ladder a patient wants, by which ways, outside of which hours; `questions`: whether to be
    asked later, by mail, how it goes."""

    rungs: frozenset[Rung]
    by_mail: bool
    by_sms: bool
    quiet: Quiet
    questions: bool


@dataclass(frozen=True, slots=True)
class Reminding:
    """A reminder that is due: `rung` of the ladder, about the appointment or week that begins at `about_at`, of use
    until `until`."""

    course_id: int
    rung: Rung
    about_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class _Reader:
    """To whom a reminder goes: `key`: the patient, or a helper's id."""

    key: str
    medium: str
    address: str
    language: str


class Fate(Enum):
    """What becomes of a reminder that is to go out. `DROP`: it is no longer true or wanted, so nobody misses it.
    `TOO_LATE`: it could not be sent in time. `WAIT`: these are quiet hours."""

    SEND = "send"
    DROP = "drop"
    TOO_LATE = "too late"
    WAIT = "wait"


# -- wishes -----------------------------------------------------------------------------------------------------------


def wishes_of(session: Session, office: Office, course: Course) -> Wishes:
    """What the patient has chosen, or what is usual."""
    return _wishes(wish_of(session, course.id), office, email=course.email, mobile=course.mobile)


def choose(office: Office, course_id: int, wishes: Wishes) -> None:
    """Keeps what a patient has chosen; a reminder that waits to be sent and is no longer wanted does not go out."""

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        _keep(session, course_id, wishes)

    unit_of_work(work)


def end_reminders(office: Office, course_id: int) -> None:
    """No more reminders to the patient by mail."""
    _change(office, course_id, lambda wishes: replace(wishes, by_mail=False))


def end_questions(office: Office, course_id: int) -> None:
    """No more questions to the patient of how it goes."""
    _change(office, course_id, lambda wishes: replace(wishes, questions=False))


def _change(office: Office, course_id: int, changed: Callable[[Wishes], Wishes]) -> None:
    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        _keep(session, course_id, changed(wishes_of(session, office, course)))

    unit_of_work(work)


def _wishes(wish: ReminderWish | None, office: Office, *, email: str | None, mobile: str | None) -> Wishes:
    """Whoever gives her number accepts to be reminded there, but is written to by mail where that is possible."""
    if wish is None:
        by_sms = office.sms and email is None and mobile is not None
        return Wishes(rungs=USUAL_RUNGS, by_mail=True, by_sms=by_sms, quiet=USUAL_QUIET, questions=True)
    chosen = {Rung.WEEK: wish.week, Rung.TWO_DAYS: wish.two_days, Rung.MORNING: wish.morning}
    return Wishes(
        rungs=frozenset(rung for rung, wanted in chosen.items() if wanted),
        by_mail=wish.by_mail,
        by_sms=wish.by_sms,
        quiet=Quiet(wish.quiet_from, wish.quiet_until),
        questions=wish.questions,
    )


def _keep(session: Session, course_id: int, wishes: Wishes) -> None:
    session.merge(
        ReminderWish(
            course_id=course_id,
            week=Rung.WEEK in wishes.rungs,
            two_days=Rung.TWO_DAYS in wishes.rungs,
            morning=Rung.MORNING in wishes.rungs,
            by_mail=wishes.by_mail,
            by_sms=wishes.by_sms,
            quiet_from=wishes.quiet.start,
            quiet_until=wishes.quiet.end,
            questions=wishes.questions,
        )
    )


# -- what is due ------------------------------------------------------------------------------------------------------


def due_now(session: Session, office: Office, *, now: datetime, course_id: int | None = None) -> list[Reminding]:
    """The reminders to write now (aware), of all courses or of one, in order of course and time."""
    coming = coming_to_remind_of(session, now=now, course_id=course_id)
    found = [_reminding(each, due) for each in coming for due in _due_for(each, office, now=now)]
    return list(dict.fromkeys(found))  # the appointments of one week have one overview


def _due_for(coming: Coming, office: Office, *, now: datetime) -> list[Due]:
    wishes = _wishes(coming.wish, office, email=coming.email, mobile=coming.mobile)
    reached = (wishes.by_mail and coming.email) or (wishes.by_sms and office.sms and coming.mobile)
    if not (reached or coming.helped) or wishes.quiet.around(now):
        return []
    rungs = ladder(coming.starts_at, wishes.quiet, wishes.rungs, week_told=Rung.WEEK in coming.told)
    return [
        each
        for each in rungs
        if each.rung not in coming.told and each.window.start <= now < each.window.end and coming.told_at < each.told_by
    ]


def _reminding(coming: Coming, due: Due) -> Reminding:
    about = at_wall(week_of(coming.starts_at), 0) if due.rung is Rung.WEEK else coming.starts_at
    return Reminding(coming.course_id, due.rung, about, due.window.end)


# -- writing ----------------------------------------------------------------------------------------------------------


def write_due(office: Office, *, now: datetime, at: datetime) -> int:
    """Writes the reminders that are due into the outbox, each once, however many workers do so; how many messages."""
    with Session(db.engine) as session:
        courses = {each.course_id for each in due_now(session, office, now=now)}
    return sum(_write_for(office, course_id, now=now, at=at) for course_id in sorted(courses))


def _write_for(office: Office, course_id: int, *, now: datetime, at: datetime) -> int:
    """What is due for one course, asked again once nobody else can change it or remind of it."""

    def work(session: Session) -> int:
        course = course_to_change(session, course_id)
        readers = _readers(session, office, course)
        due = due_now(session, office, now=now, course_id=course_id)
        for each in due:
            for reader in readers:
                _write(session, office, course, each, reader, now=now, at=at)
        return len(due) * len(readers)

    return unit_of_work(work)


def _readers(session: Session, office: Office, course: Course) -> list[_Reader]:
    wishes, found = wishes_of(session, office, course), []
    if wishes.by_mail and course.email:
        found.append(_Reader(PATIENT, MAIL, course.email, course.language))
    if wishes.by_sms and office.sms and course.mobile:
        found.append(_Reader(PATIENT, SMS, course.mobile, course.language))
    for helper in helpers_of(session, course.id):
        if helper.reminded and helper.email:
            found.append(_Reader(str(helper.id), MAIL, helper.email, helper.language))
    return found


def _write(
    session: Session,
    office: Office,
    course: Course,
    due: Reminding,
    reader: _Reader,
    *,
    now: datetime,
    at: datetime,
) -> None:
    appointments = _appointments(course, due, now=now)
    reminder = Reminder(
        course_id=course.id,
        appointment_id=None if due.rung is Rung.WEEK else appointments[0].id,
        rung=due.rung.value,
        about_at=due.about_at,
        recipient=reader.key,
        medium=reader.medium,
        made_at=utc(now),
    )
    session.add(reminder)
    session.flush()
    facts: dict[str, object] = {
        "reminder_id": reminder.id,
        "rung": due.rung.value,
        "about": seconds_of(due.about_at),
        "until": seconds_of(due.until),
    }
    if reader.key != PATIENT:
        facts["helper_id"] = int(reader.key)
    message_to(
        session,
        office,
        course,
        News.REMINDER,
        appointments,
        recipient=reader.address,
        language=reader.language,
        medium=reader.medium,
        now=now,
        at=at,
        more=facts,
    )


def _appointments(course: Course, due: Reminding, *, now: datetime) -> Sequence[Appointment]:
    """What the reminder tells of; an overview tells of the whole week, of what was booked a minute ago, too."""
    booked = [each for each in course.appointments if each.status == BOOKED and each.starts_at > now]
    if due.rung is Rung.WEEK:
        return [each for each in booked if at_wall(week_of(each.starts_at), 0) == due.about_at]
    return [each for each in booked if each.starts_at == due.about_at]


# -- letting go -------------------------------------------------------------------------------------------------------


def drop_reminders(session: Session, appointment_ids: Collection[int]) -> int:
    """Lets go of the unsent reminders that tell of these appointments, inside the unit of work that moves or cancels
    them; how many. What a worker is sending at this moment goes out; it looks for itself just before.
    """
    ids, courses = set(appointment_ids), courses_of(session, appointment_ids)
    waiting = waiting_reminders(session, courses, News.REMINDER.value)
    return _drop(session, [each for each in waiting if ids & {told["id"] for told in each.facts["appointments"]}])


def drop_reminders_of(session: Session, course_id: int) -> int:
    """Lets go of all of a course's unsent reminders, which are written anew, to whoever is to be reminded then."""
    return _drop(session, waiting_reminders(session, [course_id], News.REMINDER.value))


def fate_of(session: Session, office: Office, message: Message, *, now: datetime) -> tuple[Fate, datetime]:
    """What becomes of a reminder's message at `now` (the clinic's clock, aware); with WAIT, until when."""
    course = session.get_one(Course, message.course_id)
    wishes = wishes_of(session, office, course)
    if not (_still_true(session, message) and _still_wanted(session, wishes, course, message)):
        return Fate.DROP, now
    until = moment_of(message.facts["until"])
    night = wishes.quiet.around(now)
    if now >= until or (night is not None and night.end >= until):
        return Fate.TOO_LATE, now
    return (Fate.SEND, now) if night is None else (Fate.WAIT, night.end)


def drop_reminder(session: Session, message: Message) -> None:
    """Lets go of one reminder and its message, so that it can be written anew."""
    _drop(session, [message])


def _drop(session: Session, messages: Iterable[Message]) -> int:
    """Deletes messages with the notes that they were written."""
    dropped = list(messages)
    notes = [message.facts["reminder_id"] for message in dropped if "reminder_id" in message.facts]
    for message in dropped:
        session.delete(message)
    if notes:
        session.execute(delete(Reminder).where(Reminder.id.in_(notes)))
    return len(dropped)


def _still_true(session: Session, message: Message) -> bool:
    for told in message.facts["appointments"]:
        now = session.get(Appointment, told["id"])
        if now is None or now.status != BOOKED or seconds_of(now.starts_at) != told["start"]:
            return False
        if (now.clinic_id, now.clinician_id) != (told["clinic_id"], told["clinician_id"]):
            return False
    return True


def _still_wanted(session: Session, wishes: Wishes, course: Course, message: Message) -> bool:
    if Rung(message.facts["rung"]) not in wishes.rungs:
        return False
    helper_id = message.facts.get("helper_id")
    if helper_id is not None:
        helper = session.get(Helper, helper_id)
        return helper is not None and helper.revoked_at is None and helper.reminded
    if message.medium == SMS:
        return wishes.by_sms and message.recipient == course.mobile
    return wishes.by_mail and message.recipient == course.email
