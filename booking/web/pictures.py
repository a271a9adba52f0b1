"""Pictures: a course as the matrix of its weeks and as a list, from what is planned or booked.

`Visit` is what both are drawn from; the results are what templates/components/weeks.html takes. Texts are in the
language of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from babel.dates import format_date
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.course import Departure, Deviation
from booking.domain.period import monday_of, oslo
from booking.domain.protocol import StepKind
from booking.domain.slot import Reason, ReasonKind
from booking.services import wording
from booking.web.language import current_language

WORKING_DAYS = 5
FEW_TO_MANY = (1, 4, 8, 13, 19)
"""From how many free times on a day is shaded one level darker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One appointment as it is shown. `where`, `who`: names; `state`: '', 'done', 'next' or 'missed'.

    `words`: what stands under the date in the list, instead of what kind of visit it is.
    """

    kind: StepKind
    number: int
    start: datetime
    end: datetime
    where: str
    who: str
    deviation: Deviation | None = None
    state: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    kind: str
    text: str = ""
    title: str = ""
    level: int = 0
    also: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the picture is drawn on: free times by date, and why a date is closed (a name, or '' for no reason)."""

    free: Mapping[date, int] = field(default_factory=dict)
    closed: Mapping[date, str] = field(default_factory=dict)
    cells: dict[date, Cell] = field(default_factory=dict, init=False)
    """Those drawn so far: several pictures stand on the same ground."""


