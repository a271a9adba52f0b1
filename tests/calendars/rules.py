"""The rules for everything that leaves the house as calendar or invitation, written apart from what makes it.

Nothing here imports the house. Each check raises AssertionError with the name of the rule that is broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from urllib.parse import unquote

import vobject

PRODID = "-//Clinic Booking//Calendar//EN"
OSLO = "Europe/Oslo"

VTIMEZONE = {
    "DAYLIGHT": ("19700329T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "+0100", "+0200"),
    "STANDARD": ("19701025T030000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "+0200", "+0100"),
}

ONCE = {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "CLASS", "TRANSP"}
AT_MOST_ONCE = {"DESCRIPTION", "URL", "GEO", "LAST-MODIFIED"}
OF_A_MESSAGE = {"ORGANIZER", "ATTENDEE"}
TEXTS = {"UID", "SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME", "TZID", "TZNAME"}
HEAD_OF_A_FEED = {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"}

UUID_AT_HOST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@[A-Za-z0-9.-]+")
LINE = re.compile(r"([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:\"[^\"]*\"|[^\":;,]*))*):(.*)", re.DOTALL)
PARAMETER = re.compile(r";([A-Z0-9-]+)=(\"[^\"]*\"|[^\":;,]*)")
ESCAPED = re.compile(r"(?:[^\\;,]|\\[\\;,n])*")
NOT_NEUTRAL = re.compile(
    r"needl|\bnåle?|acupunct|akupunkt|fibromyalg|diagnos|treatment|behandling|therap|terapeut|chiropract"
    r"|kiroprakt|physio|fysio|naprapat|osteopat|\bpain\b|\bsmerte|screening|health check|helsesjekk"
    r"|\b\d+\.? (?:of|av|/) \d+\b|\bsession\b|\breview\b",
    re.IGNORECASE,
)


@dataclass
class Line:
    name: str
    parameters: dict[str, str]
    value: str


@dataclass
class Component:
    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> Line:
        found = self.all(name)
        rule(f"exactly one {name} in {self.name}", len(found) == 1, len(found))
        return found[0]

    def text(self, name: str) -> str:
        return unescaped(self.one(name).value)

    def of(self, name: str) -> list[Component]:
        return [part for part in self.parts if part.name == name]

    @property
    def names(self) -> set[str]:
        return {line.name for line in self.lines}


def rule(name: str, holds: bool, found: object = "") -> None:
    if not holds:
        raise AssertionError(f"{name}: {found!r}")


def check_request(data: bytes) -> Component:
    """An iTIP REQUEST for one confirmed appointment."""
    calendar = _checked_calendar(data)
    event = _message_event(calendar, "REQUEST")
    rule("a request is confirmed", event.one("STATUS").value == "CONFIRMED")
    return event


def check_cancel(data: bytes) -> Component:
    """An iTIP CANCEL of one appointment."""
    calendar = _checked_calendar(data)
    event = _message_event(calendar, "CANCEL")
    rule("a cancellation says STATUS:CANCELLED", event.one("STATUS").value == "CANCELLED")
    rule("a cancellation has no alarm", not event.of("VALARM"))
    rule("a cancellation raises the sequence", int(event.one("SEQUENCE").value) >= 1)
    return event


def check_feed(data: bytes) -> list[Component]:
    """A subscribed calendar."""
    calendar = _checked_calendar(data)
    rule("a feed has the properties of a feed and no others", calendar.names - _HEAD == HEAD_OF_A_FEED)
    rule("NAME and X-WR-CALNAME agree", calendar.text("NAME") == calendar.text("X-WR-CALNAME"))
    refresh = calendar.one("REFRESH-INTERVAL")
    rule("REFRESH-INTERVAL has VALUE=DURATION", refresh.parameters == {"VALUE": "DURATION"})
    rule("REFRESH-INTERVAL is an hour", refresh.value == "PT1H", refresh.value)
    rule("X-PUBLISHED-TTL is an hour", calendar.one("X-PUBLISHED-TTL").value == "PT1H")
    return _public_events(calendar)


def check_file(data: bytes) -> list[Component]:
    """A file for download or as an attachment to a mail: no method, several events."""
    calendar = _checked_calendar(data)
    rule("a file has no method and no name", calendar.names == _HEAD, calendar.names)
    rule("a file has an event", bool(calendar.of("VEVENT")))
    return _public_events(calendar)


def check_invitation_mail(data: bytes) -> Component:
    """A mail that carries one REQUEST or CANCEL; gives the event."""
    mail = _checked_mail(data)
    _tree(mail, "multipart/mixed", ["multipart/alternative", "application/ics"])
    readings, attached = _parts(mail)
    _tree(readings, "multipart/alternative", ["text/plain", "text/html", "text/calendar"])
    text, html, shown = _parts(readings)
    rule("the calendar part is base64", shown["Content-Transfer-Encoding"] == "base64")
    rule("the calendar part has no Content-Disposition", "Content-Disposition" not in shown)
    rule("the calendar part is UTF-8", shown.get_param("charset") == "UTF-8")
    rule("the attachment is named invite.ics", attached.get_param("name") == "invite.ics")
    rule("the attachment is attached", attached.get_content_disposition() == "attachment")
    rule("the same bytes are attached", _content(shown) == _content(attached))
    method = shown.get_param("method")
    rule("the part's method is REQUEST or CANCEL", method in ("REQUEST", "CANCEL"), method)
    event = (check_request if method == "REQUEST" else check_cancel)(_content(shown))
    organizer, attendee = _mailto(event.one("ORGANIZER")), _mailto(event.one("ATTENDEE"))
    rule("From is the ORGANIZER", _only_address(mail, "From") == organizer)
    rule("Reply-To is the ORGANIZER", _only_address(mail, "Reply-To") == organizer)
    rule("To is the ATTENDEE", _only_address(mail, "To") == attendee)
    for part in (text, html):
        _says_when_and_where(_content(part).decode(), event)
    return event


def check_plain_mail(data: bytes) -> Message:
    """A mail to read, with or without an attached file; gives the parsed mail."""
    mail = _checked_mail(data)
    readings = mail
    if mail.get_content_type() == "multipart/mixed":
        _tree(mail, "multipart/mixed", ["multipart/alternative", "text/calendar"])
        readings, attached = _parts(mail)
        rule("the attachment is attached", attached.get_content_disposition() == "attachment")
        rule("a file in a mail has no method", attached.get_param("method") is None)
        check_file(_content(attached))
    _tree(readings, "multipart/alternative", ["text/plain", "text/html"])
    return mail


def second_reader(data: bytes) -> list[tuple[str, datetime, datetime, str, str]]:
    """UID, start, end, SUMMARY and LOCATION of each event, as vobject reads them."""
    return [
        (
            event.uid.value,
            event.dtstart.value,
            event.dtend.value,
            event.summary.value,
            event.location.value if hasattr(event, "location") else "",
        )
        for calendar in vobject.readComponents(data.decode("utf-8"))
        for event in calendar.contents.get("vevent", [])
    ]


def lines_of(data: bytes) -> list[Line]:
    """Content lines, unfolded, after the rules of RFC 5545, 3.1 have been checked on the bytes."""
    rule("no byte order mark", not data.startswith(b"\xef\xbb\xbf"))
    rule("ends with CRLF", data.endswith(b"\r\n"))
    physical = data[:-2].split(b"\r\n")
    for line in physical:
        rule("only CRLF ends a line", b"\r" not in line and b"\n" not in line, line)
        rule("no line is longer than 75 octets", len(line) <= 75, line)
        rule("no line is empty", bool(line), line)
        rule("folding cuts no character", _is_utf8(line), line)
    text = data[:-2].decode().replace("\r\n ", "")
    rule("no control character", not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text))
    return [_line(line) for line in text.split("\r\n")]


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda matched: "\n" if matched[1] == "n" else matched[1], value)


_HEAD = {"VERSION", "PRODID", "CALSCALE"}


def _line(text: str) -> Line:
    matched = LINE.fullmatch(text)
    assert matched, f"a content line is NAME;PARAMETER=value:value: {text!r}"
    name, head, value = matched.groups()
    if name in TEXTS:
        rule(f"{name} is escaped", bool(ESCAPED.fullmatch(value)), value)
    return Line(name, {key: _parameter(quoted) for key, quoted in PARAMETER.findall(head)}, value)


def _parameter(quoted: str) -> str:
    value = quoted.strip('"')
    rule("a parameter is encoded by RFC 6868", bool(re.fullmatch(r"(?:[^^]|\^[n^'])*", value)), value)
    return re.sub(r"\^([n^'])", lambda matched: {"n": "\n", "^": "^", "'": '"'}[matched[1]], value)


def _component(lines: list[Line]) -> Component:
    root = Component("")
    stack = [root]
    for line in lines:
        if line.name == "BEGIN":
            stack.append(Component(line.value))
            stack[-2].parts.append(stack[-1])
        elif line.name == "END":
            rule("components nest", stack.pop().name == line.value, line.value)
        else:
            stack[-1].lines.append(line)
    rule("one VCALENDAR and nothing beside it", not root.lines and len(root.parts) == 1)
    return root.parts[0]


def _checked_calendar(data: bytes) -> Component:
    calendar = _component(lines_of(data))
    rule("the object is a VCALENDAR", calendar.name == "VCALENDAR", calendar.name)
    rule("VERSION is 2.0", calendar.one("VERSION").value == "2.0")
    rule("PRODID is constant", calendar.one("PRODID").value == PRODID)
    rule("CALSCALE is GREGORIAN", calendar.one("CALSCALE").value == "GREGORIAN")
    names = {part.name for part in calendar.parts}
    rule("only VTIMEZONE and VEVENT", names <= {"VTIMEZONE", "VEVENT"}, names)
    _check_timezone(calendar)
    uids = [event.text("UID") for event in calendar.of("VEVENT")]
    rule("each UID stands once", len(uids) == len(set(uids)))
    for event in calendar.of("VEVENT"):
        _check_event(event)
    return calendar


def _check_timezone(calendar: Component) -> None:
    zones = calendar.of("VTIMEZONE")
    rule("one VTIMEZONE", len(zones) == 1, len(zones))
    rule("VTIMEZONE stands first", calendar.parts[0] is zones[0])
    rule("VTIMEZONE is Europe/Oslo", zones[0].one("TZID").value == OSLO)
    rule("two observances", sorted(part.name for part in zones[0].parts) == ["DAYLIGHT", "STANDARD"])
    for part in zones[0].parts:
        found = tuple(part.one(name).value for name in ("DTSTART", "RRULE", "TZOFFSETFROM", "TZOFFSETTO"))
        rule(f"{part.name} has its yearly rule", found == VTIMEZONE[part.name], found)
        rule(f"{part.name} lists no dates", not part.all("RDATE"))


def _check_event(event: Component) -> None:
    unknown = event.names - ONCE - AT_MOST_ONCE - OF_A_MESSAGE
    rule("an event has only known properties", not unknown, unknown)
    for name in sorted(ONCE):
        event.one(name)
    for name in sorted(AT_MOST_ONCE):
        rule(f"at most one {name}", len(event.all(name)) <= 1)
    rule("UID is a uuid at a host", bool(UUID_AT_HOST.fullmatch(event.text("UID"))), event.text("UID"))
    rule("SEQUENCE counts", event.one("SEQUENCE").value.isdecimal())
    rule("DTSTAMP is in UTC", bool(re.fullmatch(r"\d{8}T\d{6}Z", event.one("DTSTAMP").value)))
    rule("CLASS is PRIVATE", event.one("CLASS").value == "PRIVATE")
    rule("TRANSP is OPAQUE", event.one("TRANSP").value == "OPAQUE")
    rule("STATUS is known", event.one("STATUS").value in ("CONFIRMED", "TENTATIVE", "CANCELLED"))
    _check_times(event)
    _check_texts(event)
    _check_alarm(event)


def _check_times(event: Component) -> None:
    times = []
    for name in ("DTSTART", "DTEND"):
        line = event.one(name)
        rule(f"{name} has TZID=Europe/Oslo", line.parameters == {"TZID": OSLO}, line.parameters)
        rule(f"{name} is local", bool(re.fullmatch(r"\d{8}T\d{6}", line.value)), line.value)
        rule(f"{name} is not in the hour of clock changes", line.value[9:11] != "02", line.value)
        times.append(line.value)
    rule("it ends after its start", times[0] < times[1], times)


def _check_texts(event: Component) -> None:
    for name in ("SUMMARY", "LOCATION"):
        rule(f"{name} is under 255 characters", len(event.text(name)) < 255)
        rule(f"{name} is on one line", "\n" not in event.text(name))
    rule("SUMMARY says something", bool(event.text("SUMMARY").strip()))
    for line in event.lines + [line for alarm in event.of("VALARM") for line in alarm.lines]:
        if line.name == "DESCRIPTION":
            rule("DESCRIPTION is under 2 kB", len(unescaped(line.value).encode()) < 2048)
        if line.name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
            check_neutral(unescaped(line.value))


def check_neutral(text: str) -> None:
    """No treatment, diagnosis, profession or count of sessions."""
    found = NOT_NEUTRAL.search(text)
    rule("the words are neutral", found is None, found and found[0])


def _check_alarm(event: Component) -> None:
    rule("only alarms inside an event", {part.name for part in event.parts} <= {"VALARM"})
    rule("one alarm at most", len(event.parts) <= 1)
    for alarm in event.parts:
        rule("an alarm displays", alarm.one("ACTION").value == "DISPLAY")
        rule("an alarm says something", bool(alarm.text("DESCRIPTION").strip()))
        trigger = alarm.one("TRIGGER").value
        rule("an alarm comes before the start", bool(re.fullmatch(r"-P[0-9DTHMSW]+", trigger)), trigger)
        rule("an alarm is plain", alarm.names == {"ACTION", "DESCRIPTION", "TRIGGER"}, alarm.names)


def _message_event(calendar: Component, method: str) -> Component:
    rule(f"METHOD is {method}", calendar.one("METHOD").value == method)
    rule("a message has no feed properties", calendar.names == _HEAD | {"METHOD"}, calendar.names)
    events = calendar.of("VEVENT")
    rule("one VEVENT in a message", len(events) == 1, len(events))
    organizer, attendee = events[0].one("ORGANIZER"), events[0].one("ATTENDEE")
    rule("ORGANIZER is a mailbox", "@" in _mailto(organizer), organizer)
    rule("ATTENDEE is a mailbox", "@" in _mailto(attendee), attendee)
    asked = {name: value for name, value in attendee.parameters.items() if name != "CN"}
    rule("ATTENDEE is asked to answer", asked == _ASKED, asked)
    rule("ORGANIZER has a name at most", set(organizer.parameters) <= {"CN"})
    return events[0]


_ASKED = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}


def _public_events(calendar: Component) -> list[Component]:
    events = calendar.of("VEVENT")
    for event in events:
        rule("no ORGANIZER and no ATTENDEE", not event.names & OF_A_MESSAGE)
        rule("nothing cancelled", event.one("STATUS").value != "CANCELLED")
    return events


def _mailto(line: Line) -> str:
    rule(f"{line.name} is a mailto URI", line.value.startswith("mailto:"), line.value)
    return unquote(line.value.removeprefix("mailto:"))


HEADERS = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
)
ENDING = ("List-Unsubscribe", "List-Unsubscribe-Post")
"""RFC 8058: both headers or none."""


def _checked_mail(data: bytes) -> Message:
    rule("a mail is ASCII", data.isascii())
    rule("only CRLF ends a line", not re.search(rb"(?<!\r)\n|\r(?!\n)", data))
    rule("no line is longer than 998 octets", all(len(line) <= 998 for line in data.split(b"\r\n")))
    mail = message_from_bytes(data)
    expected = (*HEADERS, *ENDING) if "List-Unsubscribe" in mail else HEADERS
    rule("every header once and no other", sorted(mail.keys()) == sorted(expected), mail.keys())
    if expected is not HEADERS:
        rule("it ends at an address", bool(re.fullmatch(r"\s*<https?://[^<>\s]+>", mail["List-Unsubscribe"])))
        rule("one click ends it", mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click")
    rule("Auto-Submitted is auto-generated", mail["Auto-Submitted"] == "auto-generated")
    rule("MIME-Version is 1.0", mail["MIME-Version"] == "1.0")
    rule("Message-ID has its form", bool(re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", mail["Message-ID"])))
    rule("Date has an offset", parsedate_to_datetime(mail["Date"]).tzinfo is not None)
    rule("Content-Language is a language", mail["Content-Language"] in ("nb", "en"))
    for name in ("From", "To", "Reply-To"):
        _only_address(mail, name)
    check_neutral(decoded(mail["Subject"]))
    for part in mail.walk():
        rule("no part is broken", not part.defects, part.defects)
    return mail


def decoded(header: str) -> str:
    """A header's text, its encoded words (RFC 2047) decoded."""
    return str(make_header(decode_header(header.replace("\r\n", ""))))


