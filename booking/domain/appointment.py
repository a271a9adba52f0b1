"""Appointment: its statuses, who may do what to it and until when, and what a late change costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum

from booking.domain.errors import NotAllowed
from booking.domain.period import Period, oslo


class Status(StrEnum):
    """The words of FHIR's AppointmentStatus. `PENDING`: kept until somebody has rung."""

    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


class Actor(StrEnum):
    """Who acts. `HELPER`: with a link that the patient gave her. `CALENDAR`: an answer to an invitation."""

    PATIENT = "patient"
    HELPER = "helper"
    CLINIC = "clinic"
    WORKER = "worker"
    CALENDAR = "calendar"


class Action(StrEnum):
    """What is done to an appointment. `REOPEN`: a status set by mistake is taken back."""

    MOVE = "move"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    RELEASE = "release"
    ARRIVE = "arrive"
    FULFIL = "fulfil"
    MISS = "miss"
    REOPEN = "reopen"


class When(Enum):
    """In which stretch of time an action is allowed, relative to the appointment."""

    BEFORE_START = "before start"
    BEFORE_END = "before end"
    FROM_ITS_DAY = "from its day"
    FROM_START = "from start"
    ALWAYS = "always"

    def holds(self, period: Period, now: datetime) -> bool:
        if self is When.BEFORE_START:
            return now < period.start
        if self is When.BEFORE_END:
            return now < period.end
        if self is When.FROM_ITS_DAY:
            return oslo(period.start).date() <= oslo(now).date()
        return self is When.ALWAYS or period.start <= now


RULES: Mapping[tuple[Actor, Action], Mapping[Status, When]] = {
    (Actor.PATIENT, Action.MOVE): {Status.BOOKED: When.BEFORE_START},
    (Actor.PATIENT, Action.CANCEL): {Status.BOOKED: When.BEFORE_START},
    (Actor.HELPER, Action.MOVE): {Status.BOOKED: When.BEFORE_START},
    (Actor.HELPER, Action.CANCEL): {Status.BOOKED: When.BEFORE_START},
    (Actor.CLINIC, Action.MOVE): {Status.PENDING: When.BEFORE_START, Status.BOOKED: When.BEFORE_START},
    (Actor.CLINIC, Action.CANCEL): {Status.PENDING: When.BEFORE_END, Status.BOOKED: When.BEFORE_END},
    (Actor.CLINIC, Action.CONFIRM): {Status.PENDING: When.BEFORE_START},
    (Actor.CLINIC, Action.RELEASE): {Status.PENDING: When.ALWAYS},
    (Actor.WORKER, Action.RELEASE): {Status.PENDING: When.ALWAYS},
    (Actor.CLINIC, Action.ARRIVE): {Status.BOOKED: When.FROM_ITS_DAY},
    (Actor.CLINIC, Action.FULFIL): {Status.BOOKED: When.FROM_START, Status.ARRIVED: When.FROM_START},
    (Actor.CLINIC, Action.MISS): {Status.BOOKED: When.FROM_START},
    (Actor.CLINIC, Action.REOPEN): {
        Status.ARRIVED: When.ALWAYS,
        Status.FULFILLED: When.ALWAYS,
        Status.NOSHOW: When.ALWAYS,
    },
}
"""Who may do what to an appointment of which status, and when. What does not stand here is refused, so a calendar's
answer changes nothing by itself; what the worker releases are times that nobody decided about. What has begun is moved
by nobody: it is cancelled or missed, and made up for at the end."""

OUTCOME: Mapping[Action, Status | None] = {
    Action.MOVE: None,
    Action.CANCEL: Status.CANCELLED,
    Action.CONFIRM: Status.BOOKED,
    Action.RELEASE: Status.CANCELLED,
    Action.ARRIVE: Status.ARRIVED,
    Action.FULFIL: Status.FULFILLED,
    Action.MISS: Status.NOSHOW,
    Action.REOPEN: Status.BOOKED,
}
"""The status that an action leads to; None where it stays as it is."""


def may(actor: Actor, action: Action, status: Status, period: Period, *, now: datetime) -> bool:
    """Whether `actor` may do this now (aware) to an appointment of this status in `period`."""
    when = RULES.get((actor, action), {}).get(status)
    return when is not None and when.holds(period, now)


def require(actor: Actor, action: Action, status: Status, period: Period, *, now: datetime) -> None:
    """Raises NotAllowed unless `actor` may do this now."""
    if not may(actor, action, status, period, now=now):
        raise NotAllowed(action.value, status.value)


@dataclass(frozen=True, slots=True)
class Charge:
    """What moving or cancelling costs: `amount` in whole kroner, nothing until `free_until`.

    `excused`: it would cost the price, but this is the one time in the course that a late change is free.
    """

    amount: int
    excused: bool
    free_until: datetime


def charge_of(price: int, start: datetime, cancel_hours: int, *, kindness_used: bool, now: datetime) -> Charge:
    """What changing an appointment at `now` costs that begins at `start` (both aware).

    Free until `cancel_hours` (of real time, so a clock change in between changes nothing) before it begins; then the
    whole price, but for the first late change of a course, because pain comes in waves.
    """
    free_until = start.astimezone(UTC) - timedelta(hours=cancel_hours)
    if now <= free_until:
        return Charge(0, False, free_until)
    if not kindness_used:
        return Charge(0, True, free_until)
    return Charge(price, False, free_until)
