"""Ratings: how useful readers find an article; one changeable vote a reader, and nothing about who she is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.services.office import Office
from booking.services.privacy import fingerprints
from booking.store.articles import Rating, Usefulness
from booking.store.database import utc
from booking.store.unit_of_work import unit_of_work

STARS = range(1, 6)


def rate(office: Office, article_id: int, reader_secret: str, stars: int, *, now: datetime) -> None:
    """Keeps the reader's vote, in place of the one she gave before. Raises ValueError for stars outside 1 to 5."""
    if stars not in STARS:
        raise ValueError(f"{stars} stars")
    unit_of_work(lambda session: _rate(session, office, article_id, reader_secret, stars, now))


def stars_of(session: Session, office: Office, article_id: int, reader_secret: str) -> int | None:
    """The vote this reader has given; None before she has."""
    kept = _kept(session, office, article_id, reader_secret)
    return kept.stars if kept else None


def mean_in_tenths(votes: Usefulness) -> int | None:
    """The mean of the stars times ten, halves rounded up: 47 for 5, 5 and 4. None without votes."""
    return (20 * votes.stars + votes.votes) // (2 * votes.votes) if votes.votes else None


def _rate(session: Session, office: Office, article_id: int, reader_secret: str, stars: int, now: datetime) -> None:
    kept = _kept(session, office, article_id, reader_secret)
    if kept is None:
        reader = fingerprints(office, "reader", reader_secret)[0]
        session.add(Rating(article_id=article_id, reader=reader, stars=stars, rated_at=utc(now)))
    else:
        kept.stars, kept.rated_at = stars, utc(now)


def _kept(session: Session, office: Office, article_id: int, reader_secret: str) -> Rating | None:
    """The reader's vote, whichever of the installation's keys was the newest when she gave it."""
    readers = fingerprints(office, "reader", reader_secret)
    return session.scalar(select(Rating).where(Rating.article_id == article_id, Rating.reader.in_(readers)).limit(1))
