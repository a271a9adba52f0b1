"""A text that can be read becomes the parts of a page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import booking
from booking.prose.document import (
    Colophon,
    Cover,
    Figure,
    Finder,
    Html,
    Notice,
    Part,
    Questions,
    Sources,
    Video,
)
from booking.prose.markdown import passage, read_document
from tests.prose.texts import BODY, COVER, ELM, FILM, OAK, WHY, article, read

CONTENT = Path(booking.__file__).parent / "content"


def parts(body: str, *tables: str) -> tuple[Part, ...]:
    return read(f"## One {{#one}}\n{body}", *tables).sections[0].parts


def html(body: str, *tables: str) -> str:
    (part,) = parts(body, *tables)
    assert isinstance(part, Html)
    return part.html


# -- facts ------------------------------------------------------------------------------------------------------


def test_the_front_matter_tells_who_wrote_it_and_when() -> None:
    document = read()

    assert (document.title, document.author, document.reviewer_role) == (
        "Moving on bad days",
        "Ask Eksempel",
        "manual therapist",
    )
    assert (document.published, document.next_review) == (date(2027, 1, 10), date(2028, 2, 1))
    assert document.tags == ("movement",)
    assert document.claims_condition is False


def test_a_cover_may_be_missing() -> None:
    assert read().cover is None
    assert read(BODY, COVER).cover == Cover("path", "A path up a hill")


def test_a_text_from_windows_is_read_as_the_same_text() -> None:
    assert read_document(article().replace("\n", "\r\n")) == read_document("\ufeff" + article())


def test_the_same_text_is_read_once() -> None:
    assert read_document(article()) is read_document(article())


# -- sections ---------------------------------------------------------------------------------------------------


def test_a_section_has_a_heading_and_an_anchor() -> None:
    document = read("## One step {#one-step}\nA.\n\n## Æ & ø {#two}\nB.")

    assert [(each.anchor, each.heading) for each in document.sections] == [("one-step", "One step"), ("two", "Æ & ø")]


def test_a_heading_inside_a_section_may_have_an_anchor() -> None:
    assert html("### Plain\n\n### Linked {#linked}") == '<h3>Plain</h3>\n<h3 id="linked">Linked</h3>'


def test_paragraphs_between_directives_are_one_part() -> None:
    assert [type(part) for part in parts("A.\n\nB.\n\n::: trial\n\nC.\n\n- D")] == [Html, Figure, Html]


def test_every_directive_becomes_its_part() -> None:
    found = parts("Text.[^oak-2019]\n::: trial\n::: finder\n::: questions\n::: references\n::: colophon\n", OAK, WHY)

    assert found[1:] == (Figure("trial"), Finder(), Questions(), Sources(), Colophon())


def test_a_notice_has_a_kind_a_title_and_a_text() -> None:
    assert parts("::: notice differs Call us first\nIf *this* is so.\n:::") == (
        Notice("differs", "Call us first", "<p>If <em>this</em> is so.</p>"),
    )


def test_a_notice_may_have_no_title() -> None:
    assert parts("::: notice info\nRest.\n:::") == (Notice("info", "", "<p>Rest.</p>"),)


def test_a_video_has_a_transcript() -> None:
    address = 'address = "https://films.example/six"\ncaptions = "/static/six.vtt"\n'

    assert parts("::: video six-exercises\nStand up.\n:::", FILM + address) == (
        Video("Six exercises", "https://films.example/six", "/static/six.vtt", "<p>Stand up.</p>"),
    )


def test_a_video_that_is_not_made_yet_has_no_address() -> None:
    (part,) = parts("::: video six-exercises\nStand up.\n:::", FILM)

    assert isinstance(part, Video)
    assert (part.address, part.captions) == ("", "")


# -- Markdown ---------------------------------------------------------------------------------------------------


def test_a_link_to_another_host_keeps_the_window_to_itself() -> None:
    assert html("[A](https://a.example/)") == '<p><a href="https://a.example/" rel="noopener">A</a></p>'


@pytest.mark.parametrize("address", ["/nb/clinics", "#one", "mailto:time@klinikk.example", "?q=a"])
def test_a_link_may_lead_inside_the_site_or_to_mail(address: str) -> None:
    assert html(f"[A]({address})") == f'<p><a href="{address}">A</a></p>'


def test_a_table_has_header_cells_and_no_style() -> None:
    found = html("| a | b |\n|---|--:|\n| 1 | 2 |")

    assert found.startswith('<table class="plain-table">')
    assert '<th scope="col">b</th>' in found
    assert "<td>2</td>" in found


@pytest.mark.parametrize("raw", ["<script>alert(1)</script>", "<b>", "<img src=x onerror=alert(1)>", "<!-- a -->"])
def test_raw_html_is_shown_as_it_is_written(raw: str) -> None:
    assert html(raw) == f"<p>{raw.replace('<', '&lt;').replace('>', '&gt;')}</p>"


def test_a_line_that_is_indented_is_a_paragraph() -> None:
    assert html("    Text.") == "<p>Text.</p>"


# -- references -------------------------------------------------------------------------------------------------


def test_references_are_numbered_in_the_order_of_their_first_mention() -> None:
    document = read(
        "## One {#one}\nA[^elm-2020], b[^oak-2019] and c.[^elm-2020]\n\n## Two {#two}\n::: references\n", OAK, ELM
    )

    assert [(each.key, each.number) for each in document.references] == [("elm-2020", 1), ("oak-2019", 2)]
    assert document.references[1].text == "Oak A. <em>Trees</em>. 2019."
    (part,) = document.sections[0].parts
    assert isinstance(part, Html)
    assert part.html.count(">1</a></sup>") == 2


def test_a_mark_links_to_its_reference_and_says_what_it_is() -> None:
    body = "## One {#one}\nA.[^oak-2019]\n::: references\n"

    part = read(body, OAK).sections[0].parts[0]
    assert isinstance(part, Html)
    assert part.html == ('<p>A.<sup><a href="#ref-oak-2019" role="doc-noteref" aria-label="[1]">1</a></sup></p>')


def test_a_mark_in_an_answer_counts_where_the_questions_stand() -> None:
    why = WHY.replace("left.", "left.[^elm-2020]")
    document = read("## One {#one}\n::: questions\nA.[^oak-2019]\n::: references\n", OAK, ELM, why)

    assert [each.key for each in document.references] == ["elm-2020", "oak-2019"]


# -- questions and words ----------------------------------------------------------------------------------------


def test_an_answer_is_there_with_and_without_marks() -> None:
    (question,) = read("## One {#one}\n::: questions\n", WHY).questions

    assert (question.anchor, question.question) == ("why-rest", "Why rest?")
    assert question.answer.startswith("<p>To have <strong>strength</strong> left.</p>")
    assert question.answer_text == "To have strength left. For tomorrow."


def test_words_are_counted_with_headings_and_notices_and_without_transcripts_and_answers() -> None:
    body = (
        "## One step {#one}\nThree *little* words – here.\n::: notice info Rest now\nA while.\n:::\n"
        "::: video six-exercises\nStand up.\n:::\n::: questions\n"
    )
    assert read(body, WHY, FILM).words == 2 + 4 + 2 + 2


def test_marks_are_no_words() -> None:
    assert read("## One {#one}\nA word.[^oak-2019]\n::: references\n", OAK).words == 3


# -- passages ---------------------------------------------------------------------------------------------------


def test_a_passage_is_markdown_alone() -> None:
    assert passage("A *clinic*.\n\nWith doors.").html == "<p>A <em>clinic</em>.</p>\n<p>With doors.</p>"


def test_our_own_texts_can_be_read() -> None:
    for file in (CONTENT / "articles").glob("*.md"):
        assert read_document(file.read_text("utf-8")).sections
    for file in (CONTENT / "clinics").glob("*.md"):
        assert passage(file.read_text("utf-8")).html
