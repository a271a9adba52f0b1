"""Helpers: each with a link of her own, ended by the patient alone, and told of nothing but times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from sqlalchemy import delete

from booking.domain.appointment import Actor
from booking.domain.errors import TooManyHelpers, UnknownCourse
from booking.services.helpers import (
    ENDED_KEPT,
    MOST_EVER,
    MOST_HELPERS,
    NOTE_EVERY,
    Invited,
    add_helper,
    forget_helpers,
    note_use,
    revoke_helper,
)
from booking.services.letters import compose
from booking.services.links import helper_token_of, helper_url, open_course
from booking.services.preferences import renew_page
from booking.store.courses import Course
from booking.store.database import db
from booking.store.helpers import Helper, helpers_at, helpers_of
from booking.store.outbox import Message
from booking.store.tasks import open_tasks_of
from tests.builders import NOW, booked_course, office
from tests.people import KARI, SIV
from tests.servers.smtp import Mailroom
from tests.services.outbox import deliver_to, messages

OLA = Invited(name="Ola Prøve", email="ola@example.com", language="en", reminded=True)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


@pytest.fixture
def course() -> Course:
    return booked_course(KARI)


def add(course_id: int, invited: Invited = OLA) -> int:
    return add_helper(office(), course_id, invited, now=NOW, at=NOW)


def helper(helper_id: int) -> Helper:
    db.session.rollback()
    return db.session.get_one(Helper, helper_id)


def token(helper_id: int) -> str:
    return helper_token_of(office(), helper(helper_id))


def mails() -> list[Message]:
    return [message for message in messages() if message.kind == "helper"]


def test_a_helpers_link_opens_the_course_for_her(course: Course) -> None:
    id = add(course.id)
    opened = open_course(db.session(), token(id))
    assert (opened.course.id, opened.actor) == (course.id, Actor.HELPER)
    assert opened.helper is not None
    assert opened.helper.name == "Ola Prøve"


def test_each_helper_has_a_link_of_her_own(course: Course) -> None:
    assert len({token(add(course.id, replace(OLA, name=name))) for name in ("Ola", "Per", "Siv")}) == 3


def test_a_helper_is_told_by_mail_and_of_no_more_than_the_link(course: Course) -> None:
    id = add(course.id)
    (message,) = mails()
    assert (message.recipient, message.language) == ("ola@example.com", "en")
    mail = message_from_bytes(compose(db.session(), office(), message), policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "A link to appointments"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert helper_url(office(), helper(id), "en") in text
        assert "Kari Prøve has given you a link" in text
        assert "We send reminders to you, too." in text
        assert course.reference not in text
        assert "kari@example.com" not in text


def test_a_helper_without_an_address_gets_no_mail_and_no_reminders(course: Course) -> None:
    id = add(course.id, replace(OLA, email=None))
    assert mails() == []
    assert not helper(id).reminded


def test_the_same_helper_again_is_the_same(course: Course) -> None:
    assert add(course.id) == add(course.id)
    assert len(mails()) == 1


def test_an_ended_link_opens_nothing_and_its_mail_is_not_sent(course: Course, smtp_server: Mailroom) -> None:
    id, other = add(course.id), add(course.id, replace(OLA, name="Per", email="per@example.com"))
    secret = token(id)
    revoke_helper(course.id, id, now=NOW)
    revoke_helper(course.id, id, now=NOW + timedelta(hours=1))
    assert helper(id).revoked_at == NOW
    with pytest.raises(UnknownCourse):
        open_course(db.session(), secret)
    assert [each.id for each in helpers_of(db.session(), course.id)] == [other]
    assert [message.recipient for message in mails()] == ["per@example.com"]
    deliver_to(smtp_server.port, NOW)
    assert "ola@example.com" not in str([delivery.recipients for delivery in smtp_server.deliveries])


def test_a_course_ends_no_link_of_another(course: Course) -> None:
    id = add(course.id)
    revoke_helper(booked_course(SIV).id, id, now=NOW)
    assert open_course(db.session(), token(id)).course.id == course.id


def test_a_helper_who_comes_back_has_another_link(course: Course) -> None:
    first = add(course.id)
    old = token(first)
    revoke_helper(course.id, first, now=NOW)
    assert token(add(course.id)) != old


def test_a_new_link_for_the_patient_leaves_her_helpers_theirs(course: Course) -> None:
    id = add(course.id)
    renew_page(office(), course.id, now=NOW, at=NOW)
    assert open_course(db.session(), token(id)).course.id == course.id


def test_five_help_at_a_time(course: Course) -> None:
    ids = [add(course.id, replace(OLA, name=f"Ola {number}")) for number in range(MOST_HELPERS)]
    with pytest.raises(TooManyHelpers):
        add(course.id)
    revoke_helper(course.id, ids[0], now=NOW)
    assert add(course.id)


def test_nobody_mails_strangers_by_adding_and_ending_helpers(course: Course) -> None:
    for number in range(MOST_EVER):
        id = add(course.id, replace(OLA, name=f"Ola {number}"))
        revoke_helper(course.id, id, now=NOW)
    with pytest.raises(TooManyHelpers):
        add(course.id)


def test_it_is_noted_when_a_link_was_opened(course: Course) -> None:
    id = add(course.id)
    for at, noted in ((NOW, NOW), (NOW + NOTE_EVERY / 2, NOW), (NOW + NOTE_EVERY, NOW + NOTE_EVERY)):
        note_use(helper(id), now=at)
        assert helper(id).used_at == noted


def test_a_helper_finds_whom_she_helps_by_her_address(course: Course) -> None:
    id = add(course.id, replace(OLA, email="Ola@Example.com"))
    assert [each.id for each in helpers_at(db.session(), "ola@example.com")] == [id]
    revoke_helper(course.id, id, now=NOW)
    db.session.rollback()
    assert helpers_at(db.session(), "ola@example.com") == []


def test_a_helper_is_forgotten_some_time_after_her_link_has_ended(course: Course, smtp_server: Mailroom) -> None:
    ended, present = add(course.id), add(course.id, replace(OLA, name="Per Prøve", email="per@example.com"))
    deliver_to(smtp_server.port, NOW)
    revoke_helper(course.id, ended, now=NOW)
    assert forget_helpers(now=NOW + ENDED_KEPT - timedelta(seconds=1)) == 0
    assert forget_helpers(now=NOW + ENDED_KEPT) == 1
    assert (helper(ended).name, helper(ended).email) == ("", None)
    assert [mail.recipient for mail in mails()] == ["per@example.com"]
    assert forget_helpers(now=NOW + ENDED_KEPT) == 0
    assert helper(present).name == "Per Prøve"


def test_a_link_that_does_not_reach_its_helper_is_a_task(course: Course, smtp_server: Mailroom) -> None:
    db.session.execute(delete(Message))  # the confirmation
    db.session.commit()
    smtp_server.answers.append("550 5.1.1 nobody here")
    add(course.id)
    deliver_to(smtp_server.port, NOW)
    assert [task.kind for task in open_tasks_of(db.session(), course.id)] == ["mail_failed"]
