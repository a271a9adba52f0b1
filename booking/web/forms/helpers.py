"""Who helps a patient, and whether reminders go to her, too. Behind a secret link, so without a token."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import Form, RadioField, StringField
from wtforms.validators import ValidationError

from booking.services.helpers import Invited
from booking.web.forms.details import LANGUAGE_NAMES
from booking.web.forms.fields import LONGEST_LINE, Tick, choices_of, one_line, read_email


class HelperForm(Form):
    name = StringField(lazy_gettext("Name of the helper"))
    email = StringField(lazy_gettext("E-mail address of the helper"))
    reminded = Tick(lazy_gettext("Send reminders to this address, too"))
    language = RadioField(lazy_gettext("Language of the messages"), choices=choices_of(LANGUAGE_NAMES))

    def validate_name(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Write a name, so that you can tell the links apart."))
        if len(one_line(field.data)) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))

    def validate_email(self, field: Any) -> None:
        if one_line(field.data):
            read_email(field.data)

    def validate_reminded(self, field: Any) -> None:
        if field.data and not one_line(self.email.data):
            raise ValidationError(_("Reminders need an e-mail address."))

    def invited(self) -> Invited:
        """What was typed, once it is valid."""
        return Invited(
            name=one_line(self.name.data),
            email=read_email(self.email.data or "") if one_line(self.email.data) else None,
            language=str(self.language.data),
            reminded=bool(self.reminded.data),
        )
