"""What somebody who works at the clinics writes to get in."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import ValidationError

LONGEST_PASSWORD = 256
"""Characters that are looked at: hashing more would be work for nothing."""


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
        return (self.email.data or "").strip(), (self.password.data or "")[:LONGEST_PASSWORD]
