"""Notes for the front desk: encrypted, shown until somebody removes them, readable after the keys were changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from booking.services.logbook import COMMAND
from booking.services.notes import add_note, remove_note, text_of
from booking.services.privacy import rotate_keys
from booking.store.database import db
from booking.store.notes import Note, notes_of
from tests.builders import NOW, booked_course, office
from tests.servers.databases import only_sqlite
from tests.staff import RITA, reach

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def noted(*texts: str) -> int:
    kari = booked_course().patient_id
    for text in texts:
        add_note(office(), kari, text, who=reach(RITA).who, now=NOW)
    return kari


def shown(patient_id: int) -> list[str]:
    db.session.rollback()
    return [text_of(office(), row) for row in notes_of(db.session(), patient_id)]


def test_the_newest_note_stands_first() -> None:
    assert shown(noted("window", "sister")) == ["sister", "window"]


def test_nothing_of_a_note_can_be_read_in_the_table() -> None:
    noted("window")
    assert b"window" not in db.session.query(Note).one().text


def test_a_removed_note_is_shown_no_longer_and_only_on_its_own_patient_s_page() -> None:
    kari = noted("window")
    (row,) = notes_of(db.session(), kari)
    remove_note(office(), kari + 1, row.id, who=reach(RITA).who, now=NOW)
    assert shown(kari) == ["window"]
    for _ in range(2):
        remove_note(office(), kari, row.id, who=reach(RITA).who, now=NOW)
    assert shown(kari) == []


def test_a_command_writes_none() -> None:
    with pytest.raises(ValueError, match="somebody who wrote it"):
        add_note(office(), noted(), "window", who=COMMAND, now=NOW)


def test_a_note_is_read_with_the_newest_key_alone_after_the_keys_were_changed() -> None:
    kari = noted("window")
    newer = replace(office(), health_keys=(Fernet.generate_key().decode(), *office().health_keys))
    rotate_keys(newer)
    db.session.rollback()
    (row,) = notes_of(db.session(), kari)
    assert text_of(replace(newer, health_keys=newer.health_keys[:1]), row) == "window"
