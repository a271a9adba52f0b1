"""The last page before booking: which choice was seen, and the nearest times for those that were lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.validators import ValidationError

from booking.services.wishes import Unreadable, read_place
from booking.web.forms.fields import choices_of


class CheckForm(FlaskForm):
    revision = HiddenField()

    def seen(self) -> int:
        """Which choice was seen; -1 for none."""
        text = self.revision.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


Offered = tuple[int, str, list[tuple[str, str]]]
"""(place in the hold, what was lost in words, [(value, words)])"""


def lost_form(offers: Iterable[Offered]) -> Any:
    """A form with one choice of times for each lost one; `instead()` gives the choice by place."""
    fields = {f"instead_{place}": _choice(words, times) for place, words, times in offers if times}
    return type("LostForm", (_LostForm,), fields)()


class _LostForm(FlaskForm):
    def instead(self) -> dict[int, tuple[datetime, str, str]]:
        chosen = {name.removeprefix("instead_"): value for name, value in self.data.items() if "instead_" in name}
        return {int(place): read_place(value) for place, value in chosen.items()}


def _choice(words: str, times: list[tuple[str, str]]) -> Any:
    return RadioField(words, choices=choices_of(times), validate_choice=False, validators=[_one_is_chosen])


def _one_is_chosen(form: FlaskForm, field: Any) -> None:
    try:
        read_place(field.data or "")
    except Unreadable:
        raise ValidationError(_("Choose one of these times.")) from None
