"""The bench on a small house: every line comes out, with all that a reader needs."""

from __future__ import annotations

import json

import pytest

from bench.lines import Line, as_json, table
from bench.measure import Effort
from bench.run import Size, lines
from tests.servers.databases import Databases

SMALL = Size(clinics=1, found=2, days=7, weeks=2, events=4, tens=1, year=6, ill=1)
ONCE = Effort(pairs=1, seconds=0, warm_up=1)


@pytest.fixture(scope="module")
def found(databases: Databases) -> list[Line]:
    return list(lines(databases, "sqlite", SMALL, ONCE))


def test_each_thing_is_measured_by_both_clocks(found: list[Line]) -> None:
    names = list(dict.fromkeys(line.name for line in found))
    assert len(names) == 16
    assert sorted((line.name, line.clock) for line in found) == sorted(
        (name, clock) for name in names for clock in ("cpu", "wall")
    )


def test_each_line_names_its_aim_and_its_reference(found: list[Line]) -> None:
    for line in json.loads(json.dumps(as_json(found))):
        assert {"name", "database", "clock", "ratio", "aim", "bound", "met", "reference", "data"} <= line.keys()
        assert line["ratio"] > 0
        assert line["met"] is (
            line["ratio"] <= line["aim"] if line["bound"] == "at most" else line["ratio"] >= line["aim"]
        )


def test_the_table_has_a_row_for_each_line(found: list[Line]) -> None:
    assert len(table(found).splitlines()) == 1 + len(found)
