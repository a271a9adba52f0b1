"""Who the booking is for and how to reach her."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import ValidationError

from booking.services.courses import Channel, Details
from booking.web.forms.birth_date import BirthDate
from booking.web.forms.fields import LONGEST_LINE, Tick, Ticks, choices_of, one_line, read_email, read_phone

NEEDS = {
    "lie_down": lazy_gettext("A place to lie down while waiting"),
    "quiet_room": lazy_gettext("A quiet room"),
    "dim_light": lazy_gettext("Dim light"),
    "stairs": lazy_gettext("Help with stairs"),
    "interpreter": lazy_gettext("An interpreter"),
    "companion": lazy_gettext("Somebody comes with me"),
    "hearing_loop": lazy_gettext("A hearing loop"),
}

NEEDS_AT_THE_DESK = {
    **NEEDS,
    "lie_down": lazy_gettext("A place to lie down"),
    "companion": lazy_gettext("Comes with a companion"),
}
"""The same as others speak of her."""

LANGUAGE_NAMES = (("nb", "Norsk (bokmål)"), ("en", "English"))

CHANNEL_NAMES = {
    Channel.INVITATIONS.value: lazy_gettext("Calendar invitations by e-mail"),
    Channel.SUBSCRIPTION.value: lazy_gettext("A calendar to subscribe to"),
    Channel.FILE.value: lazy_gettext("A calendar file"),
}
CHANNEL_HINTS = {
    Channel.INVITATIONS.value: lazy_gettext("One e-mail for each appointment; your calendar follows every change."),
    Channel.SUBSCRIPTION.value: lazy_gettext("One address for your calendar program; it follows every change."),
    Channel.FILE.value: lazy_gettext("One file with all dates, to open once; it does not follow changes."),
}


class DetailsForm(BirthDate, FlaskForm):
    """Birth date in three boxes; contact as ticks that reveal a field. `today`: the date in Oslo."""

    name = StringField(lazy_gettext("Full name"))
    day = StringField(lazy_gettext("Day"))
    month = StringField(lazy_gettext("Month"))
    year = StringField(lazy_gettext("Year"))
    by_email = Tick(lazy_gettext("E-mail"))
    email = StringField(lazy_gettext("E-mail address"))
    channel = RadioField(
        lazy_gettext("How shall the dates reach your calendar?"),
        choices=choices_of(CHANNEL_NAMES.items()),
        default=Channel.INVITATIONS.value,
        validate_choice=False,
    )
    by_mobile = Tick(lazy_gettext("Mobile phone"))
    mobile = StringField(lazy_gettext("Mobile number"))
    neither = Tick(lazy_gettext("I have neither"))
    phone = StringField(lazy_gettext("Another phone number"))
    language = RadioField(
        lazy_gettext("Language of our messages"),
        choices=choices_of(LANGUAGE_NAMES),
        validate_choice=False,
    )
    needs = Ticks(lazy_gettext("What would make your visits easier?"), choices=choices_of(NEEDS.items()))
    for_other = Tick(lazy_gettext("I am booking for somebody else"))
    booked_by = StringField(lazy_gettext("Your own name"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def typed(self) -> dict[str, Any]:
        """Everything as it was typed, to show it again."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    def details(self) -> Details:
        """What was typed, once it is valid."""
        email = read_email(self.email.data) if self.by_email.data else None
        return Details(
            name=one_line(self.name.data),
            birth_date=self.birth_date(),
            email=email,
            mobile=self._number(),
            language=self.language.data,
            channel=Channel(self.channel.data) if email else Channel.NONE,
            needs=tuple(need for need in NEEDS if need in (self.needs.data or ())),
            booked_by=one_line(self.booked_by.data) if self.for_other.data else None,
        )

    def validate_name(self, field: Any) -> None:
        _check_name(field.data, _("Write the name of the person who comes."))

    def validate_by_email(self, field: Any) -> None:
        if not (field.data or self.by_mobile.data or self.neither.data):
            raise ValidationError(_("Tick how we can reach you, or that you have neither."))

    def validate_email(self, field: Any) -> None:
        if self.by_email.data:
            read_email(field.data or "")

    def validate_channel(self, field: Any) -> None:
        if self.by_email.data and field.data not in CHANNEL_NAMES:
            raise ValidationError(_("Choose how the dates reach your calendar."))

    def validate_mobile(self, field: Any) -> None:
        if self.by_mobile.data:
            read_phone(field.data or "")

    def validate_phone(self, field: Any) -> None:
        if self._only_other_phone() and one_line(field.data):
            read_phone(field.data)

    def validate_language(self, field: Any) -> None:
        if field.data not in dict(LANGUAGE_NAMES):
            raise ValidationError(_("Choose a language."))

    def validate_booked_by(self, field: Any) -> None:
        if self.for_other.data:
            _check_name(field.data, _("Write your own name, so that we know who we talk with."))

    def _number(self) -> str | None:
        if self.by_mobile.data:
            return read_phone(self.mobile.data)
        if self._only_other_phone() and one_line(self.phone.data):
            return read_phone(self.phone.data)
        return None

    def _only_other_phone(self) -> bool:
        return bool(self.neither.data and not self.by_mobile.data and not self.by_email.data)


def _check_name(text: str | None, missing: str) -> None:
    name = one_line(text)
    if not name:
        raise ValidationError(missing)
    if len(name) > LONGEST_LINE:
        raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))
