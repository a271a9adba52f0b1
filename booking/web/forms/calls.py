"""Call me instead: a phone number is enough, and a message may be left with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from booking.services.tasks import LONGEST_MESSAGE
from booking.web.forms.fields import LONGEST_LINE, choices_of, lines, one_line, read_phone

WHEN = {
    "any": lazy_gettext("At any time"),
    "morning": lazy_gettext("In the morning"),
    "midday": lazy_gettext("Around midday"),
    "afternoon": lazy_gettext("In the afternoon"),
}


@dataclass(frozen=True, slots=True)
class CallWish:
    """`phone` in E.164; `when` one of the keys of `WHEN`; `message` may be empty."""

    phone: str
    name: str
    when: str
    message: str


class CallForm(Form):
    """Open to who has no session, so without a token; where it was sent from is checked for every form."""

    phone = StringField(lazy_gettext("Your phone number"))
    name = StringField(lazy_gettext("Your name"))
    when = RadioField(
        lazy_gettext("When shall we call?"), choices=choices_of(WHEN.items()), default="any", validate_choice=False
    )
    message = TextAreaField(lazy_gettext("Your message"))

    def wish(self) -> CallWish:
        when = self.when.data if self.when.data in WHEN else "any"
        return CallWish(read_phone(self.phone.data), one_line(self.name.data), when, lines(self.message.data))

    def validate_phone(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Write the number that we shall call."))
        read_phone(field.data)

    def validate_name(self, field: Any) -> None:
        if len(one_line(field.data)) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))

    def validate_message(self, field: Any) -> None:
        if len(lines(field.data)) > LONGEST_MESSAGE:
            raise ValidationError(_("Write the message with %(most)s letters at most.", most=LONGEST_MESSAGE))
