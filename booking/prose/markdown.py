"""Markdown: the texts of editors, read into documents.

A text begins with its facts in TOML between two lines of `+++` (`front_matter`), followed by sections of CommonMark
with tables, directives (`blocks`) and reference marks `[^key]` (`writer`). Whatever a reader would see as a blank, a
dead end or a riddle is a fault: an unknown directive, figure, key or video, one that is never used, an anchor that
stands twice, a link that leads nowhere safe. All faults of a text are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from booking.prose.blocks import (
    COLOPHON,
    DIRECTIVES,
    FINDER,
    MARKDOWN,
    NOTICE,
    QUESTIONS,
    REFERENCES,
    VIDEO,
    Block,
    RawSection,
    sections_of,
)
from booking.prose.document import (
    FIGURES,
    NOTICES,
    Colophon,
    Document,
    Figure,
    Finder,
    Html,
    Notice,
    Part,
    Question,
    Questions,
    Reference,
    Section,
    Sources,
    Video,
)
from booking.prose.faults import Faults
from booking.prose.front_matter import FENCE, Film, FrontMatter, Written, read_front_matter
from booking.prose.names import Anchors
from booking.prose.writer import Marks, Passage, Writer

LONGEST = 200_000
"""Bytes in UTF-8 that a text may have."""

# Unicode's control characters, surrogates and noncharacters: HTML 5 and PostgreSQL refuse them.
_NONCHARACTERS = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_UNSHOWN = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")


@lru_cache(maxsize=64)
def read_document(text: str) -> Document:
    """The document that a text with front matter makes. Raises UnreadableText with all its faults."""
    faults = Faults()
    lines = _lines(text, faults)
    end = _end_of_front_matter(lines, faults)
    matter = read_front_matter(lines[1:end], faults)
    reader = _Reader(matter, faults)
    document = reader.document(sections_of(lines[end + 1 :], end + 2, faults))
    faults.tell()
    return document


@lru_cache(maxsize=256)
def passage(text: str) -> Html:
    """A short text without front matter, headings, directives and reference marks, such as a clinic's introduction.

    Raises UnreadableText with all its faults.
    """
    faults = Faults()
    lines = _lines(text, faults)
    for number, line in enumerate(lines, 1):
        if ":::" in line:
            faults.add(number, "Here no directive can stand.")
    written = Writer(faults, Anchors(faults), Marks(())).block(Written("\n".join(lines), 1))
    faults.tell()
    return Html(written.html)


def with_plain_line_ends(text: str) -> str:
    """The text with one kind of line end, so that the same words from another machine are the same text."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _lines(text: str, faults: Faults) -> list[str]:
    """Raises UnreadableText where the text is too long or holds what cannot be shown."""
    if len(text) > LONGEST or len(text.encode(errors="replace")) > LONGEST:
        faults.add(0, f"The text is longer than {LONGEST // 1000} kB.")
    faults.tell()
    lines = with_plain_line_ends(text).removeprefix("\ufeff").split("\n")
    for number, line in enumerate(lines, 1):
        if found := _UNSHOWN.search(line):
            faults.add(number, f"A character that cannot be shown, U+{ord(found[0]):04X}.")
    faults.tell()
    return lines


def _end_of_front_matter(lines: Sequence[str], faults: Faults) -> int:
    """The place of the closing fence in the lines. Raises UnreadableText if there is no front matter."""
    if lines[0].rstrip() != FENCE:
        faults.add(1, f"The text should begin with a line “{FENCE}” and its front matter.")
    faults.tell()
    for place, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return place
    faults.add(1, f"The front matter is not closed by a line “{FENCE}”.")
    faults.tell()
    raise AssertionError  # a fault has been told


