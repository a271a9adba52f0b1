"""Articles on the command line: checked, saved, looked at, and brought back."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from booking.cli import clock
from booking.cli.answers import Json, as_json, moment, show
from booking.cli.faults import Faults
from booking.domain.errors import UnknownArticle
from booking.prose.document import Document, Fault, UnreadableText
from booking.prose.markdown import read_document
from booking.prose.names import KEBAB
from booking.services.articles import LANGUAGES, published, restore_article, save_article
from booking.store.articles import ArticleVersion, all_articles, versions_of
from booking.store.database import db

UNUSABLE = 2
"""Exit code."""

articles = AppGroup("articles", help="Articles and every version of their texts.")

by_whom = click.option("--by", default="command line", show_default=True, metavar="NAME", help="Who saves it.")
of_article = click.argument("slug")
in_language = click.argument("language", metavar="LANG")
from_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))


@articles.command("list")
@as_json
def list_command() -> None:
    """List the articles as readers see them, in their order."""
    session = db.session()
    show({"articles": [{"slug": each.slug, "languages": _seen(session, each.id)} for each in all_articles(session)]})


@articles.command("show")
@of_article
@in_language
@click.option("--version", "number", metavar="N", help="This version instead of the newest.")
@as_json
def show_command(slug: str, language: str, number: str | None) -> None:
    """Show the text of an article."""
    faults = Faults()
    wanted = faults.number("--version", number)
    faults.one_of("LANG", language, LANGUAGES)
    faults.tell()
    versions = [each for each in versions_of(db.session(), slug, language) if wanted in (None, each.number)]
    if not versions:
        _unknown(slug, language, wanted)
    show({"slug": slug, "language": language, **_version(versions[-1]), "text": versions[-1].text})


@articles.command("versions")
@of_article
@in_language
@as_json
def versions_command(slug: str, language: str) -> None:
    """List the versions of a text, the newest first."""
    _check(slug, language)
    versions = versions_of(db.session(), slug, language)
    if not versions:
        _unknown(slug, language)
    show({"slug": slug, "language": language, "versions": [_version(each) for each in reversed(versions)]})


@articles.command("check")
@from_file
@as_json
def check_command(file: str) -> None:
    """Check a text without saving it.

    Ends with 2 if it has faults, and tells all of them with their lines.
    """
    try:
        document = read_document(_text(file))
    except UnreadableText as error:
        _faulty(file, error)
    show({"file": file, **_summary(document), "sections": [each.anchor for each in document.sections], "faults": []})


@articles.command("save")
@of_article
@in_language
@from_file
@by_whom
@as_json
def save_command(slug: str, language: str, file: str, by: str) -> None:
    """Save a text as the newest version, for readers to see.

    Ends with 2 if the text has faults, and tells all of them with their lines; nothing is saved then.
    """
    _check(slug, language)
    try:
        number = save_article(slug, language, _text(file), by=by, now=clock.now())
    except UnreadableText as error:
        _faulty(file, error)
    show({"slug": slug, "language": language, "version": number})


@articles.command("restore")
@of_article
@in_language
@click.argument("number", metavar="N")
@by_whom
@as_json
def restore_command(slug: str, language: str, number: str, by: str) -> None:
    """Save the text of an older version as the newest one."""
    faults = Faults()
    wanted = faults.number("N", number)
    faults.one_of("LANG", language, LANGUAGES)
    faults.tell()
    assert wanted is not None  # a fault would have ended the command
    try:
        saved = restore_article(slug, language, wanted, by=by, now=clock.now())
    except UnknownArticle:
        _unknown(slug, language, wanted)
    except UnreadableText as error:
        _faulty(f"{slug}.{language}.md", error)
    show({"slug": slug, "language": language, "version": saved})


# -- reading arguments ------------------------------------------------------------------------------------------


def _check(slug: str, language: str) -> None:
    faults = Faults()
    if not KEBAB.fullmatch(slug):
        faults.add(f"SLUG {slug}: this should be of small letters a to z, digits and hyphens.")
    faults.one_of("LANG", language, LANGUAGES)
    faults.tell()


def _text(file: str) -> str:
    """The text of a file in UTF-8, or of standard input for `-`. Raises UnreadableText for another encoding."""
    with click.open_file(file, "rb") as opened:
        content: bytes = opened.read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableText((Fault(line, "This is not UTF-8."),)) from error


# -- answers ----------------------------------------------------------------------------------------------------


def _seen(session: Session, article_id: int) -> Json:
    return {
        language: {"version": each.number, **_summary(each.document)}
        for language in LANGUAGES
        for each in published(session, language)
        if each.article_id == article_id
    }


def _summary(document: Document) -> Json:
    return {
        "title": document.title,
        "words": document.words,
        "minutes": document.minutes,
        "updated": document.updated.isoformat(),
        "next_review": document.next_review.isoformat(),
    }


def _version(version: ArticleVersion) -> Json:
    return {"version": version.number, "saved": moment(version.saved_at), "by": version.saved_by}


def _faulty(file: str, error: UnreadableText) -> NoReturn:
    """Tells the faults as compilers do, so that editors lead to the line."""
    faults = [{"line": fault.line, "words": fault.words} for fault in error.faults]
    show({"file": file, "faults": faults}, lambda _answer: ())
    for fault in error.faults:
        click.echo(f"{file}:{fault.line or 1}: {fault.words}", err=True)
    sys.exit(UNUSABLE)


def _unknown(slug: str, language: str, number: int | None = None) -> NoReturn:
    what = "no text has this name" if number is None else f"no text with this name has a version {number}"
    click.echo(f"Error: {slug} {language}: {what}.", err=True)
    sys.exit(UNUSABLE)
