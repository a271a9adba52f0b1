"""The end of a call: what is read aloud and asked, the button that books, and what the call became."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import DoesNotFit, HoldExpired, SlotTaken, TooYoung
from booking.services import wording
from booking.services.callers import caller_at
from booking.services.courses import FrontDesk, OtherChoice, book
from booking.services.holds import begin, find_hold, give_back, hold
from booking.services.proposals import UnknownWish
from booking.services.register import Found
from booking.services.rescue import Rescue
from booking.services.wishes import parsed
from booking.store.courses import RUNNING, Course
from booking.store.database import db
from booking.store.patients import Patient
from booking.store.register import courses_of_patients
from booking.store.tasks import open_tasks_of
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.check import places_of, usual_of, visit_words
from booking.web.book.lost import lost_words, offered, picks_of
from booking.web.book.steps import chosen_words
from booking.web.book.words import cancel_rule
from booking.web.forms.caller import CheckedForm
from booking.web.forms.check import lost_form
from booking.web.language import LANGUAGES, current_language
from booking.web.office import office
from booking.web.pictures import rows_of
from booking.web.staff.call import Call, maybe_known, of_call, picked_patient, today, with_times


@with_times
def check(call: Call) -> ResponseReturnValue:
    """What is read aloud, what is asked, and the button that books."""
    patient = call.patient or picked_patient(request.form.get("patient"))
    form = checked_form(CheckedForm, {**call.caller, "revision": str(call.hold.revision)}, patient)
    like: tuple[Found, ...] = ()
    if form.validate_on_submit():
        settled = patient or call.caller.get("asked") or "patient" in request.form
        like = () if settled else maybe_known(form.said())
        if not like:
            return _book(call, form, patient)
    form.revision.data = str(call.hold.revision)
    page = render_template("staff/book/check.html", form=form, like=like, **_aloud(call), **call.frame())
    return page, 422 if form.errors or like else 200


def checked_form(form: type[CheckedForm], data: dict[str, Any], patient: Patient | None) -> CheckedForm:
    """The form with what is known of who comes; a patient's language is that of her last booking."""
    newest = next(iter(courses_of_patients(db.session(), [patient.id])), None) if patient else None
    kept = {
        "language": newest.language if newest else LANGUAGES[0],
        "channel": newest.channel if newest and newest.channel != "none" else "invitations",
        "needs": newest.needs if newest else [],
    }
    return form(data={**kept, **data}, today=today(), known=patient.birth_date if patient else None)


def _book(call: Call, form: CheckedForm, patient: Patient | None) -> ResponseReturnValue:
    desk = FrontDesk(g.reach.who, patient.id if patient else None)
    now, at = clock.now(), clock.machine_now()
    try:
        book(office(), call.hold.id, form.details(), form.check(), revision=form.seen(), desk=desk, now=now, at=at)
    except OtherChoice:
        flash(_("Other times were chosen for this call in another window. These are kept now."), "differs")
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    except SlotTaken:
        begin(
            office(),
            caller_at(g.reach.account_id, call.key),
            call.hold.protocol_id,
            _typed(call, form, patient),
            now=now,
        )
        return redirect(url_for("staff.caller_lost", call=call.key), 303)
    except (HoldExpired, TooYoung):
        return redirect(url_for("staff.caller_check", call=call.key), 303)
    return redirect(url_for("staff.caller_done", call=call.key), 303)


def _typed(call: Call, form: CheckedForm, patient: Patient | None) -> dict[str, Any]:
    """All that was typed, to show it again; the answers about her health are asked once more."""
    dropped = ("csrf_token", "gate", "conditions", "revision")
    typed = {name: value for name, value in form.data.items() if name not in dropped}
    known = {"patient": patient.id if patient else None, "asked": True}
    return {"caller": {**call.caller, **typed, **known}}


def _aloud(call: Call) -> dict[str, Any]:
    """What the caller must hear before she says yes."""
    house, times, patient = call.house, call.hold.times, call.patient
    usual = usual_of(times)
    return {
        "chosen": chosen_words(call.draft),
        "rows": rows_of([house.held(time, visit_words(house, time, usual)) for time in times]),
        "who": house.who(usual[0]),
        "places": places_of(house, times),
        "total": wording.price(sum(time.price for time in times), current_language()),
        "rule": cancel_rule(max(house.clinics[time.clinic_id].cancel_hours for time in times)),
        "is_course": call.draft.is_course,
        "change_url": call.ways.back_to(parsed(call.hold.query).get("kind"), call.hold.query),
        "kept": wording.at_time(call.hold.expires_at, current_language()),
        "house": house,
        "running": _running(patient) if patient and call.draft.protocol.exclusive else None,
    }


def _running(patient: Patient) -> Course | None:
    """A course of hers that is not over: this one then waits until somebody has decided which of them stands."""
    found = courses_of_patients(db.session(), [patient.id])
    now = clock.now()
    running = [each for each in found if each.status == RUNNING and each.running_for is not None]
    return next((each for each in running if any(a.ends_at > now for a in each.appointments)), None)


@of_call
def lost(call: Call) -> ResponseReturnValue:
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
def drop(call: Call) -> ResponseReturnValue:
    """The caller wants none of it: nothing stays of the call."""
    give_back(office(), caller_at(g.reach.account_id, call.key).secret)
    flash(_("Nothing is kept, and nothing was booked."), "info")
    return redirect(url_for("staff.book"), 303)


@open_to(Rule.FRONT_DESK)
def done(call: str) -> ResponseReturnValue:
    """What the call became, and what is still to be done for who has no e-mail."""
    found = find_hold(db.session(), office(), caller_at(g.reach.account_id, call).secret)
    course = db.session.get(Course, found.course_id) if found is not None and found.course_id is not None else None
    if course is None:
        return redirect(url_for("staff.book"), 303)
    second = any(task.kind == "second_course" for task in open_tasks_of(db.session(), course.id))
    return render_template("staff/book/done.html", course=course, times=len(course.appointments), second=second)
