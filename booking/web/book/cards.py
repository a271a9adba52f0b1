"""Cards: plans as the planner shows them, each with its picture, its reasons and the way on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from booking.domain.board import Board, away_periods
from booking.domain.course import Plan, Planned, Wishes
from booking.domain.period import monday_of
from booking.domain.protocol import Treatment
from booking.domain.slot import Availability
from booking.services import wording
from booking.services.proposals import Asked, Rhythm
from booking.services.wishes import query_of, rhythm_text
from booking.web.book.house import House
from booking.web.book.ways import Ways
from booking.web.book.words import from_to, number_word, rhythm_name, what_it_covers
from booking.web.language import current_language
from booking.web.pictures import Explained, Ground, Link, Picture, Row, Visit, explained, picture_of, rows_of

NOTICEABLE = 60
"""Minutes by which two starts must differ to be called earlier or later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One plan. `query` and `shown` are sent when it is chosen: what it is, and what was seen of it."""

    id: str
    best: bool
    tag: str
    heading: str
    text: str
    price: str
    price_note: str
    picture: Picture
    rows: list[Row]
    deviations: list[Explained]
    choose: str
    query: str
    shown: str
    times_url: str
    undo_url: str | None


class Cards:
    """Turns plans that answer the same wishes into cards."""

    def __init__(self, house: House, asked: Asked, wishes: Wishes, availability: Availability, ways: Ways) -> None:
        self._house, self._asked, self._wishes, self._availability = house, asked, wishes, availability
        self._ways = ways

    def of(self, plans: Sequence[tuple[Plan, Rhythm]]) -> list[Card]:
        if not plans:
            return []
        ground = self._ground([plan for plan, _rhythm in plans])
        best = plans[0][0]
        return [self._card(plan, rhythm, best, ground) for plan, rhythm in plans]

    def _card(self, plan: Plan, rhythm: Rhythm, best: Plan, ground: Ground) -> Card:
        visits = [self._house.visit(each) for each in plan.appointments]
        sessions, query = plan.sessions, query_of(self._asked, rhythm)
        heading = rhythm_name(plan.pattern, sessions[0].start)
        return Card(
            id=card_id(rhythm),
            best=plan is best,
            tag=_tag(plan, rhythm, best),
            heading=heading,
            text=" · ".join(self._who_where_when(plan)),
            price=wording.price(plan.price, current_language()),
            price_note=what_it_covers(plan),
            picture=picture_of(visits, ground, _("%(heading)s, weeks across and days down", heading=heading)),
            rows=rows_of(visits, notes=False),
            deviations=self._deviations(visits, query),
            choose=_("Choose these %(count)s", count=number_word(len(sessions))),
            query=query,
            shown=seen_of(plan),
            times_url=f"{self._ways.times}?{query}",
            undo_url=self._ways.plan_of(query_of(self._asked)) if rhythm.swaps else None,
        )

    def _who_where_when(self, plan: Plan) -> Iterable[str]:
        language = current_language()
        yield self._house.who(plan.pattern.clinician)
        yield self._house.clinic(plan.pattern.clinic)
        yield from_to(plan.sessions[0].start, plan.sessions[-1].start)
        if plan.first_visit:
            day = wording.day_of_month(plan.first_visit.start, language)
            yield _("first visit %(day)s", day=day) + self._by_another(plan, plan.first_visit)
        for review in plan.reviews:
            yield _("review %(day)s", day=wording.day_of_month(review.start, language)) + self._by_another(plan, review)

    def _by_another(self, plan: Plan, visit: Planned) -> str:
        """With whom, where it is not who gives the sessions."""
        if visit.clinician == plan.pattern.clinician:
            return ""
        return " " + _("with %(who)s", who=self._house.clinician(visit.clinician))

    def _deviations(self, visits: list[Visit], query: str) -> list[Explained]:
        moved = [visit for visit in visits if visit.deviation]
        sessions = sum(visit.kind == "session" for visit in visits)
        kept = _(
            "%(kept)s of %(all)s keep the usual time.",
            kept=wording.sentence(number_word(sessions - len(moved)) if sessions > len(moved) else _("none")),
            all=number_word(sessions),
        )
        return [
            explained(
                visit,
                link=Link(self._ways.times_of(query, visit.number), _("Other times that week")),
                kept=kept if visit is moved[-1] else "",
            )
            for visit in moved
        ]

    def _ground(self, plans: Sequence[Plan]) -> Ground:
        first = monday_of(min(plan.appointments[0].day for plan in plans))
        last = max(plan.appointments[-1].day for plan in plans) + timedelta(days=6)
        return ground(self._availability, self._wishes, plans[0].sessions[0].step.treatment, first, last)


def ground(availability: Availability, wishes: Wishes, treatment: Treatment, first: date, last: date) -> Ground:
    """How many starts are free on each date, and which dates are closed at every wished clinic."""
    seen = availability.seen_by(away_periods(wishes))
    board = Board(seen, wishes, first, last)
    free = {board.date_of(day): mask.bit_count() for day, mask in enumerate(board.any_free(treatment))}
    days = [day for day in free if availability.covers(day) and not free[day]]
    return Ground(free, {day: _why_closed(availability, wishes, day) for day in days if _closed(seen, wishes, day)})


def seen_of(plan: Plan) -> str:
    """A fingerprint of what a visitor sees of a plan: when, with whom and where."""
    facts = [
        (each.step.kind.value, each.step.number, each.start.isoformat(), each.clinician, each.clinic)
        for each in plan.appointments
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:20]


def card_id(rhythm: Rhythm) -> str:
    return "plan-" + rhythm_text(rhythm).replace("~", "-").replace(":", "")


def _closed(availability: Availability, wishes: Wishes, day: date) -> bool:
    return not any(availability.opens(clinic, day) for clinic in wishes.clinics)


def _why_closed(availability: Availability, wishes: Wishes, day: date) -> str:
    reasons = availability.closings(wishes.clinics[0], day)
    names = [reason.detail[current_language()] for reason in reasons if reason.detail]
    return ", ".join(dict.fromkeys(names))


def _tag(plan: Plan, rhythm: Rhythm, best: Plan) -> str:
    if rhythm.swaps:
        return _("With your changes")
    if plan is best:
        return _("Closest to the wishes")
    return wording.sentence(", ".join(_differences(plan, best)))


def _differences(plan: Plan, best: Plan) -> Iterable[str]:
    if plan.pattern.weekday != best.pattern.weekday:
        yield _("another day")
    if plan.pattern.clinician != best.pattern.clinician:
        yield _("another clinician")
    if plan.pattern.clinic != best.pattern.clinic:
        yield _("another clinic")
    minutes = plan.pattern.minute - best.pattern.minute
    if minutes >= NOTICEABLE:
        yield _("later in the day")
    elif minutes <= -NOTICEABLE:
        yield _("earlier in the day")
