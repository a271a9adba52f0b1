"""Wishes on the command line: what a patient asks for, read from options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import reduce
from typing import Any, TypeVar

import click

from booking.cli.answers import as_json
from booking.cli.faults import Faults
from booking.cli.office import office
from booking.domain.course import PartOfDay
from booking.domain.period import oslo
from booking.services.proposals import Asked
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.store.people import all_clinicians

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("en", "nb")

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--clinic", "clinics", multiple=True, metavar="SLUG", help="A clinic that will do; may be repeated."),
    click.option("--clinician", metavar="SLUG", help="Who it should be."),
    click.option("--only", is_flag=True, help="Nobody but --clinician, for every appointment."),
    click.option("--days", metavar="tue,wed", help="Weekdays that will do: mon, tue, wed, thu, fri, sat, sun."),
    click.option("--part", metavar="morning,…", help="Before 11, 11-14, 14-17, from 17: morning, midday, afternoon, "
                 "evening."),
    click.option("--from", "start", metavar="DATE", help="Nothing before this date; today if not given."),
    click.option("--away", multiple=True, metavar="DATE..DATE", help="Away on these dates; may be repeated."),
    click.option("--new-patient", is_flag=True, help="With a first visit."),
    click.option("--language", default="en", show_default=True, metavar="en|nb", help="Of names and mails."),
    as_json,
)  # fmt: skip


def wish_options(command: Command) -> Command:
    """Gives a command the options that `read_wishes` reads."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), command)


def read_wishes(given: Mapping[str, Any], faults: Faults, *, now: datetime) -> Asked:
    """What the options ask for, for the course of nine weeks. A start in the past becomes today, with a warning."""
    _check_names(given, faults)
    if given["only"] and given["clinician"] is None:
        faults.add("--only: this needs --clinician.")
    faults.one_of("--language", given["language"], LANGUAGES)
    days = [faults.one_of("--days", day, WEEKDAYS) for day in _words(given["days"])]
    parts = [faults.one_of("--part", part, list(PartOfDay)) for part in _words(given["part"])]
    start = _not_past(faults.date("--from", given["start"]), now)
    last = oslo(now + office().horizon).date()
    if start is not None and start > last:
        faults.add(f"--from {start}: times are offered until {last}.")
    away = [faults.read("--away", text, "two dates like 2027-04-12..2027-04-16", _dates) for text in given["away"]]
    return Asked(
        clinics=given["clinics"],
        clinician=given["clinician"],
        only_her=given["only"],
        days=frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS),
        parts=frozenset(PartOfDay(part) for part in parts if part in list(PartOfDay)),
        start=start,
        away=tuple(dates for dates in away if dates is not None),
        new_patient=given["new_patient"],
    )


def _check_names(given: Mapping[str, Any], faults: Faults) -> None:
    clinics = [clinic.slug for clinic in all_clinics(db.session())]
    if not given["clinics"]:
        faults.add(f"--clinic: this is missing; there are {', '.join(clinics) or 'none yet'}.")
    for slug in given["clinics"]:
        faults.one_of("--clinic", slug, clinics)
    if given["clinician"] is not None:
        faults.one_of("--clinician", given["clinician"], [who.slug for who in all_clinicians(db.session())])


def _words(text: str | None) -> Iterable[str]:
    return [] if text is None else [word.strip() for word in text.split(",")]


def _not_past(start: date | None, now: datetime) -> date | None:
    today = oslo(now).date()
    if start is None or start >= today:
        return start
    click.echo(f"Warning: --from {start} has passed; today, {today}, is taken instead.", err=True)
    return today


def _dates(text: str) -> tuple[date, date]:
    first, separator, last = text.partition("..")
    dates = date.fromisoformat(first), date.fromisoformat(last if separator else first)
    # A day before the first year or after the last cannot be counted to.
    if not date.min.year < dates[0].year <= dates[1].year < date.max.year or dates[1] < dates[0]:
        raise ValueError
    return dates
