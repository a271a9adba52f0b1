"""Claims: what a booked course keeps for itself, worked out anew whenever its appointments change.

Its live appointments come first; then what its open changes left, so that they can be undone; then the new times that
the patient looks at for the rest of it. Where two of these would have the same step, the first of them has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.domain.errors import SlotTaken
from booking.domain.period import seconds_of
from booking.services.holds import buffers, claim_rows, patient_claim_rows
from booking.services.standing import own_holds
from booking.store.appointments import (
    LIVE,
    PENDING,
    ClaimRow,
    Resource,
    claim,
    claims_of,
    drop_claims,
    pass_on,
)
from booking.store.courses import WAITING, Course
from booking.store.holds import Hold

Key = tuple[int, int, int]
"""(resource, resource id, step)"""


def reclaim(
    session: Session,
    course: Course,
    touched: Collection[int],
    *,
    now: datetime,
    leaving: Sequence[Hold] = (),
) -> None:
    """Gives the course exactly the claims that it needs, `touched` being the appointments (by id) that were changed.

    Holds that are `leaving` give theirs up. Steps go from one of its own to another without ever being free. Raises
    SlotTaken if a step that it needs is another's, or if it needs one twice.
    """
    session.flush()
    holds = [hold for hold in own_holds(session, course.id, now=now) if hold not in leaving]
    appointment_ids = [appointment.id for appointment in course.appointments]
    held_time_ids = [time.id for hold in (*holds, *leaving) for time in hold.times]
    have = {row[:3]: row for row in claims_of(session, appointment_ids, held_time_ids)}
    wanted = {key: row for key, row in have.items() if row[3] is not None and row[3] not in touched}
    for row in _claims_of_appointments(session, course, touched):
        if row[:3] in wanted:
            raise SlotTaken
        wanted[row[:3]] = row
    for row in _claims_of_holds(session, course, holds):
        wanted.setdefault(row[:3], row)
    _bring_about(session, have, wanted, appointment_ids, held_time_ids, now=now)


def _bring_about(
    session: Session,
    have: dict[Key, ClaimRow],
    wanted: dict[Key, ClaimRow],
    appointment_ids: Collection[int],
    held_time_ids: Collection[int],
    *,
    now: datetime,
) -> None:
    """New claims come first, so that nobody waits for a claim who keeps another from one."""
    claim(session, [row for key, row in wanted.items() if key not in have], now=now)
    other_owner = [row for key, row in wanted.items() if key in have and have[key] != row]
    pass_on(session, other_owner, appointment_ids, held_time_ids)
    drop_claims(session, [row for key, row in have.items() if key not in wanted], appointment_ids, held_time_ids)


def _claims_of_appointments(session: Session, course: Course, ids: Collection[int]) -> Iterator[ClaimRow]:
    buffer_of = buffers(session)
    for a in course.appointments:
        if a.id in ids and a.status in LIVE:
            whole = [(a.id, a.clinician_id, a.room_id, a.starts_at, a.ends_at)]
            yield from claim_rows(whole, buffer_of[a.clinic_id], held=False)
            if a.status != PENDING:
                yield from patient_claim_rows(course.patient_id, [(a.id, a.starts_at, a.ends_at)])


def _claims_of_holds(session: Session, course: Course, holds: Sequence[Hold]) -> Iterator[ClaimRow]:
    """Whoever undoes a change must be able to come again, so that her own time is kept, too."""
    buffer_of = buffers(session)
    for hold in holds:
        expires_at = seconds_of(hold.expires_at)
        for time in hold.times:
            whole = [(time.id, time.clinician_id, time.room_id, time.starts_at, time.ends_at)]
            yield from claim_rows(whole, buffer_of[time.clinic_id], held=True, expires_at=expires_at)
            if hold.change_id is not None and course.status != WAITING:
                for _, who, step, *_ in patient_claim_rows(course.patient_id, [(0, time.starts_at, time.ends_at)]):
                    yield (Resource.PATIENT, who, step, None, time.id, expires_at)
