"""Ratings: one changeable vote a reader, whatever she clicks, and an honest mean."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from booking.services.ratings import mean_in_tenths, rate, stars_of
from booking.store.articles import Rating, Usefulness, usefulness_of
from booking.store.database import db
from tests.builders import NOW, office
from tests.services.readers import article_id, vote

CLICKS = 8


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def usefulness() -> Usefulness:
    db.session.rollback()
    return usefulness_of(db.session(), article_id())


def test_the_demonstration_begins_with_three_votes() -> None:
    assert usefulness() == (3, 14)
    assert mean_in_tenths(usefulness()) == 47


@pytest.mark.parametrize(
    ("votes", "stars", "tenths"), [(0, 0, None), (1, 4, 40), (3, 14, 47), (4, 17, 43), (20, 81, 41), (8, 31, 39)]
)
def test_a_mean_has_one_decimal_and_halves_go_up(votes: int, stars: int, tenths: int | None) -> None:
    assert mean_in_tenths(Usefulness(votes, stars)) == tenths


def test_a_second_vote_takes_the_place_of_the_first() -> None:
    vote("kari", 2)
    vote("kari", 5)
    assert usefulness() == (4, 19)
    assert stars_of(db.session(), office(), article_id(), "kari") == 5


def test_two_readers_have_a_vote_each() -> None:
    vote("kari", 1)
    vote("siv", 1)
    assert usefulness() == (5, 16)
    assert stars_of(db.session(), office(), article_id(), "ola") is None


@pytest.mark.parametrize("stars", [-1, 0, 6])
def test_there_are_one_to_five_stars(stars: int) -> None:
    with pytest.raises(ValueError, match="stars"):
        vote("kari", stars)
    assert usefulness() == (3, 14)


def test_what_is_kept_of_a_reader_is_not_her_secret() -> None:
    vote("karis secret", 4)
    assert not [reader for reader in db.session.scalars(select(Rating.reader)) if "secret" in reader]


def test_a_vote_can_be_changed_after_the_keys_were() -> None:
    vote("kari", 2)
    newer = replace(office(), secret_keys=("a newer key", *office().secret_keys))
    rate(newer, article_id(), "kari", 5, now=NOW)
    assert usefulness() == (4, 19)
    assert stars_of(db.session(), newer, article_id(), "kari") == 5


def test_many_clicks_at_once_are_one_vote(demo_app: Flask) -> None:
    at_once, article, house = Barrier(CLICKS), article_id(), office()
    db.session.rollback()

    def click(number: int) -> None:
        with demo_app.app_context():
            at_once.wait()
            rate(house, article, "kari", 1 + number % 5, now=NOW)

    with ThreadPoolExecutor(CLICKS) as clicks:
        list(clicks.map(click, range(CLICKS)))
    assert usefulness().votes == 4
