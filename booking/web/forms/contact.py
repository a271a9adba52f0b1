"""Contact: how the clinic reaches a patient, in which language, and what makes a visit easier for her."""

from __future__ import annotations

from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectMultipleField, StringField, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from booking.services.preferences import Contact

NEEDS = {
    "lie_down": _("A place to lie down while I wait"),
    "quiet": _("A quiet room"),
    "dim_light": _("Dim light"),
    "stairs": _("Help with stairs"),
    "companion": _("Somebody comes with me"),
    "interpreter": _("An interpreter"),
    "hearing_loop": _("A hearing loop"),
}
"""What helps a patient, by the id that is kept."""

LANGUAGE_CHOICES = [("nb", "Norsk"), ("en", "English")]

HOME = "NO"
"""Where a number without a country code belongs."""

LONGEST_EMAIL = 254


def read_email(text: str | None) -> str | None:
    """An address as it is kept, None for an empty one. Raises ValidationError."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValidationError(_("Write an e-mail address like name@example.com.")) from None
    if not found.ascii_email or len(found.ascii_email) > LONGEST_EMAIL:
        raise ValidationError(_("Write an e-mail address like name@example.com."))
    return str(found.ascii_email)


def read_mobile(text: str | None) -> str | None:
    """A number in E.164, from however it was written; None for an empty one. Raises ValidationError."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        found = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        found = None
    if found is None or not phonenumbers.is_possible_number(found):
        raise ValidationError(_("Write a phone number with 8 digits, or with its country code, like +46 70 174 06 05."))
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


class ContactForm(FlaskForm):
    """Corrects how a patient is reached; behind her secret link, so without a token of a session."""

    class Meta(FlaskForm.Meta):
        csrf = False

    email = StringField(_("E-mail address"))
    mobile = StringField(_("Phone number"))
    language = RadioField(_("Language of what we send you"), choices=LANGUAGE_CHOICES)
    needs = SelectMultipleField(
        _("What makes a visit easier for you?"),
        choices=list(NEEDS.items()),
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )

    def validate_email(self, field: Field) -> None:
        read_email(field.data)

    def validate_mobile(self, field: Field) -> None:
        read_mobile(field.data)

    def value(self) -> Contact:
        return Contact(
            email=read_email(self.email.data),
            mobile=read_mobile(self.mobile.data),
            language=str(self.language.data),
            needs=_known(self.needs.data),
        )


def _known(needs: Any) -> tuple[str, ...]:
    return tuple(need for need in NEEDS if need in (needs or ()))
