"""MIME (RFC 2045, 2046): a stranger's mail taken apart, in time that grows with its length alone.

The standard library's parser searches some broken headers in time that grows with the square of their length, and goes
as deep as a mail is nested. Here everything has its limit, and what cannot be read is left as it is.
"""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_DEPTH = 10
MOST_PARTS = 200
_LONGEST_FIELD = 2000
_LONGEST_BOUNDARY = 200

_ENDS_OF_LINES = re.compile(rb"\r\n?")
_FOLD = re.compile(r"\n[ \t]")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)")
_PARAMETER = re.compile(r""";\s*([A-Za-z0-9-]{1,40})\s*=\s*(?:"([^"]*)"|([^;\s"]*))""")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


class TooManyParts(ValueError):
    """The mail has more parts, or nests them deeper, than any person's does."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its fields by their names in small letters, the first of each name, and its body as it travelled."""

    fields: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Such as ``text/calendar``; without a field it is plain text."""
        return self.fields.get("content-type", "text/plain").partition(";")[0].strip().lower()

    def parameter(self, name: str) -> str:
        """Of the Content-Type, such as ``charset``; empty if it says none."""
        found = _PARAMETER.findall(self.fields.get("content-type", ""))
        return next((quoted or bare for key, quoted, bare in found if key.lower() == name), "").strip()

    def content(self) -> bytes:
        """The body without its transfer encoding; one that is broken gives what can be read of it."""
        encoding = self.fields.get("content-transfer-encoding", "").strip().lower()
        if encoding == "base64":
            digits = _NO_BASE64.sub(b"", self.body)
            whole = digits[: len(digits) - (len(digits) % 4 == 1)]
            return base64.b64decode(whole + b"=" * (-len(whole) % 4))
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body)
        return self.body


def part_of(raw: bytes) -> Part:
    """The mail as one part. Ends of lines are single newlines from here on."""
    return _read(_ENDS_OF_LINES.sub(b"\n", raw))


def leaves(whole: Part) -> list[Part]:
    """The parts that hold no others, in order; a mail inside the mail is one. Raises TooManyParts."""
    found: list[Part] = []
    for part in _walk(whole, depth=0):
        found.append(part)
        if len(found) > MOST_PARTS:
            raise TooManyParts
    return found


def fields_of(head: bytes) -> dict[str, str]:
    """A head's fields, unfolded; of several with one name the first, and no more of any than a person would write."""
    found: dict[str, str] = {}
    for line in _FOLD.sub(" ", head.decode("latin-1")).split("\n"):
        matched = _FIELD.match(line)
        if matched:
            found.setdefault(matched[1].lower(), matched[2].strip()[:_LONGEST_FIELD])
    return found


def _read(raw: bytes) -> Part:
    head, _, body = (b"\n" + raw).partition(b"\n\n")
    return Part(fields_of(head), body)


def _walk(part: Part, *, depth: int) -> Iterator[Part]:
    boundary = part.parameter("boundary")
    if not part.kind.startswith("multipart/") or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        yield part
        return
    if depth == MOST_DEPTH:
        raise TooManyParts
    for inner in _between(part.body, boundary):
        yield from _walk(_read(inner), depth=depth + 1)


def _between(body: bytes, boundary: str) -> Iterator[bytes]:
    """What stands between the boundary's lines; the last one may be missing from a mail that was cut."""
    line = re.compile(rb"^--" + re.escape(boundary.encode("latin-1")) + rb"(--)?[ \t]*$", re.MULTILINE)
    begin = None
    for matched in line.finditer(body):
        if begin is not None:
            yield body[begin : max(begin, matched.start() - 1)]
        if matched[1]:
            return
        begin = matched.end() + 1
    if begin is not None:
        yield body[begin:]
