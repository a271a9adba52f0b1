"""Holds: times kept for a visitor while she answers the questions of a booking."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from booking.domain.course import Planned
from booking.domain.errors import HoldExpired, TooManyHolds
from booking.domain.period import STEP_SECONDS, Period, moment_of, seconds_of
from booking.domain.slot import steps_of
from booking.services.office import Office
from booking.services.privacy import fingerprint, seal, unseal
from booking.store.appointments import ClaimRow, Resource, claim, claims_of, drop_held_claims, held_claims
from booking.store.clinics import clinic_rules
from booking.store.database import utc
from booking.store.holds import HeldTime, Hold, hold_of, hold_to_change, live_holds_from
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import note_freed

NOBODY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a visitor chose: the appointments of a plan, and the wishes (a URL's query) that led to it."""

    protocol_id: int
    new_patient: bool
    appointments: tuple[Planned, ...]
    query: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who holds: the secret of her session, and the network address she comes from."""

    secret: str
    address: str


def hold(office: Office, visitor: Visitor, choice: Choice, *, now: datetime) -> int:
    """Keeps all times of the choice for a while, instead of what the visitor held before; the hold's id.

    Her answers so far stay. Raises SlotTaken if one of the times is gone, TooManyHolds if her address keeps too many.
    """

    def work(session: Session) -> int:
        row = _hold_row(session, office, visitor, now=now)
        note_freed(session, times_freed(row, now=now), now=now)
        _give_back(session, row)
        _keep(session, row, choice, until=utc(now) + office.hold, now=now)
        return row.id

    return unit_of_work(work)


def keep_apart(session: Session, choice: Choice, *, until: datetime, now: datetime, beside: Sequence[int] = ()) -> Hold:
    """Keeps all times of the choice until then for somebody who is not there, inside the caller's unit of work.

    It counts against no address. `beside`: appointments (by id) that are hers; what these have already, such as the
    buffer behind one, is hers anyway. Raises SlotTaken.
    """
    own = {each[:3] for each in claims_of(session, beside, ())} if beside else set()
    nobody = f"apart {secrets.token_hex(NOBODY_BYTES)}"
    row = Hold(visitor=nobody, address=nobody, created_at=utc(now))
    session.add(row)
    _keep(session, row, choice, until=utc(until), now=now, own=own)
    return row


def hand_over(session: Session, office: Office, row: Hold, visitor: Visitor, *, now: datetime) -> None:
    """Gives times that were kept apart to the visitor, instead of what she held before; her answers so far stay.

    They are kept no shorter than was promised, and at least as long as chosen times are. Raises SlotTaken if they ran
    out and one of them was taken over.
    """
    key = visitor_key(office, visitor.secret)
    own = hold_to_change(session, key)
    if own is not None and own.id != row.id:
        note_freed(session, times_freed(own, now=now), now=now)
        _give_back(session, own)
        row.answers = own.answers or row.answers
        session.delete(own)
        session.flush()
    row.visitor, row.address = key, fingerprint(office, "address", visitor.address)
    row.expires_at, row.extended = max(row.expires_at, utc(now) + office.hold), False
    claim_again(session, row, now=now)


def let_go(session: Session, row: Hold, *, now: datetime) -> None:
    """Gives back the hold's times and forgets it, inside the caller's unit of work; the waiting list is told."""
    note_freed(session, times_freed(row, now=now), now=now)
    drop_hold(session, row)


def drop_hold(session: Session, row: Hold) -> None:
    """Ends the hold inside the caller's unit of work, who takes its times at once for somebody else."""
    _give_back(session, row)
    session.delete(row)
    session.flush()


def times_freed(row: Hold, *, now: datetime) -> list[tuple[int, int, datetime, datetime]]:
    """(clinic, clinician, start, end) of the hold's times that have not begun, as `note_freed` takes them."""
    return [(t.clinic_id, t.clinician_id, t.starts_at, t.ends_at) for t in row.times if t.starts_at > now]


def times_left(session: Session, row: Hold, *, now: datetime) -> list[tuple[int, int, datetime, datetime]]:
    """The same of a hold that has run out, without what is taken in any case: by who came next, or by the appointments
    of the very course for whose rest it kept times."""
    lost = set(lost_times(session, row, now=now))
    kept = [time for place, time in enumerate(row.times) if place not in lost]
    return [(t.clinic_id, t.clinician_id, t.starts_at, t.ends_at) for t in kept]


