"""Frame: what the base template needs on every page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, current_app, request, url_for

from booking.services.articles import languages_of
from booking.store.articles import has_text
from booking.store.clinics import ClinicName, first_clinics, the_group
from booking.store.database import db
from booking.store.outbox import last_beat, mail_waits_since
from booking.web.clock import machine_now
from booking.web.language import current_language, other_language_url

PATIENCE = timedelta(minutes=5)
"""How long mail may wait without a worker before development pages say so."""

MAIN_CLINICS = 6
"""So many clinics the foot of every page and the start page name; all of them stand on their own page."""


def register(app: Flask) -> None:
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """What pages show or may show; functions for what the staff's pages do not."""
    session, language = db.session(), current_language()
    group = the_group(session)
    return {
        "language": language,
        "other_language_url": other_language_url() if has_other_language() else other_language_list(),
        "group_name": group.name,
        "phone_display": group.phone_display,
        "phone_note": group.phone_note[language] if group.phone_note else None,
        "demonstration": group.demonstration,
        "leading_article": leading_article,
        "leading_words": group.leading_words[language] if group.leading_words else None,
        "mail_waiting": mail_waits_without_worker(),
        "main_clinics": main_clinics,
    }


def main_clinics() -> list[ClinicName]:
    return first_clinics(db.session(), MAIN_CLINICS)


def leading_article() -> str | None:
    """What the navigation leads to, by its name in addresses; None where it is not written in the page's language."""
    session = db.session()
    slug = the_group(session).leading_article
    return slug if slug and has_text(session, slug, current_language()) else None


def has_other_language() -> bool:
    """Everything there is stands in both languages; only an article can be written in one of them."""
    if request.endpoint != "site.article" or request.method not in ("GET", "HEAD"):
        return True
    return len(languages_of(db.session(), (request.view_args or {})["slug"])) > 1


def other_language_list() -> str:
    """Where who reads the other language finds what can be read in it."""
    return url_for("site.articles", language="en" if current_language() == "nb" else "nb")


def mail_waits_without_worker() -> bool:
    """In development only: mail has waited for five minutes, and so long no worker has been seen."""
    if not current_app.extensions["settings"].private:
        return False
    session, at = db.session(), machine_now()
    since = mail_waits_since(session)
    if since is None or at - since < PATIENCE:
        return False
    seen = last_beat(session, "worker")
    return seen is None or at - seen >= PATIENCE
