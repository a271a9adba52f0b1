"""Faults: everything that is wrong with a text, told at once instead of one after the other."""

from __future__ import annotations

from booking.prose.document import Fault, UnreadableText


class Faults:
    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, line: int, words: str) -> None:
        self._found.append(Fault(line, words))

    def tell(self) -> None:
        """Raises UnreadableText if anything was wrong."""
        if self._found:
            raise UnreadableText(tuple(sorted(self._found, key=lambda fault: fault.line)))
