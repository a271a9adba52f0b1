"""Inbound: what a mail that comes in may hold for us: a calendar's answer, or the report that a mail of ours failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from booking.mail.mime import Part, TooManyParts, fields_of, leaves, part_of

MOST_BYTES = 2 * 1024 * 1024
MOST_CALENDAR_BYTES = 256 * 1024
_MOST_GROUPS = 100
_MOST_IDS = 20
_CHUNK = 64 * 1024

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")
_EMPTY_LINES = re.compile(rb"\n\s*\n")

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")

_CHARSETS = {
    "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be",
    *(f"iso-8859-{number}" for number in (1, 2, 4, 9, 10, 13, 15)),
    *(f"windows-125{number}" for number in range(9)),
}  # fmt: skip
"""What calendars are written in. Python knows many more, some of which take their time or are no text."""


class Flaw(StrEnum):
    """Why a mail holds nothing for us; the words stand in the log."""

    TOO_LARGE = "mail too large"
    TOO_MANY_PARTS = "too many parts"
    NOTHING = "neither calendar nor report"
    TNEF = "winmail.dat without a calendar"
    SEVERAL_CALENDARS = "several calendars"
    CALENDAR_TOO_LARGE = "calendar too large"


class NothingForUs(ValueError):
    """A mail for people, or for nobody; `flaw` says why, and nothing of what stands in it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """The one calendar in the mail, and its METHOD as the Content-Type says it, if it does."""

    text: str
    method: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery status notification (RFC 3464). `failed`: for good, for one recipient at least.

    `status`: as RFC 3463, such as ``5.1.1``, or empty. `message_ids`: of the mail it tells of, as far as it names one.
    """

    failed: bool
    status: str
    message_ids: tuple[str, ...]


class Readable(Protocol):
    """A stream of bytes, such as standard input."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


def take_in(stream: Readable) -> bytes:
    """The whole mail, or `MOST_BYTES` and one byte of a larger one.

    What is too much is read and let go, because a mail server whose pipe closes early tells the sender of a failure.
    """
    kept = bytearray()
    while chunk := stream.read(_CHUNK):
        kept += chunk[: MOST_BYTES + 1 - len(kept)]
    return bytes(kept)


def read_mail(raw: bytes) -> CalendarPart | Report:
    """What the mail holds for us. Raises NothingForUs."""
    if len(raw) > MOST_BYTES:
        raise NothingForUs(Flaw.TOO_LARGE)
    whole = part_of(raw)
    try:
        parts = leaves(whole)
    except TooManyParts:
        raise NothingForUs(Flaw.TOO_MANY_PARTS) from None
    reports = [part for part in parts if part.kind in _REPORTS]
    return _report(whole, parts, reports[0]) if reports else _calendar(parts)


def _calendar(parts: Sequence[Part]) -> CalendarPart:
    calendars = [part for part in parts if part.kind == "text/calendar"]
    if not calendars:
        tnef = any(part.kind in _TNEF or "winmail.dat" in part.fields.get("content-type", "") for part in parts)
        raise NothingForUs(Flaw.TNEF if tnef else Flaw.NOTHING)
    if any(len(part.body) > 2 * MOST_CALENDAR_BYTES for part in calendars):
        raise NothingForUs(Flaw.CALENDAR_TOO_LARGE)
    contents = [part.content() for part in calendars]
    if len({content.strip() for content in contents}) > 1:  # some attach once more what they show
        raise NothingForUs(Flaw.SEVERAL_CALENDARS)
    if len(contents[0]) > MOST_CALENDAR_BYTES:
        raise NothingForUs(Flaw.CALENDAR_TOO_LARGE)
    charset = calendars[0].parameter("charset").lower()
    text = contents[0].decode(charset if charset in _CHARSETS else "utf-8", errors="replace")
    return CalendarPart(text, calendars[0].parameter("method") or None)


def _report(whole: Part, parts: Sequence[Part], report: Part) -> Report:
    groups = [fields_of(group) for group in _EMPTY_LINES.split(report.content())[:_MOST_GROUPS]]
    failed = [group for group in groups if group.get("action", "").lower().startswith("failed")]
    status = _STATUS.match(failed[0].get("status", "")) if failed else None
    return Report(bool(failed), status[0] if status else "", _told_of(whole, parts))


def _told_of(whole: Part, parts: Sequence[Part]) -> tuple[str, ...]:
    """Of the mail that comes back with the report; else of what the report says it answers."""
    returned = [
        fields_of(part.content().lstrip(b"\n").partition(b"\n\n")[0]) for part in parts if part.kind in _RETURNED
    ]
    names = [fields["message-id"] for fields in returned if "message-id" in fields]
    names += [whole.fields[name] for name in ("in-reply-to", "references") if name in whole.fields]
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(" ".join(names))))[:_MOST_IDS]
