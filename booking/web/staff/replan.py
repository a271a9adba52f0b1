"""To re-plan: whom a disruption touches, where each could go, who has answered, and who is to be rung."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.changing import Option
from booking.domain.errors import AnswerOver, ChangedMeanwhile, DoesNotFit, NotAllowed, SettledAlready, SlotTaken
from booking.domain.period import Period, moment_of, oslo, seconds_of
from booking.services import new_times, wording
from booking.services.accounts import sees_clinic, sees_clinician, sees_course
from booking.services.disruptions import UNDECIDED, CauseKind, Kept, absence_behind
from booking.services.logbook import About, note_look
from booking.services.register import scope_of
from booking.services.relocation import propose
from booking.store.appointments import Appointment, appointments_by_id
from booking.store.clinics import Room
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import DECLINED, OFFERED, OPEN, Disruption, Touched, count_to_replan, open_disruptions
from booking.store.register import courses_by_id
from booking.store.schedules import Absence
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.errors import words_for
from booking.web.forms.fields import read_id
from booking.web.language import current_language
from booking.web.me.new_time import read_start
from booking.web.office import office
from booking.web.staff.looks import note_look_at
from booking.web.staff.words import visit_moment

A_MOMENT = timedelta(minutes=1)

MOST_OPTIONS = 25
"""How many places are listed for one appointment, the best of them."""


@dataclass(frozen=True, slots=True)
class Person:
    """One appointment that is touched, and whose it is. `was`: where it stood before it was moved, if that is known;
    `proposal`, `others`: places in words; `asks`: what the front desk has before it, empty if nothing."""

    appointment: Appointment
    course: Course
    stands: str
    row: Touched | None = None
    proposal: str = ""
    others: tuple[tuple[int, str], ...] = ()
    asks: str = ""


class People:
    """Touched appointments in words; all names read once a request."""

    def __init__(self, session: Session) -> None:
        self._session, self._house = session, House(session)

    def touched(self, appointment: Appointment, course: Course, row: Touched | None = None) -> Person:
        where = self.place(appointment.starts_at, appointment.clinician_id, appointment.clinic_id)
        if row is None:
            return Person(appointment, course, where)
        others = tuple((place["start"], self._kept(place)) for place in row.others)
        proposal = self._kept(row.proposal) if row.proposal else ""
        return Person(appointment, course, where, row, proposal, others, self._asks(row, course))

    def rows(self, disruption: Disruption) -> list[Person]:
        """Those that whoever is signed in sees, in order of time; first what is to be decided."""
        hers = disruption.clinician_id is not None and g.reach.clinician_id == disruption.clinician_id
        visits = appointments_by_id(self._session, [row.appointment_id for row in disruption.touched])
        courses = courses_by_id(self._session, {each.course_id for each in visits.values()})
        rows = [(visits[row.appointment_id], row) for row in disruption.touched]
        found = [self.touched(visit, courses[visit.course_id], row) for visit, row in rows]
        seen = [one for one in found if hers or sees_course(g.reach, one.course)]
        return sorted(seen, key=lambda one: (one.row is None or one.row.state != OPEN, one.appointment.starts_at))

    def place(self, start: datetime, clinician_id: int, clinic_id: int) -> str:
        who, where = self._house.clinician(clinician_id), self._house.clinic(clinic_id)
        return _("%(moment)s, %(who)s, %(where)s", moment=visit_moment(start), who=who, where=where)

    def cause(self, disruption: Disruption) -> str:
        """“Ask Eksempel is away”"""
        names = {
            "who": self._house.clinician(disruption.clinician_id) if disruption.clinician_id else "",
            "where": self._house.clinic(disruption.clinic_id) if disruption.clinic_id else "",
        }
        match CauseKind(disruption.kind):
            case CauseKind.ABSENCE:
                return _("%(who)s is away", who=names["who"])
            case CauseKind.ROOM:
                room = self._session.get_one(Room, disruption.room_id)
                return _(
                    "Room %(room)s at %(where)s is out of use", room=room.name, where=self._house.clinic(room.clinic_id)
                )
            case CauseKind.CLOSED:
                return _("%(where)s is closed", where=names["where"]) if names["where"] else _("All clinics are closed")
            case CauseKind.HOURS:
                whose = ", ".join(name for name in names.values() if name)
                return _("New hours: %(whose)s", whose=whose)

    def _kept(self, place: dict[str, int]) -> str:
        return self.place(moment_of(place["start"]), place["clinician"], place["clinic"])

    def _asks(self, row: Touched, course: Course) -> str:
        """What somebody at the clinic has to do about it; empty where the patient is to answer, or all is done."""
        if row.state == OPEN:
            return (
                _("Decide where it goes.") if row.proposal else _("No place was found by the rules. Ring, or choose.")
            )
        if row.state == DECLINED:
            return _("Wants another time: ring.")
        if row.state != OFFERED:
            return ""
        if course.email is None:
            return _("Has no e-mail: ring and tell.")
        late = row.answer_by is None or row.answer_by <= clock.now()
        return _("Has not answered in time: ring.") if late else ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A disruption on the board."""

    disruption: Disruption
    cause: str
    period: str
    people: list[Person]
    counts: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """An absence that whoever is signed in may take away again, and whom that leaves where she is. `told`: how many
    have been written to."""

    absence: Absence
    kept: Kept
    told: int


