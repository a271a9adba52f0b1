"""Letters: a message of the outbox as the bytes of a mail, from the facts that were kept with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from booking.domain.period import Period, moment_of
from booking.ical import itip
from booking.ical.event import Entry
from booking.ical.imip import Letter, invitation_mail, plain_mail
from booking.ical.itip import Method, Party
from booking.ical.text import one_line
from booking.services import wording
from booking.services.entries import entry_of
from booking.services.factors import reset_token
from booking.services.letter_contexts import AppointmentFacts, Case, ChangeFacts, context_of, for_calendars
from booking.services.links import (
    FEED,
    PAGE,
    Stoppable,
    comment_url,
    feed_url,
    helper_url,
    new_time_url,
    page_url,
    sign_in_url,
    stop_url,
    waiter_url,
)
from booking.services.office import Office
from booking.services.own_days import OWN_DAY
from booking.store.accounts import Account
from booking.store.appointments import CANCELLED, Appointment
from booking.store.articles import Comment
from booking.store.clinics import Clinic, Group, the_group
from booking.store.courses import Course, links_of
from booking.store.helpers import Helper, helpers_at
from booking.store.outbox import Message
from booking.store.people import Clinician
from booking.store.sign_ins import courses_at
from booking.store.waiting import Waiter

FILE, SMS = "file", "sms"

_WITH_FILE = {"confirmation", "channel", "changed", "replanned"}
"""The mails that bring the file of the channel *file*."""

STOPPABLE = {"reminder": Stoppable.REMINDERS, "questions": Stoppable.QUESTIONS}
"""Mails about a course that can be ended, by their kind."""


def compose(session: Session, office: Office, message: Message) -> bytes:
    """The mail that tells `message`, dated when it was made, or the short text. Needs an application context, but no
    request.

    Raises ValueError, LookupError or a template's error for facts that cannot be told.
    """
    with force_locale(message.language):
        if message.course_id is None:
            return plain_mail(_WITHOUT_COURSE[message.kind](session, office, message))
        case = _case(session, office, message, message.course_id)
        if message.medium == SMS:
            return _short(case)
        return _mail(case, _letter(message, office, case.group, case.name, context_of(case), unsubscribe=case.stop_url))


def _case(session: Session, office: Office, message: Message, course_id: int) -> Case:
    appointments = tuple(AppointmentFacts.of(kept) for kept in message.facts["appointments"])
    changes = tuple(ChangeFacts.of(kept) for kept in message.facts.get("changes", ()))
    others = tuple(AppointmentFacts.of(kept) for kept in message.facts.get("others", ()))
    named = (*appointments, *(each.before for each in changes if each.before), *others)
    links = links_of(session, course_id)
    helper_id = message.facts.get("helper_id")
    helper = session.get_one(Helper, helper_id) if helper_id is not None else None
    page = helper_url(office, helper, message.language) if helper else page_url(office, links[PAGE], message.language)
    return Case(
        message=message,
        office=office,
        course=session.get_one(Course, course_id),
        group=the_group(session),
        appointments=appointments,
        changes=changes,
        others=others,
        clinics={a.clinic_id: session.get_one(Clinic, a.clinic_id) for a in named},
        clinicians={a.clinician_id: session.get_one(Clinician, a.clinician_id) for a in named},
        page_url=page,
        feed_url=feed_url(office, links[FEED]),
        stop_url=_stop_url(office, message, helper.id if helper else links[PAGE].id),
        new_time_url=_new_time_url(office, message),
        helper=helper,
    )


def _new_time_url(office: Office, message: Message) -> str:
    """Where she answers whether her new time suits her; empty for a message that asks nothing."""
    facts = message.facts
    if "new_time_hash" not in facts:
        return ""
    told_at = moment_of(facts["told_at"])
    return new_time_url(office, facts["touched_id"], told_at, facts["new_time_hash"], message.language)


def _stop_url(office: Office, message: Message, id: int) -> str | None:
    """Where mails of this kind are ended; None for those that nobody can do without."""
    mails = STOPPABLE.get(message.kind)
    if mails is Stoppable.REMINDERS and "helper_id" in message.facts:
        mails = Stoppable.HELPER
    return stop_url(office, mails, id, message.language) if mails else None


# -- mails ------------------------------------------------------------------------------------------------------------


def _mail(case: Case, letter: Letter) -> bytes:
    if case.message.kind == "request":
        return invitation_mail(letter, calendar=_calendar(case, letter, itip.request), method=Method.REQUEST)
    if case.message.kind == "cancel":
        return invitation_mail(letter, calendar=_calendar(case, letter, itip.cancel), method=Method.CANCEL)
    live = [appointment for appointment in case.appointments if appointment.status != CANCELLED]
    if case.message.kind in _WITH_FILE and case.message.facts["channel"] == FILE and live and for_calendars(case):
        return plain_mail(letter, calendar=itip.published(_entry(case, appointment) for appointment in live))
    return plain_mail(letter)


def _calendar(case: Case, letter: Letter, written: Callable[[Entry, Party, Party], bytes]) -> bytes:
    (appointment,) = case.appointments
    return written(_entry(case, appointment), letter.from_, letter.to)


def _entry(case: Case, appointment: AppointmentFacts) -> Entry:
    return entry_of(
        appointment,
        case.clinics[appointment.clinic_id],
        case.group,
        language=case.language,
        stamp=case.message.made_at,
        page_url=case.page_url,
    )


def _comment_letter(session: Session, office: Office, message: Message) -> Letter:
    """To who wrote a comment. Nothing of what she typed stands in it: she may have typed somebody else's address."""
    comment = session.get_one(Comment, message.facts["comment_id"])
    return _letter_of_group(session, office, message, own_url=comment_url(office, comment, message.language))


