"""Changing booked courses on the command line: what its commands read, what they answer, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from typing import Any, NoReturn, TypeVar

import click

from booking.cli import clock
from booking.cli.answers import Answers, Json, moment
from booking.cli.faults import Faults
from booking.cli.office import office
from booking.domain.appointment import Actor
from booking.domain.changing import Option, Week
from booking.domain.errors import DoesNotFit, HoldExpired, NotAllowed, NothingToUndo, SlotTaken
from booking.domain.period import OSLO
from booking.services.changes import Place, undoable
from booking.services.courses import read_reference
from booking.services.links import FEED, PAGE, feed_url, page_url
from booking.store.appointments import CANCELLED, LIVE, NOSHOW, Appointment
from booking.store.changes import Change, fees_of
from booking.store.clinics import all_clinics
from booking.store.courses import Course, course_by_reference, links_of
from booking.store.database import db
from booking.store.people import all_clinicians
from booking.store.protocols import protocol_by_id

UNUSABLE, NO_PLACE, TAKEN = 2, 3, 4
"""Exit codes: what was asked cannot be done; no such time fits; somebody else has the time."""

MOST = 10
"""How many places are shown of a week, best first."""

NAMES = {"first-visit": "first_visit", "first_visit": "first_visit", "review": "review"}

Command = TypeVar("Command", bound=Callable[..., Any])

by_whom = click.option(
    "--by",
    "by",
    type=click.Choice([Actor.PATIENT.value, Actor.CLINIC.value]),
    default=Actor.PATIENT.value,
    show_default=True,
    help="Whose change it is: the clinic's costs the patient nothing, and only the clinic undoes it.",
)

_PLACE = (
    click.option("--to", "to", metavar="TIME", help="A time like 2027-03-18T10:00, in Oslo; without it, where it can "
                 "be is shown and nothing is changed."),
    click.option("--clinician", metavar="SLUG", help="Who it should be, if not the same as before."),
    click.option("--clinic", metavar="SLUG", help="Where it should be, if not where it was."),
)  # fmt: skip


def place_options(command: Command) -> Command:
    """Gives a command the options that `read_place` reads."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_PLACE), command)


def read_place(near: Appointment, to: str, clinician: str | None, clinic: str | None) -> Place:
    """The place that is meant; who and where as with `near`, unless they are named."""
    faults = Faults()
    start = faults.read("--to", to, "a time like 2027-03-18T10:00", _time)
    clinics = {each.slug: each.id for each in all_clinics(db.session())}
    clinicians = {each.slug: each.id for each in all_clinicians(db.session())}
    for option, slug, known in (("--clinic", clinic, clinics), ("--clinician", clinician, clinicians)):
        if slug is not None:
            faults.one_of(option, slug, known)
    faults.tell()
    assert start is not None  # a fault would have ended the command
    who = near.clinician_id if clinician is None else clinicians[clinician]
    return Place(start, who, near.clinic_id if clinic is None else clinics[clinic])


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)


# -- which ----------------------------------------------------------------------------------------------------


def course_of(reference: str) -> Course:
    """Ends the command if there is none."""
    course = course_by_reference(db.session(), read_reference(reference))
    if course is None:
        end(UNUSABLE, f"{reference}: no course has this reference.")
    return course


def appointment_called(course: Course, name: str) -> Appointment:
    """The session of this number, or the first visit or review; one that stands rather than one that is gone.

    Ends the command if there is none.
    """
    alone = not protocol_by_id(db.session(), course.protocol_id).sessions
    kind, number = (NAMES[name], "1") if name in NAMES else ("session", name)
    named = (a for a in course.appointments if str(a.number) == number and (a.kind == kind or alone))
    gone = {CANCELLED: 2, NOSHOW: 1}
    found = min(named, key=lambda a: (gone.get(a.status, 0), -a.id), default=None)
    if found is None:
        end(UNUSABLE, f"{name}: the course has no such appointment; say a number, first-visit or review.")
    return found


def last_session(course: Course) -> Appointment:
    """What a session at the end comes after; ends the command if nothing stands."""
    standing = [a for a in course.appointments if a.status in LIVE and a.kind == "session"]
    if not standing:
        end(NO_PLACE, f"{course.reference}: no session stands that another could come after.")
    return standing[-1]


# -- what is answered -----------------------------------------------------------------------------------------


def as_it_stands(course: Course) -> Json:
    answers, links = Answers(course.language), links_of(db.session(), course.id)
    return {
        "reference": course.reference,
        "status": course.status,
        "protocol": protocol_by_id(db.session(), course.protocol_id).slug,
        "decide_by": course.decide_by and moment(course.decide_by),
        "channel": course.channel,
        "url": page_url(office(), links[PAGE], course.language),
        "feed_url": feed_url(office(), links[FEED]),
        "price": sum(each.price for each in course.appointments if each.status != CANCELLED),
        "appointments": [answers.booked(each) for each in course.appointments],
    }


def as_changed(course_id: int, by: Actor) -> Json:
    """The course as it stands now, with the newest change that can still be undone, and what that costs."""
    session = db.session()
    newest = next(iter(undoable(session, course_id, now=clock.now(), by=by)), None)
    return {**as_it_stands(session.get_one(Course, course_id)), "change": newest and _change(newest)}


def _change(change: Change) -> Json:
    fees = [fee for fee in fees_of(db.session(), change.course_id) if fee.change_id == change.id]
    return {
        "id": change.id,
        "kind": change.kind,
        "by": change.actor,
        "undo_until": moment(change.due_at),
        "fee": sum(fee.amount for fee in fees),
        "excused": any(fee.excused for fee in fees),
    }


def places(course: Course, weeks: tuple[Week, ...]) -> Json:
    """Where an appointment can be: the best places of each week."""
    answers = Answers(course.language)
    return {"weeks": [_week(answers, week) for week in weeks]}


def _week(answers: Answers, week: Week) -> Json:
    year, number, _ = week.monday.isocalendar()
    return {
        "week": f"{year}-W{number:02}",
        "monday": week.monday.isoformat(),
        "places": [_option(answers, option) for option in week.options[:MOST]],
    }


def _option(answers: Answers, option: Option) -> Json:
    return {**answers.planned(option.at), "along": [answers.planned(planned) for _, planned in option.along]}


# -- how they end ---------------------------------------------------------------------------------------------


@contextmanager
def refusals(reference: str) -> Iterator[None]:
    """Ends the command with what the clinic refuses."""
    try:
        yield
    except NotAllowed as refusal:
        end(UNUSABLE, f"{reference}: {refusal.action} is not possible: {refusal.status}, or too late. " + UNCHANGED)
    except NothingToUndo:
        end(UNUSABLE, f"{reference}: nothing can be undone any more.")
    except DoesNotFit:
        end(NO_PLACE, f"{reference}: this time is not free, or too near to or far from another. " + UNCHANGED)
    except (SlotTaken, HoldExpired):
        end(TAKEN, f"{reference}: the time was taken meanwhile. " + UNCHANGED)


UNCHANGED = "Nothing was changed."


def end(code: int, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
