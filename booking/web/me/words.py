"""Words: what the page of a course says about its visits, in the language of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext as _

from booking.domain.period import oslo
from booking.domain.protocol import StepKind
from booking.services import wording
from booking.store.appointments import PENDING
from booking.store.courses import WAITING, Course
from booking.web import pictures
from booking.web.book.words import weekly
from booking.web.filters import iso, local
from booking.web.language import current_language
from booking.web.me.visits import Told, Visit, drawn

CHANGE, BEFORE = "?open=change#change", "?open=before#before"
"""The page of the course, with one of its parts unfolded."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The large panel on top, as `next_visit` in templates/components/page.html takes it."""

    heading: str
    iso: str
    date: str
    time: str
    lines: tuple[str, ...]
    links: tuple[pictures.Link, ...]


def next_panel(told: Told, *, now: datetime) -> Panel | None:
    """The next visit; None when there is none ahead."""
    visit = told.next
    if visit is None:
        return None
    start, language = visit.period.start, current_language()
    return Panel(
        heading=_("Kept for you, not booked") if visit.appointment.status == PENDING else _("Next visit"),
        iso=iso(start),
        date=wording.sentence(wording.day(start, language)),
        time=wording.at_time(start, language),
        lines=tuple(filter(None, _panel_lines(visit, now=now))),
        links=(pictures.Link(CHANGE, _("If it does not suit you")), pictures.Link(BEFORE, _("Before you come"))),
    )


def rows_of(told: Told, *, now: datetime) -> list[pictures.Row]:
    """All visits as a list: what differs from what is usual, and which can no longer be cancelled free of charge."""
    usual = _usual(told.visits)
    return pictures.rows_of(replace(drawn(v), words=_row_words(v, usual=usual, now=now)) for v in told.visits)


def same_words(told: Told) -> str:
    """On what day, with whom and where, once: for all visits, or what is usual where some differ."""
    usual = _usual(told.visits)
    if usual is None:
        return ""
    with_whom = {"who": _who(usual), "where": usual.clinic.name}
    alike, rhythm = all(_place(each) == _place(usual) for each in told.visits), _rhythm(told.visits)
    if not rhythm:
        return (
            _("With %(who)s at %(where)s.", **with_whom)
            if alike
            else _("Usually with %(who)s at %(where)s.", **with_whom)
        )
    if alike and len(_starts(told.visits)) == 1:
        return _("%(rhythm)s, with %(who)s at %(where)s.", rhythm=rhythm, **with_whom)
    return _("Usually: %(rhythm)s, with %(who)s at %(where)s.", rhythm=rhythm, **with_whom)


def free_words(visit: Visit, *, now: datetime) -> str:
    """Until when cancelling costs nothing; empty for a visit that is over, or that is not settled yet."""
    if visit.state in ("done", "missed") or visit.appointment.status == PENDING:
        return ""
    if visit.charge.excused:
        return _("Late to cancel, but free this once.")
    if visit.charge.free_until < now:
        return _("Too late to cancel free of charge.")
    return _("Free to cancel until %(moment)s.", moment=pictures.day_at_time(visit.charge.free_until))


def waiting_words(course: Course) -> str:
    """What happens with times that are kept until somebody has talked with the patient."""
    if course.status != WAITING or course.decide_by is None:
        return ""
    by_then = wording.deadline(course.decide_by, current_language())
    if course.mobile:
        return _("We want to talk with you first. We keep these times and ring you %(by_then)s.", by_then=by_then)
    return _(
        "We want to talk with you first, and have no phone number for you. We keep these times. Please call us"
        " %(by_then)s.",
        by_then=by_then,
    )


def _panel_lines(visit: Visit, *, now: datetime) -> list[str]:
    return [
        _what_and_who(visit),
        f"{visit.clinic.name}, {visit.clinic.full_address}",
        _("Way in: %(way_in)s", way_in=local(visit.clinic.way_in)),
        local(visit.clinic.transport),
        free_words(visit, now=now),
    ]


def _row_words(visit: Visit, *, usual: Visit | None, now: datetime) -> str:
    words = []
    if visit.appointment.kind != StepKind.SESSION:
        words.append(f"{pictures.name_of(drawn(visit))}, {_length(visit)}.")
    if usual is not None and _place(visit) != _place(usual):
        words.append(_("With %(who)s at %(where)s.", who=visit.clinician.name, where=visit.clinic.name))
    late = visit.charge.excused or visit.charge.free_until < now
    return " ".join(filter(None, [*words, free_words(visit, now=now) if late else ""]))


def _usual(visits: Sequence[Visit]) -> Visit | None:
    """One of those visits whose clinician and clinic most of them have."""
    count = Counter(map(_place, visits))
    return max(visits, key=lambda visit: count[_place(visit)], default=None)


def _place(visit: Visit) -> tuple[int, int]:
    return visit.clinic.id, visit.clinician.id


def _starts(visits: Sequence[Visit]) -> Counter[tuple[int, int]]:
    """How many sessions there are at each weekday and minute of the day, in Oslo."""
    starts = (oslo(v.appointment.starts_at) for v in visits if v.appointment.kind == StepKind.SESSION)
    return Counter((start.weekday(), start.hour * 60 + start.minute) for start in starts)


def _rhythm(visits: Sequence[Visit]) -> str:
    """“Tuesdays at 09:00”, if several sessions are then, and more than at all other times together."""
    starts = _starts(visits)
    for (weekday, minute), count in starts.most_common(1):
        if count > 1 and 2 * count > starts.total():
            return weekly(weekday, minute, visits[0].appointment.starts_at)
    return ""


def _what_and_who(visit: Visit) -> str:
    return _("%(length)s with %(who)s", length=_length(visit), who=_who(visit))


def _who(visit: Visit) -> str:
    return f"{visit.clinician.name}, {local(visit.clinician.profession.name)}"


def _length(visit: Visit) -> str:
    return wording.minutes(visit.period.length // timedelta(minutes=1), current_language())
