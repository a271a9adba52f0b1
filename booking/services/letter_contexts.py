"""Letter contexts: what the templates of letters about a course are given, from the facts kept with a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from booking.domain.course import Deviation
from booking.domain.period import Period, moment_of
from booking.domain.protocol import StepKind
from booking.ical.text import one_line
from booking.services import wording
from booking.services.office import Office
from booking.store.appointments import CANCELLED
from booking.store.clinics import Clinic, Group
from booking.store.courses import Course
from booking.store.database import deviation_from_json
from booking.store.helpers import Helper
from booking.store.outbox import Message
from booking.store.people import Clinician


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """One appointment as it was when the message was written; `price` in whole kroner."""

    id: int
    kind: StepKind
    number: int
    period: Period
    clinic_id: int
    clinician_id: int
    price: int
    uid: str
    sequence: int
    status: str
    deviation: Deviation | None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> AppointmentFacts:
        return cls(
            id=kept["id"],
            kind=StepKind(kept["kind"]),
            number=kept["number"],
            period=Period(moment_of(kept["start"]), moment_of(kept["end"])),
            clinic_id=kept["clinic_id"],
            clinician_id=kept["clinician_id"],
            price=kept["price"],
            uid=kept["uid"],
            sequence=kept["sequence"],
            status=kept["status"],
            deviation=deviation_from_json(kept["deviation"]) if kept["deviation"] else None,
        )

    @property
    def starts_at(self) -> datetime:
        return self.period.start

    @property
    def ends_at(self) -> datetime:
        return self.period.end


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """One appointment before and after; without the one it was added, without the other cancelled. `by`: an `Actor`."""

    before: AppointmentFacts | None
    after: AppointmentFacts | None
    by: str

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> ChangeFacts:
        before, after = (AppointmentFacts.of(kept[name]) if kept[name] else None for name in ("before", "after"))
        return cls(before, after, kept["by"])


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment in a letter, every text in the reader's language; empty where there is nothing to say. `url`: its
    own page, where it is moved; `who`: the clinician without her profession. `kind_once`: late, and free this once."""

    url: str
    kind: StepKind
    date: str
    moment: str
    times: str
    length: str
    place: str
    clinician: str
    who: str
    price: str
    free_until: str
    kind_once: bool
    moved_from: str
    reasons: str


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """What became of an appointment: `old` and `new`, of which one may be missing, and who did it last."""

    old: Row | None
    new: Row | None
    by: str


