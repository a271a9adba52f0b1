"""Plans: what the planner answers to wishes, for who books for herself and for who books for a caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from flask_babel import gettext as _

from booking.domain.course import NoPlan, PartOfDay, Plan, Planned, Wish
from booking.domain.errors import DoesNotFit
from booking.domain.period import monday_of, oslo
from booking.domain.planner import alternatives, plan_pattern
from booking.domain.protocol import Protocol, StepKind
from booking.domain.slot import ReasonKind
from booking.services import wording
from booking.services.proposals import (
    Asked,
    Chosen,
    Proposal,
    Rhythm,
    UnknownWish,
    limits_of,
    pattern_of,
    plan_chosen,
    propose,
    with_swaps,
)
from booking.services.wishes import query_of
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.web import clock
from booking.web.book.cards import Cards, card_id
from booking.web.book.house import House
from booking.web.book.visitor import Drafted
from booking.web.book.ways import Ways
from booking.web.book.words import rhythm_name
from booking.web.forms.wishes import WishesForm, part_name
from booking.web.language import current_language
from booking.web.office import office
from booking.web.pictures import Link, day_at_time, rows_of

NEAREST = 6
"""How many of the other times of a week stand on top, best first."""

WEEKS_TOLD = 6
"""How many of the weeks that fail are named at once."""


@dataclass(frozen=True, slots=True)
class Plans:
    """What is free for whoever asks. `draft`: what she keeps already, which does not stand in her way; `others`: the
    clinics (by id) that could be added to those she wishes, all of them if none is named."""

    house: House
    draft: Drafted
    ways: Ways
    others: tuple[int, ...] | None = None

    def answer(self, asked: Asked, own: Rhythm | None) -> dict[str, Any]:
        """The plans as cards, with her `own` among them, or why there is none; `course` is the protocol."""
        asked = replace(asked, busy=self.draft.busy)
        now, hold_id = clock.now(), self.draft.hold_id
        found = propose(db.session(), office(), asked, now=now, but_hold=hold_id, others=self.others)
        slugs = self.house.slugs
        plans = [(each, slugs.rhythm(each.pattern)) for each in found.plans]
        notice = None
        try:
            plans = _with_own(found, plans, own)
        except DoesNotFit as error:
            notice = _("Session %(number)s can no longer be at the time that was chosen.", number=error.number)
        except UnknownWish:
            notice = _("The plan in this address does not exist.")
        return {
            "cards": Cards(self.house, asked, found.wishes, found.availability, self.ways).of(plans),
            "no_plan": None if found.plans else self._no_plan(asked, found.answer),
            "query": query_of(asked),
            "notice_text": notice,
            "course": found.protocol,
        }

    def chosen(self, asked: Asked, rhythm: Rhythm) -> Chosen | None:
        """The plan of one rhythm. Raises UnknownWish, DoesNotFit."""
        asked = replace(asked, busy=self.draft.busy)
        return plan_chosen(db.session(), office(), asked, rhythm, now=clock.now(), but_hold=self.draft.hold_id)

    def all_dates(self, asked: Asked, rhythm: Rhythm, chosen: Chosen) -> dict[str, Any]:
        """All dates of a plan, each with a way to the other times of its week."""
        query = query_of(asked, rhythm)
        links = {
            each.step.number: Link(self.ways.times_of(query, each.step.number), _("Other times that week"))
            for each in chosen.plan.sessions
        }
        visits = [self.house.visit(each) for each in chosen.plan.appointments]
        return {
            "heading": rhythm_name(rhythm, chosen.plan.sessions[0].start),
            "rows": rows_of(visits, links=links),
            "back_url": self._plan_url(query, rhythm),
        }

    def one_week(self, asked: Asked, rhythm: Rhythm, chosen: Chosen, session: Planned) -> dict[str, Any]:
        """The other free times of one session's week."""
        found = alternatives(chosen.protocol, chosen.wishes, chosen.availability, chosen.plan, session.step.number)
        offers = [(each, self._swap_url(asked, rhythm, each)) for each in found]
        by_day = groupby(sorted(offers, key=lambda offer: offer[0].start), key=lambda offer: offer[0].day)
        return {
            "number": session.step.number,
            "monday": monday_of(session.day),
            "now": day_at_time(session.start),
            "nearest": [_nearest(self.house, each, url) for each, url in offers[:NEAREST]],
            "days": [(day, _parts(self.house, list(each))) for day, each in by_day] if len(offers) > NEAREST else [],
            "back_url": self._plan_url(query_of(asked, rhythm), rhythm),
        }

    def _swap_url(self, asked: Asked, rhythm: Rhythm, each: Planned) -> str:
        changed = replace(rhythm, swaps=(*rhythm.swaps, self.house.slugs.swap(each)))
        return self._plan_url(query_of(asked, changed), changed)

    def _plan_url(self, query: str, rhythm: Rhythm) -> str:
        return self.ways.plan_of(query, card_id(rhythm))

    def _no_plan(self, asked: Asked, answer: Any) -> dict[str, Any]:
        assert isinstance(answer, NoPlan)
        weeks = _failed(answer)
        return {
            "fails": _fails(answer.fails),
            "weeks": weeks[:WEEKS_TOLD],
            "more": weeks[WEEKS_TOLD:],
            "relax": self._relaxed(asked, answer),
            "can_wait": not weeks
            or any(reason.kind in _MAY_CHANGE for week in answer.weeks for reason in week.reasons),
            "busy": bool(answer.relax and answer.relax.wish is Wish.AWAY and asked.busy),
        }

    def _relaxed(self, asked: Asked, answer: NoPlan) -> dict[str, str] | None:
        """The one wish to give up, what that would bring, and the address of it."""
        relax = answer.relax
        if relax is None:
            return None
        added = self.house.clinics[relax.wishes.clinics[-1]]
        changes, words = {
            Wish.DAYS: ({"days": frozenset()}, _("Take any weekday")),
            Wish.PARTS: ({"parts": frozenset()}, _("Take any time of day")),
            Wish.CLINICIAN: ({"clinician": None, "only_her": False}, _("Take any clinician")),
            Wish.CLINICS: ({"clinics": (*asked.clinics, added.slug)}, _("Add %(clinic)s", clinic=added.name)),
            Wish.START: ({"start": None}, _("Start as soon as possible")),
            Wish.AWAY: ({"away": ()}, _("Also take times that were said to be away or busy")),
        }[relax.wish]
        plan = relax.plan
        brings = _(
            "%(rhythm)s with %(who)s at %(clinic)s, from %(day)s.",
            rhythm=rhythm_name(plan.pattern, plan.sessions[0].start),
            who=self.house.clinician(plan.pattern.clinician),
            clinic=self.house.clinic(plan.pattern.clinic),
            day=wording.day(plan.sessions[0].start, current_language()),
        )
        wishes = query_of(replace(asked, **changes))  # type: ignore[arg-type]
        return {"text": words, "brings": brings, "href": self.ways.plan_of(wishes)}


