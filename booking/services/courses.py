"""Courses: booked from a hold, settled after a telephone call, and changed by the patient."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.domain.course import Deviation, Planned
from booking.domain.errors import (
    AnotherCourseRuns,
    BookingError,
    HoldExpired,
    NotPending,
    SlotTaken,
    TooYoung,
    UnknownCourse,
)
from booking.domain.period import oslo
from booking.domain.protocol import StepKind
from booking.domain.screening import RULES, HealthCheck, Outcome
from booking.domain.working_days import end_of_working_day_after
from booking.services.alteration import note_change
from booking.services.delivery import what_happened
from booking.services.holds import buffers, claim_rows, claims_needed, lost_times, patient_claim_rows
from booking.services.invitations import News, snapshot, tell
from booking.services.links import new_links
from booking.services.logbook import COMMAND, About, Who, note
from booking.services.office import Office
from booking.services.own_days import DayChange, tell_of_own_days
from booking.services.privacy import seal
from booking.services.settlement import settle
from booking.services.tasks import add_task, owe_news
from booking.store.appointments import (
    ARRIVED,
    BOOKED,
    CANCELLED,
    LIVE,
    PENDING,
    Appointment,
    appointments_of,
    claim,
    drop_appointment_claims,
    keep_claims,
)
from booking.store.courses import (
    COMPLETED,
    RELEASED,
    RUNNING,
    WAITING,
    Course,
    Screening,
    course_to_settle,
    lapsed_course,
    lapsed_courses,
    running_course,
)
from booking.store.database import ONE_STATEMENT, db, utc
from booking.store.holds import HeldTime, Hold
from booking.store.patients import Patient, add_contacts, find_patient, patient_to_book, remove_patient
from booking.store.protocols import protocol_head
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import note_freed

log = structlog.get_logger()

ADULT_AT = 16
"""From this age a person decides about her own health care (patient and user rights act, section 4-3)."""

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, O, 1, I, L and U, which are misread or make words."""

DECIDE_WITHIN = 2
"""Working days for which the times of a pending course are kept, if the first of them is not sooner."""


class Channel(StrEnum):
    """How the appointments reach the patient's calendar; `NONE` for who has no e-mail address."""

    INVITATIONS = "invitations"
    SUBSCRIPTION = "subscription"
    FILE = "file"
    NONE = "none"


