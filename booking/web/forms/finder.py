"""The form that finds a clinician: read from an address, where anything can stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, SelectField, StringField
from wtforms.validators import ValidationError

from booking.services.finder import AUTHORISED, Need, Sought, Wish, locate
from booking.services.postcodes import Place
from booking.services.wording import sentence
from booking.store.clinics import ClinicFacts
from booking.store.people import ClinicianFacts, Profession
from booking.web.filters import language_name, local
from booking.web.forms.fields import Ticks, choices_of, one_line, unknown

SOONEST, NEAREST = "soonest", "nearest"
DISTANCES = (10, 25, 50, 100)
"""Kilometres that can be chosen as the farthest."""


class FinderForm(Form):
    """What is wrong with a value is said beside its field, and the rest is looked for all the same."""

    place = StringField(lazy_gettext("Place or postcode"))
    within = SelectField(lazy_gettext("How far away"), validate_choice=False)
    county = SelectField(lazy_gettext("County"), validate_choice=False)
    profession = SelectField(lazy_gettext("Profession"), validate_choice=False)
    speaks = SelectField(lazy_gettext("Language"), validate_choice=False)
    need = Ticks(lazy_gettext("The clinic should have"), validate_choice=False)
    order = RadioField(lazy_gettext("Show first"), default=SOONEST, validate_choice=False)

    def __init__(
        self,
        query: MultiDict[str, str],
        *,
        clinics: Collection[ClinicFacts],
        professions: Iterable[Profession],
        people: Iterable[ClinicianFacts],
    ) -> None:
        """`professions`: those of the `people`."""
        super().__init__(query)
        self.found: Place | None = locate(self.place.data or "", clinics)
        self.within.choices = choices_of([("", _("Any distance")), *((str(far), _within(far)) for far in DISTANCES)])
        self.county.choices = choices_of([("", _("All counties")), *_counties(clinics)])
        self.profession.choices = choices_of(_professions(professions))
        self.speaks.choices = choices_of([("", _("All languages")), *_languages(people)])
        self.need.choices = choices_of(_needs())
        self.order.choices = choices_of(_orders())

    def sought(self) -> Sought:
        """The wishes, without those that are no wishes; after validation."""
        within = self._sound("within")
        return Sought(
            place=self.found,
            within=int(within) if within and self.found else None,
            county=self._sound("county"),
            profession=self._sound("profession"),
            speaks=self._sound("speaks"),
            needs=frozenset(Need(need) for need in self._needed()),
            nearest=self._sound("order") == NEAREST,
        )

    def query(self, *, without: Collection[Wish] = (), order: str | None = None, page: int = 1) -> str:
        """These wishes as a query, without some, perhaps in another order, or from a later page on."""
        pairs = [("place", one_line(self.place.data))] if self.found else []
        for name in ("within", "county", "profession", "speaks"):
            if value := self._sound(name):
                pairs.append((name, value))
        pairs += [("need", need) for need in self._needed()]
        order = order or self._sound("order")
        pairs += [("order", NEAREST)] if order == NEAREST else []
        pairs += [("page", str(page))] if page > 1 else []
        return urlencode([pair for pair in pairs if pair not in without])

    def words(self, wish: Wish) -> str:
        """A wish as the form shows it: “Hearing loop”."""
        return next(str(choice.label) for choice in self[wish.name].choices if choice.value == wish.value)

    def validate_place(self, field: Any) -> None:
        if one_line(field.data) and self.found is None:
            raise ValidationError(_("We do not know this place. Write a postcode of four digits, or choose a county."))

    def validate_within(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("“%(value)s” is not a distance you can choose. Choose from the list.", value=value))
        if field.data and not one_line(self.place.data):
            raise ValidationError(_("Write a place or postcode, too, to count from."))

    def validate_county(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("We have no clinic in “%(value)s”. Choose from the list.", value=value))

    def validate_profession(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("Nobody here has the profession “%(value)s”. Choose from the list.", value=value))

    def validate_speaks(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("Nobody here speaks “%(value)s”. Choose from the list.", value=value))

    def validate_need(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(
                _("“%(value)s” is nothing that we know of our clinics. Choose from the list.", value=value)
            )

    def validate_order(self, field: Any) -> None:
        if value := unknown(field):
            raise ValidationError(_("“%(value)s” is not an order you can choose. Choose one of the two.", value=value))
        if field.data == NEAREST and not one_line(self.place.data):
            raise ValidationError(_("Write a place or postcode, too, to see the nearest first."))

    def _sound(self, name: str) -> str | None:
        """The value of a field, if there is one and it means something here."""
        field = self[name]
        if unknown(field) or (name in ("within", "order") and self.found is None):
            return None
        return field.data or None

    def _needed(self) -> list[str]:
        known = [need.value for need in Need]
        return [need for need in known if need in (self.need.data or ())]


def _within(kilometres: int) -> str:
    return str(_("At most %(distance)s km", distance=kilometres))


def _counties(clinics: Iterable[ClinicFacts]) -> list[tuple[str, str]]:
    return [(county, county) for county in dict.fromkeys(clinic.county for clinic in clinics)]


def _professions(found: Iterable[Profession]) -> list[tuple[str, str]]:
    names = sorted(((each.slug, sentence(local(each.name))) for each in found), key=lambda pair: pair[1])
    return [("", _("All professions")), (AUTHORISED, _("All authorised professions")), *names]


def _languages(people: Iterable[ClinicianFacts]) -> list[tuple[str, str]]:
    codes = {code for spoken in {who.languages for who in people} for code in spoken}
    return sorted(((code, sentence(language_name(code))) for code in codes), key=lambda pair: pair[1])


def _needs() -> list[tuple[str, str]]:
    words = {
        Need.STEP_FREE: _("Step-free way in"),
        Need.LIFT: _("Lift"),
        Need.LIE_DOWN: _("Place to lie down"),
        Need.HEARING_LOOP: _("Hearing loop"),
        Need.TOILET: _("Accessible toilet"),
        Need.QUIET_ROOM: _("Quiet room"),
    }
    return [(need.value, words[need]) for need in Need]


def _orders() -> list[tuple[str, str]]:
    return [(SOONEST, _("Who can take a whole course soonest")), (NEAREST, _("The nearest"))]
