"""Courses on the command line: planned, booked, shown and settled."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NoReturn

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup

from booking.cli import clock
from booking.cli.answers import Answers, Json, moment, show
from booking.cli.faults import Faults
from booking.cli.office import office
from booking.cli.wishes import read_wishes, wish_options
from booking.domain.course import NoPlan, Plan
from booking.domain.errors import AnotherCourseRuns, NotPending, SlotTaken, TooYoung, UnknownCourse
from booking.domain.period import oslo
from booking.domain.planner import alternatives
from booking.domain.screening import HealthCheck
from booking.services.courses import Booked, Channel, Details, book, confirm, read_reference, release
from booking.services.holds import Choice, Visitor, give_back, hold
from booking.services.links import FEED, PAGE, feed_url, page_url
from booking.services.proposals import Proposal, propose
from booking.store.courses import Course, course_by_reference, links_of
from booking.store.database import db
from booking.store.protocols import protocol_by_id

UNUSABLE, NO_PLAN, TAKEN = 2, 3, 4
"""Exit codes."""

CHANNELS = (Channel.INVITATIONS, Channel.SUBSCRIPTION, Channel.FILE)

courses = AppGroup("courses", help="Courses of nine weeks.")

as_json = click.option(
    "--json", is_flag=True, expose_value=False, help="JSON is what is printed, with or without this."
)


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
    show(answer)


def _plans_of(proposal: Proposal, answers: Answers) -> tuple[Plan, ...]:
    """The plans; without any, the command ends with the reason."""
    if isinstance(proposal.answer, NoPlan):
        show(answers.no_plan(proposal.answer))
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
    show(_course(_book(proposal, plan, details, now=now)))


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
        show({"appointments": [], "because": "taken"})
        _end(TAKEN, "One of the times was taken meanwhile. Nothing is booked.")
    except TooYoung:
        give_back(office(), visitor)
        raise click.UsageError("--birth-date: under 16; a guardian books by telephone.") from None


# -- afterwards -------------------------------------------------------------------------------------------------


@courses.command("show")
@click.argument("reference")
@as_json
def show_command(reference: str) -> None:
    """A course as it stands now."""
    course = course_by_reference(db.session(), read_reference(reference))
    if course is None:
        _end(UNUSABLE, _unknown(reference))
    show(_as_it_stands(course))


@courses.command("confirm")
@click.argument("reference")
@as_json
def confirm_command(reference: str) -> None:
    """Book a course that waited for a telephone call."""
    show(_settled(reference, confirm))


@courses.command("release")
@click.argument("reference")
@as_json
def release_command(reference: str) -> None:
    """Give back the times of a course that waited for a telephone call."""
    show(_settled(reference, release))


def _settled(reference: str, settle: Callable[..., Booked]) -> Json:
    try:
        return _course(settle(office(), reference, now=clock.now(), at=clock.machine_now()))
    except UnknownCourse:
        _end(UNUSABLE, _unknown(reference))
    except NotPending:
        _end(UNUSABLE, f"{reference}: this course waits for no decision.")
    except AnotherCourseRuns:
        _end(TAKEN, f"{reference}: the patient has a course that is not over. Nothing was changed.")
    except SlotTaken:
        _end(TAKEN, f"{reference}: the patient has another appointment at one of these times. Nothing was changed.")


def _course(booked: Booked) -> Json:
    return _as_it_stands(db.session().get_one(Course, booked.course_id))


def _as_it_stands(course: Course) -> Json:
    answers, links = Answers(course.language), links_of(db.session(), course.id)
    return {
        "reference": course.reference,
        "status": course.status,
        "protocol": protocol_by_id(db.session(), course.protocol_id).slug,
        "decide_by": course.decide_by and moment(course.decide_by),
        "channel": course.channel,
        "url": page_url(office(), links[PAGE], course.language),
        "feed_url": feed_url(office(), links[FEED]),
        "price": sum(each.price for each in course.appointments),
        "appointments": [answers.booked(each) for each in course.appointments],
    }


def _unknown(reference: str) -> str:
    return f"{reference}: no course has this reference."


def _end(code: int, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
