"""Screening: the health check before a booking. Nobody is refused; every answer ends in ok, flag or call.

The questions and what follows from them are the clinic group's rules, version `RULES`; a change of the rules is a new
version, kept with each answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RULES = 1


class Gate(StrEnum):
    """The answer to the one question whether any of the conditions applies."""

    NO = "no"
    YES = "yes"
    UNSURE = "unsure"


class Outcome(StrEnum):
    """`OK`: book; `FLAG`: book, the clinician sees a note; `CALL`: the times are kept until somebody has rung."""

    OK = "ok"
    FLAG = "flag"
    CALL = "call"


EFFECTS = {
    "bleeding": Outcome.CALL,
    "anticoag": Outcome.FLAG,
    "pregnant": Outcome.FLAG,
    "device": Outcome.FLAG,
    "immune": Outcome.CALL,
    "lymph": Outcome.FLAG,
    "seizure": Outcome.FLAG,
    "surgery": Outcome.FLAG,
    "allergy": Outcome.FLAG,
    "fear": Outcome.FLAG,
    "acute": Outcome.CALL,
}
"""What each condition leads to when it applies, in the order in which it is asked."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """What the patient answered: the gate, and which conditions apply. Refuses conditions nobody asked about."""

    gate: Gate
    conditions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.conditions <= EFFECTS.keys():
            raise ValueError("unknown condition")

    @classmethod
    def none_apply(cls) -> HealthCheck:
        return cls(Gate.NO)

    @property
    def outcome(self) -> Outcome:
        """Call beats flag beats ok. Unsure means call; a yes without any condition named means call as well."""
        if self.gate is Gate.NO:
            return Outcome.OK
        effects = {EFFECTS[condition] for condition in self.conditions}
        if self.gate is Gate.UNSURE or not effects or Outcome.CALL in effects:
            return Outcome.CALL
        return Outcome.FLAG
