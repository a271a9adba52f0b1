"""What readers send from below an article: a vote, and a comment.

Both forms are open to who has no session, so they carry no token of one. What keeps programs out asks nothing of
people: a field that nobody sees, the time since the page was made, where the form was sent from, and a limit.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from itsdangerous import BadData, URLSafeSerializer
from wtforms import Form, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from booking.services import wording
from booking.services.comments import LONGEST_TEXT
from booking.web.forms.fields import LONGEST_LINE, choices_of, one_line, read_email
from booking.web.language import current_language

QUICKEST = timedelta(seconds=3)
"""Nobody reads and fills in a form faster."""

OLDEST = timedelta(hours=24)

USEFUL = {
    "1": lazy_gettext("Not useful"),
    "2": lazy_gettext("Not very useful"),
    "3": lazy_gettext("Partly useful"),
    "4": lazy_gettext("Useful"),
    "5": lazy_gettext("Very useful"),
}
"""Stars in words."""

_ID_BYTES = 18
_LONG_AGO = datetime.fromtimestamp(0, UTC)

# What cannot be seen, but for line breaks, and for the joiners (U+200C, U+200D) that some scripts and emoji need.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LINE_BREAK = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def made_at(at: datetime) -> str:
    """What a form made at this moment carries: an id of its own and the moment, signed."""
    return _signer().dumps([secrets.token_urlsafe(_ID_BYTES), int(at.timestamp())])


class ReaderForm(Form):
    """`made`: which form it is, and when. `website`: a field that programs fill in and people do not see."""

    made = HiddenField()
    website = StringField(lazy_gettext("Leave this field empty"))

    def __init__(self, sent: Any = None, *, at: datetime) -> None:
        """`at`: now, on the machine's clock."""
        super().__init__(sent)
        self.id, made = _read(self.made.data)
        self._age = at - made
        if self._age > OLDEST:
            self.made.data = made_at(at)

    @property
    def asked(self) -> Any:
        """The field by which the form is known, where people look for what is wrong with all of it."""
        raise NotImplementedError

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        valid = super().validate(extra_validators)
        unlikely = self._unlikely()
        if unlikely:
            self.refuse(unlikely)
        return valid and not unlikely

    def refuse(self, words: str) -> None:
        """Adds an error to the form; what was typed stays."""
        self.asked.errors = [*self.asked.errors, words]

    def _unlikely(self) -> str | None:
        """Why this looks as if no person had sent it, and what a person can do."""
        if self.website.data:
            self.website.data = ""
            return _("A field that nobody sees was filled in. It is empty now. Send the form again.")
        if self._age > OLDEST:
            return _("This page was open for a long time. Nothing is lost. Send the form again.")
        if self._age < QUICKEST:
            return _("That went very fast. Nothing is lost. Wait a moment, and send the form again.")
        return None


class RatingForm(ReaderForm):
    """How useful the article is, not what it tells of."""

    stars = RadioField(
        lazy_gettext("How useful is this article?"), choices=choices_of(USEFUL.items()), validate_choice=False
    )

    @property
    def asked(self) -> Any:
        return self.stars

    def validate_stars(self, field: Any) -> None:
        if field.data not in USEFUL:
            raise ValidationError(_("Choose how useful the article is."))


class CommentForm(ReaderForm):
    """`answers`: the id of the comment that this one answers, if any."""

    answers = HiddenField()
    text = TextAreaField(lazy_gettext("Your comment"), id="comment-text")
    name = StringField(lazy_gettext("Your name"), id="comment-name")
    email = StringField(lazy_gettext("E-mail address"), id="comment-email")

    @property
    def asked(self) -> Any:
        return self.text

    def written(self) -> str:
        """The text as it is kept: lines as they were typed, without what cannot be seen."""
        lines = _LINE_BREAK.sub("\n", self.text.data or "").split("\n")
        text = "\n".join(_UNSEEN.sub("", line).rstrip() for line in lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def validate_text(self, field: Any) -> None:
        length = len(self.written())
        if not length:
            raise ValidationError(_("Write your comment."))
        if length > LONGEST_TEXT:
            most, long = (wording.whole_number(number, current_language()) for number in (LONGEST_TEXT, length))
            raise ValidationError(
                _("Your comment has %(length)s characters. %(most)s is the most we can take.", length=long, most=most)
            )

    def validate_name(self, field: Any) -> None:
        name = one_line(field.data)
        if not name:
            raise ValidationError(_("Write the name that shall stand above your comment."))
        if len(name) > LONGEST_LINE:
            raise ValidationError(_("Write the name with %(most)s letters at most.", most=LONGEST_LINE))

    def validate_email(self, field: Any) -> None:
        read_email(field.data or "")


def read_id(text: str | None) -> int | None:
    """The number of a comment; None for anything that could not be one."""
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 10 else None


def _read(made: str | None) -> tuple[str, datetime]:
    """Which form it is and when it was made; long ago if that cannot be read."""
    try:
        form_id, seconds = _signer().loads(made or "")
    except BadData:
        return "", _LONG_AGO
    return form_id, datetime.fromtimestamp(seconds, UTC)


def _signer() -> URLSafeSerializer:
    fallbacks = current_app.config["SECRET_KEY_FALLBACKS"] or []
    return URLSafeSerializer([*reversed(fallbacks), current_app.config["SECRET_KEY"]], salt="reader's form")
