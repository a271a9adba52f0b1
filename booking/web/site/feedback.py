"""Feedback: what readers think of an article and write below it, and the forms in which they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import abort, request, session

from booking.services.articles import Published, published_article
from booking.services.ratings import mean_in_tenths, stars_of
from booking.store.articles import Comment, comments_below, usefulness_of
from booking.store.database import db
from booking.web import clock
from booking.web.forms.readers import CommentForm, RatingForm, ReaderForm, read_id
from booking.web.language import current_language
from booking.web.office import office


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as everybody may see it. `paragraphs`: each with its lines."""

    id: int
    name: str
    language: str
    posted_at: datetime
    paragraphs: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, comment: Comment) -> Said:
        paragraphs = tuple(tuple(each.split("\n")) for each in comment.text.split("\n\n"))
        return cls(comment.id, comment.name, comment.language, comment.posted_at, paragraphs)


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment and what was answered to it; without the comment itself once that was removed."""

    first: Said | None
    answers: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """`mean`: of the stars, to one decimal, None without votes; `own_stars`: what this reader gave, if she has.

    `count`: of the comments; `answering`: the one that the form will answer.
    """

    slug: str
    votes: int
    mean: Decimal | None
    own_stars: int | None
    rating_form: RatingForm
    count: int
    threads: tuple[Thread, ...]
    answering: Said | None
    comment_form: CommentForm

    @property
    def form(self) -> ReaderForm | None:
        """The form in which something is wrong, if any."""
        return next((form for form in (self.rating_form, self.comment_form) if form.errors), None)


def feedback_on(
    article: Published, *, rating_form: RatingForm | None = None, comment_form: CommentForm | None = None
) -> Feedback:
    """What stands below the article for this reader; the forms as they were sent, or else empty."""
    usefulness = usefulness_of(db.session(), article.article_id)
    tenths, own_stars = mean_in_tenths(usefulness), _own_stars(article)
    comments = comments_below(db.session(), article.article_id)
    comment_form = comment_form or _new_comment_form()
    answering = next((each for each in comments if each.id == read_id(comment_form.answers.data)), None)
    comment_form.answers.data = str(answering.id) if answering else ""
    return Feedback(
        slug=article.slug,
        votes=usefulness.votes,
        mean=None if tenths is None else Decimal(tenths) / 10,
        own_stars=own_stars,
        rating_form=rating_form or _new_rating_form(own_stars),
        count=len(comments),
        threads=_threads_of(comments),
        answering=Said.of(answering) if answering else None,
        comment_form=comment_form,
    )


def article_to_tell_of(slug: str) -> Published:
    """The article in the language of the page; ends the request with 404 if there is none."""
    found = published_article(db.session(), slug, current_language())
    if found is None:
        abort(404)
    return found


def reader_secret() -> str | None:
    """What this reader's browser keeps since she rated an article."""
    secret = session.get("reader")
    return secret if isinstance(secret, str) else None


def _own_stars(article: Published) -> int | None:
    secret = reader_secret()
    return stars_of(db.session(), office(), article.article_id, secret) if secret else None


def _new_rating_form(own_stars: int | None) -> RatingForm:
    form = RatingForm(at=clock.machine_now())
    form.stars.data = own_stars and str(own_stars)
    return form


def _new_comment_form() -> CommentForm:
    """Answers the comment that the address names."""
    form = CommentForm(at=clock.machine_now())
    form.answers.data = request.args.get("answer", "")
    return form


def _threads_of(comments: Iterable[Comment]) -> tuple[Thread, ...]:
    """From the oldest on, which no answer is older than."""
    firsts: dict[int, Said | None] = {}
    answers: dict[int, list[Said]] = {}
    for comment in comments:
        if comment.answers_id is None:
            firsts[comment.id] = Said.of(comment)
        else:
            firsts.setdefault(comment.answers_id, None)
            answers.setdefault(comment.answers_id, []).append(Said.of(comment))
    return tuple(Thread(first, tuple(answers.get(id, ()))) for id, first in firsts.items())
