"""A document: one text in one language, in the parts that a page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FIGURES = ("trial",)
"""Figures that a text may ask for, by name."""

NOTICES = ("info", "good", "differs")
"""Kinds of notices, as the pages' components name them."""

PICTURES = ("needles", "path", "door")
"""Our own drawings that a text may have as its cover, as the pages' components name them."""


@dataclass(frozen=True, slots=True)
class Html:
    """Sanitised HTML that may stand in a page as it is."""

    html: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure drawn from figures that the code keeps; one of `FIGURES`."""

    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A block that stands out; `kind` is one of `NOTICES`, `title` may be empty."""

    kind: str
    title: str
    html: str


@dataclass(frozen=True, slots=True)
class Video:
    """A film by its `address` (a path on this site, or another site's URL; empty where none is made yet).

    `captions`: a path of a WebVTT file, or empty. `transcript`: everything said and shown, for who does not watch.
    """

    title: str
    address: str
    captions: str
    transcript: str


@dataclass(frozen=True, slots=True)
class Finder:
    """The way to a clinician: a small form that leads to the finder."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Here the questions and answers of the front matter stand."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Here the numbered references of the front matter stand."""


@dataclass(frozen=True, slots=True)
class Colophon:
    """Here stands who wrote and reviewed the text, and when."""


Part = Html | Figure | Notice | Video | Finder | Questions | Sources | Colophon


@dataclass(frozen=True, slots=True)
class Section:
    """`anchor`: where a link inside the page leads, the same in every language. `heading` is plain text."""

    anchor: str
    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question people ask, with an anchor of its own. `answer` is HTML, `answer_text` the same without marks."""

    anchor: str
    question: str
    answer: str
    answer_text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A source, at `#ref-<key>`. `text` is HTML; `url` where it can be read, preferably a DOI."""

    key: str
    number: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Cover:
    """One of our own drawings, `picture` of `PICTURES`, with its alternative text."""

    picture: str
    alt: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole text. `words`: how many it has, without answers to questions, references and transcripts.

    `claims_condition`: it says what a treatment does for a named illness, so it must not stand beside somebody who is
    not authorised health personnel (regulation 2003-12-11-1501, section 2).
    """

    title: str
    standfirst: str
    tags: tuple[str, ...]
    cover: Cover | None
    author: str
    author_role: str
    reviewer: str
    reviewer_role: str
    published: date
    updated: date
    reviewed: date
    next_review: date
    claims_condition: bool
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    references: tuple[Reference, ...]
    words: int

    @property
    def minutes(self) -> int:
        """How long it takes to read, at 200 words a minute; at least one."""
        return max(1, round(self.words / 200))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text: a sentence for who wrote it, and the line (from 1; 0 for the whole)."""

    line: int
    words: str


class UnreadableText(ValueError):
    """A text that cannot be shown; `faults` says why, in the order of lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"line {fault.line}: {fault.words}" for fault in faults))
        self.faults = faults
