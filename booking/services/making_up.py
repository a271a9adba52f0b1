"""Making up: the clinic adds a session that was missed or cancelled at the end of a course."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.period import seconds_of
from booking.services.changes import Place, extend_within, with_another_room
from booking.services.logbook import Who, note
from booking.services.office import Office
from booking.services.status import about
from booking.store.courses import course_to_change


def make_up(office: Office, course_id: int, place: Place, *, who: Who, now: datetime, at: datetime) -> None:
    """Adds the session there, and moves the review along if it must; once, however often called. It can be undone for
    a while, and then the patient is told. Raises NotAllowed, SlotTaken, DoesNotFit."""

    def work(session: Session) -> None:
        course = course_to_change(session, course_id)
        change = extend_within(session, office, course_id, place, by=Actor.CLINIC, now=now, at=at)
        if change is None:
            return
        change.account_id = who.account_id
        detail = {"start": seconds_of(place.start), "clinician": place.clinician_id, "clinic": place.clinic_id}
        note(session, office, who, "make_up", about(course), detail=detail, now=now)

    with_another_room(work)
