"""The last look: everything on one page, then one button. Nothing is booked before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.errors import HoldExpired, SlotTaken, TooYoung
from booking.domain.screening import Gate
from booking.services import wording
from booking.services.courses import Channel, Details, OtherChoice, book, kept_until
from booking.services.holds import extend as extend_hold
from booking.services.invitations import mails_for
from booking.store.database import db
from booking.store.holds import HeldTime
from booking.web import clock
from booking.web.book.health import told
from booking.web.book.house import House
from booking.web.book.steps import STEPS, Draft, course_url, frame_of, next_url, step, times_url
from booking.web.book.words import cancel_rule
from booking.web.forms.check import CheckForm
from booking.web.forms.details import CHANNEL_NAMES, LANGUAGE_NAMES, NEEDS
from booking.web.language import current_language
from booking.web.office import office
from booking.web.pictures import rows_of


@step
def check(draft: Draft) -> ResponseReturnValue:
    details = draft.details
    if draft.health is None or details is None or draft.too_young:
        return redirect(next_url(draft), 303)
    form = CheckForm()
    if form.validate_on_submit():
        return _book(draft, details, form.seen())
    page = render_template(
        "book/check.html",
        form=form,
        revision=draft.hold.revision,
        **_facts(draft, details),
        **frame_of(draft, "check"),
    )
    return page, 422 if form.errors else 200


@step
def extend(draft: Draft) -> ResponseReturnValue:
    """Keeps the times once more for as long again."""
    try:
        until = extend_hold(office(), draft.hold.id, now=clock.now())
    except HoldExpired:
        flash(_("The times are kept as long as they can be. Nothing you have written is lost."), "info")
    else:
        flash(_("The times are kept until %(time)s.", time=wording.at_time(until, current_language())), "good")
    name = request.args.get("step", "")
    return redirect(url_for(f"book.{name}" if name in STEPS else "book.check"), 303)


def _book(draft: Draft, details: Details, seen: int) -> ResponseReturnValue:
    assert draft.health is not None, "asked before"
    now, at = clock.now(), clock.machine_now()
    try:
        booked = book(office(), draft.hold.id, details, draft.health, revision=seen, now=now, at=at)
    except OtherChoice:
        flash(_("You chose other times in another window. These are the times that are kept now."), "differs")
        return redirect(url_for("book.check"), 303)
    except SlotTaken:
        return redirect(url_for("book.lost"), 303)
    except HoldExpired:
        flash(_("The times are no longer kept for you. Choose again; your answers stay."), "differs")
        return redirect(times_url(draft), 303)
    except TooYoung:
        return redirect(url_for("book.by_phone"), 303)
    return redirect(course_url(booked.course_id), 303)


# -- what the page says ---------------------------------------------------------------------------------------


def _facts(draft: Draft, details: Details) -> dict[str, Any]:
    house, language = House(db.session()), current_language()
    times = draft.hold.times
    usual = usual_of(times)
    visits = [house.held(time, row_words(house, time, usual)) for time in times]
    sessions = sum(time.kind == "session" for time in times)
    return {
        "rows": rows_of(visits),
        "who": house.who(usual[0]),
        "places": places_of(house, times),
        "total": wording.price(sum(time.price for time in times), language),
        "rules": _rules(house, times),
        "mails": _mails(draft, details),
        "answer_rows": _answers(draft, details),
        "told": told(draft),
        "must_call": draft.must_call,
        "by_then": wording.deadline(kept_until(times[0].starts_at, now=clock.now()), language),
        "reachable": details.mobile is not None,
        "button_text": _button(draft, sessions),
        "is_course": draft.is_course,
    }


def _button(draft: Draft, sessions: int) -> str:
    if draft.must_call:
        return _("Keep these times and ring me") if draft.is_course else _("Keep this time and ring me")
    return _("Book these times") if draft.is_course else _("Book this time")


def usual_of(times: Sequence[HeldTime]) -> tuple[int, int]:
    """The clinician and the clinic of most of the times."""
    return Counter((time.clinician_id, time.clinic_id) for time in times).most_common(1)[0][0]


def row_words(house: House, time: HeldTime, usual: tuple[int, int]) -> str:
    """Under each date: the same as `visit_words`, and free until when."""
    return f"{visit_words(house, time, usual)}. {_free_until(free_until(house, time))}"


def visit_words(house: House, time: HeldTime, usual: tuple[int, int]) -> str:
    """What it is if it is no session, how long it takes, and who and where if that is not as usual."""
    minutes = (time.ends_at - time.starts_at) // timedelta(minutes=1)
    kinds = {"first_visit": _("First visit"), "review": _("Review")}
    lead = [kinds[time.kind]] if time.kind in kinds else []
    lead.append(wording.minutes(minutes, current_language()))
    if time.clinician_id != usual[0]:
        lead.append(house.clinician(time.clinician_id))
    if time.clinic_id != usual[1]:
        lead.append(house.clinic(time.clinic_id))
    return ", ".join(lead)


def free_until(house: House, time: HeldTime) -> datetime:
    return time.starts_at - timedelta(hours=house.clinics[time.clinic_id].cancel_hours)


def _free_until(moment: datetime) -> str:
    if moment < clock.now():
        return _("Late to cancel, but free this once.")
    return _("Free to cancel until %(moment)s.", moment=wording.day_and_time(moment, current_language()))


def places_of(house: House, times: Sequence[HeldTime]) -> list[str]:
    """The clinics of the times with their addresses, each once."""
    ids = dict.fromkeys(time.clinic_id for time in times)
    return [f"{house.clinics[each].name}, {house.clinics[each].full_address}" for each in ids]


def _rules(house: House, times: list[HeldTime]) -> list[str]:
    hours = max(house.clinics[time.clinic_id].cancel_hours for time in times)
    general = cancel_rule(hours)
    return [general, _first_free_until(free_until(house, times[0]))] if len(times) > 1 else [general]


def _first_free_until(moment: datetime) -> str:
    if moment < clock.now():
        return _("The first appointment is late to cancel, but free this once.")
    until = wording.day_and_time(moment, current_language())
    return _("The first appointment is free to cancel until %(moment)s.", moment=until)


def _mails(draft: Draft, details: Details) -> str:
    if details.email is None:
        return _("We send no e-mail. The next page has everything, and you can print it.")
    if draft.must_call:
        return _("You get one e-mail now, and the confirmation once we have talked.")
    appointments = len(draft.hold.times)
    count = mails_for(details.channel.value, appointments) - 1
    if details.channel is Channel.INVITATIONS:
        return ngettext(
            "You get one e-mail with everything, and one more that puts the appointment in your calendar.",
            "You get one e-mail with everything, and %(num)s more that put one appointment each in your calendar.",
            count,
        )
    return _("You get one e-mail with everything.")


def _answers(draft: Draft, details: Details) -> list[dict[str, Any]]:
    language = current_language()
    name = _("Name of the patient") if details.booked_by else _("Name")
    rows = [(name, details.name, "name")]
    if details.booked_by:
        rows.append((_("Booked by"), details.booked_by, "booked_by"))
    rows.append((_("Birth date"), wording.day_and_year(details.birth_date, language).partition(" ")[2], "day"))
    rows.append((_("E-mail"), details.email or _("none"), "by_email"))
    rows.append((_("Phone"), wording.phone(details.mobile) if details.mobile else _("none"), "by_mobile"))
    if details.email:
        rows.append((_("Calendar"), str(CHANNEL_NAMES[details.channel.value]), "channel-0"))
    rows.append((_("Language"), dict(LANGUAGE_NAMES)[details.language], "language-0"))
    needs = ", ".join(str(NEEDS[need]) for need in details.needs)
    rows.append((_("What helps you"), needs or _("nothing special"), "needs-0"))
    return [_health_row(draft), *(_row(*row) for row in rows)]


def _health_row(draft: Draft) -> dict[str, Any]:
    text = {
        Gate.NO: _("None of these apply"),
        Gate.YES: _("Answered, and shown to your clinician only"),
        Gate.UNSURE: _("We talk about it by phone"),
    }[draft.gate or Gate.UNSURE]
    change = {"href": url_for("book.health"), "text": _("Change"), "about": _("Health check")}
    return {"term": _("Health check"), "text": text, "change": change}


def _row(term: str, text: str, anchor: str) -> dict[str, Any]:
    change = {"href": f"{url_for('book.details')}#{anchor}", "text": _("Change"), "about": term}
    return {"term": term, "text": text, "change": change}
