"""Entries: an appointment as it stands in a calendar, in words that may be seen by whoever shares that calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from flask_babel import force_locale, gettext

from booking.domain.period import Period
from booking.ical.event import Entry, Status
from booking.services.wording import phone_with_note
from booking.store.appointments import CANCELLED, PENDING
from booking.store.clinics import Clinic, Group

ALARM = timedelta(hours=2)

_STATUS = {PENDING: Status.TENTATIVE, CANCELLED: Status.CANCELLED}


class Timed(Protocol):
    """What a calendar must know of an appointment: a row of the table, or what was kept of it in a message."""

    @property
    def uid(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def status(self) -> str: ...


def entry_of(
    appointment: Timed, clinic: Clinic, group: Group, *, language: str, stamp: datetime, page_url: str | None = None
) -> Entry:
    """The entry, neutral: no treatment, profession or number of a session. Needs an application context.

    `stamp`: when the message was made; in a feed or file, when the row last changed. `page_url`: the patient's own
    page, for entries that go to her alone.
    """
    with force_locale(language):
        title = gettext("Appointment at %(group)s", group=group.name)
        lines = [
            gettext("Phone: %(phone)s", phone=phone_with_note(clinic.phone_display, clinic.phone_note, language)),
            gettext("Way in: %(way_in)s", way_in=clinic.way_in[language]),
        ]
        if page_url:
            lines.append(gettext("All your appointments: %(url)s", url=page_url))
    return Entry(
        uid=appointment.uid,
        sequence=appointment.sequence,
        period=Period(appointment.starts_at, appointment.ends_at),
        summary=title,
        location=f"{clinic.name}, {clinic.full_address}",
        description="\n".join(lines),
        stamp=stamp,
        status=_STATUS.get(appointment.status, Status.CONFIRMED),
        alarm=ALARM,
        alarm_text=title,
    )
