"""Course: the patient's appointments: what is next, all of it in one picture, and what to know before she comes."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from flask_babel import gettext as _

from booking.services.helpers import note_use
from booking.services.invitations import mails_for
from booking.services.links import Opened
from booking.services.outcomes import how_it_goes
from booking.store.courses import RELEASED, WAITING, Course
from booking.store.database import db
from booking.store.helpers import helpers_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.words import cancel_rule
from booking.web.forms.details import NEEDS
from booking.web.me.answers import answered
from booking.web.me.calendar import calendar_of
from booking.web.me.overview import changing
from booking.web.me.reminders import reminder_lines
from booking.web.me.visits import told_of
from booking.web.me.words import next_panel, rows_of, same_words, waiting_words
from booking.web.office import office
from booking.web.site.marketing import beside_not_authorised


@open_to(Rule.COURSE_LINK)
def course(token: str) -> str:
    """For the patient everything; for a helper times, places and what to bring, and what she may change."""
    opened: Opened = g.opened
    if opened.helper is not None:
        note_use(opened.helper, now=clock.now())
    done = _DONE.get(request.args.get("done", ""))
    facts = _facts(opened.course) if opened.helper is None else _facts_for_helper(opened.course)
    facts |= changing(opened, facts["told"])
    return render_template(
        "me/course.html",
        **facts,
        helper=opened.helper,
        token=token,
        done_words=done() if done else None,
        unfolded=_unfolded(),
    )


@open_to(Rule.PAGE_LINK)
def booked(token: str) -> str:
    """Directly after booking: what was booked or kept, and what happens next."""
    found: Course = g.link.course
    mails = mails_for(found.channel, len(found.appointments)) if found.status != WAITING else int(bool(found.email))
    return render_template("me/booked.html", **_facts(found), mails=mails)


@open_to(Rule.PAGE_LINK)
def printed(token: str) -> str:
    """All dates in large type, for the door of the fridge."""
    return render_template("me/printed.html", **_facts(g.link.course))


_DONE = {
    "calendar": lambda: _("Your choice of calendar is saved."),
    "contact": lambda: _("What you changed is saved."),
    "reminders": lambda: _("Your reminders are saved."),
    "feed": lambda: _("Your calendar has a new secret address. The old one has stopped working."),
    "settled": lambda: _("It stays so. The change stands on this page."),
    "told": lambda: _("The e-mail about your change is on its way."),
    "too-late": lambda: _("This can no longer be undone. You can change the visit once more."),
    "undone": lambda: _("It is undone: everything is as it was before."),
    "link": lambda: _("This page has a new secret link. The old one has stopped working. Save the new one."),
}
"""What was just done, by its name in the address: there is no session that could keep it."""


_UNFOLDED = {"calendar": "calendar", "feed": "calendar", "contact": "contact", "reminders": "contact", "link": "link"}
"""Which part of the page shows what was just done."""


def _unfolded() -> str:
    """The part of the page that is open when it comes: without scripts, a link to it could not unfold it."""
    return _UNFOLDED.get(request.args.get("done", ""), request.args.get("open", ""))


def _facts(course: Course) -> dict[str, Any]:
    """What the patient's pages show."""
    facts = _facts_for_helper(course)
    return {
        **facts,
        "course": course,
        "answered": answered(course, facts["told"], now=clock.now()),
        "waiting_words": waiting_words(course),
        "needs": [NEEDS[need] for need in course.needs if need in NEEDS],
        "goes": how_it_goes(db.session(), office(), course, now=clock.now()),
        "reminder_lines": reminder_lines(course),
        "helpers": [helper.name for helper in helpers_of(db.session(), course.id)],
        **calendar_of(course),
    }


def _facts_for_helper(course: Course) -> dict[str, Any]:
    """Times and places. Who holds a helper's link is told no reference, no contact, no needs and no other link."""
    now = clock.now()
    told = told_of(db.session(), course, now=now)
    hours = max((clinic.cancel_hours for clinic in told.clinics), default=24)
    return {
        "patient_name": course.name,
        "told": told,
        "waiting": course.status == WAITING,
        "released": course.status == RELEASED,
        "next_panel": next_panel(told, now=now),
        "rows": rows_of(told, now=now),
        "same": same_words(told),
        "rule": cancel_rule(hours),
        "free_rule": _("Moving or cancelling is free until %(hours)s hours before.", hours=hours),
        "article_hidden": beside_not_authorised(visit.clinician for visit in told.visits),
    }
