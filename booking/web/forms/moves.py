"""Moves: where an appointment goes, sent by who is signed in at a clinic."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField


class MoveForm(FlaskForm):
    """`to`: the place, as an address names it; `version`: of the appointment that was shown; `back`: where she was;
    `despite`: that she has read what it breaks; `payer`: who wants it, where that costs the patient."""

    to = HiddenField()
    version = HiddenField()
    back = HiddenField()
    despite = HiddenField()
    payer = HiddenField()
