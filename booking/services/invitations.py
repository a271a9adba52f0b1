"""Invitations: which messages a change calls for, written into the outbox with the change itself.

A message's facts are a snapshot: it tells what was true when it was written, whenever it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from booking.domain.period import seconds_of
from booking.services.office import Office
from booking.store.appointments import Appointment
from booking.store.changes import fees_of
from booking.store.clinics import clinic_rules
from booking.store.courses import Course
from booking.store.database import ONE_STATEMENT, deviation_as_json, utc
from booking.store.outbox import Message
from booking.store.protocols import protocol_head

INVITATIONS = "invitations"


class News(StrEnum):
    """What one readable mail tells; the words are the kinds of messages and the names of their templates.

    `BOOKED`: the times are booked. `HELD`: they are kept, and somebody will ring. `RELEASED`: they were given back.
    `CHANNEL`: the calendar is reached in another way. `LINK`: the patient's page has a new secret link. `CHANGED`: some
    times were moved, cancelled or added. `REPLANNED`: the clinic had to move some, and keeps others to choose from.
    `REMINDER`: what comes soon. `DECLINED`: her calendar has said no, and how to
    move or cancel. `QUESTIONS`: how it goes.
    """

    BOOKED = "confirmation"
    HELD = "held"
    RELEASED = "released"
    CHANNEL = "channel"
    LINK = "link"
    CHANGED = "changed"
    REPLANNED = "replanned"
    REMINDER = "reminder"
    DECLINED = "declined"
    QUESTIONS = "questions"


INVITING = {News.BOOKED, News.CHANNEL}
"""After these, on the channel invitations, one REQUEST an appointment follows."""


def tell(
    session: Session,
    office: Office,
    course: Course,
    news: News,
    appointments: Sequence[Appointment],
    *,
    now: datetime,
    at: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """One readable mail, and the invitations that belong to it. `more`: facts (JSON) of this kind of mail only."""
    kinds: list[tuple[str, Appointment | None]] = [(news.value, None)]
    if news in INVITING and course.channel == INVITATIONS:
        kinds += [("request", appointment) for appointment in appointments]
    _write(session, office, course, appointments, kinds, now=now, at=at, more=more)


def message_to(
    session: Session,
    office: Office,
    course: Course,
    news: News,
    appointments: Sequence[Appointment],
    *,
    recipient: str,
    language: str,
    now: datetime,
    at: datetime,
    medium: str = "mail",
    more: Mapping[str, Any] | None = None,
) -> Message:
    """One message about the course, to whoever is to read it (a helper, too), by mail or SMS; added to the session."""
    message = Message(
        kind=news.value,
        medium=medium,
        course_id=course.id,
        recipient=recipient,
        language=language,
        facts=_facts(session, course) | dict(more or {}) | {"appointments": [snapshot(a) for a in appointments]},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )
    session.add(message)
    return message


def invite(
    session: Session,
    office: Office,
    course: Course,
    appointments: Sequence[Appointment],
    *,
    now: datetime,
    at: datetime,
) -> None:
    """A REQUEST for each appointment, new or changed, without a mail to read."""
    kinds = [("request", appointment) for appointment in appointments]
    _write(session, office, course, appointments, kinds, now=now, at=at)


def take_back_invitations(
    session: Session,
    office: Office,
    course: Course,
    appointments: Sequence[Appointment],
    *,
    now: datetime,
    at: datetime,
) -> None:
    """A CANCEL for each appointment, to the address that was invited: the event leaves that calendar.

    The appointments themselves stay; their SEQUENCE has been raised by the caller.
    """
    kinds = [("cancel", appointment) for appointment in appointments]
    _write(session, office, course, appointments, kinds, now=now, at=at)


def mails_for(channel: str, appointments: int) -> int:
    """How many mails a booking of so many appointments brings by this channel."""
    if channel == "none":
        return 0
    return 1 + (appointments if channel == INVITATIONS else 0)


def _write(
    session: Session,
    office: Office,
    course: Course,
    appointments: Sequence[Appointment],
    kinds: Iterable[tuple[str, Appointment | None]],
    *,
    now: datetime,
    at: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    if course.email is None or not appointments:
        return  # nobody to tell, or nothing: the course is not booked yet, or it is over
    facts = _facts(session, course) | dict(more or {})
    snapshots = {appointment.id: snapshot(appointment) for appointment in appointments}
    every = {
        "course_id": course.id,
        "recipient": course.email,
        "language": course.language,
        "made_at": utc(now),
        "written_at": utc(at),
        "due_at": utc(at),
        "attempts": 0,
    }
    messages = [
        every
        | {
            "kind": kind,
            "appointment_id": appointment.id if appointment else None,
            "facts": facts | {"appointments": [snapshots[appointment.id]] if appointment else list(snapshots.values())},
            "message_id": f"<{uuid4()}@{office.uid_host}>",
        }
        for kind, appointment in kinds
    ]
    if messages:
        session.execute(insert(Message), messages, execution_options=ONE_STATEMENT)


def _facts(session: Session, course: Course) -> dict[str, Any]:
    return {
        "name": course.name,
        "reference": course.reference,
        "channel": course.channel,
        "protocol": protocol_head(session, course.protocol_id).slug,
        "new_patient": course.new_patient,
        "decide_by": seconds_of(course.decide_by) if course.decide_by else None,
        "kindness_used": any(fee.excused for fee in fees_of(session, course.id)),
        "free_hours": max((rules.cancel_hours for rules in clinic_rules(session).values()), default=24),
    }


def snapshot(appointment: Appointment) -> dict[str, Any]:
    """The appointment as it is now, in JSON: for a message that tells of it, and for a change that may be undone."""
    return {
        "id": appointment.id,
        "kind": appointment.kind,
        "number": appointment.number,
        "start": seconds_of(appointment.starts_at),
        "end": seconds_of(appointment.ends_at),
        "clinic_id": appointment.clinic_id,
        "clinician_id": appointment.clinician_id,
        "room_id": appointment.room_id,
        "price": appointment.price,
        "uid": appointment.uid,
        "sequence": appointment.sequence,
        "status": appointment.status,
        "deviation": deviation_as_json(appointment.deviation) if appointment.deviation else None,
    }
