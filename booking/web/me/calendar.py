"""Calendar: how the visits reach the patient's own calendar, and the links behind which they stand."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, g, redirect, url_for

from booking.services import preferences
from booking.services.feeds import file_for
from booking.services.links import FEED, PAGE, feed_url, page_url, token_of
from booking.store.courses import RUNNING, Course, links_of
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.forms.contact import ChannelForm
from booking.web.forms.details import CHANNEL_HINTS
from booking.web.language import current_language
from booking.web.office import office


def calendar_of(course: Course) -> dict[str, Any]:
    """What the pages say about links and calendars."""
    links = links_of(db.session(), course.id)
    address = feed_url(office(), links[FEED])
    return {
        "channel_hints": CHANNEL_HINTS,
        "channel_form": ChannelForm(formdata=None, channel=course.channel),
        "page_url": page_url(office(), links[PAGE], current_language()),
        "feed": {
            "url": address,
            "webcal": webcal(address),
            "google": f"https://calendar.google.com/calendar/r?cid={quote(webcal(address), safe='')}",
            "outlook": f"https://outlook.live.com/calendar/0/addfromweb?url={quote(address, safe='')}",
            "fetched_at": links[FEED].used_at,
        },
        "calendar_open": course.status == RUNNING,
    }


def webcal(address: str) -> str:
    """The address by which phones and computers offer to subscribe."""
    return urlsplit(address)._replace(scheme="webcal").geturl()


@open_to(Rule.PAGE_LINK)
def file(token: str) -> Response:
    """The visits as one file, in the language of the booking; it follows no change."""
    response = Response(file_for(db.session(), office(), g.link.course), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointments.ics"'
    return response


@open_to(Rule.PAGE_LINK)
def choose_channel(token: str) -> Any:
    form = ChannelForm()
    if form.validate():
        preferences.choose_channel(
            office(), g.link.course_id, form.channel.data, now=clock.now(), at=clock.machine_now()
        )
    return redirect(url_for("me.course", token=token, done="calendar", _anchor="calendar"), 303)


@open_to(Rule.PAGE_LINK)
def renew_feed(token: str) -> Any:
    """Ends the feed's old address."""
    preferences.renew_feed(office(), g.link.course_id)
    return redirect(url_for("me.course", token=token, done="feed", _anchor="calendar"), 303)


@open_to(Rule.PAGE_LINK)
def renew_page(token: str) -> Any:
    """Ends the link that this page was opened with, and goes on behind the new one."""
    preferences.renew_page(office(), g.link.course_id, now=clock.now(), at=clock.machine_now())
    renewed = token_of(office(), links_of(db.session(), g.link.course_id)[PAGE])
    return redirect(url_for("me.course", token=renewed, done="link", _anchor="link"), 303)
