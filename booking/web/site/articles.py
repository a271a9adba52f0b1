"""Articles: what they say and where it leads, all of them, those of one tag, and the feed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking.domain.period import at_wall, oslo
from booking.prose.document import Document, Part
from booking.services.articles import Published, published
from booking.services.soonest import prospects
from booking.store.clinics import Clinic, clinic_facts, clinics_of, the_group
from booking.store.database import db
from booking.store.people import Clinician, authorised_ids, clinicians_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.language import LANGUAGES, current_language
from booking.web.office import office
from booking.web.site.feedback import Feedback, article_to_tell_of, feedback_on
from booking.web.site.figure import draw
from booking.web.site.structured import of_article

MOST_RELATED = 3

FIGURES = {"trial": draw()}
"""By the name a text asks for; drawn once, for no reader sees another."""


@dataclass(frozen=True, slots=True)
class FreeCourse:
    """The earliest free course there is with somebody who is authorised; `starts_at`: its session 1."""

    starts_at: datetime
    moved: int
    clinic: Clinic
    clinician: Clinician


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it is read, and as it stands in addresses."""

    name: str

    @property
    def slug(self) -> str:
        return "-".join(self.name.casefold().split())


@open_to(Rule.EVERYBODY)
def article(slug: str) -> str:
    found = article_to_tell_of(slug)
    return show_article(found, feedback_on(found))


@open_to(Rule.EVERYBODY)
def articles() -> str:
    return render_template("site/articles.html", articles=_all(), tag=None, tags=tags_of)


@open_to(Rule.EVERYBODY)
def tagged(tag: str) -> str | Response:
    """The articles of one tag. A tag of the other language leads to the one that stands in its place in this."""
    found = [(each, word) for each in _all() for word in tags_of(each.document) if word.slug == tag]
    if not found:
        return redirect(url_for("site.tagged", tag=_in_this_language(tag).slug))
    return render_template("site/articles.html", articles=[each for each, _ in found], tag=found[0][1], tags=tags_of)


@open_to(Rule.EVERYBODY)
def atom() -> Response:
    """RFC 4287. Who has the newest already is told so, without sending it again; no articles are no feed."""
    found = _all()
    if not found:
        abort(404)
    xml = render_template("site/atom.xml", articles=found, site=office().url, moment=midnight_of, tags=tags_of)
    response = make_response(xml)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    response.add_etag()
    return response.make_conditional(request)


def show_article(article: Published, feedback: Feedback) -> str:
    """The page of the article, with what readers think of it and the forms in which they say so."""
    return render_template(
        "site/article.html",
        article=article,
        document=article.document,
        feedback=feedback,
        form=feedback.form,
        figures=FIGURES,
        kind=kind_of,
        tags=tags_of,
        next_course=next_course(),
        related=related_to(article, _all()),
        structured=of_article(article, the_group(db.session())),
        address=office().url,
    )


def next_course() -> FreeCourse | None:
    """The earliest course among authorised clinicians: beside an article on an illness nobody else may be shown."""
    session, now = db.session(), clock.now()
    nameable, positions = authorised_ids(session), {each.id: each.position for each in clinic_facts(session)}
    found = [
        (each.course.starts_at, each.course.moved, positions[each.clinic_id], each.clinic_id, each.clinician_id)
        for each in prospects(session, office(), now=now)
        if each.course and each.clinician_id in nameable
    ]
    if not found:
        return None
    starts_at, moved, _, clinic, clinician = min(found)
    return FreeCourse(
        starts_at, moved, clinics_of(session, {clinic})[clinic], clinicians_of(session, {clinician})[clinician]
    )


def related_to(article: Published, others: Iterable[Published]) -> list[Published]:
    """Articles that share a tag with this one, those that share most first."""
    own = set(article.document.tags)
    shared = {each.article_id: len(own & set(each.document.tags)) for each in others}
    found = [each for each in others if each.article_id != article.article_id and shared[each.article_id]]
    return sorted(found, key=lambda each: -shared[each.article_id])[:MOST_RELATED]


def tags_of(document: Document) -> list[Tag]:
    return [Tag(name) for name in document.tags]


def kind_of(part: Part) -> str:
    """The name of the template that shows a part of a section."""
    return type(part).__name__.lower()


def midnight_of(day: date) -> str:
    """The date as the moment at which it begins in Oslo (RFC 3339), for a feed knows no dates."""
    return oslo(at_wall(day, 0)).isoformat()


def _in_this_language(tag: str) -> Tag:
    """What stands in the place of a tag of the other language, in the same article's text; else not found."""
    own = {each.article_id: tags_of(each.document) for each in _all()}
    for language in LANGUAGES:
        for each in published(db.session(), language):
            for theirs, ours in zip(tags_of(each.document), own.get(each.article_id, ()), strict=False):
                if theirs.slug == tag:
                    return ours
    abort(404)


def _all() -> list[Published]:
    return published(db.session(), current_language())
