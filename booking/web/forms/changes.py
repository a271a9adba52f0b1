"""What is sent when a visit is moved, cancelled or added: a place, and what was seen of it before.

These forms stand behind a secret link, which nobody can send a form to who does not have it: they carry no token.
"""

from __future__ import annotations

from datetime import datetime

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from booking.services.wishes import read_place
from booking.web.forms.fields import read_id


class SeenForm(FlaskForm):
    """`seen`: what the page said of the visit and of the cost, so that nothing is done that looked different."""

    class Meta(FlaskForm.Meta):
        csrf = False

    seen = HiddenField()


class PlaceForm(SeenForm):
    """`to`: start, clinician and clinic, as the buttons of the page send them."""

    to = StringField()

    def place(self) -> tuple[datetime, str, str]:
        """Start (aware), clinician and clinic by slug. Raises Unreadable."""
        return read_place(self.to.data or "")


class ChangeForm(SeenForm):
    """`change`: which change is undone."""

    change = HiddenField()

    def change_id(self) -> int:
        """-1 for what is no number."""
        return read_id(self.change.data)
