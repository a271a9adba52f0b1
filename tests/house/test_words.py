"""What is written here stands for itself: no ticket numbers, no paths of one machine, no unfinished business."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = {".py", ".html", ".txt", ".md", ".css", ".js", ".toml", ".cfg", ".ini", ".po", ".ics", ".mako", ".json"}

MADE_HERE = {"var", "test-results", "__pycache__"}

# Written so that this file does not find itself.
FORBIDDEN = {
    "a ticket's number": r"\bissue[ ]#?\d|\bissues[ ]\d",
    "a path of one machine": r"[/]work/|(?<!\w)[/]tmp/|[/]root/|[/]home/\w",
    "a package host": r"pypi[.]org|pythonhosted[.]org|npmjs[.]org|debian[.]org",
    "unfinished business": r"\b(TO[D]O|FIX[M]E|XX[X])\b",
}


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    """What stands in the files of the project; what is hidden or made here is none."""
    found = {}
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [each for each in inside if not each.startswith(".") and each not in MADE_HERE]
        files = (Path(folder, name) for name in names if not name.startswith("."))
        found.update({file: file.read_text() for file in files if file.suffix in KINDS})
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str, texts: dict[Path, str]) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for file, text in texts.items()
        for match in re.finditer(FORBIDDEN[what], text)
    ]
    assert found == []
