"""Ratings: a reader says how useful an article is, and may change her mind."""

from __future__ import annotations

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from booking.services import ratings
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.readers import RatingForm
from booking.web.limits import RATINGS, limiter
from booking.web.office import office
from booking.web.site.articles import show_article
from booking.web.site.feedback import article_to_tell_of, feedback_on, reader_secret


@open_to(Rule.EVERYBODY)
@limiter.limit(RATINGS, methods=["POST"])
def rate(slug: str) -> ResponseReturnValue:
    """Keeps a vote. Who has no cookie yet is the reader of this form, so a double click is one vote."""
    article, rated = article_to_tell_of(slug), url_for("site.article", slug=slug, _anchor="rating")
    if request.method != "POST":
        return redirect(rated, 303)
    form = RatingForm(request.form, at=clock.machine_now())
    if not form.validate():
        return show_article(article, feedback_on(article, rating_form=form)), 422
    session["reader"] = reader_secret() or form.id
    ratings.rate(office(), article.article_id, session["reader"], int(form.stars.data), now=clock.now())
    return redirect(rated, 303)
