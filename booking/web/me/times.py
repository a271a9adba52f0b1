"""Times: appointments as bare rows, date, time, place and status, and all those of one e-mail address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.protocol import StepKind
from booking.services import wording
from booking.services.links import PAGE, helper_token_of, token_of
from booking.services.office import Office
from booking.store.appointments import BOOKED, CANCELLED, FULFILLED, NOSHOW, PENDING, Appointment
from booking.store.clinics import all_clinics
from booking.store.courses import Course, links_of
from booking.store.database import db
from booking.store.helpers import Helper, helpers_at
from booking.store.sign_ins import courses_at
from booking.web import pictures
from booking.web.filters import iso
from booking.web.language import current_language


@dataclass(frozen=True, slots=True)
class Entry:
    """A course as it stands among all others. `token`: of its page; `helped`: whether it is somebody else's."""

    id: int
    name: str
    reference: str
    token: str
    helped: bool
    coming: tuple[pictures.Row, ...]
    past: tuple[pictures.Row, ...]
    next_at: datetime | None


def bare_times(session: Session, course: Course, *, now: datetime) -> dict[str, Any]:
    """What who knows a reference and a birth date sees: no name, no contact, nobody who treats, and no price."""
    coming, past = _split(course.appointments, now=now)
    return {
        "reference": course.reference,
        "coming": _bare_rows(session, coming, now=now),
        "past": _bare_rows(session, past, now=now),
        "cancelled": all(a.status == CANCELLED for a in course.appointments),
        "article_hidden": True,
    }


def all_times(office: Office, email: str, *, now: datetime) -> dict[str, Any]:
    """All courses of an address (in lower case), the one whose next appointment comes first on top; then the past."""
    session = db.session()
    own = [_own(session, office, course, now=now) for course in courses_at(session, email)]
    helped = [_helped(session, office, helper, now=now) for helper in helpers_at(session, email)]
    entries = _in_order([*own, *helped])
    return {"email": email, "entries": entries, "several": len({entry.name for entry in entries}) > 1}


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """`sorted` keeps the order, newest first, of those that have nothing ahead."""
    given = list(entries)
    ahead = sorted((e for e in given if e.next_at is not None), key=lambda e: (e.next_at, e.id))
    return [*ahead, *(e for e in given if e.next_at is None)]


def _own(session: Session, office: Office, course: Course, *, now: datetime) -> Entry:
    return _entry(session, course, token_of(office, links_of(session, course.id)[PAGE]), helped=False, now=now)


def _helped(session: Session, office: Office, helper: Helper, *, now: datetime) -> Entry:
    return _entry(session, helper.course, helper_token_of(office, helper), helped=True, now=now)


def _entry(session: Session, course: Course, token: str, *, helped: bool, now: datetime) -> Entry:
    coming, past = _split(course.appointments, now=now)
    return Entry(
        id=course.id,
        name=course.name,
        reference="" if helped else course.reference,
        token=token,
        helped=helped,
        coming=_told_rows(session, coming, now=now),
        past=_told_rows(session, past, now=now),
        next_at=coming[0].starts_at if coming else None,
    )


def _split(appointments: Iterable[Appointment], *, now: datetime) -> tuple[list[Appointment], list[Appointment]]:
    """What is to come, and the rest, each in order of time. A cancelled one is past, whenever it would have been."""
    coming: list[Appointment] = []
    past: list[Appointment] = []
    for each in appointments:
        ahead = each.ends_at > now and each.status not in (CANCELLED, NOSHOW, FULFILLED)
        (coming if ahead else past).append(each)
    return coming, past


def _told_rows(session: Session, appointments: Sequence[Appointment], *, now: datetime) -> tuple[pictures.Row, ...]:
    """Each with the number of its session, as on the course's page; a first visit and a review by their names."""
    rows = zip(_bare_rows(session, appointments, now=now), appointments, strict=True)
    return tuple(_told(row, a) for row, a in rows)


def _told(row: pictures.Row, a: Appointment) -> pictures.Row:
    start, end = a.starts_at, a.ends_at
    visit = pictures.Visit(kind=StepKind(a.kind), number=a.number, start=start, end=end, where="", who="")
    drawn = pictures.rows_of([visit])[0]
    text = row.text if drawn.mark else f"{pictures.name_of(visit)} · {row.text}"
    return replace(row, mark=drawn.mark, kind=drawn.kind, text=text)


def _bare_rows(session: Session, appointments: Sequence[Appointment], *, now: datetime) -> tuple[pictures.Row, ...]:
    """In order of time, without numbers: which visit is which, and that they belong to a course, this does not tell."""
    clinics = {clinic.id: clinic for clinic in all_clinics(session)}
    return tuple(
        pictures.Row(
            mark="",
            kind="",
            state="",
            iso=iso(a.starts_at),
            date=wording.sentence(wording.day_and_year(a.starts_at, current_language())),
            time=wording.time_of_day(a.starts_at, current_language()),
            text=_("%(place)s · %(status)s", place=clinics[a.clinic_id].name, status=_status(a, now=now)),
            note="",
            link=None,
        )
        for a in appointments
    )


def _status(appointment: Appointment, *, now: datetime) -> str:
    if appointment.status == CANCELLED:
        return _("cancelled")
    if appointment.status == NOSHOW:
        return _("missed")
    if appointment.status == PENDING:
        return _("kept, not booked")
    if appointment.status == BOOKED and appointment.ends_at > now:
        return _("booked")
    return _("done")
