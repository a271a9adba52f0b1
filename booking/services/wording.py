"""Wording: dates, times, prices, phone numbers and reasons in words, the same on a page and in a mail.

Moments are aware and told as the clock on the wall in Oslo shows them. Needs an application context where a text comes
from the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from babel import dates, numbers
from babel.lists import format_list
from flask_babel import force_locale, gettext, ngettext

from booking.domain.period import Period, oslo
from booking.domain.schedule import Name
from booking.domain.slot import Reason, ReasonKind

NORWAY = 47

# Språkrådet: the period after the day is compulsory, and a time is written "kl. 14.30".
_DAY = {"nb": "EEEE d. MMMM", "en": "EEEE d MMMM"}
_DATE = {"nb": "d. MMMM", "en": "d MMMM"}
_TIME = {"nb": "HH.mm", "en": "HH:mm"}
_CLOCK = {"nb": "kl.\N{NO-BREAK SPACE}", "en": ""}
_PRICE = {"nb": "{}\N{NO-BREAK SPACE}kr", "en": "NOK\N{NO-BREAK SPACE}{}"}


format_date = lru_cache(4096)(dates.format_date)
format_time = lru_cache(4096)(dates.format_time)
format_decimal = lru_cache(4096)(numbers.format_decimal)
"""The same few hundred dates, times and prices stand on every page; putting one into words takes longer than a row."""


def weekday(moment: date | datetime, language: str) -> str:
    """“Tuesday”, “tirsdag”."""
    return format_date(_on_the_wall(moment), "EEEE", locale=language)


def day(moment: date | datetime, language: str) -> str:
    """“Tuesday 9 March”, “tirsdag 9. mars”."""
    return format_date(_on_the_wall(moment), _own(_DAY, language), locale=language)


def day_and_year(moment: date | datetime, language: str) -> str:
    """“Tuesday 9 March 2027”, “tirsdag 9. mars 2027”."""
    return format_date(_on_the_wall(moment), _own(_DAY, language) + " y", locale=language)


def day_of_month(moment: date | datetime, language: str) -> str:
    """“9 March”, “9. mars”."""
    return format_date(_on_the_wall(moment), _own(_DATE, language), locale=language)


def date_and_year(moment: date | datetime, language: str) -> str:
    """“9 March 2027”, “9. mars 2027”."""
    return format_date(_on_the_wall(moment), _own(_DATE, language) + " y", locale=language)


def time_of_day(moment: datetime, language: str) -> str:
    """“14:30”, “14.30”: for tables, where nothing stands before it."""
    return format_time(oslo(moment).time(), _own(_TIME, language), locale=language)


def at_time(moment: datetime, language: str) -> str:
    """“14:30”, “kl. 14.30”."""
    return _own(_CLOCK, language) + time_of_day(moment, language)


def times(period: Period, language: str) -> str:
    """“14:30–15:00”, “kl. 14.30–15.00”; until midnight “14:30–24:00”."""
    end = time_of_day(period.end, language)
    end = f"24{end[2:]}" if oslo(period.end).time() == time() else end
    return f"{at_time(period.start, language)}–{end}"


def day_and_time(moment: datetime, language: str) -> str:
    """“Tuesday 9 March 14:30”, “tirsdag 9. mars kl. 14.30”."""
    return f"{day(moment, language)} {at_time(moment, language)}"


def deadline(moment: datetime, language: str) -> str:
    """“by the end of Wednesday 3 March” for the midnight that ends that day, else “before Tuesday 2 March 17:00”."""
    with force_locale(language):
        if oslo(moment).time() == time():
            return str(gettext("by the end of %(day)s", day=day(oslo(moment).date() - timedelta(days=1), language)))
        return str(gettext("before %(moment)s", moment=day_and_time(moment, language)))


def minutes(count: int, language: str) -> str:
    """“30 minutes”."""
    with force_locale(language):
        return str(ngettext("%(num)s minute", "%(num)s minutes", count))


def initials(name: str) -> str:
    """“K. N.”: enough for who treats her, and nothing for who reads over a shoulder."""
    return " ".join(f"{word[0].upper()}." for word in name.split())


def price(kroner: int, language: str) -> str:
    """Whole kroner: “NOK 1,250”, “1 250 kr”, with spaces that never break."""
    return _own(_PRICE, language).format(format_decimal(kroner, locale=language))


def one_decimal(number: Decimal, language: str) -> str:
    """“41.0”, “41,0”."""
    return format_decimal(number, "0.0", locale=language)


def whole_number(number: int, language: str) -> str:
    """“5,000”, “5 000”."""
    return format_decimal(number, locale=language)


def phone(number: str) -> str:
    """A number in E.164 as people write it: Norwegian ones in pairs (numbering regulation, section 16)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != NORWAY:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return _in_groups(str(parsed.national_number))


def phone_with_note(display: str, note: Name | None, language: str) -> str:
    """A clinic's number as it is shown, with its note in brackets where it has one."""
    return f"{display} ({note[language]})" if note else display


def reason_text(reason: Reason, language: str) -> str:
    """Why a time could not be had, as a clause that stands after a colon or in a list."""
    with force_locale(language):
        if reason.detail is not None:
            return _named(reason.kind, reason.detail[language])
        return _unnamed(reason.kind)


def reasons_text(reasons: Sequence[Reason], language: str) -> str:
    """The reasons in one clause, each once: “the clinician is away and no room is free”."""
    texts = list(dict.fromkeys(reason_text(reason, language) for reason in reasons))
    return format_list(texts, locale=language)


def sentence(text: str) -> str:
    """`text` with its first letter large; Norwegian weekdays are small inside a sentence."""
    return text[:1].upper() + text[1:]


def _named(kind: ReasonKind, name: str) -> str:
    if kind is ReasonKind.HOLIDAY:
        return str(gettext("%(name)s is a public holiday", name=name))
    return str(gettext("the clinic is closed (%(name)s)", name=name))


def _unnamed(kind: ReasonKind) -> str:
    texts: dict[ReasonKind, str] = {
        ReasonKind.HOLIDAY: gettext("it is a public holiday"),
        ReasonKind.CLOSED_PERIOD: gettext("the clinic is closed"),
        ReasonKind.ABSENCE: gettext("the clinician is away"),
        ReasonKind.TAKEN: gettext("the time is taken"),
        ReasonKind.NO_ROOM: gettext("no room is free"),
        ReasonKind.OUTSIDE_HOURS: gettext("it is outside working hours"),
        ReasonKind.PATIENT_AWAY: gettext("it is in a time away or busy"),
        ReasonKind.TOO_CLOSE: gettext("it is too close to another appointment"),
    }
    return texts[kind]


def _on_the_wall(moment: date | datetime) -> date:
    return oslo(moment).date() if isinstance(moment, datetime) else moment


def _own(texts: dict[str, str], language: str) -> str:
    return texts.get(language, texts["en"])


def _in_groups(digits: str) -> str:
    if len(digits) != 8:
        return digits
    if digits.startswith("8"):
        return f"{digits[:3]} {digits[3:5]} {digits[5:]}"
    return " ".join(digits[start : start + 2] for start in range(0, 8, 2))
