"""Absences: when somebody who treats is away, and why, for the clinic's own use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, TimeField
from wtforms.validators import ValidationError

from booking.domain.period import STEP_MINUTES, Period, at_wall
from booking.services.disruptions import ABSENCE_KINDS
from booking.web.forms.fields import choices_of

KINDS = {
    "holiday": lazy_gettext("Holiday"),
    "illness": lazy_gettext("Illness"),
    "training": lazy_gettext("Course or meeting"),
    "other": lazy_gettext("Something else"),
}

LONGEST_DAYS = 366
SENSIBLE_YEARS = range(2000, 2200)
"""Others are slips; and a year beyond 9999 is none."""


@dataclass(frozen=True, slots=True)
class AbsenceWish:
    period: Period
    kind: str


class Day(DateField):
    """A date, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = date.fromisoformat(valuelist[0].strip())
            except ValueError:
                raise ValueError(_("Write the date as year, month and day: 2027-04-13.")) from None


class Clock(TimeField):
    """A time of day in steps of five minutes, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = time.fromisoformat(valuelist[0].strip())
            except ValueError:
                raise ValueError(_("Write the time as hours and minutes: 10:15.")) from None


class AbsenceForm(FlaskForm):
    """Whole days, or from a time to a time; `confirmed`: she has read whom it touches."""

    first = Day(lazy_gettext("From"))
    first_time = Clock(lazy_gettext("From what time"))
    last = Day(lazy_gettext("To, this day included"))
    last_time = Clock(lazy_gettext("To what time"))
    kind = RadioField(
        lazy_gettext("Why, for the clinic’s own use"),
        choices=choices_of((kind, KINDS[kind]) for kind in ABSENCE_KINDS),
        default="holiday",
    )
    confirmed = HiddenField()

    def wish(self) -> AbsenceWish:
        first = self.first.data
        assert first is not None, "a form that is valid has a first day"
        last = self.last.data or first
        start = at_wall(first, _minute(self.first_time.data, 0))
        end = at_wall(last, _minute(self.last_time.data, 0)) if self.last_time.data else _end_of(last)
        return AbsenceWish(Period(start, end), str(self.kind.data))

    def validate_first(self, field: Any) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(_("Write the first day."))
        if field.data is not None and field.data.year not in SENSIBLE_YEARS:
            raise ValidationError(_("Write the date as year, month and day: 2027-04-13."))

    def validate_last(self, field: Any) -> None:
        if self.first.data is None or not (field.data or self.last_time.data):
            return
        last = field.data or self.first.data
        if self.first.data.year not in SENSIBLE_YEARS:
            return
        if (last - self.first.data).days > LONGEST_DAYS:
            raise ValidationError(_("Write a day within a year of the first one."))
        if _ends(last, self.last_time.data) <= _begins(self.first.data, self.first_time.data):
            raise ValidationError(_("The end must be after the beginning."))

    def validate_first_time(self, field: Any) -> None:
        _on_a_step(field.data)

    def validate_last_time(self, field: Any) -> None:
        _on_a_step(field.data)


def _on_a_step(moment: time | None) -> None:
    if moment is not None and moment.minute % STEP_MINUTES:
        raise ValidationError(_("Write a time in steps of five minutes, such as 10:15."))


def _begins(day: date, moment: time | None) -> datetime:
    return at_wall(day, _minute(moment, 0))


def _ends(day: date, moment: time | None) -> datetime:
    return _begins(day, moment) if moment else _end_of(day)


def _end_of(day: date) -> datetime:
    return at_wall(day + timedelta(days=1), 0)


def _minute(moment: time | None, otherwise: int) -> int:
    return moment.hour * 60 + moment.minute if moment else otherwise