def extend(office: Office, hold_id: int, *, now: datetime) -> datetime:
    """Keeps the times once more for as long again; until when. Raises HoldExpired if done before, or too late."""

    def work(session: Session) -> datetime:
        row = session.get_one(Hold, hold_id, with_for_update=True)
        if row.extended or row.course_id is not None or row.expires_at <= now:
            raise HoldExpired
        row.extended, row.expires_at = True, row.expires_at + office.hold
        claim_again(session, row, now=now)
        return row.expires_at

    return unit_of_work(work)


def keep_again(office: Office, hold_id: int, *, now: datetime) -> None:
    """Keeps the times of a lapsed hold anew. Raises SlotTaken if somebody took one meanwhile, and TooManyHolds."""

    def work(session: Session) -> None:
        row = session.get_one(Hold, hold_id)
        live = live_holds_from(session, row.address, now=now)
        session.refresh(row, with_for_update=True)
        if row.expires_at > now:
            return
        if live >= office.holds_per_address:
            raise TooManyHolds
        row.expires_at, row.extended = utc(now) + office.hold, False
        claim_again(session, row, now=now)

    unit_of_work(work)


def claim_again(session: Session, row: Hold, *, now: datetime) -> None:
    """Writes the hold's claims with its present expiry. Raises SlotTaken if another has one of them."""
    drop_held_claims(session, [time.id for time in row.times])
    claim(session, _claims_of_hold(session, row), now=now)


def lost_times(session: Session, row: Hold, *, now: datetime) -> tuple[int, ...]:
    """The places of the hold's times that it no longer has: somebody else took them over, or they have begun."""
    buffer_of = buffers(session)
    have = held_claims(session, [time.id for time in row.times])
    return tuple(
        place
        for place, time in enumerate(row.times)
        if time.starts_at <= now or have.get(time.id, 0) != _claims_needed(time, buffer_of[time.clinic_id])
    )


def claims_needed(session: Session, row: Hold) -> int:
    """How many claims keep all of the hold's times."""
    return len(_claims_of_hold(session, row))


def give_back(office: Office, visitor_secret: str) -> None:
    """Lets go of the visitor's times and forgets her answers."""

    def work(session: Session) -> None:
        row = hold_to_change(session, visitor_key(office, visitor_secret))
        if row is not None and row.course_id is None:
            _give_back(session, row)
            session.delete(row)

    unit_of_work(work)


def answer(office: Office, hold_id: int, **answers: Any) -> None:
    """Adds answers (plain JSON values) to what the visitor has answered; encrypted at rest."""

    def work(session: Session) -> None:
        row = session.get_one(Hold, hold_id, with_for_update=True)
        row.answers = seal(office, answers_of(office, row) | dict(answers))

    unit_of_work(work)


def answers_of(office: Office, row: Hold) -> dict[str, Any]:
    return unseal(office, row.answers) if row.answers else {}


def keep_busy(
    office: Office, visitor: Visitor, protocol_id: int, periods: Sequence[Period], *, complete: bool, now: datetime
) -> None:
    """Keeps with the visitor's draft when she is busy, instead of what she told before; encrypted, gone with the draft.

    `complete`: whether that is all her calendar said.
    """

    busy = [[seconds_of(period.start), seconds_of(period.end)] for period in periods]
    begin(office, visitor, protocol_id, {"busy": busy, "busy_complete": complete}, now=now)


def begin(office: Office, visitor: Visitor, protocol_id: int, answers: Mapping[str, Any], *, now: datetime) -> None:
    """Adds answers (plain JSON values) to the visitor's draft, which begins here if there is none; encrypted."""

    def work(session: Session) -> None:
        key, address = visitor_key(office, visitor.secret), fingerprint(office, "address", visitor.address)
        row = hold_to_change(session, key)
        if row is None:
            row = Hold(visitor=key, created_at=utc(now), expires_at=utc(now), address=address)
            row.protocol_id, row.new_patient, row.query = protocol_id, False, ""
            session.add(row)
        row.answers = seal(office, answers_of(office, row) | dict(answers))

    unit_of_work(work)


def forget_busy(office: Office, hold_id: int) -> None:
    """Forgets when the visitor is busy."""

    def work(session: Session) -> None:
        row = session.get_one(Hold, hold_id, with_for_update=True)
        kept = {name: value for name, value in answers_of(office, row).items() if name not in ("busy", "busy_complete")}
        row.answers = seal(office, kept) if kept else None

    unit_of_work(work)


