"""What is in the outbox, and a worker's round over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from sqlalchemy import select

from booking.mail.post import Post
from booking.mail.smtp import SmtpPost
from booking.services.delivery import deliver_next
from booking.store.database import db
from booking.store.outbox import Message
from tests.builders import office


def the_message() -> Message:
    return messages()[0]


def messages() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).order_by(Message.id)))


@contextmanager
def post_to(port: int) -> Iterator[SmtpPost]:
    with closing(SmtpPost(host="127.0.0.1", port=port, tls=False, plain_allowed=True, timeout=5)) as post:
        yield post


def deliver(post: Post, at: datetime) -> int:
    """Delivers until nothing is due; how many messages were tried."""
    tried = 0
    while deliver_next(office(), post, at=at):
        tried += 1
    return tried


def deliver_to(port: int, at: datetime) -> int:
    with post_to(port) as post:
        return deliver(post, at)
