"""Accounts: in which browsers somebody who works here is signed in, and whom and what she may see."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from booking.domain.period import oslo
from booking.services.factors import has_second_factor
from booking.services.links import hash_of
from booking.services.logbook import Who
from booking.services.own_days import OWN_DAY
from booking.store.accounts import Account, StaffSession
from booking.store.appointments import Appointment
from booking.store.clinics import Clinic
from booking.store.courses import Course
from booking.store.outbox import Message
from booking.store.patients import Patient
from booking.store.schedules import workplaces
from booking.store.unit_of_work import unit_of_work

CLINICIAN, RECEPTIONIST, ADMINISTRATOR = ROLES = ("clinician", "receptionist", "administrator")

RESET, CHANGED = "staff_reset", "staff_changed"
"""Kinds of mails: a link to choose a password, and what was changed of how somebody signs in."""

IDLE_FOR = timedelta(minutes=60)
"""A browser in which nothing is done for this long is signed out."""

SIGNED_IN_FOR = timedelta(hours=12)
"""And after this long in any case: nobody works longer."""

SESSIONS_KEPT = timedelta(days=90)
"""How long after its end is kept where somebody was signed in."""

SEEN_TO = timedelta(minutes=1)
"""How exactly it is kept when a browser was last seen, so that not every page writes."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom and what somebody who works here may see. `clinic_ids`: where she is a receptionist or treats; an
    administrator's is all of them. `clinician_id`: as whom she treats, if she does."""

    account_id: int
    name: str
    roles: frozenset[str]
    clinic_ids: frozenset[int]
    clinician_id: int | None

    @property
    def who(self) -> Who:
        return Who(self.account_id, self.name)

    @property
    def administers(self) -> bool:
        return ADMINISTRATOR in self.roles

    @property
    def front_desk(self) -> bool:
        """Whether she does what receptionists do: for her clinics, or as an administrator for all."""
        return self.administers or RECEPTIONIST in self.roles

    def desk_of(self, clinic_id: int) -> bool:
        """Whether she does so at this clinic."""
        return self.administers or (RECEPTIONIST in self.roles and clinic_id in self.clinic_ids)


def reach_of(session: Session, account: Account, *, now: datetime) -> Reach:
    """Two statements at most."""
    places = {clinic.id for clinic in account.clinics}
    if account.clinician_id is not None and not places:
        places = {clinic for clinic, who in workplaces(session, today=oslo(now).date()) if who == account.clinician_id}
    roles = frozenset(role.name for role in account.roles)
    return Reach(account.id, account.name, roles, frozenset(places), account.clinician_id)


def lacks_second_factor(account: Account) -> bool:
    """Whether she must choose a second factor: an administrator without one. Of others it is asked only."""
    administers = any(role.name == ADMINISTRATOR for role in account.roles)
    return administers and not has_second_factor(account)


def sees_clinic(reach: Reach, clinic_id: int) -> bool:
    return reach.administers or clinic_id in reach.clinic_ids


def sees_clinician(session: Session, reach: Reach, clinician_id: int, *, now: datetime) -> bool:
    """Herself, and at the front desk everybody who works at one of her clinics."""
    if reach.administers or clinician_id == reach.clinician_id:
        return True
    if RECEPTIONIST not in reach.roles:
        return False
    return any(who == clinician_id for _, who in workplaces(session, reach.clinic_ids, today=oslo(now).date()))


def sees_appointment(reach: Reach, appointment: Appointment) -> bool:
    """Her own as a clinician; at the front desk those at her clinics."""
    return sees_place(reach, appointment.clinic_id, appointment.clinician_id)


def sees_place(reach: Reach, clinic_id: int, clinician_id: int) -> bool:
    """The same for an appointment with this clinician at this clinic."""
    if reach.administers or clinician_id == reach.clinician_id:
        return True
    return RECEPTIONIST in reach.roles and clinic_id in reach.clinic_ids


def sees_course(reach: Reach, course: Course) -> bool:
    """Whether she sees any of its appointments: the others of the course belong to the picture."""
    return any(sees_appointment(reach, appointment) for appointment in course.appointments)


