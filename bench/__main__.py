"""python -m bench [--json]: every line on SQLite and on PostgreSQL."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.lines import Line, as_json, table
from bench.measure import Effort
from bench.run import BACKENDS, Size, lines
from tests.servers.databases import Databases, running_postgresql


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with this
    found = list(shown(every_line()))
    print(json.dumps(as_json(found), ensure_ascii=False, indent=2) if options.json else table(found))
    return 0


def every_line() -> Iterator[Line]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        postgresql = stack.enter_context(running_postgresql())
        databases = Databases(folder, folder, lambda: postgresql)
        for backend in BACKENDS:
            yield from lines(databases, backend, Size(), Effort())


def shown(lines: Iterator[Line]) -> Iterator[Line]:
    """Says on standard error which line is done."""
    for line in lines:
        print(f"{line.database}, {line.clock}: {line.name}", file=sys.stderr, flush=True)
        yield line


if __name__ == "__main__":
    sys.exit(main())
