"""Schedule: the week or day of a clinician, the day of a clinic, the week of a room."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, abort, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from booking.domain.period import STEP_MINUTES, Period, at_wall, monday_of, oslo
from booking.domain.schedule import Schedule
from booking.domain.timetable import (
    Block,
    BlockKind,
    Shift,
    Timetable,
    breaks_of,
    closings_of,
    minutes_on,
    minutes_worked,
    uncovered,
)
from booking.services import wording
from booking.services.logbook import About, note_look
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import Clinician, all_clinicians
from booking.store.protocols import all_treatments
from booking.store.replies import replies_to
from booking.store.schedules import Absence, schedule_of, workplaces
from booking.store.timetable import (
    Entry,
    Kept,
    Whose,
    absences_in,
    busy_in,
    entries,
    held_times,
    room_closures_in,
    session_counts,
    state_of,
)
from booking.web import clock
from booking.web.access import Rule, asked_by_itself, open_to
from booking.web.forms.absences import KINDS
from booking.web.language import current_language
from booking.web.office import office
from booking.web.staff.moves import just_done
from booking.web.staff.sheet import Pen, Sheet, Source, dates_words, length_words, short_day, totals, week_days

YEARS = range(2000, 2200)
"""What is no year of a clinic is read as now."""

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Way:
    """A link of the bar above the sheet; `current`: it leads to what is shown."""

    href: str
    words: str
    current: bool = False


# -- pages ------------------------------------------------------------------------------------------------------------


@open_to(Rule.OF_CLINICIAN)
def week(id: int) -> str:
    """The week of one clinician."""
    _note_look()
    her, monday = _clinician(id), _monday_asked()
    desk = Desk(Whose(clinician_id=id), [id], monday, 7, clinics=_clinics_of(id))
    days = week_days(monday, desk.days_with_something(id))
    sources = [desk.her_day(her, day, heading=short_day(day), url=_day_url(id, day)) for day in days]
    return desk.page(
        sources,
        heading=dates_words(days[0], days[-1]),
        about=_("week %(number)s", number=monday.isocalendar().week),
        whose=her.name,
        previous=Way(_week_url(id, monday - timedelta(days=7)), _("Previous week")),
        next=Way(_week_url(id, monday + timedelta(days=7)), _("Next week")),
        today=Way(_week_url(id, monday_of(desk.today)), _("Today")),
        clinician=her,
    )


@open_to(Rule.OF_CLINICIAN)
def her_day(id: int) -> str:
    """One day of one clinician."""
    _note_look()
    her, day = _clinician(id), _day_asked()
    desk = Desk(Whose(clinician_id=id), [id], day, 1, clinics=_clinics_of(id))
    return desk.page(
        [desk.her_day(her, day, heading=her.name, url=_week_url(id, monday_of(day)))],
        heading=wording.sentence(wording.day_and_year(day, current_language())),
        about=_("week %(number)s", number=day.isocalendar().week),
        whose=her.name,
        previous=Way(_day_url(id, day - timedelta(days=1)), _("Previous day")),
        next=Way(_day_url(id, day + timedelta(days=1)), _("Next day")),
        today=Way(_day_url(id, desk.today), _("Today")),
        clinician=her,
    )


@open_to(Rule.OF_CLINIC)
def day(id: int) -> str:
    """The day of a clinic: a column for each clinician who works there or has somebody there."""
    _note_look()
    clinic, shown = _clinic(id), _day_asked()
    staff = [who for where, who in workplaces(db.session(), [id], today=shown) if where == id]
    desk = Desk(Whose(clinic_id=id), staff, shown, 1, clinics=[id])
    present = [each for each in all_clinicians(db.session()) if desk.is_there(each.id, shown)]
    return desk.page(
        [desk.at_clinic(each, clinic, shown) for each in present],
        heading=wording.sentence(wording.day_and_year(shown, current_language())),
        about=_("week %(number)s", number=shown.isocalendar().week),
        whose=clinic.name,
        previous=Way(_clinic_url(id, shown - timedelta(days=1)), _("Previous day")),
        next=Way(_clinic_url(id, shown + timedelta(days=1)), _("Next day")),
        today=Way(_clinic_url(id, desk.today), _("Today")),
        clinic=clinic,
        empty=_("Nobody works here on this day."),
    )


@open_to(Rule.OF_CLINIC)
def room(id: int, room: int) -> str:
    """The week of a room: who is treated there, and by whom."""
    _note_look()
    clinic, monday = _clinic(id), _monday_asked()
    name = next((each.name for each in clinic.rooms if each.id == room), None)
    if name is None:
        abort(404)
    desk = Desk(Whose(clinic_id=id, room_id=room), [], monday, 7, clinics=[id])
    days = week_days(monday, desk.days_open(id))
    return desk.page(
        [desk.in_room(clinic, day) for day in days],
        heading=dates_words(days[0], days[-1]),
        about=_("week %(number)s", number=monday.isocalendar().week),
        whose=_("%(clinic)s, room %(room)s", clinic=clinic.name, room=name),
        previous=Way(_room_url(id, room, monday - timedelta(days=7)), _("Previous week")),
        next=Way(_room_url(id, room, monday + timedelta(days=7)), _("Next week")),
        today=Way(_room_url(id, room, monday_of(desk.today)), _("Today")),
        clinic=clinic,
        room=room,
    )


@open_to(Rule.OF_CLINICIAN)
@asked_by_itself
def clinician_state(id: int) -> AnyResponse:
    """Whether a clinician's schedule is still as it is shown: 304, or 200 if it is not."""
    return _state(Whose(clinician_id=id), [id])