class OtherChoice(BookingError):
    """The visitor chose other times in another window after she saw these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who the booking is for. `email` as written, `mobile` in E.164; either may be missing.

    `needs`: ids of what helps her; `booked_by`: who books for her, if somebody else does.
    """

    name: str
    birth_date: date
    email: str | None = None
    mobile: str | None = None
    language: str
    channel: Channel = Channel.NONE
    needs: tuple[str, ...] = ()
    booked_by: str | None = None

    @property
    def contacts(self) -> list[tuple[str, str]]:
        found = [("email", self.email.casefold())] if self.email else []
        return found + ([("mobile", self.mobile)] if self.mobile else [])


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """Who books for a caller, and the patient (by id) whom she has picked, if she knows her."""

    who: Who
    patient_id: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What a booking became. `pending`: the times are kept until somebody has rung."""

    course_id: int
    reference: str
    pending: bool


def book(
    office: Office,
    hold_id: int,
    details: Details,
    check: HealthCheck,
    *,
    revision: int | None = None,
    desk: FrontDesk | None = None,
    now: datetime,
    at: datetime,
) -> Booked:
    """Turns a hold into a course, all of it or nothing, with the messages that tell of it; once, however often called.

    `now` is the clinic's clock, `at` the machine's (for the outbox). `desk`: if somebody at the front desk books, which
    is logged. A hold that ran out still books if nobody took its times. Raises SlotTaken (mostly with the places of the
    lost times in the hold), HoldExpired, OtherChoice, and TooYoung for a child unless a grown-up books by telephone.
    """
    _require_age(details, desk, now=now)

    def work(session: Session) -> Booked:
        hold = session.get(Hold, hold_id, with_for_update=True)
        if hold is None:
            raise HoldExpired
        if hold.course_id is not None:
            return _booked(session.get_one(Course, hold.course_id))
        if revision is not None and revision != hold.revision:
            raise OtherChoice
        if not hold.times:
            raise HoldExpired
        _make_sure_of(session, hold, now=now)
        patient = _patient(session, details, desk, now=now)
        course = _enter(session, office, patient, hold.protocol_id, hold.new_patient, details, check, now=now)
        appointments = _appointments(session, office, course, [_facts_of(time) for time in hold.times], now=now)
        kept = keep_claims(session, {t.id: a.id for t, a in zip(hold.times, appointments, strict=True)})
        if kept != claims_needed(session, hold):  # one of them was taken over since they were counted
            raise SlotTaken
        _settle(session, office, course, appointments, check, now=now, at=at)
        tell_of_own_days(session, office, course, _all_new(appointments, desk), now=now, at=at)
        hold.course_id, hold.answers, hold.times = course.id, None, []
        _note_booking(session, office, course, desk, now=now)
        return _booked(course)

    return unit_of_work(work)


def enter(
    session: Session,
    office: Office,
    protocol_id: int,
    details: Details,
    planned: Sequence[Planned],
    *,
    check: HealthCheck,
    new_patient: bool,
    now: datetime,
    at: datetime,
) -> Course:
    """Books planned times without a hold, inside the caller's unit of work, as a clinic does for its own list.

    Raises SlotTaken.
    """
    patient = _patient(session, details, None, now=now)
    course = _enter(session, office, patient, protocol_id, new_patient, details, check, now=now)
    appointments = _appointments(session, office, course, [_facts_of_plan(p) for p in planned], now=now)
    _claim_resources(session, appointments, now=now)
    _settle(session, office, course, appointments, check, now=now, at=at)
    tell_of_own_days(session, office, course, _all_new(appointments), now=now, at=at)
    return course


def enter_arrived(
    session: Session,
    office: Office,
    protocol_id: int,
    details: Details,
    check: HealthCheck,
    planned: Planned,
    desk: FrontDesk,
    *,
    now: datetime,
    at: datetime,
) -> Appointment:
    """Books an appointment that begins now for somebody who stands at the desk, inside the caller's unit of work; it is
    her course's only one, and nothing is written to her. Raises SlotTaken, also if she has another one then, TooYoung.
    """
    _require_age(details, desk, now=now)
    patient, new = _patient(session, details, desk, now=now), planned.step.kind is StepKind.FIRST_VISIT
    course = _enter(session, office, patient, protocol_id, new, details, check, now=now)
    appointments = _appointments(session, office, course, [_facts_of_plan(planned)], now=now)
    _claim_resources(session, appointments, now=now)
    _make_running(session, office, course, appointments, now=now, at=at)
    tell_of_own_days(session, office, course, _all_new(appointments, desk), now=now, at=at)
    for appointment in appointments:
        appointment.status = ARRIVED
    _note_booking(session, office, course, desk, now=now)
    return appointments[0]


def confirm(office: Office, reference: str, *, who: Who = COMMAND, now: datetime, at: datetime) -> Booked:
    """After the call: a pending course is booked, and the patient told. Raises UnknownCourse, NotPending, SlotTaken
    (the patient has another appointment at one of the times), AnotherCourseRuns."""

    def work(session: Session) -> Booked:
        course = _pending(session, reference)
        settle(session, office, course, now=now, at=at)
        appointments = [a for a in course.appointments if a.status == PENDING]
        _make_running(session, office, course, appointments, now=now, at=at)
        tell(session, office, course, News.BOOKED, appointments, now=now, at=at)
        _finish_tasks(session, course, who=who, now=now)
        note(session, office, who, "confirm", About(patient_id=course.patient_id, course_id=course.id), now=now)
        return _booked(course)

    return unit_of_work(work)


def release(office: Office, reference: str, *, who: Who = COMMAND, now: datetime, at: datetime) -> Booked:
    """After the call: a pending course's times are given back and the patient told. Raises as `confirm` does."""

    def work(session: Session) -> Booked:
        course = _pending(session, reference)
        _release(session, office, course, who=who, now=now, at=at)
        note(session, office, who, "release", About(patient_id=course.patient_id, course_id=course.id), now=now)
        return _booked(course)

    return unit_of_work(work)


def release_lapsed(office: Office, *, now: datetime, at: datetime) -> int:
    """Gives back the times of pending courses that nobody decided about in time; how many courses. One that fails keeps
    no other waiting."""
    with Session(db.engine) as session:
        lapsed = lapsed_courses(session, now=now)
    return sum(_lapsed(office, course_id, now=now, at=at) for course_id in lapsed)


def _lapsed(office: Office, course_id: int, *, now: datetime, at: datetime) -> bool:
    def work(session: Session) -> bool:
        course = lapsed_course(session, course_id, now=now)
        if course is None:
            return False
        _release(session, office, course, now=now, at=at)
        owe_news(session, course, now=now)
        return True

    try:
        return unit_of_work(work)
    except Exception as error:  # whatever is wrong with one course, others wait for the times of the rest
        log.error("times cannot be given back", course=course_id, **what_happened(error))
        return False


def read_reference(text: str) -> str:
    """A reference as it is kept, from however it was typed: with or without hyphens, in any case."""
    plain = "".join(character for character in text.upper() if character.isalnum())
    return f"{plain[:4]}-{plain[4:]}"


