"""Questions: how it goes, asked before session 1, at week 10 and after 12 months, for the patient alone.

She sees her answers beside the trial, and is given no advice by them. Helpers see nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from booking.domain.errors import NotAsked
from booking.domain.outcome import (
    FOLLOW_UPS,
    Answers,
    Moment,
    change_percent,
    change_points,
    closes_at,
    opens_at,
    rounded,
)
from booking.services import wording
from booking.services.outcomes import HowItGoes, answer, how_it_goes, withdraw
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.questions import CHANGES, DeleteForm, QuestionsForm
from booking.web.language import current_language
from booking.web.me import curve
from booking.web.office import office

MOMENTS = {
    Moment.BASELINE: lazy_gettext("Before the start"),
    Moment.WEEK_10: lazy_gettext("At week 10"),
    Moment.YEAR: lazy_gettext("After 12 months"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What stands under a moment: its name, and what was answered in words, or why nothing was."""

    moment: Moment
    name: str
    lines: tuple[str, ...]
    given: bool


@open_to(Rule.PAGE_LINK)
def questions(token: str) -> Any:
    """What can be answered now, what was answered, and the curve; a form that was sent is kept."""
    course, now = g.link.course, clock.now()
    goes = how_it_goes(db.session(), office(), course, now=now)
    if goes is None:
        abort(404)
    form = QuestionsForm() if request.method == "POST" else _form(goes)
    if request.method == "POST" and form is not None and form.validate():
        return _keep(token, course, form, now=now)
    return render_template(
        "me/questions.html",
        form=form if goes.open else None,
        open_name=MOMENTS[goes.open] if goes.open else None,
        until=_last_day(goes) if goes.open else None,
        follow_up=goes.open in FOLLOW_UPS,
        rows=[_row(goes, moment, now=now) for moment in Moment],
        no_percent=goes.baseline == 0 and any(goes.pain(moment) is not None for moment in FOLLOW_UPS),
        curve=curve.draw(goes),
        told={moment: _told(goes, moment, now=now) for moment in FOLLOW_UPS},
        change_words=change_words,
        moments=MOMENTS,
        done_words=_done(),
    )


@open_to(Rule.PAGE_LINK)
def delete_answers(token: str) -> Response:
    """Deletes what was answered at one moment."""
    moment = DeleteForm().named()
    if moment is None:
        abort(400)
    withdraw(office(), g.link.course_id, moment)
    return _back(token, "deleted")


def _form(goes: HowItGoes) -> QuestionsForm | None:
    return QuestionsForm.showing(goes.open, goes.given.get(goes.open, Answers())) if goes.open else None


def _keep(token: str, course: Course, form: QuestionsForm, *, now: datetime) -> Response:
    moment, answers = form.asked(), form.answers()
    if moment is None:
        abort(400)
    try:
        answer(office(), course.id, moment, answers, now=now)
    except NotAsked:
        return _back(token, "over")
    return _back(token, "nothing" if answers.empty else "saved")


def _back(token: str, done: str) -> Response:
    return redirect(url_for("me.questions", token=token, done=done), 303)


def _done() -> str | None:
    words = _DONE.get(request.args.get("done", ""))
    return words() if words else None


_DONE: Mapping[str, Callable[[], str]] = {
    "saved": lambda: _("Thank you. Your answers are saved."),
    "nothing": lambda: _("Nothing is saved, and that is fine: the questions are voluntary."),
    "over": lambda: _("Nothing was saved: the days for these questions are over, or have not begun."),
    "deleted": lambda: _("Your answers are deleted."),
}
"""What was just done, by its name in the address: there is no session that could keep it."""


# -- in words ---------------------------------------------------------------------------------------------------------


def change_words(percent: Fraction | None) -> str:
    """“38 % less”, to a whole per cent; empty for None."""
    if percent is None:
        return ""
    whole = int(rounded(percent, 0))
    if whole == 0:
        return _("no change")
    number = f"{abs(whole)}\N{NO-BREAK SPACE}%"
    return _("%(percent)s less", percent=number) if whole < 0 else _("%(percent)s more", percent=number)


def _points_words(points: int) -> str:
    if points == 0:
        return _("the same number as before")
    if points < 0:
        return ngettext("%(num)s point less", "%(num)s points less", -points)
    return ngettext("%(num)s point more", "%(num)s points more", points)


def _row(goes: HowItGoes, moment: Moment, *, now: datetime) -> Row:
    given = goes.given.get(moment)
    lines = _given_lines(goes, moment, given) if given else [_missing(goes, moment, now=now)]
    return Row(moment, str(MOMENTS[moment]), tuple(lines), given is not None)


def _given_lines(goes: HowItGoes, moment: Moment, given: Answers) -> list[str]:
    return [_pain_line(goes, moment, given)] + ([_change_line(given)] if moment in FOLLOW_UPS else [])


def _pain_line(goes: HowItGoes, moment: Moment, given: Answers) -> str:
    if given.pain is None:
        return _("Pain: left out")
    points = change_points(goes.baseline, given.pain) if moment in FOLLOW_UPS else None
    if points is None:
        return _("Pain: %(pain)s of 10", pain=given.pain)
    percent = change_words(change_percent(goes.baseline, given.pain))
    change = ", ".join(filter(None, (_points_words(points), percent if points else "")))
    return _("Pain: %(pain)s of 10 (%(change)s)", pain=given.pain, change=change)


def _change_line(given: Answers) -> str:
    if given.change is None:
        return _("All in all: left out")
    return _("All in all: %(change)s", change=CHANGES[given.change])


def _missing(goes: HowItGoes, moment: Moment, *, now: datetime) -> str:
    if now < opens_at(moment, goes.start):
        day = wording.date_and_year(opens_at(moment, goes.start), current_language())
        return _("Can be answered from %(day)s", day=day)
    return _("Not answered yet") if goes.open is moment else _("Not answered")


def _told(goes: HowItGoes, moment: Moment, *, now: datetime) -> str:
    """Her change at the moment, for the table; nothing is put in the place of what is missing."""
    percent = change_percent(goes.baseline, goes.pain(moment))
    if percent is not None:
        return change_words(percent)
    return _("not asked yet") if now < opens_at(moment, goes.start) else _("no answer")


def _last_day(goes: HowItGoes) -> str:
    """Until when the open questions can be answered: session 1 itself, or the last day of their window."""
    assert goes.open is not None
    if goes.open is Moment.BASELINE:
        return wording.day_and_time(goes.start, current_language())
    return wording.day(closes_at(goes.open, goes.start) - timedelta(minutes=1), current_language())
