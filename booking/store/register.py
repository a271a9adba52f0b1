"""Register: the patients, as those who work at the clinics look for them, and whom each of them may find."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from booking.domain.screening import Outcome
from booking.store.accounts import Account
from booking.store.appointments import LIVE, Appointment
from booking.store.courses import Course, Screening, email_key
from booking.store.outbox import Message
from booking.store.patients import Patient
from booking.store.tasks import Task

_LONGEST_VISIT = timedelta(days=1)
"""No visit lasts as long; with that, those to come are found by when they begin."""

_BARE = (
    *((each, "a") for each in ("å", "æ", "ä", "á", "aa", "ae")),
    *((each, "o") for each in ("ø", "ö", "ó", "oe")),
    *((each, "e") for each in ("é", "è")),
    ("ü", "u"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose patients somebody sees: everybody's, or those with an appointment at one of these clinics or with this
    clinician. `unplaced`: also those who have no appointment at all."""

    everybody: bool
    clinic_ids: frozenset[int]
    clinician_id: int | None
    unplaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What somebody typed to find a patient, read in every way it can be meant.

    `words`: parts of a name, casefolded; `days`: birth dates; `phones`: digits of a phone number, or of a part of one.
    Words are narrowed by what else there is; days and phones are ways to read one number.
    """

    words: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    phones: tuple[str, ...] = ()
    reference: str | None = None
    email: str | None = None

    @property
    def nothing(self) -> bool:
        return not (self.words or self.days or self.phones or self.reference or self.email)


def patients_found(session: Session, sought: Sought, scope: Scope, *, most: int) -> list[int]:
    """The ids of the patients that are meant, who booked last first; one more than `most`, if there are more."""
    if sought.nothing:
        return []
    rows = select(Course.patient_id).where(_meant(sought), courses_within(scope)).group_by(Course.patient_id)
    return list(session.scalars(rows.order_by(func.max(Course.id).desc()).limit(most + 1)))


def courses_of_patients(session: Session, patient_ids: Collection[int]) -> list[Course]:
    """Their courses with all appointments, newest first."""
    rows = select(Course).where(Course.patient_id.in_(patient_ids)).options(joinedload(Course.patient))
    return list(session.scalars(rows.order_by(Course.id.desc()))) if patient_ids else []


def screenings_of(session: Session, course_ids: Collection[int]) -> dict[int, Screening]:
    """The health checks of these courses, by the course's id."""
    rows = session.scalars(select(Screening).where(Screening.course_id.in_(course_ids)))
    return {screening.course_id: screening for screening in rows}


def unread_by(session: Session, clinician_id: int, *, now: datetime) -> list[tuple[int, str]]:
    """The courses with a visit to come with this clinician, and with an answer to the health check that she should
    read and has not noted as read: their ids and the patients' names, the oldest first."""
    hers = select(Appointment.course_id).where(
        Appointment.clinician_id == clinician_id,
        Appointment.status.in_(LIVE),
        Appointment.starts_at > now - _LONGEST_VISIT,
        Appointment.ends_at > now,
    )
    unread = Course.id.in_(hers), Screening.outcome != Outcome.OK.value, Screening.read_at.is_(None)
    rows = select(Course.id, Course.name).join(Screening, Screening.course_id == Course.id).where(*unread)
    return [(row[0], row[1]) for row in session.execute(rows.order_by(Course.id))]


def messages_of(session: Session, course_ids: Collection[int], *, most: int) -> list[Message]:
    """What was written to the patient and her helpers about these courses, the newest first."""
    rows = select(Message).where(Message.course_id.in_(course_ids)).order_by(Message.id.desc())
    return list(session.scalars(rows.limit(most)))


def tasks_of(session: Session, course_ids: Collection[int]) -> list[Task]:
    """The tasks about these courses: open ones first, the most urgent on top, then what is done."""
    rows = select(Task).where(Task.course_id.in_(course_ids))
    return list(session.scalars(rows.order_by(Task.done_at.is_not(None), Task.due_at, Task.id)))


def open_tasks_within(session: Session, scope: Scope) -> list[Task]:
    """What is to be done, most urgent first."""
    rows = select(Task).where(Task.done_at.is_(None), tasks_within(scope))
    return list(session.scalars(rows.order_by(Task.due_at, Task.id)))


def done_tasks_within(session: Session, scope: Scope, *, most: int) -> list[Task]:
    """What was done lately, the latest first."""
    rows = select(Task).where(Task.done_at.is_not(None), tasks_within(scope))
    return list(session.scalars(rows.order_by(Task.done_at.desc(), Task.id.desc()).limit(most)))


def count_open_tasks(session: Session, scope: Scope) -> int:
    rows = select(func.count()).select_from(Task).where(Task.done_at.is_(None), tasks_within(scope))
    return session.scalar(rows) or 0