@open_to(Rule.OF_CLINIC)
@asked_by_itself
def clinic_state(id: int) -> AnyResponse:
    """The same of a clinic's day, or of a room's week there."""
    first = _day_asked()
    staff = [who for _where, who in workplaces(db.session(), [id], today=first)]
    return _state(Whose(clinic_id=id, room_id=request.args.get("room", type=int)), staff)


def _state(whose: Whose, clinician_ids: Collection[int]) -> AnyResponse:
    days = max(1, min(request.args.get("days", 7, type=int), 7))
    state = state_of(db.session(), whose, clinician_ids, period_of(_day_asked(), days))
    response = Response(state, mimetype="text/plain")
    response.set_etag(state)
    response.cache_control.no_store = True
    return response.make_conditional(request)


# -- what a page is made of -------------------------------------------------------------------------------------------


class Desk:
    """All that is read for one sheet: a constant number of statements, however much stands on it."""

    def __init__(
        self, whose: Whose, clinician_ids: Sequence[int], first: date, days: int, *, clinics: Sequence[int]
    ) -> None:
        session, self.now = db.session(), clock.now()
        self.whose, self.first, self.length = whose, first, days
        self.period = period_of(first, days)
        self.schedule: Schedule = schedule_of(session, clinics, self.period)
        self.timetable = Timetable(self.schedule)
        self.entries = entries(session, whose, self.period)
        self.clinician_ids = sorted({*clinician_ids, *(entry.clinician_id for entry in self.entries)})
        self.absences: list[Absence] = absences_in(session, self.clinician_ids, self.period)
        self.busy = busy_in(session, self.clinician_ids, self.period)
        self.kept = held_times(session, whose, self.period, now=self.now)
        self.closures = room_closures_in(session, [whose.room_id], self.period) if whose.room_id else []
        self.state = state_of(session, whose, clinician_ids, self.period)
        self.pen = Pen(
            reach=g.reach,
            now=self.now,
            lasts=session_counts(session),
            treatments={row.id: row.name[current_language()] for row in all_treatments(session)},
            replies=replies_to(session, [entry.id for entry in self.entries]),
            people={each.id: each.name for each in all_clinicians(session)} if whose.room_id else {},
        )

    @property
    def today(self) -> date:
        return oslo(self.now).date()

    def page(self, sources: Sequence[Source], **facts: Any) -> str:
        sheet: Sheet = self.pen.sheet(sources)
        return render_template(
            "staff/schedule.html",
            sheet=sheet,
            state=self.state,
            state_url=self._state_url(),
            menu=menu(facts.get("clinic"), self.first if self.length == 1 else max(self.first, self.today)),
            totals=self._totals(sources),
            just_moved=just_done(),
            back=(request.endpoint or "").removeprefix("staff.") if "room" not in facts else "",
            book_url=url_for("staff.book") if g.reach.front_desk and "staff.book" in current_app.view_functions else "",
            **facts,
        )

    # -- columns --------------------------------------------------------------------------------------------

    def her_day(self, her: Clinician, day: date, *, heading: str, url: str) -> Source:
        shifts = self.timetable.shifts(her.id, day)
        places = dict.fromkeys(shift.clinic_id for shift in shifts)
        own = [entry for entry in self.entries if oslo(entry.starts_at).date() == day]
        hers = self.timetable.places(her.id)
        usual = [clinic for clinic in self.schedule.clinics if clinic.id in (places or hers)]
        notes = [clinic.name for clinic in usual] if len(hers) > 1 and places else []
        return Source(
            day=day,
            entries=own,
            shifts=shifts,
            blocks=self._blocks(her.id, places or hers, shifts, day),
            heading=heading,
            key=f"d{day}",
            url=url,
            notes=(*self._closed_names(places or hers, day), *notes, *_counted(own)),
            clinic=usual[0].slug if usual else "",
            clinician=her.slug,
            grid=usual[0].grid_minutes if usual else STEP_MINUTES,
        )

    def at_clinic(self, who: Clinician, clinic: Clinic, day: date) -> Source:
        shifts = [shift for shift in self.timetable.shifts(who.id, day) if shift.clinic_id == clinic.id]
        own = [entry for entry in self.entries if entry.clinician_id == who.id]
        return Source(
            day=day,
            entries=own,
            shifts=shifts,
            blocks=self._blocks(who.id, [clinic.id], shifts, day),
            heading=who.name,
            key=f"c{who.id}",
            url=_week_url(who.id, monday_of(day)),
            notes=(*self._closed_names([clinic.id], day), *_counted(own)),
            clinic=clinic.slug,
            clinician=who.slug,
            grid=clinic.grid_minutes,
        )

    def in_room(self, clinic: Clinic, day: date) -> Source:
        shifts = self.timetable.opening(clinic.id, day)
        own = [entry for entry in self.entries if oslo(entry.starts_at).date() == day]
        out = _spans(((each.starts_at, each.ends_at, each.reason) for each in self.closures), day, BlockKind.OUT)
        kept = _spans(((each.starts_at, each.ends_at, "") for each in self.kept), day, BlockKind.KEPT)
        blocks = [*closings_of(self.schedule, [clinic.id], day), *out]
        return Source(
            day=day,
            entries=own,
            shifts=shifts,
            blocks=[*uncovered(blocks), *kept],
            heading=short_day(day),
            key=f"d{day}",
            url=_clinic_url(clinic.id, day),
            notes=(*self._closed_names([clinic.id], day), *_counted(own)),
        )

    # -- what is there --------------------------------------------------------------------------------------

    def is_there(self, clinician_id: int, day: date) -> bool:
        """Whether the clinician works at the sheet's clinic that day, or somebody is booked with her."""
        if any(entry.clinician_id == clinician_id for entry in self.entries):
            return True
        return any(shift.clinic_id == self.whose.clinic_id for shift in self.timetable.shifts(clinician_id, day))

    def days_with_something(self, clinician_id: int) -> Iterator[date]:
        yield from (oslo(entry.starts_at).date() for entry in self.entries)
        for day in self._days():
            if self.timetable.shifts(clinician_id, day):
                yield day

    def days_open(self, clinic_id: int) -> Iterator[date]:
        yield from (oslo(entry.starts_at).date() for entry in self.entries)
        yield from (day for day in self._days() if self.timetable.opening(clinic_id, day))

    def _days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.length)]

    def _blocks(self, clinician_id: int, clinics: Iterable[int], shifts: Sequence[Shift], day: date) -> list[Block]:
        """What stands in the clinician's day besides appointments, what lies within something longer left out."""
        hers = (each for each in self.absences if each.clinician_id == clinician_id)
        away = ((each.starts_at, each.ends_at, _kind_words(each)) for each in hers)
        blocks = [
            *closings_of(self.schedule, clinics, day),
            *_spans(away, day, BlockKind.AWAY),
            *_spans(_of(self.busy, clinician_id), day, BlockKind.BUSY),
            *breaks_of(self.schedule, clinician_id, shifts),
        ]
        kept = _spans(_of(self.kept, clinician_id), day, BlockKind.KEPT)
        own = [entry for entry in self.entries if entry.clinician_id == clinician_id]
        free = (each for each in kept if not any(_meets(each, entry, day) for entry in own))
        return [*uncovered(blocks), *uncovered(free)]

    def _closed_names(self, clinics: Iterable[int], day: date) -> list[str]:
        """“Constitution Day, Whit Monday”: what closes the whole day."""
        whole = [each for each in closings_of(self.schedule, clinics, day) if each.end - each.start == 24 * 60]
        names = [each.name[current_language()] for each in whole if each.name is not None]
        return [", ".join(dict.fromkeys(names))] if names else []

    def _totals(self, sources: Sequence[Source]) -> str:
        """“23 appointments, 12 h 30 min of 37 h 30 min”"""
        words = totals(entry for source in sources for entry in source.entries)
        kept = (BlockKind.KEPT,)
        worked = sum(minutes_worked(s.shifts, [b for b in s.blocks if b.kind not in kept]) for s in sources)
        return _("%(booked)s, of %(worked)s", booked=words, worked=length_words(worked)) if worked else words

    def _state_url(self) -> str:
        asked: dict[str, Any] = {"day": self.first.isoformat(), "days": self.length}
        if self.whose.clinician_id is not None:
            return url_for("staff.clinician_state", id=self.whose.clinician_id, **asked)
        return url_for("staff.clinic_state", id=self.whose.clinic_id, room=self.whose.room_id, **asked)


