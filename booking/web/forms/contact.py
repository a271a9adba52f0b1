"""What a patient puts right on her own page: how she is reached, and how her visits reach her calendar.

These forms stand behind a secret link, which nobody can send a form to who does not have it: they carry no token.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField

from booking.services.preferences import Contact
from booking.web.forms.details import CHANNEL_NAMES, LANGUAGE_NAMES, NEEDS
from booking.web.forms.fields import Ticks, choices_of, one_line, read_email, read_phone


class ContactForm(FlaskForm):
    """Either way of being reached may be left empty."""

    class Meta(FlaskForm.Meta):
        csrf = False

    email = StringField(lazy_gettext("E-mail address"))
    mobile = StringField(lazy_gettext("Phone number"))
    language = RadioField(lazy_gettext("Language of our messages"), choices=choices_of(LANGUAGE_NAMES))
    needs = Ticks(lazy_gettext("What would make your visits easier?"), choices=choices_of(NEEDS.items()))

    def validate_email(self, field: Any) -> None:
        if one_line(field.data):
            read_email(field.data)

    def validate_mobile(self, field: Any) -> None:
        if one_line(field.data):
            read_phone(field.data)

    def contact(self) -> Contact:
        """What was typed, once it is valid."""
        return Contact(
            email=read_email(self.email.data) if one_line(self.email.data) else None,
            mobile=read_phone(self.mobile.data) if one_line(self.mobile.data) else None,
            language=str(self.language.data),
            needs=tuple(need for need in NEEDS if need in (self.needs.data or ())),
        )


class ChannelForm(FlaskForm):
    class Meta(FlaskForm.Meta):
        csrf = False

    channel = RadioField(
        lazy_gettext("How shall the dates reach your calendar?"), choices=choices_of(CHANNEL_NAMES.items())
    )
