"""Migrations make what the models say, and lose nothing on the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from booking.config import ROOT
from booking.store.database import Base, db
from booking.store.sign_ins import courses_at
from tests.builders import booked_course
from tests.servers.databases import on_each, only_sqlite

REBUILD = '''"""rebuild a table that others refer to"""

from alembic import op
import sqlalchemy as sa

revision = "rebuild"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("clinics", recreate="always") as batch:
        batch.alter_column("name", existing_type=sa.String(), nullable=True)


def downgrade():
    op.execute("DELETE FROM clinics")
'''


@on_each
def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@on_each
def test_migrations_can_be_taken_back(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}


def rebuilding(app: Flask, folder: Path) -> str:
    """A copy of the migrations with one more, which lays a table with children anew."""
    copy = folder / "migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    with app.app_context(), db.engine.connect() as connection:
        head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    (copy / "versions" / "rebuild.py").write_text(REBUILD.format(head=head))
    return str(copy)


def rows(app: Flask, table: str) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@only_sqlite
def test_a_table_laid_anew_keeps_the_rows_that_refer_to_it(demo_app: Flask, tmp_path: Path) -> None:
    before = rows(demo_app, "rooms")
    with demo_app.app_context():
        upgrade(directory=rebuilding(demo_app, tmp_path))
    assert rows(demo_app, "rooms") == before > 0


@only_sqlite
def test_a_migration_that_breaks_references_changes_nothing(
    demo_app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, before = rebuilding(demo_app, tmp_path), rows(demo_app, "clinics")
    with demo_app.app_context():
        upgrade(directory=folder)
        with pytest.raises(SystemExit):
            downgrade(directory=folder)
    assert "rows that refer to nothing" in caplog.text
    assert rows(demo_app, "clinics") == before


@only_sqlite
def test_foreign_keys_are_on_again_after_a_migration(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


@on_each
def test_who_booked_before_her_address_had_a_key_is_found_by_it(demo_app: Flask) -> None:
    with demo_app.app_context():
        booked = booked_course(email="Åse@Example.com")
        db.session.remove()
        downgrade(revision="0002")
        upgrade()
        assert [each.id for each in courses_at(db.session(), "åSE@example.com")] == [booked.id]
