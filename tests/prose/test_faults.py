"""What cannot be shown is told when it is saved, with its line, and all of it at once."""

from __future__ import annotations

import pytest

from booking.prose.document import UnreadableText
from booking.prose.markdown import LONGEST, passage
from tests.prose.texts import BODY, COVER, ELM, FACTS, FILM, OAK, WHY, article, faults_of, line_of

ONE = "## One {#one}\n"


def assert_one_fault(text: str, at: str, words: str) -> None:
    """One fault, in the first line that has `at`, that says these words."""
    (fault,) = faults_of(text)
    assert words in fault.words
    assert fault.line == line_of(text, at)


# -- the body ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "at", "words"),
    [
        (ONE + "A.\n\n::: tril\n", "tril", "“::: tril” is not known; there are trial,"),
        (ONE + "A.\n::: trial big\n", "big", "takes nothing more"),
        (ONE + "A.\n::: trial\n\n::: trial\n", "::: trial", "stands already"),
        (ONE + "A.\n::: trial\n:::\n", "", "closes nothing"),
        (ONE + "A ::: trial\n", "A :::", "at the beginning of a line"),
        (ONE + "- ::: trial\n", "- :::", "at the beginning of a line"),
        (ONE + "::: notice info\nA.\n", "notice", "“::: notice” is not closed"),
        (ONE + "::: notice info\nA.\n## Two {#two}\nB.", "notice", "“::: notice” is not closed"),
        (ONE + "::: notice info\nA.\n::: trial\n", "notice", "“::: notice” is not closed"),
        (ONE + "::: notice loud Listen\nA.\n:::\n", "loud", "the kind “loud” is not known; there are info,"),
        (ONE + "::: notice info A\n\n:::\n", "notice", "holds no text"),
        (ONE + "::: video films\nA.\n:::\n", "films", "no [[videos]] with the key “films”"),
        (ONE + "A.\n::: questions\n", "questions", "shows nothing"),
        (ONE + "A.\n::: references\n", "::: references", "shows nothing"),
        (ONE + "A.\n\nB.[^elm]\n", "elm", "The mark [^elm] has no reference"),
        (ONE + "A\nB [x](javascript:alert(1))\n", "javascript", "A link cannot lead to “javascript:"),
        (ONE + "A\n\n- B <vbscript:x>\n", "vbscript", "A link cannot lead to"),
        (ONE + "[x](http://a.example)\n", "http:", "A link cannot lead to"),
        (ONE + "[x](//a.example)\n", "//a", "A link cannot lead to"),
        (ONE + "[x](https://)\n", "https:", "A link cannot lead to"),
        (ONE + "[x](data:text/html,y)\n", "data:", "A link cannot lead to"),
        (ONE + "[x](/a b)\n", "[x]", "cannot be read as one"),
        (ONE + "[x]()\n", "[x]", "A link cannot lead to"),
        (ONE + "A.\n# Two\nB.", "# Two", "only “### Heading”"),
        (ONE + "A.\n\n#### Two\nB.", "#### Two", "only “### Heading”"),
        (ONE + "A.\n\nTwo\n---\n", "Two", "only “### Heading”"),
        (ONE + "::: notice info\n### Two\n:::\n", "### Two", "no heading"),
        (ONE + "A.\n## Two\nB.", "## Two", "needs an anchor"),
        (ONE + "A.\n##Two\nB.", "##Two", "needs an anchor"),
        (ONE + "A.\n## {#two}\nB.", "{#two}", "The heading is empty"),
        (ONE + "A.\n## Two {#Two}\nB.", "{#Two}", "The anchor “Two” should be"),
        (ONE + "A.\n## Two {#one}\nB.", "## Two", "The anchor “one” stands already"),
        (ONE + "### Two {#one}\nB.", "### Two", "The anchor “one” stands already"),
        (ONE + "\n## Two {#two}\nB.", "## One", "This section is empty"),
        ("A.\nB.\n" + ONE + "C.", "A.", "before the first section"),
        (ONE + "```\nA\n```\n", "```", "A block of code"),
        (ONE + "A `b` c\n", "`b`", "Code cannot stand here"),
        (ONE + "![a](/b.png)\n", "![a]", "A picture cannot stand"),
        (ONE + "A\x07\n", "\x07", "U+0007"),
    ],
)
def test_a_fault_in_the_body_is_told_with_its_line(body: str, at: str, words: str) -> None:
    text = article(body)
    faults = faults_of(text)

    assert [fault.words for fault in faults if words in fault.words]
    if at:
        assert line_of(text, at) in {fault.line for fault in faults} or "already" in words
    assert len(faults) == 1


