"""The health check before a booking: one question, then ticks. Nobody is refused."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from booking.domain.screening import EFFECTS, Gate, HealthCheck
from booking.web.forms.fields import Ticks, choices_of

SHORT = {
    "bleeding": _("an illness that makes you bleed easily"),
    "anticoag": _("blood-thinning medicine, for example Marevan, Eliquis, Xarelto or heparin"),
    "pregnant": _("you are pregnant, or could be"),
    "device": _("a pacemaker or another electrical implant"),
    "immune": _("a weakened immune system, or an artificial heart valve"),
    "lymph": _("lymphoedema, or lymph nodes that were removed"),
    "seizure": _("epilepsy, or fainting from needles"),
    "surgery": _("an operation in the last 3 months, or a skin infection now"),
    "allergy": _("an allergy to metal (nickel)"),
    "fear": _("needles frighten you"),
    "acute": _("fever, new chest pain, a new lump, sudden weakness or unexplained weight loss"),
}

QUESTIONS = {
    "bleeding": _("I have an illness that makes me bleed easily"),
    "anticoag": _("I take blood-thinning medicine (for example Marevan, Eliquis, Xarelto, heparin)"),
    "pregnant": _("I am pregnant, or could be"),
    "device": _("I have a pacemaker or another electrical implant"),
    "immune": _("My immune system is weakened by illness or medicine, or I have an artificial heart valve"),
    "lymph": _("I have lymphoedema, or lymph nodes have been removed"),
    "seizure": _("I have epilepsy, or I have fainted from needles"),
    "surgery": _("I have had an operation in the last 3 months, or I have a skin infection now"),
    "allergy": _("I am allergic to metal (nickel)"),
    "fear": _("Needles frighten me"),
    "acute": _("I have fever, new chest pain, a new lump, sudden weakness or unexplained weight loss"),
}

TOLD = {
    "bleeding": _("We want to talk with you first. Your times are kept."),
    "anticoag": _("Keep taking your medicine; do not stop because of us. Bring the list of what you take."),
    "pregnant": _("The clinician will choose points that suit pregnancy, or suggest something else."),
    "device": _("Needles without current may be possible."),
    "immune": _("We want to talk with you first. Your times are kept."),
    "lymph": _("We will not put needles in that arm or leg."),
    "seizure": _("You will lie down; tell us if you feel unwell."),
    "surgery": _("We may wait, or avoid that area."),
    "allergy": _("We can use coated needles."),
    "fear": _("Tell us how we can make it easier; you can stop at any time."),
    "acute": _("Contact your GP, the out-of-hours doctor on 116 117, or 113 if it is urgent. We keep your times."),
}


class HealthForm(FlaskForm):
    gate = RadioField(
        _("Before we plan needles: does any of this apply to you?"),
        choices=choices_of(
            [
                (Gate.NO.value, _("No, none of these")),
                (Gate.YES.value, _("Yes, at least one of them")),
                (Gate.UNSURE.value, _("I am not sure, please call me")),
            ]
        ),
        validators=[InputRequired(_("Choose one of the three answers."))],
    )

    def answer(self) -> Gate:
        return Gate(self.gate.data)


class ConditionsForm(FlaskForm):
    conditions = Ticks(_("Which of these apply to you?"), choices=choices_of(QUESTIONS.items()))

    def check(self) -> HealthCheck:
        return HealthCheck(Gate.YES, frozenset(self.conditions.data or ()))


assert list(SHORT) == list(QUESTIONS) == list(TOLD) == list(EFFECTS), "every condition has its words"
