"""Prose: the texts of the content folder as a page shows them.

They use a few signs of Markdown: `#` and `##` headings, `- ` lists, `*emphasis*`, empty lines between blocks, and
`<!-- name -->` alone in a block for a figure. Everything else is shown as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

CONTENT = Path(__file__).resolve().parents[2] / "content"

_FIGURE = re.compile(r"<!-- (\w+) -->")
_EMPHASIS = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one line), a list (its lines), or a figure by its name."""

    lines: tuple[Markup, ...] = ()
    is_list: bool = False
    figure: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """`anchor`: where a link inside the page leads, the same in every language."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """`standfirst`: what limits the title, read with it."""

    title: str
    standfirst: str
    sections: tuple[Section, ...]


@cache
def article(slug: str, language: str) -> Article:
    """The article of the content folder. Raises FileNotFoundError for one that is not there."""
    head, *parts = re.split(r"^## ", (CONTENT / "articles" / f"{slug}.{language}.md").read_text("utf-8"), flags=re.M)
    title, _, standfirst = head.strip().removeprefix("# ").partition("\n")
    sections = tuple(_section(number, part) for number, part in enumerate(parts, 1))
    return Article(title.strip(), " ".join(standfirst.split()), sections)


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text without headings."""
    return tuple(_block(block.strip()) for block in re.split(r"\n\s*\n", text) if block.strip())


def _section(number: int, text: str) -> Section:
    heading, _, body = text.partition("\n")
    return Section(f"part-{number}", heading.strip(), blocks(body))


def _block(text: str) -> Block:
    figure = _FIGURE.fullmatch(text)
    if figure:
        return Block(figure=figure[1])
    if text.startswith("- "):
        return Block(tuple(_inline(line) for line in re.split(r"^- ", text, flags=re.M) if line.strip()), is_list=True)
    return Block((_inline(text),))


def _inline(text: str) -> Markup:
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", str(escape(" ".join(text.split())))))  # noqa: S704 escaped before
