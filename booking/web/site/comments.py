"""Comments: written below an article, found again by a link that lasts, and deleted by who wrote them."""

from __future__ import annotations

from flask import Response, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import RequestLimit

from booking.domain.errors import UnknownComment
from booking.services.articles import Published, languages_of, published_article
from booking.services.comments import Draft, find_comment, post, remove
from booking.store.articles import PENDING, REFUSED, REMOVED, Article, Comment
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.fields import one_line, read_email
from booking.web.forms.readers import CommentForm, read_id
from booking.web.language import current_language
from booking.web.limits import COMMENTS, kept, limiter
from booking.web.office import office
from booking.web.site.articles import show_article
from booking.web.site.feedback import Said, article_to_tell_of, feedback_on


def _too_many(limit: RequestLimit) -> Response:
    """The form again, with everything that was typed."""
    form = CommentForm(request.form, at=clock.machine_now())
    form.refuse(
        _("Many comments came from your network within the hour. Nothing is lost. Send yours later, or call us.")
    )
    return _again((request.view_args or {})["slug"], form, 429)


@open_to(Rule.EVERYBODY)
@limiter.limit(COMMENTS, methods=["POST"], deduct_when=kept, on_breach=_too_many)
def comment(slug: str) -> ResponseReturnValue:
    """Keeps a comment until somebody has read it, and shows its writer what she can do with it."""
    if request.method != "POST":
        return redirect(url_for("site.article", slug=slug, _anchor="write"), 303)
    form = CommentForm(request.form, at=clock.machine_now())
    if not form.validate():
        return _again(slug, form, 422)
    try:
        token = post(office(), _draft(slug, form), now=clock.now(), at=clock.machine_now())
    except UnknownComment:
        form.refuse(_("The comment you answered is no longer here. Send yours again, and it stands by itself."))
        return _again(slug, form, 422)
    return redirect(url_for("site.own_comment", token=token), 303)


@open_to(Rule.EVERYBODY)
def comment_link(id: int) -> ResponseReturnValue:
    """Where the comment stands; 410 once it is gone, and 404 as long as nobody has read it."""
    try:
        found = find_comment(db.session(), id)
    except UnknownComment:
        abort(404)
    if found.status == PENDING:
        abort(404)
    if _is_gone(found):
        abort(410)
    return redirect(_address_of(found), 303)


@open_to(Rule.COMMENT_LINK)
def own_comment(token: str) -> ResponseReturnValue:
    """The comment for who wrote it. What was deleted answers 410, and says so."""
    found: Comment = g.comment
    if request.method == "POST":
        remove(found.id, now=clock.now())
        return redirect(url_for("site.own_comment", token=token), 303)
    gone = _is_gone(found)
    page = render_template(
        "site/own_comment.html",
        said=Said.of(found),
        status=found.status,
        gone=gone,
        article=_article_of(found),
        address=_address_of(found),
        own_url=office().url + url_for("site.own_comment", token=token),
    )
    return page, 410 if gone else 200


def _draft(slug: str, form: CommentForm) -> Draft:
    return Draft(
        article_id=article_to_tell_of(slug).article_id,
        answers=read_id(form.answers.data),
        language=current_language(),
        name=one_line(form.name.data),
        email=read_email(form.email.data or ""),
        text=form.written(),
        form=form.id,
    )


def _again(slug: str, form: CommentForm, status: int) -> Response:
    article = article_to_tell_of(slug)
    return make_response(show_article(article, feedback_on(article, comment_form=form)), status)


def _is_gone(comment: Comment) -> bool:
    return comment.status in (REFUSED, REMOVED)


def _article_of(comment: Comment) -> Published | None:
    """The article in the language of the page, or where there is none, in that of the comment."""
    slug = db.session().get_one(Article, comment.article_id).slug
    in_this = published_article(db.session(), slug, current_language())
    return in_this or published_article(db.session(), slug, comment.language)


def _address_of(comment: Comment) -> str:
    """Below the article in the language of the page, or where there is none, in that of the comment."""
    slug = db.session().get_one(Article, comment.article_id).slug
    known = current_language() in languages_of(db.session(), slug)
    language = current_language() if known else comment.language
    return url_for("site.article", slug=slug, language=language, _anchor=f"comment-{comment.id}")
