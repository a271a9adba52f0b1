"""Names: what anchors, keys and addresses are called, and that none is used twice on one page."""

from __future__ import annotations

import re

from booking.prose.faults import Faults

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Anchors:
    """The ids of one page. The same one twice would make a link lead to the wrong place."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lines: dict[str, int] = {}

    def take(self, anchor: str, line: int) -> None:
        if not KEBAB.fullmatch(anchor):
            self._faults.add(line, f"The anchor “{anchor}” should be of small letters a to z, digits and hyphens.")
        elif anchor in self._lines:
            self._faults.add(line, f"The anchor “{anchor}” stands already in line {self._lines[anchor]}.")
        else:
            self._lines[anchor] = line
