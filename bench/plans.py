"""Three plans of a course, against the SELECT of what is taken on the days that the planner looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bench.houses import CLINICIANS_A_CLINIC, nine_weeks
from bench.lines import Question
from bench.measure import Side
from booking.domain.course import NoPlan, Plan, Wishes
from booking.domain.period import Period, at_wall, oslo
from booking.domain.planner import needed_range, plan_course
from booking.domain.slot import Availability, TakenRow
from booking.store.schedules import schedule_of, taken_rows

REFERENCE = "the SELECT of the rows they are made from"
NOTICE = timedelta(hours=2)


def questions(session: Session, clinics: Sequence[int], now: datetime) -> Iterator[Question]:
    yield question(session, "three plans, 10 clinicians", 8, clinics[:2], now)
    yield question(session, f"three plans, {len(clinics) * CLINICIANS_A_CLINIC} clinicians", 8, clinics, now)


def question(session: Session, name: str, aim: float, clinics: Sequence[int], now: datetime) -> Question:
    """For a new patient without any wish, for whom there is most to look at."""
    protocol = nine_weeks(session)
    wishes = Wishes(tuple(clinics), oslo(now).date(), new_patient=True)
    first, last = needed_range(protocol, wishes, now)
    period = Period(at_wall(first, 0), at_wall(last + timedelta(days=1), 0))
    schedule = schedule_of(session, clinics, period)

    def select() -> Sequence[TakenRow]:
        return taken_rows(session, schedule, period, now=now)

    taken = select()

    def plan() -> tuple[Plan, ...] | NoPlan:
        availability = Availability(schedule, first, last, taken, earliest=now + NOTICE)
        return plan_course(protocol, wishes, availability, now=now)

    plans = plan()
    assert not isinstance(plans, NoPlan)
    assert len(plans) == 3
    moved = sum(each.deviation is not None for each in plans[0].appointments)
    return Question(
        name=name,
        aim=aim,
        reference=REFERENCE,
        data=f"{len(schedule.clinicians)} clinicians, {len(taken)} taken, best plan moves {moved}",
        measured=Side(lambda _: plan()),
        against=Side(lambda _: select()),
    )
