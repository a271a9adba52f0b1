"""Appointment: one appointment with everything that can be done about it."""

from __future__ import annotations

from flask import g, render_template

from booking.services.logbook import About, note_look
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.office import office


@open_to(Rule.OF_APPOINTMENT)
def appointment(id: int) -> str:
    found: Appointment = g.about_appointment
    course = db.session().get_one(Course, found.course_id)
    about = About(patient_id=course.patient_id, course_id=course.id, appointment_id=id)
    note_look(office(), g.reach.who, "look_appointment", about, now=clock.now())
    return render_template("staff/appointment.html", appointment=found, course=course)
