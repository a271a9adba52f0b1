"""iTIP (RFC 5546): what a calendar is asked to do with an event: take it in, or take it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import quote

from icalendar import vCalAddress

from booking.ical.event import Entry, Status, event_of, vevent
from booking.ical.text import address, one_line
from booking.ical.vcalendar import vcalendar


class Method(Enum):
    """METHOD of a message (RFC 5546, 1.4); the mail's Content-Type says the same word."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Party:
    """Organizer or attendee, sender or receiver. White space in the name is folded, so it fits on one line.

    Raises ValueError for an e-mail address that could not stand in a header as it is.
    """

    name: str
    email: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", one_line(self.name))
        object.__setattr__(self, "email", address(self.email))


def request(entry: Entry, organizer: Party, attendee: Party) -> bytes:
    """REQUEST (RFC 5546, 3.2.2): one appointment, new or changed. Raises ValueError unless confirmed."""
    if entry.status is not Status.CONFIRMED:
        raise ValueError("only a confirmed appointment is sent as a request")
    return _message(Method.REQUEST, entry, organizer, attendee)


def cancel(entry: Entry, organizer: Party, attendee: Party) -> bytes:
    """CANCEL (RFC 5546, 3.2.5): STATUS:CANCELLED and no alarm, whatever `entry` said before.

    `entry.sequence` is already the raised one. Raises ValueError for sequence 0: nothing was sent before it.
    """
    if entry.sequence < 1:
        raise ValueError("a cancellation follows an earlier message")
    return _message(Method.CANCEL, replace(entry, status=Status.CANCELLED), organizer, attendee)


def published(entries: Iterable[Entry]) -> bytes:
    """A file without a method, for download or attached to a mail: every entry that is not cancelled."""
    return vcalendar(vevent(entry) for entry in entries if entry.status is not Status.CANCELLED)


def _message(method: Method, entry: Entry, organizer: Party, attendee: Party) -> bytes:
    event = event_of(entry)
    event.add("organizer", _cal_address(organizer))
    event.add("attendee", _invited(attendee))
    return vcalendar([event.to_ical()], properties=f"METHOD:{method.value}\r\n".encode("ascii"))


def _cal_address(party: Party) -> vCalAddress:
    # RFC 6068, 2: what stands for itself in the address part of a mailto URI; the rest is percent-encoded.
    uri = vCalAddress("mailto:" + quote(party.email, safe="@!$'*+._~-"))
    if party.name:
        uri.params["CN"] = party.name
    return uri


def _invited(party: Party) -> vCalAddress:
    uri = _cal_address(party)
    uri.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    return uri
