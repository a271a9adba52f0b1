"""The trial behind the article: its figures as data, so that a figure, a table and a text can be held against them.

Vas J, Santos-Rey K, Navarro-Pablo R and others. Acupuncture for fibromyalgia in primary care: a randomised controlled
trial. Acupuncture in Medicine 2016;34(4):257-266. Weeks and months are counted from the start of treatment.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """Change of pain intensity from before the start, in per cent, with its 95 % confidence interval; less is better.

    The figures are from abstracts; a limit that none of them gives is None.
    """

    percent: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Arm:
    """One group of the trial. None where no figure is known well enough to print it."""

    weeks_10: Change | None
    months_6: Change | None
    months_12: Change | None


@dataclass(frozen=True, slots=True)
class Trial:
    """`enrolled` and `completed` in people; `minutes` of one session, once a week."""

    enrolled: int
    completed: int
    sessions: int
    minutes: int
    real: Arm
    sham: Arm


def _change(percent: str, low: str | None, high: str | None) -> Change:
    return Change(Decimal(percent), Decimal(low) if low else None, Decimal(high) if high else None)


VAS_2016 = Trial(
    enrolled=164,
    completed=153,
    sessions=9,
    minutes=20,
    real=Arm(_change("-41.0", "-47.2", "-34.8"), None, _change("-19.9", "-24.6", "-15.1")),
    sham=Arm(_change("-27.1", "-33.2", "-20.9"), None, _change("-6.2", "-11.2", None)),
)
