"""What somebody who works at the clinics writes to get in, and to change how she does."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import ValidationError

from booking.domain.password import LONGEST, SHORTEST, PasswordFault
from booking.web.forms.fields import LONGEST_LINE, choices_of, one_line

LONGEST_ANSWER = 20_000
"""Characters that a passkey signs and tells at most."""


class PasswordForm(FlaskForm):
    """An address and its password. A wrong address is told apart from none by nothing."""

    email = EmailField(lazy_gettext("E-mail address"))
    password = PasswordField(lazy_gettext("Password"))

    def validate_email(self, field: Any) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("Write your e-mail address."))

    def validate_password(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Write your password."))

    def pair(self) -> tuple[str, str]:
        return (self.email.data or "").strip(), (self.password.data or "")[:LONGEST]


class ForgottenForm(FlaskForm):
    email = EmailField(lazy_gettext("E-mail address"))

    def validate_email(self, field: Any) -> None:
        if "@" not in (field.data or ""):
            raise ValidationError(_("Write your e-mail address."))


class CodeForm(FlaskForm):
    """A code of six digits, or a recovery code."""

    code = StringField(lazy_gettext("Code"))

    def validate_code(self, field: Any) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("Write the code."))

    def typed(self) -> str:
        return one_line(self.code.data)[:LONGEST_LINE]


class PasskeyForm(FlaskForm):
    """What the browser answers for a passkey; the module passkey.js writes it."""

    answer = HiddenField()

    def validate_answer(self, field: Any) -> None:
        if not field.data or len(field.data) > LONGEST_ANSWER:
            raise ValidationError(_("The browser did not say which passkey it is. Try again."))


class NamedPasskeyForm(PasskeyForm):
    name = StringField(lazy_gettext("What you call it"))

    def validate_name(self, field: Any) -> None:
        if not one_line(field.data):
            raise ValidationError(_("Give it a name, so that you know it again."))

    def called(self) -> str:
        return one_line(self.name.data)[:LONGEST_LINE]


class NewPasswordForm(FlaskForm):
    """A new password. It is written once, for it can be looked at."""

    password = PasswordField(lazy_gettext("New password"))

    def validate_password(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(fault_words(PasswordFault.SHORT))

    def refuse(self, fault: PasswordFault) -> None:
        self.password.errors = [fault_words(fault)]


class CheckForm(FlaskForm):
    """Her password once more, before something that an open browser alone must not do."""

    password = PasswordField(lazy_gettext("Password"))

    def validate_password(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Write your password."))

    def typed(self) -> str:
        return (self.password.data or "")[:LONGEST]


class LanguageForm(FlaskForm):
    language = RadioField(
        lazy_gettext("Language of our e-mails to you"), choices=choices_of((("nb", "Norsk"), ("en", "English")))
    )


def fault_words(fault: PasswordFault) -> str:
    """What is wrong with a password, and what to do."""
    return {
        PasswordFault.SHORT: _(
            "Choose a password of %(count)s characters or more. Three or four words are good.", count=SHORTEST
        ),
        PasswordFault.LONG: _("Choose a password of %(count)s characters or fewer.", count=LONGEST),
        PasswordFault.PLAIN: _("This password has too few different characters. Choose another."),
        PasswordFault.CLINIC: _("This password has a word that anybody would try at a clinic. Choose other words."),
        PasswordFault.OWN: _("This password has a part of your name or address. Choose other words."),
    }[fault]
