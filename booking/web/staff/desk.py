"""Desk: where somebody who works here begins, and what every page of hers has in its frame."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from booking.services.accounts import sees_clinic
from booking.store.clinics import all_clinics
from booking.store.database import db
from booking.web.access import Rule, open_to
from booking.web.staff.calls import waiting_calls
from booking.web.staff.replan import waiting_to_replan


@open_to(Rule.STAFF)
def start() -> Response:
    """A clinician begins with her own week, the front desk with today at its first clinic."""
    if g.reach.clinician_id is not None:
        return redirect(url_for("staff.week", id=g.reach.clinician_id), 303)
    first = next((clinic.id for clinic in all_clinics(db.session()) if sees_clinic(g.reach, clinic.id)), 0)
    return redirect(url_for("staff.day", id=first), 303)


def nav() -> list[tuple[str, str, str, int]]:
    """The navigation: (part, endpoint, words, how many wait there; 0 shows nothing)."""
    return [
        ("schedule", "staff.start", _("Schedule"), 0),
        ("today", "staff.today_here", _("Today"), 0),
        *([("book", "staff.book", _("Book"), 0)] if g.reach.front_desk else []),
        ("patients", "staff.patients", _("Patients"), 0),
        ("replan", "staff.replan", _("To re-plan"), waiting_to_replan()),
        ("calls", "staff.calls", _("Calls"), waiting_calls()),
        ("more", "staff.more", _("More"), 0),
        ("account", "staff.account", _("Account"), 0),
    ]


def frame() -> dict[str, Any]:
    """What the frame of every page of these asks for."""
    return {"staff_nav": _nav_of_this_page}


def _nav_of_this_page() -> list[tuple[str, str, str, int]]:
    """It stands there twice, for wide and for narrow windows, and is counted once."""
    if "staff_nav" not in g:
        g.staff_nav = nav()
    found: list[tuple[str, str, str, int]] = g.staff_nav
    return found
