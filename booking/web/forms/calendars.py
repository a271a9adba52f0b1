"""What a clinician chooses: how patients stand in her own calendar, and which calendars tell when she is busy."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import FileField, RadioField, StringField
from wtforms.validators import ValidationError

from booking.ical.fetch import Fetcher, NotFetched
from booking.services.busy import LONGEST_NAME
from booking.services.clinician_feeds import Names
from booking.web.forms.fields import choices_of, one_line
from booking.web.office import office

NAMES = {
    Names.INITIALS: lazy_gettext("By their initials"),
    Names.BUSY: lazy_gettext("Not at all, only that you are busy"),
    Names.FULL: lazy_gettext("By their full names"),
}

NAMES_HINTS = {
    Names.FULL.value: lazy_gettext(
        "Whoever sees your calendar then sees who your patients are. Calendar programs keep copies on other companies'"
        " servers and show names on locked screens."
    )
}


class FeedForm(FlaskForm):
    names = RadioField(lazy_gettext("How shall patients stand in it?"), choices=choices_of(NAMES.items()))

    def chosen(self) -> Names:
        return Names(self.names.data)


class AddressForm(FlaskForm):
    """A calendar that is asked again and again."""

    address = StringField(lazy_gettext("The secret address of your calendar"))
    address_name = StringField(lazy_gettext("What you call it"))

    def validate_address(self, field: Any) -> None:
        try:
            Fetcher(loopback=office().loopback_calendars).read_url(field.data or "")
        except NotFetched:
            raise ValidationError(_("Write an address that begins with https:// or webcal://.")) from None

    def validate_address_name(self, field: Any) -> None:
        _named(field)

    def url(self) -> str:
        return (self.address.data or "").strip()

    def name(self) -> str:
        return one_line(self.address_name.data)


class FileForm(FlaskForm):
    """A calendar as it is now; without a name it is called what its file is called."""

    file = FileField(lazy_gettext("Your calendar as a file (.ics)"))
    file_name = StringField(lazy_gettext("What you call it"))

    def validate_file_name(self, field: Any) -> None:
        if not one_line(field.data) and self.file.data:
            field.data = PurePath(self.file.data.filename).stem[:LONGEST_NAME]
        _named(field)

    def name(self) -> str:
        return one_line(self.file_name.data)

    def refuse(self, words: str) -> None:
        """Says why the file could not be used."""
        self.file.errors = [words]


def _named(field: Any) -> None:
    name = one_line(field.data)
    if not name:
        raise ValidationError(_("Write a name, so that you know which one it is."))
    if len(name) > LONGEST_NAME:
        raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_NAME))
