"""Names: what anchors, keys and addresses are called, and that none is used twice on one page."""

from __future__ import annotations

import re

from booking.prose.faults import Faults

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


OF_THE_PAGE = {
    *("main", "error-summary", "on-this-page", "next-course", "rating", "comments", "write", "write-title"),
    *("share", "share-title", "page-link", "related", "trial-hatch", "finder-place", "stars", "answers", "made"),
}
"""Ids that the pages around a text have themselves."""

_OF_THE_PAGE = re.compile(r"(?:comment|stars|error-summary)-.*")


class Anchors:
    """The ids of one page. The same one twice would make a link lead to the wrong place."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lines: dict[str, int] = {}

    def take(self, anchor: str, line: int) -> None:
        if not KEBAB.fullmatch(anchor):
            self._faults.add(line, f"The anchor “{anchor}” should be of small letters a to z, digits and hyphens.")
        elif anchor in OF_THE_PAGE or _OF_THE_PAGE.fullmatch(anchor):
            self._faults.add(line, f"The anchor “{anchor}” belongs to the page around the text; choose another one.")
        elif anchor in self._lines:
            self._faults.add(line, f"The anchor “{anchor}” stands already in line {self._lines[anchor]}.")
        else:
            self._lines[anchor] = line
