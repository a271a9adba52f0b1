"""Demonstration: invented clinics, people and protocols, so that everything can be tried before anything is real."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.period import OSLO, oslo
from booking.domain.schedule import Name
from booking.services.articles import load_articles
from booking.services.factors import code_now, hashed, secret_of
from booking.store.accounts import Account, Role
from booking.store.articles import Article, Rating
from booking.store.clinics import Clinic, Group, Room, the_group
from booking.store.database import utc
from booking.store.people import Clinician, Profession
from booking.store.protocols import Protocol, ProtocolStep, Treatment
from booking.store.schedules import Break, ClosedPeriod, Hours, HoursDay
from booking.store.unit_of_work import unit_of_work

CONTENT = Path(__file__).resolve().parent.parent / "content"
LANGUAGES = ("nb", "en")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CLINIC_FACTS = (
    *("slug", "name", "county", "municipality", "address", "postcode", "place", "phone_display", "email"),
    *("step_free", "lift", "lie_down", "hearing_loop", "toilet", "quiet_room", "latitude", "longitude", "cover"),
    *("grid_minutes", "buffer_minutes", "cancel_hours", "facts_on"),
)
CLINIC_NAMES = ("phone_note", "phone_hours", "transport", "parking", "way_in", "wear", "cover_alt")

Facts = Mapping[str, Any]


def load_demonstration(now: datetime) -> bool:
    """Loads the demonstration data, whole or not at all; False if the house already has data. Who can sign in is added
    to demonstration data, too, that have nobody.

    Hours are valid from 1 January of the year before `now` in Oslo, so that a filled calendar can begin in the past.
    """
    facts = demonstration_facts()
    since = date(oslo(now).year - 1, 1, 1)
    password = hashed(facts["accounts"]["password"])
    return unit_of_work(lambda session: _load(session, facts, since, now, password))


def demonstration_facts() -> Facts:
    """Everything the demonstration data says, as its file does."""
    return tomllib.loads((CONTENT / "demonstration.toml").read_text("utf-8"))


def _load(session: Session, facts: Facts, since: date, now: datetime, password: str) -> bool:
    group = session.scalar(select(Group))
    if group is not None:
        nobody = group.demonstration and session.scalar(select(Account.id).limit(1)) is None
        if nobody:
            _load_accounts(session, facts["accounts"], now, password)
        return nobody
    session.add(_group(facts["group"]))
    clinics = _load_clinics(session, facts, since)
    _load_closed_periods(session, facts["closed"], clinics)
    _load_clinicians(session, facts, clinics, since)
    _load_protocols(session, facts)
    load_articles(session, facts["articles"]["slugs"], now=now)
    _load_votes(session, facts["articles"]["votes"], now)
    _load_accounts(session, facts["accounts"], now, password)
    return True


def _group(facts: Facts) -> Group:
    return Group(
        name=facts["name"],
        phone_display=facts["phone_display"],
        phone_note=Name.of(**facts["phone_note"]),
        demonstration=True,
        leading_article=facts["leading_article"],
        leading_words=Name.of(**facts["leading_words"]),
    )


def _load_votes(session: Session, votes: Mapping[str, list[int]], now: datetime) -> None:
    """Votes of readers who are as invented as their names."""
    session.flush()
    for slug, stars in votes.items():
        article_id = session.scalars(select(Article.id).where(Article.slug == slug)).one()
        session.add_all(
            Rating(article_id=article_id, reader=f"demonstration {number}", stars=each, rated_at=utc(now))
            for number, each in enumerate(stars, 1)
        )


# -- clinics ----------------------------------------------------------------------------------------------------------


def _load_clinics(session: Session, facts: Facts, since: date) -> dict[str, Clinic]:
    clinics = {}
    for position, own in enumerate(facts["clinics"], 1):
        clinics[own["slug"]] = clinic = _clinic(position, {**facts["every_clinic"], **own})
        session.add(clinic)
    session.flush()
    for own in facts["clinics"]:
        clinic_id = clinics[own["slug"]].id
        session.add(_hours(own["hours"], clinic_id, since=since))
        pause = minutes_of(facts["every_clinic"]["lunch"])
        session.add(Break(clinic_id=clinic_id, start_minute=pause[0], end_minute=pause[1]))
    for season in facts["seasons"]:
        session.add_all(_season(season, clinics[season["clinic"]].id))
    return clinics


def _clinic(position: int, facts: Facts) -> Clinic:
    return Clinic(
        position=position,
        intro=_text(f"clinics/{facts['slug']}"),
        rooms=[Room(name=str(number)) for number in range(1, facts["rooms"] + 1)],
        **{field: facts[field] for field in CLINIC_FACTS},
        **{field: Name.of(**facts[field]) for field in CLINIC_NAMES},
    )


def _text(path: str) -> Name:
    """A text of the content folder in every language, Markdown."""
    return Name.of(**{code: (CONTENT / f"{path}.{code}.md").read_text("utf-8").strip() for code in LANGUAGES})


def _season(facts: Facts, clinic_id: int) -> Iterable[Hours]:
    for first, last in facts["dates"]:
        yield _hours(facts["hours"], clinic_id, since=date.fromisoformat(first), until=date.fromisoformat(last))


def _hours(
    week: Mapping[str, str], clinic_id: int, *, since: date, until: date | None = None, clinician_id: int | None = None
) -> Hours:
    days = [(WEEKDAYS.index(day), *minutes_of(span)) for day, span in week.items()]
    return Hours(
        clinic_id=clinic_id,
        clinician_id=clinician_id,
        valid_from=since,
        valid_until=until,
        days=[HoursDay(weekday=weekday, start_minute=start, end_minute=end) for weekday, start, end in days],
    )


def minutes_of(span: str) -> tuple[int, int]:
    """Minutes past midnight of `09:00-18:00`."""
    start, end = (time.fromisoformat(text) for text in span.split("-"))
    return start.hour * 60 + start.minute, end.hour * 60 + end.minute


def _load_closed_periods(session: Session, periods: Iterable[Facts], clinics: Mapping[str, Clinic]) -> None:
    for facts in periods:
        ids = [clinics[slug].id for slug in facts["clinics"]] if "clinics" in facts else [None]
        name = Name.of(**facts["name"])
        for start, end in facts["times"]:
            times = {"starts_at": _on_the_wall(start), "ends_at": _on_the_wall(end)}
            session.add_all(ClosedPeriod(clinic_id=clinic_id, name=name, **times) for clinic_id in ids)


def _on_the_wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


# -- people -----------------------------------------------------------------------------------------------------------


def _load_clinicians(session: Session, facts: Facts, clinics: Mapping[str, Clinic], since: date) -> None:
    professions = {
        own["slug"]: Profession(slug=own["slug"], name=Name.of(**own["name"]), authorised=own["authorised"])
        for own in facts["professions"]
    }
    session.add_all(professions.values())
    session.flush()
    for own in facts["clinicians"]:
        clinician = _clinician(own, professions[own["profession"]].id)
        session.add(clinician)
        session.flush()
        for slug, week in own["hours"].items():
            session.add(_hours(week, clinics[slug].id, since=since, clinician_id=clinician.id))


def _clinician(facts: Facts, profession_id: int) -> Clinician:
    plain = ("slug", "name", "languages", "needles", "electro")
    return Clinician(profession_id=profession_id, **{field: facts[field] for field in plain})


# -- protocols --------------------------------------------------------------------------------------------------------


def _load_protocols(session: Session, facts: Facts) -> None:
    treatments = {own["slug"]: _treatment(own) for own in facts["treatments"]}
    session.add_all(treatments.values())
    session.flush()
    ids = {slug: treatment.id for slug, treatment in treatments.items()}
    session.add_all(_protocol(own, ids) for own in facts["protocols"])


def _treatment(facts: Facts) -> Treatment:
    plain = ("slug", "minutes", "price", "vat_rate", "needles")
    return Treatment(name=Name.of(**facts["name"]), **{field: facts[field] for field in plain})


def _protocol(facts: Facts, treatment_ids: Mapping[str, int]) -> Protocol:
    plain = ("slug", "min_gap", "max_gap", "max_slips", "start_weeks", "review_gap", "exclusive")
    return Protocol(
        name=Name.of(**facts["name"]),
        steps=list(_steps(facts["steps"], treatment_ids)),
        **{field: facts[field] for field in plain},
    )


def _steps(steps: Iterable[Facts], treatment_ids: Mapping[str, int]) -> Iterable[ProtocolStep]:
    position = 0
    for facts in steps:
        earliest, latest, target = facts.get("window", (None, None, None))
        for number in range(1, facts.get("times", 1) + 1):
            position += 1
            yield ProtocolStep(
                position=position,
                kind=facts["kind"],
                number=number,
                treatment_id=treatment_ids[facts["treatment"]],
                earliest_day=earliest,
                latest_day=latest,
                target_day=target,
            )


# -- who can sign in --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """An account of the demonstration with what opens it: `password`, and the `key` and the code of now (the machine's
    clock) of a program that makes codes, if it has one."""

    name: str
    email: str
    role: str
    password: str
    key: str | None
    code: str | None


def known_accounts(session: Session) -> list[Known]:
    """Those who can sign in to a demonstration; nobody where the data are real."""
    if not the_group(session).demonstration:
        return []
    facts = demonstration_facts()["accounts"]
    return [_known(own, facts["password"]) for own in facts["people"]]


def _known(own: Facts, password: str) -> Known:
    key = own.get("codes")
    return Known(own["name"], own["email"], own["role"], password, key, key and code_now(secret_of(key)))


def _load_accounts(session: Session, facts: Facts, now: datetime, password: str) -> None:
    session.flush()
    roles = {role.name: role for role in session.scalars(select(Role))}
    clinics = {clinic.slug: clinic for clinic in session.scalars(select(Clinic))}
    clinicians = {clinician.slug: clinician.id for clinician in session.scalars(select(Clinician))}
    for own in facts["people"]:
        session.add(
            Account(
                email=own["email"],
                name=own["name"],
                password=password,
                language="nb",
                clinician_id=clinicians[own["clinician"]] if "clinician" in own else None,
                fs_uniquifier=uuid4().hex,
                tf_primary_method="authenticator" if "codes" in own else None,
                tf_totp_secret=secret_of(own["codes"]) if "codes" in own else None,
                created_at=utc(now),
                roles=[roles[own["role"]]],
                clinics=[clinics[slug] for slug in own.get("clinics", ())],
            )
        )
