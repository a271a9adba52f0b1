"""The planner: wishes in, up to three plans out, each of which can be changed week by week."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import RequestEntityTooLarge

from booking.domain.course import NoPlan, PartOfDay, Plan, Planned, Wish
from booking.domain.errors import DoesNotFit
from booking.domain.period import OSLO, monday_of, oslo
from booking.domain.planner import alternatives, plan_pattern
from booking.domain.protocol import Protocol, StepKind
from booking.domain.slot import ReasonKind
from booking.ical.busy import MOST_DAYS, Flaw, UnreadableCalendar, busy_periods
from booking.services import wording
from booking.services.holds import forget_busy, keep_busy
from booking.services.proposals import (
    NINE_WEEKS,
    Asked,
    Chosen,
    Proposal,
    Rhythm,
    UnknownWish,
    limits_of,
    pattern_of,
    plan_chosen,
    propose,
    with_swaps,
)
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, rhythm_of
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.cards import Cards, card_id, times_url
from booking.web.book.house import House
from booking.web.book.visitor import Drafted, drafted, this_visitor
from booking.web.book.words import rhythm_name
from booking.web.forms.calendar import CalendarForm
from booking.web.forms.wishes import WishesForm, part_name
from booking.web.language import current_language
from booking.web.limits import CALENDARS, limiter
from booking.web.office import office
from booking.web.pictures import Link, day_at_time, rows_of

NEAREST = 6
"""How many of the other times of a week stand on top, best first."""

WEEKS_TOLD = 6
"""How many of the weeks that fail are named at once."""


@open_to(Rule.EVERYBODY)
def plan() -> ResponseReturnValue:
    """The planner. Addresses that hold empty fields are shortened first, so that what is linked is what was wished."""
    house = House(db.session())
    form = _form(house, request.args)
    valid = form.validate()
    if valid and _can_be_shorter():
        return redirect(f"{url_for('book.plan')}?{query_of(form.asked(), _rhythm())}", 303)
    return _page(house, form, CalendarForm(), valid=valid)


@open_to(Rule.EVERYBODY)
def times() -> ResponseReturnValue:
    """The other free times of one session's week; without a session, all dates of the plan with a way to theirs."""
    house = House(db.session())
    try:
        asked, rhythm = asked_of(request.args), rhythm_of(request.args)
        chosen = rhythm and _chosen(asked, rhythm)
    except (Unreadable, UnknownWish, DoesNotFit):
        chosen = rhythm = None
    if not chosen or not rhythm:
        return redirect(f"{url_for('book.plan')}?{_without_plan()}", 303)
    number = request.args.get("session", "")
    if not number:
        return _all_dates(house, asked, rhythm, chosen)
    session = next((each for each in chosen.plan.sessions if str(each.step.number) == number), None)
    if session is None:
        abort(404)
    return _one_week(house, asked, rhythm, chosen, session)


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
        told = _answer(house, form.asked(), draft)
    return render_template(
        "book/plan.html",
        form=form if form.errors else calendar_form,
        wishes=form,
        calendar_form=calendar_form,
        draft=draft,
        busy_words=_busy_words(draft),
        new_hint=_new_hint(told.pop("course") or protocol_by_slug(db.session(), NINE_WEEKS)),
        valid=valid,
        **told,
    )


def _answer(house: House, asked: Asked, draft: Drafted) -> dict[str, Any]:
    asked = replace(asked, busy=draft.busy)
    found = propose(db.session(), office(), asked, now=clock.now(), but_hold=draft.hold_id)
    slugs = house.slugs
    plans = [(each, slugs.rhythm(each.pattern)) for each in found.plans]
    notice = None
    try:
        plans = _with_own(found, plans, _rhythm())
    except DoesNotFit as error:
        notice = _("Session %(number)s can no longer be at the time you chose.", number=error.number)
    except UnknownWish:
        notice = _("The plan in this address does not exist.")
    return {
        "cards": Cards(house, asked, found.wishes, found.availability).of(plans),
        "no_plan": None if found.plans else _no_plan(house, asked, found.answer),
        "query": query_of(asked),
        "notice_text": notice,
        "course": found.protocol,
    }


