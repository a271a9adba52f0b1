"""The planner: wishes in, up to three plans out, each of which can be changed week by week."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import RequestEntityTooLarge

from booking.domain.errors import DoesNotFit
from booking.domain.period import OSLO
from booking.ical.busy import MOST_DAYS, Flaw, UnreadableCalendar, busy_periods
from booking.services.holds import forget_busy, keep_busy
from booking.services.proposals import NINE_WEEKS, Rhythm, UnknownWish
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, rhythm_of
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.plans import Plans, new_hint, wishes_form
from booking.web.book.visitor import Drafted, drafted, this_visitor
from booking.web.book.ways import own_ways
from booking.web.forms.calendar import CalendarForm
from booking.web.forms.wishes import WishesForm
from booking.web.limits import CALENDARS, limiter
from booking.web.office import office


@open_to(Rule.EVERYBODY)
def plan() -> ResponseReturnValue:
    """The planner. Addresses that hold empty fields are shortened first, so that what is linked is what was wished."""
    house = House(db.session())
    form = wishes_form(house, request.args, house.clinics.values())
    valid = form.validate()
    if valid and _can_be_shorter():
        return redirect(f"{url_for('book.plan')}?{query_of(form.asked(), _rhythm())}", 303)
    return _page(house, form, CalendarForm(), valid=valid)


@open_to(Rule.EVERYBODY)
def times() -> ResponseReturnValue:
    """The other free times of one session's week; without a session, all dates of the plan with a way to theirs."""
    plans = Plans(House(db.session()), drafted(), own_ways())
    try:
        asked, rhythm = asked_of(request.args), rhythm_of(request.args)
        chosen = rhythm and plans.chosen(asked, rhythm)
    except (Unreadable, UnknownWish, DoesNotFit):
        chosen = rhythm = None
    if not chosen or not rhythm:
        return redirect(f"{url_for('book.plan')}?{_without_plan()}", 303)
    number = request.args.get("session", "")
    if not number:
        return render_template("book/dates.html", **plans.all_dates(asked, rhythm, chosen))
    session = next((each for each in chosen.plan.sessions if str(each.step.number) == number), None)
    if session is None:
        abort(404)
    return render_template("book/times.html", **plans.one_week(asked, rhythm, chosen, session))


@open_to(Rule.EVERYBODY)
@limiter.limit(CALENDARS)
def calendar() -> ResponseReturnValue:
    """Takes a calendar file, reads in memory when its owner is busy, and keeps only that, with her draft."""
    form = CalendarForm()
    now = clock.now()
    try:
        query = request.form.get("query", "")
        upload = request.files.get("calendar")
        if upload is None or not upload.filename:
            form.refuse(_("Choose a calendar file first."))
            return _refused(form, query)
        with upload.stream as file:
            busy = busy_periods(file.read(), start=now, end=now + timedelta(days=MOST_DAYS), zone=OSLO)
    except RequestEntityTooLarge:
        form.refuse(_flaw(Flaw.TOO_LARGE))
        return _refused(form, "")
    except UnreadableCalendar as error:
        form.refuse(_flaw(error.flaw))
        return _refused(form, query)
    protocol = protocol_by_slug(db.session(), NINE_WEEKS)
    if protocol is None:
        abort(404)
    keep_busy(office(), this_visitor(), protocol.id, busy.periods, complete=_whole(busy), now=now)
    return redirect(f"{url_for('book.plan')}?{_canonical(query)}#proposals", 303)


@open_to(Rule.EVERYBODY)
def no_calendar() -> ResponseReturnValue:
    """The address of a refused calendar file, loaded anew or in the other language: back to the planner."""
    return redirect(url_for("book.plan"), 303)


@open_to(Rule.EVERYBODY)
def forget_calendar() -> ResponseReturnValue:
    draft = drafted()
    if draft.hold_id is not None:
        forget_busy(office(), draft.hold_id)
        flash(_("Your calendar is forgotten."), "good")
    return redirect(f"{url_for('book.plan')}?{_canonical(request.form.get('query', ''))}", 303)


# -- the page -------------------------------------------------------------------------------------------------


def _page(house: House, form: WishesForm, calendar_form: CalendarForm, *, valid: bool) -> str:
    draft = drafted()
    told: dict[str, Any] = {"cards": [], "no_plan": None, "query": request.query_string.decode(), "course": None}
    if valid:
        told = Plans(house, draft, own_ways()).answer(form.asked(), _rhythm())
    return render_template(
        "book/plan.html",
        form=form if form.errors else calendar_form,
        wishes=form,
        calendar_form=calendar_form,
        draft=draft,
        busy_words=_busy_words(draft),
        new_hint=new_hint(told.pop("course") or protocol_by_slug(db.session(), NINE_WEEKS)),
        valid=valid,
        **told,
    )


def _busy_words(draft: Drafted) -> str:
    if not draft.busy:
        return ""
    words = ngettext("%(num)s busy time is left out.", "%(num)s busy times are left out.", len(draft.busy))
    if not draft.busy_complete:
        words += " " + _("Some of your calendar could not be read, so look at the dates yourself, too.")
    return words


# -- addresses and files --------------------------------------------------------------------------------------


def _rhythm() -> Rhythm | None:
    try:
        return rhythm_of(request.args)
    except Unreadable:
        return None


def _can_be_shorter() -> bool:
    empty = any(not value for _name, value in request.args.items(multi=True))
    return empty or "away_from" in request.args or "away_to" in request.args


def _without_plan() -> str:
    """The wishes of this address, as they were typed."""
    pairs = request.args.items(multi=True)
    return urlencode([pair for pair in pairs if pair[0] not in ("pattern", "swap", "session")])


def _canonical(query: str) -> str:
    """A query that came back from a page; one that means nothing is kept as it was typed."""
    try:
        return query_of(asked_of(parsed(query)), rhythm_of(parsed(query)))
    except Unreadable:
        return urlencode(list(parsed(query).items(multi=True)))


def _refused(form: CalendarForm, query: str) -> ResponseReturnValue:
    house = House(db.session())
    wishes = wishes_form(house, parsed(query), house.clinics.values())
    return _page(house, wishes, form, valid=wishes.validate()), 422


def _flaw(flaw: Flaw) -> str:
    return {
        Flaw.TOO_LARGE: _("The file is larger than 5 MB. Choose a shorter period when you export it."),
        Flaw.NO_CALENDAR: _("This file is no calendar. Choose a file whose name ends in .ics."),
        Flaw.BROKEN: _("This calendar file is damaged. Export it again, or go on without it."),
    }[flaw]


def _whole(busy: Any) -> bool:
    return busy.complete and not busy.unreadable
