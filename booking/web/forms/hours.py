"""What is written of working and opening hours, breaks, closings and rooms that are out of use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TimeField
from wtforms.validators import Optional, ValidationError

from booking.domain.period import STEP_MINUTES, Period, at_wall
from booking.domain.schedule import DayHours, Hours, Name, Weeks
from booking.web.filters import minute_of_day
from booking.web.forms.fields import LONGEST_LINE, choices_of, one_line

EARLIEST, LATEST = 5 * 60, 23 * 60
"""Between which minutes of the day a clinic can be open: nobody begins in the hour in which clocks change."""

FURTHEST = timedelta(days=5 * 365)
"""How far ahead anything can be entered."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_STRETCH = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–]\s*(\d{1,2})(?:[:.](\d{2}))?")

Span = tuple[int, int]
"""From and up to which minute past midnight."""


def spans_words(spans: Iterable[Span]) -> str:
    """“09:00–12:00, 16:00–20:00”, as it is written and read again."""
    return ", ".join(f"{minute_of_day(start)}–{minute_of_day(end)}" for start, end in spans)


def read_spans(text: str | None) -> tuple[Span, ...]:
    """The stretches of a day, in order; none for nothing. Raises ValidationError."""
    parts = [part for part in re.split(r"[,;]", one_line(text)) if part.strip()]
    spans = sorted(_read_span(part) for part in parts)
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        raise ValidationError(_("Two of these times overlap. Write each time once."))
    return tuple(spans)


def _read_span(text: str) -> Span:
    found = _STRETCH.fullmatch(text.strip())
    if found is None:
        raise ValidationError(_("Write the times like this: 09:00–17:00, several with a comma between them."))
    hour, minute, until_hour, until_minute = (int(part or 0) for part in found.groups())
    start, end = hour * 60 + minute, until_hour * 60 + until_minute
    if minute > 59 or until_minute > 59 or not EARLIEST <= start < end <= LATEST:
        raise ValidationError(_("Times lie between 05:00 and 23:00, and end after they begin."))
    if start % STEP_MINUTES or end % STEP_MINUTES:
        raise ValidationError(_("Times begin and end on five minutes, such as 09:05."))
    return start, end


class SpansField(StringField):
    """The stretches of a day; `spans` once it is valid."""

    spans: tuple[Span, ...] = ()

    def pre_validate(self, form: Any) -> None:
        self.spans = read_spans(self.data)


class DayField(DateField):
    """A date that must be written; None for nothing, and for what is no date, so that the form says it once."""

    def process_formdata(self, valuelist: list[str]) -> None:
        with suppress(ValueError):
            super().process_formdata(valuelist)


