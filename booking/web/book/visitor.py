"""Visitor: who is booking, by the secret of her session and the address she comes from."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask import g, request, session

from booking.domain.period import Period
from booking.services.holds import Visitor, answers_of, busy_of, find_hold
from booking.store.database import db
from booking.store.holds import Hold
from booking.web import clock
from booking.web.access import visitor_secret
from booking.web.book.words import kept_until_words
from booking.web.limits import network_of
from booking.web.office import office

SECRET_BYTES = 24
_SECRET = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a visitor has kept or told before she chooses; nothing for who has no cookie. `busy_complete`: whether her
    calendar could be read to its end."""

    hold: Hold | None
    busy: tuple[Period, ...]
    busy_complete: bool

    @property
    def hold_id(self) -> int | None:
        return self.hold.id if self.hold else None


def offered() -> dict[str, str]:
    """The secret to be, for forms that are sent before there is a cookie: a double click on them is one visitor."""
    return {"new_visitor": secrets.token_urlsafe(SECRET_BYTES)}


def take_offered() -> None:
    """Begins the session of who has none with the secret that her form brought."""
    brought = request.form.get("visitor", "")
    if visitor_secret() is None and _SECRET.fullmatch(brought):
        session["visitor"] = brought


def drafted() -> Drafted:
    """The unfinished booking of this session. A page that shows something of it is kept by no cache."""
    secret = visitor_secret()
    hold = find_hold(db.session(), office(), secret) if secret else None
    if hold is None or hold.course_id is not None:
        return Drafted(None, (), True)
    g.hold = hold
    answers: dict[str, Any] = answers_of(office(), hold)
    return Drafted(hold, busy_of(answers), bool(answers.get("busy_complete", True)))


def still_kept_until() -> str | None:
    """Until when times are kept for who looks around on other pages, as a clock shows it; None if none are kept."""
    hold, now = drafted().hold, clock.now()
    if hold is None or not hold.times or hold.expires_at <= now:
        return None
    return kept_until_words(hold.expires_at, now=now)


def this_visitor() -> Visitor:
    """The visitor with the secret of her session; a new one if there is none, or if hers became a course already."""
    secret = visitor_secret()
    hold = find_hold(db.session(), office(), secret) if secret else None
    if secret is None or (hold is not None and hold.course_id is not None):
        secret = secrets.token_urlsafe(SECRET_BYTES)
        session["visitor"] = secret
    return Visitor(secret, network_of(request.remote_addr or ""))