@dataclass(frozen=True, slots=True)
class DayLabel:
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Week:
    label: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    caption: str
    days: tuple[DayLabel, ...]
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    mark: str
    kind: str
    state: str
    iso: str
    date: str
    time: str
    text: str
    note: str
    link: Link | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A deviation in words, with a way to other times."""

    title: str
    text: str
    link: Link | None


def picture_of(visits: Sequence[Visit], ground: Ground, caption: str) -> Picture:
    """The matrix from the week of the first visit to that of the last, in order of time."""
    first, last = monday_of(_day(visits[0])), _day(visits[-1])
    mondays = [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]
    count = max([WORKING_DAYS, *(_day(visit).weekday() + 1 for visit in visits)])
    on = {day: list(each) for day, each in groupby(visits, key=_day)}
    return Picture(
        caption,
        tuple(_day_label(first + timedelta(days=day)) for day in range(count)),
        tuple(_week(monday, count, on, ground) for monday in mondays),
    )


def rows_of(visits: Iterable[Visit], *, notes: bool = True, links: Mapping[int, Link] | None = None) -> list[Row]:
    """The list. `notes`: with the reasons for what was moved; `links`: by number of the session."""
    return [_row(visit, notes=notes, link=(links or {}).get(_link_number(visit))) for visit in visits]


def explained(visit: Visit, *, link: Link | None = None, kept: str = "") -> Explained:
    """Why a session does not stand where its pattern would have it; `kept`: a sentence to add."""
    words = [moved_because(visit), kept]
    return Explained(moved_to(visit), " ".join(filter(None, words)), link)


def moved_to(visit: Visit) -> str:
    """“Week 7 moves to Wednesday 19 May at 09:30.”"""
    deviation = _deviation(visit)
    when = day_at_time(visit.start)
    if deviation.departure >= Departure.OTHER_CLINIC:
        when = _("%(when)s, with %(who)s at %(where)s", when=when, who=visit.who, where=visit.where)
    elif deviation.departure >= Departure.COLLEAGUE:
        when = _("%(when)s, with %(who)s", when=when, who=visit.who)
    weeks = (monday_of(_day(visit)) - monday_of(oslo(deviation.instead_of).date())).days // 7
    if weeks:
        return ngettext(
            "Session %(number)s comes a week later: %(when)s.",
            "Session %(number)s comes %(num)s weeks later: %(when)s.",
            weeks,
            number=visit.number,
            when=when,
        )
    return _("Week %(number)s moves to %(when)s.", number=visit.number, when=when)


def moved_because(visit: Visit) -> str:
    """“Tuesday 18 May: the clinician is away.”; she chose it herself where nothing was against it."""
    deviation = _deviation(visit)
    if not deviation.reasons:
        return _("You chose this time yourself.")
    language, instead_of = current_language(), deviation.instead_of
    same_day = oslo(instead_of).date() == _day(visit)
    moment = wording.at_time(instead_of, language) if same_day else wording.day(instead_of, language)
    reasons = _spoken(deviation.reasons, language)
    return wording.sentence(_("%(moment)s: %(reasons)s.", moment=moment, reasons=reasons))


def day_at_time(moment: datetime) -> str:
    """“Wednesday 19 May at 09:30”, “onsdag 19. mai kl. 09.30”."""
    language = current_language()
    return _("%(day)s at %(time)s", day=wording.day(moment, language), time=wording.at_time(moment, language))


def name_of(visit: Visit) -> str:
    """“Session 3”, “First visit”, “Review”."""
    if visit.kind is StepKind.FIRST_VISIT:
        return _("First visit")
    if visit.kind is StepKind.REVIEW:
        return _("Review")
    return _("Session %(number)s", number=visit.number)


def subject_of(visit: Visit) -> str:
    """The same at the head of a sentence: “Session 3”, “The first visit”, “The review”."""
    if visit.kind is StepKind.FIRST_VISIT:
        return _("The first visit")
    if visit.kind is StepKind.REVIEW:
        return _("The review")
    return name_of(visit)


def _spoken(reasons: Sequence[Reason], language: str) -> str:
    """Away and outside of hours in the same breath say one thing: she does not work then."""
    kinds = {reason.kind for reason in reasons}
    if ReasonKind.ABSENCE in kinds:
        reasons = [reason for reason in reasons if reason.kind is not ReasonKind.OUTSIDE_HOURS]
    return wording.reasons_text(reasons, language)


def _deviation(visit: Visit) -> Deviation:
    assert visit.deviation is not None, "only what was moved is explained"
    return visit.deviation


def _day(visit: Visit) -> date:
    return oslo(visit.start).date()


def _link_number(visit: Visit) -> int:
    return visit.number if visit.kind is StepKind.SESSION else 0


# -- the matrix -----------------------------------------------------------------------------------------------


def _day_label(day: date) -> DayLabel:
    language = current_language()
    return DayLabel(
        wording.sentence(format_date(day, "EEE", locale=language).rstrip(".")),
        wording.sentence(wording.weekday(day, language)),
    )


def _week(monday: date, count: int, on: Mapping[date, list[Visit]], ground: Ground) -> Week:
    language = current_language()
    days = [monday + timedelta(days=day) for day in range(count)]
    label = format_date(monday, "d. MMM" if language == "nb" else "d MMM", locale=language)
    name = _("Week of %(day)s", day=wording.day_of_month(monday, language))
    return Week(label, name, tuple(_cell(day, on.get(day, []), ground) for day in days))


def _cell(day: date, visits: list[Visit], ground: Ground) -> Cell:
    if visits:
        return _visit_cell(visits)
    if day not in ground.cells:
        ground.cells[day] = _empty_cell(day, ground)
    return ground.cells[day]


def _empty_cell(day: date, ground: Ground) -> Cell:
    language = current_language()
    if day in ground.closed:
        why = ground.closed[day]
        return Cell("shut", title=_("Closed: %(why)s", why=why) if why else _("Closed"))
    free = ground.free.get(day, 0)
    level = sum(free >= enough for enough in FEW_TO_MANY)
    if not ground.free:
        return Cell("free")
    words = ngettext("%(day)s: %(num)s free time", "%(day)s: %(num)s free times", free, day=wording.day(day, language))
    return Cell("free", title=wording.sentence(words), level=level)


def _visit_cell(visits: list[Visit]) -> Cell:
    """A session says more than the first visit that stands directly before it."""
    shown = max(visits, key=lambda visit: visit.kind is StepKind.SESSION)
    also = "first" if any(v.kind is StepKind.FIRST_VISIT for v in visits if v is not shown) else ""
    title = ". ".join(_title(visit) for visit in visits)
    return Cell(_kind(shown), wording.time_of_day(shown.start, current_language()), title, also=also)


def _kind(visit: Visit) -> str:
    if visit.state:
        return visit.state
    if visit.kind is StepKind.SESSION:
        return "moved" if visit.deviation else "pick"
    return "first" if visit.kind is StepKind.FIRST_VISIT else "review"


def _title(visit: Visit) -> str:
    when = day_at_time(visit.start)
    if visit.state == "done":
        return _("%(name)s, done: %(when)s", name=name_of(visit), when=when)
    if visit.state == "missed":
        return _("%(name)s, missed: %(when)s", name=name_of(visit), when=when)
    if visit.deviation:
        return _("%(name)s, moved to %(when)s", name=name_of(visit), when=when)
    return _("%(name)s: %(when)s", name=name_of(visit), when=when)


# -- the list -------------------------------------------------------------------------------------------------


def _row(visit: Visit, *, notes: bool, link: Link | None) -> Row:
    language = current_language()
    session = visit.kind is StepKind.SESSION
    return Row(
        mark=str(visit.number) if session else "",
        kind={StepKind.FIRST_VISIT: "first", StepKind.REVIEW: "review"}.get(visit.kind, "session"),
        state=visit.state or ("moved" if visit.deviation else ""),
        iso=oslo(visit.start).isoformat(timespec="minutes"),
        date=wording.sentence(wording.day(visit.start, language)),
        time=wording.time_of_day(visit.start, language),
        text=visit.words or ("" if session else _with_minutes(visit)),
        note=_("Moved. %(why)s", why=moved_because(visit)) if notes and visit.deviation and not _is_past(visit) else "",
        link=link,
    )


def _is_past(visit: Visit) -> bool:
    return visit.state in ("done", "missed")


def _with_minutes(visit: Visit) -> str:
    length = (visit.end - visit.start) // timedelta(minutes=1)
    minutes = ngettext("%(num)s minute", "%(num)s minutes", length)
    return _("%(name)s, %(minutes)s", name=name_of(visit), minutes=minutes)
