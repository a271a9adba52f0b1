"""Rules and calendars stay free of the framework."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOAD = """
import sys
before = set(sys.modules)
from importlib import import_module
from pathlib import Path
for file in sorted(Path("booking", "{floor}").glob("*.py")):
    import_module("booking.{floor}" + ("" if file.stem == "__init__" else "." + file.stem))
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""


@cache
def loaded_by(floor: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after importing all of the floor."""
    command = [sys.executable, "-c", LOAD.format(floor=floor)]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("floor", ["domain", "ical"])
def test_the_floor_loads_no_framework_and_no_database(floor: str) -> None:
    assert not loaded_by(floor) & {"flask", "werkzeug", "jinja2", "sqlalchemy", "alembic", "wtforms"}


def test_the_rules_load_the_standard_library_and_the_holidays_only() -> None:
    holidays_and_its_own = {"holidays", "dateutil", "six"}
    strangers = loaded_by("domain") - sys.stdlib_module_names - holidays_and_its_own - {"booking"}
    assert not {name for name in strangers if not name.startswith("_")}


def test_the_package_itself_imports_nothing() -> None:
    assert "import" not in (ROOT / "booking" / "__init__.py").read_text()
