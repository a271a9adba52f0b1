"""No page is open, or closed, because somebody forgot to say."""

from __future__ import annotations

import pytest

from booking.config import Settings


@pytest.fixture(scope="module")
def forgotten() -> list[str]:
    """The endpoints without a rule."""
    from booking.app import create_app
    from booking.web.access import rule_of

    app = create_app(Settings(database_url="sqlite://"))
    return [rule.endpoint for rule in app.url_map.iter_rules() if rule_of(app, rule.endpoint) is None]


def test_every_endpoint_has_an_access_rule(forgotten: list[str]) -> None:
    assert forgotten == []
