"""Desk: one visit that is to be changed, with what all pages about it say."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from booking.domain.appointment import Action, Charge, Status, may
from booking.domain.changing import Week
from booking.domain.protocol import StepKind
from booking.services import changes, wording
from booking.services.changes import Place
from booking.services.links import Opened
from booking.store.appointments import BOOKED
from booking.store.database import db
from booking.web import clock
from booking.web.book.house import House
from booking.web.me.consequences import cost_words, undo_words
from booking.web.me.places import Places
from booking.web.me.visits import drawn, visits_of
from booking.web.office import office
from booking.web.pictures import day_at_time, name_of, subject_of

GONE = 409
UNREADABLE = 422
"""What a form is answered with whose time is gone, or that means nothing."""


class Desk:
    """One visit of the course that is open, with what its pages say about it. Raises UnknownAppointment."""

    def __init__(self, appointment_id: int) -> None:
        self.opened: Opened = g.opened
        self.course, self.now, self.session = self.opened.course, clock.now(), db.session()
        self.appointment = changes.appointment_of(self.session, self.course.id, appointment_id)
        self.house = House(self.session)

    @property
    def url(self) -> str:
        return url_for("me.visit", token=this_token(), id=self.appointment.id)

    @cached_property
    def charge(self) -> Charge:
        return changes.charge(self.session, self.course, self.appointment, now=self.now)

    @cached_property
    def weeks(self) -> tuple[Week, ...]:
        return changes.weeks_for(self.session, office(), self.course, self.appointment, now=self.now)

    @cached_property
    def places(self) -> Places:
        return Places(self.house, self.appointment.clinic_id, subjects_of(self.opened))

    @property
    def late(self) -> bool:
        """Whether a change costs money, or the one late change of the course that is free."""
        return self.charge.amount > 0 or self.charge.excused

    @property
    def seen(self) -> str:
        """What a page says of the visit and of its price, as one word."""
        a = self.appointment
        cost = (self.charge.amount, self.charge.excused)
        return seen_of([(a.id, a.starts_at.isoformat(), a.clinician_id, a.clinic_id, a.status, cost)])

    def may(self, action: Action) -> bool:
        a = self.appointment
        return may(self.opened.actor, action, Status(a.status), a.period, now=self.now)

    def stands_at(self, place: Place) -> bool:
        a = self.appointment
        here = (a.starts_at, a.clinician_id, a.clinic_id) == (place.start, place.clinician_id, place.clinic_id)
        return here and a.status == BOOKED

    def facts(self) -> dict[str, Any]:
        """What stands on each page of the visit."""
        a = self.appointment
        when, name = wording.sentence(day_at_time(a.starts_at)), names_of(self.opened).get(a.id, "")
        return {
            "token": this_token(),
            "visit_id": a.id,
            "chosen": [when, *filter(None, [name]), self.places.who(a.clinician_id, a.clinic_id)],
            "cost": cost_words(self.charge),
            "late": self.late,
            "excused": self.charge.excused,
            "is_session": a.kind == StepKind.SESSION and len(self.course.appointments) > 1,
            "seen": self.seen,
            "undo": undo_words(),
        }


def desk_again(appointment_id: int) -> Desk:
    """The same after something was refused, read afresh."""
    db.session.rollback()
    return Desk(appointment_id)


def this_token() -> str:
    """The token of the address."""
    return str((request.view_args or {})["token"])


def changed() -> Response:
    """On to the course's page, which shows on top what was changed."""
    return redirect(url_for("me.course", token=this_token(), _anchor="changed"), 303)


def names_of(opened: Opened) -> dict[int, str]:
    """What the visits are called, by id: “Session 3”; nothing where there is but one."""
    visits = visits_of(db.session(), opened.course, now=clock.now())
    return {visit.appointment.id: name_of(drawn(visit)) for visit in visits} if len(visits) > 1 else {}


def subjects_of(opened: Opened) -> dict[int, str]:
    """What the visits are called at the head of a sentence, by id: “Session 3”, “The review”."""
    visits = visits_of(db.session(), opened.course, now=clock.now())
    return {visit.appointment.id: subject_of(drawn(visit)) for visit in visits}


def seen_of(facts: object) -> str:
    """A fingerprint of what a page said, to be sent back by its form."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:20]


def unknown_time() -> str:
    return _("We could not read which time you chose. Choose one of these.")


def taken(start: datetime) -> str:
    return _(
        "%(moment)s is no longer free. Nothing was changed. These times are free now.",
        moment=wording.sentence(day_at_time(start)),
    )


def looks_different() -> str:
    return _("Something has changed since you opened the page, so nothing was done yet. This is how it stands now.")
