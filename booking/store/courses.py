"""Courses, and the secret links that open them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import JSON, BigInteger, ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, validates

from booking.store.appointments import Appointment
from booking.store.database import Base
from booking.store.patients import Patient

RUNNING, WAITING, COMPLETED, RELEASED = "running", "pending", "completed", "released"


def email_key(email: str) -> str:
    """As addresses are compared. Lower case, and not casefolded, which makes one of two domains that differ in ß; nor
    the database's lower case, which is another on SQLite."""
    return email.lower()


class Course(Base):
    """What a patient has booked: a nine-week course, or a protocol of one appointment.

    `running_for` is the patient's id while an exclusive course runs, else null; it is unique, so nobody has two.
    `decide_by`: until when a pending course's times are kept. `changed_at`: the last change that calendars must see;
    `revision` counts those changes. Name and contact are as given with this booking; `email_key` is the address in
    lower case, by which it is found, and `name_key` the name likewise.
    """

    __tablename__ = "courses"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocols.id"))
    running_for: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), unique=True)
    status: Mapped[str]
    new_patient: Mapped[bool]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(index=True)
    mobile: Mapped[str | None] = mapped_column(index=True)
    language: Mapped[str]
    channel: Mapped[str]
    needs: Mapped[list[str]] = mapped_column(JSON)
    booked_by: Mapped[str | None]
    created_at: Mapped[datetime]
    decide_by: Mapped[datetime | None] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)

    appointments: Mapped[list[Appointment]] = relationship(order_by=Appointment.starts_at, lazy="selectin")
    patient: Mapped[Patient] = relationship(foreign_keys=[patient_id])

    @validates("name")
    def _keep_name_key(self, _name: str, name: str) -> str:
        self.name_key = name.casefold()
        return name

    @validates("email")
    def _keep_key(self, _name: str, email: str | None) -> str | None:
        self.email_key = None if email is None else email_key(email)
        return email


class Screening(Base):
    """The health check of a course: `outcome` ok, flag or call by the rules of version `rules`; `answers` encrypted.

    `read_at`, `read_by`: when the clinician who treats noted that she has read them, and by which account.
    """

    __tablename__ = "screenings"

    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    outcome: Mapped[str]
    rules: Mapped[int]
    answers: Mapped[bytes]
    answered_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Link(Base):
    """A secret link, by a random id. Its token is a keyed hash over (id, generation); only that token's hash is kept.

    `scope`: page or feed. Renewing raises `generation`, which ends the old token. `silent`: a feed that stays empty,
    because the patient has chosen another channel since.
    """

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    scope: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)
    token_hash: Mapped[str] = mapped_column(unique=True)
    silent: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship(lazy="joined", innerjoin=True)


def course_by_reference(session: Session, reference: str) -> Course | None:
    return session.scalar(select(Course).where(Course.reference == reference))


def course_to_settle(session: Session, reference: str) -> Course | None:
    """The same, for who changes it: nobody else does until the transaction ends."""
    return session.scalar(select(Course).where(Course.reference == reference).with_for_update())


def link_by_hash(session: Session, token_hash: str, scope: str) -> Link | None:
    return session.scalar(select(Link).where(Link.token_hash == token_hash, Link.scope == scope))


def course_to_change(session: Session, course_id: int) -> Course:
    """The course, for who changes it or what belongs to it: nobody else does until the transaction ends."""
    return session.get_one(Course, course_id, with_for_update=True)


class FeedState(NamedTuple):
    """All that tells whether a feed has changed."""

    link_id: int
    course_id: int
    revision: int
    language: str
    silent: bool
    used_at: datetime | None


_links, _courses = Link.__table__.c, Course.__table__.c

# Calendar programs ask every hour. Making this statement costs five times what running it does, so it is made once.
_FEED_STATE = (
    select(_links.id, _links.course_id, _courses.revision, _courses.language, _links.silent, _links.used_at)
    .join_from(Link.__table__, Course.__table__, _courses.id == _links.course_id)
    .where(_links.token_hash == bindparam("token_hash"), _links.scope == bindparam("scope"))
)


def feed_state(session: Session, token_hash: str, scope: str) -> FeedState | None:
    """What the feed behind a token shows now, in one statement."""
    row = session.execute(_FEED_STATE, {"token_hash": token_hash, "scope": scope}).first()
    return FeedState(*row) if row else None


def links_of(session: Session, course_id: int) -> dict[str, Link]:
    """The course's links by scope."""
    rows = session.scalars(select(Link).where(Link.course_id == course_id))
    return {link.scope: link for link in rows}


def running_course(session: Session, patient_id: int) -> Course | None:
    """The exclusive course that the patient has now, for who ends it."""
    return session.scalar(select(Course).where(Course.running_for == patient_id).with_for_update())


def lapsed_courses(session: Session, *, now: datetime) -> list[int]:
    """The ids of pending courses whose times nobody decided about in time."""
    rows = select(Course.id).where(Course.status == WAITING, Course.decide_by <= now)
    return list(session.scalars(rows.order_by(Course.id)))


def lapsed_course(session: Session, course_id: int, *, now: datetime) -> Course | None:
    """One of them, for who gives its times back; None if somebody settles it just now, or has."""
    rows = select(Course).where(Course.id == course_id, Course.status == WAITING, Course.decide_by <= now)
    return session.scalar(rows.with_for_update(skip_locked=True))