# -- pages ------------------------------------------------------------------------------------------------------------


@open_to(Rule.STAFF)
def board() -> str:
    """All that is still to be re-planned by whoever is signed in, with whom to ring."""
    session, people = db.session(), People(db.session())
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    found = [_heading(people, disruption) for disruption in open_disruptions(session)]
    return render_template("staff/replan.html", headings=[heading for heading in found if heading.people])


@open_to(Rule.STAFF)
def disruption(id: int) -> str:
    found, people = _seen(id), People(db.session())
    note_look(office(), g.reach.who, "look_list", About(), now=clock.now())
    heading = _heading(people, found, undecided=False)
    return render_template(
        "staff/disruption.html",
        heading=heading,
        open=[one for one in heading.people if one.row and one.row.state == OPEN],
        told=[one for one in heading.people if one.row and one.row.state != OPEN],
        unplaced=sum(1 for one in heading.people if one.row and one.row.state == OPEN and not one.row.proposal),
        state_words=state_words,
        mistake=_mistake(found),
        taken_back_at=_taken_back_at(found),
    )


@open_to(Rule.STAFF)
def other_place(id: int, row: int) -> ResponseReturnValue:
    """The places that one of the touched could have, the best first; the chosen one becomes the proposal."""
    found, session = _seen(id), db.session()
    one = next((each for each in People(session).rows(found) if each.row and each.row.id == row), None)
    if one is None or one.row is None or one.row.state != OPEN:
        return redirect(url_for("staff.disruption", id=id), 303)
    if request.method == "GET":
        note_look_at(one.appointment)
    try:
        ways = new_times.everywhere(session, office(), one.row, now=clock.now()).ways
    except (DoesNotFit, NotAllowed) as refusal:
        flash(words_for(refusal), "wrong")
        return redirect(url_for("staff.disruption", id=id), 303)
    options = [(_key(way.option), way.option) for way in ways]
    if request.method != "POST":
        return _options_page(found, one, options)
    option = dict(options).get(request.form.get("place", ""))
    if option is None:
        flash(_("Choose one of the times."), "wrong")
        return _options_page(found, one, options), 422
    who, now, version = g.reach.who, clock.now(), _version()
    return _done(
        id,
        lambda: new_times.change_proposal(office(), id, row, option.at, version=version, who=who, now=now),
        _("The proposal is changed. Nobody has been told yet."),
    )


# -- actions ----------------------------------------------------------------------------------------------------------


@open_to(Rule.STAFF)
def propose_anew(id: int) -> ResponseReturnValue:
    _seen(id)
    try:
        exact = propose(office(), id, version=_version(), now=clock.now())
    except ChangedMeanwhile as refusal:
        flash(words_for(refusal), "differs")
    else:
        flash(_("New times are proposed for all that are open. Nobody has been told yet."), "good")
        if not exact:
            flash(_("There were too many ways to look through all of them: a better one may exist."), "differs")
    return redirect(url_for("staff.disruption", id=id), 303)


