"""Pages of text: the start page, the article, privacy and accessibility."""

from __future__ import annotations

from flask import abort, render_template

from booking.services.privacy import UNFINISHED_KEPT
from booking.services.proposals import NINE_WEEKS
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web.access import Rule, open_to
from booking.web.language import current_language
from booking.web.office import office
from booking.web.site.prose import article as read_article

ARTICLE = "acupuncture-can-relieve-fibromyalgia"

PAIN = {"weeks": (41, 27), "months": (20, 6)}
"""How much lower pain was, in per cent, with real and with pretend treatment, 10 weeks and 12 months after the start:
Vas and others, Acupuncture in Medicine 2016;34(4):257-266. Always shown together."""


@open_to(Rule.EVERYBODY)
def start() -> str:
    return render_template(
        "site/start.html",
        article=read_article(ARTICLE, current_language()),
        clinics=all_clinics(db.session()),
        course=protocol_by_slug(db.session(), NINE_WEEKS),
    )


@open_to(Rule.EVERYBODY)
def article(slug: str) -> str:
    if slug != ARTICLE:
        abort(404)
    return render_template("site/article.html", article=read_article(ARTICLE, current_language()), pain=PAIN)


@open_to(Rule.EVERYBODY)
def privacy() -> str:
    return render_template(
        "site/privacy.html",
        unfinished_hours=int(UNFINISHED_KEPT.total_seconds() // 3600),
        hold_minutes=int(office().hold.total_seconds() // 60),
    )


@open_to(Rule.EVERYBODY)
def accessibility() -> str:
    return render_template("site/accessibility.html")
