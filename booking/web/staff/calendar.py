"""Calendar: a clinician's appointments in a calendar of her own, and the calendars that tell when she is busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from babel.dates import format_timedelta
from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.ical.busy import Flaw, UnreadableCalendar
from booking.ical.fetch import Trouble
from booking.services import busy
from booking.services.busy import MOST_SOURCES, PARTLY, UNOPENED, TooManySources
from booking.services.clinician_feeds import Names, close_feed, open_feed, renew_feed
from booking.services.links import clinician_feed_url
from booking.store.busy import ClinicianFeed, Source, feed_of, sources_of
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.errors import words_for
from booking.web.forms.calendars import NAMES_HINTS, AddressForm, FeedForm, FileForm
from booking.web.forms.fields import read_id
from booking.web.language import current_language
from booking.web.me.calendar import webcal
from booking.web.office import office

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SourceShown:
    """A calendar of hers. `age`: how old what is known is; `wrong`: why it was not read the last time; empty if it was.
    `waits`: it is read for the first time soon."""

    id: int
    name: str
    followed: bool
    waits: bool
    fetched_at: datetime | None
    age: str
    wrong: str
    flagged: int
    to_come: int


@open_to(Rule.STAFF)
def calendar() -> str:
    _her_id()
    return _page()


@open_to(Rule.STAFF)
def make_feed() -> ResponseReturnValue:
    """Makes her feed, or has it show patients in another way."""
    form = FeedForm()
    if not form.validate():
        return _page(feed_form=form), 422
    open_feed(office(), _her_id(), form.chosen(), current_language(), who=g.reach.who, now=clock.now())
    flash(_("Saved."), "good")
    return _back("feed")


@open_to(Rule.STAFF)
def renew_address() -> ResponseReturnValue:
    renew_feed(office(), _her_id(), who=g.reach.who, now=clock.now())
    flash(_("The old address has stopped working. Subscribe again with the new one."), "good")
    return _back("feed")


@open_to(Rule.STAFF)
def end_feed() -> ResponseReturnValue:
    close_feed(office(), _her_id(), who=g.reach.who, now=clock.now())
    flash(_("The address has stopped working."), "good")
    return _back("feed")


@open_to(Rule.STAFF)
def subscribe() -> ResponseReturnValue:
    """Notes an address; it is asked by the worker, never while she waits for the page."""
    her, form = _her_id(), AddressForm()
    if not form.validate():
        return _page(address_form=form), 422
    try:
        busy.subscribe(office(), her, form.name(), form.url(), who=g.reach.who, now=clock.now())
    except TooManySources as error:
        form.address.errors = [words_for(error)]
        return _page(address_form=form), 422
    flash(_("It is read within a minute or two."), "good")
    return _back("busy")


@open_to(Rule.STAFF)
def upload() -> ResponseReturnValue:
    her, form = _her_id(), FileForm()
    file, named = request.files.get("file"), form.validate()
    if file is None or not file.filename:
        form.refuse(_("Choose a calendar file first."))
        return _page(file_form=form), 422
    if not named:
        return _page(file_form=form), 422
    try:
        with file.stream as stream:
            busy.upload(office(), her, form.name(), stream.read(), who=g.reach.who, now=clock.now())
    except UnreadableCalendar as error:
        form.refuse(failures()[error.flaw.value])
        return _page(file_form=form), 422
    except TooManySources as error:
        form.refuse(words_for(error))
        return _page(file_form=form), 422
    flash(_("The busy times of the file are in your schedule."), "good")
    return _back("busy")


@open_to(Rule.STAFF)
def ask_again() -> ResponseReturnValue:
    busy.ask_again(_her_id(), read_id(request.form.get("id")))
    flash(_("It is read within a minute or two."), "good")
    return _back("busy")


@open_to(Rule.STAFF)
def drop() -> ResponseReturnValue:
    busy.drop(office(), _her_id(), read_id(request.form.get("id")), who=g.reach.who, now=clock.now())
    flash(_("Taken out, with its busy times."), "good")
    return _back("busy")


# -- the page ---------------------------------------------------------------------------------------------------------


def _her_id() -> int:
    """As whom she treats; there is no such page for who does not."""
    id: int | None = g.reach.clinician_id
    if id is None:
        abort(404)
    return id


def _back(part: str) -> ResponseReturnValue:
    return redirect(url_for("staff.calendar", _anchor=part), 303)


def _page(**forms: Any) -> str:
    now, her = clock.now(), _her_id()
    row = feed_of(db.session(), her)
    shown = {
        "feed_form": FeedForm(formdata=None, names=row.names if row else Names.INITIALS),
        "address_form": AddressForm(formdata=None),
        "file_form": FileForm(formdata=None),
        **forms,
    }
    return render_template(
        "staff/calendar.html",
        form=next(iter(forms.values()), None),
        feed=_feed(row) if row else None,
        names_hints=NAMES_HINTS,
        sources=[_shown(source, now=now) for source in sources_of(db.session(), her, now=now)],
        most=MOST_SOURCES,
        **shown,
    )


def _feed(row: ClinicianFeed) -> dict[str, Any]:
    address = clinician_feed_url(office(), row)
    return {
        "url": address,
        "busy": address.removesuffix(".ics") + "/busy.ics",
        "webcal": webcal(address),
        "google": f"https://calendar.google.com/calendar/r?cid={quote(webcal(address), safe='')}",
        "outlook": f"https://outlook.live.com/calendar/0/addfromweb?url={quote(address, safe='')}",
        "fetched_at": row.used_at,
    }


def _shown(source: Source, *, now: datetime) -> SourceShown:
    row = source.row
    return SourceShown(
        id=row.id,
        name=row.name,
        followed=row.url is not None,
        waits=row.fetched_at is None and row.failure is None,
        fetched_at=row.fetched_at,
        age=_age(row.fetched_at, now=now),
        wrong=failures().get(row.failure or "", ""),
        flagged=row.flagged,
        to_come=source.to_come,
    )


def _age(fetched_at: datetime | None, *, now: datetime) -> str:
    """“12 minutes ago”."""
    if fetched_at is None:
        return ""
    ago = min(fetched_at - now, -MINUTE)
    return format_timedelta(ago, granularity="minute", add_direction=True, locale=current_language())


def failures() -> dict[str, str]:
    """The words for each way in which a calendar could not be read, or only in part."""
    return {
        Trouble.ADDRESS: _("This address cannot be asked. It must begin with https://."),
        Trouble.PRIVATE: _("The address leads into a private network, and is not asked."),
        Trouble.UNREACHABLE: _("The server cannot be reached."),
        Trouble.SLOW: _("The server took too long."),
        Trouble.LARGE: _("The calendar is larger than 5 MB."),
        Trouble.REDIRECTS: _("The address only leads on to others."),
        Trouble.ANSWER: _("There is no calendar at this address. Has it been renewed?"),
        Flaw.TOO_LARGE.value: _("The calendar is larger than 5 MB."),
        Flaw.NO_CALENDAR.value: _("This is no calendar. Look for the secret address or the file in iCal format."),
        Flaw.BROKEN.value: _("The calendar is damaged."),
        PARTLY: _("Some of its entries cannot be read, and do not count."),
        UNOPENED: _("The address can no longer be read here. Take it out and write it once more."),
    }
