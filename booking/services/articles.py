"""Articles: their texts as editors save them, every version kept, and as readers find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from booking.domain.errors import UnknownArticle
from booking.prose.document import Document, UnreadableText
from booking.prose.markdown import read_document, with_plain_line_ends
from booking.prose.names import KEBAB
from booking.store.articles import (
    Article,
    ArticleVersion,
    Edition,
    article_to_change,
    editions,
    last_position,
    newest_version,
    version_of,
)
from booking.store.database import utc
from booking.store.unit_of_work import unit_of_work

CONTENT = Path(__file__).resolve().parent.parent / "content" / "articles"
LANGUAGES = ("nb", "en")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Published:
    """What readers of one language see of an article; `number` is the version's, from 1."""

    article_id: int
    slug: str
    language: str
    number: int
    document: Document


# -- reading ----------------------------------------------------------------------------------------------------


def published(session: Session, language: str) -> list[Published]:
    """The articles of one language, in their order.

    A text that was saved under other rules and cannot be read any more is left out, and told in the log.
    """
    read = (_read(edition) for edition in editions(session) if edition.language == language)
    return [each for each in read if each is not None]


def published_article(session: Session, slug: str, language: str) -> Published | None:
    return next((each for each in published(session, language) if each.slug == slug), None)


def languages_of(session: Session, slug: str) -> tuple[str, ...]:
    """The languages that the article can be read in."""
    there = {edition.language for edition in editions(session) if edition.slug == slug and _read(edition)}
    return tuple(language for language in LANGUAGES if language in there)


def _read(edition: Edition) -> Published | None:
    try:
        document = read_document(edition.text)
    except UnreadableText as error:
        log.error(
            "article cannot be read",
            article=edition.slug,
            language=edition.language,
            number=edition.number,
            why=str(error),
        )
        return None
    return Published(edition.article_id, edition.slug, edition.language, edition.number, document)


# -- saving -----------------------------------------------------------------------------------------------------


def save_article(slug: str, language: str, text: str, *, by: str, now: datetime) -> int:
    """Saves a text as a new version, and the article with it if it is new; the version's number.

    Text that readers see already makes no new version. Raises UnreadableText with all faults of the text, and
    UnknownArticle for a slug or language that no address can have; nothing is changed then.
    """
    _check(slug, language)
    text = with_plain_line_ends(text)
    read_document(text)
    return unit_of_work(lambda session: _save(session, slug, language, text, by=by, now=now))


def restore_article(slug: str, language: str, number: int, *, by: str, now: datetime) -> int:
    """Saves the text of version `number` once more, as the newest; the new version's number.

    Raises UnknownArticle if there is no such version, and UnreadableText if it follows older rules.
    """

    def work(session: Session) -> int:
        version = version_of(session, slug, language, number)
        if version is None:
            raise UnknownArticle
        read_document(version.text)
        return _save(session, slug, language, version.text, by=by, now=now)

    return unit_of_work(work)


def load_articles(session: Session, slugs: Iterable[str], *, now: datetime) -> None:
    """Saves the texts of the content folder inside the caller's unit of work, in this order."""
    for slug in slugs:
        for language, text in first_texts(slug).items():
            read_document(text)
            _save(session, slug, language, text, by="content", now=now)


def first_texts(slug: str) -> Mapping[str, str]:
    """The texts of the content folder by language. Raises FileNotFoundError for one that is not there."""
    return {language: (CONTENT / f"{slug}.{language}.md").read_text("utf-8") for language in LANGUAGES}


def _check(slug: str, language: str) -> None:
    if not KEBAB.fullmatch(slug) or language not in LANGUAGES:
        raise UnknownArticle


def _save(session: Session, slug: str, language: str, text: str, *, by: str, now: datetime) -> int:
    article = article_to_change(session, slug) or _new_article(session, slug)
    newest = newest_version(session, article.id, language)
    if newest is not None and newest.text == text:
        return newest.number
    number = newest.number + 1 if newest else 1
    session.add(
        ArticleVersion(
            article_id=article.id, language=language, number=number, text=text, saved_at=utc(now), saved_by=by
        )
    )
    session.flush()
    return number


def _new_article(session: Session, slug: str) -> Article:
    """Another who makes the same article at the same time waits for this one and then finds it."""
    article = Article(slug=slug, position=last_position(session) + 1)
    session.add(article)
    session.flush()
    return article
