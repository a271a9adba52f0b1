"""Answers: what a patient has said of her health, for the clinician who treats her alone."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from flask import abort, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.screening import EFFECTS, Gate
from booking.services.screenings import Answers, acknowledge, open_answers, treats
from booking.store.courses import Course
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.health import QUESTIONS, TOLD
from booking.web.office import office


@open_to(Rule.OF_COURSE)
def answers(id: int) -> str:
    """To who sees the course but does not treat, the page is not there."""
    course: Course = g.about_course
    if not treats(g.reach, course):
        abort(404)
    try:
        opened = open_answers(office(), id, reach=g.reach, now=clock.now())
    except InvalidToken:
        opened = None
    return render_template("staff/answers.html", course=course, opened=opened, **_words(opened))


@open_to(Rule.OF_COURSE)
def read_answers(id: int) -> ResponseReturnValue:
    course: Course = g.about_course
    if not treats(g.reach, course):
        abort(404)
    acknowledge(office(), id, reach=g.reach, now=clock.now())
    return redirect(url_for("staff.patient", id=course.patient_id), 303)


def _words(opened: Answers | None) -> dict[str, object]:
    """What was answered to the one question, and each condition that applies with what the patient was told of it."""
    if opened is None:
        return {}
    gate = {
        Gate.NO: _("None of it applies."),
        Gate.YES: _("At least one of these applies:"),
        Gate.UNSURE: _("Not sure, wants to be called."),
    }[opened.check.gate]
    conditions = [(QUESTIONS[name], TOLD[name]) for name in EFFECTS if name in opened.check.conditions]
    return {"gate": gate, "conditions": conditions}