def age_on(birth_date: date, day: date) -> int:
    """Whole years; who is born on 29 February has her birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _require_age(details: Details, desk: FrontDesk | None, *, now: datetime) -> None:
    """Raises TooYoung for a child, unless somebody else books for her by telephone."""
    by_phone = desk is not None and details.booked_by is not None
    if age_on(details.birth_date, oslo(now).date()) < ADULT_AT and not by_phone:
        raise TooYoung


def _note_booking(session: Session, office: Office, course: Course, desk: FrontDesk | None, *, now: datetime) -> None:
    if desk is not None:
        note(session, office, desk.who, "book", About(patient_id=course.patient_id, course_id=course.id), now=now)


def _make_sure_of(session: Session, hold: Hold, *, now: datetime) -> None:
    """Every claim of the hold is still there, lapsed or not. Raises SlotTaken with the places of those that are not."""
    lost = lost_times(session, hold, now=now)
    if lost:
        raise SlotTaken(lost)


def _enter(
    session: Session,
    office: Office,
    patient: Patient,
    protocol_id: int,
    new_patient: bool,
    details: Details,
    check: HealthCheck,
    *,
    now: datetime,
) -> Course:
    course = Course(
        reference=_new_reference(),
        patient_id=patient.id,
        protocol_id=protocol_id,
        status=WAITING,
        new_patient=new_patient,
        name=details.name,
        email=details.email,
        mobile=details.mobile,
        language=details.language,
        channel=details.channel.value if details.email else Channel.NONE.value,
        needs=list(details.needs),
        booked_by=details.booked_by,
        created_at=utc(now),
        changed_at=utc(now),
        revision=0,
    )
    session.add(course)
    session.flush()
    new_links(session, office, course)
    session.add(
        Screening(
            course_id=course.id,
            outcome=check.outcome.value,
            rules=RULES,
            answers=seal(office, {"gate": check.gate.value, "conditions": sorted(check.conditions)}),
            answered_at=utc(now),
        )
    )
    return course


def kept_until(first: datetime, *, now: datetime) -> datetime:
    """Until when times are kept for a call: the end of the second working day, but never past the `first` of them."""
    return min(end_of_working_day_after(now, DECIDE_WITHIN), first)


def _settle(
    session: Session,
    office: Office,
    course: Course,
    appointments: list[Appointment],
    check: HealthCheck,
    *,
    now: datetime,
    at: datetime,
) -> None:
    """Books the course, or, if somebody must ring first, keeps its times for as long as `kept_until` says."""
    if check.outcome is not Outcome.CALL and _can_run(session, office, course, appointments, now=now, at=at):
        tell(session, office, course, News.BOOKED, appointments, now=now, at=at)
        return
    course.decide_by = kept_until(min(each.starts_at for each in appointments), now=now)
    kind = "call_first" if check.outcome is Outcome.CALL else "second_course"
    add_task(session, kind, course.name, course.mobile, course=course, due=course.decide_by, now=now)
    tell(session, office, course, News.HELD, appointments, now=now, at=at)


def _can_run(
    session: Session, office: Office, course: Course, appointments: list[Appointment], *, now: datetime, at: datetime
) -> bool:
    """Makes the course run, unless the patient has a running one, or another appointment at one of these times.

    That is never told to whoever books: it would say that the person is a patient here. The clinic rings instead.
    """
    try:
        with session.begin_nested():
            _make_running(session, office, course, appointments, now=now, at=at)
    except (AnotherCourseRuns, SlotTaken, IntegrityError):
        session.refresh(course)
        return False
    return True


def _make_running(
    session: Session, office: Office, course: Course, appointments: list[Appointment], *, now: datetime, at: datetime
) -> None:
    exclusive = protocol_head(session, course.protocol_id).exclusive
    if exclusive:
        _make_way(session, office, course.patient_id, now=now, at=at)
    times = [(a.id, a.starts_at, a.ends_at) for a in appointments]
    claim(session, patient_claim_rows(course.patient_id, times), now=now)
    course.status, course.decide_by = RUNNING, None
    course.running_for = course.patient_id if exclusive else None
    for appointment in appointments:
        appointment.status, appointment.updated_at = BOOKED, utc(now)
    note_change(course, now=now)
    session.flush()


def _all_new(appointments: Sequence[Appointment], desk: FrontDesk | None = None) -> list[DayChange]:
    """Kept for a call or booked: who treats has less time from now on."""
    by = {desk.who.account_id} if desk else set[int | None]()
    return [DayChange(None, snapshot(appointment), by) for appointment in appointments]


def _make_way(session: Session, office: Office, patient_id: int, *, now: datetime, at: datetime) -> None:
    """Ends the patient's running course if all of it is over. Raises AnotherCourseRuns if it is not.

    If its rest was cancelled just now, that can be undone no longer.
    """
    running = running_course(session, patient_id)
    if running is None:
        return
    if any(a.status in LIVE and a.ends_at > now for a in running.appointments):
        raise AnotherCourseRuns
    settle(session, office, running, now=now, at=at)
    running.status, running.running_for = COMPLETED, None
    session.flush()


def _release(
    session: Session, office: Office, course: Course, *, who: Who | None = None, now: datetime, at: datetime
) -> None:
    settle(session, office, course, now=now, at=at)
    appointments = [a for a in course.appointments if a.status == PENDING]
    by = {who.account_id} if who else set[int | None]()
    gone = [DayChange(snapshot(appointment), None, by) for appointment in appointments]
    tell_of_own_days(session, office, course, gone, now=now, at=at)
    drop_appointment_claims(session, [a.id for a in appointments])
    for appointment in appointments:
        appointment.status, appointment.updated_at = CANCELLED, utc(now)
        appointment.sequence += 1
    note_freed(session, [(a.clinic_id, a.clinician_id, a.starts_at, a.ends_at) for a in appointments], now=now)
    course.status, course.decide_by = RELEASED, None
    note_change(course, now=now)
    _finish_tasks(session, course, who=who, now=now)
    tell(session, office, course, News.RELEASED, appointments, now=now, at=at)


def _finish_tasks(session: Session, course: Course, *, who: Who | None, now: datetime) -> None:
    for task in open_tasks_of(session, course.id):
        task.done_at, task.done_by = utc(now), None if who is None else who.account_id


def _pending(session: Session, reference: str) -> Course:
    course = course_to_settle(session, read_reference(reference))
    if course is None:
        raise UnknownCourse
    if course.status != WAITING:
        raise NotPending
    return course


def _patient(session: Session, details: Details, desk: FrontDesk | None, *, now: datetime) -> Patient:
    """The patient who was picked; else the one of these contacts and this birth date, found or made. Two at once make
    one."""
    picked = patient_to_book(session, desk.patient_id) if desk and desk.patient_id is not None else None
    if picked is not None and picked.birth_date == details.birth_date:
        add_contacts(session, picked, details.contacts)
        return picked
    return _of_contacts(session, details, now=now)


def _of_contacts(session: Session, details: Details, *, now: datetime) -> Patient:
    known = find_patient(session, details.contacts, details.birth_date)
    if known is not None:
        return known
    patient = Patient(birth_date=details.birth_date, created_at=utc(now))
    session.add(patient)
    session.flush()
    if add_contacts(session, patient, details.contacts):
        return patient
    remove_patient(session, patient)
    return find_patient(session, details.contacts, details.birth_date) or _of_contacts(session, details, now=now)


def _facts_of(time: HeldTime) -> dict[str, Any]:
    names = ("kind", "number", "treatment_id", "clinic_id", "clinician_id", "room_id", "starts_at", "ends_at", "price")
    return {name: getattr(time, name) for name in names} | {"deviation": time.deviation}


def _facts_of_plan(planned: Planned) -> dict[str, Any]:
    deviation: Deviation | None = planned.deviation
    return {
        "kind": planned.step.kind.value,
        "number": planned.step.number,
        "treatment_id": planned.step.treatment.id,
        "clinic_id": planned.clinic,
        "clinician_id": planned.clinician,
        "room_id": planned.room,
        "starts_at": planned.start,
        "ends_at": planned.end,
        "price": planned.step.treatment.price,
        "deviation": deviation,
    }


def _appointments(
    session: Session, office: Office, course: Course, facts: list[dict[str, Any]], *, now: datetime
) -> list[Appointment]:
    rows = [
        fact
        | {
            "course_id": course.id,
            "status": PENDING,
            "uid": f"{uuid4()}@{office.uid_host}",
            "sequence": 0,
            "updated_at": utc(now),
        }
        for fact in facts
    ]
    session.execute(insert(Appointment), rows, execution_options=ONE_STATEMENT)
    return appointments_of(session, course.id)


def _claim_resources(session: Session, appointments: list[Appointment], *, now: datetime) -> None:
    buffer_of = buffers(session)
    rows = []
    for a in appointments:
        times = [(a.id, a.clinician_id, a.room_id, a.starts_at, a.ends_at)]
        rows += claim_rows(times, buffer_of[a.clinic_id], held=False)
    claim(session, rows, now=now)


def _new_reference() -> str:
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _booked(course: Course) -> Booked:
    return Booked(course.id, course.reference, pending=course.status == WAITING)
