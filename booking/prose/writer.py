"""Writer: Markdown into HTML that may stand in a page as it is.

Raw HTML is no part of our Markdown and is shown as it is written. What remains is sanitised once more at the end, so
that a mistake here or in the parser lets nothing through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from booking.prose.addresses import is_page, is_safe
from booking.prose.faults import Faults
from booking.prose.front_matter import Written
from booking.prose.names import Anchors

_MARK = re.compile(r"\[\^([^\]\n]*)\]")
_ANCHOR = re.compile(r"\s*\{#([^{}]*)\}\s*$")

_REFUSED = {
    "fence": "A block of code cannot stand here.",
    "code_inline": "Code cannot stand here; a backtick is written \\`.",
    "image": "A picture cannot stand in the text.",
}

_SAFE = nh3.Cleaner(
    tags={"p", "h3", "ul", "ol", "li", "blockquote", "hr", "br", "em", "strong", "a", "sup"}
    | {"table", "thead", "tbody", "tr", "th", "td"},
    attributes={"a": {"href", "rel", "role", "aria-label"}, "h3": {"id"}, "ol": {"start"}, "th": {"scope"}},
    tag_attribute_values={"table": {"class": {"plain-table"}}},
    url_schemes={"https", "mailto"},
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """`text`: the same as `html` without marks, to be counted, searched and handed on."""

    html: str
    text: str


class Marks:
    """Which references a text mentions: they are numbered in the order of their first mention, from 1."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(keys)
        self.numbers: dict[str, int] = {}

    def number(self, key: str) -> int | None:
        """None for a key that no reference has."""
        return self.numbers.setdefault(key, len(self.numbers) + 1) if key in self._keys else None


class Writer:
    """Writes one document. What cannot be written is added to `faults`, with its line."""

    def __init__(self, faults: Faults, anchors: Anchors, marks: Marks) -> None:
        self._faults, self._anchors, self._marks = faults, anchors, marks
        self._headings = False

    def section(self, written: Written) -> Passage:
        """Markdown with headings of level 3."""
        self._headings = True
        passage = self.block(written)
        self._headings = False
        return passage

    def block(self, written: Written) -> Passage:
        """Markdown without headings."""
        return self._written(_MARKDOWN.parse(written.text), written.line)

    def line(self, written: Written) -> Passage:
        """Markdown in one paragraph, which the page makes."""
        return self._written(_MARKDOWN.parseInline(written.text), written.line)

    def _written(self, tokens: Sequence[Token], line: int) -> Passage:
        texts, at = [], line
        for before, token in zip([None, *tokens], tokens, strict=False):
            at = line + token.map[0] if token.map else at
            if token.type == "inline":
                if before is not None and before.type == "heading_open":
                    self._heading(before, token, at)
                texts.append(self._inline(token.children or [], at))
            else:
                self._block(token, at)
        html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
        return Passage(_SAFE.clean(html).strip(), " ".join(" ".join(texts).split()))

    def _block(self, token: Token, line: int) -> None:
        if token.type in _REFUSED:
            self._faults.add(line, _REFUSED[token.type])
        if token.type == "table_open":
            token.attrs = {"class": "plain-table"}
        if token.type in {"th_open", "td_open"}:
            token.attrs = {"scope": "col"} if token.type == "th_open" else {}

    def _heading(self, heading: Token, inline: Token, line: int) -> None:
        if heading.tag != "h3" or not self._headings:
            allowed = "only “### Heading”" if self._headings else "no heading"
            self._faults.add(line, f"Here {allowed} can stand; “## Heading {{#anchor}}” begins a section.")
        last = inline.children[-1] if inline.children else None
        anchor = _ANCHOR.search(last.content) if last is not None and last.type == "text" else None
        if last is not None and anchor:
            last.content = last.content[: anchor.start()]
            heading.attrs = {"id": anchor[1]}
            self._anchors.take(anchor[1], line)

    def _inline(self, tokens: Sequence[Token], line: int) -> str:
        """Checks the tokens of one paragraph; its text."""
        text, first = "", line
        for token in tokens:
            if token.type in _REFUSED:
                self._faults.add(line, _REFUSED[token.type])
            elif token.type == "link_open":
                self._link(token, line)
            elif token.type == "mark":
                self._mark(token, line)
            elif token.type in {"softbreak", "hardbreak"}:
                line += 1
                text += " "
            text += token.content if token.type != "mark" else ""
        if "](" in text:
            self._faults.add(first, "A link in this paragraph cannot be read as one: [words](address).")
        return text

    def _link(self, token: Token, line: int) -> None:
        address = str(token.attrs.get("href", ""))
        token.attrs = {"href": address}
        if is_page(address):
            token.attrs["rel"] = "noopener"
        elif not is_safe(address):
            self._faults.add(line, f"A link cannot lead to “{address[:80]}”; https:, mailto:, paths and # can be used.")

    def _mark(self, token: Token, line: int) -> None:
        number = self._marks.number(token.content)
        token.meta = {"number": number}
        if number is None:
            self._faults.add(line, f"The mark [^{token.content}] has no reference here.")


def _read_mark(state: StateInline, silent: bool) -> bool:
    found = _MARK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("mark", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _write_mark(self: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
    token = tokens[index]
    number = token.meta["number"]
    if number is None:
        return ""
    return f'<sup><a href="#ref-{token.content}" role="doc-noteref" aria-label="[{number}]">{number}</a></sup>'


def _markdown() -> Any:
    """CommonMark with tables and reference marks; every link is read, so that an unsafe one can be told."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["code", "html_block", "html_inline", "reference"])
    parser.inline.ruler.before("link", "mark", _read_mark)
    parser.add_render_rule("mark", _write_mark)
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


_MARKDOWN = _markdown()
