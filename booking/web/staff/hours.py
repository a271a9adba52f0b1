"""Hours: when clinicians work and clinics are open, and what is entered about that, looked at before it is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import monday_of, oslo
from booking.domain.schedule import Weeks, template_on, weeks_of
from booking.services import wording
from booking.services.accounts import Reach, sees_clinic
from booking.services.hours import (
    Change,
    Close,
    DropBreak,
    DropHours,
    EndHours,
    NewBreak,
    NewHours,
    Preview,
    PutBack,
    Reopen,
    TakeOut,
    copied,
    preview,
    save,
)
from booking.services.logbook import About, note_look
from booking.services.offered import At
from booking.services.relocation import propose_first
from booking.store.appointments import Appointment, appointments_by_id
from booking.store.clinics import Clinic, all_clinics
from booking.store.courses import Course
from booking.store.database import db
from booking.store.hours import breaks_at, closings_from, closures_from, hours_from
from booking.store.people import Clinician, all_clinicians
from booking.store.register import courses_by_id
from booking.store.schedules import Break, Hours, template_of, workplaces
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.fields import one_line, read_id
from booking.web.forms.hours import (
    WEEKDAYS,
    BreakForm,
    ClosedForm,
    DayForm,
    EndForm,
    RoomForm,
    WeekForm,
    spans_words,
)
from booking.web.language import current_language
from booking.web.office import office
from booking.web.staff.words import visit_moment

LOOKED_AHEAD = 400
"""How many days ahead it is asked which of the week templates stand."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose hours a page is about: a clinician's, or (None) a clinic's own. `clinics`: those at which whoever is signed
    in may change them, as (id, name)."""

    name: str
    clinician: Clinician | None
    clinic: Clinic | None
    clinics: tuple[tuple[int, str], ...]

    @property
    def clinician_id(self) -> int | None:
        return self.clinician.id if self.clinician else None

    def url(self) -> str:
        if self.clinician is not None:
            return url_for("staff.hours", id=self.clinician.id)
        return url_for("staff.clinic_hours", id=self.clinic.id if self.clinic else 0)

    def change_url(self, what: str, **query: Any) -> str:
        if self.clinician is not None:
            return url_for("staff.change_hours", id=self.clinician.id, what=what, **query)
        return url_for("staff.change_clinic_hours", id=self.clinic.id if self.clinic else 0, what=what, **query)


@dataclass(frozen=True, slots=True)
class Shown:
    """A week template as a page shows it. `days`: (weekday, its hours in words); `now`: it has begun; `new`: but not
    before today, so that it can be taken back."""

    hours: Hours
    days: tuple[tuple[int, str], ...]
    now: bool
    new: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The hours at one clinic: `weeks` that stand now or later, `single` days, daily `breaks`, `common`: of all."""

    clinic: Clinic
    may_change: bool
    weeks: tuple[Shown, ...]
    single: tuple[Shown, ...]
    breaks: tuple[Break, ...]
    common: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A form, with the words above it, and what it makes once it is valid."""

    what: str
    heading: str
    form: FlaskForm
    change: Callable[[], Change]


# -- pages ------------------------------------------------------------------------------------------------------------


@open_to(Rule.STAFF)
def all_hours() -> str:
    """Whose hours whoever is signed in may look at."""
    session, reach = db.session(), g.reach
    clinics = [clinic for clinic in all_clinics(session) if sees_clinic(reach, clinic.id)]
    pairs = workplaces(session, today=_today())
    seen = {who for where, who in pairs if reach.desk_of(where)} | {reach.clinician_id}
    people = [each for each in all_clinicians(session) if each.id in seen or reach.administers]
    return render_template("staff/hours/all.html", clinics=clinics, people=people)


@open_to(Rule.OF_CLINICIAN)
def hours(id: int) -> str:
    """When a clinician works, clinic by clinic."""
    owner = _of_clinician(id)
    rows = hours_from(db.session(), Hours.clinician_id == id, today=_today())
    ids = dict.fromkeys(row.clinic_id for row in rows)
    return _page(owner, [clinic for clinic in all_clinics(db.session()) if clinic.id in ids], rows)


@open_to(Rule.OF_CLINIC)
def clinic_hours(id: int) -> str:
    """When a clinic is open, what closes it, and which of its rooms are out of use."""
    owner, now, session = _of_clinic(id), clock.now(), db.session()
    assert owner.clinic is not None, "a clinic's own"
    rows = hours_from(session, Hours.clinic_id == id, Hours.clinician_id.is_(None), today=_today())
    staff = {who for _where, who in workplaces(session, [id], today=_today())}
    return _page(
        owner,
        [owner.clinic],
        rows,
        closed=closings_from(session, id, now=now),
        closures=closures_from(session, id, now=now),
        rooms={room.id: room.name for room in owner.clinic.rooms},
        people=[each for each in all_clinicians(session) if each.id in staff and g.reach.desk_of(id)],
    )


@open_to(Rule.OF_CLINICIAN)
def change_hours(id: int, what: str) -> ResponseReturnValue:
    return _change(_of_clinician(id), what)


@open_to(Rule.OF_CLINIC)
def change_clinic_hours(id: int, what: str) -> ResponseReturnValue:
    return _change(_of_clinic(id), what)


# -- what is entered --------------------------------------------------------------------------------------------------


def _change(owner: Owner, what: str) -> ResponseReturnValue:
    """A form, then what it would do, then it is saved; what is taken back needs no form."""
    if not owner.clinics:
        abort(404)
    if what == "remove":
        return _decide(owner, _removed(owner), _("Take this back?"))
    entry = (_OF_CLINICIANS if owner.clinician else _OF_CLINICS).get(what, _nothing)(owner)
    if request.method != "POST" or "edit" in request.form:
        return _form_page(owner, entry)
    if not entry.form.validate():
        return _form_page(owner, entry), 422
    return _decide(owner, entry.change(), entry.heading)


def _nothing(owner: Owner) -> Entry:
    abort(404)


def _week(owner: Owner) -> Entry:
    at, source = _clinic_asked(owner), _source(owner)
    days = copied(db.session(), At(at, source), _monday_asked())
    words = {name: spans_words((d.start, d.end) for d in days if d.weekday == n) for n, name in enumerate(WEEKDAYS)}
    form = WeekForm(today=_today(), clinics=list(owner.clinics), data={"clinic": at, "weeks": "", **words})
    heading = _("New working hours") if owner.clinician else _("New opening hours")
    return Entry("week", heading, form, lambda: NewHours(form.hours(owner.clinician_id)))


def _day(owner: Owner) -> Entry:
    form = DayForm(today=_today(), clinics=list(owner.clinics), data={"clinic": _clinic_asked(owner)})
    return Entry("day", _("A single day"), form, lambda: NewHours(form.hours(owner.clinician_id)))


def _break(owner: Owner) -> Entry:
    form = BreakForm(today=_today(), clinics=list(owner.clinics), data={"clinic": _clinic_asked(owner)})
    return Entry(
        "break", _("A daily break"), form, lambda: NewBreak(form.clinic.data, owner.clinician_id, *form.times.spans[0])
    )


def _ended(owner: Owner) -> Entry:
    form = EndForm(today=_today(), clinics=list(owner.clinics), data={"clinic": _clinic_asked(owner)})
    return Entry(
        "end", _("Stop working here"), form, lambda: EndHours(form.clinic.data, owner.clinician_id or 0, form.last.data)
    )


def _closed(owner: Owner) -> Entry:
    form = ClosedForm(today=_today(), clinics=list(owner.clinics), data={"clinic": _clinic_asked(owner)})
    if not g.reach.administers:
        del form.everywhere

    def change() -> Close:
        everywhere = g.reach.administers and form.everywhere.data
        return Close(None if everywhere else form.clinic.data, form.period(), form.name())

    return Entry("closed", _("A closed period"), form, change)


def _room(owner: Owner) -> Entry:
    rooms = [(room.id, room.name) for room in owner.clinic.rooms] if owner.clinic else []
    form = RoomForm(today=_today(), clinics=list(owner.clinics), rooms=rooms, data={"clinic": _clinic_asked(owner)})
    return Entry(
        "room",
        _("A room out of use"),
        form,
        lambda: TakeOut(form.room.data, form.period(), one_line(form.reason.data)),
    )


_OF_CLINICIANS: dict[str, Callable[[Owner], Entry]] = {"week": _week, "day": _day, "break": _break, "end": _ended}
_OF_CLINICS: dict[str, Callable[[Owner], Entry]] = {
    "week": _week,
    "day": _day,
    "break": _break,
    "closed": _closed,
    "room": _room,
}


def _removed(owner: Owner) -> Change:
    """What is to be taken back, if it is the owner's. Raises ChangedMeanwhile if it is gone."""
    kinds: dict[str, Callable[[int], Change]] = {
        "hours": DropHours,
        "break": DropBreak,
        "closed": Reopen,
        "closure": PutBack,
    }
    sent = next(
        ((make, read_id(request.values.get(name))) for name, make in kinds.items() if name in request.values), None
    )
    if sent is None:
        abort(404)
    change = sent[0](sent[1])
    at = change.at(db.session())
    allowed = g.reach.administers if at.clinic_id is None else at.clinic_id in dict(owner.clinics)
    if not allowed or at.clinician_id != owner.clinician_id:
        abort(404)
    return change


