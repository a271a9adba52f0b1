"""Where, with whom and from when a single appointment is looked for: read from an address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField
from wtforms.validators import ValidationError

from booking.services import wording
from booking.services.proposals import Asked
from booking.services.wishes import Unreadable, read_date
from booking.store.clinics import Clinic
from booking.store.people import Clinician
from booking.web.forms.fields import Ticks, choices_of, unknown
from booking.web.forms.need import SINGLE
from booking.web.language import current_language


class SingleForm(Form):
    """`today` and `horizon` bound what can be asked for."""

    kind = StringField()
    clinic = Ticks(lazy_gettext("Clinics"), validate_choice=False)
    clinician = SelectField(lazy_gettext("Clinician"), validate_choice=False)
    begin = StringField(lazy_gettext("From"), name="from")
    on = StringField()

    def __init__(
        self,
        query: MultiDict[str, str],
        *,
        clinics: Iterable[Clinic],
        clinicians: Iterable[Clinician],
        today: date,
        horizon: date,
    ) -> None:
        super().__init__(query)
        self._today, self._horizon = today, horizon
        self.clinic.choices = choices_of((clinic.slug, clinic.name) for clinic in clinics)
        able = [who for who in clinicians if who.needles or self.kind.data == SINGLE[0]]
        self.clinician.choices = choices_of([("", _("No preference")), *((who.slug, who.name) for who in able)])

    def asked(self) -> Asked:
        """The wishes, once they are valid."""
        return Asked(
            protocol=self.kind.data,
            clinics=tuple(dict.fromkeys(self.clinic.data or ())),
            clinician=self.clinician.data or None,
        )

    def start(self) -> date | None:
        return read_date(self.begin.data) if self.begin.data else None

    def day(self) -> date | None:
        return read_date(self.on.data) if self.on.data else None

    def validate_kind(self, field: Any) -> None:
        if field.data not in SINGLE:
            raise ValidationError(_("Choose what you need."))

    def validate_clinic(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("There is no clinic “%(value)s”. Choose from the list.", value=value))

    def validate_clinician(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("There is no clinician “%(value)s” for this. Choose from the list.", value=value))

    def validate_begin(self, field: Any) -> None:
        self._check(field.data)

    def validate_on(self, field: Any) -> None:
        self._check(field.data)

    def _check(self, text: str | None) -> None:
        if not text:
            return
        try:
            day = read_date(text)
        except Unreadable:
            raise ValidationError(_("Write the date like this: 2027-04-05.")) from None
        if day > self._horizon:
            latest = wording.day_and_year(self._horizon, current_language())
            raise ValidationError(_("We plan until %(day)s at the latest. Choose an earlier day.", day=latest))
