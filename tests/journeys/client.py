"""A calendar program of the tests: it knows what it was sent, by UID and SEQUENCE, as RFC 5546 has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.calendars import rules


@dataclass(frozen=True)
class Entry:
    """One event as the program keeps it; `cancelled` ones are remembered, not shown."""

    sequence: int
    stamp: str
    start: datetime
    cancelled: bool = False


@dataclass
class CalendarProgram:
    """`entries` came by mail or file; `subscribed` is what the feed held when it was fetched last."""

    entries: dict[str, Entry] = field(default_factory=dict)
    subscribed: dict[str, Entry] = field(default_factory=dict)

    @property
    def shown(self) -> list[datetime]:
        """Every start that its owner sees, in order; one that is there twice stands twice."""
        kept = [entry.start for entry in self.entries.values() if not entry.cancelled]
        return sorted(kept + [entry.start for entry in self.subscribed.values()])

    def receive(self, mail: bytes) -> None:
        """Does what an invitation or a cancellation asks for, unless something newer was asked before."""
        event = rules.check_invitation_mail(mail)
        uid, entry = event.text("UID"), _entry(event)
        known = self.entries.get(uid)
        if known is None or (entry.sequence, entry.stamp) > (known.sequence, known.stamp):
            self.entries[uid] = entry

    def open_file(self, data: bytes) -> None:
        """Puts every event of the file in, over an event that has the same UID."""
        self.entries |= {event.text("UID"): _entry(event) for event in rules.check_file(data)}

    def fetch(self, data: bytes) -> None:
        """Shows what the feed holds, and nothing that it no longer holds."""
        self.subscribed = {event.text("UID"): _entry(event) for event in rules.check_feed(data)}


def _entry(event: rules.Component) -> Entry:
    start = datetime.strptime(event.one("DTSTART").value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local, as the page says it
    stamp, cancelled = event.one("DTSTAMP").value, event.one("STATUS").value == "CANCELLED"
    return Entry(int(event.one("SEQUENCE").value), stamp, start, cancelled)