# -- looking and saving -----------------------------------------------------------------------------------------------


def _decide(owner: Owner, change: Change, heading: str) -> ResponseReturnValue:
    """Saves what was looked at, else shows what there is to look at; again, if that has become something else."""
    now, meanwhile = clock.now(), False
    if request.method == "POST" and request.form.get("seen"):
        try:
            return _saved(owner, save(office(), change, seen=request.form["seen"], who=g.reach.who, now=now))
        except ChangedMeanwhile:
            meanwhile = True
    shown = preview(office(), change, now=now)
    if shown.touched:
        note_look(office(), g.reach.who, "look_list", About(), now=now)
    return render_template(
        "staff/hours/preview.html",
        owner=owner,
        heading=heading,
        shown=shown,
        touched=_touched(db.session(), shown.touched),
        house=House(db.session()),
        sent=[(name, value) for name, value in request.values.items(multi=True) if name not in _NOT_SENT_ON],
        removes=heading if request.path.endswith("/remove") else "",
        unheard=_unheard(change, shown),
        meanwhile=meanwhile,
        spans_words=spans_words,
    )


def _unheard(change: Change, shown: Preview) -> Clinic | None:
    """The clinic that must open before all of the hours that are entered can be offered."""
    if not isinstance(change, NewHours) or not any(day.unheard for day in shown.days):
        return None
    return db.session().get_one(Clinic, change.hours.clinic_id)


