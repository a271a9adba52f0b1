"""Caller: times for who is on the telephone, by the planner that she would have used herself.

What was typed is kept with the call's draft, under the address of its pages, so that two callers in two tabs never mix.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import DoesNotFit, HoldExpired, SlotTaken, TooYoung
from booking.domain.period import oslo
from booking.services import wording
from booking.services.accounts import sees_patient
from booking.services.callers import Said, caller_at, suggest_duplicates
from booking.services.courses import FrontDesk, OtherChoice, book
from booking.services.holds import Choice, begin, find_hold, give_back, hold, keep_again
from booking.services.logbook import About, note_look, note_looks
from booking.services.proposals import NINE_WEEKS, Asked, UnknownWish
from booking.services.rescue import Rescue
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, rhythm_of
from booking.store.clinics import Clinic
from booking.store.courses import RUNNING, Course
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.patients import NOBODYS_BIRTH_DATE, Patient
from booking.store.protocols import protocol_by_slug
from booking.store.register import courses_of_patients
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.check import places_of, row_words, usual_of
from booking.web.book.choose import Changed, choice_of
from booking.web.book.days import Days, single_form
from booking.web.book.house import House
from booking.web.book.lost import lost_words, offered, picks_of
from booking.web.book.plans import Plans, new_hint, wishes_form
from booking.web.book.steps import Draft, chosen_words, fresh, this_draft
from booking.web.book.visitor import Drafted
from booking.web.book.ways import Ways
from booking.web.book.words import cancel_rule
from booking.web.forms.caller import CallerForm, CheckedForm
from booking.web.forms.check import lost_form
from booking.web.forms.fields import read_id
from booking.web.forms.need import NEW, SINGLE
from booking.web.language import LANGUAGES, current_language
from booking.web.office import office
from booking.web.pictures import rows_of

KEY_BYTES = 9
"""What tells one call from the others of the same desk; only who is signed in there can use it."""


# -- who rings --------------------------------------------------------------------------------------------------------


@open_to(Rule.FRONT_DESK)
def book_caller() -> ResponseReturnValue:
    """Who rings, and what about. A patient's page leads here with her already picked."""
    patient = picked_patient(request.args.get("patient"))
    kept = {"what": request.args.get("what"), **(as_known(patient) if patient else {})}
    form = CallerForm(data=kept, today=today())
    if request.method != "POST" or not form.validate():
        return render_template("staff/book/caller.html", form=form, patient=patient), 422 if form.errors else 200
    call = secrets.token_urlsafe(KEY_BYTES)
    keep_caller(call, form.typed(), patient)
    like = () if patient else suggest_duplicates(db.session(), form.said(), g.reach, now=clock.now())
    if like:
        return redirect(url_for("staff.who_calls", call=call), 303)
    return redirect(first_page(call, form.what.data), 303)


def picked_patient(id: str | None) -> Patient | None:
    """The patient whom the desk may see and has picked; that somebody looked at her is noted."""
    number = read_id(id)
    if number < 0 or not sees_patient(db.session(), g.reach, number):
        return None
    patient = db.session.get(Patient, number)
    if patient is None or patient.birth_date == NOBODYS_BIRTH_DATE:
        return None
    note_look(office(), g.reach.who, "look_patient", About(patient_id=number), now=clock.now())
    return db.session.get(Patient, number)


def as_known(patient: Patient) -> dict[str, str]:
    """How the patient gave her name and contact the last time."""
    newest = next(iter(courses_of_patients(db.session(), [patient.id])), None)
    born = f"{patient.birth_date.day}.{patient.birth_date.month}.{patient.birth_date.year}"
    if newest is None:
        return {"born": born}
    return {"name": newest.name, "mobile": newest.mobile or "", "email": newest.email or "", "born": born}


def keep_caller(call: str, typed: dict[str, str], patient: Patient | None) -> None:
    """Keeps who calls with the call's draft."""
    protocol = protocol_by_slug(db.session(), NINE_WEEKS)
    if protocol is None:
        abort(404)
    caller = {**typed, "patient": patient.id if patient else None}
    begin(office(), caller_at(g.reach.account_id, call), protocol.id, {"caller": caller}, now=clock.now())


def first_page(call: str, what: str) -> str:
    """Where the times are chosen."""
    if what in SINGLE:
        return url_for("staff.caller_days", call=call, kind=what)
    clinic = [each.slug for each in hers(House(db.session()))][:1]
    place = {} if g.reach.administers else {"clinic": clinic}
    return url_for("staff.caller_plan", call=call, **place, **({"new": "1"} if what == NEW else {}))  # type: ignore[arg-type]


