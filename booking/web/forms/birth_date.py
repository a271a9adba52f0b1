"""A birth date in three boxes, `day`, `month` and `year`, each with a fault of its own."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import ValidationError

from booking.web.forms.fields import one_line

OLDEST = 120
_DIGITS = re.compile(r"[0-9]{1,4}")


class BirthDate:
    """For forms that have the three fields, and know the date in Oslo as `_today`."""

    day: StringField
    month: StringField
    year: StringField
    _today: date

    def birth_date(self) -> date:
        """What was typed, once it is valid."""
        born = self._born_or_none()
        assert born is not None, "read after it was found valid"
        return born

    def validate_day(self, field: Any) -> None:
        number = _number(field.data)
        if self._nothing_born():
            raise ValidationError(_("Write the birth date."))
        if number is None or not 1 <= number <= 31:
            raise ValidationError(_("The day of birth is a number from 1 to 31."))
        if self._parts_are_numbers() and self._born_or_none() is None:
            raise ValidationError(_("This date does not exist. Look at the day and the month again."))

    def validate_month(self, field: Any) -> None:
        number = _number(field.data)
        if self._nothing_born():
            return
        if number is None or not 1 <= number <= 12:
            raise ValidationError(_("The month of birth is a number from 1 to 12."))

    def validate_year(self, field: Any) -> None:
        number = _number(field.data)
        if self._nothing_born():
            return
        if number is None or number < self._today.year - OLDEST:
            raise ValidationError(_("Write the year of birth with four digits, such as 1979."))
        born = self._born_or_none()
        if number > self._today.year or (born is not None and born > self._today):
            raise ValidationError(_("The birth date is in the future."))

    def _nothing_born(self) -> bool:
        return not any(one_line(part.data) for part in (self.day, self.month, self.year))

    def _parts_are_numbers(self) -> bool:
        day, month, year = (_number(part.data) for part in (self.day, self.month, self.year))
        return day is not None and month is not None and year is not None and 1 <= month <= 12 and year > 0

    def _born_or_none(self) -> date | None:
        day, month, year = (_number(part.data) for part in (self.day, self.month, self.year))
        if day is None or month is None or year is None:
            return None
        try:
            return date(year, month, day)
        except ValueError:
            return None


def _number(text: str | None) -> int | None:
    plain = one_line(text)
    return int(plain) if _DIGITS.fullmatch(plain) else None
