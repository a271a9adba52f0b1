"""Reasons: who at the desk cancelled a visit, waived a fee or charged it, and why, as the logbook remembers it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from booking.services.logbook import details_of
from booking.services.office import Office
from booking.store.appointments import CANCELLED, Appointment
from booking.store.changes import Fee
from booking.store.logbook import LogEntry, entries_of

_CANCEL, _FEE = "cancel", "fee"


@dataclass(frozen=True, slots=True)
class Deed:
    """`why`: a word of `desk_cancel.Reason` or `waivers.Why`; None where none was asked for, or it is erased."""

    who: str
    why: str | None
    made_at: datetime


class Deeds:
    """What the desk did to these patients' appointments and fees, each found by what it did last."""

    def __init__(self, session: Session, office: Office, patient_ids: Collection[int]) -> None:
        entries = entries_of(session, patient_ids, actions=(_CANCEL, _FEE))
        details = details_of(session, office, entries)
        self._found = {
            (entry.action, entry.appointment_id, entry.made_at): _deed(entry, details.get(entry.id, {}))
            for entry in entries
        }

    def cancelling(self, appointment: Appointment) -> Deed | None:
        """None if it is not cancelled, or the patient did so herself."""
        if appointment.status != CANCELLED:
            return None
        return self._found.get((_CANCEL, appointment.id, appointment.updated_at))

    def settling(self, fee: Fee) -> Deed | None:
        """None if it is owed still."""
        moment = fee.charged_at or fee.waived_at
        return None if moment is None else self._found.get((_FEE, fee.appointment_id, moment))


def _deed(entry: LogEntry, detail: Mapping[str, Any]) -> Deed:
    return Deed(entry.actor, detail.get("why") or detail.get("reason"), entry.made_at)