def _with_own(found: Proposal, plans: list[tuple[Plan, Rhythm]], own: Rhythm | None) -> list[tuple[Plan, Rhythm]]:
    """The plans with the one that the address names in its place, or on top. Raises DoesNotFit, UnknownWish."""
    if own is None:
        return plans
    at = next((place for place, (_plan, rhythm) in enumerate(plans) if rhythm == replace(own, swaps=())), None)
    if at is not None:
        plan = plans[at][0]
    else:
        pattern = pattern_of(db.session(), own)
        now, limits = clock.now(), limits_of(office())
        other = plan_pattern(found.protocol, found.wishes, found.availability, pattern, now=now, limits=limits)
        if other is None:
            return plans
        plan = other
    plan = with_swaps(db.session(), found.protocol, found.wishes, found.availability, plan, own.swaps)
    if at is None:
        return [(plan, own), *plans]
    return [*plans[:at], (plan, own), *plans[at + 1 :]]


def _no_plan(house: House, asked: Asked, answer: Any) -> dict[str, Any]:
    assert isinstance(answer, NoPlan)
    weeks = _failed(answer)
    return {
        "fails": _fails(answer.fails),
        "weeks": weeks[:WEEKS_TOLD],
        "more": weeks[WEEKS_TOLD:],
        "relax": _relaxed(house, asked, answer),
        "can_wait": not weeks or any(reason.kind in _MAY_CHANGE for week in answer.weeks for reason in week.reasons),
        "busy": bool(answer.relax and answer.relax.wish is Wish.AWAY and asked.busy),
    }


_MAY_CHANGE = (ReasonKind.TAKEN, ReasonKind.NO_ROOM)
"""What can change by what others give back; nobody waits for a clinic to open on Sundays."""


def _failed(answer: NoPlan) -> list[tuple[str, str]]:
    """(weeks, reasons) in words; weeks in a row with the same reasons are told together."""
    language, told = current_language(), []
    for reasons, group in groupby(answer.weeks, key=lambda week: week.reasons):
        mondays = [week.monday for week in group]
        first, last = (wording.day_of_month(day, language) for day in (mondays[0], mondays[-1]))
        weeks = _("Week of %(day)s", day=first)
        if len(mondays) > 1:
            weeks = _("Weeks from %(first)s to %(last)s", first=first, last=last)
        told.append((weeks, wording.reasons_text(reasons, language)))
    return told


def _fails(kind: StepKind) -> str:
    return {
        StepKind.FIRST_VISIT: _("The weekly times would fit, but there is no time for a first visit before them."),
        StepKind.REVIEW: _("The weekly times would fit, but there is no time for the review after them."),
    }.get(kind, _("In these weeks nothing that you asked for is free:"))


def _relaxed(house: House, asked: Asked, answer: NoPlan) -> dict[str, str] | None:
    """The one wish to give up, what that would bring, and the address of it."""
    relax = answer.relax
    if relax is None:
        return None
    added = house.clinics[relax.wishes.clinics[-1]]
    changes, words = {
        Wish.DAYS: ({"days": frozenset()}, _("Take any weekday")),
        Wish.PARTS: ({"parts": frozenset()}, _("Take any time of day")),
        Wish.CLINICIAN: ({"clinician": None, "only_her": False}, _("Take any clinician")),
        Wish.CLINICS: ({"clinics": (*asked.clinics, added.slug)}, _("Add %(clinic)s", clinic=added.name)),
        Wish.START: ({"start": None}, _("Start as soon as possible")),
        Wish.AWAY: ({"away": ()}, _("Also take times when you are away or busy")),
    }[relax.wish]
    plan = relax.plan
    brings = _(
        "%(rhythm)s with %(who)s at %(clinic)s, from %(day)s.",
        rhythm=rhythm_name(plan.pattern, plan.sessions[0].start),
        who=house.clinician(plan.pattern.clinician),
        clinic=house.clinic(plan.pattern.clinic),
        day=wording.day(plan.sessions[0].start, current_language()),
    )
    wishes = query_of(replace(asked, **changes))  # type: ignore[arg-type]
    return {"text": words, "brings": brings, "href": f"{url_for('book.plan')}?{wishes}"}


def _busy_words(draft: Drafted) -> str:
    if not draft.busy:
        return ""
    words = ngettext("%(num)s busy time is left out.", "%(num)s busy times are left out.", len(draft.busy))
    if not draft.busy_complete:
        words += " " + _("Some of your calendar could not be read, so look at the dates yourself, too.")
    return words


