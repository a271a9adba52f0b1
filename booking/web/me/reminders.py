"""Reminders: what a patient wants to be reminded of, and the one click that ends a kind of mail (RFC 8058)."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.reminding import Rung
from booking.services.links import Stoppable
from booking.services.mailings import stop
from booking.services.reminders import Wishes, choose, wishes_of
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.reminders import RUNGS, RemindersForm
from booking.web.office import office


@open_to(Rule.PAGE_LINK)
def reminders(token: str) -> ResponseReturnValue:
    """Which reminders, by which ways, and when never."""
    course: Course = g.link.course
    form = RemindersForm(
        wishes=wishes_of(db.session(), office(), course),
        by_mail=course.email is not None,
        by_sms=office().sms and course.mobile is not None,
    )
    if request.method == "POST" and form.validate():
        choose(office(), course.id, form.wishes())
        return redirect(url_for("me.course", token=token, done="reminders", _anchor="contact"), 303)
    page = render_template("me/reminders.html", form=form, token=token, unreached=not (form.by_mail or form.by_sms))
    return page, 422 if form.errors else 200


@open_to(Rule.STOP_LINK)
def stop_mails(token: str) -> ResponseReturnValue:
    """A GET changes nothing, for mail programs open links by themselves; the POST may come from one of them."""
    if request.method == "POST":
        stop(office(), token, now=clock.now())
    before, after = _WORDS[g.stops]()
    stopped = request.method == "POST"
    return render_template(
        "me/stop.html",
        stopped=stopped,
        heading=after if stopped else before,
        of_course=g.stops is not Stoppable.WAITING,
        token=token,
    )


def reminder_lines(course: Course) -> list[str]:
    """What the course's page says of its reminders; nothing if there are none."""
    wishes = wishes_of(db.session(), office(), course)
    rungs, ways = [str(RUNGS[rung.value]) for rung in Rung if rung in wishes.rungs], _ways(course, wishes)
    return [*rungs, *ways] if rungs and ways else []


def _ways(course: Course, wishes: Wishes) -> list[str]:
    ways = []
    if wishes.by_mail and course.email:
        ways.append(_("By e-mail"))
    if wishes.by_sms and office().sms and course.mobile:
        ways.append(_("By SMS"))
    return ways


_WORDS = {
    Stoppable.REMINDERS: lambda: (_("No more reminders by e-mail?"), _("You get no more reminders by e-mail.")),
    Stoppable.HELPER: lambda: (_("No more reminders by e-mail?"), _("You get no more reminders by e-mail.")),
    Stoppable.QUESTIONS: lambda: (
        _("No more questions by e-mail?"),
        _("You get no more questions by e-mail about how it goes."),
    ),
    Stoppable.WAITING: lambda: (_("Leave the waiting list?"), _("You are no longer on the waiting list.")),
}
"""The heading before and after, by what is ended."""
