"""What somebody needs: a course of nine weeks, new here or not, or a single appointment."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import Form, RadioField
from wtforms.validators import ValidationError

from booking.web.forms.fields import choices_of

NEW, RETURNING = "course-new", "course"
SINGLE = ("first-visit", "needle-session")
"""Protocols of one appointment, by slug."""

NEEDS = {
    NEW: lazy_gettext("Nine weeks, and I have not been here before"),
    RETURNING: lazy_gettext("Nine weeks, and I have been here before"),
    "first-visit": lazy_gettext("A first visit only"),
    "needle-session": lazy_gettext("One needle session"),
}


class NeedForm(Form):
    what = RadioField(lazy_gettext("What do you need?"), choices=choices_of(NEEDS.items()), validate_choice=False)

    def validate_what(self, field: Any) -> None:
        if field.data not in NEEDS:
            raise ValidationError(_("Choose what you need."))