def sees_patient(session: Session, reach: Reach, patient_id: int) -> bool:
    """Whether she sees any of the patient's appointments, past or to come; who has none is the front desk's."""
    courses = session.scalars(select(Course).where(Course.patient_id == patient_id)).all()
    if not courses and session.get(Patient, patient_id) is None:
        return False
    if not any(course.appointments for course in courses):
        return reach.front_desk
    return any(sees_course(reach, course) for course in courses)


# -- sessions ---------------------------------------------------------------------------------------------------------


def open_session(account_id: int, browser: str, *, now: datetime) -> str:
    """Notes that somebody has signed in; the key that her browser keeps."""
    return unit_of_work(lambda session: opened(session, account_id, browser, now=now))


def opened(session: Session, account_id: int, browser: str, *, now: datetime) -> str:
    """The same inside a unit of work."""
    key = secrets.token_urlsafe(20)
    session.add(
        StaffSession(account_id=account_id, key_hash=hash_of(key), browser=browser[:200], created_at=now, seen_at=now)
    )
    return key


def account_signed_in(session: Session, key: str, *, now: datetime) -> tuple[StaffSession, Account] | None:
    """Whose browser has this key; None if it was signed out, has been idle too long, or the account is disabled."""
    row = (
        session.execute(
            select(StaffSession, Account)
            .join(Account, Account.id == StaffSession.account_id)
            .options(joinedload(Account.roles), joinedload(Account.clinics).lazyload(Clinic.rooms))
            .where(StaffSession.key_hash == hash_of(key), StaffSession.ended_at.is_(None), Account.active)
        )
        .unique()
        .first()
    )
    if row is None or now >= row[0].seen_at + IDLE_FOR or now >= row[0].created_at + SIGNED_IN_FOR:
        return None
    return row[0], row[1]


def note_seen(session_id: int, *, now: datetime) -> None:
    def work(session: Session) -> None:
        row = session.get(StaffSession, session_id)
        if row is not None and row.ended_at is None:
            row.seen_at = now

    unit_of_work(work)


def end_session(session_id: int, *, account_id: int, now: datetime) -> None:
    """Signs a browser out; only one of the account's own."""

    def work(session: Session) -> None:
        row = session.get(StaffSession, session_id)
        if row is not None and row.account_id == account_id and row.ended_at is None:
            row.ended_at = now

    unit_of_work(work)


def open_sessions(session: Session, account_id: int, *, now: datetime) -> list[StaffSession]:
    """Where somebody is signed in, the browser that was used last first."""
    rows = select(StaffSession).where(
        StaffSession.account_id == account_id,
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at > now - IDLE_FOR,
        StaffSession.created_at > now - SIGNED_IN_FOR,
    )
    return list(session.scalars(rows.order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())))


def end_other_sessions(account_id: int, *, but: int, now: datetime) -> None:
    """Signs somebody out everywhere but in one browser."""
    unit_of_work(lambda session: end_all(session, account_id, but=but, now=now))


def end_all(session: Session, account_id: int, *, but: int = 0, now: datetime) -> None:
    """Signs somebody out everywhere, or everywhere but there, inside a unit of work."""
    rows = update(StaffSession).where(
        StaffSession.account_id == account_id, StaffSession.ended_at.is_(None), StaffSession.id != but
    )
    session.execute(rows.values(ended_at=now), execution_options={"synchronize_session": False})


def forget_sessions(*, now: datetime) -> int:
    """Deletes what is kept of browsers that were last seen `SESSIONS_KEPT` ago; of how many. Mails about signing in
    and about what has changed of a day go when they are as old."""

    def work(session: Session) -> int:
        old = select(StaffSession).where(StaffSession.seen_at <= now - SESSIONS_KEPT)
        rows = list(session.scalars(old.with_for_update(skip_locked=True)))
        for row in rows:
            session.delete(row)
        mails = Message.kind.in_((RESET, CHANGED, OWN_DAY)), Message.made_at <= now - SESSIONS_KEPT
        done = delete(Message).where(*mails, Message.due_at.is_(None), Message.leased_until.is_(None))
        session.execute(done, execution_options={"synchronize_session": False})
        return len(rows)

    return unit_of_work(work)
