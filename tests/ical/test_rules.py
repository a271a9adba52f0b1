"""The rules themselves: each fault that other booking systems were seen to make is caught by its name."""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calendars import rules

CALENDARS = Path(__file__).resolve().parents[1] / "calendars"
CHECKS: dict[str, Callable[[bytes], object]] = {
    "request.ics": rules.check_request,
    "cancel.ics": rules.check_cancel,
    "file.ics": rules.check_file,
    "feed.ics": rules.check_feed,
    "invitation.eml": rules.check_invitation_mail,
    "confirmation.eml": rules.check_plain_mail,
}

# A fault: the message, what stands there (a regular expression), what is put there, the rule that says so.
FAULTS = [
    ("request.ics", rb"\r\n", b"\n", "ends with CRLF"),
    ("request.ics", rb"VERSION:2.0\r\n", b"VERSION:2.0\n", "only CRLF ends a line"),
    ("request.ics", rb"\A", b"\xef\xbb\xbf", "no byte order mark"),
    ("request.ics", rb"\r\n ", b"", "no line is longer than 75 octets"),
    ("request.ics", rb"\xc3\x86", b"\xc3\r\n \x86", "folding cuts no character"),
    ("request.ics", rb"Avtale\\,", b"Avtale,", "SUMMARY is escaped"),
    ("request.ics", rb"METHOD:REQUEST\r\n", b"", "exactly one METHOD in VCALENDAR"),
    ("request.ics", rb"STATUS:CONFIRMED", b"STATUS:CANCELLED", "a request is confirmed"),
    ("request.ics", rb"RSVP=TRUE", b"RSVP=FALSE", "ATTENDEE is asked to answer"),
    ("request.ics", rb"ORGANIZER[^\r]*\r\n", b"", "exactly one ORGANIZER in VEVENT"),
    ("request.ics", rb"DTSTAMP[^\r]*\r\n", b"", "exactly one DTSTAMP in VEVENT"),
    ("request.ics", rb"SEQUENCE:0\r\n", b"", "exactly one SEQUENCE in VEVENT"),
    ("request.ics", rb"DTSTART;TZID=Europe/Oslo", b"DTSTART", "DTSTART has TZID=Europe/Oslo"),
    ("request.ics", rb"(?s)BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", b"", "one VTIMEZONE"),
    ("request.ics", rb"19700329T020000", b"19700329T030000", "DAYLIGHT has its yearly rule"),
    ("request.ics", rb"(RRULE:[^\r]*=10;[^\r]*\r\n)", rb"\1RDATE:20271031T030000\r\n", "STANDARD lists no dates"),
    ("request.ics", rb"(?s)(BEGIN:VEVENT.*END:VEVENT\r\n)", rb"\1\1", "each UID stands once"),
    ("request.ics", rb"STATUS:", b"RRULE:FREQ=WEEKLY;COUNT=9\r\nSTATUS:", "an event has only known properties"),
    ("request.ics", rb"SUMMARY:Avtale", b"SUMMARY:Akupunktur", "the words are neutral"),
    ("request.ics", rb"SUMMARY:Avtale", b"SUMMARY:Appointment 3 of 9", "the words are neutral"),
    ("request.ics", rb"Avtale i morgen", b"Your needle session", "the words are neutral"),
    ("request.ics", rb"(?s)(BEGIN:VALARM.*END:VALARM\r\n)", rb"\1\1", "one alarm at most"),
    ("request.ics", rb"CLASS:PRIVATE", b"CLASS:PUBLIC", "CLASS is PRIVATE"),
    ("request.ics", rb"PRODID:-//", b"PRODID:-//x", "PRODID is constant"),
    ("request.ics", rb"T083000", b"T073000", "it ends after its start"),
    ("cancel.ics", rb"STATUS:CANCELLED", b"STATUS:CONFIRMED", "a cancellation says STATUS:CANCELLED"),
    ("cancel.ics", rb"METHOD:CANCEL", b"METHOD:REQUEST", "METHOD is CANCEL"),
    ("cancel.ics", rb"SEQUENCE:4", b"SEQUENCE:0", "a cancellation raises the sequence"),
    (
        "cancel.ics",
        rb"END:VEVENT",
        b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-P1D\r\nEND:VALARM\r\nEND:VEVENT",
        "a cancellation has no alarm",
    ),
    ("file.ics", rb"CALSCALE", b"METHOD:PUBLISH\r\nCALSCALE", "a file has no method and no name"),
    ("file.ics", rb"STATUS:TENTATIVE", b"STATUS:CANCELLED", "nothing cancelled"),
    ("feed.ics", rb";VALUE=DURATION", b"", "REFRESH-INTERVAL has VALUE=DURATION"),
    ("feed.ics", rb"X-PUBLISHED-TTL[^\r]*\r\n", b"", "a feed has the properties of a feed"),
    ("feed.ics", rb"\r\nNAME:Avtaler\\;", b"\r\nNAME:Avtaler;", "NAME is escaped"),
    (
        "feed.ics",
        rb"STATUS:TENTATIVE",
        b"ATTENDEE:mailto:kari@example.com\r\nSTATUS:TENTATIVE",
        "no ORGANIZER and no ATTENDEE",
    ),
    ("invitation.eml", rb"Auto-Submitted: [^\r]*\r\n", b"", "every header once and no other"),
    ("invitation.eml", rb"From:", b"Bcc: siv@example.com\r\nFrom:", "every header once and no other"),
    ("invitation.eml", rb"(?<=From: )([^<]*<)time@", rb"\1embla@", "From is the ORGANIZER"),
    ("invitation.eml", rb"(?<=Reply-To: )([^<]*<)time@", rb"\1embla@", "Reply-To is the ORGANIZER"),
    ("invitation.eml", rb"<kari\+time@", b"<siv@", "To is the ATTENDEE"),
    ("invitation.eml", rb"method=REQUEST", b"method=CANCEL", "METHOD is CANCEL"),
    ("invitation.eml", rb"; method=REQUEST", b"", "the part's method is REQUEST or CANCEL"),
    (
        "invitation.eml",
        rb"(method=REQUEST\r\n)",
        rb"\1Content-Disposition: inline\r\n",
        "the calendar part has no Content-Disposition",
    ),
    ("invitation.eml", rb"application/ics", b"text/calendar", "multipart/mixed has its parts in order"),
    ("invitation.eml", rb"kl. 08:00, R", b"kl. 09:00, R", "the text says the time"),
    ("invitation.eml", rb"Endre: https://[^\r]*", b"Endre", "the text has a link"),
    ("invitation.eml", rb"Subject: [^\r]*", b"Subject: Your acupuncture", "the words are neutral"),
    ("confirmation.eml", rb"charset=UTF-8; name=", b"method=PUBLISH; name=", "a file in a mail has no method"),
]


@pytest.mark.parametrize(("name", "here", "there", "broken"), FAULTS)
def test_a_fault_is_caught_by_its_name(name: str, here: bytes, there: bytes, broken: str) -> None:
    good = (CALENDARS / name).read_bytes()
    bad, places = re.subn(here, there, good)
    assert places
    with pytest.raises(AssertionError, match=re.escape(broken)):
        CHECKS[name](bad)


def test_other_bytes_in_the_attachment_are_caught() -> None:
    good = (CALENDARS / "invitation.eml").read_bytes()
    shown = encodebytes((CALENDARS / "request.ics").read_bytes()).replace(b"\n", b"\r\n")
    other = encodebytes((CALENDARS / "cancel.ics").read_bytes()).replace(b"\n", b"\r\n")
    first, second, third = good.split(shown)
    with pytest.raises(AssertionError, match="the same bytes are attached"):
        rules.check_invitation_mail(first + shown + second + other + third)
