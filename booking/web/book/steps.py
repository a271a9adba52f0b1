"""Steps: the way from kept times to a course, what was answered on it, and what stands on top of each page of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.errors import SlotTaken
from booking.domain.period import oslo
from booking.domain.protocol import Protocol
from booking.domain.screening import Gate, HealthCheck, Outcome
from booking.services import wording
from booking.services.courses import ADULT_AT, Details, age_on
from booking.services.holds import answers_of, busy_of, keep_again
from booking.services.links import PAGE, token_of
from booking.services.proposals import NINE_WEEKS, Asked, Rhythm
from booking.services.wishes import asked_of, parsed, rhythm_of
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.protocols import protocol_by_id
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.words import from_to, kept_until_words, rhythm_name
from booking.web.forms.details import DetailsForm
from booking.web.language import current_language
from booking.web.office import office
from booking.web.pictures import day_at_time

STEPS = ("health", "health_more", "details", "check")


@dataclass(frozen=True, slots=True)
class Draft:
    """An unfinished booking: the kept times, and what was answered so far."""

    hold: Hold
    answers: dict[str, Any]

    @property
    def protocol(self) -> Protocol:
        return protocol_by_id(db.session(), self.hold.protocol_id)

    @property
    def is_course(self) -> bool:
        return len(self.hold.times) > 1

    @property
    def asked(self) -> Asked:
        """What led to the times, her own busy times included."""
        query = parsed(self.hold.query)
        kind = query.get("kind", NINE_WEEKS)
        return replace(asked_of(query), protocol=kind, busy=busy_of(self.answers))

    @property
    def rhythm(self) -> Rhythm | None:
        return rhythm_of(parsed(self.hold.query))

    @property
    def gate(self) -> Gate | None:
        return Gate(self.answers["health"]["gate"]) if "health" in self.answers else None

    @property
    def health(self) -> HealthCheck | None:
        """The health check, once it is complete."""
        told = self.answers.get("health")
        if told is None or (told["gate"] == Gate.YES and told["conditions"] is None):
            return None
        return HealthCheck(Gate(told["gate"]), frozenset(told["conditions"] or ()))

    @property
    def must_call(self) -> bool:
        return self.health is not None and self.health.outcome is Outcome.CALL

    @property
    def typed(self) -> dict[str, Any] | None:
        typed: dict[str, Any] | None = self.answers.get("typed")
        return typed

    @property
    def details(self) -> Details | None:
        """Who it is for, once that is complete."""
        if self.typed is None:
            return None
        form = DetailsForm(formdata=None, data=self.typed, today=today(), meta={"csrf": False})
        return form.details() if form.validate() else None

    @property
    def too_young(self) -> bool:
        details = self.details
        return details is not None and age_on(details.birth_date, today()) < ADULT_AT


def today() -> Any:
    return oslo(clock.now()).date()


def step(view: Callable[[Draft], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """A page of the way. A booking that is done leads to its course; times that ran out are kept again if possible."""

    @open_to(Rule.VISITOR)
    @wraps(view)
    def guarded() -> ResponseReturnValue:
        hold: Hold = g.hold
        if hold.course_id is not None:
            return redirect(course_url(hold.course_id), 303)
        if hold.expires_at <= clock.now() and not _kept_again(hold):
            return redirect(url_for("book.lost"), 303)
        return view(this_draft())

    return guarded


def this_draft() -> Draft:
    return Draft(g.hold, answers_of(office(), g.hold))


def next_url(draft: Draft) -> str:
    """The first step that is not answered yet."""
    if draft.health is None:
        return url_for("book.health_more" if draft.gate is Gate.YES else "book.health")
    if draft.details is None:
        return url_for("book.details")
    return url_for("book.by_phone" if draft.too_young else "book.check")


def course_url(course_id: int) -> str:
    """The page that says what the booking became."""
    link = links_of(db.session(), course_id)[PAGE]
    return url_for("me.booked", token=token_of(office(), link))


def times_url(draft: Draft) -> str:
    """Where the times were chosen."""
    endpoint = "book.single" if parsed(draft.hold.query).get("kind") else "book.plan"
    return f"{url_for(endpoint)}?{draft.hold.query}"


def frame_of(draft: Draft, name: str) -> dict[str, Any]:
    """What each page of the way shows on top: the choice so far, and until when it is kept."""
    hold, now = draft.hold, clock.now()
    return {
        "chosen": chosen_words(draft),
        "change": {"href": times_url(draft), "text": _("Change")},
        "parts": step_names(draft),
        "kept_until": kept_until_words(hold.expires_at, now=now),
        "kept_seconds": max(int((hold.expires_at - now) / timedelta(seconds=1)), 0),
        "can_extend": not hold.extended,
        "extend_url": url_for("book.extend", step=name),
    }


def step_names(draft: Draft) -> list[str]:
    first = _("Plan") if draft.is_course else _("Time")
    return [first, _("Health check"), _("Your details"), _("Confirm")]


def chosen_words(draft: Draft) -> list[str]:
    """The choice in a line: when, with whom, where, and for whom if somebody else books."""
    house, times = House(db.session()), draft.hold.times
    sessions = [time for time in times if time.kind == "session"] or times
    rhythm = draft.rhythm
    who = Counter(house.clinician(time.clinician_id) for time in sessions).most_common(1)[0][0]
    where = Counter(house.clinic(time.clinic_id) for time in sessions).most_common(1)[0][0]
    if rhythm and draft.is_course:
        words = [rhythm_name(rhythm, sessions[0].starts_at), who, where]
        words.append(from_to(sessions[0].starts_at, sessions[-1].starts_at))
    else:
        words = [wording.sentence(day_at_time(times[0].starts_at)), who, where]
    details = draft.details
    if details is not None and details.booked_by:
        words.append(_("for %(name)s", name=details.name))
    return words


def _kept_again(hold: Hold) -> bool:
    now = clock.now()
    try:
        keep_again(office(), hold.id, now=now)
    except SlotTaken:
        return False
    fresh(hold)
    until = wording.at_time(hold.expires_at, current_language())
    flash(_("The time ran out, but your times were still free. We keep them again until %(time)s.", time=until), "info")
    return True


def fresh(hold: Hold) -> None:
    """Reads the hold again after a use case has changed it."""
    db.session.rollback()
    db.session.refresh(hold)
