"""Preferences: how the visits reach the patient's calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField

CHANNELS = [
    ("invitations", _("Invitations by e-mail")),
    ("subscription", _("A calendar that you subscribe to")),
    ("file", _("A file")),
]

CHANNEL_HINTS = {
    "invitations": _("One for each visit. Accept them, and every change follows by itself."),
    "subscription": _("A secret address for your calendar program. Changes come within a day."),
    "file": _("You put the visits in your calendar once. It does not follow changes."),
}


class ChannelForm(FlaskForm):
    """Behind the secret link, so without a token of a session."""

    class Meta(FlaskForm.Meta):
        csrf = False

    channel = RadioField(_("How shall your visits reach your calendar?"), choices=CHANNELS)
