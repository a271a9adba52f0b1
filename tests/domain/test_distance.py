"""Distances between places, and how they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.distance import Point, kilometres, told

OSLO = Point(59.9139, 10.7522)
EIDSVOLL = Point(60.3290, 11.2620)

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("place", "far"),
    [
        (Point(60.3929, 5.3241), 305),  # Bergen
        (Point(63.4305, 10.3951), 392),  # Trondheim
        (Point(69.6492, 18.9553), 1149),  # Tromsø
        (Point(58.1467, 7.9956), 251),  # Kristiansand
        (EIDSVOLL, 54),
    ],
)
def test_known_places_are_as_far_from_oslo_as_they_are(place: Point, far: int) -> None:
    assert kilometres(OSLO, place) == pytest.approx(far, rel=0.01)


def test_a_degree_of_latitude_is_a_three_hundred_and_sixtieth_of_the_way_around() -> None:
    assert kilometres(Point(60, 10), Point(61, 10)) == pytest.approx(40030 / 360, rel=0.001)


def test_a_degree_of_longitude_is_half_as_long_at_sixty_degrees_north() -> None:
    assert kilometres(Point(60, 10), Point(60, 11)) == pytest.approx(55.6, rel=0.001)


def test_metres_are_not_lost() -> None:
    assert kilometres(OSLO, Point(OSLO.latitude + 0.00001, OSLO.longitude)) == pytest.approx(0.00111, rel=0.01)


def test_the_other_side_of_the_earth_is_half_a_turn_away() -> None:
    assert kilometres(OSLO, Point(-OSLO.latitude, OSLO.longitude - 180)) == pytest.approx(20015, rel=0.001)


@given(points, points)
def test_there_is_as_far_as_back_and_never_more_than_half_a_turn(one: Point, other: Point) -> None:
    assert kilometres(one, other) == pytest.approx(kilometres(other, one), abs=0.001)
    assert 0 <= kilometres(one, other) <= 20016


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (0.0, 1),
        (0.4, 1),
        (1.49, 1),
        (1.5, 2),
        (9.4, 9),
        (9.9, 10),
        (10.0, 10),
        (12.4, 10),
        (12.5, 15),
        (53.9, 55),
        (305.2, 305),
    ],
)
def test_a_distance_is_told_in_whole_kilometres_and_from_ten_on_in_fives(distance: float, shown: int) -> None:
    assert told(distance) == shown
