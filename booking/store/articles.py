"""Articles: every saved version of their texts, what readers think of them, and what they write below."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base, remembered

PENDING, SHOWN, REFUSED, REMOVED = "pending", "shown", "refused", "removed"


class Article(Base):
    """An article by its name in addresses; its texts stand in its versions."""

    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class ArticleVersion(Base):
    """One saved text in one language: Markdown with front matter. The highest `number` is what readers see."""

    __tablename__ = "article_versions"
    __table_args__ = (UniqueConstraint("article_id", "language", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    language: Mapped[str]
    number: Mapped[int]
    text: Mapped[str]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]


class Rating(Base):
    """How useful one reader found an article, 1 to 5 stars. `reader`: a keyed hash of what her browser keeps."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    stars: Mapped[int]
    rated_at: Mapped[datetime]


class Comment(Base):
    """What a reader wrote; seen by others once it is `shown`. An answer names the comment it answers.

    `email` is encrypted, and forgotten after a time; `email_hash` is keyed. `form`: which form it came from, so that a
    second click does no harm. `text` and `name` are emptied when it is refused or removed, `email_hash` a day later.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index(None, "article_id", "status", "posted_at"),
        Index(None, "status", "posted_at"),
        Index(None, "email_hash", "posted_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"), index=True)
    language: Mapped[str]
    name: Mapped[str]
    email: Mapped[bytes | None]
    email_hash: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    form: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    posted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Edition(NamedTuple):
    """The text of an article that readers of one language see; `id` is that of the version."""

    id: int
    article_id: int
    slug: str
    language: str
    number: int
    text: str


class Usefulness(NamedTuple):
    """Votes on an article: how many, and the sum of their stars."""

    votes: int
    stars: int


@remembered(Article, ArticleVersion)
def editions(session: Session) -> list[Edition]:
    """The newest version of every article in each of its languages, in the order of the articles."""
    newest = (
        select(ArticleVersion.article_id, ArticleVersion.language, func.max(ArticleVersion.number).label("number"))
        .group_by(ArticleVersion.article_id, ArticleVersion.language)
        .subquery()
    )
    rows = (
        select(
            ArticleVersion.id,
            Article.id,
            Article.slug,
            ArticleVersion.language,
            ArticleVersion.number,
            ArticleVersion.text,
        )
        .join(Article)
        .join(
            newest,
            (newest.c.article_id == ArticleVersion.article_id)
            & (newest.c.language == ArticleVersion.language)
            & (newest.c.number == ArticleVersion.number),
        )
        .order_by(Article.position, Article.id, ArticleVersion.language)
    )
    return [Edition(*row) for row in session.execute(rows)]


def article_to_change(session: Session, slug: str) -> Article | None:
    """The article; who asks for it next waits until this unit of work is over, so that no number is given twice."""
    return session.scalar(select(Article).where(Article.slug == slug).with_for_update())


def all_articles(session: Session) -> list[Article]:
    """In their order."""
    return list(session.scalars(select(Article).order_by(Article.position, Article.id)))


def last_position(session: Session) -> int:
    """0 where there is no article yet."""
    return session.scalar(select(func.max(Article.position))) or 0


def versions_of(session: Session, slug: str, language: str) -> list[ArticleVersion]:
    """Every text of an article in one language, the oldest first; empty if there is no such article."""
    saved = select(ArticleVersion).join(Article).where(Article.slug == slug, ArticleVersion.language == language)
    return list(session.scalars(saved.order_by(ArticleVersion.number)))


def version_of(session: Session, slug: str, language: str, number: int) -> ArticleVersion | None:
    one = select(ArticleVersion).join(Article).where(Article.slug == slug, ArticleVersion.language == language)
    return session.scalar(one.where(ArticleVersion.number == number))


def has_text(session: Session, slug: str, language: str) -> bool:
    """Whether the article was ever saved in this language."""
    saved = exists().where(
        Article.slug == slug, ArticleVersion.article_id == Article.id, ArticleVersion.language == language
    )
    return bool(session.scalar(select(saved)))


def newest_version(session: Session, article_id: int, language: str) -> ArticleVersion | None:
    of_language = select(ArticleVersion).where(
        ArticleVersion.article_id == article_id, ArticleVersion.language == language
    )
    return session.scalar(of_language.order_by(ArticleVersion.number.desc()).limit(1))


def usefulness_of(session: Session, article_id: int) -> Usefulness:
    counted = select(func.count(), func.coalesce(func.sum(Rating.stars), 0)).where(Rating.article_id == article_id)
    return Usefulness(*session.execute(counted).one())


def comments_below(session: Session, article_id: int) -> list[Comment]:
    """The comments that everybody may read, the oldest first."""
    shown = select(Comment).where(Comment.article_id == article_id, Comment.status == SHOWN)
    return list(session.scalars(shown.order_by(Comment.posted_at, Comment.id)))


def all_comments(session: Session) -> list[Comment]:
    """Whatever became of them, the oldest first."""
    return list(session.scalars(select(Comment).order_by(Comment.posted_at, Comment.id)))


def pending_comments(session: Session) -> list[Comment]:
    """What waits for somebody to read it, the oldest first."""
    waiting = select(Comment).where(Comment.status == PENDING)
    return list(session.scalars(waiting.order_by(Comment.posted_at, Comment.id)))