def menu(clinic: Clinic | None, day: date) -> list[tuple[str, list[Way]]]:
    """Whose schedule else can be looked at: groups of links, each to the same time of somebody or something else."""
    session, reach, here = db.session(), g.reach, request.path
    pairs = workplaces(session, today=oslo(clock.now()).date())
    seen = {who for where, who in pairs if reach.administers or (reach.front_desk and where in reach.clinic_ids)}
    seen |= {reach.clinician_id} - {None}
    clinics = [each for each in all_clinics(session) if reach.administers or each.id in reach.clinic_ids]
    people = [each for each in all_clinicians(session) if each.id in seen]
    groups = [
        (_("Clinicians"), [_way(_week_url(each.id, monday_of(day)), each.name, here) for each in people]),
        (_("A day at the clinic"), [_way(_clinic_url(each.id, day), each.name, here) for each in clinics]),
    ]
    rooms = [each for each in clinics if clinic is not None and each.id == clinic.id] or clinics[:1]
    for place in rooms:
        ways = [
            _way(_room_url(place.id, each.id, monday_of(day)), _("Room %(name)s", name=each.name), here)
            for each in place.rooms
        ]
        groups.append((_("Rooms, %(clinic)s", clinic=place.name), ways))
    return [group for group in groups if group[1]]


