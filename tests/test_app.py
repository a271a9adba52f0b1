"""What the application refuses to start with."""

from __future__ import annotations

import re

import pytest

from booking.app import create_app
from booking.config import ConfigError, Environment, Settings
from booking.store.database import db

SECRET = "a secret of forty characters for this test"
HEALTH = "dGhpcnR5LXR3byBieXRlcyBmb3IgdGhpcyB0ZXN0ISE="


def public(database_url: str) -> Settings:
    return Settings(
        env=Environment.PRODUCTION,
        database_url=database_url,
        url="https://clinic.example",
        secret_keys=(SECRET,),
        health_keys=(HEALTH,),
    )


def cost(kept: str) -> tuple[int, int]:
    """What it costs to try one password against what is kept: kibibytes, and rounds over them. OWASP's Password Storage
    Cheat Sheet asks for 19 MiB and two rounds of argon2id or more."""
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),", kept)
    assert found
    return int(found[1]), int(found[2])


def test_strangers_are_never_offered_demonstration_data(demonstration_url: str) -> None:
    with pytest.raises(ConfigError, match="demonstration data"):
        create_app(public(demonstration_url))


def test_a_house_without_data_starts_in_production(database_url: str) -> None:
    app = create_app(public(database_url))
    assert app.test_client().get("/healthz").status_code == 200
    assert cost(app.extensions["security"].pwd_context.hash("tre små gode ord")) >= (19 * 1024, 2)
    with app.app_context():
        db.engine.dispose()


def test_a_database_without_tables_can_be_prepared_in_production(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert create_app(public(f"sqlite:///{tmp_path_factory.mktemp('new') / 'new.db'}"))
