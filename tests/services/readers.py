"""Readers of the article: how they write and vote in tests."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from booking.services.comments import Draft, own_comment, post
from booking.services.ratings import rate
from booking.store.articles import Article, Comment
from booking.store.database import db
from tests.builders import NOW, office

SLUG = "acupuncture-can-relieve-fibromyalgia"

_forms = count(1)


def article_id() -> int:
    return db.session.scalars(select(Article.id).where(Article.slug == SLUG)).one()


def draft(**changes: Any) -> Draft:
    said: dict[str, Any] = {
        "article_id": article_id(),
        "answers": None,
        "language": "en",
        "name": "Kari",
        "email": "kari@example.com",
        "text": "I read this twice.",
        "form": f"form {next(_forms)}",
    }
    return Draft(**(said | changes))


def posted(*, now: datetime = NOW, **changes: Any) -> tuple[int, str]:
    """A comment that waits: its id, and the token of who wrote it."""
    token = post(office(), draft(**changes), now=now, at=now)
    return own_comment(db.session(), token).id, token


def comment(id: int) -> Comment:
    db.session.rollback()
    return db.session.get_one(Comment, id)


def vote(reader: str, stars: int, *, now: datetime = NOW) -> None:
    rate(office(), article_id(), reader, stars, now=now)
    db.session.rollback()
