"""Retention: whose times are long over, and what is taken away of them so that nobody can tell whose they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import BigInteger, ColumnElement, and_, cast, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from booking.store.appointments import LIVE, Appointment, drop_held_claims
from booking.store.changes import Change, Fee
from booking.store.courses import COMPLETED, RUNNING, Course, Link, Screening
from booking.store.disruptions import Touched
from booking.store.helpers import Helper
from booking.store.holds import Hold
from booking.store.logbook import PatientKey
from booking.store.notes import Note
from booking.store.outbox import Message
from booking.store.outcomes import asked_since
from booking.store.patients import NOBODYS_BIRTH_DATE, Patient, PatientContact
from booking.store.reminders import Reminder, ReminderWish
from booking.store.replies import Reply
from booking.store.sign_ins import SignIn
from booking.store.tasks import Task
from booking.store.waiting import Waiter, WaitingOffer, drop_mails_to

_QUIETLY = {"synchronize_session": False}


def courses_with_old_answers(session: Session, *, seen_by: datetime, most: int) -> list[int]:
    """The courses whose last visit was over by `seen_by`, and whose answers to the health check are still kept."""
    rows = select(Screening.course_id).join(Course, Course.id == Screening.course_id).where(~_seen_since(seen_by))
    return list(session.scalars(rows.order_by(Screening.course_id).limit(most)))


def drop_screenings(session: Session, course_ids: Collection[int], *, seen_by: datetime) -> int:
    """Deletes the answers of these courses, but for those that have got a later visit meanwhile; how many."""
    still_old = select(Course.id).where(Course.id.in_(course_ids), ~_seen_since(seen_by))
    gone = delete(Screening).where(Screening.course_id.in_(still_old))
    return int(session.execute(gone, execution_options=_QUIETLY).rowcount)  # type: ignore[attr-defined]


def patients_long_gone(
    session: Session, *, seen_by: datetime, begun_by: datetime, but: Collection[int], most: int
) -> list[int]:
    """Patients, other than `but`, who are not forgotten yet, and of whose courses each had its last visit by `seen_by`,
    began by `begun_by`, so that nothing is asked about it any more, and waits for nothing."""
    rows = select(Patient.id).where(Patient.created_at <= seen_by, *_long_gone(seen_by, begun_by))
    return list(session.scalars(rows.where(Patient.id.not_in(but)).order_by(Patient.id).limit(most)))


def patient_to_forget(session: Session, patient_id: int, *, seen_by: datetime, begun_by: datetime) -> Patient | None:
    """The patient, if all that still holds; nobody books for her until the transaction ends."""
    session.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    courses = select(Course.id).where(Course.patient_id == patient_id).order_by(Course.id)
    session.execute(courses.with_for_update())
    # Asked afterwards: a statement that has waited for others does not see the rows that they added.
    return session.scalar(select(Patient).where(Patient.id == patient_id, *_long_gone(seen_by, begun_by)))


def forget_patient(session: Session, patient: Patient) -> None:
    """Takes away her name, how to reach her, and all that was written to her or by her. What stays is that somebody
    had these times, what late changes cost, and the bare numbers of how it went."""
    courses = list(session.scalars(select(Course).where(Course.patient_id == patient.id)))
    ids = [course.id for course in courses]
    visits = list(session.scalars(select(Appointment).where(Appointment.course_id.in_(ids))))
    _forget_of_visits(session, [visit.id for visit in visits])
    _forget_waiting(session, ids)
    _forget_helpers(session, ids)
    _forget_changes(session, ids)
    _forget_of_courses(session, ids)
    for visit in visits:
        visit.uid = f"forgotten {uuid4()}"  # the old one stands in her calendar
    for course in courses:
        _make_nobodys(course)
    _forget_of_patient(session, patient.id)
    patient.birth_date = NOBODYS_BIRTH_DATE
    session.flush()


def drop_fees(session: Session, *, made_by: datetime) -> int:
    """Deletes what changes made by then have cost; how many."""
    gone = delete(Fee).where(Fee.made_at <= made_by)
    return int(session.execute(gone, execution_options=_QUIETLY).rowcount)  # type: ignore[attr-defined]


def old_fees(session: Session, *, made_by: datetime) -> bool:
    return session.scalar(select(Fee.id).where(Fee.made_at <= made_by).limit(1)) is not None


def _long_gone(seen_by: datetime, begun_by: datetime) -> tuple[ColumnElement[bool], ...]:
    hers = Course.patient_id == Patient.id
    waits = exists().where(Waiter.course_id == Course.id, Waiter.ended_at.is_(None), Waiter.until > seen_by)
    told = exists().where(Message.course_id == Course.id, Message.due_at.is_not(None))
    changes = exists().where(Change.course_id == Course.id, Change.settled_at.is_(None))
    keeps = or_(_seen_since(seen_by), asked_since(begun_by), waits, told, changes)
    return Patient.birth_date != NOBODYS_BIRTH_DATE, ~exists(select(Course.id).where(hers, keeps))


def _seen_since(moment: datetime) -> ColumnElement[bool]:
    """Whether the course has a visit that ends later; one without any visit counts from when it was last changed."""
    visit = select(Appointment.id).where(Appointment.course_id == Course.id, Appointment.status.in_(LIVE))
    later = exists(visit.where(Appointment.ends_at > moment))
    return or_(later, and_(Course.changed_at > moment, ~exists(visit)))


def _forget_waiting(session: Session, course_ids: Sequence[int]) -> None:
    waiters = list(session.scalars(select(Waiter.id).where(Waiter.course_id.in_(course_ids))))
    drop_mails_to(session, waiters)
    session.execute(delete(WaitingOffer).where(WaitingOffer.waiter_id.in_(waiters)), execution_options=_QUIETLY)
    session.execute(delete(Waiter).where(Waiter.id.in_(waiters)), execution_options=_QUIETLY)


def _forget_helpers(session: Session, course_ids: Sequence[int]) -> None:
    helpers = list(session.scalars(select(Helper.id).where(Helper.course_id.in_(course_ids))))
    to_them = cast(Message.facts["helper_id"].as_string(), BigInteger).in_(helpers)
    session.execute(delete(Message).where(Message.kind == "helper", to_them), execution_options=_QUIETLY)
    session.execute(delete(Helper).where(Helper.id.in_(helpers)), execution_options=_QUIETLY)


def _forget_changes(session: Session, course_ids: Sequence[int]) -> None:
    """The fees stay, without what they were for."""
    session.execute(update(Fee).where(Fee.course_id.in_(course_ids)).values(change_id=None), execution_options=_QUIETLY)
    changes = select(Change.id).where(Change.course_id.in_(course_ids))
    for hold in session.scalars(select(Hold).where(or_(Hold.course_id.in_(course_ids), Hold.change_id.in_(changes)))):
        drop_held_claims(session, [time.id for time in hold.times])
        session.delete(hold)
    session.flush()
    session.execute(delete(Change).where(Change.course_id.in_(course_ids)), execution_options=_QUIETLY)


def _forget_of_patient(session: Session, patient_id: int) -> None:
    """Without her key, nothing in the logbook tells of her."""
    for table in (PatientContact, Note, PatientKey):
        session.execute(delete(table).where(table.patient_id == patient_id), execution_options=_QUIETLY)


def _forget_of_courses(session: Session, course_ids: Sequence[int]) -> None:
    for table in (Message, Reminder, ReminderWish, Task, SignIn, Link, Screening):
        session.execute(delete(table).where(table.course_id.in_(course_ids)), execution_options=_QUIETLY)


def _forget_of_visits(session: Session, appointment_ids: Sequence[int]) -> None:
    for table in (Reply, Touched, Task):
        gone = delete(table).where(table.appointment_id.in_(appointment_ids))
        session.execute(gone, execution_options=_QUIETLY)


def _make_nobodys(course: Course) -> None:
    course.reference = f"forgotten {course.id}"
    course.name, course.email, course.mobile, course.booked_by, course.needs = "", None, None, None, []
    course.running_for, course.decide_by, course.channel = None, None, "none"
    course.status = COMPLETED if course.status == RUNNING else course.status