def test_the_line_of_a_fault_is_that_of_the_file() -> None:
    text = article(ONE + "A\nb\n- c [x](ftp://a.example)\n\n::: notice info\nA.\n\nB.[^no]\n:::\n")

    assert [fault.line for fault in faults_of(text)] == [line_of(text, "ftp"), line_of(text, "[^no]")]


def test_a_text_without_sections_is_refused() -> None:
    (fault,) = faults_of(article(""))
    assert "no section" in fault.words


def test_all_faults_are_told_in_the_order_of_their_lines() -> None:
    text = article(
        ONE + "A [x](javascript:a)\n::: findr\n## Two {#one}\nB.[^no]", facts=FACTS.replace("title = ", "titel = ")
    )
    faults = faults_of(text)

    assert len(faults) == 6
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    assert {line_of(text, words) for words in ("titel", "javascript", "findr", "## Two", "[^no]")} < {
        fault.line for fault in faults
    }


# -- what belongs together --------------------------------------------------------------------------------------


def test_a_reference_that_is_mentioned_nowhere_is_told() -> None:
    text = article(ONE + "A.[^elm-2020]\n::: references\n", ELM, OAK)
    assert [fault.words for fault in faults_of(text)] == ["The reference “oak-2019” is mentioned nowhere."]


def test_references_without_their_place_are_told() -> None:
    assert ["no “::: references”" in fault.words for fault in faults_of(article(ONE + "A.[^oak-2019]", OAK))] == [True]


def test_questions_without_their_place_are_told() -> None:
    assert ["no “::: questions”" in fault.words for fault in faults_of(article(ONE + "A.", WHY))] == [True]


def test_a_video_that_is_shown_nowhere_is_told() -> None:
    assert_one_fault(article(BODY, FILM), "[[videos]]", "shown nowhere")


def test_a_reference_twice_under_one_key_is_told() -> None:
    text = article(ONE + "A.[^oak-2019]\n::: references\n", OAK, OAK)
    assert ["stands already" in fault.words for fault in faults_of(text)] == [True]


def test_a_question_with_the_anchor_of_a_section_is_told() -> None:
    text = article("## Rest {#why-rest}\n::: questions\n", WHY)
    assert_one_fault(text, "## Rest", "The anchor “why-rest” stands already")


def test_a_mark_in_a_reference_is_told() -> None:
    text = article(ONE + "A.[^oak-2019]\n::: references\n", OAK.replace("Oak A.", "Oak A.[^oak-2019]"))
    assert_one_fault(text, "Oak A.", "has no reference here")


def test_a_mark_in_a_link_is_told() -> None:
    text = article(ONE + "[A[^oak-2019]](/b)\n::: references\n", OAK)
    assert_one_fault(text, "[A[^", "cannot be read as one")


def test_a_fault_in_an_answer_has_its_line() -> None:
    text = article("## One {#one}\n::: questions\n", WHY.replace("For tomorrow", "[x](javascript:a)"))
    assert_one_fault(text, "javascript", "A link cannot lead to")


