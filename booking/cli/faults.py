"""Faults: everything that is wrong with a command's arguments, told at once instead of one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import TypeVar

import click

T = TypeVar("T")


class Faults:
    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        self._texts.append(text)

    def tell(self) -> None:
        """Ends the command with exit code 2 if anything was wrong."""
        if self._texts:
            raise click.UsageError("\n       ".join(self._texts))

    def one_of(self, option: str, text: str, known: Collection[str]) -> str:
        """`text`, which should be one of the known words."""
        if text not in known:
            self.add(f"{option} {text}: not known; there {_is_or_are(known)}.")
        return text

    def date(self, option: str, text: str | None) -> date | None:
        return self.read(option, text, "a date like 2027-03-18", date.fromisoformat)

    def number(self, option: str, text: str | None) -> int | None:
        return self.read(option, text, "a whole number from 1", _counting_number)

    def read(self, option: str, text: str | None, expected: str, reader: Callable[[str], T]) -> T | None:
        """What `reader` makes of `text`; a fault if it raises ValueError."""
        if text is None:
            return None
        try:
            return reader(text)
        except ValueError:
            self.add(f"{option} {text}: this should be {expected}.")
            return None


def _counting_number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _is_or_are(known: Collection[str]) -> str:
    if not known:
        return "is none yet"
    return f"{'is' if len(known) == 1 else 'are'} {', '.join(known)}"