class HoursForm(FlaskForm):
    """Those that say where, if there is a choice; `today` and `clinics` come from who shows it."""

    clinic = SelectField(lazy_gettext("Clinic"), coerce=int, validate_choice=False)

    def __init__(self, *, today: date, clinics: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(**values)
        self.today = today
        self.clinic.choices = choices_of((str(id), name) for id, name in clinics)
        self._allowed = {id for id, _name in clinics}

    def validate_clinic(self, field: Any) -> None:
        if field.data not in self._allowed:
            raise ValidationError(_("Choose one of these clinics."))

    def in_time(self, day: date | None) -> date:
        """A date that can be entered. Raises ValidationError."""
        if day is None:
            raise ValidationError(_("Write the date, such as 1.8.2027."))
        if day < self.today:
            raise ValidationError(_("This date has passed. The past is not changed."))
        if day > self.today + FURTHEST:
            raise ValidationError(_("This date is more than five years ahead."))
        return day


class WeekForm(HoursForm):
    """A week template; a day on which nothing is written is a day without hours."""

    first = DayField(lazy_gettext("From"))
    last = DateField(lazy_gettext("Until"), validators=[Optional()])
    weeks = RadioField(
        lazy_gettext("Which weeks?"),
        choices=choices_of(
            [
                ("", lazy_gettext("Every week")),
                (Weeks.ODD.value, lazy_gettext("Odd weeks")),
                (Weeks.EVEN.value, lazy_gettext("Even weeks")),
            ]
        ),
        default="",
    )
    mon = SpansField()
    tue = SpansField()
    wed = SpansField()
    thu = SpansField()
    fri = SpansField()
    sat = SpansField()
    sun = SpansField()

    def validate_first(self, field: Any) -> None:
        self.in_time(field.data)

    def validate_last(self, field: Any) -> None:
        if field.data is not None and self.in_time(field.data) < (self.first.data or self.today):
            raise ValidationError(_("The hours end before they begin. Look at both dates."))

    def hours(self, clinician_id: int | None) -> Hours:
        stretches = ((number, span) for number, name in enumerate(WEEKDAYS) for span in self[name].spans)
        days = tuple(DayHours(number, *span) for number, span in stretches)
        weeks = Weeks(self.weeks.data) if self.weeks.data else None
        assert self.first.data is not None, "read after it was found valid"
        return Hours(self.clinic.data, clinician_id, self.first.data, self.last.data, days, weeks)


class DayForm(HoursForm):
    """A single day with other hours than usual, or none."""

    day = DayField(lazy_gettext("Date"))
    times = SpansField(lazy_gettext("Hours on that day"))

    def validate_day(self, field: Any) -> None:
        self.in_time(field.data)

    def hours(self, clinician_id: int | None) -> Hours:
        day = self.day.data
        assert day is not None, "read after it was found valid"
        days = tuple(DayHours(day.weekday(), *span) for span in self.times.spans)
        return Hours(self.clinic.data, clinician_id, day, day, days)


class BreakForm(HoursForm):
    """A daily pause."""

    times = SpansField(lazy_gettext("From and until"))

    def validate_times(self, field: Any) -> None:
        if not field.errors and len(field.spans) != 1:
            raise ValidationError(_("Write one pause, such as 12:00–12:30."))


class EndForm(HoursForm):
    """Somebody's last day at a clinic."""

    last = DayField(lazy_gettext("Last day"))

    def validate_last(self, field: Any) -> None:
        self.in_time(field.data)


class StretchForm(HoursForm):
    """From a date and time until another; whole days where no time is written."""

    first = DayField(lazy_gettext("From"))
    first_time = TimeField(lazy_gettext("At"), validators=[Optional()])
    last = DayField(lazy_gettext("Until"))
    last_time = TimeField(lazy_gettext("At"), validators=[Optional()])

    def validate_first(self, field: Any) -> None:
        self.in_time(field.data)

    def validate_last(self, field: Any) -> None:
        self.in_time(field.data)
        if self.first.data is not None and self._begins(self.first.data) >= self._ends(field.data):
            raise ValidationError(_("This ends before it begins. Look at both dates and times."))

    def period(self) -> Period:
        assert self.first.data is not None, "read after it was found valid"
        return Period(self._begins(self.first.data), self._ends(self.last.data))

    def _begins(self, first: date) -> datetime:
        return at_wall(first, _minute(self.first_time.data))

    def _ends(self, last: date) -> datetime:
        """A last day without a time is closed to its end."""
        return at_wall(last, _minute(self.last_time.data) if self.last_time.data else 24 * 60)


class ClosedForm(StretchForm):
    """What closes a clinic, by a name that patients read."""

    name_nb = StringField(lazy_gettext("What it is called, in Norwegian"))
    name_en = StringField(lazy_gettext("What it is called, in English"))
    everywhere = BooleanField(lazy_gettext("All clinics are closed"))

    def validate_name_nb(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Write what patients read, such as “Fellesferie”."))
        _not_too_long(field)

    def validate_name_en(self, field: Any) -> None:
        _not_too_long(field)

    def name(self) -> Name:
        norwegian, english = one_line(self.name_nb.data), one_line(self.name_en.data)
        return Name.of(nb=norwegian, en=english or norwegian)


class RoomForm(StretchForm):
    """A room that is out of use."""

    room = SelectField(lazy_gettext("Room"), coerce=int, validate_choice=False)
    reason = StringField(lazy_gettext("Why"))

    def __init__(self, *, rooms: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(**values)
        self.room.choices = choices_of((str(id), name) for id, name in rooms)
        self._rooms = {id for id, _name in rooms}

    def validate_room(self, field: Any) -> None:
        if field.data not in self._rooms:
            raise ValidationError(_("Choose one of the rooms."))

    def validate_reason(self, field: Any) -> None:
        _not_too_long(field)


def _not_too_long(field: Any) -> None:
    if len(one_line(field.data)) > LONGEST_LINE:
        raise ValidationError(_("Write it with %(most)s letters at most.", most=LONGEST_LINE))


def _minute(at: time | None) -> int:
    return at.hour * 60 + at.minute if at else 0
