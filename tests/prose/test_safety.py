"""Whatever somebody writes: a page of ours runs no script of hers, and reading it ends in a document or in faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.prose.document import Document, Html, Notice, UnreadableText, Video
from booking.prose.faults import Faults
from booking.prose.front_matter import Written
from booking.prose.markdown import passage, read_document
from booking.prose.names import Anchors
from booking.prose.writer import Marks, Writer
from tests.prose.texts import ELM, FILM, OAK, WHY, article, faults_of

TAGS = {"p", "h3", "ul", "ol", "li", "blockquote", "hr", "br", "em", "strong", "a", "sup"} | {
    *("table", "thead", "tbody", "tr", "th", "td")
}
ATTRIBUTES = {"href", "rel", "role", "aria-label", "id", "start", "class", "scope"}
XHTML = "{http://www.w3.org/1999/xhtml}"

PIECES = (
    *("## One {#one}\n", "## Two {#two}\n", "### Three {#three}\n", "::: trial\n", "::: finder\n", "::: colophon\n"),
    *("::: notice info <b>\n", "::: video six-exercises\n", ":::\n", "::: questions\n", "::: references\n", ":::"),
    *(
        "[^oak-2019]",
        "[^elm-2020]",
        '[^"><script>]',
        "A.\n\n",
        "- a\n",
        "1. b\n",
        "9. c\n",
        "> ",
        "| a | b |\n|---|--:|\n",
    ),
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href=javascript:a>",
        "<!--",
    ),
    *("[x](javascript:alert(1))", "[x](&#106;avascript:a)", "[x](java\nscript:a)", "<javascript:a>", "![x](data:a)"),
    *(
        '[x](https://a.example/"onclick=a)',
        "[x](/\\a.example)",
        '[x](<https://a.example> "\'><script>")',
        "[x]: javascript:a\n",
    ),
    *(
        "**",
        "_",
        "`",
        "~~~\n",
        "***\n",
        "\\",
        "&lt;script&gt;",
        "&#0;",
        "    ",
        "\t",
        "\r\n",
        "\x0b",
        "\u2028",
        "{#a}",
        "æøå 🙂 ",
    ),
)

bodies = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30).map("".join)


def markup_of(document: Document) -> Iterator[str]:
    for section in document.sections:
        for part in section.parts:
            if isinstance(part, Html | Notice):
                yield part.html
            elif isinstance(part, Video):
                yield part.transcript
    yield from (question.answer for question in document.questions)
    yield from (reference.text for reference in document.references)


def assert_safe(html: str) -> None:
    """Valid HTML that holds nothing but the tags and attributes that we use, and links that lead nowhere odd."""
    tree = html5lib.HTMLParser(strict=True).parseFragment(html)
    for element in tree.iter():
        if element is tree:
            continue
        assert isinstance(element.tag, str)  # a comment has a function here
        assert element.tag.removeprefix(XHTML) in TAGS
        assert element.attrib.keys() <= ATTRIBUTES
        assert element.attrib.get("class", "plain-table") == "plain-table"
        address = urlsplit(element.attrib.get("href", ""))
        assert address.scheme in {"", "https", "mailto"}
        assert bool(address.netloc) == (address.scheme == "https") == (element.attrib.get("rel") == "noopener")


@given(st.text() | bodies)
def test_any_text_is_a_document_or_has_faults(text: str) -> None:
    with suppress(UnreadableText):
        read_document(text)


@given(bodies)
def test_any_front_matter_is_read_or_has_faults_in_its_lines(facts: str) -> None:
    text = article(facts=facts)

    assert all(0 <= fault.line <= len(text.splitlines()) + 1 for fault in faults_of(text))


@given(bodies)
def test_any_body_is_safe(body: str) -> None:
    tables = (OAK, ELM, WHY, FILM)
    whole = (
        "## Begin {#begin}\n[^oak-2019][^elm-2020]\n::: questions\n::: references\n::: video six-exercises\nA.\n:::\n"
    )
    for text in (article(whole + body, *tables), article("## Begin {#begin}\nA.\n" + body)):
        try:
            document = read_document(text)
        except UnreadableText:
            continue
        for html in markup_of(document):
            assert_safe(html)


@given(bodies.map(lambda text: "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")))
def test_what_is_written_is_safe_even_where_faults_refuse_it(text: str) -> None:
    faults = Faults()
    writer = Writer(faults, Anchors(faults), Marks(("oak-2019", "elm-2020")))
    written = Written(text, 1)

    for passage_of_it in (writer.section(written), writer.block(written), writer.line(written)):
        assert_safe(passage_of_it.html)


@given(bodies)
def test_any_passage_is_safe(text: str) -> None:
    with suppress(UnreadableText):
        assert_safe(passage(text).html)


@pytest.mark.parametrize("piece", PIECES)
def test_no_piece_of_these_does_harm_alone(piece: str) -> None:
    try:
        document = read_document(article(f"## Begin {{#begin}}\nA {piece} b\n\n{piece}\n"))
    except UnreadableText:
        return
    for html in markup_of(document):
        assert_safe(html)
