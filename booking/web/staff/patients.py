"""Patients: found in one box, and each with all that the clinic knows of how she comes and how she is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from flask import abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.period import oslo
from booking.services.accounts import Reach, sees_course
from booking.services.courses import age_on
from booking.services.logbook import About, note_look, note_looks
from booking.services.notes import LONGEST as LONGEST_NOTE
from booking.services.notes import add_note, remove_note, text_of
from booking.services.reasons import Deeds
from booking.services.register import LONGEST, find
from booking.services.screenings import treats
from booking.store.appointments import CANCELLED, Appointment
from booking.store.courses import RUNNING, WAITING, Course, Screening
from booking.store.database import db
from booking.store.notes import Note, notes_of
from booking.store.patients import NOBODYS_BIRTH_DATE, Patient
from booking.store.protocols import protocol_by_id
from booking.store.register import account_names, courses_of_patients, messages_of, screenings_of, tasks_of
from booking.store.replies import Reply, replies_to
from booking.store.today import fees_for
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.filters import local
from booking.web.forms.details import NEEDS_AT_THE_DESK
from booking.web.forms.fields import lines, one_line, read_id
from booking.web.me.visits import Told, told_of
from booking.web.office import office
from booking.web.staff.news import news_of

MOST_MESSAGES = 40


@dataclass(frozen=True, slots=True)
class CourseShown:
    """One course as the page shows it. `open`: it runs, waits for a call, or has a visit to come; `treats`: whoever is
    signed in does."""

    course: Course
    name: str
    told: Told
    appointments: tuple[Appointment, ...]
    screening: Screening | None
    open: bool
    treats: bool


@dataclass(frozen=True, slots=True)
class NoteShown:
    id: int
    text: str
    by: str
    note: Note


@open_to(Rule.STAFF)
def patients() -> ResponseReturnValue:
    """The box, and who was found. What was typed stays in the session, for a name has no place in an address; who
    comes to look for the next one finds the box empty."""
    if request.method == "POST":
        return _sought(one_line(request.form.get("sought"))[:LONGEST])
    text, now = _last_sought() if "found" in request.args else "", clock.now()
    answer = find(db.session(), text, g.reach, now=now)
    looks = [About(patient_id=found.patient.id) for found in answer.patients]
    page = render_template("staff/patients.html", sought=text, answer=answer, house=House(db.session()))
    note_looks(office(), g.reach.who, "find", looks, now=now)  # last: it ends what was read
    return page


def _sought(text: str) -> ResponseReturnValue:
    """Straight on to the one who is meant, if there is but one."""
    session["sought"] = [g.reach.account_id, text]
    found = find(db.session(), text, g.reach, now=clock.now()).patients
    if len(found) == 1:
        return redirect(url_for("staff.patient", id=found[0].patient.id), 303)
    return redirect(url_for("staff.patients", found=1), 303)


def _last_sought() -> str:
    """What she typed last; nothing of who was signed in here before her."""
    account_id, text = session.get("sought", (None, ""))
    return str(text) if account_id == g.reach.account_id else ""


@open_to(Rule.OF_PATIENT)
def patient(id: int) -> str:
    """All of one patient; that somebody has looked is noted."""
    note_look(office(), g.reach.who, "look_patient", About(patient_id=id), now=clock.now())
    return render_template("staff/patient.html", **facts_of(id))


@open_to(Rule.OF_PATIENT)
def write_note(id: int) -> ResponseReturnValue:
    """Adds a note for the front desk."""
    text = lines(request.form.get("text"))
    if not text or len(text) > LONGEST_NOTE:
        words = _("Write the note with %(most)s letters at most.", most=LONGEST_NOTE) if text else _("Write the note.")
        return render_template("staff/patient.html", **facts_of(id), note_error=words, note_text=text), 422
    add_note(office(), id, text, who=g.reach.who, now=clock.now())
    return redirect(url_for("staff.patient", id=id, _anchor="notes"), 303)


@open_to(Rule.OF_PATIENT)
def drop_note(id: int) -> ResponseReturnValue:
    remove_note(office(), id, read_id(request.form.get("note")), who=g.reach.who, now=clock.now())
    return redirect(url_for("staff.patient", id=id, _anchor="notes"), 303)


def facts_of(patient_id: int) -> dict[str, Any]:
    """What the page of a patient shows to whoever is signed in: of her courses those that are hers to see."""
    now, rows = clock.now(), db.session()
    found = rows.get(Patient, patient_id)
    courses = courses_of_patients(rows, [patient_id])
    if found is None or not courses or found.birth_date == NOBODYS_BIRTH_DATE:
        abort(404)
    seen = [course for course in courses if _shown_to(g.reach, course)]
    ids = [course.id for course in seen]
    tasks, house = tasks_of(rows, ids), House(rows)
    return {
        "patient": found,
        "age": age_on(found.birth_date, oslo(now).date()),
        "newest": (seen or courses)[0],
        "elsewhere": len(courses) - len(seen),
        "shown": _shown(rows, seen),
        "needs": _needs(seen),
        "answers": _answers(rows, seen),
        "messages": messages_of(rows, ids, most=MOST_MESSAGES),
        "tasks": tasks,
        "names": account_names(rows, {task.done_by for task in tasks if task.done_by is not None}),
        "notes": _notes(rows, patient_id),
        "deeds": Deeds(rows, office(), [patient_id]),
        "fees": fees_for(rows, [a.id for course in seen for a in course.appointments]),
        "news": news_of(rows, tasks, {course.id: course for course in seen}, house),
        "house": house,
        "now": now,
        "longest_note": LONGEST_NOTE,
    }


def _shown_to(reach: Reach, course: Course) -> bool:
    return sees_course(reach, course) or (reach.front_desk and not course.appointments)


def _shown(rows: Session, courses: list[Course]) -> list[CourseShown]:
    now, screenings = clock.now(), screenings_of(rows, [course.id for course in courses])
    return [
        CourseShown(
            course=course,
            name=_name(rows, course),
            told=told_of(rows, course, now=now),
            appointments=tuple(course.appointments),
            screening=screenings.get(course.id),
            open=course.status in (RUNNING, WAITING) or any(_to_come(a) for a in course.appointments),
            treats=treats(g.reach, course),
        )
        for course in courses
    ]


def _to_come(appointment: Appointment) -> bool:
    return appointment.status != CANCELLED and appointment.ends_at > clock.now()


def _name(rows: Session, course: Course) -> str:
    return local(protocol_by_id(rows, course.protocol_id).name)


def _needs(courses: list[Course]) -> list[str]:
    """What helps her, as she said it with the newest of these courses."""
    return [str(NEEDS_AT_THE_DESK[need]) for need in courses[0].needs if need in NEEDS_AT_THE_DESK] if courses else []


def _answers(rows: Session, courses: list[Course]) -> dict[int, Reply]:
    """What her calendar has answered, if that is still about the time that stands."""
    visits = {a.id: a for course in courses for a in course.appointments}
    replies = replies_to(rows, list(visits)) if visits else {}
    return {id: reply for id, reply in replies.items() if reply.sequence == visits[id].sequence}


def _notes(rows: Session, patient_id: int) -> list[NoteShown]:
    found = notes_of(rows, patient_id)
    names = account_names(rows, {note.account_id for note in found})
    return [NoteShown(note.id, _readable(note), names.get(note.account_id, ""), note) for note in found]


def _readable(note: Note) -> str:
    """A note whose key was dropped hides no other."""
    try:
        return text_of(office(), note)
    except InvalidToken:
        return _("This note can no longer be read.")