@dataclass(frozen=True, slots=True)
class Place:
    """A clinic in a letter."""

    name: str
    address: str
    way_in: str
    transport: str
    wear: str
    phone: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a letter is made of. `others`: the appointments as they could be, if she chooses so."""

    message: Message
    office: Office
    course: Course
    group: Group
    appointments: tuple[AppointmentFacts, ...]
    changes: tuple[ChangeFacts, ...]
    others: tuple[AppointmentFacts, ...]
    clinics: Mapping[int, Clinic]
    clinicians: Mapping[int, Clinician]
    page_url: str
    feed_url: str
    stop_url: str | None
    new_time_url: str
    helper: Helper | None

    @property
    def name(self) -> str:
        """Who reads it."""
        return self.helper.name if self.helper else str(self.message.facts["name"])

    @property
    def language(self) -> str:
        return self.message.language


def context_of(case: Case) -> dict[str, Any]:
    """Everything the templates of mails and short texts about a course are given, by name."""
    facts = case.message.facts
    rows = [_row(case, appointment) for appointment in case.appointments]
    places = _places(case)
    return {
        "language": case.language,
        "name": one_line(case.name),
        "patient": one_line(facts["name"]) if case.helper else "",
        "reference": "" if case.helper else facts["reference"],
        "group": case.group.name,
        "demonstration": case.group.demonstration,
        "phone": _phone(case, places),
        "rows": rows,
        "first_day": wording.day(case.appointments[0].starts_at, case.language),
        "moved": sum(bool(row.moved_from) for row in rows),
        **_changes(case),
        "places": places,
        "same_place": rows[0].place if len({row.place for row in rows}) == 1 else "",
        "same_clinician": rows[0].clinician if len({row.clinician for row in rows}) == 1 else "",
        "stands": all(appointment.status != CANCELLED for appointment in case.appointments),
        "total": wording.price(sum(appointment.price for appointment in case.appointments), case.language),
        "free_hours": facts["free_hours"],
        "channel": facts["channel"],
        "decide_by": _decide_by(case),
        "own_phone_known": case.course.mobile is not None,
        "page_url": case.page_url,
        "stop_url": case.stop_url,
        "rung": facts.get("rung"),
        "week": wording.day(moment_of(facts["about"]), case.language) if "about" in facts else "",
        "before_start": _before_start(case),
        "questions_url": f"{case.page_url}/questions",
        "moment": facts.get("moment"),
        "proposed": _proposed(case),
        "others": [_row(case, appointment) for appointment in case.others],
        "answer_by": wording.deadline(moment_of(facts["answer_by"]), case.language) if "answer_by" in facts else "",
        "new_time_url": case.new_time_url,
        "feed_url": case.feed_url,
        "webcal_url": "webcal:" + case.feed_url.partition(":")[2],
        "start_url": f"{case.office.url}/{case.language}/",
    }


def _row(case: Case, appointment: AppointmentFacts) -> Row:
    language, deviation = case.language, appointment.deviation
    clinician, until = case.clinicians[appointment.clinician_id], _free_until(case, appointment)
    return Row(
        url=f"{case.page_url}/visits/{appointment.id}",
        kind=appointment.kind,
        date=wording.day_and_year(appointment.starts_at, language),
        moment=wording.day_and_time(appointment.starts_at, language),
        times=wording.times(appointment.period, language),
        length=wording.minutes(int(appointment.period.length / timedelta(minutes=1)), language),
        place=case.clinics[appointment.clinic_id].name,
        clinician=f"{clinician.name}, {clinician.profession.name[language]}",
        who=clinician.name,
        price=wording.price(appointment.price, language),
        free_until=until,
        kind_once=not until and not case.message.facts.get("kindness_used", True),
        moved_from=wording.day_and_time(deviation.instead_of, language) if deviation else "",
        reasons=wording.reasons_text(deviation.reasons, language) if deviation else "",
    )


def _before_start(case: Case) -> bool:
    """Whether it goes to the patient ahead of her first session, when one short question can be answered."""
    first = any(each.kind is StepKind.SESSION and each.number == 1 for each in case.appointments)
    return first and case.helper is None


def for_calendars(case: Case) -> bool:
    """Whether the mail says what calendars have to do; one about changes does not if a confirmation follows it."""
    return case.message.facts.get("calendars", 0) is not None


def _changes(case: Case) -> dict[str, Any]:
    """What has changed, what stands now, and what a late change costs."""
    changed = [_changed(case, change) for change in case.changes]
    coming = [a for a in case.appointments if a.status != CANCELLED and a.ends_at > case.message.made_at]
    fees = case.message.facts.get("fees", ())
    return {
        "changes": changed,
        "actors": sorted({change.by for change in case.changes}),
        "coming": [_row(case, appointment) for appointment in coming],
        "calendars": case.message.facts.get("calendars", 0),
        "fees": [wording.price(fee["amount"], case.language) for fee in fees if fee["amount"]],
        "excused": any(fee["excused"] for fee in fees),
        "new_places": _new_places(case),
    }


def _changed(case: Case, change: ChangeFacts) -> ChangedRow:
    old, new = (_row(case, facts) if facts else None for facts in (change.before, change.after))
    return ChangedRow(old, new, change.by)


def _new_places(case: Case) -> set[str]:
    """The clinics to which she goes because of the changes, and did not before."""
    changed = {change.after.id for change in case.changes if change.after}
    old = {change.before.clinic_id for change in case.changes if change.before}
    known = old | {a.clinic_id for a in case.appointments if a.id not in changed}
    return {case.clinics[each.after.clinic_id].name for each in case.changes if each.after} - {
        case.clinics[clinic_id].name for clinic_id in known
    }


def _places(case: Case) -> list[Place]:
    """The clinics of what stands; where nothing does, those of all that is named."""
    standing = {a.clinic_id for a in case.appointments if a.status != CANCELLED} or set(case.clinics)
    return [_place(clinic, case.language) for clinic in case.clinics.values() if clinic.id in standing]


def _free_until(case: Case, appointment: AppointmentFacts) -> str:
    """Until when cancelling costs nothing; empty if that was past when the message was made."""
    until = appointment.starts_at - timedelta(hours=case.message.facts["free_hours"])
    return wording.day_and_time(until, case.language) if until > case.message.made_at else ""


def _place(clinic: Clinic, language: str) -> Place:
    return Place(
        name=clinic.name,
        address=clinic.full_address,
        way_in=clinic.way_in[language],
        transport=clinic.transport[language],
        wear=clinic.wear[language],
        phone=wording.phone_with_note(clinic.phone_display, clinic.phone_note, language),
    )


def _phone(case: Case, places: Sequence[Place]) -> str:
    if len(places) == 1:
        return places[0].phone
    return wording.phone_with_note(case.group.phone_display, case.group.phone_note, case.language)


def _decide_by(case: Case) -> str:
    """By when the clinic and the patient must have talked; empty if nothing is left to decide."""
    decide_by = case.message.facts["decide_by"]
    return wording.deadline(moment_of(decide_by), case.language) if decide_by is not None else ""


def _proposed(case: Case) -> str:
    """The time that the patient's calendar has proposed instead; empty if it has not."""
    proposed = case.message.facts.get("proposed")
    return wording.day_and_time(moment_of(proposed), case.language) if proposed is not None else ""