# -- front matter -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "at", "words"),
    [
        ('author = "Ask Eksempel"\n', "", "+++", "`author` is missing"),
        ("claims_condition = false\n", "", "+++", "`claims_condition` is missing"),
        ('author = "Ask Eksempel"', "author = 7", "author = 7", "`author` should be a text"),
        ('author = "Ask Eksempel"', 'author = " "', 'author = " "', "`author` is empty"),
        ('author = "Ask Eksempel"', 'author = "A\\u0007"', "author =", "`author` should be one line"),
        ("published = 2027-01-10", 'published = "2027-01-10"', "published", "`published` should be a date"),
        ("published = 2027-01-10", "published = 2027-01-10T09:00:00", "published", "`published` should be a date"),
        ("published = 2027-01-10", "published = 2027-02-30", "published", "not TOML"),
        ("updated = 2027-02-01", "updated = 2026-02-01", "updated", "`updated` should not be before"),
        ("next_review = 2028-02-01", "next_review = 2027-02-01", "next_review", "`next_review` should be after"),
        ("claims_condition = false", "claims_condition = 0", "claims_condition", "should be true or false"),
        ('tags = ["movement"]', 'tags = "movement"', "tags", "`tags` should be texts"),
        ('tags = ["movement"]', "tags = [1]", "tags", "`tags` should hold texts"),
        ('tags = ["movement"]', 'tags = ["a/b"]', "tags", "without slashes"),
        ('tags = ["movement"]', 'tags = ["a", "a"]', "tags", "different words"),
        ('tags = ["movement"]', 'tags = ["movement"]\nmood = "good"', "mood", "`mood` is not known here"),
        ('tags = ["movement"]', "tags = [", "", "not TOML"),
        ('tags = ["movement"]', "cover = 1\ntags = []", "cover", "`cover` should be a table"),
        ('tags = ["movement"]', "videos = 1\ntags = []", "videos", "`videos` should be tables"),
        ('tags = ["movement"]', "videos = [1]\ntags = []", "videos", "`videos` should be tables"),
        ('tags = ["movement"]', "tags = " + "[" * 5000, "", "not TOML"),
        ('tags = ["movement"]', "tags = " + "9" * 5000, "", "not TOML"),
    ],
)
def test_a_fault_in_the_front_matter_is_told_with_its_line(before: str, after: str, at: str, words: str) -> None:
    text = article(facts=FACTS.replace(before, after))
    (fault,) = faults_of(text)

    assert words in fault.words
    if at:
        assert fault.line == line_of(text, at)


@pytest.mark.parametrize(
    ("table", "before", "after", "words"),
    [
        (COVER, 'alt = "A path up a hill"', "", "`alt` is missing"),
        (COVER, '"path"', '"paht"', "`picture` should be one of needles, path, door"),
        (OAK, "https:", "http:", "`url` should begin with https://"),
        (OAK, "https://doi.org/10.1000/1", "javascript:alert(1)", "`url` should begin with https://"),
        (OAK, "https://doi.org/10.1000/1", "https://[", "`url` should begin with https://"),
        (OAK, "url = ", "link = ", "`link` is not known here"),
        (FILM, 'title = "Six exercises"', 'title = "A"\naddress = "//a.example"', "`address` should begin"),
        (FILM, 'title = "Six exercises"', 'title = "A"\naddress = "/\\\\a.example"', "`address` should begin"),
        (FILM, 'title = "Six exercises"', 'title = "A"\ncaptions = "https://a.example"', "`captions` should begin"),
    ],
)
def test_a_fault_in_a_table_is_told(table: str, before: str, after: str, words: str) -> None:
    text = article(BODY, table.replace(before, after))
    assert [fault for fault in faults_of(text) if words in fault.words]


def test_the_second_of_two_tables_has_lines_of_its_own() -> None:
    text = article(ONE + "A.[^oak-2019][^elm-2020]\n::: references\n", OAK, ELM.replace("https:", "http:"))
    assert_one_fault(text, "http:", "`url` should begin")


# -- the whole --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "A.", "## One {#one}\n", "\n+++\n+++\n"])
def test_a_text_without_front_matter_is_refused(text: str) -> None:
    (fault,) = faults_of(text)
    assert (fault.line, "should begin with a line “+++”" in fault.words) == (1, True)


def test_a_front_matter_that_does_not_end_is_refused() -> None:
    (fault,) = faults_of("+++\n" + FACTS)
    assert "not closed" in fault.words


def test_a_text_may_be_as_long_as_this_and_no_longer() -> None:
    room = LONGEST - len(article(ONE).encode())

    assert faults_of(article(ONE + "ø" * (room // 2))) == []
    assert ["longer than 200 kB" in fault.words for fault in faults_of(article(ONE + "ø" * (room // 2 + 1)))] == [True]


@pytest.mark.parametrize("text", ["::: trial", "# A", "## A {#a}", "A.[^a]", "[x](javascript:a)", "A\x00"])
def test_a_passage_has_no_directives_headings_marks_or_unsafe_links(text: str) -> None:
    with pytest.raises(UnreadableText) as refused:
        passage("A.\n\n" + text)
    assert [fault.line for fault in refused.value.faults] == [3]
