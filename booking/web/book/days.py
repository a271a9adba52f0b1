"""Days: the free days of a single appointment and their times, for who books for herself and for a caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any

from flask_babel import gettext as _

from booking.domain.course import FreeDay, FreeTime, PartOfDay
from booking.domain.period import oslo
from booking.domain.protocol import Protocol
from booking.services import wording
from booking.services.proposals import Asked, free_days, limits_of
from booking.services.wishes import place_text, query_of
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web import clock
from booking.web.book.house import House
from booking.web.book.visitor import Drafted
from booking.web.book.ways import Ways
from booking.web.forms.single import SingleForm
from booking.web.forms.wishes import part_name, part_word
from booking.web.language import current_language
from booking.web.office import office

DATES = 10
"""Free dates a page: with five, a quarter of all people asked for later dates (NHS booking research, 2023)."""

STRIDE = timedelta(days=42)
"""How many days are looked through at a time."""


def single_form(house: House, query: Any, clinics: Iterable[Clinic]) -> SingleForm:
    """What is looked for, with these clinics to choose from."""
    now = clock.now()
    return SingleForm(
        query,
        clinics=clinics,
        clinicians=house.clinicians.values(),
        today=oslo(now).date(),
        horizon=limits_of(office()).horizon(now),
    )


class Days:
    """The answer to a form. `within`: the clinics (by slug) that are looked through where none is wished, if not all.
    `draft`: what whoever asks keeps already, which does not stand in her way."""

    def __init__(
        self, house: House, form: SingleForm, draft: Drafted, ways: Ways, *, within: tuple[str, ...] = ()
    ) -> None:
        self.valid = form.validate()
        self._house, self._form, self._draft, self._ways, self._within = house, form, draft, ways, within

    @property
    def protocol(self) -> Protocol | None:
        """None for a kind of appointment that does not exist."""
        kind = self._form.kind
        return None if kind.errors else protocol_by_slug(db.session(), kind.data or "")

    def dates(self, protocol: Protocol) -> dict[str, Any]:
        """Ten dates with free times, and the ways to those before and after them."""
        found, earlier, later = self._page() if self.valid else ([], None, None)
        return {
            "form": self._form,
            "protocol": protocol,
            "treatment": protocol.weekly[0].treatment,
            "days": [self._day(day) for day in found],
            "earlier": earlier and {"href": self._url(start=earlier), "text": _("Earlier dates")},
            "later": later and {"href": self._url(start=later), "text": _("Later dates")},
            "valid": self.valid,
            "query": self._query(),
        }

    def times(self, protocol: Protocol) -> dict[str, Any]:
        """The free times of the date that was chosen."""
        on = self._form.day()
        assert on is not None, "asked for a date"
        found = next(iter(self._free(self._asked(), on, on)), None)
        return {
            "protocol": protocol,
            "treatment": protocol.weekly[0].treatment,
            "day": on,
            "clinics": _by_clinic(self._house, found.times) if found else [],
            "query": self._query(),
            "back_url": self._url(start=self._form.start()),
        }

    def _asked(self) -> Asked:
        asked = self._form.asked()
        return asked if asked.clinics else replace(asked, clinics=self._within)

    def _page(self) -> tuple[list[FreeDay], date | None, date | None]:
        asked, today = self._asked(), oslo(clock.now()).date()
        horizon = limits_of(office()).horizon(clock.now())
        first = max(self._form.start() or today, today)
        found = list(islice(self._forward(asked, first, horizon), DATES + 1))
        later = found[DATES].day if len(found) > DATES else None
        return found[:DATES], self._before(asked, first, today), later

    def _forward(self, asked: Asked, first: date, last: date) -> Iterable[FreeDay]:
        while first <= last:
            yield from self._free(asked, first, min(first + STRIDE, last))
            first += STRIDE + timedelta(days=1)

    def _before(self, asked: Asked, first: date, today: date) -> date | None:
        """Where a page of ten dates begins that ends before `first`."""
        days: list[date] = []
        while first > today and len(days) < DATES:
            begin = max(first - STRIDE, today)
            days = [each.day for each in self._free(asked, begin, first - timedelta(days=1))] + days
            first = begin
        return days[-DATES:][0] if days else None

    def _free(self, asked: Asked, first: date, last: date) -> Iterable[FreeDay]:
        now, hold_id = clock.now(), self._draft.hold_id
        return free_days(db.session(), office(), asked, first, last, now=now, but_hold=hold_id)

    def _day(self, day: FreeDay) -> dict[str, Any]:
        parts = Counter(PartOfDay.at(_minute(time)) for time in day.times)
        return {
            "href": self._url(on=day.day),
            "name": wording.sentence(wording.day(day.day, current_language())),
            "parts": [
                _("%(part)s %(count)s", part=part_word(part), count=parts[part]) for part in PartOfDay if parts[part]
            ],
        }

    def _query(self) -> str:
        wishes = query_of(self._form.asked()) if not self._form.errors else ""
        return f"kind={self._form.kind.data}" + (f"&{wishes}" if wishes else "")

    def _url(self, *, start: date | None = None, on: date | None = None) -> str:
        start = start or (self._form.start() if on else None)
        url = f"{self._ways.single}?{self._query()}"
        return url + (f"&from={start}" if start else "") + (f"&on={on}" if on else "")


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
