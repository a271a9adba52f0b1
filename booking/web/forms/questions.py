"""How it goes: pain from 0 to 10 and, at a follow-up, overall change; each of them may be left out.

The words are our own. The form stands behind a secret link and carries no token.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.validators import ValidationError

from booking.domain.outcome import BEST_CHANGE, WORST_PAIN, Answers, Moment
from booking.web.forms.fields import choices_of

CHANGES = {
    3: _("much better"),
    2: _("better"),
    1: _("a little better"),
    0: _("unchanged"),
    -1: _("a little worse"),
    -2: _("worse"),
    -3: _("much worse"),
}

assert list(CHANGES) == list(range(BEST_CHANGE, -BEST_CHANGE - 1, -1)), "every step has its words"


class _Scale(RadioField):
    """Radios of which none has to be chosen."""

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data not in {choice.value for choice in self.choices}:
            raise ValidationError(_("Choose one of the answers that are shown, or none."))


class QuestionsForm(FlaskForm):
    """`moment`: whose questions were on the page, which may have been open for long."""

    class Meta(FlaskForm.Meta):
        csrf = False

    moment = HiddenField()
    pain = _Scale(
        _("How strong has your pain been on average during the last 7 days?"),
        description=_("0 = no pain, 10 = the worst you can imagine."),
        choices=choices_of((str(step), str(step)) for step in range(WORST_PAIN + 1)),
    )
    change = _Scale(
        _("Compared with before you started, how are you now, all in all?"),
        choices=choices_of((str(step), words) for step, words in CHANGES.items()),
    )

    @classmethod
    def showing(cls, moment: Moment, answers: Answers) -> QuestionsForm:
        """The form with what was answered before."""
        kept = {"pain": answers.pain, "change": answers.change}
        marked = {name: str(value) for name, value in kept.items() if value is not None}
        return cls(formdata=None, data={"moment": moment.value, **marked})

    def answers(self) -> Answers:
        """What was chosen, once it is valid."""
        return Answers(_number(self.pain.data), _number(self.change.data))

    def asked(self) -> Moment | None:
        """The moment that the form was made for; None for anything else."""
        return next((moment for moment in Moment if moment.value == self.moment.data), None)


class DeleteForm(FlaskForm):
    """Which answers are to be deleted."""

    class Meta(FlaskForm.Meta):
        csrf = False

    moment = HiddenField()

    def named(self) -> Moment | None:
        return next((moment for moment in Moment if moment.value == self.moment.data), None)


def _number(chosen: str | None) -> int | None:
    return int(chosen) if chosen else None
