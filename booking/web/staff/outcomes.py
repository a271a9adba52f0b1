"""Outcomes: how pain has changed, for groups of patients and for nobody alone."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from flask import render_template
from flask_babel import gettext as _

from booking.domain.outcome import FOLLOW_UPS, LEAST_PEOPLE, Figures, Moment
from booking.services.outcomes import figures
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.office import office


@dataclass(frozen=True, slots=True)
class Table:
    """The figures at one follow-up: a line for each clinic, and one for all of them."""

    heading: str
    lines: tuple[tuple[str, Figures], ...]


@open_to(Rule.STAFF)
def outcomes() -> str:
    """To everybody who works here: no figure is about fewer people than `LEAST_PEOPLE`."""
    try:
        tables = _tables()
    except InvalidToken:
        tables = None
    return render_template("staff/outcomes.html", tables=tables, least=LEAST_PEOPLE)


def _tables() -> list[Table]:
    rows = db.session()
    told, clinics = figures(rows, office(), now=clock.now()), all_clinics(rows)
    headings = {Moment.WEEK_10: _("Week 10"), Moment.YEAR: _("After a year")}
    return [
        Table(
            headings[moment],
            (
                *((clinic.name, told[moment].groups.get(clinic.id, Figures())) for clinic in clinics),
                (_("All clinics"), told[moment].together),
            ),
        )
        for moment in FOLLOW_UPS
    ]