def wishes_form(house: House, query: Any, clinics: Iterable[Clinic]) -> WishesForm:
    """The form of wishes for a course, with these clinics to choose from."""
    now = clock.now()
    return WishesForm(
        query,
        clinics=clinics,
        clinicians=[who for who in house.clinicians.values() if who.needles],
        today=oslo(now).date(),
        horizon=limits_of(office()).horizon(now),
    )


def new_hint(protocol: Protocol | None) -> str:
    """What comes first for somebody new."""
    first = protocol.first_visit if protocol else None
    if first is None:
        return ""
    language = current_language()
    return _(
        "We begin with a first visit of %(minutes)s, %(price)s.",
        minutes=wording.minutes(first.treatment.minutes, language),
        price=wording.price(first.treatment.price, language),
    )


def _with_own(found: Proposal, plans: list[tuple[Plan, Rhythm]], own: Rhythm | None) -> list[tuple[Plan, Rhythm]]:
    """The plans with the one that the address names in its place, or on top. Raises DoesNotFit, UnknownWish."""
    if own is None:
        return plans
    at = next((place for place, (_plan, rhythm) in enumerate(plans) if rhythm == replace(own, swaps=())), None)
    if at is not None:
        plan = plans[at][0]
    else:
        pattern = pattern_of(db.session(), own)
        now, limits = clock.now(), limits_of(office())
        other = plan_pattern(found.protocol, found.wishes, found.availability, pattern, now=now, limits=limits)
        if other is None:
            return plans
        plan = other
    plan = with_swaps(db.session(), found.protocol, found.wishes, found.availability, plan, own.swaps)
    if at is None:
        return [(plan, own), *plans]
    return [*plans[:at], (plan, own), *plans[at + 1 :]]


_MAY_CHANGE = (ReasonKind.TAKEN, ReasonKind.NO_ROOM)
"""What can change by what others give back; nobody waits for a clinic to open on Sundays."""


def _failed(answer: NoPlan) -> list[tuple[str, str]]:
    """(weeks, reasons) in words; weeks in a row with the same reasons are told together."""
    language, told = current_language(), []
    for reasons, group in groupby(answer.weeks, key=lambda week: week.reasons):
        mondays = [week.monday for week in group]
        first, last = (wording.day_of_month(day, language) for day in (mondays[0], mondays[-1]))
        weeks = _("Week of %(day)s", day=first)
        if len(mondays) > 1:
            weeks = _("Weeks from %(first)s to %(last)s", first=first, last=last)
        told.append((weeks, wording.reasons_text(reasons, language)))
    return told


def _fails(kind: StepKind) -> str:
    return {
        StepKind.FIRST_VISIT: _("The weekly times would fit, but there is no time for a first visit before them."),
        StepKind.REVIEW: _("The weekly times would fit, but there is no time for the review after them."),
    }.get(kind, _("In these weeks nothing that was asked for is free:"))


def _nearest(house: House, each: Planned, url: str) -> dict[str, str]:
    return {
        "href": url,
        "when": wording.sentence(day_at_time(each.start)),
        "who": f"{house.clinician(each.clinician)}, {house.clinic(each.clinic)}",
    }


def _parts(house: House, offers: list[tuple[Planned, str]]) -> list[dict[str, Any]]:
    """The times of one day, by part of day."""
    grouped = groupby(offers, key=lambda offer: PartOfDay.at(offer[0].minute))
    return [
        {"label": part_name(part), "note": "", "times": [_time(house, *offer) for offer in each]}
        for part, each in grouped
    ]


def _time(house: House, each: Planned, url: str) -> dict[str, str]:
    text = wording.time_of_day(oslo(each.start), current_language())
    about = _("with %(who)s at %(clinic)s", who=house.clinician(each.clinician), clinic=house.clinic(each.clinic))
    return {"text": text, "about": about, "href": url}
