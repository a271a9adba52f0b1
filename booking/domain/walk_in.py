"""Walk-in: who can treat somebody who stands at the desk, from now on, on or off the grid of the clinic's times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from booking.domain.board import Board, Spot
from booking.domain.course import Planned, Wishes
from booking.domain.period import STEP_MINUTES, STEP_SECONDS, moment_of, oslo, seconds_of
from booking.domain.protocol import Protocol
from booking.domain.slot import Availability


def next_start(now: datetime) -> datetime:
    """The next five-minute step of the clock that has not begun (UTC): what has begun is booked by nobody."""
    return moment_of(-(-seconds_of(now.astimezone(UTC)) // STEP_SECONDS) * STEP_SECONDS)


def free_now(
    protocol: Protocol, availability: Availability, clinics: tuple[int, ...], start: datetime
) -> Iterator[Planned]:
    """The appointment of a protocol with one step, at `start`, with each clinician at these clinics who is free for all
    of it and has a room, in display order. The availability must be open from `start` on."""
    day, step = oslo(start).date(), protocol.weekly[0]
    board = Board(availability, Wishes(clinics, day), day, day)
    at = (oslo(start).hour * 60 + oslo(start).minute) // STEP_MINUTES
    for clinician, clinic in board.givers(step.treatment):
        if availability.reasons(clinician, clinic, day, at, step.treatment.minutes):
            continue
        planned = board.planned(step, Spot(board.day(day), at, clinician, clinic))
        if planned is not None:
            yield planned
