"""Comments on the command line: read before others can, then shown, or forgotten."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from booking.cli import clock
from booking.cli.answers import Json, as_json, moment, show
from booking.cli.office import office
from booking.domain.errors import NotPending, UnknownComment
from booking.services.comments import address_of, approve, find_comment, refuse, remove
from booking.store.articles import Article, Comment, all_comments, pending_comments
from booking.store.database import db

comments = AppGroup("comments", help="Comments below articles. Nobody sees one before it is approved.")

LARGEST = 2**31 - 1
"""The database counts comments no further."""


@comments.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are decided, too.")
@as_json
def list_command(every: bool) -> None:
    """The comments that wait to be read, the oldest first."""
    session = db.session()
    found = all_comments(session) if every else pending_comments(session)
    show({"comments": [_told(session, comment) for comment in found]})


@comments.command("show")
@click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST))
@as_json
def show_command(number: int) -> None:
    """One comment, and the e-mail address to ask its writer at."""
    comment = _found(number)
    show({**_told(db.session(), comment), "email": address_of(office(), comment)})


@comments.command("approve")
@click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST))
@as_json
def approve_command(number: int) -> None:
    """Show a comment that waits to everybody."""
    _change(approve, number)


@comments.command("refuse")
@click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST))
@as_json
def refuse_command(number: int) -> None:
    """Forget a comment that waits: text, name and address."""
    _change(refuse, number)


@comments.command("remove")
@click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST))
@as_json
def remove_command(number: int) -> None:
    """Forget a comment that waits or is shown: text, name and address."""
    _change(remove, number)


def _change(verb: Callable[..., None], number: int) -> None:
    try:
        verb(number, now=clock.now())
    except UnknownComment:
        raise click.ClickException(_unknown(number)) from None
    except NotPending:
        raise click.ClickException(f"{number}: this comment was decided before.") from None
    show(_told(db.session(), _found(number)))


def _found(number: int) -> Comment:
    try:
        return find_comment(db.session(), number)
    except UnknownComment:
        raise click.ClickException(_unknown(number)) from None


def _told(session: Session, comment: Comment) -> Json:
    """All that one needs for deciding."""
    return {
        "id": comment.id,
        "status": comment.status,
        "article": session.get_one(Article, comment.article_id).slug,
        "answers": comment.answers_id,
        "language": comment.language,
        "name": comment.name,
        "text": comment.text,
        "posted": moment(comment.posted_at),
        "decided": comment.decided_at and moment(comment.decided_at),
    }


def _unknown(number: int) -> str:
    return f"{number}: no comment has this number."
