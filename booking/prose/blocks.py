"""Blocks: a text taken apart into its sections, and each of them into Markdown and directives, line by line.

A section begins with `## Heading {#anchor}`. A line that begins with `:::` is a directive, wherever it stands. `notice`
and `video` hold text and end with a line of `:::` alone; every other directive is one line without a closing one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from booking.prose.document import FIGURES
from booking.prose.faults import Faults

NOTICE, VIDEO, FINDER, QUESTIONS, REFERENCES, COLOPHON = (
    "notice",
    "video",
    "finder",
    "questions",
    "references",
    "colophon",
)
HOLD_TEXT = (NOTICE, VIDEO)
DIRECTIVES = (*FIGURES, *HOLD_TEXT, FINDER, QUESTIONS, REFERENCES, COLOPHON)
MARKDOWN = ""

_HEADING = re.compile(r" {0,3}##(?!#)(.*)")
_ANCHOR = re.compile(r"(.*?)\s*\{#([^{}]*)\}\s*")
_DIRECTIVE = re.compile(r" {0,3}:::(.*)")


@dataclass(slots=True)
class Block:
    """A directive by its `name`, with the `words` behind it, or MARKDOWN; `text` begins in `text_line`."""

    name: str
    words: str
    line: int
    text_line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def is_blank(self) -> bool:
        return not any(line.strip() for line in self.lines)


@dataclass(slots=True)
class RawSection:
    heading: str
    anchor: str
    line: int
    blocks: list[Block] = field(default_factory=list)


def sections_of(lines: Iterable[str], first_line: int, faults: Faults) -> list[RawSection]:
    """The sections that stand in these lines, the first of which is `first_line` of the file."""
    splitter = _Splitter(faults)
    for number, line in enumerate(lines, first_line):
        splitter.take(number, line)
    splitter.end()
    return splitter.sections


class _Splitter:
    def __init__(self, faults: Faults) -> None:
        self.sections: list[RawSection] = []
        self._faults = faults
        self._open: Block | None = None
        self._homeless = False

    def take(self, number: int, line: str) -> None:
        heading, directive = _HEADING.fullmatch(line), _DIRECTIVE.fullmatch(line)
        if heading:
            self._section(number, heading[1].strip())
        elif directive:
            self._directive(number, directive[1].strip())
        elif ":::" in line:
            self._faults.add(number, "“:::” can stand at the beginning of a line only.")
            self._text(number, line)
        else:
            self._text(number, line)

    def end(self) -> None:
        self._must_be_closed()
        if not self.sections:
            self._faults.add(0, "The text has no section; one begins with “## Heading {#anchor}”.")

    def _section(self, number: int, words: str) -> None:
        self._must_be_closed()
        found = _ANCHOR.fullmatch(words)
        heading, anchor = (found[1], found[2]) if found else (words, "")
        if not found:
            self._faults.add(number, "The heading of a section needs an anchor, like “## Heading {#anchor}”.")
        if not heading:
            self._faults.add(number, "The heading is empty.")
        self.sections.append(RawSection(heading, anchor, number))

    def _directive(self, number: int, words: str) -> None:
        if not words:
            self._close(number)
            return
        self._must_be_closed()
        name, _, rest = words.partition(" ")
        if name not in DIRECTIVES:
            self._faults.add(number, f"“::: {name}” is not known; there are {', '.join(DIRECTIVES)}.")
        block = self._add(Block(name, rest.strip(), number, number + 1))
        if name in HOLD_TEXT:
            self._open = block
        elif rest and name in DIRECTIVES:
            self._faults.add(number, f"“::: {name}” takes nothing more on its line.")

    def _close(self, number: int) -> None:
        if self._open is None:
            what = " or ".join(f"“::: {name}”" for name in HOLD_TEXT)
            self._faults.add(number, f"This “:::” closes nothing; only {what} is closed.")
        self._open = None

    def _must_be_closed(self) -> None:
        if self._open is not None:
            self._faults.add(self._open.line, f"“::: {self._open.name}” is not closed by a line “:::”.")
        self._open = None

    def _text(self, number: int, line: str) -> None:
        blocks = self.sections[-1].blocks if self.sections else []
        if self._open is not None:
            self._open.lines.append(line)
        elif blocks and blocks[-1].name == MARKDOWN:
            blocks[-1].lines.append(line)
        elif line.strip():
            self._add(Block(MARKDOWN, "", number, number, [line]))

    def _add(self, block: Block) -> Block:
        if self.sections:
            self.sections[-1].blocks.append(block)
        elif not self._homeless:
            self._homeless = True
            self._faults.add(block.line, "This stands before the first section.")
        return block