_NOT_SENT_ON = {"csrf_token", "seen", "edit"}


def _saved(owner: Owner, disruption: int | None) -> ResponseReturnValue:
    """On to what it touches, with new times that are proposed already."""
    if disruption is None:
        flash(_("Saved. Nobody is added to those to re-plan."), "good")
        return redirect(owner.url(), 303)
    propose_first(office(), disruption, now=clock.now())
    return redirect(url_for("staff.disruption", id=disruption), 303)


def _touched(session: Session, ids: Sequence[int]) -> list[tuple[Appointment, Course]]:
    found = appointments_by_id(session, ids)
    courses = courses_by_id(session, {each.course_id for each in found.values()})
    return [(found[id], courses[found[id].course_id]) for id in ids]


# -- what a page is made of -------------------------------------------------------------------------------------------


def _page(owner: Owner, clinics: Iterable[Clinic], rows: Sequence[Hours], **facts: Any) -> str:
    today, changeable = _today(), dict(owner.clinics)
    clinics = list(clinics)
    breaks = breaks_at(db.session(), [clinic.id for clinic in clinics])
    places = [
        Place(
            clinic=clinic,
            may_change=clinic.id in changeable,
            weeks=_weeks([row for row in rows if row.clinic_id == clinic.id], today),
            single=tuple(_shown(row, today) for row in rows if row.clinic_id == clinic.id and _single(row)),
            breaks=_breaks(breaks, clinic.id, owner.clinician_id),
            common=_breaks(breaks, clinic.id, None) if owner.clinician else (),
        )
        for clinic in clinics
    ]
    return render_template(
        "staff/hours/hours.html",
        owner=owner,
        places=places,
        week=_week_words(today),
        begins=_from,
        until=_until,
        **facts,
    )


def _weeks(rows: Sequence[Hours], today: date) -> tuple[Shown, ...]:
    """Those that stand on any of the days to come; what another has replaced is left out."""
    templates = {template_of(row): row for row in rows if not _single(row)}
    days = (today + timedelta(days=number) for number in range(LOOKED_AHEAD))
    stand = {template_on(templates, day) for day in days}
    return tuple(_shown(row, today) for template, row in templates.items() if template in stand)


def _shown(row: Hours, today: date) -> Shown:
    days = ((number, [(d.start_minute, d.end_minute) for d in row.days if d.weekday == number]) for number in range(7))
    words = tuple((number, spans_words(sorted(spans))) for number, spans in days if spans)
    return Shown(row, words, row.valid_from <= today, row.valid_from >= today)


def _single(row: Hours) -> bool:
    return row.valid_from == row.valid_until


