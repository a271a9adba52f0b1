"""Outcomes: how it goes, asked of patients by mail and on their own page, and told to the clinic in groups.

Answering is voluntary. Answers are encrypted, can be changed in their window and deleted whenever the patient wants,
and nobody is given advice by them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from booking.domain.errors import NotAsked
from booking.domain.outcome import (
    ASKED_ON,
    FOLLOW_UPS,
    WINDOWS,
    Answers,
    Followed,
    Moment,
    Published,
    asked_at,
    belongs,
    closes_at,
    next_moment,
    open_moment,
    publish,
)
from booking.domain.period import Period
from booking.domain.reminding import Quiet
from booking.services.delivery import what_happened
from booking.services.invitations import News, tell
from booking.services.office import Office
from booking.services.privacy import outcomes_kept_until, seal, unseal
from booking.store.courses import Course, course_to_change
from booking.store.database import db, utc
from booking.store.outcomes import Outcome, all_outcomes, courses_to_ask, outcomes_of, start_of, starts, was_asked
from booking.store.reminders import Reminder, ReminderWish
from booking.store.unit_of_work import unit_of_work

log = structlog.get_logger()

PATIENT, MAIL = "patient", "mail"


@dataclass(frozen=True, slots=True)
class HowItGoes:
    """A course's questions and answers at a moment. `start`: when session 1 begins; `given`: answers in their windows.

    `open`: whose questions can be answered now; `next`: whose come later; None for none.
    """

    start: datetime
    given: Mapping[Moment, Answers]
    open: Moment | None
    next: Moment | None

    @property
    def baseline(self) -> int | None:
        """Pain before the start, if she answered."""
        return self.pain(Moment.BASELINE)

    def pain(self, moment: Moment) -> int | None:
        return self.given[moment].pain if moment in self.given else None


def how_it_goes(session: Session, office: Office, course: Course, *, now: datetime) -> HowItGoes | None:
    """What the patient sees; None for a course whose patients are not asked, or that has no session any more."""
    first = start_of(session, course.id)
    if first is None:
        return None
    start, rows = first.starts_at, outcomes_of(session, course.id)
    given = {moment: _answers(office, rows[moment]) for moment in Moment if _counts(rows.get(moment), start)}
    return HowItGoes(start, given, open_moment(start, now), next_moment(start, now))


def answer(office: Office, course_id: int, moment: Moment, answers: Answers, *, now: datetime) -> None:
    """Keeps the answers instead of earlier ones of this moment; empty ones delete those.

    Raises NotAsked outside of the moment's window.
    """

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        first = start_of(session, course_id)
        if first is None or open_moment(first.starts_at, now) is not moment:
            raise NotAsked
        if answers.empty:
            _delete(session, course_id, moment)
            return
        kept = {"pain": answers.pain, "change": answers.change if moment in FOLLOW_UPS else None}
        row = Outcome(course_id=course_id, moment=moment.value, answers=seal(office, kept), answered_at=utc(now))
        session.merge(row)

    unit_of_work(work)


def withdraw(office: Office, course_id: int, moment: Moment) -> None:
    """Deletes what she answered at this moment, in its window or later."""

    def work(session: Session) -> None:
        course_to_change(session, course_id)
        _delete(session, course_id, moment)

    unit_of_work(work)


# -- asking -----------------------------------------------------------------------------------------------------------


def ask_due(office: Office, *, now: datetime, at: datetime) -> int:
    """Writes the mails with a follow-up's questions that are due, each once for a course; how many.

    Nobody is asked who has answered, who wants no mails of this kind, or whose quiet hours it is.
    """
    return sum(_ask(office, moment, course_id, now=now, at=at) for moment, course_id in _due(now))


def _due(now: datetime) -> list[tuple[Moment, int]]:
    with Session(db.engine) as session:
        return [
            (moment, course_id)
            for moment in FOLLOW_UPS
            for course_id, start in courses_to_ask(session, moment.value, _reach(moment, now))
            if _is_time(moment, start, now)
        ]


def _is_time(moment: Moment, start: datetime, now: datetime) -> bool:
    return asked_at(moment, start) <= now < closes_at(moment, start)


def _reach(moment: Moment, now: datetime) -> Period:
    """Between which beginnings all courses lie that may be asked now; a day more on either side, for clocks change."""
    return Period(now - timedelta(days=WINDOWS[moment].latest + 1), now - timedelta(days=ASKED_ON[moment] - 1))


def _ask(office: Office, moment: Moment, course_id: int, *, now: datetime, at: datetime) -> bool:
    def work(session: Session) -> bool:
        course = course_to_change(session, course_id)
        first = start_of(session, course_id)
        if first is None or not _is_time(moment, first.starts_at, now):
            return False
        if was_asked(session, course_id, moment) or _quiet(session, course_id, now):
            return False
        session.add(
            Reminder(
                course_id=course_id,
                appointment_id=first.id,
                rung=moment.value,
                about_at=first.starts_at,
                recipient=PATIENT,
                medium=MAIL,
                made_at=utc(now),
            )
        )
        tell(session, office, course, News.QUESTIONS, [first], now=now, at=at, more={"moment": moment.value})
        return True

    try:
        return unit_of_work(work)
    except Exception as error:  # whatever is wrong with one course, the others' patients are asked
        log.error("questions cannot be asked", course=course_id, **what_happened(error))
        return False


def _quiet(session: Session, course_id: int, now: datetime) -> bool:
    wish = session.get(ReminderWish, course_id)
    return wish is not None and Quiet(wish.quiet_from, wish.quiet_until).around(now) is not None


# -- groups -----------------------------------------------------------------------------------------------------------


def figures(session: Session, office: Office, *, now: datetime) -> Mapping[Moment, Published[int]]:
    """The figures of each follow-up by the id of the clinic in which session 1 was.

    Counted are courses whose window for it is over, so that who still can answer is not missing, and whose answers are
    not forgotten yet.
    """
    rows, begun = all_outcomes(session), starts(session, until=now)
    told: dict[Moment, Published[int]] = {}
    for moment in FOLLOW_UPS:
        groups: dict[int, list[Followed]] = defaultdict(list)
        for start in begun:
            if closes_at(moment, start.starts_at) <= now < outcomes_kept_until(office, start.starts_at):
                pain = _pains(office, rows.get(start.course_id, []), start.starts_at)
                followed = Followed(start.patient_id, pain.get(Moment.BASELINE), pain.get(moment))
                groups[start.clinic_id].append(followed)
        told[moment] = publish(groups)
    return told


def _pains(office: Office, rows: list[Outcome], start: datetime) -> dict[Moment, int | None]:
    return {Moment(row.moment): _answers(office, row).pain for row in rows if _counts(row, start)}


# -- rows -------------------------------------------------------------------------------------------------------------


def _counts(row: Outcome | None, start: datetime) -> bool:
    """Whether the answer lies in its window still: session 1 may have been moved since."""
    return row is not None and belongs(Moment(row.moment), start, row.answered_at)


def _answers(office: Office, row: Outcome) -> Answers:
    kept = unseal(office, row.answers)
    return Answers(kept["pain"], kept["change"])


def _delete(session: Session, course_id: int, moment: Moment) -> None:
    row = session.get(Outcome, (course_id, moment.value))
    if row is not None:
        session.delete(row)
