"""Reply (RFC 5546, 3.2.3 and 3.2.7): what somebody's calendar answers to an invitation.

The text is a stranger's. Only the few lines that say what is answered, by whom and to what are taken, each in one pass;
titles, comments and time zones that it defines are never read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from booking.domain.errors import BookingError
from booking.ical.timing import zone_named

MOST_CHARACTERS = 256 * 1024
MOST_ATTENDEES = 50
_MOST_DEPTH = 8

_FOLD = re.compile(r"\r?\n[ \t]")
_ENDS_OF_LINES = re.compile(r"[\r\n]+")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^":;]+)*)')
_MOMENT = re.compile(r"([0-9]{8})T([0-9]{6})(Z?)")
_DATE = re.compile(r"[0-9]{8}")
_LENGTH = re.compile(r"P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?(?:[0-9]{1,5}S)?)?")
_SEQUENCE = re.compile("[0-9]{1,9}")

_TAKEN = {"UID", "DTSTAMP", "SEQUENCE", "ATTENDEE", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"}


class Answer(StrEnum):
    """What is answered; `COUNTER`: another time is proposed."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    COUNTER = "counter"


class Fault(StrEnum):
    """Why a calendar's message is no answer; the words stand in the log."""

    TOO_LARGE = "calendar too large"
    BROKEN = "calendar broken"
    NOT_ONE_EVENT = "not one event"
    SERIES = "answers part of a series"
    METHOD = "another method"
    NO_ANSWER = "says neither yes nor no nor maybe"


class NoReply(BookingError):
    """The text is no answer to an invitation; `fault` says why, and nothing of what stands in it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Proposal:
    """The time that a COUNTER proposes, in UTC; `end` is None where it says none that could be."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class ReplyMessage:
    """One answer. `stamp`: DTSTAMP in UTC. `answers`: what each attendee says, by address in small letters.

    `proposal`: of a COUNTER that names a time of day; None for every other.
    """

    uid: str
    sequence: int
    stamp: datetime
    answers: Mapping[str, Answer]
    proposal: Proposal | None


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    parameters: Mapping[str, str]
    value: str


_Lines = Mapping[str, list[_Line]]


def read_reply(text: str, *, zone: ZoneInfo, method: str | None = None) -> ReplyMessage:
    """The answer in an iCalendar text. `method`: what the mail's Content-Type calls it, if it says.

    A time without a zone, or in one that is unknown, is on the clock of `zone`, the clinic's. Raises NoReply.
    """
    if len(text) > MOST_CHARACTERS:
        raise NoReply(Fault.TOO_LARGE)
    said, event = _calendar(text)
    if said not in ("REPLY", "COUNTER") or (method is not None and method.upper() != said):
        raise NoReply(Fault.METHOD)
    if event["RECURRENCE-ID"]:
        raise NoReply(Fault.SERIES)
    try:
        return ReplyMessage(
            uid=_only(event, "UID").value,
            sequence=_sequence(event),
            stamp=_instant(_only(event, "DTSTAMP"), UTC),
            answers=_answers(event, counter=said == "COUNTER"),
            proposal=_proposal(event, zone) if said == "COUNTER" else None,
        )
    except (ValueError, OverflowError):  # a day or an hour that does not exist, or before there were years
        raise NoReply(Fault.BROKEN) from None


def _calendar(text: str) -> tuple[str, _Lines]:
    """The method, and the lines of the one event."""
    methods: list[str] = []
    events: list[defaultdict[str, list[_Line]]] = []
    for path, name, rest in _walk(text):
        if path == ("VCALENDAR",) and name == "METHOD":
            methods.append(_line(name, rest).value.upper())
        elif path == ("VCALENDAR", "VEVENT") and name == "BEGIN":
            events.append(defaultdict(list))
        elif path == ("VCALENDAR", "VEVENT") and name in _TAKEN:
            events[-1][name].append(_line(name, rest))
    if len(methods) != 1:
        raise NoReply(Fault.METHOD)
    if len(events) != 1:
        raise NoReply(Fault.NOT_ONE_EVENT)
    return methods[0], events[0]


