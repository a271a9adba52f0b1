"""Comments: written by readers, read by the clinic before anybody else sees them, and gone when their writers want."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from booking.domain.errors import NotPending, UnknownComment
from booking.services.links import hash_of, new_comment_token
from booking.services.office import Office
from booking.services.privacy import fingerprint, seal, unseal
from booking.store.articles import PENDING, REFUSED, REMOVED, SHOWN, Comment
from booking.store.database import utc
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work

LONGEST_TEXT = 5000
"""Characters of a comment: about two pages."""

MAILS_A_DAY = 3
"""So many mails one address gets from comments in 24 hours, whoever types it."""

KIND = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A comment as it was typed. `answers`: the id of the comment that it answers; `form`: the form it came from."""

    article_id: int
    answers: int | None
    language: str
    name: str
    email: str
    text: str
    form: str


def post(office: Office, draft: Draft, *, now: datetime, at: datetime) -> str:
    """Keeps the comment until somebody has read it and mails its writer the link to it; the token of that link.

    The same draft again, as after a double click, is the same comment. Raises UnknownComment if it answers one that
    cannot be read below the article.
    """
    return unit_of_work(lambda session: _post(session, office, draft, now=now, at=at))


def approve(comment_id: int, *, now: datetime) -> None:
    """Shows the comment to everybody. Raises UnknownComment, or NotPending if it was decided before."""
    unit_of_work(lambda session: _decide(session, comment_id, SHOWN, now=now))


def refuse(comment_id: int, *, now: datetime) -> None:
    """Forgets a comment that waits. Raises UnknownComment, or NotPending if it was decided before."""
    unit_of_work(lambda session: _decide(session, comment_id, REFUSED, now=now))


def remove(comment_id: int, *, now: datetime) -> None:
    """Forgets a comment, shown or not; removing it again changes nothing. Raises UnknownComment."""
    unit_of_work(lambda session: _remove(session, _locked(session, comment_id), now=now))


def find_comment(session: Session, comment_id: int) -> Comment:
    """Raises UnknownComment if there never was one with this number."""
    comment = session.get(Comment, comment_id)
    if comment is None:
        raise UnknownComment
    return comment


def own_comment(session: Session, token: str) -> Comment:
    """The comment whose writer has this token. Raises UnknownComment if nobody was given it."""
    comment = session.scalar(select(Comment).where(Comment.token_hash == hash_of(token)))
    if comment is None:
        raise UnknownComment
    return comment


def address_of(office: Office, comment: Comment) -> str | None:
    """The e-mail address of who wrote the comment; None once it is forgotten."""
    return unseal(office, comment.email)["email"] if comment.email else None


# -- posting ----------------------------------------------------------------------------------------------------------


def _post(session: Session, office: Office, draft: Draft, *, now: datetime, at: datetime) -> str:
    form = fingerprint(office, "comment form", f"{draft.form}\n{draft.answers}\n{draft.name}\n{draft.text}")
    token = new_comment_token(office, form)
    if session.scalar(select(Comment.id).where(Comment.form == form)) is not None:
        return token
    comment = Comment(
        article_id=draft.article_id,
        answers_id=_first_of_thread(session, draft),
        language=draft.language,
        name=draft.name,
        email=seal(office, {"email": draft.email}),
        email_hash=fingerprint(office, "email", draft.email.casefold()),
        text=draft.text,
        status=PENDING,
        form=form,
        token_hash=hash_of(token),
        posted_at=utc(now),
    )
    mailed = _mailed_lately(session, comment.email_hash, now=now)
    session.add(comment)
    session.flush()
    if mailed < MAILS_A_DAY:
        session.add(_mail(office, comment, draft.email, now=now, at=at))
    return token


def _first_of_thread(session: Session, draft: Draft) -> int | None:
    """The comment on which this one hangs: the first of the thread, whichever of it is answered."""
    if draft.answers is None:
        return None
    answered = session.get(Comment, draft.answers)
    if answered is None or answered.status != SHOWN or answered.article_id != draft.article_id:
        raise UnknownComment
    return answered.answers_id or answered.id


def _mailed_lately(session: Session, email_hash: str, *, now: datetime) -> int:
    since = now - timedelta(days=1)
    lately = select(func.count()).where(Comment.email_hash == email_hash, Comment.posted_at > since)
    return session.scalar(lately) or 0


def _mail(office: Office, comment: Comment, email: str, *, now: datetime, at: datetime) -> Message:
    return Message(
        kind=KIND,
        recipient=email,
        language=comment.language,
        facts={"comment_id": comment.id},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )


# -- deciding ---------------------------------------------------------------------------------------------------------


def _locked(session: Session, comment_id: int) -> Comment:
    comment = session.get(Comment, comment_id, with_for_update=True)
    if comment is None:
        raise UnknownComment
    return comment


def _decide(session: Session, comment_id: int, status: str, *, now: datetime) -> None:
    comment = _locked(session, comment_id)
    if comment.status != PENDING:
        raise NotPending
    comment.status, comment.decided_at = status, utc(now)
    if status == REFUSED:
        _empty(session, comment)


def _remove(session: Session, comment: Comment, *, now: datetime) -> None:
    if comment.status == REMOVED:
        return
    comment.status, comment.decided_at = REMOVED, utc(now)
    _empty(session, comment)


def _empty(session: Session, comment: Comment) -> None:
    """What stays tells nothing: that there was a comment, so that answers to it have a place, and when."""
    comment.name = comment.text = ""
    comment.email = None
    mails = delete(Message).where(
        Message.kind == KIND,
        Message.leased_until.is_(None),  # one that a worker is sending is forgotten with the others of its age
        Message.facts["comment_id"].as_integer() == comment.id,
    )
    session.execute(mails, execution_options={"synchronize_session": False})
