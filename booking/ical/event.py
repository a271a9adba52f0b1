"""VEVENT: one appointment as an entry in somebody's calendar (RFC 5545, 3.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from icalendar import Alarm, Event

from booking.domain.period import Period, oslo
from booking.ical.text import Text, one_line, plain, under_bytes, under_characters

# MS-OXCICAL cuts SUMMARY and LOCATION at 255 characters; several phones cut a long DESCRIPTION.
LINE_CHARACTERS = 255
DESCRIPTION_BYTES = 2048

_UNFIT_IN_URI = re.compile(r'[\s"<>\\^`{|}]|[^\x21-\x7e]')


class Status(Enum):
    """STATUS of an event (RFC 5545, 3.8.1.11): a held time is tentative."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a calendar is told about one appointment; all texts are the caller's, neutral and in one language.

    `uid` and `sequence` are stored with the appointment. `stamp` (aware) is when the message was made; for a
    feed or a file, when the row last changed. `alarm` is the time before the start at which `alarm_text` is
    shown. `geo` is latitude and longitude in degrees (WGS 84). Long texts are cut when written.
    Raises ValueError for what no reader could use: naive times, a negative sequence, a broken uid or url, no
    summary, an alarm without text, and times in the hour that the autumn clock change repeats, which cannot be written.
    """

    uid: str
    sequence: int
    period: Period
    summary: str
    location: str
    description: str
    stamp: datetime
    status: Status = Status.CONFIRMED
    url: str | None = None
    geo: tuple[float, float] | None = None
    alarm: timedelta | None = None
    alarm_text: str = ""
    last_modified: datetime | None = None

    def __post_init__(self) -> None:
        if not self.uid or _UNFIT_IN_URI.search(self.uid):
            raise ValueError("a UID is printable ASCII without spaces")
        if self.url is not None and (not self.url or _UNFIT_IN_URI.search(self.url)):
            raise ValueError("a URL is printable ASCII without spaces")
        if not one_line(self.summary):
            raise ValueError("an entry has a summary")
        if self.sequence < 0:
            raise ValueError("a sequence counts from 0")
        if self.stamp.tzinfo is None or (self.last_modified and self.last_modified.tzinfo is None):
            raise ValueError("an entry needs aware datetimes")
        if oslo(self.period.start).fold or oslo(self.period.end).fold:
            raise ValueError("the repeated hour of a clock change cannot be written")
        if self.alarm is not None and (self.alarm <= timedelta(0) or not one_line(self.alarm_text)):
            raise ValueError("an alarm comes before the start and says something")


def event_of(entry: Entry) -> Event:
    """The event as icalendar builds it, without organizer and attendee."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp)
    event.add("dtstart", oslo(entry.period.start))
    event.add("dtend", oslo(entry.period.end))
    event.add("summary", Text(under_characters(one_line(entry.summary), LINE_CHARACTERS)))
    event.add("location", Text(under_characters(one_line(entry.location), LINE_CHARACTERS)))
    event.add("description", Text(under_bytes(plain(entry.description), DESCRIPTION_BYTES)))
    event.add("status", entry.status.value)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    _add_optional(event, entry)
    return event


def vevent(entry: Entry) -> bytes:
    """The event's lines, to be kept and joined into feeds and files. The same entry gives the same bytes."""
    written: bytes = event_of(entry).to_ical()
    return written


def _add_optional(event: Event, entry: Entry) -> None:
    if entry.url is not None:
        event.add("url", entry.url)
    if entry.geo is not None:
        event.add("geo", (round(entry.geo[0], 6), round(entry.geo[1], 6)))
    if entry.last_modified is not None:
        event.add("last-modified", entry.last_modified)
    if entry.alarm is not None and entry.status is not Status.CANCELLED:
        event.add_component(_alarm(entry.alarm, entry.alarm_text))


def _alarm(before: timedelta, text: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", Text(under_characters(one_line(text), LINE_CHARACTERS)))
    alarm.add("trigger", -before)
    return alarm
