"""Places: the free times to which a visit can go, best first, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.changing import Option, Week
from booking.domain.course import Planned
from booking.services import wording
from booking.services.changes import Place
from booking.services.wishes import Unreadable, place_text, read_date, read_place
from booking.web.book.house import House
from booking.web.language import current_language
from booking.web.pictures import Link, day_at_time

WEEKS = 6
"""How many other weeks are named."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One time: what its button sends, and its words; `along`: which other visits go with it, and where to."""

    value: str
    when: str
    who: str
    along: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The times of a day at one place, as `times_by_part` in templates/components/weeks.html takes them."""

    label: str
    note: str
    times: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Times:
    """The free times of one week: the best of each day, best first, and all `count` by day where there are more."""

    monday: date
    best: list[Choice]
    count: int
    days: list[tuple[date, list[Part]]]


@dataclass(frozen=True, slots=True)
class OtherWeek:
    link: Link
    note: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The week that is shown (None: nothing fits anywhere), whether it is the first that was asked for, whether that
    one is full, and the others."""

    times: Times | None
    is_first: bool
    first_is_full: bool
    others: list[OtherWeek]


class Places:
    """Turns free times into words. `clinic`: where she goes now, which need not be named; `names`:
    what the visits are called that may go along, at the head of a sentence, by id."""

    def __init__(self, house: House, clinic: int, names: Mapping[int, str]) -> None:
        self._house, self._clinic, self._names = house, clinic, names

    def offer(self, weeks: Sequence[Week], page: str) -> Offer:
        """The week that the address asks for, or the first with free times; links to `page` show the others."""
        possible = [week for week in weeks if week.options]
        wanted = _wanted()
        shown = next((week for week in possible if week.monday == wanted), next(iter(possible), None))
        return Offer(
            times=self._times(shown) if shown else None,
            is_first=bool(weeks) and shown is weeks[0],
            first_is_full=bool(weeks) and not weeks[0].options,
            others=[self._other(week, page) for week in possible if week is not shown][:WEEKS],
        )

    def choice(self, option: Option) -> Choice:
        return Choice(
            value=self.value(option.at),
            when=wording.sentence(day_at_time(option.at.start)),
            who=self.who(option.at.clinician, option.at.clinic),
            along=tuple(self.along(option)),
        )

    def along(self, option: Option) -> Iterator[str]:
        """“The review goes along: Tuesday 22 June at 09:00.”"""
        for appointment_id, planned in option.along:
            yield _(
                "%(name)s goes along: %(moment)s.",
                name=self._names[appointment_id],
                moment=day_at_time(planned.start),
            )

    def who(self, clinician: int, clinic: int) -> str:
        return f"{self._house.clinician(clinician)}, {self._house.clinic(clinic)}"

    def value(self, planned: Planned) -> str:
        """What a button sends: one place, in the words of an address."""
        clinician, clinic = self._house.clinicians[planned.clinician], self._house.clinics[planned.clinic]
        return place_text(planned.start, clinician.slug, clinic.slug)

    def _times(self, week: Week) -> Times:
        best = [self.choice(option) for option in _first_of_each_day(week.options)]
        count = len(week.options)
        return Times(week.monday, best, count, self._days(week.options) if count > len(best) else [])

    def _days(self, options: Iterable[Option]) -> list[tuple[date, list[Part]]]:
        """All times by day; on each first those with whom and where she goes now, then as they are ranked."""
        in_order = sorted(options, key=lambda option: option.at.day)
        return [(day, list(self._parts(each))) for day, each in groupby(in_order, key=lambda option: option.at.day)]

    def _parts(self, options: Iterable[Option]) -> Iterator[Part]:
        groups: dict[tuple[int, int], list[Option]] = {}
        for option in options:
            groups.setdefault((option.at.clinician, option.at.clinic), []).append(option)
        for place, group in groups.items():
            starts = sorted(group, key=lambda option: option.at.start)
            yield Part(self._with(*place), "", [self._time(option) for option in starts])

    def _with(self, clinician: int, clinic: int) -> str:
        """“With Ask Eksempel”; the clinic too where it is another than she goes to now."""
        who = self._house.clinician(clinician)
        if clinic == self._clinic:
            return _("With %(who)s", who=who)
        return _("With %(who)s at %(clinic)s", who=who, clinic=self._house.clinic(clinic))

    def _time(self, option: Option) -> dict[str, str]:
        at, text = option.at, wording.time_of_day(option.at.start, current_language())
        who, clinic = self._house.clinician(at.clinician), self._house.clinic(at.clinic)
        about = [_("with %(who)s at %(clinic)s", who=who, clinic=clinic), *self.along(option)]
        return {"text": text, "about": ". ".join(about), "value": self.value(at)}

    def _other(self, week: Week, page: str) -> OtherWeek:
        words = _("Week of %(day)s", day=wording.day_of_month(week.monday, current_language()))
        free = ngettext("%(num)s free time", "%(num)s free times", len(week.options))
        best = day_at_time(week.options[0].at.start)
        if len(week.options) > 1:
            best = _("best %(moment)s", moment=best)
        return OtherWeek(Link(f"{page}?week={week.monday.isoformat()}", words), f"{free}, {best}")


def _first_of_each_day(options: Iterable[Option]) -> list[Option]:
    """The best of each day, best first."""
    found: dict[date, Option] = {}
    for option in options:
        found.setdefault(option.at.day, option)
    return list(found.values())


def changed_by(options: Iterable[Option]) -> set[int]:
    """How many visits each of these changes: one, or more where others go along."""
    return {1 + len(option.along) for option in options} or {1}


def place_of(house: House, text: str) -> Place:
    """The place that a button sent. Raises Unreadable for what no button sends."""
    start, clinician_slug, clinic_slug = read_place(text)
    clinicians = {clinician.slug: clinician.id for clinician in house.clinicians.values()}
    clinics = {clinic.slug: clinic.id for clinic in house.clinics.values()}
    if clinician_slug not in clinicians or clinic_slug not in clinics:
        raise Unreadable(text)
    return Place(start, clinicians[clinician_slug], clinics[clinic_slug])


def option_at(weeks: Iterable[Week], place: Place) -> Option | None:
    """The free time at this place; None if it is not free (any more)."""
    options = (option for week in weeks for option in week.options)
    return next((option for option in options if stands_at(option.at, place)), None)


def stands_at(planned: Planned, place: Place) -> bool:
    return (planned.start, planned.clinician, planned.clinic) == (place.start, place.clinician_id, place.clinic_id)


def _wanted() -> date | None:
    """The Monday of the week that the address asks for."""
    try:
        return read_date(request.args.get("week", ""))
    except Unreadable:
        return None
