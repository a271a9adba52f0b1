"""VCALENDAR: the object around the events (RFC 5545, 3.6)."""

from __future__ import annotations

from collections.abc import Iterable

from booking.ical.timezone import VTIMEZONE

PRODID = "-//Clinic Booking//Calendar//EN"

_HEAD = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\nCALSCALE:GREGORIAN\r\n".encode("ascii")
_TAIL = b"END:VCALENDAR\r\n"


def vcalendar(events: Iterable[bytes], *, properties: bytes = b"") -> bytes:
    """The events' bytes, as they were kept, between head and tail; `properties` are whole head lines."""
    return b"".join((_HEAD, properties, VTIMEZONE, *events, _TAIL))
