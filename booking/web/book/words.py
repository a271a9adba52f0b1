"""Words: how the booking pages name a rhythm, a number and what a plan costs."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from booking.domain.course import Pattern, Plan
from booking.domain.period import at_wall, oslo
from booking.services import wording
from booking.services.proposals import Rhythm
from booking.web.language import current_language


def rhythm_name(pattern: Pattern | Rhythm, near: datetime) -> str:
    """“Tuesdays at 09:00”; `near`: any of its appointments."""
    return weekly(pattern.weekday, pattern.minute, near)


def weekly(weekday: int, minute: int, near: datetime) -> str:
    """The same for a weekday, from Monday as 0, and a minute of the day."""
    time = wording.at_time(at_wall(near.date(), minute), current_language())
    return (
        _("Mondays at %(time)s", time=time),
        _("Tuesdays at %(time)s", time=time),
        _("Wednesdays at %(time)s", time=time),
        _("Thursdays at %(time)s", time=time),
        _("Fridays at %(time)s", time=time),
        _("Saturdays at %(time)s", time=time),
        _("Sundays at %(time)s", time=time),
    )[weekday]


def from_to(first: datetime, last: datetime) -> str:
    """“6 April to 1 June”"""
    language = current_language()
    return _(
        "%(first)s to %(last)s",
        first=wording.day_of_month(first, language),
        last=wording.day_of_month(last, language),
    )


def cancel_rule(hours: int) -> str:
    """What moving and cancelling cost, and up to how many hours before it is free."""
    return _(
        "Moving or cancelling is free until %(hours)s hours before an appointment. Later you pay the full price, but"
        " the first late move or cancellation is free. If you do not come, you pay the full price.",
        hours=hours,
    )


def kept_until_words(until: datetime, *, now: datetime) -> str:
    """“14:05”; with the day, for times that are kept longer than today."""
    language = current_language()
    same_day = oslo(until).date() == oslo(now).date()
    return wording.at_time(until, language) if same_day else wording.day_and_time(until, language)


def number_word(number: int) -> str:
    """Small numbers as words, others in digits."""
    words = (
        _("one"),
        _("two"),
        _("three"),
        _("four"),
        _("five"),
        _("six"),
        _("seven"),
        _("eight"),
        _("nine"),
        _("ten"),
        _("eleven"),
        _("twelve"),
    )
    return words[number - 1] if 1 <= number <= len(words) else str(number)


def what_it_covers(plan: Plan) -> str:
    """“first visit, nine sessions, review; paid at each visit”"""
    sessions = _("%(count)s sessions", count=number_word(len(plan.sessions)))
    parts = [_("first visit")] if plan.first_visit else []
    parts += [sessions] + ([_("review")] if plan.reviews else [])
    return _("%(parts)s; paid at each visit", parts=", ".join(parts))