@open_to(Rule.STAFF)
def accept(id: int) -> ResponseReturnValue:
    """Moves and tells those that are ticked, or all."""
    found = _seen(id)
    if found.version != _version():
        flash(words_for(ChangedMeanwhile()), "differs")
        return redirect(url_for("staff.disruption", id=id), 303)
    rows = [one.row for one in People(db.session()).rows(found) if one.row]
    ticked = {read_id(text) for text in request.form.getlist("row")}
    chosen = [row.id for row in rows if row.state == OPEN and row.proposal and _meant(row.id, ticked)]
    if not chosen:
        flash(_("Tick whom to move."), "wrong")
        return redirect(url_for("staff.disruption", id=id), 303)
    try:
        done = new_times.accept(
            office(), id, chosen, version=_version(), who=g.reach.who, now=clock.now(), at=clock.machine_now()
        )
    except ChangedMeanwhile as refusal:
        flash(words_for(refusal), "differs")
        return redirect(url_for("staff.disruption", id=id), 303)
    if done.moved:
        flash(ngettext("%(num)s appointment is moved.", "%(num)s appointments are moved.", done.moved), "good")
    if done.refused:
        words = ngettext(
            "%(num)s could not be moved: its time was taken meanwhile. Propose new times.",
            "%(num)s could not be moved: their times were taken meanwhile. Propose new times.",
            len(done.refused),
        )
        flash(words, "differs")
    return redirect(url_for("staff.disruption", id=id), 303)


@open_to(Rule.STAFF)
def answer(id: int, row: int) -> ResponseReturnValue:
    """What a patient has said on the phone, or that somebody has settled it in another way."""
    if row not in {one.row.id for one in People(db.session()).rows(_seen(id)) if one.row}:
        abort(404)
    verb = _verb(id, row, request.form.get("answer", ""))
    return _done(id, verb, _("Noted.")) if verb else redirect(url_for("staff.disruption", id=id), 303)


def waiting_to_replan() -> int:
    """How many appointments wait for whoever is signed in, for the navigation."""
    return count_to_replan(db.session(), scope_of(g.reach), now=clock.now())


def state_words(row: Touched) -> str:
    return {
        "open": _("to be decided"),
        "offered": _("moved, not answered"),
        "kept": _("suits the patient"),
        "chosen": _("chose another time"),
        "declined": _("wants another time"),
        "settled": _("settled"),
    }[row.state]


# -- small things -----------------------------------------------------------------------------------------------------


def _seen(id: int) -> Disruption:
    """The disruption, if whoever is signed in sees anybody it touches; else it is not there."""
    found = db.session().get(Disruption, id)
    if found is None or not (g.reach.administers or People(db.session()).rows(found)):
        abort(404)
    return found


def _mistake(disruption: Disruption) -> Mistake | None:
    """None where nothing is to be taken away, or not by her."""
    absence = absence_behind(db.session(), disruption)
    if absence is None or not sees_clinician(db.session(), g.reach, absence.clinician_id, now=clock.now()):
        return None
    told = sum(1 for row in disruption.touched if row.told_at is not None)
    return Mistake(absence, Kept.of(disruption), told)


def _taken_back_at(disruption: Disruption) -> str:
    """The page of hours on which its cause can be taken back; empty for an absence, or if that is not hers to see."""
    session, clinic_id = db.session(), disruption.clinic_id
    match CauseKind(disruption.kind):
        case CauseKind.ABSENCE:
            return ""
        case CauseKind.HOURS if disruption.clinician_id is not None:
            hers = sees_clinician(session, g.reach, disruption.clinician_id, now=clock.now())
            return url_for("staff.hours", id=disruption.clinician_id) if hers else ""
        case CauseKind.ROOM:
            clinic_id = session.get_one(Room, disruption.room_id).clinic_id
    if clinic_id is None:
        return url_for("staff.all_hours")
    return url_for("staff.clinic_hours", id=clinic_id) if sees_clinic(g.reach, clinic_id) else ""


