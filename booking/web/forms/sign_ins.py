"""The two ways back to one's appointments: an e-mail address, or a reference and a birth date.

Both forms are open to who has no session, so they carry no token of one; where they were sent from is checked, and how
often is counted. The button behind a mailed link carries one: no other site may sign a reader in with a link that it
asked for.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Form, StringField
from wtforms.validators import ValidationError

from booking.web.forms.birth_date import BirthDate
from booking.web.forms.fields import LONGEST_LINE, one_line, read_email


class AddressForm(Form):
    email = StringField(lazy_gettext("E-mail address"))

    def validate_email(self, field: Any) -> None:
        read_email(field.data or "")


class SignInForm(FlaskForm):
    """The button alone, bound to the browser in which its page was opened."""


class TimesForm(BirthDate, Form):
    """`today`: the date in Oslo."""

    reference = StringField(lazy_gettext("Reference"))
    day = StringField(lazy_gettext("Day"))
    month = StringField(lazy_gettext("Month"))
    year = StringField(lazy_gettext("Year"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def validate_reference(self, field: Any) -> None:
        typed = one_line(field.data)
        if not any(character.isalnum() for character in typed):
            raise ValidationError(_("Write the reference. It has 8 letters and digits."))
        if len(typed) > LONGEST_LINE:
            raise ValidationError(_("The reference has 8 letters and digits."))

    def refuse(self, words: str) -> None:
        """What is wrong with the two together."""
        self.reference.errors = [*self.reference.errors, words]