class _Reader:
    """Reads one document, in the order in which it is read by people: so are references numbered."""

    def __init__(self, matter: FrontMatter, faults: Faults) -> None:
        self._matter, self._faults = matter, faults
        self._anchors = Anchors(faults)
        self._marks = Marks(source.key for source in matter.sources)
        self._writer = Writer(faults, self._anchors, self._marks)
        self._films = {film.key: film for film in matter.films}
        self._used: dict[tuple[str, str], int] = {}
        self._questions: tuple[Question, ...] = ()
        self._words = 0

    def document(self, sections: Sequence[RawSection]) -> Document:
        matter = self._matter
        self._check_names()
        read = tuple(map(self._section, sections))
        self._check_use()
        return Document(
            title=matter.title,
            standfirst=matter.standfirst,
            tags=matter.tags,
            cover=matter.cover,
            author=matter.author,
            author_role=matter.author_role,
            reviewer=matter.reviewer,
            reviewer_role=matter.reviewer_role,
            published=matter.published,
            updated=matter.updated,
            reviewed=matter.reviewed,
            next_review=matter.next_review,
            claims_condition=matter.claims_condition,
            sections=read,
            questions=self._questions,
            references=self._references(),
            words=self._words,
        )

    # -- sections and their parts

    def _section(self, raw: RawSection) -> Section:
        if raw.anchor:
            self._anchors.take(raw.anchor, raw.line)
        if not raw.blocks:
            self._faults.add(raw.line, "This section is empty.")
        self._count(raw.heading)
        return Section(raw.anchor, raw.heading, tuple(part for block in raw.blocks for part in self._parts(block)))

    def _parts(self, block: Block) -> Iterator[Part]:
        if block.name == MARKDOWN:
            yield self._html(block)
        elif block.name in DIRECTIVES:
            self._note_use(block)
            yield from self._directive(block)

    def _directive(self, block: Block) -> Iterator[Part]:
        if block.name in FIGURES:
            yield Figure(block.name)
        elif block.name == NOTICE:
            yield self._notice(block)
        elif block.name == VIDEO:
            yield from self._video(block)
        elif block.name == FINDER:
            yield Finder()
        elif block.name == QUESTIONS:
            self._questions = tuple(self._answered())
            yield Questions()
        elif block.name == REFERENCES:
            yield Sources()
        elif block.name == COLOPHON:
            yield Colophon()

    def _html(self, block: Block) -> Html:
        written = self._writer.section(Written(block.text, block.text_line))
        self._count(written.text)
        return Html(written.html)

    def _notice(self, block: Block) -> Notice:
        kind, _, title = block.words.partition(" ")
        if kind not in NOTICES:
            self._faults.add(block.line, f"A notice of the kind “{kind}” is not known; there are {', '.join(NOTICES)}.")
        held = self._held(block)
        self._count(f"{title} {held.text}")
        return Notice(kind, title.strip(), held.html)

    def _video(self, block: Block) -> Iterator[Video]:
        film = self._films.get(block.words)
        if film is None:
            self._faults.add(block.line, f"There is no [[videos]] with the key “{block.words}” in the front matter.")
        transcript = self._held(block)
        if film is not None:
            yield Video(film.title, film.address, film.captions, transcript.html)

    def _held(self, block: Block) -> Passage:
        if block.is_blank:
            self._faults.add(block.line, f"“::: {block.name}” holds no text.")
        return self._writer.block(Written(block.text, block.text_line))

    def _count(self, text: str) -> None:
        self._words += sum(1 for word in text.split() if any(map(str.isalnum, word)))

    # -- front matter

    def _answered(self) -> Iterator[Question]:
        for asked in self._matter.questions:
            answer = self._writer.block(asked.answer)
            yield Question(asked.anchor, asked.question, answer.html, answer.text)

    def _references(self) -> tuple[Reference, ...]:
        references = []
        for source in self._matter.sources:
            number = self._marks.numbers.get(source.key)
            if number is None:
                self._faults.add(source.line, f"The reference “{source.key}” is mentioned nowhere.")
            text = Writer(self._faults, self._anchors, Marks(())).line(source.text)
            references.append(Reference(source.key, number or 0, text.html, source.url))
        return tuple(sorted(references, key=lambda reference: reference.number))

    # -- what must be there, and only once

    def _check_names(self) -> None:
        for source in self._matter.sources:
            if source.key:
                self._anchors.take(f"ref-{source.key}", source.line)
        for asked in self._matter.questions:
            if asked.anchor:
                self._anchors.take(asked.anchor, asked.answer.line)
        for film in self._matter.films:
            if self._films[film.key] is not film:
                self._faults.add(film.line, f"The key “{film.key}” is used twice.")

    def _note_use(self, block: Block) -> None:
        if block.name == NOTICE:
            return
        use = (block.name, block.words if block.name == VIDEO else "")
        if use in self._used:
            self._faults.add(block.line, f"“::: {block.name}” stands already in line {self._used[use]}.")
        self._used.setdefault(use, block.line)

    def _check_use(self) -> None:
        self._check_both(QUESTIONS, "[[questions]]", there=bool(self._matter.questions))
        self._check_both(REFERENCES, "[[references]]", there=bool(self._matter.sources))
        for film in self._matter.films:
            self._check_film(film)

    def _check_both(self, name: str, table: str, *, there: bool) -> None:
        line = self._used.get((name, ""))
        if there and line is None:
            self._faults.add(0, f"There are {table} in the front matter, but no “::: {name}” where they are shown.")
        if line is not None and not there:
            self._faults.add(line, f"“::: {name}” shows nothing: there are no {table} in the front matter.")

    def _check_film(self, film: Film) -> None:
        if (VIDEO, film.key) not in self._used:
            self._faults.add(film.line, f"The video “{film.key}” is shown nowhere.")
