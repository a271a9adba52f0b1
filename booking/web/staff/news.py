"""News: what somebody without e-mail is told by telephone, in words to be read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.period import moment_of
from booking.services.changes import charge
from booking.services.settlement import Difference, news_owed
from booking.services.tasks import OFFERED, TELL
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import RELEASED, Course
from booking.store.tasks import Task
from booking.store.waiting import Waiter, WaitingOffer, offers_within
from booking.web import clock
from booking.web.book.house import House
from booking.web.me.consequences import short_cost
from booking.web.staff.words import step_name, visit_moment


def news_of(
    rows: Session, tasks: Sequence[Task], courses: Mapping[int, Course], house: House
) -> dict[int, tuple[str, ...]]:
    """Sentences on what is others now, by the task that is to tell of it. `courses`: those of the tasks, by id."""
    told = news_owed(rows, tasks, courses)
    sentences = {id: tuple(_sentence(each, house) for each in found) for id, found in told.items()}
    released = [task for task in tasks if task.kind == TELL and _released(task, courses)]
    given_back = _("Nobody confirmed the kept times in time. They are given back, and nothing is booked.")
    kept = {id: _kept(rows, *offer, courses, house) for id, offer in offers_of(rows, tasks).items()}
    return sentences | {task.id: (*sentences[task.id], given_back) for task in released} | kept


def offers_of(rows: Session, tasks: Sequence[Task]) -> dict[int, tuple[Waiter, WaitingOffer]]:
    """What is kept for whom somebody must ring, by the task; calls that were made are about what is over."""
    open_ = (task for task in tasks if task.kind == OFFERED and task.done_at is None)
    asking = {(task.course_id, task.appointment_id): task.id for task in open_}
    found = offers_within(rows, {course_id for course_id, _visit in asking if course_id}) if asking else []
    by_visit = {(waiter.course_id, waiter.appointment_id): (waiter, offer) for waiter, offer in found}
    return {asking[visit]: offer for visit, offer in by_visit.items() if visit in asking}


def _kept(
    rows: Session, waiter: Waiter, offer: WaitingOffer, courses: Mapping[int, Course], house: House
) -> tuple[str, ...]:
    course = courses[waiter.course_id or 0]
    visit = next((a for a in course.appointments if a.id == waiter.appointment_id), None)
    clinic_id, clinician_id, start, _end = offer.times[0]
    new, until = _place(house, moment_of(start), clinic_id, clinician_id), visit_moment(offer.expires_at)
    along = (moment_of(each[2]) for each in offer.times[1:])
    review = tuple(_("The review moves along, to %(moment)s.", moment=visit_moment(moment)) for moment in along)
    if visit is None:
        return _("Kept for a missing session until %(until)s: %(new)s.", until=until, new=new), *review
    old, cost = _place_now(visit, house), charge(rows, course, visit, now=clock.now())
    words = _("Kept until %(until)s: %(new)s, instead of %(old)s.", until=until, new=new, old=old)
    return words, *review, short_cost(cost) if cost.amount or cost.excused else _("Costs the patient nothing.")


def _released(task: Task, courses: Mapping[int, Course]) -> bool:
    course = courses.get(task.course_id or 0)
    return course is not None and course.status == RELEASED


def _sentence(news: Difference, house: House) -> str:
    what, now = step_name(news.appointment), _place_now(news.appointment, house)
    if news.before is None or news.before["status"] == CANCELLED:
        return _("New: %(what)s on %(now)s.", what=what, now=now)
    before = news.before
    old = _place(house, moment_of(before["start"]), before["clinic_id"], before["clinician_id"])
    if news.cancelled:
        return _("%(what)s on %(old)s, is cancelled.", what=what, old=old)
    return _("%(what)s on %(old)s, is now on %(now)s.", what=what, old=old, now=now)


def _place_now(appointment: Appointment, house: House) -> str:
    return _place(house, appointment.starts_at, appointment.clinic_id, appointment.clinician_id)


def _place(house: House, start: datetime, clinic_id: int, clinician_id: int) -> str:
    where, who = house.clinic(clinic_id), house.clinician(clinician_id)
    return _("%(when)s, %(clinic)s, with %(clinician)s", when=visit_moment(start), clinic=where, clinician=who)
