"""iMIP (RFC 6047): the mails as bytes, one calendar message to one recipient.

Written line by line and not by the standard library's generator, whose folding and boundaries differ from
version to version: a message made again from the same values must be the same bytes.
"""

from __future__ import annotations

import quopri
import re
from base64 import b64encode, encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from booking.ical.itip import Method, Party
from booking.ical.text import one_line, plain

INVITATION_FILE = "invite.ics"
DOWNLOAD_FILE = "appointments.ics"

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'*+;=%\[\]-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

# Bytes of text in one encoded word: with frame and header name it stays below RFC 2047's 75 characters.
_WORD_BYTES = 39
_QUOTED_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What every mail has, whoever reads it. `date` is aware and, like `message_id`, kept with the message.

    `message_id` has its angle brackets. `language` is a tag such as ``nb``. In an invitation `from_` and
    `reply_to` are its ORGANIZER and `to` its ATTENDEE. White space in the subject is folded. `unsubscribe`: the
    address that ends mails of this kind, opened by one click (RFC 8058). Raises ValueError for a naive date, and for
    what could not stand in a header.
    """

    from_: Party
    to: Party
    reply_to: Party
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    date: datetime
    unsubscribe: str | None = None

    def __post_init__(self) -> None:
        if self.date.tzinfo is None:
            raise ValueError("a mail needs an aware date")
        if not _MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError("not a message id")
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError("not a language tag")
        if self.unsubscribe is not None and not _ADDRESS.fullmatch(self.unsubscribe):
            raise ValueError("not an address to unsubscribe at")


def invitation_mail(letter: Letter, *, calendar: bytes, method: Method) -> bytes:
    """A mail with one REQUEST or CANCEL, shown in place by mail programs and attached as the same bytes.

    Raises ValueError if the calendar's own METHOD is not `method`: mail programs then show nothing.
    """
    if f"\r\nMETHOD:{method.value}\r\n".encode("ascii") not in calendar:
        raise ValueError("the calendar has another method")
    shown = _part(f"text/calendar; charset=UTF-8; method={method.value}", "base64", _base64(calendar))
    attached = _attachment(f'application/ics; name="{INVITATION_FILE}"', INVITATION_FILE, calendar)
    readings = _alternative(letter, [*_readings(letter), shown])
    return _headed(letter, _multipart("mixed", letter, [readings, attached]))


def plain_mail(letter: Letter, *, calendar: bytes | None = None) -> bytes:
    """A mail to read; `calendar`, a file without a method, goes with it as an attachment."""
    readings = _alternative(letter, _readings(letter))
    if calendar is None:
        return _headed(letter, readings)
    kind = f'text/calendar; charset=UTF-8; name="{DOWNLOAD_FILE}"'
    attached = _attachment(kind, DOWNLOAD_FILE, calendar)
    return _headed(letter, _multipart("mixed", letter, [readings, attached]))


def _headed(letter: Letter, body: bytes) -> bytes:
    lines = (
        _mailbox("From", letter.from_),
        _mailbox("To", letter.to),
        _mailbox("Reply-To", letter.reply_to),
        _subject(one_line(letter.subject)),
        f"Date: {format_datetime(letter.date)}",
        f"Message-ID: {letter.message_id}",
        "Auto-Submitted: auto-generated",
        f"Content-Language: {letter.language}",
        *_unsubscribing(letter),
        "MIME-Version: 1.0",
    )
    return _lines(*lines) + body


def _unsubscribing(letter: Letter) -> tuple[str, ...]:
    """RFC 8058, section 3.1: both headers, so that a mail program ends the mails by a POST without any page."""
    if letter.unsubscribe is None:
        return ()
    return (
        f"List-Unsubscribe: <{letter.unsubscribe}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    )


def _readings(letter: Letter) -> list[bytes]:
    return [
        _part("text/plain; charset=UTF-8", "quoted-printable", _quoted_printable(letter.text)),
        _part("text/html; charset=UTF-8", "quoted-printable", _quoted_printable(letter.html)),
    ]


def _alternative(letter: Letter, parts: list[bytes]) -> bytes:
    return _multipart("alternative", letter, parts)


def _attachment(kind: str, filename: str, content: bytes) -> bytes:
    return _part(kind, "base64", _base64(content), f'Content-Disposition: attachment; filename="{filename}"')


def _part(kind: str, encoding: str, body: bytes, *headers: str) -> bytes:
    return _lines(f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *headers) + b"\r\n" + body


def _multipart(subtype: str, letter: Letter, parts: list[bytes]) -> bytes:
    # "=_" can stand neither in base64 nor in quoted-printable, so no body can contain the boundary.
    boundary = f"=_{subtype}_{sha256(letter.message_id.encode()).hexdigest()[:32]}"
    head = _lines(f"Content-Type: multipart/{subtype};", f' boundary="{boundary}"') + b"\r\n"
    delimiter = _lines(f"--{boundary}")
    return head + b"".join(delimiter + part for part in parts) + _lines(f"--{boundary}--")


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n")


def _quoted_printable(text: str) -> bytes:
    body = plain(text).rstrip("\n") + "\n"
    return quopri.encodestring(body.encode()).replace(b"\n", b"\r\n")


def _subject(text: str) -> str:
    return "Subject: " + (text if _stands_as_it_is(text) else _encoded_words(text))


def _mailbox(header: str, party: Party) -> str:
    if not party.name:
        return f"{header}: {party.email}"
    if _stands_as_it_is(party.name):
        quoted = party.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{header}: "{quoted}"\r\n <{party.email}>'
    return f"{header}: {_encoded_words(party.name)}\r\n <{party.email}>"


def _stands_as_it_is(text: str) -> bool:
    return text.isascii() and len(text) <= _QUOTED_CHARACTERS and "=?" not in text


def _encoded_words(text: str) -> str:
    """RFC 2047: words of base64, each a line of its own and none cutting a character in two."""
    words = (f"=?UTF-8?B?{b64encode(chunk).decode('ascii')}?=" for chunk in _chunks(text))
    return "\r\n ".join(words)


def _chunks(text: str) -> list[bytes]:
    chunks = [b""]
    for character in text:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return chunks
