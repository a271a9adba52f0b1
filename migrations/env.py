"""How migrations run: one transaction for all of them, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, TypeDecorator

import booking.store
from booking.store.database import Base, db


def tables() -> Any:
    """All tables: each module of the store adds its own when it is imported."""
    for module in iter_modules(booking.store.__path__):
        import_module(f"booking.store.{module.name}")
    return Base.metadata


def render_item(kind: str, value: object, autogen_context: object) -> str | Literal[False]:
    """Migrations name SQLAlchemy's types only: they must still run when a type of ours is gone or changed."""
    if kind == "type" and isinstance(value, TypeDecorator):
        return f"sa.{value.impl_instance!r}"
    return False


def omit_empty_revision(migration: object, revision: object, directives: list[Any]) -> None:
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table by dropping it, and with foreign keys on that deletes what refers to it.

    The pragma counts outside of a transaction only, so it goes past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def refuse_broken_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"rows that refer to nothing, as table, row, other table: {broken[:10]}")


def migrate() -> None:
    options = dict(current_app.extensions["migrate"].configure_args)
    options.setdefault("process_revision_directives", omit_empty_revision)
    options |= {"render_as_batch": True, "compare_type": True, "render_item": render_item}
    connectable = db.engine.execution_options(writing=True)
    with connectable.connect() as connection, foreign_keys_off(connection):
        # transactional_ddl: Alembic takes SQLite to be without, but our transactions begin before the first statement.
        context.configure(connection=connection, target_metadata=tables(), transactional_ddl=True, **options)
        with context.begin_transaction():
            context.run_migrations()
            refuse_broken_references(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations run on a database; there is no --sql form.")
migrate()
