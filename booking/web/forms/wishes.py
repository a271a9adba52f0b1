"""The form of wishes for a course: read from the address of the planner, where anything can stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField
from wtforms.validators import ValidationError

from booking.domain.course import PartOfDay
from booking.services import wording
from booking.services.proposals import NINE_WEEKS, Asked
from booking.services.wishes import MOST_AWAY, WEEKDAYS, Unreadable, read_date, read_dates
from booking.store.clinics import Clinic
from booking.store.people import Clinician
from booking.web.forms.fields import SHOWN, Tick, Ticks, choices_of, unknown
from booking.web.language import current_language

WORKING_DAYS = 5
LONGEST_AWAY = timedelta(days=366)

_MONDAY = date(2024, 1, 1)


class WishesForm(Form):
    """`today` and `horizon` bound what can be asked for."""

    clinic = Ticks(lazy_gettext("Clinics"), validate_choice=False)
    clinician = SelectField(lazy_gettext("Clinician"), validate_choice=False)
    only = Tick(lazy_gettext("Only this clinician"))
    day = Ticks(lazy_gettext("Days that suit you"), validate_choice=False)
    part = Ticks(lazy_gettext("Time of day"), validate_choice=False)
    start = StringField(lazy_gettext("Start no earlier than"), name="from")
    away = Ticks(lazy_gettext("You are away"), validate_choice=False)
    away_from = StringField(lazy_gettext("First day away"))
    away_to = StringField(lazy_gettext("Last day away"))
    new = Tick(lazy_gettext("I have not been here before"))

    def __init__(
        self,
        query: MultiDict[str, str],
        *,
        clinics: Iterable[Clinic],
        clinicians: Iterable[Clinician],
        today: date,
        horizon: date,
    ) -> None:
        super().__init__(query)
        self._today, self._horizon = today, horizon
        self.clinic.choices = choices_of((clinic.slug, clinic.name) for clinic in clinics)
        able = ((clinician.slug, clinician.name) for clinician in clinicians)
        self.clinician.choices = choices_of([("", _("No preference")), *able])
        self.day.choices = choices_of(_days(self.day.data or ()))
        self.part.choices = choices_of(_parts())
        self.away.choices = choices_of((text, _dates_in_words(text)) for text in dict.fromkeys(self.away.data or ()))

    @property
    def start_has_passed(self) -> bool:
        return not self.start.errors and self._start() is not None and (self._start() or self._today) < self._today

    def asked(self) -> Asked:
        """The wishes, once they are valid."""
        away = [read_dates(text) for text in self.away.data or ()]
        return Asked(
            protocol=NINE_WEEKS,
            clinics=tuple(dict.fromkeys(self.clinic.data or ())),
            clinician=self.clinician.data or None,
            only_her=self.only.data and bool(self.clinician.data),
            days=frozenset(WEEKDAYS.index(day) for day in self.day.data or ()),
            parts=frozenset(PartOfDay(part) for part in self.part.data or ()),
            start=self._start(),
            away=tuple(dict.fromkeys([*away, *self._new_away()])),
            new_patient=self.new.data,
        )

    def validate_clinic(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("There is no clinic “%(value)s”. Choose from the list.", value=value))

    def validate_clinician(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("There is no clinician “%(value)s” for this. Choose from the list.", value=value))

    def validate_day(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("“%(value)s” is no weekday. Choose from the list.", value=value))

    def validate_part(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("“%(value)s” is no time of day. Choose from the list.", value=value))

    def validate_start(self, field: Any) -> None:
        self._bounded(_read(field.data)) if field.data else None

    def validate_away(self, field: Any) -> None:
        if len(field.data or ()) > MOST_AWAY:
            raise ValidationError(_("That is more days than we can plan around. Call us instead."))
        for text in field.data or ():
            try:
                first, last = read_dates(text)
            except Unreadable:
                raise ValidationError(
                    _("“%(value)s” is no first and last day. Untick it.", value=text[:SHOWN])
                ) from None
            self._both_bounded(first, last)

    def validate_away_from(self, field: Any) -> None:
        if field.data:
            self._bounded(_read(field.data))
        elif self.away_to.data:
            raise ValidationError(_("Write the first day you are away, too."))

    def validate_away_to(self, field: Any) -> None:
        if not field.data:
            return
        last = _read(field.data)
        self._bounded(last)
        try:
            first = read_date(self.away_from.data or "")
        except Unreadable:
            return
        if last < first:
            raise ValidationError(_("The last day away lies before the first."))
        self._both_bounded(first, last)

    def _start(self) -> date | None:
        return read_date(self.start.data) if self.start.data else None

    def _new_away(self) -> list[tuple[date, date]]:
        if not self.away_from.data:
            return []
        first = read_date(self.away_from.data)
        return [(first, read_date(self.away_to.data) if self.away_to.data else first)]

    def _both_bounded(self, first: date, last: date) -> None:
        self._bounded(first)
        self._bounded(last)
        if last - first > LONGEST_AWAY:
            raise ValidationError(_("That is longer than we can plan around. Call us instead."))

    def _bounded(self, day: date) -> None:
        if day > self._horizon:
            latest = wording.day_and_year(self._horizon, current_language())
            raise ValidationError(_("We plan until %(day)s at the latest. Choose an earlier day.", day=latest))
        if day < self._today - LONGEST_AWAY:
            raise ValidationError(_("That day has long passed. Choose a later one."))


def day_name(weekday: int) -> str:
    """“Tue”, “tir.”: short, its first letter large."""
    short = format_date(_MONDAY + timedelta(days=weekday), "EEE", locale=current_language())
    return wording.sentence(short.rstrip("."))


def part_name(part: PartOfDay) -> str:
    """“Morning, before 11”"""
    return dict(_parts())[part.value]


def part_word(part: PartOfDay) -> str:
    """“Morning”"""
    return {
        PartOfDay.MORNING: _("Morning"),
        PartOfDay.MIDDAY: _("Midday"),
        PartOfDay.AFTERNOON: _("Afternoon"),
        PartOfDay.EVENING: _("Evening"),
    }[part]


def _days(ticked: Iterable[str]) -> list[tuple[str, str]]:
    """Monday to Friday, and what else was ticked."""
    shown = [day for index, day in enumerate(WEEKDAYS) if index < WORKING_DAYS or day in ticked]
    return [(day, day_name(WEEKDAYS.index(day))) for day in shown]


def _parts() -> Iterable[tuple[str, str]]:
    yield PartOfDay.MORNING.value, _("Morning, before 11")
    yield PartOfDay.MIDDAY.value, _("Midday, 11 to 14")
    yield PartOfDay.AFTERNOON.value, _("Afternoon, 14 to 17")
    yield PartOfDay.EVENING.value, _("Evening, from 17")


def _read(text: str) -> date:
    try:
        return read_date(text)
    except Unreadable:
        raise ValidationError(_("Write the date like this: 2027-04-05.")) from None


def _dates_in_words(text: str) -> str:
    try:
        first, last = read_dates(text)
    except Unreadable:
        return text[:SHOWN]
    language = current_language()
    words = wording.day_of_month(first, language)
    if first == last:
        return words
    return _("%(first)s to %(last)s", first=words, last=wording.day_of_month(last, language))