def task_within(session: Session, task_id: int, scope: Scope) -> Task | None:
    return session.scalar(select(Task).where(Task.id == task_id, tasks_within(scope)))


def courses_by_id(session: Session, course_ids: Collection[int]) -> dict[int, Course]:
    """These courses with their appointments, by their ids."""
    rows = session.scalars(select(Course).where(Course.id.in_(course_ids))) if course_ids else ()
    return {course.id: course for course in rows}


def account_names(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """What those are called who did something, by the ids of their accounts."""
    rows = select(Account.id, Account.name).where(Account.id.in_(account_ids))
    return {row[0]: row[1] for row in session.execute(rows)} if account_ids else {}


def all_accounts(session: Session) -> list[Account]:
    """Everybody who works at the clinics or did so, by name."""
    return list(session.scalars(select(Account).order_by(Account.name, Account.id)))


def names_of_patients(session: Session, patient_ids: Collection[int]) -> dict[int, str]:
    """What these patients were called when they booked last, by their ids."""
    rows = select(Course.patient_id, Course.name).where(Course.patient_id.in_(patient_ids)).order_by(Course.id)
    return {row[0]: row[1] for row in session.execute(rows)} if patient_ids else {}


def starts_of(session: Session, appointment_ids: Collection[int]) -> dict[int, datetime]:
    """When these appointments begin, by their ids."""
    rows = select(Appointment.id, Appointment.starts_at).where(Appointment.id.in_(appointment_ids))
    return {row[0]: row[1] for row in session.execute(rows)} if appointment_ids else {}


def appointments_within(scope: Scope) -> ColumnElement[bool]:
    """Whether an appointment is hers to see."""
    if scope.everybody:
        return true()
    mine = false() if scope.clinician_id is None else Appointment.clinician_id == scope.clinician_id
    return or_(mine, Appointment.clinic_id.in_(scope.clinic_ids))


def courses_within(scope: Scope) -> ColumnElement[bool]:
    """Whether the patient of a course is hers to see: by any appointment of any of her courses."""
    if scope.everybody:
        return true()
    other = Course.__table__.alias("her_course")
    hers = exists().where(other.c.patient_id == Course.patient_id, Appointment.course_id == other.c.id)
    seen = hers.where(appointments_within(scope))
    return or_(seen, ~hers) if scope.unplaced else seen


def tasks_within(scope: Scope) -> ColumnElement[bool]:
    """Whether a task is hers: by an appointment of its course, or its own; one about no course is the front desk's."""
    if scope.everybody:
        return true()
    of_course = exists().where(Appointment.course_id == Task.course_id, appointments_within(scope))
    of_visit = exists().where(Appointment.id == Task.appointment_id, appointments_within(scope))
    if not scope.unplaced:
        return or_(of_course, of_visit)
    nowhere = and_(Task.course_id.is_(None), Task.appointment_id.is_(None))
    there = or_(Task.clinic_id.is_(None), Task.clinic_id.in_(scope.clinic_ids))
    placeless = and_(Task.course_id.is_not(None), ~exists().where(Appointment.course_id == Task.course_id))
    return or_(of_course, of_visit, and_(nowhere, there), placeless)


def _meant(sought: Sought) -> ColumnElement[bool]:
    return or_(*_ways(sought))


def _ways(sought: Sought) -> Sequence[ColumnElement[bool]]:
    ways: list[ColumnElement[bool]] = []
    if sought.reference:
        ways.append(Course.reference == sought.reference)
    if sought.email:
        ways.append(Course.email_key == email_key(sought.email))
    person = [_named(_bare_word(word)) for word in sought.words]
    number: list[ColumnElement[bool]] = [Course.mobile.contains(each, autoescape=True) for each in sought.phones]
    if sought.days:
        number.append(Course.patient_id.in_(select(Patient.id).where(Patient.birth_date.in_(sought.days))))
    if number:
        person.append(or_(*number))
    if person:
        ways.append(and_(*person))
    return ways


def _named(word: str) -> ColumnElement[bool]:
    """Whether the name has the word in it; a single letter is an initial."""
    name = _bare(Course.name_key)
    if len(word) > 1:
        return name.contains(word, autoescape=True)
    return or_(name.startswith(word, autoescape=True), name.contains(f" {word}", autoescape=True))


def _bare(name: SQLColumnExpression[str]) -> SQLColumnExpression[str]:
    """The name without what keyboards and ears tell apart: “Kåre”, “Kaare” and “Kare” are one."""
    return reduce(lambda bare, pair: func.replace(bare, *pair), _BARE, name)


def _bare_word(word: str) -> str:
    return reduce(lambda bare, pair: bare.replace(*pair), _BARE, word)
