"""Filters: dates, prices, telephone numbers and names in words, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from babel import Locale
from flask import Flask

from booking.domain.period import oslo
from booking.domain.schedule import Name
from booking.services import wording
from booking.web.language import current_language

MONDAY = date(2024, 1, 1)
"""Any Monday: weekdays are counted from it."""

_AS_SAID = {"nb": "no", "nn": "no"}
"""Bokmål is written; what is spoken, and what a page is in, everybody calls Norwegian."""

IN_LANGUAGE: dict[str, Callable[[Any, str], str]] = {
    "weekday": wording.weekday,
    "day": wording.day,
    "day_and_year": wording.day_and_year,
    "day_of_month": wording.day_of_month,
    "date_and_year": wording.date_and_year,
    "time_of_day": wording.time_of_day,
    "at_time": wording.at_time,
    "times": wording.times,
    "day_and_time": wording.day_and_time,
    "minutes": wording.minutes,
    "price": wording.price,
    "one_decimal": wording.one_decimal,
    "reason": wording.reason_text,
    "reasons": wording.reasons_text,
}
"""What is told by `wording` in the page's language: `{{ appointment.starts_at|day_and_time }}`."""


def register(app: Flask) -> None:
    for name, words in IN_LANGUAGE.items():
        app.add_template_filter(_in_this_language(words), name)
    app.add_template_filter(wording.phone, "phone")
    app.add_template_filter(wording.sentence, "sentence")
    app.add_template_filter(iso, "iso")
    app.add_template_filter(local, "local")
    app.add_template_filter(minute_of_day, "minute_of_day")
    app.add_template_filter(weekday_name, "weekday_name")
    app.add_template_filter(language_name, "language_name")


def iso(moment: datetime) -> str:
    """For machines that read the page: ISO 8601 with Oslo's offset."""
    return oslo(moment).isoformat(timespec="minutes")


def local(name: Name) -> str:
    """A name or text kept in several languages, in the one of the page."""
    return name[current_language()]


def minute_of_day(minute: int) -> str:
    """Minutes past midnight as a clock shows them, "09:00" or "09.00"."""
    return f"{minute // 60:02}{'.' if current_language() == 'nb' else ':'}{minute % 60:02}"


def weekday_name(number: int) -> str:
    """The weekday's name; Monday is 0."""
    return wording.weekday(MONDAY + timedelta(days=number), current_language())


def language_name(code: str) -> str:
    """What the language of this code is called in the page's language, as people say who speak it."""
    return str(Locale.parse(current_language()).languages[_AS_SAID.get(code, code)])


def _in_this_language(words: Callable[[Any, str], str]) -> Callable[[Any], str]:
    return lambda value: words(value, current_language())
