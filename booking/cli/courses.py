"""Courses on the command line: planned, booked, shown and settled."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import Answers, Json, as_json, show
from booking.cli.changing import (
    NO_PLACE,
    TAKEN,
    UNCHANGED,
    UNUSABLE,
    as_changed,
    as_it_stands,
    by_whom,
    course_of,
    end,
    last_session,
    place_options,
    places,
    read_place,
    refusals,
)
from booking.cli.faults import Faults
from booking.cli.lines import course_lines, places_lines, plans_lines
from booking.cli.office import office
from booking.cli.wishes import read_wishes, wish_options
from booking.domain.appointment import Actor
from booking.domain.course import NoPlan, Plan
from booking.domain.errors import AnotherCourseRuns, NotPending, SlotTaken, TooYoung, UnknownCourse
from booking.domain.period import oslo
from booking.domain.planner import alternatives
from booking.domain.screening import HealthCheck
from booking.services import changes, replanning
from booking.services.courses import Booked, Channel, Details, book, confirm, release
from booking.services.holds import Choice, Visitor, give_back, hold
from booking.services.proposals import Proposal, propose
from booking.store.courses import Course
from booking.store.database import db

NO_PLAN = NO_PLACE

CHANNELS = (Channel.INVITATIONS, Channel.SUBSCRIPTION, Channel.FILE)

courses = AppGroup("courses", help="Courses of nine weeks.")


@courses.command("propose")
@wish_options
@click.option("--plan", "number", metavar="N", help="With --alternatives: of this plan.")
@click.option("--alternatives", "session_number", metavar="K", help="The other free times in the week of session K.")
def propose_command(number: str | None, session_number: str | None, **given: Any) -> None:
    """Plans for a course of nine weeks.

    Ends with 0 and plans, with 3 if there is none (and says why), with 2 if the arguments cannot be used.
    """
    faults, now = Faults(), clock.now()
    asked = read_wishes(given, faults, now=now)
    wanted, replaced = faults.number("--plan", number), faults.number("--alternatives", session_number)
    if (number is None) != (session_number is None):
        faults.add("--plan and --alternatives: one needs the other.")
    faults.tell()
    proposal = propose(db.session(), office(), asked, now=now)
    answers = Answers(given["language"])
    answer = answers.plans(_plans_of(proposal, answers))
    if wanted is not None and replaced is not None:
        answer["alternatives"] = _alternatives(proposal, _chosen(proposal, wanted), replaced, answers)
    show(answer, plans_lines)


def _plans_of(proposal: Proposal, answers: Answers) -> tuple[Plan, ...]:
    """The plans; without any, the command ends with the reason."""
    if isinstance(proposal.answer, NoPlan):
        show(answers.no_plan(proposal.answer), plans_lines)
        sys.exit(NO_PLAN)
    return proposal.answer


def _chosen(proposal: Proposal, number: int) -> Plan:
    count = len(proposal.plans)
    if number > count:
        raise click.UsageError(f"--plan {number}: there {'is 1 plan' if count == 1 else f'are {count} plans'}.")
    return proposal.plans[number - 1]


def _alternatives(proposal: Proposal, plan: Plan, number: int, answers: Answers) -> list[Json]:
    sessions = len(plan.sessions)
    if number > sessions:
        raise click.UsageError(f"--alternatives {number}: the course has {sessions} sessions.")
    times = alternatives(proposal.protocol, proposal.wishes, proposal.availability, plan, number)
    return [answers.planned(time) for time in times]


# -- booking ----------------------------------------------------------------------------------------------------


@courses.command("book")
@wish_options
@click.option("--plan", "number", metavar="N", help="Which of the plans that `courses propose` shows.")
@click.option("--name", help="The patient's name.")
@click.option("--email", help="Where the confirmation goes; without it there is none.")
@click.option("--birth-date", metavar="DATE", help="The patient's.")
@click.option("--channel", metavar="invitations|subscription|file", help="How the times reach her calendar.")
def book_command(
    number: str | None, name: str | None, email: str | None, birth_date: str | None, channel: str | None, **given: Any
) -> None:
    """Book a plan of a course of nine weeks.

    Ends with 4 if a time was taken meanwhile; nothing is booked then.
    """
    faults, now = Faults(), clock.now()
    asked = read_wishes(given, faults, now=now)
    wanted = faults.number("--plan", number)
    details = _details(
        faults, given["language"], oslo(now).date(), name=name, email=email, birth_date=birth_date, channel=channel
    )
    if number is None:
        faults.add("--plan: this is missing.")
    faults.tell()
    assert wanted is not None  # a fault would have ended the command
    proposal = propose(db.session(), office(), asked, now=now)
    _plans_of(proposal, Answers(given["language"]))
    plan = _chosen(proposal, wanted)
    show(_course(_book(proposal, plan, details, now=now)), course_lines)


def _details(
    faults: Faults,
    language: str,
    today: date,
    *,
    name: str | None,
    email: str | None,
    birth_date: str | None,
    channel: str | None,
) -> Details:
    if not (name or "").strip():
        faults.add("--name: this is missing.")
    born = faults.date("--birth-date", birth_date)
    if birth_date is None:
        faults.add("--birth-date: this is missing.")
    if born is not None and born > today:
        faults.add(f"--birth-date {born}: this lies in the future.")
    if channel is not None:
        faults.one_of("--channel", channel, CHANNELS)
    if channel is not None and email is None:
        faults.add(f"--channel {channel}: this needs --email.")
    way = Channel(channel) if channel in CHANNELS else Channel.INVITATIONS
    return Details(
        name=(name or "").strip(),
        birth_date=born or date.min,
        email=faults.read("--email", email, "an address like kari@example.com", _email),
        language=language,
        channel=way if email else Channel.NONE,
    )


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError from error


def _book(proposal: Proposal, plan: Plan, details: Details, *, now: datetime) -> Booked:
    """Holds the plan's times and books them. Ends the command if one is gone, and gives back what was held."""
    visitor = secrets.token_urlsafe()
    choice = Choice(
        protocol_id=proposal.protocol.id,
        new_patient=proposal.wishes.new_patient,
        appointments=plan.appointments,
        query="",
    )
    try:
        held = hold(office(), Visitor(visitor, visitor), choice, now=now)
        return book(office(), held, details, HealthCheck.none_apply(), now=now, at=clock.machine_now())
    except SlotTaken:
        show({"appointments": [], "because": "taken"}, lambda _answer: ())
        end(TAKEN, "One of the times was taken meanwhile. Nothing is booked.")
    except TooYoung:
        give_back(office(), visitor)
        raise click.UsageError("--birth-date: under 16; a guardian books by telephone.") from None


