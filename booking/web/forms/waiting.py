"""Waiting: who wants to be told when times become free, and how long an offer to her is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import Form, RadioField, StringField
from wtforms.validators import ValidationError

from booking.domain.course import PartOfDay
from booking.domain.period import monday_of, oslo
from booking.domain.waiting import OFFER_HOURS
from booking.services.proposals import Asked
from booking.services.waiting import CourseWish
from booking.services.wishes import WEEKDAYS, query_of
from booking.web.forms.fields import LONGEST_LINE, Ticks, choices_of, one_line, read_email, unknown
from booking.web.forms.wishes import day_name, part_name

USUAL_HOURS, USUAL_WEEKS = "12", "13"
WORKING_DAYS = 5
WEEKS = ("4", "13", "26")


class CourseWaitForm(Form):
    """Open to who has no session, so without a token; where it was sent from is checked for every form."""

    name = StringField(lazy_gettext("Your name"))
    email = StringField(lazy_gettext("E-mail address"))
    hours = RadioField(lazy_gettext("How long shall we keep times for you?"), validate_choice=False)
    weeks = RadioField(lazy_gettext("How long do you want to wait?"), validate_choice=False)

    def __init__(self, formdata: Any) -> None:
        super().__init__(formdata, hours=USUAL_HOURS, weeks=USUAL_WEEKS)
        self.hours.choices = choices_of(hours_names())
        self.weeks.choices = choices_of((weeks, _weeks_name(int(weeks))) for weeks in WEEKS)

    def wish(self, query: str, language: str, *, now: datetime) -> CourseWish:
        """What was asked for, once it is valid."""
        return CourseWish(
            query=query,
            name=one_line(self.name.data),
            email=read_email(self.email.data or ""),
            language=language,
            offer_hours=int(self.hours.data),
            until=now + timedelta(weeks=int(self.weeks.data)),
        )

    def validate_name(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Write your name."))
        if len(one_line(field.data)) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))

    def validate_email(self, field: Any) -> None:
        read_email(field.data or "")

    def validate_hours(self, field: Any) -> None:
        _check_chosen(field)

    def validate_weeks(self, field: Any) -> None:
        _check_chosen(field)


class VisitWaitForm(FlaskForm):
    """Behind a secret link, which nobody can send a form to who does not have it: it carries no token."""

    class Meta(FlaskForm.Meta):
        csrf = False

    day = Ticks(lazy_gettext("Days that suit you"), validate_choice=False)
    part = Ticks(lazy_gettext("Time of day"), validate_choice=False)
    hours = RadioField(lazy_gettext("How long shall we keep a time for you?"), validate_choice=False)

    def __init__(self, days: Iterable[date]) -> None:
        super().__init__(data={"hours": USUAL_HOURS})
        self.day.choices = choices_of((WEEKDAYS[day.weekday()], day_name(day.weekday())) for day in days)
        self.part.choices = choices_of((part.value, part_name(part)) for part in PartOfDay)
        self.hours.choices = choices_of(hours_names())

    def query(self) -> str:
        """The days and the parts of the day, as in an address, once they are valid."""
        days = frozenset(WEEKDAYS.index(day) for day in self.day.data or ())
        return query_of(Asked(days=days, parts=frozenset(PartOfDay(part) for part in self.part.data or ())))

    def validate_day(self, field: Any) -> None:
        _check_chosen(field, needed=False)

    def validate_part(self, field: Any) -> None:
        _check_chosen(field, needed=False)

    def validate_hours(self, field: Any) -> None:
        _check_chosen(field)


def working_days(moment: datetime) -> list[date]:
    """Those of the week in which the moment lies."""
    first = monday_of(oslo(moment).date())
    return [first + timedelta(days=day) for day in range(WORKING_DAYS)]


def hours_names() -> Iterable[tuple[str, str]]:
    return ((str(hours), hours_name(hours)) for hours in OFFER_HOURS)


def hours_name(hours: int) -> str:
    """“12 hours”"""
    return ngettext("%(num)s hour", "%(num)s hours", hours)


def _weeks_name(weeks: int) -> str:
    return ngettext("%(num)s week", "%(num)s weeks", weeks)


def _check_chosen(field: Any, *, needed: bool = True) -> None:
    if unknown(field) or (needed and not field.data):
        raise ValidationError(_("Choose from the list."))
