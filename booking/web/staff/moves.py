"""Moves: an appointment dragged, moved by the keys or by a form; what it breaks and what is sent stands before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.appointment import Action, Actor, Charge, Status, may
from booking.domain.changing import Option, Week
from booking.domain.errors import BookingError, ChangedMeanwhile, DoesNotFit, NotAllowed, NothingToUndo, SlotTaken
from booking.domain.period import STEP_MINUTES, moment_of, oslo
from booking.services import desk_moves, wording
from booking.services.accounts import sees_appointment, sees_clinic
from booking.services.changes import Place, undoable, weeks_for
from booking.services.desk_cancel import cost_if_asked, take_back
from booking.services.desk_moves import Broken, BrokenKind
from booking.services.wishes import NoSuchTime, Unreadable, place_text
from booking.store.appointments import Appointment
from booking.store.changes import Fee, fees_of
from booking.store.courses import Course
from booking.store.database import db
from booking.store.schedules import workplaces
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.errors import words_for
from booking.web.forms.fields import read_id
from booking.web.forms.moves import MoveForm
from booking.web.language import current_language
from booking.web.me.places import Choice, Places, place_of
from booking.web.office import office
from booking.web.pictures import Link, day_at_time
from booking.web.staff.looks import note_look_at
from booking.web.staff.status import cost_words, told_words
from booking.web.staff.words import step_name

WEEKS = 4
"""Of how many weeks free times are named beside the form."""

GONE, UNREADABLE = 409, 422


@dataclass(frozen=True, slots=True)
class Undo:
    """What was just moved, the change that can be taken back, and until when."""

    words: str
    change_id: int
    appointment_id: int
    until: str
    told: str
    fee: Fee | None


@open_to(Rule.OF_APPOINTMENT)
def move(id: int) -> ResponseReturnValue:
    """GET: a form; with a place, what moving there breaks and what is sent. POST moves."""
    if request.method == "GET":
        note_look_at(g.about_appointment)
    desk = Desk(g.about_appointment)
    text = request.form.get("to", "") if request.method == "POST" else _asked()
    if not desk.movable:
        return desk.form_page(fault=_("This appointment can no longer be moved."), code=GONE)
    if not text:
        return desk.form_page()
    try:
        place = _place(desk.house, text)
    except NoSuchTime:
        return desk.form_page(
            fault=_("The clock is changed that night, so this time does not come, or comes twice. Choose another."),
            code=UNREADABLE,
        )
    except Unreadable:
        return desk.form_page(fault=_("Choose a day, a time and with whom."), code=UNREADABLE)
    if not sees_clinic(g.reach, place.clinic_id):
        return desk.form_page(fault=_("That clinic is not yours. Ask them to move it."), code=UNREADABLE)
    return desk.check_page(place) if request.method == "GET" else _move(desk, place, MoveForm())


def _place(house: House, text: str) -> Place:
    """What the address or the form names, on a step of the clock. Raises Unreadable."""
    place = place_of(house, text)
    if oslo(place.start).minute % STEP_MINUTES:
        raise Unreadable(text)
    return place


def _move(desk: Desk, place: Place, form: MoveForm) -> ResponseReturnValue:
    if not form.validate():
        return desk.check_page(place, fault=_("Please press the button once more."), code=UNREADABLE)
    payer = Actor.PATIENT if form.payer.data == Actor.PATIENT else Actor.CLINIC
    if desk.costs and not form.payer.data:
        return desk.check_page(place, fault=_("Choose who wants it to be moved."), code=UNREADABLE)
    verb = desk_moves.move_all_the_same if form.despite.data else desk_moves.move
    version, times = read_id(form.version.data), {"now": desk.now, "at": clock.machine_now()}
    try:
        verb(office(), desk.appointment.id, place, payer=payer, version=version, who=g.reach.who, **times)
    except (ChangedMeanwhile, SlotTaken, DoesNotFit, NotAllowed) as refusal:
        return _moved_meanwhile(desk.appointment.id, place, refusal)
    return redirect(back_url(form.back.data, desk.appointment.id), 303)


def _moved_meanwhile(appointment_id: int, place: Place, refusal: BookingError) -> ResponseReturnValue:
    """As it stands now, the place that she wanted kept, with what that would break now."""
    db.session.rollback()
    desk = Desk(db.session.get_one(Appointment, appointment_id, populate_existing=True))
    if not desk.movable:
        return desk.form_page(fault=_("This appointment can no longer be moved."), code=GONE)
    return desk.check_page(place, fault=words_for(refusal), code=GONE)


@open_to(Rule.OF_APPOINTMENT)
def undo_move(id: int) -> ResponseReturnValue:
    """Takes the newest change of the appointment's course back, and shows what was looked at."""
    appointment: Appointment = g.about_appointment
    change = read_id(request.form.get("change"))
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        take_back(office(), appointment.course_id, change, who=g.reach.who, **times)
    except NothingToUndo as refusal:
        flash(words_for(refusal), "differs")
    else:
        flash(_("It is as it was before. Nobody was told of anything."), "good")
    return redirect(back_url(request.form.get("back"), id, done=False), 303)


