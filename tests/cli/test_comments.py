"""Comments on the command line: listed, read, decided, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.cli.commands import Said, said
from tests.servers.databases import only_sqlite
from tests.services.readers import SLUG, posted

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def comments(app: Flask, *arguments: str) -> Said:
    return said(app, "comments", *arguments)


def listed(app: Flask, *arguments: str) -> list[tuple[int, str]]:
    answer = comments(app, "list", *arguments).answer
    return [(each["id"], each["status"]) for each in answer["comments"]]


def test_the_list_names_what_waits(demo_app: Flask) -> None:
    assert listed(demo_app) == []
    first, second = posted()[0], posted()[0]
    comments(demo_app, "approve", str(first))
    assert listed(demo_app, "--json") == [(second, "pending")]
    assert listed(demo_app, "--all") == [(first, "shown"), (second, "pending")]


def test_the_address_of_who_wrote_stands_in_no_list(demo_app: Flask) -> None:
    id, token = posted()
    whole = comments(demo_app, "list", "--all").stdout
    assert "example.com" not in whole
    assert token not in whole
    assert comments(demo_app, "show", str(id)).answer["email"] == "kari@example.com"


def test_one_comment_is_shown_whole(demo_app: Flask) -> None:
    id, _ = posted(name="Åse", text="Blåbær\n🌱", language="nb")
    assert comments(demo_app, "show", str(id), "--json").answer == {
        "id": id,
        "status": "pending",
        "article": SLUG,
        "answers": None,
        "language": "nb",
        "name": "Åse",
        "text": "Blåbær\n🌱",
        "posted": "2027-03-01T09:00:00+01:00",
        "decided": None,
        "email": "kari@example.com",
    }


@pytest.mark.parametrize(("verb", "status"), [("refuse", "refused"), ("remove", "removed")])
def test_what_is_forgotten_is_gone_from_the_list_too(demo_app: Flask, verb: str, status: str) -> None:
    id, _ = posted()
    answer = comments(demo_app, verb, str(id)).answer
    assert (answer["status"], answer["name"], answer["text"]) == (status, "", "")
    assert listed(demo_app) == []
    assert comments(demo_app, "show", str(id)).answer["email"] is None


def test_what_is_shown_can_be_removed_but_not_refused(demo_app: Flask) -> None:
    id, _ = posted()
    comments(demo_app, "approve", str(id))
    refused = comments(demo_app, "refuse", str(id))
    assert refused.exit_code == 1
    assert "decided before" in refused.stderr
    assert comments(demo_app, "remove", str(id)).answer["status"] == "removed"


@pytest.mark.parametrize("verb", ["show", "approve", "refuse", "remove"])
def test_a_number_without_a_comment_is_told(demo_app: Flask, verb: str) -> None:
    ended = comments(demo_app, verb, "4711")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "4711: no comment has this number." in ended.stderr


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999"])
def test_what_is_no_number_is_told(demo_app: Flask, number: str) -> None:
    assert comments(demo_app, "approve", "--", number).exit_code == 2