def watch_of(clinic_id: int, day: date) -> dict[str, str]:
    """What a page about a day at a clinic asks by itself, and where, to tell when something has changed elsewhere."""
    staff = [who for _where, who in workplaces(db.session(), [clinic_id], today=day)]
    state = state_of(db.session(), Whose(clinic_id=clinic_id), staff, period_of(day, 1))
    return {"state": state, "state_url": url_for("staff.clinic_state", id=clinic_id, day=day.isoformat(), days=1)}


# -- small things -----------------------------------------------------------------------------------------------------


def _note_look() -> None:
    """Comes first: what was read before the logbook is written would be read again."""
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())


def period_of(first: date, days: int) -> Period:
    """So many days from midnight to midnight in Oslo."""
    return Period(at_wall(first, 0), at_wall(first + timedelta(days=days), 0))


def _monday_asked() -> date:
    """The Monday of the week that the address asks for, or of this one."""
    found = _WEEK.fullmatch(request.args.get("week", ""))
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is not None and monday.year in YEARS:
        return monday
    return monday_of(_day_asked())


def _day_asked() -> date:
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return oslo(clock.now()).date()
    return day if day.year in YEARS else oslo(clock.now()).date()


def _clinician(id: int) -> Clinician:
    found = next((each for each in all_clinicians(db.session()) if each.id == id), None)
    return found or abort(404)


def _clinic(id: int) -> Clinic:
    found = next((each for each in all_clinics(db.session()) if each.id == id), None)
    return found or abort(404)


def _clinics_of(clinician_id: int) -> list[int]:
    pairs = workplaces(db.session(), today=date(min(YEARS), 1, 1))
    return [clinic for clinic, who in pairs if who == clinician_id]


def _week_url(id: int, monday: date) -> str:
    return url_for("staff.week", id=id, week=week_name(monday))


def _day_url(id: int, day: date) -> str:
    return url_for("staff.her_day", id=id, day=day.isoformat())


def _clinic_url(id: int, day: date) -> str:
    return url_for("staff.day", id=id, day=day.isoformat())


def _room_url(id: int, room: int, monday: date) -> str:
    return url_for("staff.room", id=id, room=room, week=week_name(monday))


def week_name(day: date) -> str:
    """“2027-W20”, as addresses name a week."""
    return f"{day:%G-W%V}"


def _way(href: str, words: str, here: str) -> Way:
    return Way(href, words, current=href.partition("?")[0] == here)


def _of(times: Iterable[Kept], clinician_id: int) -> Iterator[tuple[datetime, datetime, str]]:
    return ((each.starts_at, each.ends_at, "") for each in times if each.clinician_id == clinician_id)


def _spans(times: Iterable[tuple[datetime, datetime, str]], day: date, kind: BlockKind) -> list[Block]:
    spans = ((minutes_on(Period(start, end), day), words) for start, end, words in times)
    return [Block(*span, kind, words=words) for span, words in spans if span]


def _kind_words(absence: Absence) -> str:
    """“Holiday”; nothing where it says no more than that she is away, or is nobody else's business."""
    return "" if absence.kind in ("other", "illness") else str(KINDS.get(absence.kind, ""))


def _meets(block: Block, entry: Entry, day: date) -> bool:
    span = minutes_on(entry.period, day)
    return span is not None and span[0] < block.end and block.start < span[1]


def _counted(own: Sequence[Entry]) -> tuple[str, ...]:
    return (totals(own),) if own else ()
