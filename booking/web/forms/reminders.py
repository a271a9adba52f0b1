"""Which reminders a patient wants, by which ways, and when never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import ValidationError

from booking.domain.reminding import LONGEST_QUIET, Quiet, Rung
from booking.services.reminders import Wishes
from booking.web.forms.fields import Tick, Ticks, choices_of

RUNGS = {
    Rung.WEEK.value: lazy_gettext("On Sunday evening, the week that comes"),
    Rung.TWO_DAYS.value: lazy_gettext("Two days before"),
    Rung.MORNING.value: lazy_gettext("In the morning of the day"),
}

_HOURS = [(str(hour * 60), f"{hour:02}:00") for hour in range(24)]


class RemindersForm(FlaskForm):
    """Ways that cannot be used are left out of the form, and what was chosen for them stays.

    `off`: no way is on. Then the times cannot be chosen, and those that were chosen stay for when one is on again.
    """

    class Meta(FlaskForm.Meta):
        csrf = False

    rungs = Ticks(lazy_gettext("When shall we remind you?"), choices=choices_of(RUNGS.items()))
    by_mail = Tick(lazy_gettext("By e-mail"))
    by_sms = Tick(lazy_gettext("By SMS"))
    quiet_from = SelectField(lazy_gettext("From"), coerce=int, choices=choices_of(_HOURS))
    quiet_until = SelectField(lazy_gettext("Until"), coerce=int, choices=choices_of(_HOURS))
    questions = Tick(lazy_gettext("Ask me by e-mail how it goes, at week 10 and after a year"))

    def __init__(self, *args: Any, wishes: Wishes, by_mail: bool, by_sms: bool, **options: Any) -> None:
        super().__init__(*args, data=_as_kept(wishes), **options)
        self._kept = wishes
        if not by_mail:
            del self.by_mail, self.questions
        if not by_sms:
            del self.by_sms
        on = (by_mail and wishes.by_mail) or (by_sms and wishes.by_sms)
        self.off = (by_mail or by_sms) and not on and bool(wishes.rungs)
        if self.off:
            self.rungs.data, self.rungs.render_kw = [], {"disabled": True}

    def validate_quiet_until(self, field: Any) -> None:
        try:
            self._quiet()
        except (ValueError, TypeError):
            raise ValidationError(_too_long()) from None

    def wishes(self) -> Wishes:
        """What was chosen, once it is valid."""
        return Wishes(
            rungs=self._kept.rungs if self.off else frozenset(map(Rung, self.rungs.data or ())),
            by_mail=bool(self.by_mail.data) if self.by_mail else self._kept.by_mail,
            by_sms=bool(self.by_sms.data) if self.by_sms else self._kept.by_sms,
            quiet=self._quiet(),
            questions=bool(self.questions.data) if self.questions else self._kept.questions,
        )

    def _quiet(self) -> Quiet:
        return Quiet(self.quiet_from.data, self.quiet_until.data)


def _too_long() -> str:
    hours = LONGEST_QUIET // timedelta(hours=1)
    return gettext("Leave at least %(hours)d hours of the day in which we may write.", hours=24 - hours)


def _as_kept(wishes: Wishes) -> dict[str, Any]:
    return {
        "rungs": [rung.value for rung in wishes.rungs],
        "by_mail": wishes.by_mail,
        "by_sms": wishes.by_sms,
        "quiet_from": wishes.quiet.start,
        "quiet_until": wishes.quiet.end,
        "questions": wishes.questions,
    }
