"""Outcome: how it goes, asked before session 1, at week 10 and after 12 months, and the figures made of the answers.

Formula, windows and rounding are those by which the trial's per cent can be read beside one's own: the clock starts
with session 1, and what was not answered is missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Generic, TypeVar

from booking.domain.period import at_wall, oslo
from booking.domain.protocol import Window

Key = TypeVar("Key", bound=Hashable)

WORST_PAIN = 10
BEST_CHANGE = 3

ASKED_AT = 10 * 60
"""Minutes past midnight on the wall: late morning, when thinking is easiest for many."""

LEAST_PEOPLE = 10
"""A figure about fewer people than this could tell of one of them."""


class Moment(StrEnum):
    """When we ask."""

    BASELINE = "baseline"
    WEEK_10 = "week_10"
    YEAR = "year"


FOLLOW_UPS = (Moment.WEEK_10, Moment.YEAR)

WINDOWS: Mapping[Moment, Window] = {
    Moment.BASELINE: Window(-7, 0, 0),
    Moment.WEEK_10: Window(63, 84, 70),
    Moment.YEAR: Window(335, 395, 365),
}
"""Which days an answer belongs to, counted in Oslo from the day of session 1."""

ASKED_ON: Mapping[Moment, int] = {Moment.WEEK_10: 70, Moment.YEAR: 364}
"""The day of the mail with the questions; both keep the weekday of session 1."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody answered at one moment; None for a question that she left out.

    `pain`: 0 (none) to 10, the average of 7 days. `change`: from +3 (much better) to -3 (much worse), follow-up only.
    Raises ValueError for anything else.
    """

    pain: int | None = None
    change: int | None = None

    def __post_init__(self) -> None:
        if self.pain is not None and not 0 <= self.pain <= WORST_PAIN:
            raise ValueError("pain is from 0 to 10")
        if self.change is not None and abs(self.change) > BEST_CHANGE:
            raise ValueError("change is from -3 to +3")

    @property
    def empty(self) -> bool:
        return self.pain is None and self.change is None


# -- when -------------------------------------------------------------------------------------------------------------


def day_of(start: datetime, at: datetime) -> int:
    """How many calendar days in Oslo `at` lies after the day of session 1, which begins at `start` (both aware)."""
    return (oslo(at).date() - oslo(start).date()).days


def belongs(moment: Moment, start: datetime, at: datetime) -> bool:
    """Whether an answer given at `at` is one for this moment. What is said after session 1 began is no baseline."""
    window = WINDOWS[moment]
    if moment is Moment.BASELINE and at > start:
        return False
    return window.earliest <= day_of(start, at) <= window.latest


def open_moment(start: datetime, now: datetime) -> Moment | None:
    """The moment whose questions can be answered now; the windows do not overlap."""
    return next((moment for moment in Moment if belongs(moment, start, now)), None)


def next_moment(start: datetime, now: datetime) -> Moment | None:
    """The first moment whose window has not begun yet."""
    day = day_of(start, now)
    return next((moment for moment in Moment if day < WINDOWS[moment].earliest), None)


def opens_at(moment: Moment, start: datetime) -> datetime:
    """The beginning of the first day of the moment's window."""
    return _on_day(start, WINDOWS[moment].earliest, 0)


def closes_at(moment: Moment, start: datetime) -> datetime:
    """The end of the moment's window: of its last day, or, for the baseline, the beginning of session 1."""
    return start if moment is Moment.BASELINE else _on_day(start, WINDOWS[moment].latest + 1, 0)


def all_over_since(now: datetime) -> datetime:
    """Whoever began before this moment can answer nothing more."""
    return _on_day(now, -WINDOWS[Moment.YEAR].latest, 0)


def asked_at(moment: Moment, start: datetime) -> datetime:
    """When the mail with a follow-up's questions is due: that many days later by the clock on the wall."""
    return _on_day(start, ASKED_ON[moment], ASKED_AT)


def _on_day(start: datetime, days: int, minute: int) -> datetime:
    return at_wall(oslo(start).date() + timedelta(days=days), minute)


# -- one person -------------------------------------------------------------------------------------------------------


def change_percent(baseline: int | None, follow_up: int | None) -> Fraction | None:
    """(follow-up - baseline) / baseline * 100; less pain is negative. None if either is missing, or the baseline 0."""
    points = change_points(baseline, follow_up)
    return None if points is None or not baseline else Fraction(points * 100, baseline)