def back_url(back: str | None, appointment_id: int, *, done: bool = True) -> str:
    """The schedule she came from, where the appointment stands now; else the appointment's page."""
    appointment = db.session.get_one(Appointment, appointment_id, populate_existing=True)
    day, shown = oslo(appointment.starts_at).date(), appointment_id if done else None
    if back == "week":
        return url_for("staff.week", id=appointment.clinician_id, week=f"{day:%G-W%V}", done=shown)
    if back == "her_day":
        return url_for("staff.her_day", id=appointment.clinician_id, day=day.isoformat(), done=shown)
    if back == "day":
        return url_for("staff.day", id=appointment.clinic_id, day=day.isoformat(), done=shown)
    return url_for("staff.appointment", id=appointment_id)


def just_done() -> Undo | None:
    """What the address says was moved just now, while it can be taken back."""
    appointment = db.session.get(Appointment, read_id(request.args.get("done")))
    if appointment is None or not sees_appointment(g.reach, appointment):
        return None
    return undo_of(appointment)


def undo_of(appointment: Appointment) -> Undo | None:
    """The newest change of the appointment's course, if it can be taken back and moved this appointment."""
    now = clock.now()
    change = next(iter(undoable(db.session(), appointment.course_id, now=now, by=Actor.CLINIC)), None)
    before = change.before.get(str(appointment.id)) if change is not None else None
    if change is None or before is None or change.kind != "move":
        return None
    course = db.session.get_one(Course, appointment.course_id)
    words = _(
        "%(name)s is moved from %(before)s to %(after)s.",
        name=course.name,
        before=day_at_time(moment_of(before["start"])),
        after=day_at_time(appointment.starts_at),
    )
    until = wording.at_time(change.due_at, current_language())
    fees = (fee for fee in fees_of(db.session(), course.id) if fee.change_id == change.id and fee.amount)
    return Undo(words, change.id, appointment.id, until, told_words(course), next(fees, None))


