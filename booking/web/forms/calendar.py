"""A calendar file that tells when its owner is busy."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import FileField, Form


class CalendarForm(Form):
    """Open to who has no session, so without a token; where it was sent from is checked for every form."""

    calendar = FileField(_("Your calendar as a file (.ics)"))

    def refuse(self, words: str) -> None:
        """Says why the file could not be used."""
        self.calendar.errors = [words]
