"""Errors: what a person reads when something is refused or goes wrong, and what she can do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import Gone, HTTPException, InternalServerError, NotFound
from werkzeug.wrappers import Response

from booking.domain.errors import (
    AccountExists,
    AnotherCourseRuns,
    AnswerOver,
    BookingError,
    ChangedMeanwhile,
    DoesNotFit,
    HoldExpired,
    LastFactor,
    MadeUpFor,
    NotAllowed,
    NotAsked,
    NothingToUndo,
    NotPending,
    OfferOver,
    PasswordRefused,
    SettledAlready,
    SignInOver,
    SlotTaken,
    TooManyAttempts,
    TooManyHelpers,
    TooManyHolds,
    TooYoung,
    UnknownAccount,
    UnknownAppointment,
    UnknownArticle,
    UnknownComment,
    UnknownCourse,
    UnknownFee,
    UnknownWaiter,
    WrongSignIn,
)
from booking.services.busy import MOST_SOURCES, TooManySources
from booking.services.clinician_feeds import UnknownFeed
from booking.services.courses import OtherChoice
from booking.services.proposals import UnknownWish
from booking.store.database import db
from booking.web.frame import frame
from booking.web.language import current_language
from booking.web.logging import log_failure
from booking.web.site.search import words_of_address

RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from an error page."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """What an error page says: a heading, and what to do next; `search`: what stands in its search field, None for no
    field."""

    title: str
    text: str
    ways: tuple[Way, ...] = ()
    search: str | None = None


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(CSRFError, _on_old_form)
    app.register_error_handler(BookingError, _on_refusal)
    app.register_error_handler(OperationalError, _on_no_database)
    app.register_error_handler(InternalServerError, _on_failure)


def words_for(error: BookingError) -> str:
    """One or two sentences for who is refused: what happened, and what to do next."""
    words: str
    match error:
        case SlotTaken():
            words = _("Somebody else has just taken one of these times. Choose another time, your answers are kept.")
        case DoesNotFit(number=number):
            words = _(
                "Session %(number)s cannot be moved there. Choose one of the times that are shown.", number=number
            )
        case HoldExpired():
            words = _("The times are no longer kept for you. Choose again, and we keep them while you go on.")
        case TooManyHolds():
            words = _("Many times are kept from your network already. Wait a quarter of an hour, or call us.")
        case TooYoung():
            words = _("Online booking is from 16 years. A parent or guardian can book by phone.")
        case UnknownCourse():
            words = _("We cannot find these appointments. Look for the newest link from us, or call us.")
        case UnknownArticle():
            words = _("We cannot find this text. It may have another address now.")
        case NotPending():
            words = _("These appointments are already decided.")
        case AnotherCourseRuns():
            words = _("The patient has a course that is not over yet. Call us, and we look at it together.")
        case OtherChoice():
            words = _("You have chosen other times in another window. Here are the times that are kept now.")
        case UnknownComment():
            words = _("The comment that you answer is gone. Send yours as a comment of its own.")
        case UnknownWish():
            words = _("One of the wishes in this address is not known here. Choose again.")
        case TooManyAttempts():
            words = _("That was tried too often. Wait an hour and try again, or call us.")
        case SignInOver():
            words = _("This link is used or too old. It works once, within 15 minutes. Ask for a new one.")
        case WrongSignIn():
            words = _("That does not belong together. Look at both again, or choose a new password.")
        case PasswordRefused():
            words = _("This password cannot be used. Choose a longer one, without words of the clinics or your name.")
        case LastFactor():
            words = _("Administrators need a second factor. Add another one before you remove this.")
        case UnknownAccount():
            words = _("Nobody who works here has this address.")
        case AccountExists():
            words = _("This address, or this clinician, has an account already.")
        case TooManyHelpers():
            words = _("No more helpers can be added here. End a link that is not needed, or call us.")
        case ChangedMeanwhile():
            words = _("Somebody else has changed this since you opened it. Look at what stands now, then decide again.")
        case MadeUpFor():
            words = _("Another session stands for this one by now. Cancel that one first, if this one took place.")
        case UnknownFee():
            words = _("This fee is gone: the visit it was for was not missed after all.")
        case UnknownAppointment():
            words = _("There is no such visit here. Choose one of those that you have.")
        case NotAllowed():
            words = _("This visit cannot be changed here any more. Call us, and we look at it together.")
        case NotAsked():
            words = _(
                "These questions can be answered only around the time that they are about. It is over, or to come."
            )
        case UnknownWaiter():
            words = _("We cannot find this place on the waiting list. Look for the newest link from us, or call us.")
        case OfferOver():
            words = _("This offer is over. If you still wait, the next time that becomes free is offered to you again.")
        case UnknownFeed():
            words = _("There is no calendar at this address any more. Ask for the new one.")
        case TooManySources():
            words = _("You have %(most)s calendars here. Take one out first.", most=MOST_SOURCES)
        case AnswerOver():
            words = _("This was answered before, or the times are no longer kept. What is shown now stands.")
        case SettledAlready():
            words = _("Nothing is left to settle here: the patient has answered, or somebody has settled it.")
        case NothingToUndo():
            words = _("This can no longer be undone. You can change the visit once more.")
        case _other:
            words = _("That did not work. Try again, or call us.")
    return words


_STATUS: dict[type[BookingError], int] = {
    SlotTaken: 409,
    DoesNotFit: 409,
    HoldExpired: 410,
    TooManyHolds: 429,
    TooManyAttempts: 429,
    SignInOver: 410,
    WrongSignIn: 422,
    PasswordRefused: 422,
    UnknownAccount: 404,
    TooManyHelpers: 409,
    TooYoung: 403,
    UnknownCourse: 404,
    UnknownArticle: 404,
    UnknownComment: 404,
    NotPending: 409,
    AnotherCourseRuns: 409,
    OtherChoice: 409,
    UnknownWish: 404,
    UnknownAppointment: 404,
    UnknownFee: 404,
    NotAllowed: 409,
    ChangedMeanwhile: 409,
    MadeUpFor: 409,
    NothingToUndo: 410,
    NotAsked: 410,
    UnknownWaiter: 404,
    OfferOver: 410,
    UnknownFeed: 404,
    TooManySources: 409,
    AnswerOver: 410,
    SettledAlready: 409,
}


def _on_http(error: HTTPException) -> Any:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if request.blueprint == "calendars":
        return _plain(error.code)
    return _page(_words_of(error), error.code, dict(error.get_headers()))


def _on_old_form(error: CSRFError) -> Response:
    """The session that belongs to the form is gone: the page was open for long, or cookies are off."""
    words = Words(
        _("This page was open for a long time"),
        _(
            "Nothing was sent. Open the page again and send it once more. If this comes back, your browser may be"
            " refusing the one cookie that we need while you book; then call us."
        ),
        (Way(_way_back(), _("Open the page again")),),
    )
    return _page(words, 400)


def _on_refusal(error: BookingError) -> Response:
    return _page(Words(_("This did not work out"), words_for(error), (_way_on(),)), _STATUS.get(type(error), 409))


def _way_on() -> Way:
    """Back to the appointments that are changed, else to where times are chosen."""
    if "opened" in g:
        return Way(url_for("me.course", token=(request.view_args or {})["token"]), _("See all visits"))
    return Way(url_for("book.need"), _("Choose times"))


def _on_no_database(error: OperationalError) -> Response:
    log_failure(error)
    if request.blueprint == "calendars":
        return _plain(503, {"Retry-After": str(RETRY_SECONDS)})
    words = Words(
        _("We cannot look this up just now"),
        _("Nothing was changed. Try again in a few minutes, or call us."),
    )
    return _bare(words, 503, {"Retry-After": str(RETRY_SECONDS)})


def _on_failure(error: InternalServerError) -> Response:
    """Flask has logged what went wrong."""
    if request.blueprint == "calendars":
        return _plain(500)
    words = Words(
        _("Something went wrong on our side"),
        _("We have noted it. If you were booking, look at your e-mail before you try again, or call us."),
    )
    return _bare(words, 500)


def _words_of(error: HTTPException) -> Words:
    if isinstance(error, NotFound) and request.blueprint == "me":
        return _old_link()
    if isinstance(error, NotFound) and request.endpoint == "site.own_comment":
        return _old_comment_link()
    if isinstance(error, Gone) and request.endpoint == "site.comment_link":
        return _removed_comment()
    title, text = {
        400: (
            _("We could not read what was sent"),
            _("Go back and try again. Nothing was changed."),
        ),
        403: (
            _("This page is not open to you"),
            _("The form seems to come from another site. Nothing was changed. Open the page here and send it again."),
        ),
        404: (
            _("There is no such page"),
            _("The address may be mistyped, or the page has moved. Search for it, or take one of the ways below."),
        ),
        405: (
            _("This address cannot be opened that way"),
            _("Nothing was changed. The ways below lead on."),
        ),
        410: (
            _("This page is gone"),
            _("What was here is no longer kept. The ways below lead on."),
        ),
        413: (
            _("That was too much at once"),
            _("What was sent is larger than we can take, so nothing was done. Go back, shorten it, and send it again."),
        ),
        429: (
            _("That was too often"),
            _("Wait an hour and try again, or call us. Nothing was changed."),
        ),
        503: (
            _("We cannot look this up just now"),
            _("Nothing was changed. Try again in a few minutes, or call us."),
        ),
    }.get(error.code or 400, (_("We could not read what was sent"), _("Go back and try again. Nothing was changed.")))
    return Words(title, text, _ways_on(), words_of_address(request.path) if error.code == 404 else None)


def _old_comment_link() -> Words:
    return Words(
        _("This link leads to no comment"),
        _("A part of it may have been lost on the way. Look for it in our e-mail about your comment, or call us."),
        _ways_on(),
    )


def _removed_comment() -> Words:
    return Words(
        _("This comment is gone"),
        _("Whoever wrote it wanted it deleted, or we took it away. What others wrote still stands below the article."),
        (Way(url_for("site.articles"), _("Articles")), *_ways_on()),
    )


def _old_link() -> Words:
    return Words(
        _("This link no longer works"),
        _(
            "It may have been replaced by a newer one, it was ended, or a part of it was lost on the way. Look for the"
            " newest e-mail from us, or let us send you a new link."
        ),
        (
            Way(url_for("me.find"), _("Send me a link")),
            Way(url_for("book.call_me"), _("Call me instead")),
        ),
    )


def _ways_on() -> tuple[Way, ...]:
    return (
        Way(url_for("site.start"), _("Start page")),
        Way(url_for("book.need"), _("Book")),
        Way(url_for("site.clinics"), _("Clinics")),
        Way(url_for("me.find"), _("My appointments")),
    )


def _way_back() -> str:
    """The page of the form that was sent, where it can be opened again."""
    rule = request.url_rule
    if rule is not None and "GET" in (rule.methods or ()):
        return request.path
    return url_for("book.need")


def _page(words: Words, status: int, headers: dict[str, str] | None = None) -> Response:
    try:
        html = render_template("errors/page.html", words=words)
    except SQLAlchemyError:
        return _bare(words, status, headers)
    return _answer(html, status, headers)


def _bare(words: Words, status: int, headers: dict[str, str] | None = None) -> Response:
    """A page that is whole without the database; with it, it names the house and its telephone number."""
    known = _frame_if_possible()
    template = current_app.jinja_env.get_template("errors/bare.html")
    html = template.render(words=words, language=current_language(), frame=known)
    return _answer(html, status, headers)


def _frame_if_possible() -> dict[str, Any] | None:
    try:
        db.session.rollback()
        return frame()
    except SQLAlchemyError:
        return None


def _answer(html: str, status: int, headers: dict[str, str] | None) -> Response:
    response = make_response(html, status)
    kept = {name: value for name, value in (headers or {}).items() if name in ("Allow", "Retry-After")}
    response.headers.update(kept)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    """For calendar programs, which show no page to anybody."""
    text = "No calendar has this address.\n" if status == 404 else "The calendar cannot be read just now.\n"
    response = make_response(text, status, headers or {})
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Cache-Control"] = "no-store"
    return response