def _sign_in_letter(session: Session, office: Office, message: Message) -> Letter:
    """To who asked for a way in: the link, or that no course has this address."""
    facts, email = message.facts, message.recipient.lower()
    return _letter_of_group(
        session,
        office,
        message,
        known=bool(courses_at(session, email) or helpers_at(session, email)),
        sign_in_url=sign_in_url(office, facts["nonce"], facts["token_hash"], message.language),
        until=wording.at_time(moment_of(facts["until"]), message.language),
        find_url=f"{office.url}/{message.language}/my-appointments",
    )


def _helper_letter(session: Session, office: Office, message: Message) -> Letter:
    """To whom a patient has given a link to her times."""
    helper = session.get_one(Helper, message.facts["helper_id"])
    return _letter_of_group(
        session,
        office,
        message,
        to=helper.name,
        patient=one_line(helper.course.name),
        reminded=helper.reminded,
        helper_url=helper_url(office, helper, message.language),
    )


def _waiting_letter(session: Session, office: Office, message: Message) -> Letter:
    """To who waits for a course. Nothing of what she typed stands in it: she may have typed somebody else's address."""
    waiter = session.get_one(Waiter, message.facts["waiter_id"])
    return _letter_of_group(
        session,
        office,
        message,
        unsubscribe=stop_url(office, Stoppable.WAITING, waiter.id, message.language),
        own_url=waiter_url(office, waiter),
        hours=waiter.offer_hours,
        confirmed=waiter.confirmed_at is not None,
        yes_until=wording.day_and_time(moment_of(message.facts["yes_until"]), message.language),
        until=wording.day_and_year(waiter.until, message.language),
    )


def _offer_letter(session: Session, office: Office, message: Message) -> Letter:
    """To who waits: what has become free, until when it is kept for her, and where she takes it or says no."""
    facts, language = message.facts, message.language
    waiter = session.get_one(Waiter, facts["waiter_id"])
    rows = [_offered_row(session, *each, language) for each in zip(facts["times"], facts["kinds"], strict=True)]
    course = session.get_one(Course, waiter.course_id) if waiter.course_id else None
    now_at = session.get_one(Appointment, waiter.appointment_id).starts_at if waiter.appointment_id else None
    return _letter_of_group(
        session,
        office,
        message,
        unsubscribe=stop_url(office, Stoppable.WAITING, waiter.id, message.language),
        to=course.name if course else "",
        rows=rows if course is None else rows[:1],
        for_course=course is None,
        instead_of=wording.day_and_time(now_at, language) if now_at else "",
        same_place=rows[0]["place"] if len({row["place"] for row in rows}) == 1 else "",
        same_clinician=rows[0]["clinician"] if len({row["clinician"] for row in rows}) == 1 else "",
        until=wording.day_and_time(moment_of(facts["until"]), language),
        own_url=_waiting_url(session, office, waiter),
    )


