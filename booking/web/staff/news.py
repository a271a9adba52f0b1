"""News: what somebody without e-mail is told by telephone, in words to be read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.period import moment_of
from booking.services.settlement import Difference, news_owed
from booking.services.tasks import TELL
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import RELEASED, Course
from booking.store.tasks import Task
from booking.web.book.house import House
from booking.web.staff.words import step_name, visit_moment


def news_of(
    rows: Session, tasks: Sequence[Task], courses: Mapping[int, Course], house: House
) -> dict[int, tuple[str, ...]]:
    """Sentences on what is others now, by the task that is to tell of it. `courses`: those of the tasks, by id."""
    told = news_owed(rows, tasks, courses)
    sentences = {id: tuple(_sentence(each, house) for each in found) for id, found in told.items()}
    released = [task for task in tasks if task.kind == TELL and _released(task, courses)]
    given_back = _("Nobody confirmed the kept times in time. They are given back, and nothing is booked.")
    return sentences | {task.id: (*sentences[task.id], given_back) for task in released}


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
