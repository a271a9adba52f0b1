"""Looks: that somebody opens a page about a patient is noted before she sees it."""

from __future__ import annotations

from flask import g

from booking.services.logbook import About, note_look
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.office import office


def note_look_at(appointment: Appointment) -> None:
    """Also ends what was read: objects are read afresh."""
    course = db.session.get_one(Course, appointment.course_id)
    about = About(patient_id=course.patient_id, course_id=course.id, appointment_id=appointment.id)
    note_look(office(), g.reach.who, "look_appointment", about, now=clock.now())


def note_look_into(course: Course) -> None:
    """The same for a page about a course, or its patient."""
    about = About(patient_id=course.patient_id, course_id=course.id)
    note_look(office(), g.reach.who, "look_patient", about, now=clock.now())
