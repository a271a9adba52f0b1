"""Preferences: what a patient changes about her course without touching its times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.services.alteration import note_change
from booking.services.attempts import Limit, count_attempt
from booking.services.invitations import INVITATIONS, News, take_back_invitations, tell
from booking.services.links import FEED, PAGE, renew
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.reminders import drop_reminders_of
from booking.services.settlement import settle, settle_in_words
from booking.services.waiting import follow_contact
from booking.store.appointments import BOOKED, LIVE, Appointment
from booking.store.courses import WAITING, Course, course_to_change, email_key, links_of
from booking.store.database import db, utc
from booking.store.outbox import drop_unsent, invited
from booking.store.unit_of_work import unit_of_work

ADDRESSES_OF_ONE = Limit("contact course", 5, timedelta(days=1))
MAILS_TO_NEW = Limit("contact address", 3, timedelta(hours=1))
"""How often a course may get a new address, and an address become that of courses: each time brings mails to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the clinic reaches the patient, in which language, and what helps her. `mobile` in E.164."""

    email: str | None
    mobile: str | None
    language: str
    needs: tuple[str, ...]


def choose_channel(office: Office, course_id: int, channel: str, *, now: datetime, at: datetime) -> None:
    """Moves the coming appointments from one channel to another without doubles.

    Leaving invitations takes them back with a CANCEL each; leaving the subscription empties its feed. What was changed
    before is told at once, by the channel that there was.
    """

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        if course.channel == channel or course.email is None:
            return
        settle(session, office, course, now=now, at=at)
        coming = _coming(course, now=now)
        if INVITATIONS in (course.channel, channel):
            _raise_sequence(coming, now=now)
        if course.channel == INVITATIONS:
            take_back_invitations(session, office, course, coming, now=now, at=at)
        course.channel = channel
        _show_feed(session, course)
        tell(session, office, course, News.CHANNEL, coming, now=now, at=at)
        note_change(course, now=now)

    unit_of_work(work)


def correct_own_contact(office: Office, course_id: int, contact: Contact, *, now: datetime, at: datetime) -> None:
    """As `correct_contact`, for who has the link and may type anybody's address. Raises TooManyAttempts, and changes
    nothing then."""
    kept = db.session().get_one(Course, course_id).email
    if contact.email is not None and contact.email != kept:
        tried = ((ADDRESSES_OF_ONE, str(course_id)), (MAILS_TO_NEW, email_key(contact.email)))
        count_attempt(office, tried, now=now)
    correct_contact(office, course_id, contact, now=now, at=at)


def correct_contact(
    office: Office, course_id: int, contact: Contact, *, who: Who | None = None, now: datetime, at: datetime
) -> None:
    """Puts right how the patient is reached. A new address gets the confirmation and, on the channel invitations, the
    invitations; what was not yet sent to the old one is dropped, what was sent is taken back. `who`: if somebody at the
    clinic does it, which is logged."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        before = _as_logged(course)
        moved = contact.email != course.email
        if moved:
            _leave_address(session, office, course, now=now, at=at)
        course.email, course.mobile = contact.email, contact.mobile
        course.language, course.needs = contact.language, list(contact.needs)
        course.channel = _channel_for(course)
        follow_contact(session, course, now=now)
        if moved:
            settle_in_words(session, office, course, now=now, at=at)
        if moved and course.status == WAITING:
            tell(session, office, course, News.HELD, course.appointments, now=now, at=at)
        elif moved:
            tell(session, office, course, News.BOOKED, _coming(course, now=now), now=now, at=at)
        note_change(course, now=now)
        if who is not None:
            about = About(patient_id=course.patient_id, course_id=course.id)
            detail = {"before": before, "after": _as_logged(course)}
            note(session, office, who, "contact", about, detail=detail, now=now)

    unit_of_work(work)


def renew_page(office: Office, course_id: int, *, now: datetime, at: datetime) -> None:
    """Ends the page's old link and mails the new one to the patient: her older mails open nothing any more."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        renew(office, links_of(session, course.id)[PAGE])
        living = [a for a in course.appointments if a.status in LIVE]
        tell(session, office, course, News.LINK, living, now=now, at=at)

    unit_of_work(work)


def renew_feed(office: Office, course_id: int) -> None:
    """Ends the feed's old address."""

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        renew(office, links_of(session, course_id)[FEED])

    unit_of_work(work)


def _as_logged(course: Course) -> dict[str, object]:
    return {"email": course.email, "mobile": course.mobile, "language": course.language, "needs": list(course.needs)}


def _leave_address(session: Session, office: Office, course: Course, *, now: datetime, at: datetime) -> None:
    drop_reminders_of(session, course.id)
    drop_unsent(session, course.id)
    if course.email is None or course.channel != INVITATIONS:
        return
    _raise_sequence(_coming(course, now=now), now=now)
    there = invited(session, course.id, course.email)
    gone = [a for a in course.appointments if a.id in there and a.ends_at > now]
    take_back_invitations(session, office, course, gone, now=now, at=at)


def _channel_for(course: Course) -> str:
    if course.email is None:
        return "none"
    return INVITATIONS if course.channel == "none" else course.channel


def _show_feed(session: Session, course: Course) -> None:
    link = links_of(session, course.id)[FEED]
    link.silent = course.channel != "subscription"


def _coming(course: Course, *, now: datetime) -> list[Appointment]:
    return [a for a in course.appointments if a.status == BOOKED and a.ends_at > now]


def _raise_sequence(appointments: list[Appointment], *, now: datetime) -> None:
    for appointment in appointments:
        appointment.sequence += 1
        appointment.updated_at = utc(now)