# -- one call ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One call, by the key in its addresses, with its draft."""

    key: str
    hold: Hold
    draft: Draft
    house: House

    @property
    def caller(self) -> dict[str, Any]:
        caller: dict[str, Any] = self.draft.answers.get("caller", {})
        return caller

    @property
    def patient(self) -> Patient | None:
        """The patient who was picked."""
        id = self.caller.get("patient")
        patient = db.session.get(Patient, id) if id is not None else None
        return None if patient is None or patient.birth_date == NOBODYS_BIRTH_DATE else patient

    @property
    def drafted(self) -> Drafted:
        return Drafted(self.hold, (), True)

    @property
    def ways(self) -> Ways:
        key = {"call": self.key}
        return Ways(
            url_for("staff.caller_plan", **key),  # type: ignore[arg-type]
            url_for("staff.caller_times", **key),  # type: ignore[arg-type]
            url_for("staff.caller_days", **key),  # type: ignore[arg-type]
        )

    @property
    def plans(self) -> Plans:
        return Plans(self.house, self.drafted, self.ways, tuple(each.id for each in hers(self.house)))

    def within(self, asked: Asked) -> Asked:
        """The wishes, at the clinics of this desk. Raises UnknownWish for another clinic."""
        own = tuple(clinic.slug for clinic in hers(self.house))
        for slug in asked.clinics:
            if slug not in own:
                raise UnknownWish("clinic", slug, own)
        return asked if asked.clinics else replace(asked, clinics=own)

    def frame(self) -> dict[str, Any]:
        """What each page of the call shows on top."""
        return {"call": self.key, "caller": self.caller, "patient": self.patient}


def hers(house: House) -> list[Clinic]:
    """The clinics for which this desk books."""
    return [clinic for clinic in house.clinics.values() if g.reach.desk_of(clinic.id)]


def of_call(view: Callable[[Call], ResponseReturnValue]) -> Callable[[str], ResponseReturnValue]:
    """A page of one call. One of another desk or of long ago is none; one that was booked leads to what it became."""

    @open_to(Rule.FRONT_DESK)
    @wraps(view)
    def guarded(call: str) -> ResponseReturnValue:
        found = find_hold(db.session(), office(), caller_at(g.reach.account_id, call).secret)
        if found is None:
            flash(_("That call is over, and nothing is kept for it any more. Begin a new one."), "info")
            return redirect(url_for("staff.book"), 303)
        if found.course_id is not None:
            return redirect(url_for("staff.caller_done", call=call), 303)
        g.hold = found
        return view(Call(call, found, this_draft(), House(db.session())))

    return guarded


def with_times(view: Callable[[Call], ResponseReturnValue]) -> Callable[[str], ResponseReturnValue]:
    """The same for what comes after times were chosen: those that ran out are kept again if nobody took them."""

    @wraps(view)
    def guarded(call: Call) -> ResponseReturnValue:
        if not call.hold.times:
            return redirect(first_page(call.key, call.caller.get("what", "")), 303)
        if call.hold.expires_at <= clock.now():
            try:
                keep_again(office(), call.hold.id, now=clock.now())
            except SlotTaken:
                return redirect(url_for("staff.caller_lost", call=call.key), 303)
            fresh(call.hold)
        return view(call)

    return of_call(guarded)


@of_call
def who_calls(call: Call) -> ResponseReturnValue:
    """Patients whom the caller may be: one of them is picked, or none."""
    if request.method == "POST":
        patient = picked_patient(request.form.get("patient"))
        typed = {name: value for name, value in call.caller.items() if name != "patient"}
        known = {name: value for name, value in as_known(patient).items() if value} if patient else {}
        said = {name: value for name, value in typed.items() if value}
        keep_caller(call.key, {**typed, **known, **said, **({"born": known["born"]} if known else {})}, patient)
        return redirect(first_page(call.key, typed.get("what", "")), 303)
    like = suggest_duplicates(db.session(), said_of(call), g.reach, now=clock.now())
    looks = [About(patient_id=found.patient.id) for found in like]
    note_looks(office(), g.reach.who, "find", looks, now=clock.now())
    return render_template("staff/book/who.html", like=like, house=House(db.session()), **call.frame())


def said_of(call: Call) -> Said:
    """What the caller has told, read once more."""
    form = CallerForm(formdata=None, data=call.caller, today=today(), meta={"csrf": False})
    return form.said()


# -- which times ------------------------------------------------------------------------------------------------------