class Desk:
    """One appointment that is to be moved."""

    def __init__(self, appointment: Appointment) -> None:
        self.appointment, self.now, self.session = appointment, clock.now(), db.session()
        self.course = self.session.get_one(Course, appointment.course_id)
        self.house = House(self.session)

    @property
    def movable(self) -> bool:
        a = self.appointment
        return may(Actor.CLINIC, Action.MOVE, Status(a.status), a.period, now=self.now)

    @cached_property
    def costs(self) -> Charge | None:
        """What it costs the patient if she asks for it; None while that is nothing."""
        cost = cost_if_asked(self.session, self.course, self.appointment, now=self.now)
        return cost if cost and (cost.amount or cost.excused) else None

    @cached_property
    def places(self) -> Places:
        names = {each.id: step_name(each) for each in self.course.appointments}
        return Places(self.house, self.appointment.clinic_id, names)

    def form_page(self, *, fault: str = "", code: int = 200) -> ResponseReturnValue:
        """Day, time and with whom; beside it the free times that the rules offer."""
        page = render_template(
            "staff/move.html",
            **self._facts(),
            fault=fault,
            asked=self._typed(),
            givers=self._givers(),
            weeks=list(self._offers()) if self.movable else [],
        )
        return page, code

    def check_page(self, place: Place, *, fault: str = "", code: int = 200) -> ResponseReturnValue:
        """Old and new beside each other, with what breaks, before anything is moved."""
        session, a = self.session, self.appointment
        if desk_moves.stands_at(a, place):
            return self.form_page(fault=_("It is there already."), code=code)
        broken = desk_moves.broken_by(session, office(), a, place, now=self.now)
        option = None if broken else desk_moves.option_at(session, office(), a, place, now=self.now)
        page = render_template(
            "staff/check_move.html",
            **self._facts(),
            form=MoveForm(formdata=None),
            fault=fault,
            to=self._text(place),
            new=self._lines(place.start, place.clinician_id, place.clinic_id),
            along=list(self.places.along(option)) if option else [],
            broken=[broken_words(each) for each in broken],
            forbidden=any(each.forbids for each in broken),
            reasons=self._payers(),
            told=told_words(self.course),
        )
        return page, code

    def _payers(self) -> list[tuple[str, str, str]]:
        """Who may want it, as a value, words and what it costs the patient; empty if it costs nothing at all."""
        if self.costs is None:
            return []
        asked = (Actor.PATIENT, _("The patient asks for it"), cost_words(self.costs))
        return [asked, (Actor.CLINIC, _("The clinic moves it"), _("Costs the patient nothing."))]

    def _facts(self) -> dict[str, object]:
        a = self.appointment
        return {
            "appointment": a,
            "course": self.course,
            "old": self._lines(a.starts_at, a.clinician_id, a.clinic_id),
            "what": step_name(a),
            "back": request.values.get("back", ""),
        }

    def _lines(self, start: datetime, clinician: int, clinic: int) -> list[str]:
        return [wording.sentence(day_at_time(start)), self.places.who(clinician, clinic)]

    def _text(self, place: Place) -> str:
        clinician, clinic = self.house.clinicians[place.clinician_id], self.house.clinics[place.clinic_id]
        return place_text(place.start, clinician.slug, clinic.slug)

    def _typed(self) -> dict[str, str]:
        """What the form is filled with: what was typed, or where the appointment is."""
        a, start = self.appointment, oslo(self.appointment.starts_at)
        clinician, clinic = self.house.clinicians[a.clinician_id], self.house.clinics[a.clinic_id]
        standing = {"day": f"{start:%Y-%m-%d}", "time": f"{start:%H:%M}", "with": f"{clinician.slug}~{clinic.slug}"}
        return {name: request.args.get(name, value) for name, value in standing.items()}

    def _givers(self) -> list[Link]:
        """With whom and where it can be, within her reach; as a value and words."""
        pairs = workplaces(self.session, today=oslo(self.now).date())
        return [
            Link(
                f"{self.house.clinicians[who].slug}~{self.house.clinics[where].slug}",
                f"{self.house.clinician(who)}, {self.house.clinic(where)}",
            )
            for where, who in pairs
            if sees_clinic(g.reach, where)
        ]

    def _offers(self) -> Iterator[tuple[str, list[Choice]]]:
        """The best free times of each day, week by week, as the rules of the course offer them."""
        weeks = weeks_for(self.session, office(), self.course, self.appointment, now=self.now)
        for week in [week for week in weeks if week.options][:WEEKS]:
            yield _week_words(week), [self.places.choice(option) for option in _best(week)]


def _best(week: Week) -> list[Option]:
    found: dict[date, Option] = {}
    for option in week.options:
        if sees_clinic(g.reach, option.at.clinic):
            found.setdefault(option.at.day, option)
    return sorted(found.values(), key=lambda option: option.at.start)


def _week_words(week: Week) -> str:
    return _("Week %(number)s", number=week.monday.isocalendar().week)


def _asked() -> str:
    """The place in the address: whole, or in the three parts of the form; empty if there is none."""
    whole = request.args.get("to")
    if whole is not None:
        return whole
    parts = [request.args.get(name, "") for name in ("day", "time", "with")]
    return "{}T{}~{}".format(*parts) if any(parts) else ""


def broken_words(broken: Broken) -> str:
    """What a move breaks, as a sentence."""
    if broken.kind is BrokenKind.CLOSED and broken.name is not None:
        return _("The clinic is closed: %(name)s.", name=broken.name[current_language()])
    number = broken.number
    return {
        BrokenKind.PAST: _("This time is over."),
        BrokenKind.TAKEN: _("The clinician has somebody else then."),
        BrokenKind.ROOM: _("No room is free then."),
        BrokenKind.PATIENT: _("The patient has another appointment then."),
        BrokenKind.AWAY: _("The clinician is away or busy elsewhere then."),
        BrokenKind.CLOSED: _("The clinic is closed then."),
        BrokenKind.NEEDLES: _("This clinician does not give this treatment."),
        BrokenKind.HOURS: _("It is outside of the working hours, or in a break."),
        BrokenKind.WEEK: _("Session %(number)s is in the same week.", number=number),
        BrokenKind.NEAR: _("It is too near session %(number)s.", number=number),
        BrokenKind.FAR: _("It is too far from session %(number)s.", number=number),
        BrokenKind.VISIT: _("The first visit would no longer come before the first session."),
        BrokenKind.REVIEW: _("The review would be too near the last session."),
        BrokenKind.UNUSUAL: _("It is a time that patients are not offered."),
    }[broken.kind]