def _heading(people: People, disruption: Disruption, *, undecided: bool = True) -> Heading:
    rows = [
        one for one in people.rows(disruption) if not undecided or (one.row is not None and one.row.state in UNDECIDED)
    ]
    period = period_words(Period(disruption.starts_at, disruption.ends_at))
    return Heading(disruption, people.cause(disruption), period, rows, _counts(rows))


def period_words(period: Period) -> str:
    """“Wednesday 3 March”, “Wednesday 3 March – Friday 5 March”, or with times where it is not whole days."""
    language = current_language()
    first, last = (wording.day(moment, language) for moment in (period.start, period.end - A_MOMENT))
    whole = all(oslo(moment).time() == time() for moment in (period.start, period.end))
    if first == last:
        return wording.sentence(first if whole else f"{first} {wording.times(period, language)}")
    words = f"{first} – {last}" if whole else f"{visit_moment(period.start)} – {visit_moment(period.end)}"
    return wording.sentence(words)


def _counts(people: Iterable[Person]) -> str:
    """“2 to be decided, 3 moved, not answered”"""
    rows = [one.row for one in people if one.row]
    count = Counter(state_words(row) for row in rows)
    return ", ".join(f"{number} {words}" for words, number in count.items())


def _meant(row_id: int, ticked: set[int]) -> bool:
    return request.form.get("which") == "all" or row_id in ticked


def _verb(id: int, row: int, said: str) -> Callable[[], None] | None:
    who, now, at, version = g.reach.who, clock.now(), clock.machine_now(), _version()
    if said == "keep":
        return lambda: new_times.keep(office(), row, who=who, now=now)
    if said == "neither":
        return lambda: new_times.decline(office(), row, who=who, now=now)
    if said == "settled":
        return lambda: new_times.settle_by_hand(office(), id, row, version=version, who=who, now=now)
    start = read_start(said)
    if start is None:
        return None
    return lambda: new_times.choose(office(), row, start, by=Actor.CLINIC, who=who, now=now, at=at)


def _done(id: int, verb: Callable[[], object], words: str) -> ResponseReturnValue:
    """What somebody else has done meanwhile is shown, and nothing is done over it."""
    try:
        verb()
    except (ChangedMeanwhile, AnswerOver, SettledAlready) as refusal:
        flash(words_for(refusal), "differs")
    except (DoesNotFit, NotAllowed, SlotTaken):
        flash(_("That time is not free any more. Choose another one."), "wrong")
    else:
        flash(words, "good")
    return redirect(url_for("staff.disruption", id=id), 303)


def _version() -> int:
    return read_id(request.form.get("version"))


def _key(option: Option) -> str:
    return f"{seconds_of(option.at.start)}-{option.at.clinician}-{option.at.clinic}"


def _options_page(disruption: Disruption, one: Person, options: list[tuple[str, Option]]) -> str:
    house, language, best = House(db.session()), current_language(), [key for key, _option in options[:1]]

    def who(option: Option) -> str:
        return f"{house.clinician(option.at.clinician)}, {house.clinic(option.at.clinic)}"

    def shown(key: str, option: Option) -> tuple[str, str]:
        """(value, words)"""
        words = [wording.time_of_day(option.at.start, language)]
        words += [_("suits the course best")] if key in best else []
        return key, ", ".join([*words, *([_("the review moves along")] if option.along else [])])

    in_order = sorted(options[:MOST_OPTIONS], key=lambda each: (each[1].at.day, who(each[1]), each[1].at.start))
    days = [
        (
            wording.sentence(wording.day(day, language)),
            [
                (name, [shown(*each) for each in theirs])
                for name, theirs in groupby(of_day, key=lambda each: who(each[1]))
            ],
        )
        for day, of_day in groupby(in_order, key=lambda each: each[1].at.day)
    ]
    return render_template("staff/other_place.html", disruption=disruption, one=one, days=days)