@of_call
def caller_plan(call: Call) -> ResponseReturnValue:
    form = wishes_form(call.house, request.args, hers(call.house))
    valid = form.validate()
    if valid and any(not value for _name, value in request.args.items(multi=True)):
        return redirect(call.ways.plan_of(query_of(form.asked(), _rhythm())), 303)
    told: dict[str, Any] = {"cards": [], "no_plan": None, "query": request.query_string.decode()}
    if valid:
        told = call.plans.answer(call.within(form.asked()), _rhythm())
    course = told.pop("course", None) or protocol_by_slug(db.session(), NINE_WEEKS)
    return render_template(
        "staff/book/plan.html",
        form=form,
        wishes=form,
        ways=call.ways,
        valid=valid,
        new_hint=new_hint(course),
        **told,
        **call.frame(),
    )


@of_call
def caller_times(call: Call) -> ResponseReturnValue:
    """The other free times of one session's week, or all dates of the plan with a way to theirs."""
    try:
        asked, rhythm = call.within(asked_of(request.args)), rhythm_of(request.args)
        chosen = rhythm and call.plans.chosen(asked, rhythm)
    except (Unreadable, UnknownWish, DoesNotFit):
        chosen = rhythm = None
    if not chosen or not rhythm:
        return redirect(call.ways.plan, 303)
    number = request.args.get("session", "")
    if not number:
        facts = call.plans.all_dates(asked, rhythm, chosen)
        return render_template("staff/book/dates.html", **facts, **call.frame())
    session_ = next((each for each in chosen.plan.sessions if str(each.step.number) == number), None)
    if session_ is None:
        abort(404)
    facts = call.plans.one_week(asked, rhythm, chosen, session_)
    return render_template("staff/book/times.html", **facts, **call.frame())


@of_call
def caller_days(call: Call) -> ResponseReturnValue:
    """Free days for a single appointment, then the times of one of them."""
    own = hers(call.house)
    form = single_form(call.house, request.args, own)
    days = Days(call.house, form, call.drafted, call.ways, within=tuple(clinic.slug for clinic in own))
    protocol = days.protocol
    if protocol is None:
        return redirect(first_page(call.key, SINGLE[1]), 303)
    if days.valid and form.day():
        return render_template("staff/book/day.html", **days.times(protocol), **call.frame())
    facts = days.dates(protocol)
    return render_template("staff/book/days.html", ways=call.ways, **facts, **call.frame())


@of_call
def caller_choose(call: Call) -> ResponseReturnValue:
    """Keeps what the caller has chosen, if it is still as it was shown."""
    query = parsed(request.form.get("query", ""))
    try:
        asked = call.within(asked_of(query))
        choice = choice_of(query, asked, request.form, call.drafted)
        _require_own(call, choice)
        hold(office(), caller_at(g.reach.account_id, call.key), choice, now=clock.now())
    except (SlotTaken, Changed):
        flash(_("Some of these times were taken just now. These are the times that are free."), "differs")
    except (Unreadable, UnknownWish, DoesNotFit):
        flash(_("These times are no longer free. These are the times that are."), "differs")
    else:
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    kept = [pair for pair in query.items(multi=True) if pair[0] not in ("pattern", "swap")]
    return redirect(call.ways.back_to(query.get("kind"), urlencode(kept)), 303)


def _require_own(call: Call, choice: Choice) -> None:
    """Raises UnknownWish for times at a clinic for which this desk does not book."""
    own = {clinic.id: clinic.slug for clinic in hers(call.house)}
    for each in choice.appointments:
        if each.clinic not in own:
            raise UnknownWish("clinic", str(each.clinic), tuple(own.values()))


def _rhythm() -> Any:
    try:
        return rhythm_of(request.args)
    except Unreadable:
        return None


# -- reading aloud, and booking ---------------------------------------------------------------------------------------


@with_times
def caller_check(call: Call) -> ResponseReturnValue:
    """What is read aloud, what is asked, and the button that books."""
    patient = call.patient
    form = checked_form(CheckedForm, {**call.caller, "revision": str(call.hold.revision)}, patient)
    if form.validate_on_submit():
        return _book(call, form)
    form.revision.data = str(call.hold.revision)
    page = render_template("staff/book/check.html", form=form, **_aloud(call), **call.frame())
    return page, 422 if form.errors else 200


def checked_form(form: type[CheckedForm], data: dict[str, Any], patient: Patient | None) -> CheckedForm:
    """The form with what is known of who comes; a patient's language is that of her last booking."""
    newest = next(iter(courses_of_patients(db.session(), [patient.id])), None) if patient else None
    kept = {
        "language": newest.language if newest else LANGUAGES[0],
        "channel": newest.channel if newest and newest.channel != "none" else "invitations",
        "needs": newest.needs if newest else [],
    }
    return form(data={**kept, **data}, today=today(), known=patient.birth_date if patient else None)


