"""Disruptions: what is taken out of a schedule lists the appointments that it touches, until each has found its way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import STEP_MINUTES, Period, at_wall, moment_of, oslo, seconds_of
from booking.domain.slot import Availability, ReasonKind
from booking.services.gained import gains_noted
from booking.services.holds import let_go
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.store.appointments import BOOKED, PENDING, Appointment, appointments_by_id
from booking.store.database import db, utc
from booking.store.disruptions import (
    CHOSEN,
    DECLINED,
    KEPT,
    OFFERED,
    OPEN,
    SETTLED,
    Disruption,
    Touched,
    disruption_of,
    disruption_to_change,
    disruptions_at,
    disruptions_to_watch,
    has_newer,
    open_rows_of,
)
from booking.store.holds import Hold
from booking.store.people import Clinician
from booking.store.schedules import Absence, ClosedPeriod, RoomClosure, schedule_of, workplaces
from booking.store.unit_of_work import unit_of_work

ABSENCE_KINDS = _HOLIDAY, ILLNESS, _TRAINING, OTHER = ("holiday", "illness", "training", "other")
"""Why somebody is away, for the clinic's own use. Illness first says more than that to nobody."""

ILLNESS_KEPT = timedelta(days=90)
"""How long after it is over it is kept that somebody who works here was away because she was ill."""

UNDECIDED = (OPEN, OFFERED, DECLINED)
"""As long as an appointment is in one of these states, somebody at the clinic has it before her."""

MOVED = (OFFERED, KEPT, CHOSEN, DECLINED)
"""In these states an appointment stands elsewhere because of what touched it."""


WATCHED = timedelta(days=3)
"""How long after it was entered something may be booked that does not know of it: times are held, or offered, a day."""

A_WHILE = timedelta(hours=1)
"""Longer than any two transactions that do not see each other last."""


