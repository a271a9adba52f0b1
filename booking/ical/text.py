"""TEXT (RFC 5545, 3.3.11): what a property may say, freed of what no reader can take."""

from __future__ import annotations

import re

from icalendar import vText

# What str.splitlines and some readers take for the end of a line; all of it is said as one newline.
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# Control characters (RFC 5545, 3.1: none but tab), lone surrogates, and the byte order mark.
_UNFIT = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_UNFIT_IN_ADDRESS = re.compile(r'[\s"(),:;<>\[\]\\]|[^\x21-\x7e]')

_CUT = "…"

_ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


class Text(vText):
    """A TEXT value. icalendar's own writes a backslash before a capital N as a newline."""

    def to_ical(self) -> bytes:
        return self.translate(_ESCAPES).encode()


def plain(text: str) -> str:
    """`text` with newlines as ``\\n`` and without control characters, which no calendar may contain."""
    return _UNFIT.sub("", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """`text` on one line, every run of white space folded to one space: for names and subjects."""
    return " ".join(plain(text).split())


def under_characters(text: str, limit: int) -> str:
    """`text`, cut so that it has fewer than `limit` characters."""
    return text if len(text) < limit else text[: limit - 1 - len(_CUT)].rstrip() + _CUT


def under_bytes(text: str, limit: int) -> str:
    """`text`, cut so that it has fewer than `limit` bytes in UTF-8; no character is cut in two."""
    encoded = text.encode()
    if len(encoded) < limit:
        return text
    return encoded[: limit - 1 - len(_CUT.encode())].decode(errors="ignore").rstrip() + _CUT


def address(email: str) -> str:
    """`email` as it is, or ValueError if it could not stand in a header or after ``mailto:`` as it is."""
    local, at, host = email.rpartition("@")
    if not (local and at and host) or "@" in local or _UNFIT_IN_ADDRESS.search(email):
        raise ValueError("not an e-mail address")
    return email
