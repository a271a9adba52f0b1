"""VFREEBUSY: when somebody can be had and when not, without a word about why (RFC 5545, 3.6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from icalendar.parser import Contentline, Parameters

from booking.domain.period import Period
from booking.ical.text import Text
from booking.ical.vcalendar import vcalendar


class BusyKind(Enum):
    """FBTYPE (RFC 5545, 3.2.9): booked, only kept for somebody, or away."""

    BUSY = "BUSY"
    TENTATIVE = "BUSY-TENTATIVE"
    UNAVAILABLE = "BUSY-UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class BusySpan:
    """One time of one kind."""

    period: Period
    kind: BusyKind


def freebusy(spans: Iterable[BusySpan], within: Period, *, uid: str, stamp: datetime) -> bytes:
    """A calendar that holds one VFREEBUSY: the spans, cut to `within` (aware). `stamp`: when one of them last changed.

    The same spans give the same bytes.
    """
    cut = (BusySpan(_cut(span.period, within), span.kind) for span in spans if span.period.overlaps(within))
    lines = [
        "BEGIN:VFREEBUSY",
        Contentline.from_parts("UID", Parameters(), Text(uid)).to_ical().decode(),
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(within.start)}",
        f"DTEND:{_utc(within.end)}",
        *(
            f"FREEBUSY;FBTYPE={span.kind.value}:{_utc(span.period.start)}/{_utc(span.period.end)}"
            for span in sorted(set(cut), key=lambda span: (span.period.start, span.period.end, span.kind.value))
        ),
        "END:VFREEBUSY",
        "",
    ]
    return vcalendar(["\r\n".join(lines).encode()])


def _cut(period: Period, within: Period) -> Period:
    return Period(max(period.start, within.start), min(period.end, within.end))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
