"""Contact: the front desk puts right how a patient is reached, and what helps her."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.services.preferences import correct_contact
from booking.store.courses import Course
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.contact import ContactForm
from booking.web.me.contact import as_kept, email_hint
from booking.web.office import office
from booking.web.staff.looks import note_look_into


class DeskContactForm(ContactForm):
    """The same, sent by who is signed in: with a token."""

    class Meta(ContactForm.Meta):
        csrf = True


@open_to(Rule.OF_COURSE)
def contact(id: int) -> ResponseReturnValue:
    course: Course = g.about_course
    if request.method == "GET":
        note_look_into(course)
    form = DeskContactForm(data=as_kept(course))
    if request.method != "POST" or not form.validate():
        return _page(form, course)
    correct_contact(office(), course.id, form.contact(), who=g.reach.who, now=clock.now(), at=clock.machine_now())
    return redirect(url_for("staff.patient", id=course.patient_id, _anchor="reach"), 303)


def _page(form: Any, course: Course) -> str:
    return render_template("staff/contact.html", form=form, course=course, email_hint=email_hint(course))
