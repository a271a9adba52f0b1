"""Appointment: one appointment with everything that can be done about it."""

from __future__ import annotations

from flask import g, render_template

from booking.domain.appointment import Action, Actor, Status, may
from booking.services.wishes import place_text
from booking.store.appointments import Appointment
from booking.store.clinics import all_clinics
from booking.store.courses import Course, Screening
from booking.store.database import db
from booking.store.replies import Reply, replies_to
from booking.store.timetable import session_counts
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.details import NEEDS_AT_THE_DESK
from booking.web.pictures import day_at_time
from booking.web.staff.looks import note_look_at
from booking.web.staff.moves import undo_of
from booking.web.staff.schedule import week_name


@open_to(Rule.OF_APPOINTMENT)
def appointment(id: int) -> str:
    """Who comes, when, where and to whom, what to know before, and what can be done; that somebody looked is noted."""
    found: Appointment = g.about_appointment
    session, now = db.session(), clock.now()
    course = session.get_one(Course, found.course_id)
    note_look_at(found)
    reply = replies_to(session, [id]).get(id)
    rooms = {room.id: room.name for clinic in all_clinics(session) for room in clinic.rooms}
    return render_template(
        "staff/appointment.html",
        appointment=found,
        course=course,
        house=House(session),
        room=rooms.get(found.room_id, ""),
        last=session_counts(session).get(course.protocol_id, 1),
        minutes=int(found.period.length.total_seconds()) // 60,
        screening=session.get(Screening, course.id),
        hers=found.clinician_id == g.reach.clinician_id,
        needs=[str(NEEDS_AT_THE_DESK[need]) for need in course.needs if need in NEEDS_AT_THE_DESK],
        answer=reply.answer if reply is not None and reply.sequence == found.sequence else "",
        movable=may(Actor.CLINIC, Action.MOVE, Status(found.status), found.period, now=now),
        proposed=_proposed(found, reply) if reply is not None else None,
        just_moved=undo_of(found),
        week=week_name(found.starts_at),
        name="",
    )


def _proposed(appointment: Appointment, reply: Reply) -> dict[str, str] | None:
    """The time that the patient's calendar proposes instead, in words and as a move names it."""
    start = reply.proposed_start
    if start is None or reply.answer != "counter" or reply.sequence != appointment.sequence:
        return None
    house = House(db.session())
    place = house.clinicians[appointment.clinician_id].slug, house.clinics[appointment.clinic_id].slug
    return {"words": day_at_time(start), "to": place_text(start, *place)}
