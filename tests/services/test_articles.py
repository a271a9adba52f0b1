"""Articles: every saved text is kept, the newest is read, and what cannot be read is never saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.errors import UnknownArticle
from booking.prose.document import UnreadableText
from booking.services.articles import (
    Published,
    languages_of,
    load_articles,
    published,
    published_article,
    restore_article,
    save_article,
)
from booking.services.demonstration import demonstration_facts
from booking.store.articles import Article, ArticleVersion, versions_of
from booking.store.database import db
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW
from tests.prose.texts import FACTS, article
from tests.servers.databases import only_sqlite

SLUG = "moving-on-bad-days"
SAVERS = 6


@pytest.fixture(autouse=True)
def _in_the_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def text(title: str) -> str:
    return article(facts=FACTS.replace("Moving on bad days", title))


def save(title: str, slug: str = SLUG, language: str = "en") -> int:
    return save_article(slug, language, text(title), by="Ola", now=NOW)


def seen(slug: str = SLUG, language: str = "en") -> Published | None:
    return published_article(db.session(), slug, language)


def title_seen(slug: str = SLUG, language: str = "en") -> str | None:
    found = seen(slug, language)
    return found and found.document.title


def kept(language: str = "en") -> list[int]:
    return [each.number for each in versions_of(db.session(), SLUG, language)]


def rows(table: type[Article | ArticleVersion]) -> int | None:
    return db.session.scalar(select(func.count()).select_from(table))


# -- versions ---------------------------------------------------------------------------------------------------


def test_every_version_is_kept_and_the_newest_is_read() -> None:
    assert [save("First"), save("Second")] == [1, 2]

    assert [each.text for each in versions_of(db.session(), SLUG, "en")] == [text("First"), text("Second")]
    assert (title_seen(), seen().number if seen() else None) == ("Second", 2)


def test_a_version_knows_who_saved_it_and_when() -> None:
    save("First")

    (version,) = versions_of(db.session(), SLUG, "en")
    assert (version.saved_by, version.saved_at) == ("Ola", NOW)


def test_the_same_text_again_is_no_new_version() -> None:
    assert [save("First"), save("First")] == [1, 1]
    assert save_article(SLUG, "en", text("First").replace("\n", "\r\n"), by="Siv", now=NOW + timedelta(days=1)) == 1

    assert kept() == [1]


def test_each_language_counts_its_own_versions() -> None:
    save("First")
    save("Second")

    assert save("Først", language="nb") == 1
    assert languages_of(db.session(), SLUG) == ("nb", "en")
    assert rows(Article) == 1


def test_an_older_version_comes_back_as_the_newest() -> None:
    save("First")
    save("Second")

    assert restore_article(SLUG, "en", 1, by="Siv", now=NOW) == 3
    assert (title_seen(), kept()) == ("First", [1, 2, 3])


def test_a_version_that_is_not_there_cannot_come_back() -> None:
    save("First")

    for slug, language, number in ((SLUG, "en", 2), (SLUG, "nb", 1), ("another", "en", 1)):
        with pytest.raises(UnknownArticle):
            restore_article(slug, language, number, by="Siv", now=NOW)


# -- refusals ---------------------------------------------------------------------------------------------------


def test_a_text_with_faults_changes_nothing() -> None:
    save("First")

    with pytest.raises(UnreadableText):
        save_article(SLUG, "en", article("## A {#a}\n::: findr"), by="Ola", now=NOW)
    with pytest.raises(UnreadableText):
        save_article("another", "en", "", by="Ola", now=NOW)
    assert (kept(), rows(Article)) == ([1], 1)


@only_sqlite
@pytest.mark.parametrize(("slug", "language"), [("Big", "en"), ("a/b", "en"), ("", "en"), (SLUG, "xx"), (SLUG, "")])
def test_a_name_that_no_address_can_have_is_refused(slug: str, language: str) -> None:
    with pytest.raises(UnknownArticle):
        save("First", slug, language)


# -- many at once -----------------------------------------------------------------------------------------------


def test_savers_at_the_same_moment_get_a_number_each(app: Flask) -> None:
    begin, numbers, errors = Barrier(SAVERS), [], []

    def saver(name: str) -> None:
        with app.app_context():
            begin.wait()
            try:
                numbers.append(save(name))
            except Exception as error:
                errors.append(error)

    threads = [Thread(target=saver, args=(f"Text {number}",)) for number in range(SAVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sorted(numbers) == kept() == list(range(1, SAVERS + 1))
    assert rows(Article) == 1


# -- reading ----------------------------------------------------------------------------------------------------


def test_articles_are_read_in_their_order_and_in_one_language() -> None:
    save("B", "b-comes-first")
    save("A", "a-comes-second")
    save("C", "c-is-norwegian", "nb")

    assert [each.slug for each in published(db.session(), "en")] == ["b-comes-first", "a-comes-second"]
    assert [each.slug for each in published(db.session(), "nb")] == ["c-is-norwegian"]


def test_an_article_that_is_not_there_is_none() -> None:
    save("First")

    assert (seen(language="nb"), seen("another")) == (None, None)
    assert languages_of(db.session(), "another") == ()


@only_sqlite
def test_a_text_that_cannot_be_read_any_more_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    save("First")
    save("Other", "other")
    for version in db.session.scalars(select(ArticleVersion).limit(1)):
        version.text = "Saved under other rules."
    db.session.commit()

    assert [each.slug for each in published(db.session(), "en")] == ["other"]
    assert languages_of(db.session(), SLUG) == ()
    assert "article cannot be read" in "".join(capfd.readouterr())


# -- first texts ------------------------------------------------------------------------------------------------


@only_sqlite
def test_the_first_texts_are_loaded_in_their_order_and_both_languages() -> None:
    slugs = demonstration_facts()["articles"]["slugs"]
    for _ in range(2):
        unit_of_work(lambda session: load_articles(session, slugs, now=NOW))

    for language in ("nb", "en"):
        assert [(each.slug, each.number) for each in published(db.session(), language)] == [(slug, 1) for slug in slugs]


@only_sqlite
def test_a_first_text_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        unit_of_work(lambda session: load_articles(session, ["not-written"], now=NOW))
