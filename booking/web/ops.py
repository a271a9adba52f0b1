"""Operations: whether the service is well, and on a development machine its mailbox and who can sign in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, render_template
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from booking.mail.mailbox import Mailbox, Stored
from booking.services.demonstration import known_accounts
from booking.store.database import db
from booking.web.access import Rule, open_to
from booking.web.headers import POLICY
from booking.web.language import PREFIX

ops = Blueprint("ops", __name__)

MAIL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    )
)
"""A mail's own page: mails carry their styles in attributes, and may do nothing else."""


@ops.get("/healthz")
@open_to(Rule.EVERYBODY)
def health() -> Response:
    """200 where the database answers, else 503: for whatever watches the service."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, content_type="text/plain; charset=utf-8")
    return Response("well\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@ops.get("/dev/accounts")
@open_to(Rule.DEVELOPER)
def accounts() -> Response:
    """Who can sign in to the demonstration data and with what, a line each, parts between tabs."""
    known = known_accounts(db.session())
    if not known:
        abort(404)
    lines = ["\t".join(filter(None, (each.email, each.password, each.role, each.key, each.code))) for each in known]
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@ops.get("/dev/mailbox", defaults={"language": "en"})
@ops.get(f"{PREFIX}/dev/mailbox")
@open_to(Rule.DEVELOPER)
def mailbox() -> str:
    """The delivered mails, the newest first."""
    return render_template("ops/mailbox.html", letters=_mailbox().all())


@ops.get("/dev/mailbox/<key>", defaults={"language": "en"})
@ops.get(f"{PREFIX}/dev/mailbox/<key>")
@open_to(Rule.DEVELOPER)
def letter(key: str) -> Response:
    """One mail, as text and as HTML."""
    response = Response(
        render_template("ops/letter.html", letter=_letter(key)), content_type="text/html; charset=utf-8"
    )
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


@ops.get("/dev/mailbox/<key>/html")
@open_to(Rule.DEVELOPER)
def letter_html(key: str) -> Response:
    """The mail's HTML alone, to be shown in a sandboxed frame."""
    response = Response(_letter(key).html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


@ops.get("/dev/mailbox/<key>.eml")
@open_to(Rule.DEVELOPER)
def letter_raw(key: str) -> Response:
    """The mail as it was handed over, byte for byte."""
    response = Response(_letter(key).raw, content_type="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="{key}.eml"'
    return response


def _letter(key: str) -> Stored:
    found = _mailbox().letter(key)
    if found is None:
        abort(404)
    return found


def _mailbox() -> Mailbox:
    mailbox: Mailbox = current_app.extensions["mailbox"]
    return mailbox
