"""Comments: read before they are shown, kept once, answered one level deep, and forgotten on request and in time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import func, select

from booking.domain.errors import NotPending, UnknownComment
from booking.services.comments import (
    MAILS_A_DAY,
    address_of,
    approve,
    own_comment,
    post,
    refuse,
    remove,
)
from booking.services.letters import compose
from booking.services.privacy import forget_comment_addresses, rotate_keys
from booking.store.articles import Comment, comments_below, pending_comments
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.tasks import open_tasks
from tests.builders import NOW, office
from tests.servers.databases import only_sqlite
from tests.servers.ports import free_port
from tests.servers.smtp import Mailroom
from tests.services.outbox import deliver_to, messages, the_message
from tests.services.readers import article_id, comment, draft, posted

CLICKS = 8


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def shown() -> list[int]:
    db.session.rollback()
    return [each.id for each in comments_below(db.session(), article_id())]


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Comment)) or 0


# -- read before it is shown ------------------------------------------------------------------------------------------


def test_a_comment_waits_until_it_is_approved() -> None:
    id, _ = posted()
    assert shown() == []
    assert [each.id for each in pending_comments(db.session())] == [id]
    approve(id, now=NOW)
    assert shown() == [id]
    assert pending_comments(db.session()) == []


def test_a_comment_is_decided_once() -> None:
    id, _ = posted()
    refuse(id, now=NOW)
    for verb in (approve, refuse):
        with pytest.raises(NotPending):
            verb(id, now=NOW)
    assert shown() == []


def test_a_comment_that_never_was_cannot_be_decided() -> None:
    for verb in (approve, refuse, remove):
        with pytest.raises(UnknownComment):
            verb(4711, now=NOW)


# -- kept once --------------------------------------------------------------------------------------------------------


def test_the_same_form_again_is_the_same_comment() -> None:
    once = draft()
    first, again = (post(office(), once, now=NOW, at=NOW) for _ in range(2))
    assert first == again
    assert count() == len(messages()) == 1


def test_a_form_that_was_gone_back_to_and_changed_is_another_comment() -> None:
    once = draft()
    first = post(office(), once, now=NOW, at=NOW)
    assert post(office(), replace(once, text="And a third time."), now=NOW, at=NOW) != first
    assert count() == 2


def test_many_clicks_at_once_are_one_comment(demo_app: Flask) -> None:
    at_once, once, house = Barrier(CLICKS), draft(), office()
    db.session.rollback()

    def click(_: int) -> str:
        with demo_app.app_context():
            at_once.wait()
            return post(house, once, now=NOW, at=NOW)

    with ThreadPoolExecutor(CLICKS) as clicks:
        assert len(set(clicks.map(click, range(CLICKS)))) == 1
    assert count() == len(messages()) == 1


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_to_an_answer_hangs_on_the_first() -> None:
    first, _ = posted()
    approve(first, now=NOW)
    second, _ = posted(answers=first)
    approve(second, now=NOW)
    third, _ = posted(answers=second)
    assert comment(second).answers_id == comment(third).answers_id == first


def test_only_what_can_be_read_can_be_answered() -> None:
    waiting, _ = posted()
    refused, _ = posted()
    refuse(refused, now=NOW)
    for unseen in (waiting, refused, 4711):
        with pytest.raises(UnknownComment):
            posted(answers=unseen)


# -- forgotten --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [refuse, remove])
def test_what_is_refused_or_removed_is_forgotten_at_once(verb: object) -> None:
    id, token = posted()
    assert callable(verb)
    verb(id, now=NOW)
    kept = comment(id)
    assert (kept.name, kept.text, kept.email) == ("", "", None)
    assert own_comment(db.session(), token).id == id
    assert messages() == []


def test_the_answers_to_what_is_removed_stay() -> None:
    first, _ = posted()
    approve(first, now=NOW)
    second, _ = posted(answers=first)
    approve(second, now=NOW)
    remove(first, now=NOW)
    remove(first, now=NOW)
    assert shown() == [second]


def test_a_stranger_has_no_way_to_a_comment() -> None:
    posted()
    with pytest.raises(UnknownComment):
        own_comment(db.session(), "a" * 32)


def test_the_store_holds_neither_address_nor_token() -> None:
    id, token = posted(email="Kari@Example.com")
    kept = comment(id)
    assert address_of(office(), kept) == "Kari@Example.com"
    assert b"xample" not in (kept.email or b"")
    assert token not in (kept.token_hash, kept.form)


def test_an_address_is_forgotten_after_a_year_and_the_comment_stays() -> None:
    id, _ = posted()
    approve(id, now=NOW)
    assert forget_comment_addresses(office(), now=NOW + office().comment_addresses_kept - timedelta(seconds=1)) == 0
    assert comment(id).email is not None
    assert forget_comment_addresses(office(), now=NOW + office().comment_addresses_kept) == 1
    assert comment(id).email is None
    assert comment(id).email_hash
    assert shown() == [id]
    assert forget_comment_addresses(office(), now=NOW + 2 * office().comment_addresses_kept) == 0


def test_a_mail_to_who_wrote_is_forgotten_once_it_is_sent(smtp_server: Mailroom) -> None:
    """It has the address as it is, which is kept encrypted with the comment alone."""
    posted()
    forget_comment_addresses(office(), now=NOW)
    assert len(messages()) == 1
    assert deliver_to(smtp_server.port, NOW) == 1
    forget_comment_addresses(office(), now=NOW)
    assert messages() == []


def test_the_code_of_an_address_goes_a_day_after_its_comment() -> None:
    removed, _ = posted()
    kept, _ = posted(text="Another one.")
    remove(removed, now=NOW)
    forget_comment_addresses(office(), now=NOW + timedelta(hours=23))
    assert comment(removed).email_hash
    forget_comment_addresses(office(), now=NOW + timedelta(days=1))
    assert (comment(removed).email_hash, bool(comment(kept).email_hash)) == ("", True)


def test_the_worker_forgets_old_addresses(demo_app: Flask) -> None:
    id, _ = posted(now=NOW - office().comment_addresses_kept)
    for chore in demo_app.extensions["chores"]:
        chore(NOW)
    assert comment(id).email is None


def test_addresses_outlive_a_change_of_keys() -> None:
    id, _ = posted()
    newer = replace(office(), health_keys=(Fernet.generate_key().decode(), *office().health_keys))
    rotate_keys(newer)
    alone = replace(newer, health_keys=newer.health_keys[:1])
    assert address_of(alone, comment(id)) == "kari@example.com"


# -- the mail ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "subject"), [("en", "Your comment"), ("nb", None)])
def test_who_writes_gets_a_sober_mail_with_the_way_back(
    smtp_server: Mailroom, language: str, subject: str | None
) -> None:
    _, token = posted(language=language)
    assert deliver_to(smtp_server.port, NOW) == 1
    (mail,) = smtp_server.messages
    assert mail["To"] == "kari@example.com"
    assert subject is None or mail["Subject"] == subject
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            text = part.get_content()
            assert f"{office().url}/{language}/comments/own/{token}" in text
            assert "None" not in text


def test_a_mail_carries_nothing_of_what_was_typed() -> None:
    """The address may be a stranger's: nobody shall be able to have us write to her."""
    posted(name="Buy pills", text="at https://pills.example")
    mail = message_from_bytes(compose(db.session(), office(), the_message()), policy=default)
    whole = mail.as_string() + "".join(p.get_content() for p in mail.walk() if p.get_content_maintype() == "text")
    assert "pills" not in whole
    for word in ("needle", "acupuncture", "fibromyalgia", "treatment"):
        assert word not in whole.casefold()


def test_one_address_gets_few_mails_a_day() -> None:
    for _ in range(MAILS_A_DAY + 2):
        posted(email="siv@example.com")
    posted(email="SIV@example.com")
    assert len(messages()) == MAILS_A_DAY
    posted(email="kari@example.com")
    posted(email="siv@example.com", now=NOW + timedelta(days=1, minutes=1))
    assert len(messages()) == MAILS_A_DAY + 2


def test_deleting_brings_no_more_mails() -> None:
    for _ in range(MAILS_A_DAY):
        remove(posted()[0], now=NOW)
    posted()
    assert messages() == []


@only_sqlite
def test_a_mail_that_cannot_be_sent_makes_nobody_ring() -> None:
    posted()
    for day in range(8):
        deliver_to(free_port(), NOW + timedelta(days=day))
    assert the_message().given_up_at is not None
    assert open_tasks(db.session()) == []


def test_a_message_on_its_way_is_left_to_its_worker() -> None:
    id, _ = posted()
    message = db.session.get_one(Message, the_message().id)
    message.leased_until = NOW + timedelta(minutes=2)
    db.session.commit()
    remove(id, now=NOW)
    assert len(messages()) == 1
