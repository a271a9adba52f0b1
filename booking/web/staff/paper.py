"""Paper: a course's dates as a sheet in large type, and as a letter for a window envelope, for who has no e-mail.

Both are in the patient's language. A postal address is typed for the letter, printed, and kept nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.services.logbook import About, note_look
from booking.store.clinics import the_group
from booking.store.courses import RELEASED, WAITING, Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.words import cancel_rule
from booking.web.forms.fields import lines
from booking.web.language import current_language
from booking.web.me.visits import told_of
from booking.web.me.words import rows_of, same_words, waiting_words
from booking.web.office import office

LONGEST_ADDRESS = 300
MOST_LINES = 6
"""What fits into the window of an envelope."""


@open_to(Rule.OF_COURSE)
def sheet(id: int) -> ResponseReturnValue:
    """All dates in large type."""
    return _in_her_language() or render_template("staff/book/sheet.html", **_facts(g.about_course))


@open_to(Rule.OF_COURSE)
def letter(id: int) -> ResponseReturnValue:
    """All dates as a letter. A sent address stands in the answer alone."""
    address = lines(request.form.get("address"))
    fault = ""
    if len(address) > LONGEST_ADDRESS or address.count("\n") >= MOST_LINES:
        fault = _("Write the address with %(most)s short lines at most.", most=MOST_LINES)
    elsewhere = _in_her_language() if request.method == "GET" else None
    if elsewhere is not None:
        return elsewhere
    course: Course = g.about_course
    facts = _facts(course)
    page = render_template("staff/book/letter.html", address=address or course.name, fault=fault, **facts)
    return page, 422 if fault else 200


def _in_her_language() -> ResponseReturnValue | None:
    """To the same page in the language of the patient, who is to read it."""
    language = g.about_course.language
    if current_language() == language or request.endpoint is None:
        return None
    return redirect(url_for(request.endpoint, id=g.about_course.id, language=language), 303)


def _facts(course: Course) -> dict[str, Any]:
    now = clock.now()
    about = About(patient_id=course.patient_id, course_id=course.id)
    note_look(office(), g.reach.who, "print", about, now=now)
    told = told_of(db.session(), course, now=now)
    hours = max((clinic.cancel_hours for clinic in told.clinics), default=24)
    site = office().url.removeprefix("https://").removeprefix("http://")
    return {
        "course": course,
        "group": the_group(db.session()),
        "told": told,
        "rows": [replace(row, state="") if row.state == "next" else row for row in rows_of(told, now=now)],
        "same": same_words(told),
        "waiting": course.status == WAITING,
        "waiting_words": waiting_words(course),
        "released": course.status == RELEASED,
        "rule": cancel_rule(hours),
        "today": now,
        "site": site,
    }
