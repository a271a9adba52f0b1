"""Assignment: of all ways in which everybody finds a place, the cheapest; and as many as can find one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.assignment import Choice, Place, Use, assigned

ASK, EMBLA = "ask", "embla"


def at(cost: int, clinician: str, start: int, *more: Use, length: int = 4) -> Place:
    return Place(cost, (Use(clinician, start, start + length), *more))


def meet(one: Place, other: Place) -> bool:
    return any(a.resource == b.resource and a.start < b.end and b.start < a.end for a in one.uses for b in other.uses)


def brute_force(movers: list[list[Place]], barred: list[tuple[Choice, Choice]]) -> tuple[int, int]:
    """(how many stay without a place, what the others cost) of the best of all ways."""
    best = (len(movers), 0)
    for way in product(*([None, *range(len(places))] for places in movers)):
        chosen = [(mover, place) for mover, place in enumerate(way) if place is not None]
        places = [movers[mover][place] for mover, place in chosen]
        if any(meet(one, other) for at, one in enumerate(places) for other in places[:at]):
            continue
        if any(one in chosen and other in chosen for one, other in barred):
            continue
        best = min(best, (len(movers) - len(chosen), sum(place.cost for place in places)))
    return best


def greedy(movers: list[list[Place]]) -> tuple[int, int]:
    """First come, first served: each takes the cheapest place that is left."""
    taken: list[Place] = []
    for places in movers:
        free = [place for place in places if not any(meet(place, other) for other in taken)]
        taken += sorted(free, key=lambda place: place.cost)[:1]
    return len(movers) - len(taken), sum(place.cost for place in taken)


uses = st.tuples(st.sampled_from(["ask", "embla", "room 1", "room 2"]), st.integers(0, 12), st.integers(1, 5))
places = st.builds(
    lambda cost, uses: Place(cost, tuple(Use(resource, start, start + length) for resource, start, length in uses)),
    st.integers(0, 9),
    st.lists(uses, min_size=1, max_size=3),
)


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[list[Place]], list[tuple[Choice, Choice]]]:
    movers = draw(st.lists(st.lists(places, max_size=4), min_size=1, max_size=5))
    choices = [(mover, place) for mover, found in enumerate(movers) for place in range(len(found))]
    pairs = [(one, other) for one in choices for other in choices if one[0] < other[0]]
    return movers, draw(st.lists(st.sampled_from(pairs), max_size=4)) if pairs else []


@given(instances())
def test_nothing_is_better_than_what_is_found(instance: tuple[list[list[Place]], list[tuple[Choice, Choice]]]) -> None:
    movers, barred = instance
    found = assigned(movers, barred=barred)
    assert found.exact
    chosen = [(mover, place) for mover, place in enumerate(found.places) if place is not None]
    had = [movers[mover][place] for mover, place in chosen]
    assert not any(meet(one, other) for at, one in enumerate(had) for other in had[:at])
    assert not any(one in chosen and other in chosen for one, other in barred)
    assert found.cost == sum(place.cost for place in had)
    assert (found.places.count(None), found.cost) == brute_force(movers, barred)


@given(instances())
def test_the_same_is_found_again(instance: tuple[list[list[Place]], list[tuple[Choice, Choice]]]) -> None:
    movers, barred = instance
    assert assigned(movers, barred=barred) == assigned(movers, barred=barred)


def test_first_come_first_served_costs_more() -> None:
    anna = [at(1, ASK, 0), at(2, EMBLA, 0)]
    berit = [at(1, ASK, 0), at(9, EMBLA, 8)]
    assert greedy([anna, berit]) == (0, 10)
    assert assigned([anna, berit]).places == (1, 0)
    assert assigned([anna, berit]).cost == 3


def test_first_come_first_served_leaves_somebody_out() -> None:
    anna = [at(1, ASK, 2), at(5, EMBLA, 0)]
    berit, cecilie = [at(1, ASK, 0)], [at(1, ASK, 4)]
    assert greedy([anna, berit, cecilie])[0] == 2
    assert assigned([anna, berit, cecilie]).places == (1, 0, 0)


def test_who_has_no_place_stays_where_nobody_else_would_have_to() -> None:
    assert assigned([[], [at(3, ASK, 0)]]).places == (None, 0)


def test_one_place_more_is_worth_any_cost() -> None:
    dear, cheap = at(1000, EMBLA, 0), at(0, ASK, 0)
    assert assigned([[cheap, dear], [cheap]]).places == (1, 0)


def test_one_room_serves_one_at_a_time() -> None:
    room = Use("room", 0, 4)
    places = assigned([[at(0, ASK, 0, room)], [at(0, EMBLA, 0, room), at(7, EMBLA, 4, Use("room", 4, 8))]]).places
    assert places == (0, 1)


def test_a_place_that_begins_when_another_ends_excludes_it_not() -> None:
    assert assigned([[at(0, ASK, 0)], [at(0, ASK, 4)]]).places == (0, 0)


def test_what_is_barred_together_is_not_had_together() -> None:
    movers = [[at(0, ASK, 0), at(5, ASK, 8)], [at(0, EMBLA, 0), at(3, EMBLA, 8)]]
    assert assigned(movers, barred=[((0, 0), (1, 0))]).places == (0, 1)


def test_twenty_among_ten_colleagues_with_half_their_time_taken_is_exact() -> None:
    movers = [
        [
            at(
                abs(start - mine) + 20 * (colleague > 4),
                f"colleague {colleague}",
                start,
                Use(f"room {room}", start, start + 4),
            )
            for colleague in range(10)
            for start in range(colleague % 3, 40, 7)
            for room in (colleague // 3, colleague // 3 + 10)
        ]
        for mine in range(0, 40, 2)
    ]
    found = assigned(movers)
    assert found.exact
    assert None not in found.places


def test_a_search_that_may_not_end_says_so() -> None:
    movers = [
        [at(cost * 7 % 5, ASK, cost), at(cost * 3 % 7, EMBLA, cost + mover)] for mover in range(6) for cost in (1,)
    ]
    assert not assigned(movers, budget=0).exact


def test_a_place_costs_no_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="costs nothing or more"):
        assigned([[at(-1, ASK, 0)]])