def _walk(text: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Each line with the components that it stands in, of a text that is one whole calendar; a BEGIN in its own."""
    path: tuple[str, ...] = ()
    calendars = 0
    for line in _ENDS_OF_LINES.split(_FOLD.sub("", text.removeprefix("\ufeff"))):
        matched = _NAME.match(line)
        if matched is None:
            continue
        name, rest = matched[0].upper(), line[matched.end() :]
        component = rest.removeprefix(":").strip().upper()
        if name == "BEGIN":
            path = (*path, component)
            calendars += path == ("VCALENDAR",)
        elif name == "END":
            if path[-1:] != (component,):
                raise NoReply(Fault.BROKEN)
            path = path[:-1]
            continue
        if len(path) > _MOST_DEPTH or calendars > 1:
            raise NoReply(Fault.BROKEN)
        yield path, name, rest
    if path or not calendars:
        raise NoReply(Fault.BROKEN)


def _line(name: str, rest: str) -> _Line:
    """Read in one pass, however long: some calendars put whole comments into parameters."""
    parameters, at = {}, 0
    while matched := _PARAMETER.match(rest, at):
        parameters[matched[1].upper()] = matched[2].strip('"')
        at = matched.end()
    if rest[at : at + 1] != ":":
        raise NoReply(Fault.BROKEN)
    return _Line(name, parameters, rest[at + 1 :].strip())


def _only(event: _Lines, name: str) -> _Line:
    if len(event[name]) != 1:
        raise NoReply(Fault.BROKEN)
    return event[name][0]


def _sequence(event: _Lines) -> int:
    """RFC 5545, 3.8.7.4: without the line it is 0."""
    if not event["SEQUENCE"]:
        return 0
    value = _only(event, "SEQUENCE").value
    if not _SEQUENCE.fullmatch(value):
        raise NoReply(Fault.BROKEN)
    return int(value)


def _answers(event: _Lines, *, counter: bool) -> dict[str, Answer]:
    if len(event["ATTENDEE"]) > MOST_ATTENDEES:
        raise NoReply(Fault.BROKEN)
    found: dict[str, Answer] = {}
    for line in event["ATTENDEE"]:
        answer = Answer.COUNTER if counter else _ANSWERS.get(line.parameters.get("PARTSTAT", "").upper())
        if answer is not None and found.setdefault(_address(line), answer) != answer:
            raise NoReply(Fault.BROKEN)  # one says two things
    if not found:
        raise NoReply(Fault.NO_ANSWER)
    return found


_ANSWERS = {"ACCEPTED": Answer.ACCEPTED, "DECLINED": Answer.DECLINED, "TENTATIVE": Answer.TENTATIVE}


def _address(line: _Line) -> str:
    """The mailto address; where another kind of address stands instead, that of EMAIL (RFC 7986, 6.2)."""
    scheme, _, rest = line.value.partition(":")
    address = unquote(rest) if scheme.lower() == "mailto" else line.parameters.get("EMAIL", "")
    return address.strip().casefold()


def _proposal(event: _Lines, zone: ZoneInfo) -> Proposal | None:
    """None for whole days: at what time she would come stays open."""
    start = _only(event, "DTSTART")
    if _DATE.fullmatch(start.value):
        return None
    begins = _instant(start, zone)
    ends = _end(event, begins, zone)
    return Proposal(begins, ends if ends is not None and ends > begins else None)


def _end(event: _Lines, begins: datetime, zone: ZoneInfo) -> datetime | None:
    if event["DTEND"]:
        return _instant(_only(event, "DTEND"), zone)
    if event["DURATION"] and (length := _LENGTH.fullmatch(_only(event, "DURATION").value.upper())):
        days, hours, minutes = (int(part or 0) for part in length.groups())
        return begins + timedelta(days=days, hours=hours, minutes=minutes)
    return None


def _instant(line: _Line, zone: tzinfo) -> datetime:
    """In UTC. Raises ValueError or OverflowError for a moment that does not exist."""
    matched = _MOMENT.fullmatch(line.value.upper())
    if matched is None:
        raise NoReply(Fault.BROKEN)
    moment = datetime.strptime(matched[1] + matched[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if matched[3]:
        return moment
    named = zone_named(line.parameters.get("TZID", ""))
    return moment.replace(tzinfo=ZoneInfo(named) if named else zone).astimezone(UTC)
