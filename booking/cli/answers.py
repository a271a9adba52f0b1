"""Answers: what commands print on standard output: lines to read or, with `--json`, JSON.

In JSON, times are ISO 8601 with the offset of Oslo.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import click

from booking.cli.lines import lines_of
from booking.domain.course import Deviation, FailedWeek, NoPlan, Pattern, Plan, Planned, Relaxation, Wish
from booking.domain.period import oslo
from booking.domain.slot import Reason
from booking.store.appointments import Appointment
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.store.people import all_clinicians

Json = dict[str, Any]

Command = TypeVar("Command", bound=Callable[..., Any])

JSON_WANTED = "booking.json"

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def as_json(command: Command) -> Command:
    """Gives a command the option that `show` looks at."""
    return click.option(
        "--json", is_flag=True, expose_value=False, callback=_note, help="Print JSON, with all there is to tell."
    )(command)


def _note(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    context.meta[JSON_WANTED] = wanted


def show(answer: Json, lines: Callable[[Json], Iterable[str]] = lines_of) -> None:
    """Prints the answer: what `lines` makes of it, or JSON where that is wanted."""
    if click.get_current_context().meta.get(JSON_WANTED):
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    for line in lines(answer):
        click.echo(line)


def moment(instant: datetime) -> str:
    return oslo(instant).isoformat(timespec="seconds")


class Answers:
    """Turns values into JSON: ids into slugs, names into one language."""

    def __init__(self, language: str) -> None:
        session = db.session()
        clinics = all_clinics(session)
        self._language = language
        self._clinics = {clinic.id: clinic.slug for clinic in clinics}
        self._rooms = {room.id: room.name for clinic in clinics for room in clinic.rooms}
        self._clinicians = {clinician.id: clinician.slug for clinician in all_clinicians(session)}

    def plans(self, plans: Iterable[Plan]) -> Json:
        return {"plans": [{"plan": number, **self.plan(plan)} for number, plan in enumerate(plans, 1)]}

    def plan(self, plan: Plan) -> Json:
        return {
            "pattern": self._pattern(plan.pattern),
            "price": plan.price,
            "appointments": [self.planned(each) for each in plan.appointments],
        }

    def planned(self, each: Planned) -> Json:
        return {
            "step": each.step.kind.value,
            "number": each.step.number,
            **self._place(each),
            "deviation": self._deviation(each.deviation),
        }

    def booked(self, each: Appointment) -> Json:
        return {
            "step": each.kind,
            "number": each.number,
            "start": moment(each.starts_at),
            "end": moment(each.ends_at),
            "clinic": self._clinics[each.clinic_id],
            "clinician": self._clinicians[each.clinician_id],
            "room": self._rooms[each.room_id],
            "deviation": self._deviation(each.deviation),
            "uid": each.uid,
            "status": each.status,
            "sequence": each.sequence,
        }

    def no_plan(self, answer: NoPlan) -> Json:
        because = {
            "step": answer.fails.value,
            "weeks": [self._week(week) for week in answer.weeks],
            "relax": None if answer.relax is None else self._relaxation(answer.relax),
        }
        return {"plans": [], "because": because}

    def _pattern(self, pattern: Pattern) -> Json:
        return {
            "weekday": WEEKDAYS[pattern.weekday],
            "time": f"{pattern.minute // 60:02}:{pattern.minute % 60:02}",
            "clinician": self._clinicians[pattern.clinician],
            "clinic": self._clinics[pattern.clinic],
        }

    def _place(self, each: Planned) -> Json:
        return {
            "start": moment(each.start),
            "end": moment(each.end),
            "clinic": self._clinics[each.clinic],
            "clinician": self._clinicians[each.clinician],
            "room": self._rooms[each.room],
        }

    def _deviation(self, deviation: Deviation | None) -> Json | None:
        if deviation is None:
            return None
        return {"instead_of": moment(deviation.instead_of), "reasons": self._reasons(deviation.reasons)}

    def _reasons(self, reasons: Iterable[Reason]) -> list[Json]:
        language = self._language
        return [{"kind": each.kind.value, "detail": each.detail and each.detail[language]} for each in reasons]

    def _week(self, week: FailedWeek) -> Json:
        year, number, _ = week.monday.isocalendar()
        return {
            "week": f"{year}-W{number:02}",
            "monday": week.monday.isoformat(),
            "reasons": self._reasons(week.reasons),
        }

    def _relaxation(self, relaxation: Relaxation) -> Json:
        added = self._clinics[relaxation.wishes.clinics[-1]] if relaxation.wish is Wish.CLINICS else None
        return {"wish": relaxation.wish.value, "clinic": added, "plan": self.plan(relaxation.plan)}
