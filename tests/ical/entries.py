"""One appointment of Kari's, as her calendar is told about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from booking.domain.period import Period, at_wall
from booking.ical.event import Entry
from booking.ical.imip import Letter
from booking.ical.itip import Party

ORGANIZER = Party("Demoklinikkene (demonstration)", "time@klinikk.example")
KARI = Party("Kari Ærlig Østby, 48", "kari+time@example.com")

UID = "6f1c2f0e-5a0b-4c1e-9d57-1f6a3c1f0a11@klinikk.example"
STAMP = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
LINK = "https://time.klinikk.example/nb/c/s3cret-link"


def at_eight(day: date, minutes: int = 30) -> Period:
    return Period(at_wall(day, 8 * 60), at_wall(day, 8 * 60 + minutes))


def entry(**changes: Any) -> Entry:
    whole = Entry(
        uid=UID,
        sequence=0,
        period=at_eight(date(2027, 3, 16)),
        summary="Avtale, Demoklinikkene",
        location="Råholt, Mønsterbakken 7, 2070 RÅHOLT",
        description=f"Telefon 00 00 00 03; vi hjelper gjerne.\nFlytt eller avlys: {LINK}",
        stamp=STAMP,
        url=LINK,
        geo=(60.3246789, 11.1901),
        alarm=timedelta(hours=24),
        alarm_text="Avtale i morgen",
    )
    return replace(whole, **changes)


def letter(**changes: Any) -> Letter:
    whole = Letter(
        from_=ORGANIZER,
        to=KARI,
        reply_to=ORGANIZER,
        subject="Avtale 16. mars kl. 08:00 på Råholt",
        text=f"Hei Kari.\n\nTirsdag 16. mars 2027 kl. 08:00, Råholt, Mønsterbakken 7.\n\nEndre: {LINK}\n",
        html=f'<p>Tirsdag 16. mars 2027 kl. 08:00, Råholt.</p>\n<p><a href="{LINK}">Endre</a></p>\n',
        language="nb",
        message_id="<0b0f6c0a-72c5-4b3f-8a1d-33c7d4e6a0f2@klinikk.example>",
        date=STAMP,
    )
    return replace(whole, **changes)
