"""The public site: start page, article, clinics and clinicians, and what the law wants said."""

from __future__ import annotations

from flask.blueprints import BlueprintSetupState

from booking.web.language import blueprint
from booking.web.site import articles, clinicians, clinics, comments, finder, marketing, pages, ratings, search

site = blueprint("site", __name__)
site.app_context_processor(lambda: {"leading_may_stand": marketing.leading_may_stand})

site.add_url_rule("/", "start", pages.start)
site.add_url_rule("/articles", "articles", articles.articles)
site.add_url_rule("/articles.atom", "atom", articles.atom)
site.add_url_rule("/articles/tags/<tag>", "tagged", articles.tagged)
site.add_url_rule("/articles/<slug>", "article", articles.article)
site.add_url_rule("/articles/<slug>/rating", "rate", ratings.rate, methods=["GET", "POST"])
site.add_url_rule("/articles/<slug>/comments", "comment", comments.comment, methods=["GET", "POST"])
site.add_url_rule("/comments/<int(max=999999999):id>", "comment_link", comments.comment_link)
site.add_url_rule("/comments/own/<token>", "own_comment", comments.own_comment, methods=["GET", "POST"])
site.add_url_rule("/clinics", "clinics", clinics.clinics)
site.add_url_rule("/clinics/<slug>", "clinic", clinics.clinic)
site.add_url_rule("/clinicians", "clinicians", finder.clinicians)
site.add_url_rule("/clinicians/<slug>", "clinician", clinicians.clinician)
site.add_url_rule("/search", "search", search.search)
site.add_url_rule("/about", "about", pages.about)
site.add_url_rule("/contact", "contact", pages.contact)
site.add_url_rule("/privacy", "privacy", pages.privacy)
site.add_url_rule("/accessibility", "accessibility", pages.accessibility)

# Sent by who has no session, or by who has the link: where they were sent from is checked for every form.
WITHOUT_TOKEN = (ratings.rate, comments.comment, comments.own_comment)


@site.record_once
def send_without_token(state: BlueprintSetupState) -> None:
    for view in WITHOUT_TOKEN:
        state.app.extensions["csrf"].exempt(view)
