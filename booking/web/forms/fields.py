"""Fields that several forms use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from wtforms import BooleanField, SelectChoice, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

HOME_REGION = "NO"

LONGEST_LINE = 100
"""Characters of a name or a note."""

LONGEST_ID = 9
"""Digits; PostgreSQL refuses to look for a number that its column could not hold."""

SHOWN = 40
"""Characters of a strange value that are shown again."""

# Characters that cannot be seen: they have no place in a name, and could change how a line of a mail is read.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


class Ticks(SelectMultipleField):
    """Several choices, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """An empty value in an address chooses nothing."""
        super().process_formdata([value for value in valuelist if value])


class Tick(BooleanField):
    """One box; an address may say 0 for not ticked."""

    false_values = (False, "false", "0", "")


def choices_of(names: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Choices of a field from pairs of value and words."""
    return [SelectChoice(value=value, label=words) for value, words in names]


def unknown(field: Any) -> str | None:
    """The first chosen value that is not among the field's choices, shortened; None if all are."""
    known = {choice.value for choice in field.choices}
    chosen = field.data if isinstance(field.data, list) else [field.data]
    value = next((str(each) for each in chosen if each and each not in known), None)
    return value and (value if len(value) <= SHOWN else value[:SHOWN] + "…")


def one_line(text: str | None) -> str:
    """What was typed, on one line, without what cannot be seen."""
    return " ".join(_UNSEEN.sub(" ", text or "").split())


def lines(text: str | None) -> str:
    """What was typed, its lines kept, without what cannot be seen."""
    return "\n".join(one_line(line) for line in (text or "").splitlines()).strip()


def read_id(text: str | None) -> int:
    """The number of a row, as a hidden field sends it; -1 for what is none that a database would look for."""
    sent = text or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= LONGEST_ID else -1


def read_phone(text: str) -> str:
    """A number in E.164; without a country's code it is Norwegian. Raises ValidationError."""
    try:
        number = phonenumbers.parse(one_line(text), HOME_REGION)
    except phonenumbers.NumberParseException:
        raise ValidationError(_phone_fault()) from None
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_phone_fault())
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_email(text: str) -> str:
    """An address as it is written, its domain in one form. No other machine is asked. Raises ValidationError."""
    try:
        found = validate_email(one_line(text), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValidationError(_("Write the e-mail address like this: name@example.com.")) from None
    return found.normalized


def _phone_fault() -> str:
    return _("Write a phone number of 8 digits, or one that begins with + and the country’s code.")