def change_points(baseline: int | None, follow_up: int | None) -> int | None:
    """follow-up - baseline; None if either is missing."""
    return None if baseline is None or follow_up is None else follow_up - baseline


def rounded(value: Fraction, decimals: int = 1) -> Decimal:
    """To so many decimals, half away from zero."""
    whole = int(abs(value) * 10**decimals + Fraction(1, 2))
    return Decimal(whole if value >= 0 else -whole).scaleb(-decimals)


# -- groups -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Followed:
    """One started course at one follow-up; pain from 0 to 10, None for what was not answered in its window."""

    person: Hashable
    baseline: int | None
    follow_up: int | None

    @property
    def percent(self) -> Fraction | None:
        return change_percent(self.baseline, self.follow_up)

    @property
    def points(self) -> int | None:
        return change_points(self.baseline, self.follow_up)


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be told of a group. None for a figure that is about too few people, or that would tell of too few.

    `answered`: courses with an answer before the start and at the follow-up; `answered_percent`: of those started, so
    that who is missing is seen. Percents of change are means and the median of individual percents; `responder_30` and
    `responder_50`: how many per cent have at least so much less pain; `better_2`: at least 2 points less. One decimal.
    """

    started: int | None = None
    with_baseline: int | None = None
    answered: int | None = None
    answered_percent: Decimal | None = None
    mean_percent: Decimal | None = None
    median_percent: Decimal | None = None
    mean_points: Decimal | None = None
    responder_30: Decimal | None = None
    responder_50: Decimal | None = None
    better_2: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Published(Generic[Key]):
    """Figures by group, and of all groups together."""

    groups: Mapping[Key, Figures]
    together: Figures


def publish(groups: Mapping[Key, Sequence[Followed]]) -> Published[Key]:
    """The figures of each group and of all, without those that are about fewer than `LEAST_PEOPLE`.

    Of all together a figure is told only if what is left after subtracting the groups that are shown is about nobody,
    or about enough people itself. A person with two courses is one person. How many did not answer is no secret.
    """
    told = dict.fromkeys(groups, Figures())
    together = Figures()
    for counted, add in _CELLS:
        hidden: list[Followed] = []
        everybody: list[Followed] = []
        for key, group in groups.items():
            members = [each for each in group if counted(each)]
            everybody += members
            if _enough(members):
                told[key] = add(told[key], members)
            else:
                hidden += members
        if _enough(everybody) and (not hidden or _enough(hidden)):
            together = add(together, everybody)
    return Published({key: _with_rate(each) for key, each in told.items()}, _with_rate(together))


def _enough(members: Iterable[Followed]) -> bool:
    return len({each.person for each in members}) >= LEAST_PEOPLE


def _add_started(figures: Figures, members: Sequence[Followed]) -> Figures:
    return replace(figures, started=len(members))


def _add_baseline(figures: Figures, members: Sequence[Followed]) -> Figures:
    return replace(figures, with_baseline=len(members))


def _add_points(figures: Figures, members: Sequence[Followed]) -> Figures:
    points = [each.points for each in members if each.points is not None]
    return replace(
        figures,
        answered=len(points),
        mean_points=rounded(Fraction(sum(points), len(points))),
        better_2=_share(points, at_most=-2),
    )


def _add_percents(figures: Figures, members: Sequence[Followed]) -> Figures:
    percents = [each.percent for each in members if each.percent is not None]
    return replace(
        figures,
        mean_percent=rounded(sum(percents, Fraction()) / len(percents)),
        median_percent=rounded(median(percents)),
        responder_30=_share(percents, at_most=-30),
        responder_50=_share(percents, at_most=-50),
    )


def _share(values: Sequence[int] | Sequence[Fraction], *, at_most: int) -> Decimal:
    """How many per cent of the values lie at or below."""
    return rounded(Fraction(sum(value <= at_most for value in values) * 100, len(values)))


def _with_rate(figures: Figures) -> Figures:
    """The share of those who answered, which would tell either number if it stood with the other one alone."""
    if not figures.started or figures.answered is None:
        return figures
    return replace(figures, answered_percent=rounded(Fraction(figures.answered * 100, figures.started)))


_CELLS: tuple[tuple[Callable[[Followed], bool], Callable[[Figures, Sequence[Followed]], Figures]], ...] = (
    (lambda each: True, _add_started),
    (lambda each: each.baseline is not None, _add_baseline),
    (lambda each: each.points is not None, _add_points),
    (lambda each: each.percent is not None, _add_percents),
)
"""Who is counted, and which figures are about these people: each set stands or falls by its own number."""
