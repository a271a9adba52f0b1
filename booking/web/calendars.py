"""Calendars: a patient's or clinician's feed, read by calendar programs behind a secret link.

A feed is asked for every hour, so the way to an unchanged one is short: no template, no session, one SELECT.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from booking.domain.errors import UnknownCourse
from booking.services.clinician_feeds import UnknownFeed, clinician_busy, clinician_feed
from booking.services.feeds import FeedAnswer, feed_for
from booking.store.database import db
from booking.web.access import Rule, open_to
from booking.web.clock import now
from booking.web.office import office

calendars = Blueprint("calendars", __name__)


@calendars.get("/calendars/<token>.ics")
@open_to(Rule.FEED_LINK)
def feed(token: str) -> Response:
    """A patient's feed, or 304 for who has it already; an unknown or renewed token is 404."""
    try:
        return _answered(feed_for(db.session(), office(), token, now=now()))
    except UnknownCourse:
        abort(404)


@calendars.get("/clinicians/<token>.ics")
@open_to(Rule.FEED_LINK)
def clinician(token: str) -> Response:
    """A clinician's feed, likewise."""
    try:
        return _answered(clinician_feed(db.session(), office(), token, now=now()))
    except UnknownFeed:
        abort(404)


@calendars.get("/clinicians/<token>/busy.ics")
@open_to(Rule.FEED_LINK)
def clinician_times(token: str) -> Response:
    """When that clinician can be had and when not, likewise."""
    try:
        return _answered(clinician_busy(db.session(), office(), token, now=now()))
    except UnknownFeed:
        abort(404)


def _answered(found: FeedAnswer) -> Response:
    response = _packed(found)
    response.last_modified = found.last_modified
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.vary.add("Accept-Encoding")
    response.make_conditional(request.environ)
    return response


def _packed(found: FeedAnswer) -> Response:
    """A strong entity tag names bytes, so the packed form has one of its own (RFC 9110, 8.8.3.3)."""
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(found.gzipped if packed else found.body, content_type="text/calendar; charset=utf-8")
    response.set_etag(f"{found.etag}-gzip" if packed else found.etag)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
