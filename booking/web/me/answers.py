"""Answers: what the patient's calendar has said to the invitations, and a way on from each no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from flask import url_for
from flask_babel import gettext as _

from booking.ical.reply import Answer
from booking.services.changes import weeks_for
from booking.services.wishes import place_text
from booking.store.appointments import BOOKED
from booking.store.courses import Course
from booking.store.database import db
from booking.store.replies import Invited, Reply, invited, replies_to
from booking.web.book.house import House
from booking.web.language import current_language
from booking.web.me.desk import this_token
from booking.web.me.visits import Told, Visit
from booking.web.office import office
from booking.web.pictures import Link, day_at_time


@dataclass(frozen=True, slots=True)
class No:
    """One visit that her calendar has said no to, or proposed another time for, and what she can do."""

    words: str
    link: Link
    about: str = ""
    """What a screen reader says after the link's words, which several visits share."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What me/answer.html shows; empty where there is nothing to say."""

    noes: tuple[No, ...]
    lines: tuple[str, ...]


def answered(course: Course, told: Told, *, now: datetime) -> Answered | None:
    """The newest answers to the visits that are to come; None if no calendar has answered to how they stand."""
    coming = {v.appointment.id: v for v in told.visits if v.appointment.status == BOOKED and v.period.start > now}
    replies = _current(course, coming)
    if not replies:
        return None
    noes = [(coming[id], reply) for id, reply in replies.items() if reply.answer in (Answer.DECLINED, Answer.COUNTER)]
    said = {id: reply.answer for id, reply in replies.items()}
    return Answered(
        noes=tuple(_no(course, visit, reply, now=now) for visit, reply in noes),
        lines=tuple(_lines(list(coming.values()), said)),
    )


def _current(course: Course, coming: dict[int, Visit]) -> dict[int, Reply]:
    """Only answers to the newest invitation, and only if it named the time that stands now; in order of time."""
    replies = replies_to(db.session(), coming)
    if not replies:
        return {}
    newest = {each.appointment_id: each for each in invited(db.session(), course.id)}
    return {id: replies[id] for id, visit in coming.items() if _is_about(replies.get(id), newest.get(id), visit)}


def _is_about(reply: Reply | None, invitation: Invited | None, visit: Visit) -> bool:
    if reply is None or invitation is None or invitation.taken_back:
        return False
    return reply.sequence == invitation.sequence and invitation.period == visit.period


def _no(course: Course, visit: Visit, reply: Reply, *, now: datetime) -> No:
    moment = day_at_time(visit.period.start)
    page = Link(url_for("me.visit", token=this_token(), id=visit.appointment.id), _("Move or cancel"))
    if reply.proposed_start is None or reply.proposed_start <= now:
        return No(_("Your calendar has said no to %(moment)s. The visit is still booked.", moment=moment), page, moment)
    proposed = day_at_time(reply.proposed_start)
    words = _(
        "Your calendar has proposed %(proposed)s instead of %(moment)s. The visit is still booked as it was.",
        proposed=proposed,
        moment=moment,
    )
    place = _place(course, visit, reply.proposed_start, now=now)
    if place is None:
        return No(words + " " + _("The proposed time is not free."), page, moment)
    move = url_for("me.visit_move", token=this_token(), id=visit.appointment.id, to=place)
    return No(words, Link(move, _("Move it to %(moment)s", moment=proposed)))


def _place(course: Course, visit: Visit, start: datetime, *, now: datetime) -> str | None:
    """The best place that is free at `start`, in the words of an address; None if none is."""
    session = db.session()
    weeks = weeks_for(session, office(), course, visit.appointment, now=now)
    best = next((option.at for week in weeks for option in week.options if option.at.start == start), None)
    if best is None:
        return None
    house = House(session)
    return place_text(best.start, house.clinicians[best.clinician].slug, house.clinics[best.clinic].slug)


def _lines(coming: Sequence[Visit], said: dict[int, str]) -> list[str]:
    yes = [visit for visit in coming if said.get(visit.appointment.id) == Answer.ACCEPTED]
    maybe = [visit for visit in coming if said.get(visit.appointment.id) == Answer.TENTATIVE]
    lines = []
    if yes and len(yes) == len(coming):
        lines.append(_("Your calendar has said yes to all that is to come."))
    elif yes:
        lines.append(_("Your calendar has said yes to %(visits)s.", visits=_moments(yes)))
    if maybe:
        lines.append(_("Your calendar has said maybe to %(visits)s.", visits=_moments(maybe)))
    return lines


def _moments(visits: Sequence[Visit]) -> str:
    return format_list([day_at_time(visit.period.start) for visit in visits], locale=current_language())