class CauseKind(StrEnum):
    ABSENCE = "absence"
    HOURS = "hours"
    CLOSED = "closed"
    ROOM = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What makes booked times impossible. An absence names a clinician, a closed period a clinic (None: all), a room
    out of use that room, changed hours a clinic, and the clinician if they are not the clinic's own. `period`: from
    when to when; of hours, as long as they are valid."""

    kind: CauseKind
    period: Period
    clinician_id: int | None = None
    clinic_id: int | None = None
    room_id: int | None = None

    @classmethod
    def of(cls, disruption: Disruption) -> Cause:
        return cls(
            kind=CauseKind(disruption.kind),
            period=Period(disruption.starts_at, disruption.ends_at),
            clinician_id=disruption.clinician_id,
            clinic_id=disruption.clinic_id,
            room_id=disruption.room_id,
        )


# -- what is touched --------------------------------------------------------------------------------------------------


def touched_by(session: Session, office: Office, cause: Cause, *, now: datetime) -> list[Appointment]:
    """The appointments to come that cannot be where they are because of this, in order of time.

    Changed hours touch what lies outside of the hours that the session sees: enter them and flush before asking; who
    only wants to look rolls back afterwards. Everything else need not be entered yet.
    """
    return _touched(session, office, cause, now=now)


def _touched(
    session: Session, office: Office, cause: Cause, *among: ColumnElement[bool], now: datetime
) -> list[Appointment]:
    period = Period(max(cause.period.start, utc(now)), max(_end(office, cause, now=now), utc(now)))
    rows = select(Appointment).where(
        Appointment.status.in_((BOOKED, PENDING)),
        Appointment.starts_at > now,
        Appointment.starts_at < period.end,
        Appointment.ends_at > period.start,
        *_where(cause),
        *among,
    )
    found = list(session.scalars(rows.order_by(Appointment.starts_at, Appointment.id)))
    return _outside_hours(session, found, period) if cause.kind is CauseKind.HOURS and found else found


def disrupt(session: Session, office: Office, cause: Cause, who: Who, *, now: datetime) -> Disruption | None:
    """Notes whom it touches, inside the caller's unit of work, in which what causes it is entered too; None if nobody.

    What another disruption has open already stays there. What was offered because of another, and cannot be had now, is
    open again here. Whom it does not touch now it may touch later: `follow_up` looks after it in any case.
    """
    found = touched_by(session, office, cause, now=now)
    elsewhere = open_rows_of(session, [appointment.id for appointment in found])
    left = {row.appointment_id for row in elsewhere if row.state == OPEN}
    for id in sorted({row.disruption_id for row in elsewhere if row.state != OPEN}):
        _pass_over(session, id, {appointment.id for appointment in found}, now=now)
    new = [appointment for appointment in found if appointment.id not in left]
    disruption = Disruption(
        kind=cause.kind.value,
        clinician_id=cause.clinician_id,
        clinic_id=cause.clinic_id,
        room_id=cause.room_id,
        starts_at=cause.period.start,
        ends_at=cause.period.end,
        made_by=who.account_id,
        made_at=utc(now),
        closed_at=None if new else utc(now),
        touched=[_row(appointment) for appointment in new],
    )
    session.add(disruption)
    session.flush()
    return disruption if new else None


def touch_no_more(
    session: Session, office: Office, disruption: Disruption, rows: Sequence[Touched], *, now: datetime
) -> None:
    """Its cause is gone for these, inside the caller's unit of work: they are settled, or open because of another
    cause, if one is left."""
    for row in rows:
        settle_row(session, row, now=now)
    note_progress(disruption, now=now)
    session.flush()
    _pass_on(session, office, [row.appointment_id for row in rows], now=now)


def _pass_on(session: Session, office: Office, appointment_ids: Collection[int], *, now: datetime) -> None:
    these = Appointment.id.in_(appointment_ids)
    visits = list(session.scalars(select(Appointment).where(these)))
    if not visits:
        return
    for id in disruptions_at(session, Period(min(a.starts_at for a in visits), max(a.ends_at for a in visits))):
        if _new(session, office, session.get_one(Disruption, id), these, now=now):
            other = to_change(session, id)
            other.touched += [_row(appointment) for appointment in _new(session, office, other, these, now=now)]
            note_progress(other, now=now)


def _pass_over(session: Session, disruption_id: int, appointment_ids: Collection[int], *, now: datetime) -> None:
    """What was offered because of another disruption is settled there: it cannot be had now."""
    other = disruption_to_change(session, disruption_id)
    if other is None:
        return
    for row in other.touched:
        if row.appointment_id in appointment_ids and row.state in (OFFERED, DECLINED):
            settle_row(session, row, now=now)
    note_progress(other, now=now)


def _end(office: Office, cause: Cause, *, now: datetime) -> datetime:
    """Nothing is booked later than the horizon, and hours may be valid for ever."""
    return min(cause.period.end, utc(now) + office.horizon + timedelta(days=1))


def _where(cause: Cause) -> list[ColumnElement[bool]]:
    return [
        column == wanted
        for column, wanted in (
            (Appointment.clinician_id, cause.clinician_id),
            (Appointment.clinic_id, cause.clinic_id),
            (Appointment.room_id, cause.room_id),
        )
        if wanted is not None
    ]


def _outside_hours(session: Session, appointments: Sequence[Appointment], period: Period) -> list[Appointment]:
    """Those of them at which their clinician does not work or the clinic is not open, by the hours alone."""
    first, last = oslo(appointments[0].starts_at).date(), oslo(appointments[-1].starts_at).date()
    schedule = schedule_of(session, {a.clinic_id for a in appointments}, period)
    schedule = replace(schedule, closed=(), absences=(), room_closures=())
    free = Availability(schedule, first, last, (), earliest=at_wall(first, 0))
    return [a for a in appointments if not free.works_at(a.clinician_id, a.clinic_id) or _is_outside(free, a)]


def _is_outside(free: Availability, appointment: Appointment) -> bool:
    start = oslo(appointment.starts_at)
    minutes = int(appointment.period.length / timedelta(minutes=1))
    where = (appointment.clinician_id, appointment.clinic_id, start.date())
    reasons = free.reasons(*where, (start.hour * 60 + start.minute) // STEP_MINUTES, minutes)
    return any(reason.kind is ReasonKind.OUTSIDE_HOURS for reason in reasons)


def _row(appointment: Appointment) -> Touched:
    return Touched(appointment_id=appointment.id, state=OPEN, sequence=appointment.sequence, others=[])


# -- absences ---------------------------------------------------------------------------------------------------------


def enter_absence(
    office: Office,
    clinician_id: int,
    period: Period,
    kind: str,
    *,
    seen: Collection[int] | None = None,
    who: Who,
    now: datetime,
) -> int | None:
    """Enters an absence; the id of the disruption that it is, None if it touches nobody. The same twice is one.

    `seen`: the appointments (by id) that were shown before. Raises ChangedMeanwhile if it touches others by now;
    ValueError for a kind that there is none of, or an empty period.
    """
    if kind not in ABSENCE_KINDS or not period.length:
        raise ValueError("an absence has a kind that is known, and is not over at once")
    cause = Cause(kind=CauseKind.ABSENCE, period=period, clinician_id=clinician_id)

    def work(session: Session) -> int | None:
        session.get_one(Clinician, clinician_id, with_for_update={"key_share": True})  # one who enters it at a time
        if _absence(session, cause) is not None:
            same = disruption_of(session, cause.kind, clinician_id, period.start, period.end)
            return same.id if same and same.touched else None
        if seen is not None and set(seen) != {each.id for each in touched_by(session, office, cause, now=now)}:
            raise ChangedMeanwhile
        session.add(Absence(clinician_id=clinician_id, starts_at=period.start, ends_at=period.end, kind=kind))
        disruption = disrupt(session, office, cause, who, now=now)
        note(session, office, who, "absence", About(clinician_id=clinician_id), now=now)
        return disruption.id if disruption else None

    return unit_of_work(work)


def ill_today(office: Office, clinician_id: int, *, who: Who, now: datetime) -> int | None:
    """As `enter_absence`, from now to the end of the day; a second click changes nothing."""
    return enter_absence(office, clinician_id, rest_of_today(now), ILLNESS, who=who, now=now)


def rest_of_today(now: datetime) -> Period:
    """From the last full hour, so that who clicks twice means the same, to midnight in Oslo."""
    start = oslo(now).replace(minute=0, second=0, microsecond=0)
    return Period(start, at_wall(start.date() + timedelta(days=1), 0))


@dataclass(frozen=True, slots=True)
class Kept:
    """Whom an absence that is taken away leaves where she is: how many `stay`, and how many had `moved` before."""

    stay: int
    moved: int

    @classmethod
    def of(cls, disruption: Disruption | None) -> Kept:
        states = [row.state for row in disruption.touched] if disruption else []
        return cls(states.count(OPEN), sum(1 for state in states if state in MOVED))


def remove_absence(
    office: Office, clinician_id: int, period: Period, *, version: int | None = None, who: Who, now: datetime
) -> Kept:
    """She is there after all: what is not yet re-planned stays where it is, and who waits is asked about her times.
    Nothing happens if it is gone already.

    Raises ChangedMeanwhile if `version` is given and something has been done about its disruption since.
    """
    cause = Cause(kind=CauseKind.ABSENCE, period=period, clinician_id=clinician_id)

    def work(session: Session) -> Kept:
        absence = session.scalar(_absences(cause).with_for_update())
        if absence is None:
            return Kept(0, 0)
        disruption = disruption_of(session, cause.kind, clinician_id, period.start, period.end)
        if disruption is not None and version not in (None, disruption.version):
            raise ChangedMeanwhile
        kept = Kept.of(disruption)
        pairs = workplaces(session, today=oslo(now).date())
        with gains_noted(session, office, [clinic for clinic, who in pairs if who == clinician_id], now=now):
            session.delete(absence)
        if disruption is not None:
            left = [row for row in disruption.touched if row.state == OPEN]
            touch_no_more(session, office, disruption, left, now=now)
        note(session, office, who, "absence", About(clinician_id=clinician_id), now=now)
        return kept

    return unit_of_work(work)


def forget_illness(*, now: datetime) -> int:
    """Makes of an illness that was over `ILLNESS_KEPT` ago an absence like any other; how many. Looks first without the
    write lock."""
    old = Absence.kind == ILLNESS, Absence.ends_at <= utc(now - ILLNESS_KEPT)
    with Session(db.engine) as session:
        found = session.scalars(select(Absence.id).where(*old)).all()

    def work(session: Session) -> int:
        rows = list(session.scalars(select(Absence).where(*old).with_for_update(skip_locked=True)))
        for row in rows:
            row.kind = OTHER
        return len(rows)

    return unit_of_work(work) if found else 0


def absence_behind(session: Session, disruption: Disruption) -> Absence | None:
    """What it came of, if that is an absence that still stands, and was not entered anew since."""
    if disruption.kind != CauseKind.ABSENCE or has_newer(session, disruption):
        return None
    return _absence(session, Cause.of(disruption))


def _absence(session: Session, cause: Cause) -> Absence | None:
    return session.scalar(_absences(cause))


def _absences(cause: Cause) -> Select[Absence]:
    """The one that it is; by whose and when, for on SQLite another may have the number of one that is gone."""
    same = Absence.clinician_id == cause.clinician_id, Absence.starts_at == cause.period.start
    return select(Absence).where(*same, Absence.ends_at == cause.period.end).limit(1)


# -- what becomes of it -----------------------------------------------------------------------------------------------


def to_change(session: Session, disruption_id: int, version: int | None = None) -> Disruption:
    """The disruption, for who changes it; nobody else does until the transaction ends. Whoever changes a course, too,
    has locked that before.

    Raises ChangedMeanwhile if `version` is given and something has been done about it since.
    """
    disruption = disruption_to_change(session, disruption_id)
    if disruption is None or (version is not None and version != disruption.version):
        raise ChangedMeanwhile
    return disruption


def note_progress(disruption: Disruption, *, now: datetime) -> None:
    """Something was done about it: others see that, and it is closed when nobody waits for anything any more."""
    disruption.version += 1
    waits = any(row.state in UNDECIDED for row in disruption.touched)
    disruption.closed_at = None if waits else disruption.closed_at or utc(now)


def settle_row(session: Session, row: Touched, *, now: datetime) -> None:
    """Nothing more is to be done about this one: what was kept for her is given back."""
    row.state = SETTLED
    drop_others(session, row, now=now)


def drop_others(session: Session, row: Touched, *, now: datetime) -> None:
    """Gives back the times that are kept for her to choose from."""
    hold = session.get(Hold, row.hold_id, with_for_update=True) if row.hold_id else None
    row.hold_id = None
    session.flush()
    if hold is not None:
        let_go(session, hold, now=now)


def stands_as_proposed(row: Touched, appointment: Appointment) -> bool:
    place = row.proposal or {}
    there = (seconds_of(appointment.starts_at), appointment.clinician_id, appointment.clinic_id)
    return there == (place.get("start"), place.get("clinician"), place.get("clinic"))


def follow_up(office: Office, *, now: datetime) -> int:
    """What happens by itself: times that nobody chose in time are given back; what was moved or cancelled in another
    way is settled; what was booked meanwhile from times seen before, is touched too. How many disruptions changed.

    Looks first without the write lock, for nearly always there is nothing to do.
    """
    with Session(db.engine) as session:
        ids = disruptions_to_watch(session, made_after=now - WATCHED, now=now)
        watched = [session.get_one(Disruption, id) for id in ids]
        due = [each.id for each in watched if _is_due(session, office, each, now=now)]
    for id in due:
        unit_of_work(partial(_follow, office=office, disruption_id=id, now=now))
    return len(due)


def _is_due(session: Session, office: Office, disruption: Disruption, *, now: datetime) -> bool:
    visits = _visits_of(session, disruption)
    over = any(
        _is_over(row, visits[row.appointment_id], now=now) or _is_late(row, now=now) for row in disruption.touched
    )
    return over or bool(_booked_since(session, office, disruption, now=now))


def _follow(session: Session, *, office: Office, disruption_id: int, now: datetime) -> None:
    disruption = disruption_to_change(session, disruption_id)
    if disruption is None or not _is_due(session, office, disruption, now=now):
        return  # somebody was faster
    visits = _visits_of(session, disruption)
    for row in disruption.touched:
        if _is_over(row, visits[row.appointment_id], now=now):
            settle_row(session, row, now=now)
        elif _is_late(row, now=now):
            drop_others(session, row, now=now)
    disruption.touched += [_row(appointment) for appointment in _booked_since(session, office, disruption, now=now)]
    note_progress(disruption, now=now)


def _visits_of(session: Session, disruption: Disruption) -> dict[int, Appointment]:
    return appointments_by_id(session, [row.appointment_id for row in disruption.touched])


def _is_over(row: Touched, appointment: Appointment, *, now: datetime) -> bool:
    """Whether nothing more is to be done: it was cancelled, moved in another way, or has begun."""
    if row.state not in UNDECIDED:
        return False
    gone = appointment.status not in (BOOKED, PENDING) or appointment.starts_at <= now
    return gone or not _is_where_it_was_left(row, appointment)


def _is_late(row: Touched, *, now: datetime) -> bool:
    """Whether times are still kept that can be chosen no more."""
    return row.hold_id is not None and row.answer_by is not None and row.answer_by <= now


def _is_where_it_was_left(row: Touched, appointment: Appointment) -> bool:
    """Untouched as long as it is open, else where it was moved to."""
    if row.state != OPEN:
        return stands_as_proposed(row, appointment)
    return meets(Cause.of(row.disruption), appointment)


def meets(cause: Cause, appointment: Appointment) -> bool:
    """Whether the appointment lies in what the cause takes away; changed hours are asked of the schedule instead."""
    wanted = (cause.clinician_id, cause.clinic_id, cause.room_id)
    there = (appointment.clinician_id, appointment.clinic_id, appointment.room_id)
    same = all(each in (None, place) for each, place in zip(wanted, there, strict=True))
    return same and cause.period.overlaps(appointment.period)


def _booked_since(session: Session, office: Office, disruption: Disruption, *, now: datetime) -> list[Appointment]:
    """What it touches now, and did not when it was entered; nothing else can have been booked or changed since."""
    changed = Appointment.updated_at >= disruption.made_at - A_WHILE
    return _new(session, office, disruption, changed, now=now)


def _new(
    session: Session, office: Office, disruption: Disruption, *among: ColumnElement[bool], now: datetime
) -> list[Appointment]:
    """What of these it touches that nobody has open; but what was settled by hand stays so."""
    cause = Cause.of(disruption)
    if disruption.ends_at <= now or not _stands(session, cause):
        return []
    known = {row.appointment_id for row in disruption.touched}
    found = [each for each in _touched(session, office, cause, *among, now=now) if each.id not in known]
    elsewhere = {row.appointment_id for row in open_rows_of(session, [appointment.id for appointment in found])}
    return [appointment for appointment in found if appointment.id not in elsewhere]


def _stands(session: Session, cause: Cause) -> bool:
    """Whether what caused it is still in the schedule."""
    if cause.kind is CauseKind.HOURS:
        return True  # what lies outside of the hours is asked anew
    if cause.kind is CauseKind.ABSENCE:
        return _absence(session, cause) is not None
    rows = _closures(cause) if cause.kind is CauseKind.ROOM else _closed_periods(cause)
    return session.scalar(rows.limit(1)) is not None


def _closures(cause: Cause) -> Select[int]:
    same = RoomClosure.starts_at == cause.period.start, RoomClosure.ends_at == cause.period.end
    return select(RoomClosure.id).where(RoomClosure.room_id == cause.room_id, *same)


def _closed_periods(cause: Cause) -> Select[int]:
    same = ClosedPeriod.starts_at == cause.period.start, ClosedPeriod.ends_at == cause.period.end
    return select(ClosedPeriod.id).where(ClosedPeriod.clinic_id.is_not_distinct_from(cause.clinic_id), *same)


def place_json(start: datetime, clinician_id: int, clinic_id: int, room_id: int) -> dict[str, int]:
    """A place as it is kept with a touched appointment."""
    return {"start": seconds_of(start), "clinician": clinician_id, "clinic": clinic_id, "room": room_id}


def start_of(place: dict[str, int]) -> datetime:
    return moment_of(place["start"])