# -- afterwards -------------------------------------------------------------------------------------------------


@courses.command("show")
@click.argument("reference")
@as_json
def show_command(reference: str) -> None:
    """A course as it stands now."""
    show(as_it_stands(course_of(reference)), course_lines)


@courses.command("confirm")
@click.argument("reference")
@as_json
def confirm_command(reference: str) -> None:
    """Book a course that waited for a telephone call."""
    show(_settled(reference, confirm), course_lines)


@courses.command("release")
@click.argument("reference")
@as_json
def release_command(reference: str) -> None:
    """Give back the times of a course that waited for a telephone call."""
    show(_settled(reference, release), course_lines)


def _settled(reference: str, settle: Callable[..., Booked]) -> Json:
    try:
        return _course(settle(office(), reference, now=clock.now(), at=clock.machine_now()))
    except UnknownCourse:
        end(UNUSABLE, f"{reference}: no course has this reference.")
    except NotPending:
        end(UNUSABLE, f"{reference}: this course waits for no decision.")
    except AnotherCourseRuns:
        end(TAKEN, f"{reference}: the patient has a course that is not over. " + UNCHANGED)
    except SlotTaken:
        end(TAKEN, f"{reference}: the patient has another appointment at one of these times. " + UNCHANGED)


def _course(booked: Booked) -> Json:
    return as_it_stands(db.session().get_one(Course, booked.course_id))


# -- changed ----------------------------------------------------------------------------------------------------


@courses.command("cancel-rest")
@click.argument("reference")
@by_whom
@as_json
def cancel_rest_command(reference: str, by: str) -> None:
    """Cancel all appointments of a course that are still to come.

    Can be undone for ten minutes, in which nobody is told. Ends with 2 if one of them cannot be cancelled.
    """
    course_id = course_of(reference).id
    with refusals(reference):
        count = changes.cancel_rest(office(), course_id, by=Actor(by), now=clock.now(), at=clock.machine_now())
    show({"cancelled": count, **as_changed(course_id, Actor(by))}, course_lines)


@courses.command("extend")
@click.argument("reference")
@place_options
@by_whom
@as_json
def extend_command(reference: str, to: str | None, clinician: str | None, clinic: str | None, by: str) -> None:
    """Make up for a session that was missed or cancelled, at the end; a review moves along if it must.

    Who and where as the last session, unless they are named. Can be undone for ten minutes, in which nobody is told.
    Ends with 3 if the time does not fit or no session is missing, with 4 if it was taken meanwhile.
    """
    course = course_of(reference)
    course_id, last = course.id, last_session(course)
    if to is None:
        show(places(course, changes.weeks_for_extra(db.session(), office(), course, now=clock.now())), places_lines)
        return
    place = read_place(last, to, clinician, clinic)
    with refusals(reference):
        changes.extend(office(), course_id, place, by=Actor(by), now=clock.now(), at=clock.machine_now())
    show(as_changed(course_id, Actor(by)), course_lines)


@courses.command("replan")
@click.argument("reference")
@wish_options
@click.option("--plan", "number", metavar="N", help="Which of the plans that are shown without this; nothing is "
              "changed before.")  # fmt: skip
@by_whom
def replan_command(reference: str, number: str | None, by: str, **given: Any) -> None:
    """Plan the rest of a course anew: all sessions to come, and the review.

    Without --plan, plans are shown and nothing is changed. Can be undone for ten minutes, in which nobody is told.
    Ends with 3 if there is no plan (and says why), with 4 if a time was taken meanwhile.
    """
    course, faults, now = course_of(reference), Faults(), clock.now()
    asked, wanted = read_wishes(given, faults, now=now), faults.number("--plan", number)
    faults.tell()
    with refusals(reference):
        proposal = replanning.rest_proposal(db.session(), office(), course, asked, now=now)
        answers = Answers(given["language"])
        plans = _plans_of(proposal, answers)
        if wanted is None:
            show(answers.plans(plans), plans_lines)
            return
        _replan(course.id, _chosen(proposal, wanted), Actor(by), now=now)
    show(as_changed(course.id, Actor(by)), course_lines)


def _replan(course_id: int, plan: Plan, by: Actor, *, now: datetime) -> None:
    replanning.hold_rest(office(), course_id, plan, now=now)
    replanning.replan(office(), course_id, by=by, now=now, at=clock.machine_now())