def _book(call: Call, form: CheckedForm) -> ResponseReturnValue:
    desk = FrontDesk(g.reach.who, call.caller.get("patient"))
    now, at = clock.now(), clock.machine_now()
    try:
        book(office(), call.hold.id, form.details(), form.check(), revision=form.seen(), desk=desk, now=now, at=at)
    except OtherChoice:
        flash(_("Other times were chosen for this call in another window. These are kept now."), "differs")
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    except SlotTaken:
        begin(office(), caller_at(g.reach.account_id, call.key), call.hold.protocol_id, _typed(call, form), now=now)
        return redirect(url_for("staff.caller_lost", call=call.key), 303)
    except (HoldExpired, TooYoung):
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    return redirect(url_for("staff.caller_done", call=call.key), 303)


def _typed(call: Call, form: CheckedForm) -> dict[str, Any]:
    """All that was typed, to show it again; the answers about her health are asked once more."""
    dropped = ("csrf_token", "gate", "conditions", "revision")
    return {"caller": {**call.caller, **{name: value for name, value in form.data.items() if name not in dropped}}}


def _aloud(call: Call) -> dict[str, Any]:
    """What the caller must hear before she says yes."""
    house, times, patient = call.house, call.hold.times, call.patient
    usual = usual_of(times)
    return {
        "chosen": chosen_words(call.draft),
        "rows": rows_of([house.held(time, row_words(house, time, usual)) for time in times]),
        "who": house.who(usual[0]),
        "places": places_of(house, times),
        "total": wording.price(sum(time.price for time in times), current_language()),
        "rule": cancel_rule(max(house.clinics[time.clinic_id].cancel_hours for time in times)),
        "is_course": call.draft.is_course,
        "change_url": call.ways.back_to(parsed(call.hold.query).get("kind"), call.hold.query),
        "kept": wording.at_time(call.hold.expires_at, current_language()),
        "running": _running(patient) if patient and call.draft.protocol.exclusive else None,
    }


def _running(patient: Patient) -> Course | None:
    """A course of hers that is not over: this one then waits until somebody has decided which of them stands."""
    found = courses_of_patients(db.session(), [patient.id])
    now = clock.now()
    running = [each for each in found if each.status == RUNNING and each.running_for is not None]
    return next((each for each in running if any(a.ends_at > now for a in each.appointments)), None)


@of_call
def caller_lost(call: Call) -> ResponseReturnValue:
    """Which times were taken meanwhile, and the nearest three for each."""
    asked = replace(call.draft.asked, clinics=call.within(call.draft.asked).clinics)
    rescue = Rescue(db.session(), office(), call.hold, asked, call.draft.rhythm, now=clock.now())
    offers = rescue.offers() if call.hold.times else ()
    if not offers:
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    form = lost_form(offered(call.house, offer) for offer in offers)
    possible = all(offer.instead for offer in offers)
    if possible and form.validate_on_submit():
        try:
            choice = rescue.choice(picks_of(call.house, form.instead()), query=call.hold.query)
            hold(office(), caller_at(g.reach.account_id, call.key), choice, now=clock.now())
        except (SlotTaken, DoesNotFit, UnknownWish):
            flash(_("One of these times was taken just now, too. Choose once more."), "differs")
            return redirect(url_for("staff.caller_lost", call=call.key), 303)
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    page = render_template(
        "staff/book/lost.html",
        form=form,
        lost=[lost_words(call.house, offer.lost) for offer in offers],
        possible=possible,
        change_url=call.ways.back_to(parsed(call.hold.query).get("kind"), call.hold.query),
        **call.frame(),
    )
    return page, 422 if form.errors else 200


@of_call
def caller_drop(call: Call) -> ResponseReturnValue:
    """The caller wants none of it: nothing stays of the call."""
    give_back(office(), caller_at(g.reach.account_id, call.key).secret)
    flash(_("Nothing is kept, and nothing was booked."), "info")
    return redirect(url_for("staff.book"), 303)


@open_to(Rule.FRONT_DESK)
def caller_done(call: str) -> ResponseReturnValue:
    """What the call became, and what is still to be done for who has no e-mail."""
    found = find_hold(db.session(), office(), caller_at(g.reach.account_id, call).secret)
    course = db.session.get(Course, found.course_id) if found is not None and found.course_id is not None else None
    if course is None:
        return redirect(url_for("staff.book"), 303)
    return render_template("staff/book/done.html", course=course, times=len(course.appointments))


def today() -> Any:
    return oslo(clock.now()).date()