def _new_hint(protocol: Protocol | None) -> str:
    first = protocol.first_visit if protocol else None
    if first is None:
        return ""
    language = current_language()
    return _(
        "We begin with a first visit of %(minutes)s, %(price)s.",
        minutes=wording.minutes(first.treatment.minutes, language),
        price=wording.price(first.treatment.price, language),
    )


# -- other times ----------------------------------------------------------------------------------------------


def _chosen(asked: Asked, rhythm: Rhythm) -> Chosen | None:
    draft = drafted()
    asked = replace(asked, busy=draft.busy)
    return plan_chosen(db.session(), office(), asked, rhythm, now=clock.now(), but_hold=draft.hold_id)


def _all_dates(house: House, asked: Asked, rhythm: Rhythm, chosen: Chosen) -> str:
    query = query_of(asked, rhythm)
    links = {
        each.step.number: Link(times_url(query, each.step.number), _("Other times that week"))
        for each in chosen.plan.sessions
    }
    visits = [house.visit(each) for each in chosen.plan.appointments]
    return render_template(
        "book/dates.html",
        heading=rhythm_name(rhythm, chosen.plan.sessions[0].start),
        rows=rows_of(visits, links=links),
        back_url=_plan_url(query, rhythm),
    )


def _one_week(house: House, asked: Asked, rhythm: Rhythm, chosen: Chosen, session: Planned) -> str:
    found = alternatives(chosen.protocol, chosen.wishes, chosen.availability, chosen.plan, session.step.number)
    offers = [(each, _swap_url(house, asked, rhythm, each)) for each in found]
    by_day = groupby(sorted(offers, key=lambda offer: offer[0].start), key=lambda offer: offer[0].day)
    return render_template(
        "book/times.html",
        number=session.step.number,
        monday=monday_of(session.day),
        now=day_at_time(session.start),
        nearest=[_nearest(house, each, url) for each, url in offers[:NEAREST]],
        days=[(day, _parts(house, list(each))) for day, each in by_day] if len(offers) > NEAREST else [],
        back_url=_plan_url(query_of(asked, rhythm), rhythm),
    )


def _swap_url(house: House, asked: Asked, rhythm: Rhythm, each: Planned) -> str:
    changed = replace(rhythm, swaps=(*rhythm.swaps, house.slugs.swap(each)))
    return _plan_url(query_of(asked, changed), changed)


def _plan_url(query: str, rhythm: Rhythm) -> str:
    return f"{url_for('book.plan')}?{query}#{card_id(rhythm)}"


def _nearest(house: House, each: Planned, url: str) -> dict[str, str]:
    return {
        "href": url,
        "when": wording.sentence(day_at_time(each.start)),
        "who": f"{house.clinician(each.clinician)}, {house.clinic(each.clinic)}",
    }


def _parts(house: House, offers: list[tuple[Planned, str]]) -> list[dict[str, Any]]:
    """The times of one day, by part of day."""
    grouped = groupby(offers, key=lambda offer: PartOfDay.at(offer[0].minute))
    return [
        {"label": part_name(part), "note": "", "times": [_time(house, *offer) for offer in each]}
        for part, each in grouped
    ]


def _time(house: House, each: Planned, url: str) -> dict[str, str]:
    text = wording.time_of_day(oslo(each.start), current_language())
    about = _("with %(who)s at %(clinic)s", who=house.clinician(each.clinician), clinic=house.clinic(each.clinic))
    return {"text": text, "about": about, "href": url}


# -- addresses and files --------------------------------------------------------------------------------------


def _form(house: House, query: Any) -> WishesForm:
    now = clock.now()
    return WishesForm(
        query,
        clinics=house.clinics.values(),
        clinicians=[who for who in house.clinicians.values() if who.needles],
        today=oslo(now).date(),
        horizon=limits_of(office()).horizon(now),
    )


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
    wishes = _form(house, parsed(query))
    return _page(house, wishes, form, valid=wishes.validate()), 422


def _flaw(flaw: Flaw) -> str:
    return {
        Flaw.TOO_LARGE: _("The file is larger than 5 MB. Choose a shorter period when you export it."),
        Flaw.NO_CALENDAR: _("This file is no calendar. Choose a file whose name ends in .ics."),
        Flaw.BROKEN: _("This calendar file is damaged. Export it again, or go on without it."),
    }[flaw]


def _whole(busy: Any) -> bool:
    return busy.complete and not busy.unreadable
