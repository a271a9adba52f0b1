"""Outcomes on the command line: how it goes, for groups of patients and for nobody alone."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import click
from cryptography.fernet import InvalidToken
from flask.cli import with_appcontext

from booking.cli import clock
from booking.cli.answers import Json, as_json, show
from booking.cli.office import office
from booking.domain.outcome import FOLLOW_UPS, LEAST_PEOPLE, Figures
from booking.services.outcomes import figures
from booking.store.clinics import all_clinics
from booking.store.database import db

NOTE = (
    "No comparison group here; people often start treatment when pain is at its worst and improve anyway;"
    " people who did not answer are missing."
)


@click.command()
@with_appcontext
@as_json
def outcomes() -> None:
    """Show how pain has changed, by clinic and follow-up; null for what is about fewer than ten people.

    Counted are courses whose days for answering are over. Changes are in per cent of the pain before the start and in
    points from 0 to 10; less pain is negative. A total that would tell of a group that is not shown is null, too.
    """
    session = db.session()
    try:
        told = figures(session, office(), now=clock.now())
    except InvalidToken:
        raise click.ClickException("Some answers cannot be opened with BOOKING_HEALTH_KEYS.") from None
    clinics = all_clinics(session)
    show(
        {
            "note": NOTE,
            "least_people": LEAST_PEOPLE,
            "clinics": [
                {
                    "clinic": clinic.slug,
                    **{moment.value: _figures(told[moment].groups.get(clinic.id, Figures())) for moment in FOLLOW_UPS},
                }
                for clinic in clinics
            ],
            "all": {moment.value: _figures(told[moment].together) for moment in FOLLOW_UPS},
        }
    )


def _figures(figures: Figures) -> Json:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in asdict(figures).items()}
