"""Feed: the calendar that a reader subscribes to (RFC 7986), joined from kept events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar.parser import Contentline, Parameters

from booking.domain.period import Period
from booking.ical.event import LINE_CHARACTERS
from booking.ical.text import Text, one_line, under_characters
from booking.ical.vcalendar import vcalendar

WINDOW_BACK = timedelta(days=30)
WINDOW_AHEAD = timedelta(days=400)

_REFRESH = b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n"


def window(now: datetime) -> Period:
    """What a feed shows at `now` (aware): appointments that touch this period."""
    return Period(now - WINDOW_BACK, now + WINDOW_AHEAD)


def feed(name: str, kept: Iterable[bytes]) -> bytes:
    """The whole feed: `name` as readers show it, and the kept bytes of each event in the caller's order.

    The caller leaves out what is cancelled: Outlook shows a cancelled event in a feed as if it took place.
    """
    return vcalendar(kept, properties=_named(name) + _REFRESH)


def etag(content: bytes) -> str:
    """A strong entity tag over the bytes, without the quotation marks that the header puts around it."""
    return sha256(content).hexdigest()[:40]


def _named(name: str) -> bytes:
    text = Text(under_characters(one_line(name), LINE_CHARACTERS))
    lines = (Contentline.from_parts(key, Parameters(), text) for key in ("NAME", "X-WR-CALNAME"))
    return b"".join(line.to_ical() + b"\r\n" for line in lines)
