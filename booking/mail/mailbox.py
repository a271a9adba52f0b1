"""Mailbox: where mails end in development, one file a message, to be read in the browser."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

from booking.mail.post import PostError

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Stored:
    """One delivered mail. `key` is its name in the mailbox; `date` (aware) is the mail's own; `raw` its bytes."""

    key: str
    subject: str
    to: str
    date: datetime
    text: str
    html: str
    has_calendar: bool
    raw: bytes


class Mailbox:
    """A folder of ``.eml`` files. A message delivered twice is there once: its file is named after its Message-ID."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, body: bytes, sender: str, recipient: str) -> None:
        """Keeps the mail, whole or not at all. Raises PostError if it cannot."""
        name = _key_of(body)
        # Readers see files with another beginning only; a process that dies here leaves nothing half.
        begun = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            begun.write_bytes(body)
            begun.replace(self._folder / f"{name}.eml")
        except OSError as error:
            raise PostError(type(error).__name__) from error

    def close(self) -> None:
        """Nothing is kept open."""

    def all(self) -> list[Stored]:
        """Every mail, the newest first."""
        files = [(file.stat().st_mtime_ns, file) for file in self._folder.glob("[0-9a-f]*.eml")]
        letters = [(stored.date, changed, stored) for changed, file in files for stored in [_read(file)]]
        return [letter[2] for letter in sorted(letters, key=lambda letter: letter[:2], reverse=True)]

    def letter(self, key: str) -> Stored | None:
        """The mail of this key, or None."""
        file = self._folder / f"{key}.eml"
        return _read(file) if _KEY.fullmatch(key) and file.is_file() else None


def _key_of(body: bytes) -> str:
    message_id = str(_parsed(body)["Message-ID"] or "")
    return sha256(message_id.encode()).hexdigest()[:32]


def _read(file: Path) -> Stored:
    raw = file.read_bytes()
    message = _parsed(raw)
    return Stored(
        key=file.stem,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        date=message["Date"].datetime,
        text=_content(message, "plain"),
        html=_content(message, "html"),
        has_calendar=any(part.get_content_type() == "text/calendar" for part in message.walk()),
        raw=raw,
    )


def _content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)