def _offered_row(session: Session, time: Sequence[int], kind: str, language: str) -> dict[str, str]:
    clinic_id, clinician_id, start, end = time
    clinician = session.get_one(Clinician, clinician_id)
    return {
        "kind": kind,
        "length": wording.minutes((end - start) // 60, language),
        "date": wording.day_and_year(moment_of(start), language),
        "moment": wording.day_and_time(moment_of(start), language),
        "times": wording.times(Period(moment_of(start), moment_of(end)), language),
        "place": session.get_one(Clinic, clinic_id).name,
        "clinician": f"{clinician.name}, {clinician.profession.name[language]}",
    }


def _waiting_url(session: Session, office: Office, waiter: Waiter) -> str:
    """Where she answers: behind her own link, or behind that of her course, which she can renew."""
    if waiter.course_id is None:
        return waiter_url(office, waiter)
    course = page_url(office, links_of(session, waiter.course_id)[PAGE], waiter.language)
    return f"{course}/visits/{waiter.appointment_id}/wait" if waiter.appointment_id else f"{course}/wait"


def _staff_reset_letter(session: Session, office: Office, message: Message) -> Letter:
    """To somebody who works here: the link by which she chooses a password. It is made now, and runs from now."""
    account = session.get_one(Account, message.facts["account_id"])
    return _letter_of_group(
        session,
        office,
        message,
        to=account.name,
        new=account.password is None,
        reset_url=f"{office.url}/{message.language}/staff/password/{reset_token(account)}",
    )


def _staff_changed_letter(session: Session, office: Office, message: Message) -> Letter:
    """To somebody who works here: how she signs in was changed."""
    account = session.get_one(Account, message.facts["account_id"])
    return _letter_of_group(
        session,
        office,
        message,
        to=account.name,
        what=message.facts["what"],
        forgotten_url=f"{office.url}/{message.language}/staff/password",
    )


def _own_day_letter(session: Session, office: Office, message: Message) -> Letter:
    """To a clinician whose day has changed on the day itself. Of patients it names the initials only."""
    account, language = session.get_one(Account, message.facts["account_id"]), message.language
    return _letter_of_group(
        session,
        office,
        message,
        to=account.name,
        day=wording.day(message.made_at, language),
        rows=[_day_row(session, change, language) for change in message.facts["changes"]],
        day_url=f"{office.url}/{language}/staff/clinicians/{account.clinician_id}/day",
    )


def _day_row(session: Session, change: Mapping[str, Any], language: str) -> str:
    """“Moved: K. N., from 09:00 to 11:00, Lambertseter”"""
    old, new = change["old"], change["new"]
    start, end, clinic_id = new or old
    names = {
        "who": wording.initials(session.get_one(Course, change["course_id"]).name),
        "where": session.get_one(Clinic, clinic_id).name,
    }
    if old and new:
        before, after = (wording.at_time(moment_of(each[0]), language) for each in (old, new))
        return gettext("Moved: %(who)s, from %(old)s to %(new)s, %(where)s", old=before, new=after, **names)
    times = wording.times(Period(moment_of(start), moment_of(end)), language)
    if new:
        return gettext("New: %(times)s, %(who)s, %(where)s", times=times, **names)
    return gettext("Gone: %(times)s, %(who)s, %(where)s", times=times, **names)


_WITHOUT_COURSE: Mapping[str, Callable[[Session, Office, Message], Letter]] = {
    "comment": _comment_letter,
    "sign_in": _sign_in_letter,
    "helper": _helper_letter,
    "waiting": _waiting_letter,
    "offer": _offer_letter,
    "staff_reset": _staff_reset_letter,
    "staff_changed": _staff_changed_letter,
    OWN_DAY: _own_day_letter,
}
"""Letters that tell of no course, by their kind."""


def _letter_of_group(
    session: Session, office: Office, message: Message, *, to: str = "", unsubscribe: str | None = None, **more: Any
) -> Letter:
    """A letter that knows of no appointments. `to`: the name it is written to, if it has one; `more`: what its template
    is given besides."""
    group = the_group(session)
    context = {
        "language": message.language,
        "name": one_line(to),
        "group": group.name,
        "demonstration": group.demonstration,
        "phone": wording.phone_with_note(group.phone_display, group.phone_note, message.language),
        **more,
    }
    return _letter(message, office, group, to, context, unsubscribe=unsubscribe)


def _letter(
    message: Message,
    office: Office,
    group: Group,
    name: str,
    context: Mapping[str, Any],
    *,
    unsubscribe: str | None = None,
) -> Letter:
    clinic_group = Party(group.name, office.mail_from)
    return Letter(
        from_=clinic_group,
        to=Party(name, message.recipient),
        reply_to=clinic_group,
        subject=one_line(_rendered(message.kind, "subject.txt", context)),
        text=_tidied(_rendered(message.kind, "txt", context)),
        html=_rendered(message.kind, "html", context),
        language=message.language,
        message_id=message.message_id,
        date=message.made_at,
        unsubscribe=unsubscribe,
    )


def _short(case: Case) -> bytes:
    """A text of few words, in letters of GSM's alphabet (GSM 03.38): any other would halve what fits into one."""
    text = current_app.jinja_env.get_template(f"sms/{case.message.kind}.txt").render(context_of(case))
    return " ".join(text.split()).replace("–", "-").encode()


def _rendered(kind: str, ending: str, context: Mapping[str, Any]) -> str:
    """The template without what pages are given: a letter is written outside any request."""
    return current_app.jinja_env.get_template(f"mail/{kind}.{ending}").render(context)


def _tidied(text: str) -> str:
    """No spaces at the ends of lines, and no two empty lines in a row."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
