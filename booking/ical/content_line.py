"""Content line (RFC 5545, 3.1): the few lines of a stranger's events that say when something takes place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_DEPTH = 20

_FOLD = re.compile(r"\r?\n[ \t]")
_ENDS_OF_LINES = re.compile(r"[\r\n]+")
_LINE = re.compile(
    r"^(BEGIN|END|UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|STATUS|TRANSP|SEQUENCE)([;:].*)$",
    re.MULTILINE | re.IGNORECASE,
)
# At most eight parameters of at most 200 characters, so that no line can make the expression search long.
_PARAMETER = r';[A-Za-z0-9-]{1,40}=(?:"[^"]{0,200}"|[^":;]{0,200})'
_HEAD_AND_VALUE = re.compile(rf"((?:{_PARAMETER}){{0,8}}):(.*)")
_NAME_AND_TEXT = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^":;]*)')


class Unreadable(ValueError):
    """A line, or the nesting of components, is not as RFC 5545 has it."""


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property; its name and its parameters' names in capitals, the value as it stands."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class _Component:
    name: str
    lines: list[tuple[str, str]]


def vevents(data: bytes) -> Iterator[list[tuple[str, str]]]:
    """Of each event, names and rests of the lines that say when; those of its alarms are left out.

    Raises Unreadable if components do not nest, at whatever place in the file that shows.
    """
    text = _ENDS_OF_LINES.sub("\n", _FOLD.sub("", data.decode("utf-8-sig", errors="replace")))
    stack: list[_Component] = []
    for matched in _LINE.finditer(text):
        name, rest = matched[1].upper(), matched[2]
        if name == "BEGIN":
            stack.append(_Component(rest[1:].strip().upper(), []))
        elif name == "END":
            yield from _closed(stack, rest[1:].strip().upper())
        elif stack:
            stack[-1].lines.append((name, rest))
        if len(stack) > _MOST_DEPTH:
            raise Unreadable("nested too deep")
    if stack:
        raise Unreadable("ends in the middle")


def read_line(name: str, rest: str) -> ContentLine:
    """Parameters and value of a line from `vevents`. Raises Unreadable."""
    if rest.startswith(":"):
        return ContentLine(name, {}, rest[1:].strip())
    matched = _HEAD_AND_VALUE.fullmatch(rest)
    if not matched:
        raise Unreadable(name)
    parameters = {key.upper(): text.strip('"') for key, text in _NAME_AND_TEXT.findall(matched[1])}
    return ContentLine(name, parameters, matched[2].strip())


def _closed(stack: list[_Component], name: str) -> Iterator[list[tuple[str, str]]]:
    if not stack or stack[-1].name != name:
        raise Unreadable("components overlap")
    component = stack.pop()
    if name == "VEVENT" and stack and stack[-1].name == "VCALENDAR":
        yield component.lines
