"""What is written here stands for itself: no ticket numbers, no paths of one machine, no unfinished business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = {".py", ".html", ".txt", ".md", ".css", ".js", ".toml", ".cfg", ".ini", ".po", ".ics", ".mako", ".json"}

# Written so that this file does not find itself.
FORBIDDEN = {
    "a ticket's number": r"\bissue[ ]#?\d|\bissues[ ]\d",
    "a path of one machine": r"[/]work/|(?<!\w)[/]tmp/|[/]root/|[/]home/\w",
    "a package host": r"pypi[.]org|pythonhosted[.]org|npmjs[.]org|debian[.]org",
    "unfinished business": r"\b(TO[D]O|FIX[M]E|XX[X])\b",
}


def texts() -> Iterator[Path]:
    for file in ROOT.rglob("*"):
        inside = file.relative_to(ROOT).parts
        hidden = any(part.startswith(".") or part in {"var", "test-results", "__pycache__"} for part in inside)
        if not hidden and file.suffix in KINDS and file.is_file():
            yield file


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in texts()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert found == []
