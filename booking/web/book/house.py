"""House: clinics and clinicians by id, as the booking pages name them."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.domain.course import Planned
from booking.domain.protocol import StepKind
from booking.services.wishes import Slugs
from booking.store.clinics import all_clinics
from booking.store.holds import HeldTime
from booking.store.people import all_clinicians
from booking.web.language import current_language
from booking.web.pictures import Visit


class House:
    """All clinics and clinicians, read once a request."""

    def __init__(self, session: Session) -> None:
        self.clinics = {clinic.id: clinic for clinic in all_clinics(session)}
        self.clinicians = {clinician.id: clinician for clinician in all_clinicians(session)}

    @property
    def slugs(self) -> Slugs:
        return Slugs(
            ((clinic.id, clinic.slug) for clinic in self.clinics.values()),
            ((clinician.id, clinician.slug) for clinician in self.clinicians.values()),
        )

    def clinic(self, clinic_id: int) -> str:
        return self.clinics[clinic_id].name

    def clinician(self, clinician_id: int) -> str:
        return self.clinicians[clinician_id].name

    def who(self, clinician_id: int) -> str:
        """“Bjørk Prøvesen, physiotherapist”"""
        clinician = self.clinicians[clinician_id]
        profession = clinician.profession.name[current_language()]
        return _("%(name)s, %(profession)s", name=clinician.name, profession=profession)

    def visit(self, planned: Planned) -> Visit:
        return Visit(
            kind=planned.step.kind,
            number=planned.step.number,
            start=planned.start,
            end=planned.end,
            where=self.clinic(planned.clinic),
            who=self.clinician(planned.clinician),
            deviation=planned.deviation,
        )

    def held(self, time: HeldTime, words: str = "") -> Visit:
        return Visit(
            kind=StepKind(time.kind),
            number=time.number,
            start=time.starts_at,
            end=time.ends_at,
            where=self.clinic(time.clinic_id),
            who=self.clinician(time.clinician_id),
            deviation=time.deviation,
            words=words,
        )
