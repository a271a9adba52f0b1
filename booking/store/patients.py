"""Patients, known by a way to reach them and a birth date."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, UniqueConstraint, bindparam, delete, select, text, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.store.database import Base

NOBODYS_BIRTH_DATE = date.min
"""Of a patient who is forgotten: nobody was born then."""


class Patient(Base):
    """The person a course is for. Her name and contact stand on each course, as given when it was booked."""

    __tablename__ = "patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    birth_date: Mapped[date] = mapped_column(index=True)
    created_at: Mapped[datetime]


class PatientContact(Base):
    """An e-mail address (casefolded) or mobile number (E.164) that, with the birth date, means this patient."""

    __tablename__ = "patient_contacts"
    __table_args__ = (UniqueConstraint("kind", "value", "birth_date"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    birth_date: Mapped[date]


def find_patient(session: Session, contacts: list[tuple[str, str]], birth_date: date) -> Patient | None:
    """The patient with one of these (kind, value) contacts and this birth date; the first contact counts most. She is
    not forgotten until the transaction ends."""
    if not contacts:
        return None
    rows = session.execute(
        select(PatientContact.kind, PatientContact.value, Patient)
        .join(Patient, Patient.id == PatientContact.patient_id)
        .where(PatientContact.birth_date == birth_date)
        .where(tuple_(PatientContact.kind, PatientContact.value).in_(contacts))
    )
    found = {(kind, value): patient for kind, value, patient in rows}
    patient = next((found[contact] for contact in contacts if contact in found), None)
    if patient is None:
        return None
    session.refresh(patient, with_for_update={"read": True})
    return None if patient.birth_date == NOBODYS_BIRTH_DATE else patient


def patient_to_book(session: Session, patient_id: int) -> Patient | None:
    """The patient of this id, who is not forgotten until the transaction ends; None if she is already, or never was."""
    patient = session.get(Patient, patient_id, with_for_update={"read": True})
    return None if patient is None or patient.birth_date == NOBODYS_BIRTH_DATE else patient


def remove_patient(session: Session, patient: Patient) -> None:
    """Takes back a patient that was just made, with her contacts."""
    session.execute(delete(PatientContact).where(PatientContact.patient_id == patient.id))
    session.delete(patient)
    session.flush()


def add_contacts(session: Session, patient: Patient, contacts: list[tuple[str, str]]) -> bool:
    """Notes the contacts as this patient's; False if one of them means somebody else by now."""
    insert = text(
        "INSERT INTO patient_contacts (patient_id, kind, value, birth_date) VALUES (:patient_id, :kind, :value, :day)"
        " ON CONFLICT (kind, value, birth_date) DO NOTHING"
    ).bindparams(bindparam("day", type_=Date))
    for kind, value in contacts:
        values = {"patient_id": patient.id, "kind": kind, "value": value, "day": patient.birth_date}
        if not session.connection().execute(insert, values).rowcount:
            return False
    return True
