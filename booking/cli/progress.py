"""Progress on standard error: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LINE_EVERY = 25
"""Per cent between two lines."""


@contextmanager
def progress(label: str) -> Iterator[Callable[[float], None]]:
    """Gives a function to be told how much is done, from 0 to 1."""
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    with click.progressbar(length=100, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(int(done * 100) - bar.pos)


def _lines(label: str) -> Callable[[float], None]:
    said = 0

    def tell(done: float) -> None:
        nonlocal said
        while done * 100 >= said + LINE_EVERY:
            said += LINE_EVERY
            click.echo(f"{label}: {said} %", err=True)

    return tell
