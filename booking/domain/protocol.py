"""Protocol: the steps of a course as data, each with its treatment and its window relative to session 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from booking.domain.schedule import Name


class StepKind(StrEnum):
    FIRST_VISIT = "first_visit"
    SESSION = "session"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done in an appointment. `price` in whole kroner with VAT; `needles`: only who needles may give it."""

    id: int
    slug: str
    name: Name
    minutes: int
    price: int
    needles: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Calendar days in Oslo after session 1 (negative before it): `earliest` to `latest`, best at `target`."""

    earliest: int
    latest: int
    target: int


@dataclass(frozen=True, slots=True)
class Step:
    """One appointment of a protocol. `number` counts steps of a kind from 1.

    A first visit is for new patients only; on the day of session 1 it may only lie directly before it.
    Sessions have no window: they stand one in each of consecutive ISO weeks, spaced by the protocol. A protocol with
    no session is a single appointment: its one step is planned as a session would be, whatever its kind.
    """

    kind: StepKind
    number: int
    treatment: Treatment
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """A course as a clinic offers it.

    `min_gap` and `max_gap`: calendar days from one session to the next. `max_slips`: weeks it may slip at most.
    `start_weeks`: how many weeks after the wished one session 1 may lie. `review_gap`: days from the last session to
    the review at least. `exclusive`: a patient has one of these running at a time.
    """

    id: int
    slug: str
    name: Name
    steps: tuple[Step, ...]
    min_gap: int
    max_gap: int
    max_slips: int
    start_weeks: int
    review_gap: int
    exclusive: bool

    @property
    def sessions(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind is StepKind.SESSION)

    @property
    def weekly(self) -> tuple[Step, ...]:
        """What is planned week by week: the sessions, or the one step of a protocol that has none."""
        return self.sessions or self.steps[:1]

    @property
    def first_visit(self) -> Step | None:
        """The visit before session 1; None where there is none, or where it is the whole protocol."""
        return next((step for step in self.steps if step.kind is StepKind.FIRST_VISIT), None) if self.sessions else None

    @property
    def reviews(self) -> tuple[Step, ...]:
        """The reviews after the last session, in order of their windows, which do not overlap."""
        return tuple(step for step in self.steps if step.kind is StepKind.REVIEW) if self.sessions else ()

    def spaced(self, days: int, skipped: int) -> bool:
        """Whether two sessions in a row may lie `days` apart; further apart only with a week left out between them."""
        return self.min_gap <= days and (skipped > 0 or days <= self.max_gap)

    def steps_for(self, *, new_patient: bool) -> tuple[Step, ...]:
        """The steps that this patient takes: who has been here before needs no first visit."""
        return tuple(s for s in self.steps if new_patient or s.kind is not StepKind.FIRST_VISIT)

    def price_for(self, *, new_patient: bool) -> int:
        """The sum of the appointments in whole kroner."""
        return sum(step.treatment.price for step in self.steps_for(new_patient=new_patient))
