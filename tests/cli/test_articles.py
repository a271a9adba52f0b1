"""`articles`: what editors do with texts, and how they are told of faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.cli.commands import said
from tests.prose.texts import BODY, FACTS, article, line_of
from tests.servers.databases import only_sqlite

pytestmark = only_sqlite

SLUG = "moving-on-bad-days"
FAULTY = article("## One {#one}\n::: findr\n## Two {#one}\nA.", facts=FACTS.replace("author =", "auther ="))


@pytest.fixture
def good(tmp_path: Path) -> str:
    return written(tmp_path / "good.md", article())


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    return written(tmp_path / "faulty.md", FAULTY)


def written(file: Path, text: str) -> str:
    file.write_text(text, "utf-8")
    return str(file)


def test_a_good_text_is_checked_and_not_saved(app: Flask, good: str) -> None:
    answer = said(app, "articles", "check", good, "--json")

    assert answer.exit_code == 0
    assert answer.answer == {
        "file": good,
        "title": "Moving on bad days",
        "words": 4,
        "minutes": 1,
        "updated": "2027-02-01",
        "next_review": "2028-02-01",
        "sections": ["one-step"],
        "faults": [],
    }
    assert said(app, "articles", "list").answer == {"articles": []}


@pytest.mark.parametrize("command", [("check",), ("save", SLUG, "en")])
def test_all_faults_are_told_with_their_lines(app: Flask, faulty: str, command: tuple[str, ...]) -> None:
    answer = said(app, "articles", *command, faulty)

    lines = [1, line_of(FAULTY, "auther"), line_of(FAULTY, "findr"), line_of(FAULTY, "## Two")]
    assert answer.exit_code == 2
    assert [fault["line"] for fault in answer.answer["faults"]] == lines
    assert [line.split(": ")[0] for line in answer.stderr.splitlines()] == [f"{faulty}:{line}" for line in lines]
    assert said(app, "articles", "list").answer == {"articles": []}


def test_a_file_in_another_encoding_is_told_with_its_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "latin.md"
    file.write_bytes(FAULTY.encode("latin-1"))

    answer = said(app, "articles", "check", str(file))

    assert answer.exit_code == 2
    assert answer.answer["faults"] == [{"line": line_of(FAULTY, "ø"), "words": "This is not UTF-8."}]


def test_a_saved_text_is_shown_as_it_was_saved(app: Flask, good: str) -> None:
    saved = said(app, "articles", "save", SLUG, "en", good, "--by", "Ola")
    shown = said(app, "articles", "show", SLUG, "en").answer

    assert saved.answer == {"slug": SLUG, "language": "en", "version": 1}
    assert (shown["version"], shown["by"], shown["text"]) == (1, "Ola", article())


def test_versions_are_listed_shown_and_brought_back(app: Flask, good: str, tmp_path: Path) -> None:
    changed = written(tmp_path / "changed.md", article(BODY + "Another.\n"))
    said(app, "articles", "save", SLUG, "en", good)
    said(app, "articles", "save", SLUG, "en", changed)

    restored = said(app, "articles", "restore", SLUG, "en", "1", "--by", "Siv")

    assert restored.answer["version"] == 3
    versions = said(app, "articles", "versions", SLUG, "en", "--json").answer["versions"]
    assert [(each["version"], each["by"]) for each in versions] == [
        (3, "Siv"),
        (2, "command line"),
        (1, "command line"),
    ]
    assert said(app, "articles", "show", SLUG, "en").answer["text"] == article()
    assert said(app, "articles", "show", SLUG, "en", "--version", "2").answer["text"] == article(BODY + "Another.\n")


def test_articles_are_listed_with_their_languages(app: Flask, good: str) -> None:
    said(app, "articles", "save", SLUG, "nb", good)

    (listed,) = said(app, "articles", "list", "--json").answer["articles"]
    assert listed["slug"] == SLUG
    assert {language: each["version"] for language, each in listed["languages"].items()} == {"nb": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", SLUG, "en"), "no text has this name"),
        (("versions", SLUG, "en"), "no text has this name"),
        (("show", SLUG, "xx"), "LANG xx: not known"),
        (("show", SLUG, "en", "--version", "0"), "should be a whole number"),
        (("versions", "A B", "xx"), "SLUG A B: this should be"),
        (("restore", SLUG, "en", "7"), "no text with this name has a version 7"),
        (("restore", SLUG, "en", "x"), "should be a whole number"),
        (("check", "not-there.md"), "does not exist"),
    ],
)
def test_what_cannot_be_used_is_told_and_ends_with_2(app: Flask, arguments: tuple[str, ...], words: str) -> None:
    answer = said(app, "articles", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert words in answer.stderr
