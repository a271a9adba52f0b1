"""Finder: who can treat somebody with these wishes, where, how far away, and how soon."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import inf
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking.domain.distance import Point, kilometres
from booking.domain.period import oslo
from booking.services.office import Office
from booking.services.postcodes import Place, find_place, of_postcode, plain
from booking.services.soonest import Prospect, prospects
from booking.store.clinics import ClinicFacts, clinic_facts
from booking.store.people import ClinicianFacts, Profession, all_professions, clinician_facts
from booking.store.schedules import workplaces

MOST_RELAXED = 8
"""How many ways out of no match are told."""

AUTHORISED = "authorised"
"""In place of one profession: all whose members are authorised health personnel."""

Pair = tuple[int, int]
"""(clinic, clinician), by their ids"""


class Need(Enum):
    """What somebody needs of a clinic: a fact of it, by the name of its column."""

    STEP_FREE = "step_free"
    LIFT = "lift"
    LIE_DOWN = "lie_down"
    HEARING_LOOP = "hearing_loop"
    TOILET = "toilet"
    QUIET_ROOM = "quiet_room"


class Wish(NamedTuple):
    """One of the wishes, as an address has it: its name there, and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is wished for; None and nothing: all the same. `within`: kilometres from `place`; `profession`: a slug, or
    AUTHORISED; `speaks`: a language's code; `nearest`: by distance from `place`, else by the first session of a whole
    course."""

    place: Place | None = None
    within: int | None = None
    county: str | None = None
    profession: str | None = None
    speaks: str | None = None
    needs: frozenset[Need] = frozenset()
    nearest: bool = False


class Match(NamedTuple):
    """A clinician at one of her clinics. `distance` in kilometres; None without a place. No `prospect`: nobody knows
    just now."""

    clinic: ClinicFacts
    clinician: ClinicianFacts
    distance: float | None
    prospect: Prospect | None


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Wishes without which there would be matches, and how many people that would be."""

    wishes: tuple[Wish, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Found:
    """The matches in order; where there are none, which wishes to leave out."""

    matches: tuple[Match, ...]
    relaxed: tuple[Relaxed, ...]

    @property
    def people(self) -> int:
        return len({match.clinician.id for match in self.matches})

    @property
    def clinics(self) -> int:
        return len({match.clinic.id for match in self.matches})


def locate(text: str, clinics: Iterable[ClinicFacts]) -> Place | None:
    """What place is meant; one that no table has can still be where a clinic is, or its name."""
    name = plain(text)
    return find_place(text) or next((_of(clinic) for clinic in clinics if name and name in _names(clinic)), None)


def find(session: Session, office: Office, sought: Sought, *, now: datetime) -> Found:
    """Everybody who meets all wishes, each clinician once for each of her clinics.

    As many statements for many clinics as for few.
    """
    clinics = {clinic.id: clinic for clinic in clinic_facts(session)}
    clinicians = {clinician.id: clinician for clinician in clinician_facts(session)}
    professions = {each.id: {each.slug} | _group(each) for each in all_professions(session).values()}
    distances = {clinic.id: _distance(clinic, sought.place) for clinic in clinics.values()}
    there = {clinic.id: _unmet_at(clinic, distances[clinic.id], sought) for clinic in clinics.values()}
    by_her = {clinician.id: _unmet_by(clinician, professions, sought) for clinician in clinicians.values()}
    unmet = {pair: there[pair[0]] | by_her[pair[1]] for pair in workplaces(session, today=oslo(now).date())}
    fitting = [pair for pair, wishes in unmet.items() if not wishes]
    if not fitting:
        return Found((), _relaxed(unmet))
    known = _known(session, office, {clinic for clinic, _ in fitting}, now)
    found = (Match(clinics[a], clinicians[b], distances[a], known.get((a, b))) for a, b in fitting)
    return Found(tuple(sorted(found, key=_by_distance if sought.nearest else _by_time)), ())


# -- which wishes are met -------------------------------------------------------------------------------------

Wishes = frozenset[Wish]


def _unmet_at(clinic: ClinicFacts, distance: float | None, sought: Sought) -> Wishes:
    unmet = {Wish("need", need.value) for need in sought.needs if not getattr(clinic, need.value)}
    if sought.county is not None and clinic.county != sought.county:
        unmet.add(Wish("county", sought.county))
    if sought.within is not None and sought.place is not None and (distance is None or distance > sought.within):
        unmet.add(Wish("within", str(sought.within)))
    return frozenset(unmet)


def _group(profession: Profession) -> set[str]:
    return {AUTHORISED} if profession.authorised else set()


def _unmet_by(clinician: ClinicianFacts, professions: Mapping[int, Collection[str]], sought: Sought) -> Wishes:
    """`professions`: by their ids, under which names they can be wished for."""
    unmet = set()
    if sought.profession is not None and sought.profession not in professions[clinician.profession_id]:
        unmet.add(Wish("profession", sought.profession))
    if sought.speaks is not None and sought.speaks not in clinician.languages:
        unmet.add(Wish("speaks", sought.speaks))
    return frozenset(unmet)


def _relaxed(unmet: Mapping[Pair, Wishes]) -> tuple[Relaxed, ...]:
    """The fewest wishes to leave out, most people first: one wish where one stands in the way, else two, or more."""
    fewest = min(map(len, unmet.values()), default=0)
    people: dict[Wishes, set[int]] = {}
    for (_, clinician), wishes in unmet.items():
        if len(wishes) == fewest:
            people.setdefault(wishes, set()).add(clinician)
    found = [Relaxed(tuple(sorted(wishes)), len(each)) for wishes, each in people.items()]
    return tuple(sorted(found, key=lambda each: (-each.people, each.wishes))[:MOST_RELAXED])


# -- where and when -------------------------------------------------------------------------------------------


def _known(session: Session, office: Office, clinics: Collection[int], now: datetime) -> dict[Pair, Prospect]:
    found = prospects(session, office, now=now, clinics=clinics)
    return {(prospect.clinic_id, prospect.clinician_id): prospect for prospect in found}


def _by_time(match: Match) -> tuple[float, float, str, int]:
    return _starts(match), _far(match), match.clinician.name, match.clinic.position


def _by_distance(match: Match) -> tuple[float, float, str, int]:
    return _far(match), _starts(match), match.clinician.name, match.clinic.position


def _starts(match: Match) -> float:
    """Session 1 of a whole course, in seconds; who has none comes last."""
    course = match.prospect.course if match.prospect else None
    return course.starts_at.timestamp() if course else inf


def _far(match: Match) -> float:
    return inf if match.distance is None else match.distance


def _distance(clinic: ClinicFacts, place: Place | None) -> float | None:
    point = _point(clinic) if place else None
    return kilometres(place.point, point) if place and point else None


def _point(clinic: ClinicFacts) -> Point | None:
    """Where the clinic is; about where, if only its postcode is known."""
    if clinic.latitude is not None and clinic.longitude is not None:
        return Point(clinic.latitude, clinic.longitude)
    area = of_postcode(clinic.postcode)
    return area.point if area else None


def _of(clinic: ClinicFacts) -> Place | None:
    point = _point(clinic)
    return Place(clinic.name, clinic.county, point) if point else None


def _names(clinic: ClinicFacts) -> set[str]:
    return {plain(clinic.name), plain(clinic.place), plain(clinic.municipality)}
