"""Calls that the clinic owes somebody: when, and what becomes of a message left with the wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet, InvalidToken
from flask import Flask
from sqlalchemy import select

from booking.services.office import Office
from booking.services.privacy import rotate_keys
from booking.services.tasks import CALL_KEPT, ask_for_call, forget_calls, message_of
from booking.store.database import db
from booking.store.tasks import Task
from tests.builders import NOW, office


def asked(message: str = "Ring på døra") -> Task:
    ask_for_call(office(), name="Kari", phone="+4722222222", language="nb", note="any", message=message, now=NOW)
    return the_task()


def the_task() -> Task:
    db.session.rollback()
    return db.session.scalars(select(Task)).one()


def with_key(key: str, *older: str) -> Office:
    return replace(office(), health_keys=(key, *older))


def test_a_message_is_read_by_who_has_the_key(app: Flask) -> None:
    with app.app_context():
        task = asked()
        assert message_of(office(), task) == "Ring på døra"
        with pytest.raises(InvalidToken):
            message_of(with_key(Fernet.generate_key().decode()), task)


def test_no_message_is_kept_of_who_wrote_none(app: Flask) -> None:
    with app.app_context():
        task = asked("")
        assert task.message is None
        assert message_of(office(), task) is None


def test_messages_are_encrypted_anew_with_a_new_key(app: Flask) -> None:
    with app.app_context():
        asked()
        new = Fernet.generate_key().decode()
        assert rotate_keys(with_key(new, *office().health_keys)) == 1
        assert message_of(with_key(new), the_task()) == "Ring på døra"


def test_who_wished_to_be_called_is_forgotten_after_a_month(app: Flask) -> None:
    with app.app_context():
        asked()
        assert forget_calls(now=NOW + CALL_KEPT - timedelta(minutes=1)) == 0
        assert forget_calls(now=NOW + CALL_KEPT) == 1
        assert db.session.scalars(select(Task)).all() == []