def mailbox(mail: Message, header: str) -> tuple[str, str]:
    """Name and address of a header with one of each."""
    matched = re.fullmatch(r"(.*?)\s*<?([^<>\s]+@[^<>\s]+?)>?", mail[header].replace("\r\n", ""))
    assert matched, f"one address in {header}: {mail[header]!r}"
    name, address = matched.groups()
    if name.startswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1]), address
    return decoded(name), address


def _tree(part: Message, kind: str, inside: list[str]) -> None:
    rule(f"the part is {kind}", part.get_content_type() == kind, part.get_content_type())
    found = [child.get_content_type() for child in _parts(part)]
    rule(f"{kind} has its parts in order", found == inside, found)


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    assert isinstance(payload, list)
    return [child for child in payload if isinstance(child, Message)]


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _only_address(mail: Message, header: str) -> str:
    found = [address for _, address in getaddresses([mail[header].replace("\r\n", "")])]
    rule(f"one address in {header}", found == [mailbox(mail, header)[1]], found)
    return found[0]


def _says_when_and_where(text: str, event: Component) -> None:
    start = event.one("DTSTART").value
    hour, minute, day = int(start[9:11]), start[11:13], int(start[6:8])
    rule("the text says the day", bool(re.search(rf"\b0?{day}\b", text)), day)
    rule("the text says the time", bool(re.search(rf"\b0?{hour}[:.]{minute}\b", text)), start)
    place = event.text("LOCATION").split(",")[0]
    rule("the text says the place", place in text, place)
    rule("the text has a link", bool(re.search(r"https?://", text)))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
