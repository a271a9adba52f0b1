"""A single appointment: ten dates with free times, then the times of one of them by part of day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.course import FreeDay, FreeTime, PartOfDay
from booking.domain.period import oslo
from booking.domain.protocol import Protocol
from booking.services import wording
from booking.services.proposals import Asked, free_days, limits_of
from booking.services.wishes import place_text, query_of
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.visitor import drafted
from booking.web.forms.single import SingleForm
from booking.web.forms.wishes import part_name, part_word
from booking.web.language import current_language
from booking.web.office import office

DATES = 10
"""Free dates a page: with five, a quarter of all people asked for later dates (NHS booking research, 2023)."""

STRIDE = timedelta(days=42)
"""How many days are looked through at a time."""


@open_to(Rule.EVERYBODY)
def single() -> ResponseReturnValue:
    house = House(db.session())
    form = _form(house)
    valid = form.validate()
    protocol = protocol_by_slug(db.session(), form.kind.data or "")
    if protocol is None or form.kind.errors:
        return redirect(url_for("book.need"), 303)
    if valid and form.day():
        return _times(house, form, protocol)
    return _dates(house, form, protocol, valid=valid)


def _form(house: House) -> SingleForm:
    today = oslo(clock.now()).date()
    return SingleForm(
        request.args,
        clinics=house.clinics.values(),
        clinicians=house.clinicians.values(),
        today=today,
        horizon=limits_of(office()).horizon(clock.now()),
    )


# -- dates ----------------------------------------------------------------------------------------------------


def _dates(house: House, form: SingleForm, protocol: Protocol, *, valid: bool) -> str:
    found, earlier, later = _page(form) if valid else ([], None, None)
    return render_template(
        "book/single.html",
        form=form,
        protocol=protocol,
        treatment=protocol.weekly[0].treatment,
        days=[_day(form, day) for day in found],
        earlier=earlier and {"href": _url(form, start=earlier), "text": _("Earlier dates")},
        later=later and {"href": _url(form, start=later), "text": _("Later dates")},
        valid=valid,
        query=_query(form),
    )


def _page(form: SingleForm) -> tuple[list[FreeDay], date | None, date | None]:
    """Ten dates with free times, and where the pages before and after them begin."""
    asked, today = form.asked(), oslo(clock.now()).date()
    horizon = limits_of(office()).horizon(clock.now())
    first = max(form.start() or today, today)
    found = list(islice(_forward(asked, first, horizon), DATES + 1))
    later = found[DATES].day if len(found) > DATES else None
    return found[:DATES], _before(asked, first, today), later


def _forward(asked: Asked, first: date, last: date) -> Iterable[FreeDay]:
    while first <= last:
        yield from _free(asked, first, min(first + STRIDE, last))
        first += STRIDE + timedelta(days=1)


def _before(asked: Asked, first: date, today: date) -> date | None:
    """Where a page of ten dates begins that ends before `first`."""
    days: list[date] = []
    while first > today and len(days) < DATES:
        begin = max(first - STRIDE, today)
        days = [each.day for each in _free(asked, begin, first - timedelta(days=1))] + days
        first = begin
    return days[-DATES:][0] if days else None


def _free(asked: Asked, first: date, last: date) -> Iterable[FreeDay]:
    return free_days(db.session(), office(), asked, first, last, now=clock.now(), but_hold=drafted().hold_id)


def _day(form: SingleForm, day: FreeDay) -> dict[str, Any]:
    parts = Counter(PartOfDay.at(_minute(time)) for time in day.times)
    return {
        "href": _url(form, on=day.day),
        "name": wording.sentence(wording.day(day.day, current_language())),
        "parts": [
            _("%(part)s %(count)s", part=part_word(part), count=parts[part]) for part in PartOfDay if parts[part]
        ],
    }


# -- times ----------------------------------------------------------------------------------------------------


def _times(house: House, form: SingleForm, protocol: Protocol) -> str:
    on = form.day()
    assert on is not None, "asked for a date"
    found = next(iter(_free(form.asked(), on, on)), None)
    return render_template(
        "book/single_times.html",
        protocol=protocol,
        treatment=protocol.weekly[0].treatment,
        day=on,
        clinics=_by_clinic(house, found.times) if found else [],
        query=_query(form),
        back_url=_url(form, start=form.start()),
    )


def _by_clinic(house: House, times: Iterable[FreeTime]) -> list[dict[str, Any]]:
    order = list(house.clinics)
    ordered = sorted(times, key=lambda time: (order.index(time.clinic), time.start))
    return [
        {"name": house.clinic(clinic), "parts": _by_part(house, each)}
        for clinic, each in groupby(ordered, key=lambda time: time.clinic)
    ]


def _by_part(house: House, times: Iterable[FreeTime]) -> list[dict[str, Any]]:
    """By part of day, and within it by who gives it."""
    grouped: dict[tuple[PartOfDay, int], list[FreeTime]] = {}
    for time in times:
        grouped.setdefault((PartOfDay.at(_minute(time)), time.clinician), []).append(time)
    return [
        {
            "label": part_name(part),
            "note": _("with %(who)s", who=house.who(clinician)),
            "times": [_time(house, time) for time in each],
        }
        for (part, clinician), each in sorted(grouped.items(), key=lambda item: list(PartOfDay).index(item[0][0]))
    ]


def _time(house: House, time: FreeTime) -> dict[str, str]:
    clinic, clinician = house.clinics[time.clinic], house.clinicians[time.clinician]
    return {
        "text": wording.time_of_day(time.start, current_language()),
        "about": _("with %(who)s at %(clinic)s", who=clinician.name, clinic=clinic.name),
        "value": place_text(time.start, clinician.slug, clinic.slug),
    }


def _minute(time: FreeTime) -> int:
    start = oslo(time.start)
    return start.hour * 60 + start.minute


# -- addresses ------------------------------------------------------------------------------------------------


def _query(form: SingleForm) -> str:
    wishes = query_of(form.asked()) if not form.errors else ""
    return f"kind={form.kind.data}" + (f"&{wishes}" if wishes else "")


def _url(form: SingleForm, *, start: date | None = None, on: date | None = None) -> str:
    start = start or (form.start() if on else None)
    url = f"{url_for('book.single')}?{_query(form)}"
    return url + (f"&from={start}" if start else "") + (f"&on={on}" if on else "")