def busy_of(answers: Mapping[str, Any]) -> tuple[Period, ...]:
    """When the visitor is busy, from her answers."""
    return tuple(Period(moment_of(start), moment_of(end)) for start, end in answers.get("busy", ()))


def find_hold(session: Session, office: Office, visitor_secret: str) -> Hold | None:
    return hold_of(session, visitor_key(office, visitor_secret))


def visitor_key(office: Office, secret: str) -> str:
    return fingerprint(office, "visitor", secret)


def claim_rows(
    times: Iterable[tuple[int, int, int, datetime, datetime]],
    buffer_steps: int,
    *,
    held: bool,
    expires_at: int | None = None,
) -> list[ClaimRow]:
    """The claims of (id, clinician, room, start, end) for clinician and room, the buffer behind each included."""
    rows: list[ClaimRow] = []
    for owner, clinician, room, start, end in times:
        ids = (None, owner) if held else (owner, None)
        first, last = seconds_of(start) // STEP_SECONDS, seconds_of(end) // STEP_SECONDS + buffer_steps
        for step in range(first, last):
            rows.append((Resource.CLINICIAN, clinician, step, *ids, expires_at))
            rows.append((Resource.ROOM, room, step, *ids, expires_at))
    return rows


def patient_claim_rows(patient_id: int, times: Iterable[tuple[int, datetime, datetime]]) -> list[ClaimRow]:
    """The patient's own claims for (appointment id, start, end); she needs no buffer."""
    return [
        (Resource.PATIENT, patient_id, step, owner, None, None)
        for owner, start, end in times
        for step in range(seconds_of(start) // STEP_SECONDS, seconds_of(end) // STEP_SECONDS)
    ]


def buffers(session: Session) -> dict[int, int]:
    """Steps of buffer behind each appointment, by clinic."""
    return {clinic_id: steps_of(rules.buffer_minutes) for clinic_id, rules in clinic_rules(session).items()}


def _hold_row(session: Session, office: Office, visitor: Visitor, *, now: datetime) -> Hold:
    key, address = visitor_key(office, visitor.secret), fingerprint(office, "address", visitor.address)
    live = live_holds_from(session, address, now=now)
    row = hold_to_change(session, key)
    own = row is not None and row.address == address and row.expires_at > now
    if live - own >= office.holds_per_address:
        raise TooManyHolds
    if row is None:
        row = Hold(visitor=key, created_at=now)
        session.add(row)
    row.address = address
    return row


def _give_back(session: Session, row: Hold) -> None:
    if not row.times:
        return
    drop_held_claims(session, [time.id for time in row.times])
    row.times = []
    session.flush()


def _keep(
    session: Session,
    row: Hold,
    choice: Choice,
    *,
    until: datetime,
    now: datetime,
    own: Collection[tuple[int, int, int]] = (),
) -> None:
    row.protocol_id, row.new_patient, row.query = choice.protocol_id, choice.new_patient, choice.query
    row.expires_at, row.extended = until, False
    row.revision = (row.revision or 0) + 1
    row.times = [held_time(planned) for planned in choice.appointments]
    session.flush()
    claim(session, [each for each in _claims_of_hold(session, row) if each[:3] not in own], now=now)


def held_time(planned: Planned) -> HeldTime:
    return HeldTime(
        kind=planned.step.kind.value,
        number=planned.step.number,
        treatment_id=planned.step.treatment.id,
        clinic_id=planned.clinic,
        clinician_id=planned.clinician,
        room_id=planned.room,
        starts_at=planned.start,
        ends_at=planned.end,
        price=planned.step.treatment.price,
        deviation=planned.deviation,
    )


def _claims_needed(time: HeldTime, buffer_steps: int) -> int:
    return len(claim_rows([(0, 0, 0, time.starts_at, time.ends_at)], buffer_steps, held=True))


def _claims_of_hold(session: Session, row: Hold) -> list[ClaimRow]:
    return _claims(buffers(session), row.times, seconds_of(row.expires_at))


def _claims(buffer_of: dict[int, int], times: Sequence[HeldTime], expires_at: int) -> list[ClaimRow]:
    rows: list[ClaimRow] = []
    for time in times:
        whole = [(time.id, time.clinician_id, time.room_id, time.starts_at, time.ends_at)]
        rows += claim_rows(whole, buffer_of[time.clinic_id], held=True, expires_at=expires_at)
    return rows