def _breaks(rows: Iterable[Break], clinic_id: int, clinician_id: int | None) -> tuple[Break, ...]:
    return tuple(row for row in rows if (row.clinic_id, row.clinician_id) == (clinic_id, clinician_id))


def _form_page(owner: Owner, entry: Entry) -> str:
    return render_template(
        "staff/hours/change.html",
        owner=owner,
        entry=entry,
        form=entry.form,
        weekdays=WEEKDAYS,
        week=_week_words(_today()),
        sources=_sources(owner) if entry.what == "week" else [],
        source=_source(owner) if entry.what == "week" else None,
        monday=_monday_asked(),
        at=_clinic_asked(owner),
        openings=_openings(owner) if owner.clinician and entry.what in ("week", "day") else [],
    )


def _openings(owner: Owner) -> list[tuple[str, list[tuple[int, str]]]]:
    """When each of the clinics is open in this week: its name, and (weekday, its hours in words)."""
    found, monday = [], monday_of(_today())
    for id, name in owner.clinics:
        hours = [(each.weekday, (each.start, each.end)) for each in copied(db.session(), At(id), monday)]
        days = [(number, spans_words(span for day, span in hours if day == number)) for number in range(7)]
        found.append((name, [(number, words) for number, words in days if words]))
    return found


def _week_words(day: date) -> str:
    """“This week is week 9, an odd one.”"""
    number = day.isocalendar().week
    if weeks_of(day) is Weeks.ODD:
        return _("This week is week %(number)s, an odd one.", number=number)
    return _("This week is week %(number)s, an even one.", number=number)


def _until(moment: datetime) -> str:
    """“Sunday 1 August” for the midnight that ends that day, else with the time."""
    wall, language = oslo(moment), current_language()
    if wall.time() == time():
        return wording.day_and_year(wall - timedelta(days=1), language)
    return visit_moment(moment)


def _from(moment: datetime) -> str:
    """“Monday 12 July 2027” for midnight, else with the time."""
    if oslo(moment).time() == time():
        return wording.day_and_year(moment, current_language())
    return visit_moment(moment)


# -- whose ------------------------------------------------------------------------------------------------------------


def _of_clinician(id: int) -> Owner:
    """Those at the front desk change them at their clinics, she herself where she works."""
    session = db.session()
    her = session.get(Clinician, id)
    if her is None:
        abort(404)
    works = {where for where, who in workplaces(session, today=_today()) if who == id}
    return Owner(
        her.name, her, None, _changeable(session, g.reach, lambda where: id == g.reach.clinician_id and where in works)
    )


def _of_clinic(id: int) -> Owner:
    session = db.session()
    clinic = session.get(Clinic, id)
    if clinic is None:
        abort(404)
    own = tuple(pair for pair in _changeable(session, g.reach, lambda where: False) if pair[0] == id)
    return Owner(clinic.name, None, clinic, own)


def _changeable(session: Session, reach: Reach, also: Callable[[int], bool]) -> tuple[tuple[int, str], ...]:
    return tuple(
        (clinic.id, clinic.name) for clinic in all_clinics(session) if reach.desk_of(clinic.id) or also(clinic.id)
    )


def _clinic_asked(owner: Owner) -> int:
    """The clinic that the address asks for, or the first at which she works."""
    asked, known = read_id(request.values.get("clinic")), dict(owner.clinics)
    if asked in known:
        return asked
    works = [where for where, who in workplaces(db.session(), today=_today()) if who == owner.clinician_id]
    return next((where for where in works if where in known), next(iter(known)))


def _sources(owner: Owner) -> list[Clinician]:
    """Whose week can be copied: of a clinician, everybody's at the clinic."""
    if owner.clinician is None:
        return []
    staff = {who for _where, who in workplaces(db.session(), [_clinic_asked(owner)], today=_today())}
    return [each for each in all_clinicians(db.session()) if each.id in staff | {owner.clinician_id}]


def _source(owner: Owner) -> int | None:
    """Whose week is copied: her own if nothing is asked for, or nobody who works there."""
    asked = read_id(request.args.get("whose"))
    return asked if any(each.id == asked for each in _sources(owner)) else owner.clinician_id


def _monday_asked() -> date:
    """Of the week to copy: this one, if nothing is asked for."""
    try:
        day = date.fromisoformat(request.args.get("of", ""))
    except ValueError:
        day = _today()
    return monday_of(day if abs(day - _today()) < timedelta(days=5 * 365) else _today())


def _today() -> date:
    return oslo(clock.now()).date()
