"""Clocks: the wall's, and the processor's of everything that takes part."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Engine

Clock = Callable[[], float]
"""Seconds."""


def clocks(engine: Engine, own: Clock = time.process_time) -> Mapping[str, Clock]:
    """`wall`, and `cpu`: what `own` says, and on PostgreSQL what the database's servers have used.

    Linux tells that by the nanosecond; elsewhere the servers are left out, and references seem cheaper than they are.
    """
    files = [file for file in map(_schedule_of, _servers(engine)) if file.exists()]
    return {"cpu": lambda: own() + sum(map(_seconds, files)), "wall": time.perf_counter}


def _servers(engine: Engine) -> Sequence[int]:
    """The processes of PostgreSQL that serve this database now."""
    if engine.dialect.name != "postgresql":
        return ()
    with engine.connect() as connection:
        return connection.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).all()


def _schedule_of(process: int) -> Path:
    return Path("/proc", str(process), "schedstat")


def _seconds(schedule: Path) -> float:
    """The first number: nanoseconds on a processor (Linux, Documentation/scheduler/sched-stats)."""
    return int(schedule.read_text().split()[0]) / 1e9
