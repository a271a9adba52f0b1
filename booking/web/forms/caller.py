"""What the front desk types while somebody is on the telephone, or stands there: who it is, and what was answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import ValidationError

from booking.domain.screening import Gate, HealthCheck, Outcome
from booking.services.callers import Said
from booking.services.courses import ADULT_AT, Channel, Details, age_on
from booking.services.register import read
from booking.web.forms.details import CHANNEL_NAMES, LANGUAGE_NAMES, NEEDS_AT_THE_DESK
from booking.web.forms.fields import LONGEST_LINE, Tick, Ticks, choices_of, one_line, read_email, read_phone
from booking.web.forms.health import SHORT
from booking.web.forms.need import NEW, RETURNING, SINGLE

WHAT = {
    RETURNING: lazy_gettext("Nine weeks"),
    NEW: lazy_gettext("Nine weeks, new here"),
    SINGLE[1]: lazy_gettext("One session"),
    SINGLE[0]: lazy_gettext("First visit only"),
}


def _answers(unsure: Any) -> RadioField:
    """The three answers to the health check; `unsure`: the words of the third, and what then follows."""
    words = [
        (Gate.NO.value, lazy_gettext("No, none of it")),
        (Gate.YES.value, lazy_gettext("Yes, what is ticked")),
        (Gate.UNSURE.value, unsure),
    ]
    return RadioField(lazy_gettext("The answer"), choices=choices_of(words), validate_choice=False)


class CallerForm(FlaskForm):
    """Who rings, as far as she has said it; nothing must be told before she has heard which times are free. `today`:
    the date in Oslo."""

    what = RadioField(lazy_gettext("What is it about?"), choices=choices_of(WHAT.items()), validate_choice=False)
    name = StringField(lazy_gettext("Name"))
    mobile = StringField(lazy_gettext("Phone"))
    born = StringField(lazy_gettext("Birth date"))
    email = StringField(lazy_gettext("E-mail"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def said(self) -> Said:
        """What was typed, once it is valid."""
        return Said(
            name=one_line(self.name.data),
            birth_date=self.birth_date(),
            mobile=read_phone(self.mobile.data) if one_line(self.mobile.data) else None,
            email=read_email(self.email.data) if one_line(self.email.data) else None,
        )

    def typed(self) -> dict[str, str]:
        """Who it is, as it was typed, to show it again."""
        return {name: one_line(self.data[name]) for name in ("what", "name", "mobile", "born", "email")}

    def birth_date(self) -> date | None:
        """What was typed, if it is one date."""
        days = read(one_line(self.born.data), today=self._today).days
        return days[0] if len(days) == 1 else None

    def validate_what(self, field: Any) -> None:
        if field.data not in WHAT:
            raise ValidationError(_("Choose what it is about."))

    def validate_name(self, field: Any) -> None:
        if len(one_line(field.data)) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))

    def validate_mobile(self, field: Any) -> None:
        if one_line(field.data):
            read_phone(field.data)

    def validate_born(self, field: Any) -> None:
        if one_line(field.data) and self.birth_date() is None:
            raise ValidationError(_("Write the birth date like this: 17.5.1979."))

    def validate_email(self, field: Any) -> None:
        if one_line(field.data):
            read_email(field.data)


class CheckedForm(CallerForm):
    """Everything that is needed to book: who it is, what was read aloud, and what she has answered."""

    what = None  # asked before
    gate = _answers(lazy_gettext("Not sure, or not asked: somebody rings first"))
    conditions = Ticks(
        lazy_gettext("Before we plan needles: does any of this apply to you?"), choices=choices_of(SHORT.items())
    )
    language = RadioField(
        lazy_gettext("Language of our messages"), choices=choices_of(LANGUAGE_NAMES), validate_choice=False
    )
    channel = RadioField(
        lazy_gettext("How the dates reach the calendar, with e-mail"),
        choices=choices_of(CHANNEL_NAMES.items()),
        default=Channel.INVITATIONS.value,
        validate_choice=False,
    )
    needs = Ticks(lazy_gettext("What would make the visits easier"), choices=choices_of(NEEDS_AT_THE_DESK.items()))
    booked_by = StringField(lazy_gettext("Who books, if somebody else does"))
    revision = HiddenField()

    def __init__(self, *args: Any, known: date | None = None, **kwargs: Any) -> None:
        """`known`: the birth date of the patient who was picked, which is not typed again."""
        super().__init__(*args, **kwargs)
        self._known = known

    def birth_date(self) -> date | None:
        return self._known or super().birth_date()

    def details(self) -> Details:
        """Who it is for, once that is valid."""
        said = self.said()
        assert said.birth_date is not None, "read after it was found valid"
        return Details(
            name=said.name,
            birth_date=said.birth_date,
            email=said.email,
            mobile=said.mobile,
            language=self.language.data,
            channel=Channel(self.channel.data) if said.email else Channel.NONE,
            needs=tuple(need for need in NEEDS_AT_THE_DESK if need in (self.needs.data or ())),
            booked_by=one_line(self.booked_by.data) or None,
        )

    def check(self) -> HealthCheck:
        """What was answered, once that is valid."""
        return HealthCheck(Gate(self.gate.data), frozenset(self.conditions.data or ()) & SHORT.keys())

    def seen(self) -> int:
        """Which choice of times was seen; -1 for none."""
        text = self.revision.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1

    def validate_name(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Write the name."))
        super().validate_name(field)

    def validate_born(self, field: Any) -> None:
        if self._known is None and not one_line(field.data):
            raise ValidationError(_("Write the birth date."))
        super().validate_born(field)

    def validate_gate(self, field: Any) -> None:
        if field.data not in list(Gate):
            raise ValidationError(_("Ask, or choose that somebody rings first."))
        if field.data == Gate.NO and self.conditions.data:
            raise ValidationError(_("Something is ticked, so choose “yes”, or untick it."))

    def validate_language(self, field: Any) -> None:
        if field.data not in dict(LANGUAGE_NAMES):
            raise ValidationError(_("Choose a language."))

    def validate_channel(self, field: Any) -> None:
        if one_line(self.email.data) and field.data not in CHANNEL_NAMES:
            raise ValidationError(_("Choose how the dates reach the calendar."))

    def validate_booked_by(self, field: Any) -> None:
        born, other = self.birth_date(), one_line(field.data)
        if len(other) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))
        if born is not None and age_on(born, self._today) < ADULT_AT and not other:
            raise ValidationError(
                _("The patient is under %(age)s: a parent or guardian books. Write the name.", age=ADULT_AT)
            )


class WalkInForm(CheckedForm):
    """The same for somebody who stands at the desk: who treats her now."""

    gate = _answers(lazy_gettext("Not sure, or not asked"))
    place = RadioField(lazy_gettext("Who is free now"), validate_choice=False)
    spoken = Tick(lazy_gettext("The clinician has talked with the patient, and treats now"))

    def validate_place(self, field: Any) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose who treats."))

    def validate_spoken(self, field: Any) -> None:
        known = self.gate.data in list(Gate) and not (self.gate.data == Gate.NO and self.conditions.data)
        if known and self.check().outcome is Outcome.CALL and not field.data:
            raise ValidationError(
                _("After these answers the clinician talks with the patient first. Tick this when that is done.")
            )
